"""Turning the card's photograph (WLT) into a picture, by a vendor's licensed library where one is configured.

UNVERIFIED: no such library was at hand. Name, order of arguments and output size differ between vendors and are
therefore configuration. Closed native code is never loaded into the terminal's own process: it runs in a child that
may crash or hang without harm. Such libraries are known to leave files in the folder they run in, so the child has
one of its own, in memory where the system allows it, which is removed whatever happens (what a killed terminal left,
by the next one); it dumps no core. Where
nothing is configured, ``NoDecoder`` says so and the person is verified another way.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import struct
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import CardPhoto, PhotoUndecodable
from devices.transports.child import ChildProcess, attach

WIDTH, HEIGHT = 102, 126
_READY = frozenset({"bmp", "jpeg", "png", "webp"})
_TIMEOUT_SECONDS = 5.0
_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it, owner only
_PREFIX = "kiosk-photo-"
_STALE_SECONDS = 60.0
_MOST_MEMORY = 1 << 30
_MOST_FILE = 4 << 20
_MOST_PICTURE = 1 << 20


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
        _sweep()

    def decode(self, photo: CardPhoto) -> bytes:
        if photo.encoding != "wlt":
            return NoDecoder().decode(photo)
        deadline = Deadline.after(self._timeout)
        child = ChildProcess("devices.drivers.sdt.photo", max_body=_MOST_PICTURE)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_place(), ignore_cleanup_errors=True) as folder:
            try:
                child.start()
                child.send({"library": asdict(self._library), "folder": folder}, photo.data, deadline=deadline)
                answer = child.receive(deadline)
            except DeviceError as error:
                late = error.code == "child-silent"
                reason = "did not end in time" if late else f"failed ({error.code})"
                raise PhotoUndecodable(f"the vendor's library {reason}") from error
            finally:
                child.kill()
        if not answer.body:
            raise PhotoUndecodable(f"the vendor's library failed: {answer.head.get('why', 'no picture')}")
        return answer.body


def _place() -> Path:
    return _MEMORY_FOLDER if os.access(_MEMORY_FOLDER, os.W_OK) else Path(tempfile.gettempdir())


def _sweep() -> None:
    """Remove what a terminal that was killed in the middle of a photograph has left."""
    for folder in _place().glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or gone meanwhile
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder)


def call(library: VendorLibrary, wlt: bytes) -> bytes:
    """Call the library in this process; returns a BMP file. For the child only."""
    try:
        function = getattr(ctypes.CDLL(library.path), library.function)
    except (OSError, AttributeError) as error:
        raise PhotoUndecodable(f"{library.path} has no function {library.function} to load") from error
    function.restype = ctypes.c_int
    out = ctypes.create_string_buffer(library.output_bytes)
    arguments = [ctypes.create_string_buffer(wlt, len(wlt)), out]
    if library.argument is not None:
        arguments.append(ctypes.c_int(library.argument))  # type: ignore[arg-type]  # a list of ctypes values
    result = function(*arguments)
    if library.success is not None and result != library.success:
        raise PhotoUndecodable(f"it returned {result}")
    if library.output == "bgr":
        return bmp_of(out.raw, bottom_up=library.bottom_up)
    if out.raw[:2] != b"BM":
        raise PhotoUndecodable("it delivered no BMP file")
    return out.raw


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


def _serve() -> None:
    """In the child: one photograph, one answer."""
    channel = attach(max_body=_MOST_PICTURE)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _MOST_FILE),
        (resource.RLIMIT_AS, _MOST_MEMORY),
    ):
        resource.setrlimit(what, (most, most))
    message = channel.receive()
    os.chdir(message.head["folder"])
    try:
        picture = call(VendorLibrary(**message.head["library"]), message.body)
    except PhotoUndecodable as error:
        channel.send({"why": str(error)})
    else:
        channel.send({}, picture)


if __name__ == "__main__":
    _serve()
