"""Pictures of the demonstration's person, made from a photograph inside the scikit-image package. None is stored.

The photograph ``astronaut.png`` (Eileen Collins, NASA, public domain) serves the camera as a live picture and the
card as a 102x126 portrait. Both come from one photograph and differ in crop, scale and compression only: a match
shows that the chain works, not how well it tells people apart. Pillow is imported at the first call.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import struct
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

CARD_SIZE = (102, 126)  # pixels of the picture on a resident identity card
CARD_LIMIT = 1016  # bytes left for the picture in the card's photo block
_FACE = (178, 63, 89, 112)  # left, top, width, height of the face in astronaut.png
_OTHER_FACE = (906, 58, 99, 143)  # one of six people in insightface's t1.jpg


class PictureMissing(RuntimeError):
    """The package with the photograph is not installed; the message names it."""


def package_file(package: str, inside: str) -> Path:
    """A file inside an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        if (path := Path(folder) / inside).is_file():
            return path
    raise PictureMissing(f"install the package {package.replace('skimage', 'scikit-image')} for its {inside}")


@cache
def card_portrait() -> bytes:
    """The demonstration person's card picture: 102x126 WebP of at most 1016 bytes."""
    return _squeeze(_around(_person(), _FACE, share=0.6, size=CARD_SIZE))


def stranger_portrait(number: int = 0) -> bytes:
    """Card picture of one of 100 other people (``number`` 0-99), grey: 102x126 WebP of at most 1016 bytes.

    From the 25x25 pixel crops of Labeled Faces in the Wild inside scikit-image (``lfw_subset.npy``): just enough to be
    found as a face and told from somebody else. The file is read here without numpy.
    """
    from PIL import Image

    data = package_file("skimage", "data/lfw_subset.npy").read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")
    head = ast.literal_eval(data[10:start].decode("latin-1").strip())
    if data[6] != 1 or head["descr"] != "<f8" or head["fortran_order"] or head["shape"] != (200, 25, 25):
        raise PictureMissing("this version of scikit-image keeps its face crops in another form")
    if not 0 <= number < 100:  # the second hundred are no faces
        raise ValueError("strangers are numbered 0 to 99")
    levels = struct.unpack_from("<625d", data, start + number * 625 * 8)
    face = Image.frombytes("L", (25, 25), bytes(round(255 * level) for level in levels))
    card = Image.new("L", CARD_SIZE, round(255 * levels[0]))
    card.paste(face.resize((80, 80), Image.Resampling.BICUBIC), (11, 23))
    return _squeeze(card.convert("RGB"))


def _squeeze(portrait: Image) -> bytes:
    for quality in range(80, -1, -1):
        buffer = io.BytesIO()
        portrait.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= CARD_LIMIT:
            return buffer.getvalue()
    raise AssertionError("a 102x126 picture always fits at quality 0")


@cache
def camera_picture() -> bytes:
    """What the camera sees of the same person: 640x480 JPEG."""
    return _jpeg(_around(_person(), _FACE, share=0.45, size=(640, 480)))


@cache
def other_picture() -> bytes:
    """Another person before the camera: 640x480 JPEG. Needs the package ``insightface`` (its pictures only)."""
    from PIL import Image

    with Image.open(package_file("insightface", "data/images/t1.jpg")) as group:
        return _jpeg(_around(group.convert("RGB"), _OTHER_FACE, share=0.6, size=(640, 480)))


@cache
def several_picture() -> bytes:
    """Two people before the camera (the same photograph twice, side by side): 640x480 JPEG."""
    from PIL import Image

    half = _around(_person(), _FACE, share=0.35, size=(320, 480))
    both = Image.new("RGB", (640, 480))
    both.paste(half, (0, 0))
    both.paste(half, (320, 0))
    return _jpeg(both)


@cache
def nobody_picture() -> bytes:
    """Nobody before the camera, a wall: 640x480 JPEG."""
    from PIL import Image

    with Image.open(package_file("skimage", "data/brick.png")) as wall:
        return _jpeg(wall.convert("RGB").resize((640, 480), Image.Resampling.LANCZOS))


@cache
def covered_picture() -> bytes:
    """A hand over the lens: nearly black, with the noise of a sensor. 640x480 JPEG."""
    from PIL import Image

    noise = Image.effect_noise((640, 480), 6).point(lambda level: max(0, (level - 124) // 3))
    return _jpeg(noise.convert("RGB"))


@cache
def swaying(picture: bytes, count: int = 12) -> tuple[bytes, ...]:
    """The picture as a person holds still: ``count`` frames, each a little shifted, the last near the first."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    frames = []
    for step in range(count):
        shift = step if step <= count // 2 else count - step
        moved = image.crop((shift, shift // 2, image.width - 8 + shift, image.height - 6 + shift // 2))
        frames.append(_jpeg(moved.resize(image.size, Image.Resampling.BILINEAR).rotate(0.05 * (step + 1))))
    return tuple(frames)


def _person() -> Image:
    from PIL import Image

    with Image.open(package_file("skimage", "data/astronaut.png")) as photograph:
        return photograph.convert("RGB")


def _around(image: Image, face: tuple[int, int, int, int], *, share: float, size: tuple[int, int]) -> Image:
    """Crop so that the face is ``share`` of the height and as central as the photograph allows; scale to ``size``."""
    from PIL import Image as images

    left, top, width, height = face
    tall = height / share
    wide = tall * size[0] / size[1]
    x = min(max(0.0, left + width / 2 - wide / 2), max(0.0, image.width - wide))
    y = min(max(0.0, top + height / 2 - tall / 2), max(0.0, image.height - tall))
    box = (x, y, min(image.width, x + wide), min(image.height, y + tall))
    return image.resize(size, images.Resampling.LANCZOS, box=box)


def _jpeg(image: Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
