"""A document's photograph as PNG. For the child process alone: image decoders do not run where the terminal does.

JPEG 2000 (most passports) and JPEG go through Pillow. A child that has a channel of its own calls ``to_png``;
``ChildDecoder`` starts one for a single picture (``python -m devices.drivers.emrtd.picture``: stdin to stdout).
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import warnings

from devices.contracts.identity import CardPhoto, PhotoUndecodable

MAX_BYTES = 256 * 1024
MAX_PIXELS = 4_000_000  # a file of less than a kilobyte may unfold into gigabytes; faces have 0.2 to 2 million
MAX_MEMORY = 1 << 30  # bytes of address space of the child: libraries, and 40 for each pixel while JPEG 2000 is decoded
MAX_SECONDS = 10  # of the child's processor, should nobody be there any more to end it
_FORMATS = {"jpeg": ("JPEG",), "jp2": ("JPEG2000",)}


class ChildDecoder:
    """A PhotoDecoder for travel documents; what the child does, it cannot do to the terminal."""

    def __init__(self, timeout: float = 5.0) -> None:
        self._timeout = timeout

    def decode(self, photo: CardPhoto) -> bytes:
        if photo.encoding not in _FORMATS:
            raise PhotoUndecodable(f"no picture of a travel document: {photo.encoding}")
        command = [sys.executable, "-m", "devices.drivers.emrtd.picture"]
        try:
            done = subprocess.run(command, input=photo.data, capture_output=True, timeout=self._timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise PhotoUndecodable("the picture was not decoded in time") from error
        if done.returncode != 0 or not done.stdout:
            raise PhotoUndecodable(f"the picture cannot be decoded (status {done.returncode})")
        return done.stdout


def to_png(photo: CardPhoto) -> bytes:
    """PNG of the whole picture; PhotoUndecodable where it cannot be decoded, or is larger than any such picture."""
    from PIL import Image

    formats = _FORMATS.get(photo.encoding)
    if formats is None or len(photo.data) > MAX_BYTES:
        raise PhotoUndecodable(f"no picture of a travel document: {photo.encoding}, {len(photo.data)} bytes")
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(photo.data), formats=formats) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise PhotoUndecodable(f"{opened.width} x {opened.height} pixels are too many")
                opened.convert("RGB").save(out, "PNG")
    except PhotoUndecodable:
        raise
    except Exception as error:  # a decoder meets hostile bytes: whatever it says, there is no picture
        raise PhotoUndecodable("the picture cannot be decoded") from error
    return out.getvalue()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    given = sys.stdin.buffer.read(MAX_BYTES + 1)
    kind = "jpeg" if given.startswith(b"\xff\xd8\xff") else "jp2"
    try:
        sys.stdout.buffer.write(to_png(CardPhoto(kind, given)))
    except PhotoUndecodable as refused:
        sys.exit(str(refused))
