"""Puts a paper's own small fonts into reportlab, and takes them out again. Imported only where a PDF is made."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont


class PaperFont(TTFont):
    """A font whose text can be copied out of the PDF.

    reportlab writes characters beyond U+FFFF (𠮷) into its ToUnicode map as they are; PDF wants UTF-16
    (ISO 32000-1, 9.10.3).
    """

    def addObjects(self, doc: Any) -> None:
        super().addObjects(doc)
        for name, stream in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                stream.content = re.sub(r"(<[0-9A-F]{2}> )<([0-9A-F]{5,6})>", _utf16, stream.content)


def _utf16(match: re.Match[str]) -> str:
    return f"{match[1]}<{chr(int(match[2], 16)).encode('utf-16-be').hex().upper()}>"


@contextmanager
def embedded(fonts: Mapping[str, bytes]) -> Iterator[None]:
    """The fonts (name -> TrueType) are known to reportlab while the paper is drawn.

    reportlab keeps for ever the first font it gets under a name, also under the name inside the font, and then draws
    gaps for characters that came later. And these fonts hold the characters of a person's name.
    """
    _forget(fonts)
    try:
        for name, data in fonts.items():
            font: Any = PaperFont(name, io.BytesIO(data), subfontIndex=0)
            pdfmetrics.registerFont(font)
            if pdfmetrics.getFont(name) is not font:
                raise AssertionError("reportlab kept the font of an earlier paper")
        yield
    finally:
        _forget(fonts)


def _forget(names: Iterable[str]) -> None:
    registry: Any = pdfmetrics  # it has no public way to forget
    for name in names:
        font = registry._fonts.pop(name, None)
        if font is not None:
            registry._dynFaceNames.pop(font.face.name, None)
