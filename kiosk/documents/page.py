"""One A4 page as PDF: what every certificate needs of paper, type and ink. Sizes are points, y grows downwards.

Text stays extractable, fonts are embedded, the same content gives the same bytes. No seal is drawn here: it belongs to
whoever signs (kiosk.seals), and a page says where it has room for one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from kiosk.documents.fonts import Face, face
from kiosk.documents.glyphs import check
from kiosk.documents.lines import wrap
from kiosk.documents.qr import runs_of
from kiosk.domain.papers import PaperContent

INK, INK2, LINE, SEAL, GROUND = "#1A2330", "#4C5867", "#CDB9A6", "#8E2418", "#FBF8F1"
LABEL, LEAST = 12.5, 8.5  # of type: a label, and the smallest there is
CODE = 108.0  # 77 modules of half a millimetre, which a telephone reads from a hand's distance
LEADING = 1.5
TEST = "样本 · 测试"
COPY = "副本 · 补打第 {n} 次"
SCAN, SCAN_PLAIN = "扫码核对登记信息、验真伪", "登记信息、验真码"  # with an address in the code, and with words only

Pairs = Sequence[tuple[str, str]]


class CertificateTooLong(Exception):
    """A value does not fit its place even in the smallest type."""

    code = "certificate-too-long"
    advice = "The certificate is made at the counter."
    retryable = False


def copy_mark(number: int) -> str:
    return COPY.format(n=number)


def mark_in(content: PaperContent) -> str:
    """The mark that the code carries (kiosk.papers); "" for none."""
    found = content.qr.rpartition("#")[2]
    return found if found.startswith("P1.") else ""


def made(
    size: tuple[float, float], texts: Mapping[str, Pairs], draw: Callable[[Page], None], *, title: str, mark: str = ""
) -> bytes:
    """The page. ``texts``: by face, all that will be drawn in it, as (field, text).

    ``mark`` (kiosk.papers) goes with the file as its keyword, so that it can be checked without looking at the code.
    Raises GlyphMissing before anything is drawn, CertificateTooLong, FontsMissing.
    """
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    from kiosk.documents.embedding import PaperFont, embedded

    settings: Any = rl_config  # made at run time, so it has no types
    settings.useA85 = 0  # binary streams: smaller, and in less than half the time
    faces = {style: face(style) for style in texts}
    for style, pairs in texts.items():
        check(pairs, faces[style])
    fonts = {style: f"kiosk-{style}" for style in faces}
    own = {
        fonts[style]: PaperFont(fonts[style], faces[style], "".join(text for _, text in pairs))
        for style, pairs in texts.items()
    }
    out = io.BytesIO()
    with embedded(own):
        first: Any = fonts["text"]  # else reportlab names Helvetica, which is not embedded
        canvas = Canvas(out, pagesize=size, pageCompression=1, invariant=1, lang="zh-CN", initialFontName=first)
        canvas.setTitle(title)
        canvas.setCreator("Kiosk 7x24")
        if mark:
            canvas.setKeywords(mark)
        draw(Page(canvas, faces, fonts, size))
        canvas.showPage()
        canvas.save()
    return out.getvalue()


@cache
def ink(colour: str) -> Any:
    """A colour, read once."""
    from reportlab.lib.colors import HexColor

    return HexColor(colour)


class Page:
    """Draws on one page."""

    def __init__(
        self, canvas: Any, faces: Mapping[str, Face], fonts: Mapping[str, str], size: tuple[float, float]
    ) -> None:
        self.canvas, self._faces, self._fonts = canvas, faces, fonts
        self.width, self.height = size

    def measure(self, text: str, size: float, style: str = "text") -> float:
        return self._faces[style].width(text, size)

    def colour(self, colour: str) -> None:
        self.canvas.setFillColor(ink(colour))
        self.canvas.setStrokeColor(ink(colour))

    def text(self, x: float, y: float, text: str, size: float, *, style: str = "text", colour: str = INK,
             space: float = 0.0, align: str = "left") -> None:  # fmt: skip
        """One line with its baseline at ``y``."""
        width = 0.0 if align == "left" else self.measure(text, size, style) + space * max(0, len(text) - 1)
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[align]
        line = self.canvas.beginText(left, self.height - y)
        line.setFont(self._fonts[style], size)
        line.setFillColor(ink(colour))
        line.setCharSpace(space)
        line.textOut(text)
        self.canvas.drawText(line)

    def label(self, x: float, y: float, label: str, size: float = LABEL) -> None:
        """Labels of two to four characters set to one width, as printed forms do."""
        space = max(0.0, 4 * size - len(label) * size) / max(1, len(label) - 1)
        self.text(x, y, label, size, colour=INK2, space=space)

    def lines(self, text: str, width: float, size: float) -> list[str]:
        return wrap(text, width, lambda part: self.measure(part, size))

    def fitted(self, text: str, width: float, room: float, size: float, name: str) -> tuple[list[str], float]:
        """The text in as many lines as it needs, in smaller type when it must, and its size. CertificateTooLong."""
        while size >= LEAST:
            lines = self.lines(text, width, size)
            if len(lines) * size * LEADING <= room:
                return lines, size
            size -= 0.5
        raise CertificateTooLong(f"the field {name} has {len(text)} characters")

    def rule(self, y: float, left: float, right: float) -> None:
        self.canvas.setStrokeColor(ink(LINE))
        self.canvas.setLineWidth(0.5)
        self.canvas.line(left, self.height - y, right, self.height - y)

    def ground(self) -> None:
        """The paper's tint, and a double frame whose corners are cut in."""
        canvas, width, height = self.canvas, self.width, self.height
        canvas.setFillColor(ink(GROUND))
        canvas.rect(0, 0, width, height, stroke=0, fill=1)
        self.colour(SEAL)
        canvas.setLineWidth(2.4)
        self._frame(24, 16)
        canvas.setLineWidth(0.6)
        self._frame(30.5, 14)
        canvas.setStrokeColor(ink(LINE))
        canvas.setLineWidth(0.5)
        self._frame(38, 0)
        self.colour(SEAL)
        for x in (38, width - 38):  # a small square in each corner, as on a seal's edge
            for y in (38, height - 38):
                canvas.rect(x - 2.6, y - 2.6, 5.2, 5.2, stroke=0, fill=1)

    def _frame(self, inset: float, notch: float) -> None:
        """A rectangle whose corners are cut in by ``notch``."""
        left, right, low, high = inset, self.width - inset, inset, self.height - inset
        path = self.canvas.beginPath()
        path.moveTo(left + notch, low)
        for x, y in (
            (right - notch, low), (right - notch, low + notch), (right, low + notch), (right, high - notch),
            (right - notch, high - notch), (right - notch, high), (left + notch, high), (left + notch, high - notch),
            (left, high - notch), (left, low + notch), (left + notch, low + notch),
        ):  # fmt: skip
            path.lineTo(x, y)
        path.close()
        self.canvas.drawPath(path, stroke=1, fill=0)

    def watermark(self, note: str, y: float, size: float, slope: float) -> None:
        """That this is a sample, across the page and in words at ``y``."""
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(self.width / 2, self.height / 2)
        canvas.rotate(slope)
        canvas.setFillColor(SEAL, alpha=0.14)
        canvas.setFont(self._fonts["title"], size)
        canvas.drawCentredString(0, -size / 3, TEST)
        canvas.restoreState()
        self.text(self.width / 2, y, note, 10, colour=SEAL, align="middle")

    def code(self, x: float, y: float, payload: str, side: float = CODE) -> None:
        """The code as vectors: one path of row runs, written as it stands, because 1,200 calls take 3 ms."""
        runs = [(row, f"{start} {-row - 1} {count} 1 re") for row, start, count in runs_of(payload)]
        cell = side / (runs[-1][0] + 1)  # a corner's mark ends the last row
        self.canvas.saveState()
        self.canvas.setFillColor(ink(INK))
        self.canvas.translate(x, self.height - y)
        self.canvas.scale(cell, cell)
        self.canvas.addLiteral(f"{' '.join(run for _, run in runs)} f")
        self.canvas.restoreState()
