"""Codes in a picture: QR, Data Matrix, PDF417, Code 128 and EAN, by zxing-cpp. Pure: a picture in, codes out.

The bytes are the code's own. Their text is UTF-8 where they are valid UTF-8, else GB18030: both are in use, and hardly
any code says which. zxing does not tell whether its text follows an encoding that the code declares (ECI) or a guess of
its own, so its text counts where no guess explains it, or where ours fails and its own is printable.
"""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp

from devices.contracts.code_scanner import ScannedCode, Symbology
from devices.vision.code_message import SeenCode
from devices.vision.face import Image
from devices.vision.parameters import CodeParameters

_NAMES = ("QRCode", "DataMatrix", "PDF417", "Code128", "EAN13", "EAN8")
FORMATS = zxingcpp.BarcodeFormats([getattr(zxingcpp.BarcodeFormat, name) for name in _NAMES])
_SYMBOLOGY = {
    "Q": Symbology.QR,
    "d": Symbology.DATA_MATRIX,
    "L": Symbology.PDF417,
    "C": Symbology.CODE_128,
    "E": Symbology.EAN,
}  # by the letter of the AIM identifier, ISO/IEC 15424
_GUESSED = ("latin-1", "cp1252", "cp437", "shift_jis", "euc_jp", "euc_kr", "big5", "gb18030", "utf-8")


def read(image: Image, wanted: CodeParameters, seen: float) -> list[SeenCode]:
    """Every whole code in the picture. Pictures of more than ``max_pixels`` are shrunk, so that the time is bounded."""
    height, width = image.shape[:2]
    factor = 1.0
    if height * width > wanted.max_pixels:
        factor = (height * width / wanted.max_pixels) ** 0.5
        size = (int(width / factor), int(height / factor))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    found = zxingcpp.read_barcodes(image, formats=FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return [_seen(one, factor, seen) for one in found if one.valid]


def _seen(found: zxingcpp.Barcode, factor: float, seen: float) -> SeenCode:
    data, aim = bytes(found.bytes), str(found.symbology_identifier)
    text = _text(data, str(found.text))
    place = found.position
    one, two, three, four = (
        ((point.x + 0.5) * factor - 0.5, (point.y + 0.5) * factor - 0.5)
        for point in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    )
    symbology = _SYMBOLOGY.get(aim[1:2], Symbology.NOT_SUPPORTED)
    return SeenCode(ScannedCode(data, text, symbology, aim, seen), (one, two, three, four))


def _text(data: bytes, said: str) -> str | None:
    if not any(decoded(data, encoding) == said for encoding in _GUESSED):
        return said
    return text_of(data) or (said if said.isprintable() else None)


def text_of(data: bytes) -> str | None:
    """Bytes without a declared encoding as text, or None."""
    text = decoded(data, "utf-8")
    return decoded(data, "gb18030") if text is None else text


def decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
