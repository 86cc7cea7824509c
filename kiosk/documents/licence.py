"""The licence on A4, landscape: the size and the items of the 营业执照 of 2019, in a layout of our own.

No national emblem and no seal are drawn: both belong to the registrar. Where it is sealed, the seal goes into `SEAL`.
"""

from __future__ import annotations

from kiosk.documents import page
from kiosk.documents.page import CODE, INK2, LABEL, LEADING, LEAST, Page, copy_mark
from kiosk.domain.codes import group_case_no
from kiosk.domain.papers import PaperContent, RenderedPaper

WIDTH, HEIGHT = 841.89, 595.28  # A4 landscape, points
SEAL = (WIDTH - 70 - 150, HEIGHT - 512, 119.0)  # left, low, side: 42 mm, over registrar and date

_LEFT = (("名称", "name"), ("类型", "type"), ("经营者", "operator"), ("经营范围", "scope"))
_RIGHT = (("组成形式", "form"), ("注册日期", "date"), ("经营场所", "premises"))
_HEIGHTS = {"scope": 96.0, "premises": 96.0}  # room in points; every other field has two lines
PUBLICITY = "国家企业信用信息公示系统 www.gsxt.gov.cn"
CODE_LABEL = "统一社会信用代码"
ID_LABEL = "电子证照标识"
REGISTRAR_LABEL = "登记机关"
SEALING = "加盖登记机关印章后有效"
SEALED = "登记机关已加盖电子印章"
TEST_NOTE = "本页由测试终端打印，不是营业执照，没有效力"


def render(content: PaperContent) -> RenderedPaper:
    """One page. Raises GlyphMissing before anything is drawn, CertificateTooLong, FontsMissing."""
    texts = {"text": _body_texts(content), "title": _title_texts(content)}
    title = f"{content.title} {content.values['credit_code']}"
    pdf = page.made(
        (WIDTH, HEIGHT), texts, lambda sheet: _draw(sheet, content), title=title, mark=page.mark_in(content)
    )
    return RenderedPaper(content.paper_id, content.kind, 1, pdf=pdf)


def _title_texts(content: PaperContent) -> list[tuple[str, str]]:
    return [("title", content.title), ("test", page.TEST), ("copy", copy_mark(content.copy) if content.copy else "")]


def _body_texts(content: PaperContent) -> list[tuple[str, str]]:
    labels = "".join(label for label, _ in (*_LEFT, *_RIGHT))
    fixed = labels + CODE_LABEL + ID_LABEL + REGISTRAR_LABEL + page.SCAN + _standing(content) + PUBLICITY + TEST_NOTE
    notes = [("notes", note) for note in content.notes]
    case = ("case_no", f"办件编号 {group_case_no(content.case_no)}")
    return [("layout", fixed), *content.values.items(), *notes, case]


def _standing(content: PaperContent) -> str:
    return SEALED if "sealed" in content.extra else SEALING


def _draw(sheet: Page, content: PaperContent) -> None:
    sheet.ground()
    if content.test:
        sheet.watermark(TEST_NOTE, 545, 120, 24)
    _head(sheet, content)
    _fields(sheet, content)
    _foot(sheet, content)


def _head(sheet: Page, content: PaperContent) -> None:
    sheet.text(70, 82, CODE_LABEL, 11, colour=INK2)
    sheet.text(70, 103, content.values["credit_code"], 16, space=0.6)
    sheet.text(WIDTH / 2, 136, content.title, 54, style="title", colour=page.SEAL, space=22, align="middle")
    if content.copy:
        sheet.text(WIDTH / 2, 166, copy_mark(content.copy), 13, style="title", colour=page.SEAL, align="middle")
    sheet.code(WIDTH - 70 - CODE, 52, content.qr)
    scan = page.SCAN if content.qr.startswith("http") else page.SCAN_PLAIN
    sheet.text(WIDTH - 70 - CODE / 2, 52 + CODE + 12, scan, 8.5, colour=INK2, align="middle")


def _fields(sheet: Page, content: PaperContent) -> None:
    middle = WIDTH / 2 + 28
    sheet.rule(184, 70, WIDTH - 70)
    for x, value_x, width, fields in (
        (70, 146, middle - 30 - 146, _LEFT),
        (middle, middle + 76, WIDTH - 70 - middle - 76, _RIGHT),
    ):
        y = 218.0
        for label, name in fields:
            sheet.label(x, y, label)
            y += _value(sheet, value_x, y, width, name, content.values[name]) + 17


def _value(sheet: Page, x: float, y: float, width: float, name: str, text: str) -> float:
    """Returns the height used."""
    size = 15.0 if name in ("name", "operator") else 14.0
    lines, size = sheet.fitted(text, width, _HEIGHTS.get(name, 44.0), size, name)
    for index, line in enumerate(lines):
        sheet.text(x, y + index * size * LEADING, line, size)
    return len(lines) * size * LEADING


def _foot(sheet: Page, content: PaperContent) -> None:
    registrar, date = content.values["registrar"], content.values["date"]
    size = 14.0
    while sheet.measure(registrar, size) > 300 and size > LEAST:
        size -= 0.5
    left = WIDTH - 70 - max(sheet.measure(registrar, size), sheet.measure(date, 14))
    sheet.label(left - 4 * LABEL - 26, 462, REGISTRAR_LABEL)
    sheet.text(left, 462, registrar, size)
    sheet.text(left, 488, date, 14)
    sheet.text(left, 506, _standing(content), 10.5)
    sheet.rule(514, 70, WIDTH - 70)
    sheet.text(70, 530, PUBLICITY, 9, colour=INK2)
    sheet.text(WIDTH - 70, 530, f"办件编号 {group_case_no(content.case_no)}", 9, colour=INK2, align="right")
    sheet.text(70, 508, f"{ID_LABEL} {content.values['licence_id']}", 8.5, colour=INK2)
    for index, note in enumerate(content.notes):
        sheet.text(70, 474 + index * 14, note, 9.5, colour=INK2)
