"""Every other certificate and voucher, A4 portrait, out of a pack's data: one calm layout, Chinese first, English
below.

Title; who it is for and what it says, row by row; the text; until when it holds; remarks; who has issued it and when;
the code, the identifier, which version and which copy. Where it is sealed, the seal goes into `SEAL`; a page without
one says so, and how it is checked.
"""

from __future__ import annotations

from kiosk.documents import page, wording
from kiosk.documents.page import CODE, INK2, LEADING, LEAST, Page, copy_mark
from kiosk.domain.codes import group_case_no
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.domain.text import Text

WIDTH, HEIGHT = 595.28, 841.89  # A4 portrait, points
LEFT, RIGHT = 70.0, WIDTH - 70.0
VALUE = 200.0  # where values begin
FOOT = 618.0  # from where on the page belongs to issuer, seal and code
SEAL = (RIGHT - 185, HEIGHT - 752, 119.0)  # left, low, side: 42 mm, over issuer and date
SIZE, SMALL = 13.0, 9.0  # of Chinese and of English

UNSEALED = Text(
    "本页没有盖章，真伪扫码核对；电子印章的一份，在自助终端“我的办件”里领取",
    "This page bears no seal: scan to check it. The sealed one is printed at a terminal, under “My cases”.",
)
SEALED = Text("已加盖电子印章，改动一处即失效", "Electronically sealed; any change breaks the seal.")
TEST_NOTE = "本页由测试终端打印，没有效力"


def render(content: PaperContent) -> RenderedPaper:
    """One page. Raises GlyphMissing before anything is drawn, page.CertificateTooLong, FontsMissing."""
    said = content.extra
    fixed = "".join(text.zh + text.en for text in (wording.LICENCE_ID, wording.CASE_NO, _standing(content)))
    layout = fixed + _scan(content) + TEST_NOTE + wording.VERSION.zh
    texts = {
        "text": [
            ("layout", layout + group_case_no(content.case_no)),
            *((name, content.values[name]) for name in ("issuer", "date", "licence_id")),
            *((label.partition("\n")[0], f"{label}{value}") for label, value in content.rows),
            *((f"said {name}", text) for name, text in said.items()),
            *(("notes", note) for note in content.notes),
        ],
        "title": [
            ("title", content.title), ("test", page.TEST), ("copy", copy_mark(content.copy) if content.copy else ""),
        ],
    }  # fmt: skip

    title = f"{content.title} {content.values['licence_id']}"
    size = (WIDTH, HEIGHT)
    pdf = page.made(size, texts, lambda sheet: draw(sheet, content), title=title, mark=page.mark_in(content))
    return RenderedPaper(content.paper_id, content.kind, 1, pdf=pdf)


def draw(sheet: Page, content: PaperContent) -> None:
    sheet.ground()
    if content.test:
        sheet.watermark(TEST_NOTE, FOOT - 12, 86, 52)
    _head(sheet, content)
    _remarks(sheet, content, _rows(sheet, content))
    _foot(sheet, content)


def _standing(content: PaperContent) -> Text:
    return SEALED if "sealed" in content.extra else UNSEALED


def _scan(content: PaperContent) -> str:
    return wording.SCAN.zh if content.qr.startswith("http") else page.SCAN_PLAIN


def _head(sheet: Page, content: PaperContent) -> None:
    size, space = 34.0, 8.0
    while sheet.measure(content.title, size, "title") + space * len(content.title) > RIGHT - LEFT and size > 20:
        size, space = size - 1, 3.0
    sheet.text(WIDTH / 2, 128, content.title, size, style="title", colour=page.SEAL, space=space, align="middle")
    if english := content.extra.get("title", ""):
        sheet.text(WIDTH / 2, 150, english, 12, colour=INK2, align="middle")
    if content.copy:
        sheet.text(WIDTH / 2, 172, copy_mark(content.copy), 13, style="title", colour=page.SEAL, align="middle")
    sheet.rule(186, LEFT, RIGHT)


def _rows(sheet: Page, content: PaperContent) -> float:
    """Label left, value right of it, in smaller type where they are many. Returns where they end."""
    y, room = 222.0, FOOT - 222.0 - 20 * (len(content.notes) + 2)
    step = min(40.0, room / max(1, len(content.rows)))
    for label, value in content.rows:
        chinese, _, english = label.partition("\n")
        sheet.text(LEFT, y, chinese, SIZE, colour=INK2)
        if english:
            sheet.text(LEFT, y + 12, english, SMALL, colour=INK2)
        lines, size = sheet.fitted(value, RIGHT - VALUE, 3 * SIZE * LEADING, SIZE + 1, chinese)
        for index, line in enumerate(lines):
            sheet.text(VALUE, y + index * size * LEADING, line, size)
        y += max(step, len(lines) * size * LEADING + 14)
    return y


def _remarks(sheet: Page, content: PaperContent, y: float) -> None:
    """What is certified, in both languages, and the remarks. Raises page.CertificateTooLong where there is no room."""
    said = content.extra
    paragraphs = [(said.get("body", ""), SIZE, ""), (said.get("body_en", ""), SMALL + 0.5, INK2)]
    paragraphs += [(note, SMALL + 1, INK2) for note in content.notes]
    y += 4
    for text, size, colour in paragraphs:
        if not text:
            continue
        for line in sheet.lines(text, RIGHT - LEFT, size):
            sheet.text(LEFT, y, line, size, colour=colour or page.INK)
            y += size * 1.55
        y += size * 0.5
    if y > FOOT:
        raise page.CertificateTooLong("rows, text and remarks need more than one page")


def _foot(sheet: Page, content: PaperContent) -> None:
    values, said, standing = content.values, content.extra, _standing(content)
    sheet.code(LEFT, FOOT + 8, content.qr)
    sheet.text(LEFT, FOOT + 8 + CODE + 13, _scan(content), 8.5, colour=INK2)
    issuer, english = values["issuer"], said.get("issuer", "")
    size = 14.0
    while sheet.measure(issuer, size) > 300 and size > LEAST:
        size -= 0.5
    sheet.text(RIGHT, FOOT + 62, issuer, size, align="right")
    if english:
        sheet.text(RIGHT, FOOT + 76, english, SMALL, colour=INK2, align="right")
    sheet.text(RIGHT, FOOT + 100, values["date"], 14, align="right")
    sheet.rule(762, LEFT, RIGHT)
    version = wording.VERSION.zh.format(n=said.get("version", "1"))
    number = f"{wording.LICENCE_ID.zh} {values['licence_id']} {version}"
    sheet.text(LEFT, 774, number, 8, colour=INK2)
    sheet.text(LEFT, 786, standing.zh, 8.5, colour=INK2)
    sheet.text(LEFT, 797, standing.en, 7.5, colour=INK2)
    sheet.text(RIGHT, 786, f"{wording.CASE_NO.zh} {group_case_no(content.case_no)}", 8.5, colour=INK2, align="right")
