"""The licence on A4, landscape: the size and the items of the 营业执照 of 2019, in a layout of our own.

No national emblem and no seal are drawn: both belong to the registrar. Text stays extractable, fonts are embedded.
"""

from __future__ import annotations

import io
from typing import Any

from kiosk.documents.fonts import Face, face
from kiosk.documents.glyphs import check
from kiosk.documents.lines import wrap
from kiosk.documents.qr import matrix_of
from kiosk.domain.codes import group_case_no
from kiosk.domain.papers import PaperContent, RenderedPaper

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape, points
INK, INK2, LINE, SEAL, GROUND = "#1A2330", "#4C5867", "#CDB9A6", "#8E2418", "#FBF8F1"
LABEL, LEAST = 12.5, 8.5  # points
CODE = 108.0  # points: 77 modules of half a millimetre, which a telephone reads from a hand's distance

_LEFT = (("名称", "name"), ("类型", "type"), ("经营者", "operator"), ("经营范围", "scope"))
_RIGHT = (("组成形式", "form"), ("注册日期", "date"), ("经营场所", "premises"))
_HEIGHTS = {"scope": 96.0, "premises": 96.0}  # room in points; every other field has two lines
PUBLICITY = "国家企业信用信息公示系统 www.gsxt.gov.cn"
CODE_LABEL = "统一社会信用代码"
REGISTRAR_LABEL = "登记机关"
SCAN, SCAN_PLAIN = "扫码核对登记信息、验真伪", "登记信息、验真码"  # with an address in the code, and with words only
SEALING = "加盖登记机关印章后有效"
TEST = "样本 · 测试"
TEST_NOTE = "本页由测试终端打印，不是营业执照，没有效力"


class CertificateTooLong(Exception):
    """A value does not fit its place even in the smallest type."""

    code = "certificate-too-long"
    advice = "The licence is made at the counter."
    retryable = False


def copy_mark(number: int) -> str:
    return f"副本 · 补打第 {number} 次"


def render(content: PaperContent) -> RenderedPaper:
    """One page. Raises GlyphMissing before anything is drawn, CertificateTooLong, FontsMissing."""
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    from kiosk.documents.embedding import embedded

    settings: Any = rl_config  # made at run time, so it has no types
    settings.useA85 = 0  # binary streams: smaller, and in less than half the time
    faces = {"text": face("text"), "title": face("title")}
    texts = {"text": _body_texts(content), "title": _title_texts(content)}
    for style, pairs in texts.items():
        check(pairs, faces[style])
    fonts = {style: f"kiosk-{style}" for style in faces}
    subsets = {fonts[style]: faces[style].subset("".join(text for _, text in texts[style])) for style in faces}
    out = io.BytesIO()
    with embedded(subsets):
        first: Any = fonts["text"]  # else reportlab names Helvetica, which is not embedded
        canvas = Canvas(
            out, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1, lang="zh-CN", initialFontName=first
        )
        canvas.setTitle(f"{content.title} {content.values['credit_code']}")
        canvas.setCreator("Kiosk 7x24")
        _Page(canvas, faces, fonts, content).draw()
        canvas.showPage()
        canvas.save()
    return RenderedPaper(content.paper_id, content.kind, 1, pdf=out.getvalue())


def _title_texts(content: PaperContent) -> list[tuple[str, str]]:
    return [("title", content.title), ("test", TEST), ("copy", copy_mark(content.copy) if content.copy else "")]


def _body_texts(content: PaperContent) -> list[tuple[str, str]]:
    labels = "".join(label for label, _ in (*_LEFT, *_RIGHT))
    fixed = labels + CODE_LABEL + REGISTRAR_LABEL + SCAN + SEALING + PUBLICITY + TEST_NOTE
    notes = [("notes", note) for note in content.notes]
    case = ("case_no", f"办件编号 {group_case_no(content.case_no)}")
    return [("layout", fixed), *content.values.items(), *notes, case]


