"""The twins' own photograph container, in place of the closed WLT format.

``SIMW`` followed by a WebP file, padded to the 1024 bytes of a card's photo area. For the demo and tests only: no
real card holds this, and no driver knows it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from devices.contracts.identity import CardPhoto, PhotoUndecodable

if TYPE_CHECKING:
    from PIL.Image import Image

MAGIC = b"SIMW"
AREA_BYTES = 1024
LIMIT_BYTES = 1016
SIZE = (102, 126)


class SimulatedPhotoDecoder:
    """The PhotoDecoder that belongs to the container."""

    def decode(self, photo: CardPhoto) -> bytes:
        """WebP bytes; PhotoUndecodable for anything that a twin did not make."""
        data = photo.data
        if data[:4] != MAGIC or data[4:8] != b"RIFF" or data[12:16] != b"WEBP":
            raise PhotoUndecodable("this photograph is not of a simulated card")
        size = 8 + int.from_bytes(data[8:12], "little")
        if size > len(data) - 4:
            raise PhotoUndecodable("this simulated photograph is cut off")
        return data[4 : 4 + size]


def contain(webp: bytes) -> bytes:
    """The 1024 bytes of the photo area around a WebP file of at most 1020 bytes; ValueError otherwise."""
    if webp[:4] != b"RIFF" or webp[8:12] != b"WEBP":
        raise ValueError("a WebP file is needed")
    if len(MAGIC) + len(webp) > AREA_BYTES:
        raise ValueError(f"{len(webp)} bytes of WebP do not fit into {AREA_BYTES - len(MAGIC)}")
    return (MAGIC + webp).ljust(AREA_BYTES, b"\0")


def squeeze(picture: Image, limit: int = LIMIT_BYTES) -> bytes:
    """A portrait as WebP of 102 x 126 pixels in at most ``limit`` bytes: the best quality that fits."""
    from PIL import ImageOps  # heavy; only whoever makes pictures pays for it

    portrait = ImageOps.fit(picture.convert("RGB"), SIZE, centering=(0.5, 0.4))
    for quality in range(80, -1, -2):
        buffer = io.BytesIO()
        portrait.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= limit:
            return buffer.getvalue()
    raise ValueError(f"this picture does not fit into {limit} bytes")


def squeeze_file(path: str | Path, box: tuple[int, int, int, int] | None = None) -> bytes:
    """``squeeze`` for a picture file; ``box`` (left, top, right, bottom) cuts the portrait out first."""
    from PIL import Image

    with Image.open(path) as picture:
        return squeeze(picture.crop(box) if box else picture)
