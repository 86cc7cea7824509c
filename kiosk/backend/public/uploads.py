"""What a telephone sends as a paper: looked at, and made anew or refused. In memory alone.

Pictures are decoded within limits and written anew as JPEG: where they were taken, with what, and whatever else a file
can carry beside its pixels stays behind. PDFs stay as they are, where nothing in them acts by itself: what is packed
inside is unpacked within limits to be looked at, and what cannot be looked at is refused.
"""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib

LARGEST = 8 * 1024 * 1024  # bytes of one file
PIXELS = 50_000_000  # of a JPEG, which is decoded smaller than it is; a quarter of that of a PNG, which is not
WORK = 250_000_000  # pixels of a JPEG times its scans: what decoding costs, known from its head and markers alone
SIDE = 2400  # pixels of the longer side, as it is kept: 200 dpi of an A4 page
QUALITY = 85
JPEG, PDF = "image/jpeg", "application/pdf"
SCANS = 32  # of a JPEG: each costs a pass over all pixels, whatever its length; cameras make one, progressive ones ten
_UNPACKED = 16 * 1024 * 1024  # bytes of a PDF's packed objects, all together
_STREAMS, _HEAD = 5000, 2048  # streams of a PDF that are looked at; bytes before each that can be its dictionary
_PIECE = 64 * 1024
# What Pillow raises for spoilt files: its own error is an OSError, the others come out of its readers of EXIF.
_SPOILT = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    struct.error,
    SyntaxError,
    EOFError,
    MemoryError,
)
_turn = threading.Semaphore(2)  # pictures that are decoded at the same time

# What makes a PDF more than pages (ISO 32000-2, 12.6 actions, 7.11.4 embedded files, 12.7.8 XFA). OpenAction and AA are
# not looked for: each leads to an action that is named here, or to a page, as in most files of an office program.
_ACTIVE = frozenset({"JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA",
                     "SubmitForm", "ImportData", "GoToE", "GoToR"})  # fmt: skip
_NAME = re.compile(rb"/((?:[^\x00\t\n\f\r ()<>\[\]{}/%#]|#[0-9A-Fa-f]{2})+)")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_HIDING = frozenset({"LZWDecode", "ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode", "Crypt", "Predictor"})
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)  # of a JPEG, with a length or at its end
_STREAM = re.compile(rb"(?<!end)stream\r?\n")


class NotTakenError(Exception):
    """A file that is not taken. ``code``: type, size, bomb, broken, active, locked (words.toml, ``upload.CODE``)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def cleaned(data: bytes) -> tuple[str, bytes]:
    """Media type and bytes as they are kept. By what stands in the file, never by its name. Raises NotTakenError."""
    if not data:
        raise NotTakenError("broken")
    if len(data) > LARGEST:
        raise NotTakenError("size")
    if data.startswith(b"%PDF-"):
        _look_into(data)
        return PDF, data
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        with _turn:
            return JPEG, _picture(data)
    raise NotTakenError("type")


def opened(data: bytes) -> object:
    """A picture's first image, decoded, upright, without anything beside its pixels (a PIL image). Raises
    NotTakenError."""
    import warnings

    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours, and lower
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        width, height = image.size
        if width * height > (PIXELS if image.format == "JPEG" else PIXELS // 4):
            raise NotTakenError("bomb")
        if image.format == "JPEG" and ((scans := _scans(data)) > SCANS or width * height * scans > WORK):
            raise NotTakenError("bomb")
        image.draft("RGB", (SIDE, SIDE))
        image.thumbnail((SIDE, SIDE))
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "P", "PA"):
            upright = upright.convert("RGBA")
            plain = Image.new("RGB", upright.size, "white")
            plain.paste(upright, mask=upright.getchannel("A"))
        else:
            plain = Image.new("RGB", upright.size)
            plain.paste(upright.convert("RGB"))
    except Image.DecompressionBombError as error:
        raise NotTakenError("bomb") from error
    except _SPOILT as error:
        raise NotTakenError("broken") from error
    return plain


def _scans(data: bytes) -> int:
    """Of a JPEG's first image (ITU-T T.81, B.1): what lies in its segments, or behind its end, is none of them."""
    found, at = 0, 2
    while (marker := _MARKER.search(data, at)) is not None and marker[1] != b"\xd9":
        found += marker[1] == b"\xda"
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return found


def _picture(data: bytes) -> bytes:
    image = opened(data)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)  # type: ignore[attr-defined]  # Pillow is imported above
    return out.getvalue()


def _look_into(data: bytes) -> None:
    """Raises NotTakenError for a PDF that does something, hides something, or unpacks to more than it may.

    Objects may be packed (ObjStm): every one that is named anywhere is unpacked, or the file is refused.
    """
    if b"%%EOF" not in data[-2048:]:
        raise NotTakenError("broken")
    raw, left, packed = _names(data), _UNPACKED, 0
    found = set(raw)
    for number, match in enumerate(_STREAM.finditer(data)):
        if number >= _STREAMS:
            raise NotTakenError("bomb")
        before = data[max(0, match.start() - _HEAD) : match.start()]  # further back it hides: counted, and refused
        head = _names(before[max(0, before.rfind(b"obj")) :])
        if "ObjStm" not in head and "XRef" not in head:
            continue  # pixels, fonts, what is drawn: nothing of it acts
        inside = _unpacked(data, match.end(), left)
        left -= len(inside)
        if "ObjStm" in head:
            if head.count("FlateDecode") != 1 or _HIDING.intersection(head):
                raise NotTakenError("active")
            packed += 1
            found.update(_names(inside))
    if "Encrypt" in found:
        raise NotTakenError("locked")
    if found & _ACTIVE or packed != raw.count("ObjStm"):
        raise NotTakenError("active")


def _unpacked(data: bytes, start: int, most: int) -> bytes:
    """Piece by piece: what lies behind is not copied for every stream."""
    unpack, inside = zlib.decompressobj(), bytearray()
    try:
        for at in range(start, len(data), _PIECE):
            inside += unpack.decompress(data[at : at + _PIECE], max(1, most - len(inside)))
            if unpack.eof:
                return bytes(inside)
            if len(inside) >= most:
                raise NotTakenError("bomb")
    except zlib.error as error:
        raise NotTakenError("broken") from error
    raise NotTakenError("broken")


def _names(part: bytes) -> list[str]:
    """The names in it, with what is written as #xx read."""
    found = (_HEX.sub(lambda one: bytes([int(one[1], 16)]), match[1]) for match in _NAME.finditer(part))
    return [name.decode("latin-1") for name in found]
