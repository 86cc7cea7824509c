"""A paper's own characters as a font of reportlab's, and out of it again. Imported only where a PDF is made.

A composite font (ISO 32000-1, 9.7): every character is the number of its glyph, two bytes, and the small TrueType file
goes in as it is. reportlab's own TTFont parses that file, cuts it into pieces of 256 and writes each piece anew, which
was half of what a page cost; and it writes characters beyond U+FFFF (𠮷) into its ToUnicode map as PDF does not want
them (9.10.3).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reportlab.lib.rl_accel import escapePDF
from reportlab.pdfbase import pdfdoc, pdfmetrics

from kiosk.documents import sfnt
from kiosk.documents.fonts import UNITS, Face

_CMAP_HEAD = (
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
    "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
)
_CMAP_TAIL = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
_AT_ONCE = 100  # entries of one bfchar block (Adobe TN 5411)


class PaperFont:
    """What reportlab asks of a font that knows its own encoding (as its CIDFont does)."""

    _multiByte, _dynamicFont = 1, 0
    shapable = builtIn = False
    ascent, descent = sfnt.ASCENT, sfnt.DESCENT

    def __init__(self, name: str, face: Face, text: str) -> None:
        self.fontName, self.encName = name, "Identity-H"
        self._face, self._characters = face, face.characters(text)
        self._codes = {c: n.to_bytes(2, "big") for n, c in enumerate(self._characters, 1)}  # 0 is .notdef
        self.face = self  # where reportlab looks for ascent and descent

    def stringWidth(self, text: str, size: float, encoding: str = "utf8") -> float:
        return self._face.width(text, size)

    def formatForPdf(self, text: str) -> str:
        return str(escapePDF(b"".join(map(self._codes.__getitem__, text))))

    def addObjects(self, doc: Any) -> None:
        """Called by reportlab when the font is first used in a document."""
        font, name = f"AAAAAA+{self._face.family.replace(' ', '')}", f"F{len(doc.fontMapping) + 1}"
        program = self._face.subset(self._characters)
        advances = " ".join(str(self._face.advance(c)) for c in self._characters)
        file = self._stream(doc, program, f"{name}:file", Length1=len(program))
        unicode = self._stream(doc, self._unicode(), f"{name}:unicode")
        box = " ".join(map(str, sfnt.box_of(program)))
        descriptor = (
            f"<< /Type /FontDescriptor /FontName /{font} /Flags 4 /FontBBox [ {box} ] /ItalicAngle 0 /Ascent "
            f"{sfnt.ASCENT} /Descent {sfnt.DESCENT} /CapHeight {sfnt.ASCENT} /StemV 80 /FontFile2 {file} >>"
        )
        glyphs = (
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{font} /CIDSystemInfo << /Registry (Adobe) /Ordering "
            f"(Identity) /Supplement 0 >> /CIDToGIDMap /Identity /DW {UNITS} /W [ 1 [ {advances} ] ] "
            f"/FontDescriptor {descriptor} >>"
        )
        written = _Raw(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{font} /Encoding /Identity-H /ToUnicode {unicode} "
            f"/DescendantFonts [ {glyphs} ] >>"
        )
        doc.idToObject["BasicFonts"].dict[name] = doc.Reference(written, f"{name}:font")
        doc.fontMapping[self.fontName] = f"/{name}"

    def _stream(self, doc: Any, content: bytes, name: str, **entries: int) -> str:
        """The stream's reference, as a dictionary writes it."""
        stream: Any = pdfdoc.PDFStream(content=content, filters=[_Flate])
        for key, value in entries.items():
            stream.dictionary[key] = value
        return str(doc.Reference(stream, name).format(doc).decode("ascii"))

    def _unicode(self) -> bytes:
        """From glyph to character, so that text can be copied and searched."""
        pairs = [f"<{n:04X}> <{c.encode('utf-16-be').hex().upper()}>" for n, c in enumerate(self._characters, 1)]
        blocks = (pairs[at : at + _AT_ONCE] for at in range(0, len(pairs), _AT_ONCE))
        said = "".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar\n" for block in blocks)
        return f"{_CMAP_HEAD}{said}{_CMAP_TAIL}".encode("ascii")


class _Flate:
    """zlib at its quickest: outlines pack as well, to a twentieth, in half the time."""

    pdfname = "FlateDecode"

    @staticmethod
    def encode(text: bytes) -> bytes:
        return zlib.compress(text, 1)


class _Raw(pdfdoc.PDFObject):
    """An object that is written already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def format(self, _doc: Any) -> bytes:
        return self._text.encode("ascii")


@contextmanager
def embedded(fonts: Mapping[str, PaperFont]) -> Iterator[None]:
    """The fonts are known to reportlab while the paper is drawn: they hold the characters of a person's name."""
    try:
        for font in fonts.values():
            pdfmetrics.registerFont(font)
        yield
    finally:
        _forget(fonts)


def _forget(names: Iterable[str]) -> None:
    registry: Any = pdfmetrics  # it has no public way to forget
    for name in names:
        registry._fonts.pop(name, None)
