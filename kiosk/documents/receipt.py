"""The receipt: 576 dots wide, one bit per dot, in type that old eyes read. 8 dots are one millimetre."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from kiosk.documents.fonts import Face, face
from kiosk.documents.glyphs import check
from kiosk.documents.lines import wrap
from kiosk.documents.qr import QUIET, matrix_of
from kiosk.domain.papers import PaperContent, RenderedPaper

WIDTH = 576
MARGIN = 16
BODY, SMALL, TITLE, HEADING, SECTION = 32, 27, 52, 42, 31  # dots
LEADING = 1.38
THRESHOLD = 150  # grey values below print black
CODE = 208


def copy_mark(content: PaperContent) -> str:
    return content.values["copy"].replace("{n}", str(content.copy))


def render(content: PaperContent) -> RenderedPaper:
    """One receipt as packed rows, 1 = black. Raises GlyphMissing before anything is drawn, FontsMissing."""
    texts, titles = _texts(content)
    return drawn(content, {"text": texts, "title": titles}, _write)


def drawn(
    content: PaperContent, texts: dict[str, list[tuple[str, str]]], write: Callable[[Sheet, PaperContent], None]
) -> RenderedPaper:
    """Any paper of the receipt printer. ``texts``: by face, all that will be drawn in it, as (field, text).

    Raises GlyphMissing before anything is drawn, FontsMissing."""
    from PIL import Image

    for style, pairs in texts.items():
        check(pairs, face(style))
    sheet = Sheet(texts)
    write(sheet, content)
    picture = sheet.finish()
    # Pillow packs 0 (black) as a clear bit; the printer wants black set.
    packed = picture.point(lambda grey: 255 if grey < THRESHOLD else 0).convert("1", dither=Image.Dither.NONE)
    width, height = packed.size
    return RenderedPaper(
        content.paper_id, content.kind, 1, raster_width=width, raster_height=height, raster_rows=packed.tobytes()
    )


def _texts(content: PaperContent) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    body = [
        *content.values.items(),
        *((label, label + value) for label, value in content.rows),
        *content.extra.items(),
        *(("notes", note) for note in content.notes),
        ("layout", copy_mark(content) + "·"),
    ]
    titles = [(title, title) for title in content.extra]
    return body, [("title", content.title), ("heading", content.values["heading"]), *titles]


def _write(sheet: Sheet, content: PaperContent) -> None:
    values = content.values
    sheet.skip(20)
    sheet.paragraph(values["place"], SMALL, align="middle")
    sheet.skip(6)
    sheet.paragraph(content.title, TITLE, style="title", align="middle")
    if values["subtitle"]:
        sheet.paragraph(values["subtitle"], SMALL, align="middle")
    sheet.skip(10)
    if content.test:
        sheet.band(values["test"], SMALL, solid=True)
    if content.copy:
        sheet.band(copy_mark(content), SMALL, solid=True)
    sheet.skip(8)
    sheet.band(values["heading"], HEADING, style="title", solid=values["tone"] == "solid")
    if values["offline"]:
        sheet.paragraph(values["offline"], SMALL, align="middle")
    sheet.skip(10)
    for label, value in content.rows:
        sheet.row(label, value)
    for title, text in content.extra.items():
        sheet.rule()
        sheet.paragraph(title, SECTION, style="title")
        for line in text.split("\n"):
            sheet.paragraph(line, SMALL if "\n" in text else BODY, bullet="\n" in text)
    for note in content.notes:
        sheet.skip(6)
        sheet.paragraph(note, SMALL)
    sheet.rule()
    sheet.code(content.qr, tuple(words for words in (values["scan"], values["call"], values["phone"]) if words))
    sheet.skip(14)
    sheet.paragraph(values["keep"], SMALL, align="middle")
    sheet.skip(28)


class Sheet:
    """White paper that grows downwards."""

    def __init__(self, texts: dict[str, list[tuple[str, str]]]) -> None:
        from PIL import Image, ImageDraw

        self._faces: dict[str, Face] = {name: face(name) for name in texts}
        self._data = {n: self._faces[n].subset("".join(text for _, text in pairs)) for n, pairs in texts.items()}
        self._fonts: dict[tuple[str, int], Any] = {}
        self._picture = Image.new("L", (WIDTH, 3200), 255)
        self._draw = ImageDraw.Draw(self._picture)
        self._y = 0.0

    def _font(self, style: str, size: int) -> Any:
        from PIL import ImageFont

        if (style, size) not in self._fonts:
            data = io.BytesIO(self._data[style])
            self._fonts[style, size] = ImageFont.truetype(data, size, layout_engine=ImageFont.Layout.BASIC)
        return self._fonts[style, size]

    def _room(self, height: float) -> None:
        """Grow the paper when ``height`` more dots do not fit."""
        from PIL import Image, ImageDraw

        while self._y + height > self._picture.height - 8:
            taller = Image.new("L", (WIDTH, self._picture.height * 2), 255)
            taller.paste(self._picture, (0, 0))
            self._picture, self._draw = taller, ImageDraw.Draw(taller)

    def _line(self, x: float, baseline: float, text: str, style: str, size: int, *, ink: int = 0) -> None:
        """A weight is a face of its own: thickened strokes run together in one bit."""
        self._draw.text((round(x), round(baseline)), text, font=self._font(style, size), fill=ink, anchor="ls")

    def _lines(self, text: str, style: str, size: int, width: float) -> list[str]:
        return wrap(text, width, lambda part: self._faces[style].width(part, size))

    def skip(self, dots: float) -> None:
        self._room(dots)
        self._y += dots

    def paragraph(
        self,
        text: str,
        size: int,
        *,
        style: str = "text",
        align: str = "left",
        bullet: bool = False,
    ) -> None:
        indent = size * 0.8 if bullet else 0.0
        for index, line in enumerate(self._lines(text, style, size, WIDTH - 2 * MARGIN - indent)):
            self._room(size * LEADING)
            left = MARGIN + indent
            if align == "middle":
                left = (WIDTH - self._faces[style].width(line, size)) / 2
            if bullet and index == 0:
                self._line(MARGIN - size * 0.2, self._y + size, "·", style, size)
            self._line(left, self._y + size, line, style, size)
            self._y += size * LEADING

    def band(self, text: str, size: int, *, style: str = "text", solid: bool) -> None:
        """A block across the paper: solid black with white type, or outlined."""
        lines = self._lines(text, style, size, WIDTH - 2 * MARGIN - 32)
        height = len(lines) * size * LEADING + 18
        self._room(height + 8)
        box = (MARGIN, round(self._y), WIDTH - MARGIN - 1, round(self._y + height))
        self._draw.rectangle(box, fill=0 if solid else 255, outline=0, width=3)
        for index, line in enumerate(lines):
            left = (WIDTH - self._faces[style].width(line, size)) / 2
            baseline = self._y + 9 + size * (1.08 + index * LEADING)
            self._line(left, baseline, line, style, size, ink=255 if solid else 0)
        self._y += height + 8

    def row(self, label: str, value: str) -> None:
        """Label left, value right of it; a value that needs more room starts below its label."""
        measure = self._faces["text"].width
        label_width = max(4 * SMALL, measure(label, SMALL)) + 16
        room = WIDTH - 2 * MARGIN - label_width
        beside = "\n" not in value and measure(value, BODY) <= room
        lines = [value] if beside else self._lines(value, "text", BODY, WIDTH - 2 * MARGIN)
        height = (len(lines) + (0 if beside else 1)) * BODY * LEADING
        self._room(height)
        self._line(MARGIN, self._y + BODY, label, "text", SMALL)
        if beside:
            self._line(MARGIN + label_width, self._y + BODY, value, "text", BODY)
            self._y += BODY * LEADING
            return
        self._y += SMALL * LEADING
        for line in lines:
            self._line(MARGIN, self._y + BODY, line, "text", BODY)
            self._y += BODY * LEADING

    def rule(self) -> None:
        """A dashed line."""
        self.skip(12)
        for x in range(MARGIN, WIDTH - MARGIN, 14):
            self._draw.rectangle((x, round(self._y), x + 7, round(self._y) + 1), fill=0)
        self._y += 10

    def full_bar(self, height: int) -> None:
        """Black from edge to edge: every dot of the head is asked for."""
        self._room(height + 8)
        self._draw.rectangle((0, round(self._y), WIDTH - 1, round(self._y) + height - 1), fill=0)
        self._y += height + 8

    def comb(self, height: int) -> None:
        """One dot black, one white; further right two and two, then four and four."""
        self._room(height + 8)
        for x in range(WIDTH):
            dots = 1 if x < WIDTH // 3 else 2 if x < 2 * WIDTH // 3 else 4
            if x // dots % 2 == 0:
                self._draw.line((x, round(self._y), x, round(self._y) + height - 1), fill=0)
        self._y += height + 8

    def code(self, payload: str, beside: tuple[str, ...]) -> None:
        """The QR code left, words right of it."""
        matrix = matrix_of(payload)
        dot = max(4, CODE // len(matrix))
        side = dot * len(matrix)
        quiet = dot * QUIET
        self._room(side + 2 * quiet)
        for row, cells in enumerate(matrix):
            for column, dark in enumerate(cells):
                if dark:
                    x, y = MARGIN + 8 + column * dot, round(self._y) + quiet + row * dot
                    self._draw.rectangle((x, y, x + dot - 1, y + dot - 1), fill=0)
        left, below = MARGIN + side + 36, self._y + 20
        for index, words in enumerate(beside):
            size = BODY if index in (0, len(beside) - 1) else SMALL
            for line in self._lines(words, "text", size, WIDTH - MARGIN - left):
                self._line(left, below + size, line, "text", size)
                below += size * LEADING
        self._y = max(self._y + side + 2 * quiet, below)

    def finish(self) -> Any:
        return self._picture.crop((0, 0, WIDTH, round(self._y)))