class _Page:
    """Draws one licence; y grows downwards from the top edge."""

    def __init__(self, canvas: Any, faces: dict[str, Face], fonts: dict[str, str], content: PaperContent) -> None:
        self._canvas, self._faces, self._fonts, self._content = canvas, faces, fonts, content

    def draw(self) -> None:
        self._border()
        if self._content.test:
            self._watermark()
        self._head()
        self._fields()
        self._foot()

    def _colour(self, colour: str) -> None:
        self._canvas.setFillColor(colour)
        self._canvas.setStrokeColor(colour)

    def _text(self, x: float, y: float, text: str, size: float, *, style: str = "text", colour: str = INK,
              space: float = 0.0, align: str = "left") -> None:  # fmt: skip
        width = self._faces[style].width(text, size) + space * max(0, len(text) - 1)
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[align]
        line = self._canvas.beginText(left, HEIGHT - y)
        line.setFont(self._fonts[style], size)
        line.setFillColor(colour)
        line.setCharSpace(space)
        line.textOut(text)
        self._canvas.drawText(line)

    def _border(self) -> None:
        canvas = self._canvas
        canvas.setFillColor(GROUND)
        canvas.rect(0, 0, WIDTH, HEIGHT, stroke=0, fill=1)
        self._colour(SEAL)
        canvas.setLineWidth(2.4)
        self._frame(24, 16)
        canvas.setLineWidth(0.6)
        self._frame(30.5, 14)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        self._frame(38, 0)
        self._colour(SEAL)
        for x in (38, WIDTH - 38):  # a small square in each corner, as on a seal's edge
            for y in (38, HEIGHT - 38):
                canvas.rect(x - 2.6, y - 2.6, 5.2, 5.2, stroke=0, fill=1)

    def _frame(self, inset: float, notch: float) -> None:
        """A rectangle whose corners are cut in by ``notch``."""
        left, right, low, high = inset, WIDTH - inset, inset, HEIGHT - inset
        path = self._canvas.beginPath()
        path.moveTo(left + notch, low)
        for x, y in (
            (right - notch, low), (right - notch, low + notch), (right, low + notch), (right, high - notch),
            (right - notch, high - notch), (right - notch, high), (left + notch, high), (left + notch, high - notch),
            (left, high - notch), (left, low + notch), (left + notch, low + notch),
        ):  # fmt: skip
            path.lineTo(x, y)
        path.close()
        self._canvas.drawPath(path, stroke=1, fill=0)

    def _watermark(self) -> None:
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(24)
        canvas.setFillColor(SEAL, alpha=0.14)
        canvas.setFont(self._fonts["title"], 120)
        canvas.drawCentredString(0, -40, TEST)
        canvas.restoreState()
        self._text(WIDTH / 2, 545, TEST_NOTE, 10, colour=SEAL, align="middle")

    def _head(self) -> None:
        content = self._content
        self._text(70, 82, CODE_LABEL, 11, colour=INK2)
        self._text(70, 103, content.values["credit_code"], 16, colour=INK, space=0.6)
        self._text(WIDTH / 2, 136, content.title, 54, style="title", colour=SEAL, space=22, align="middle")
        if content.copy:
            self._text(WIDTH / 2, 166, copy_mark(content.copy), 13, style="title", colour=SEAL, align="middle")
        self._qr(WIDTH - 70 - CODE, 52, CODE)
        scan = SCAN if content.qr.startswith("http") else SCAN_PLAIN
        self._text(WIDTH - 70 - CODE / 2, 52 + CODE + 12, scan, 8.5, colour=INK2, align="middle")

    def _qr(self, x: float, y: float, side: float) -> None:
        """The code as vectors: one path of row runs."""
        matrix = matrix_of(self._content.qr)
        cell = side / len(matrix)
        path = self._canvas.beginPath()
        for row, modules in enumerate(matrix):
            start: int | None = None
            for column, dark in enumerate((*modules, 0)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    low = HEIGHT - y - (row + 1) * cell
                    path.rect(x + start * cell, low, (column - start) * cell, cell)
                    start = None
        self._canvas.setFillColor(INK)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def _fields(self) -> None:
        middle = WIDTH / 2 + 28
        self._canvas.setStrokeColor(LINE)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(70, HEIGHT - 184, WIDTH - 70, HEIGHT - 184)
        for x, value_x, width, fields in (
            (70, 146, middle - 30 - 146, _LEFT),
            (middle, middle + 76, WIDTH - 70 - middle - 76, _RIGHT),
        ):
            y = 218.0
            for label, name in fields:
                self._label(x, y, label)
                y += self._value(value_x, y, width, name) + 17

    def _label(self, x: float, y: float, label: str) -> None:
        """Labels of two to four characters set to one width, as printed forms do."""
        size, full = LABEL, 4 * LABEL
        space = (full - len(label) * size) / (len(label) - 1)
        self._text(x, y, label, size, colour=INK2, space=space)

    def _value(self, x: float, y: float, width: float, name: str) -> float:
        """Draw a value in as many lines as it needs, in smaller type when it must. Returns the height used."""
        text = self._content.values[name]
        room = _HEIGHTS.get(name, 44.0)
        size = 15.0 if name in ("name", "operator") else 14.0
        measure = self._faces["text"].width
        while size >= LEAST:
            lines = wrap(text, width, lambda part, size=size: measure(part, size))  # type: ignore[misc]  # bound now
            if len(lines) * size * 1.5 <= room:
                for index, line in enumerate(lines):
                    self._text(x, y + index * size * 1.5, line, size)
                return len(lines) * size * 1.5
            size -= 0.5
        raise CertificateTooLong(f"the field {name} has {len(text)} characters")

    def _foot(self) -> None:
        content, measure = self._content, self._faces["text"].width
        registrar, date = content.values["registrar"], content.values["date"]
        size = 14.0
        while measure(registrar, size) > 300 and size > LEAST:
            size -= 0.5
        left = WIDTH - 70 - max(measure(registrar, size), measure(date, 14))
        self._label(left - 4 * LABEL - 26, 462, REGISTRAR_LABEL)
        self._text(left, 462, registrar, size)
        self._text(left, 488, date, 14)
        self._text(left, 506, SEALING, 10.5)
        self._canvas.setStrokeColor(LINE)
        self._canvas.line(70, HEIGHT - 514, WIDTH - 70, HEIGHT - 514)
        self._text(70, 530, PUBLICITY, 9, colour=INK2)
        self._text(WIDTH - 70, 530, f"办件编号 {group_case_no(content.case_no)}", 9, colour=INK2, align="right")
        for index, note in enumerate(content.notes):
            self._text(70, 490 + index * 14, note, 9.5, colour=INK2)
