"""Turning the card's photograph (WLT) into a picture, by a vendor's licensed library where one is configured.

UNVERIFIED: no such library was at hand. Name, order of arguments and output size differ between vendors and are
therefore configuration. Closed native code is never loaded into the terminal's own process: it runs in a child that
may crash or hang without harm. Where nothing is configured, ``NoDecoder`` says so and the person is verified
another way.
"""

from __future__ import annotations

import ctypes
import json
import struct
import subprocess
import sys
from dataclasses import asdict, dataclass

from devices.contracts.identity import CardPhoto, PhotoUndecodable

WIDTH, HEIGHT = 102, 126
_READY = frozenset({"bmp", "jpeg", "png", "webp"})
_TIMEOUT_SECONDS = 5.0


class NoDecoder:
    """There is no decoder for this card's photograph."""

    def decode(self, photo: CardPhoto) -> bytes:
        if photo.encoding in _READY:
            return photo.data
        raise PhotoUndecodable(f"no decoder for {photo.encoding} is installed")


@dataclass(frozen=True, slots=True)
class VendorLibrary:
    """How to call it: ``int function(const char *wlt, char *out, int argument)`` unless set otherwise.

    ``output`` is ``bmp`` (a file) or ``bgr`` (rows of 102 pixels, three bytes each, ``bottom_up`` or not).
    ``success`` is the value it returns when all is well, None where it returns nothing.
    """

    path: str
    function: str = "unpack"
    output: str = "bgr"
    output_bytes: int = WIDTH * HEIGHT * 3
    argument: int | None = 0
    success: int | None = 1
    bottom_up: bool = True


class VendorDecoder:
    """A PhotoDecoder that calls the vendor's library in a child process. Unverified."""

    def __init__(self, library: VendorLibrary, timeout: float = _TIMEOUT_SECONDS) -> None:
        self._library = library
        self._timeout = timeout

    def decode(self, photo: CardPhoto) -> bytes:
        if photo.encoding != "wlt":
            return NoDecoder().decode(photo)
        command = [sys.executable, "-m", "devices.drivers.sdt.photo", json.dumps(asdict(self._library))]
        try:
            done = subprocess.run(command, input=photo.data, capture_output=True, timeout=self._timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise PhotoUndecodable("the vendor's library did not end in time") from error
        if done.returncode != 0 or not done.stdout:
            raise PhotoUndecodable(f"the vendor's library failed (status {done.returncode})")
        return done.stdout


def call(library: VendorLibrary, wlt: bytes) -> bytes:
    """Call the library in this process; returns a BMP file. For the child only."""
    function = getattr(ctypes.CDLL(library.path), library.function)
    function.restype = ctypes.c_int
    out = ctypes.create_string_buffer(library.output_bytes)
    arguments = [ctypes.create_string_buffer(wlt, len(wlt)), out]
    if library.argument is not None:
        arguments.append(ctypes.c_int(library.argument))  # type: ignore[arg-type]  # a list of ctypes values
    result = function(*arguments)
    if library.success is not None and result != library.success:
        raise PhotoUndecodable(f"the vendor's library returned {result}")
    return out.raw if library.output == "bmp" else bmp_of(out.raw, bottom_up=library.bottom_up)


def bmp_of(bgr: bytes, *, bottom_up: bool) -> bytes:
    """A BMP file of 102 x 126 pixels from raw BGR rows."""
    stride = WIDTH * 3
    if len(bgr) < stride * HEIGHT:
        raise PhotoUndecodable("the vendor's library delivered too little")
    padding = bytes(-stride % 4)
    rows = b"".join(bgr[i * stride : (i + 1) * stride] + padding for i in range(HEIGHT))
    height = HEIGHT if bottom_up else -HEIGHT
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(rows), 0, 0, 14 + len(header)) + header + rows


if __name__ == "__main__":
    sys.stdout.buffer.write(call(VendorLibrary(**json.loads(sys.argv[1])), sys.stdin.buffer.read()))
