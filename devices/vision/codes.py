"""Codes in a picture: QR, Data Matrix, PDF417, Code 128 and EAN, by zxing-cpp. Pure: a picture in, codes out.

The bytes are the code's own. Their text follows the encoding that the code declares (ECI). Hardly any does, and what
zxing guesses then is wrong for every GB18030 text that was tried, so that this room decides: UTF-8 where the bytes are
valid UTF-8, else GB18030, else ISO 8859-1 (what ISO/IEC 18004 presumes) where that can be printed, else none. One
exception: some writers put Chinese into Shift JIS (QR's Kanji mode); that is believed where it gives characters of
everyday Chinese (GB 2312) and GB18030 does not. Two bytes of GB18030 alone may be valid UTF-8, and are then misread.
"""

from __future__ import annotations

import re

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
_ECI = {  # AIM ITS/04-023: the character sets that may be met
    **{number + 2: f"iso-8859-{number}" for number in range(1, 17) if number != 12},
    20: "shift_jis",
    25: "utf-16-be",
    26: "utf-8",
    27: "ascii",
    28: "big5",
    29: "gb18030",
    30: "euc_kr",
    32: "gb18030",
}
_DECLARED = re.compile(rb"^\][A-Za-z]\w\\(\d{6})")  # an ECI right after the AIM identifier


def read(image: Image, wanted: CodeParameters, seen: float) -> list[SeenCode]:
    """Every whole code in the picture. Pictures of more than ``max_pixels`` are shrunk, so that the time is bounded."""
    height, width = image.shape[:2]
    factor = 1.0
    if height * width > wanted.max_pixels:
        factor = (height * width / wanted.max_pixels) ** 0.5
        size = (int(width / factor), int(height / factor))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    found = zxingcpp.read_barcodes(image, formats=FORMATS, text_mode=zxingcpp.TextMode.HexECI)
    return [_seen(one, factor, seen) for one in found if one.valid]


def _seen(found: zxingcpp.Barcode, factor: float, seen: float) -> SeenCode:
    data, aim = bytes(found.bytes), str(found.symbology_identifier)
    declared = _DECLARED.match(bytes.fromhex(found.text))
    text = text_of(data) if declared is None else decoded(data, _ECI.get(int(declared[1]), "utf-8"))
    place = found.position
    one, two, three, four = (
        ((point.x + 0.5) * factor - 0.5, (point.y + 0.5) * factor - 0.5)
        for point in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    )
    symbology = _SYMBOLOGY.get(aim[1:2], Symbology.NOT_SUPPORTED)
    return SeenCode(ScannedCode(data, text, symbology, aim, seen), (one, two, three, four))


def text_of(data: bytes) -> str | None:
    """Bytes without a declared encoding as text, or None."""
    text = decoded(data, "utf-8")
    if text is not None:
        return text
    text, japanese = decoded(data, "gb18030"), decoded(data, "shift_jis")
    if japanese is not None and _everyday(japanese) and not (text is not None and _everyday(text)):
        return japanese
    if text is None and (latin := data.decode("latin-1")).isprintable():
        return latin
    return text


def _everyday(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
