"""测试页: the A4 page and the receipt by which a printer is proven. Nobody can take either for a paper that counts.

The page says which terminal printed it, when, and as which of its test pages; its code says the same to whoever reads
it back. Grey bars and a ruler under fine lines show streaks and where they are, type in all faces and sizes shows the
rest. The numbers of bars and code are the contract between this page and who judges it (devices.contracts.inspection).
"""

from __future__ import annotations

from datetime import datetime

from devices.contracts.inspection import BAR_LEFT, BAR_RIGHT, BARS, CODE_BOX, CODE_HEAD
from kiosk.documents import page, receipt
from kiosk.documents.page import INK, INK2, SEAL, Page
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.domain.place import Place

MM = 72 / 25.4
WIDTH, HEIGHT = 595.28, 841.89
TITLE, ENGLISH = "打印机测试页", "Printer test page"
VOID, VOID_EN = "测试 · 不作凭证", "TEST · NOT VALID"
RECEIPT_TITLE = "回执打印机测试"
LOOK = (
    "四条灰带从左到右应当均匀：竖着的白线或黑线是条纹，下面的数字说明在哪里",
    "细线应当连续、粗细一致；四角的直角应当完整",
    "上面每一行字都应当清楚，包括最小的一行",
    "把这一页正面朝上放到高拍仪下，机器自己读二维码、找条纹",
)
LOOK_EN = "Bars even, lines unbroken, corners whole, every line of type sharp? Then lay it under the camera."
SAMPLE = "个体工商户登记 永远国酬爨龘 1234567890 ABCabc"
RARE = "生僻字：𠮷 㛃 䶮 喆 堃 犇 镕"
SIZES = (7.0, 9.0, 12.0, 16.0)
PAGE, RECEIPT = "test_page", "test_receipt"


def code_of(terminal: str, at: datetime, serial: str) -> str:
    """What the code says: terminal's number, when, which page. ASCII, no personal data."""
    return f"{CODE_HEAD}{terminal} {at:%Y%m%d%H%M%S} {serial}"


def content(place: Place, *, terminal: str, at: datetime, serial: str, printer: str, software: str) -> PaperContent:
    """The A4 page. ``terminal``: its number; ``serial``: which of its test pages; ``at``: Beijing time."""
    return _content(PAGE, TITLE, place, terminal, at, serial, f"证照打印机 {printer}".strip(), software)


def receipt_content(
    place: Place, *, terminal: str, at: datetime, serial: str, printer: str, software: str
) -> PaperContent:
    return _content(RECEIPT, RECEIPT_TITLE, place, terminal, at, serial, f"回执打印机 {printer}".strip(), software)


def _content(
    template: str, title: str, place: Place, terminal: str, at: datetime, serial: str, printer: str, software: str
) -> PaperContent:
    rows = (
        ("终端编号", terminal or "尚未登记"),
        ("打印时间", f"{at:%Y-%m-%d %H:%M:%S}"),
        ("测试页号", serial),
        ("打印机", printer),
        ("软件版本", software),
    )
    where = f"{place.district}{place.street} · {place.terminal}"
    return PaperContent(
        paper_id=template, kind="report", template=template, title=title, case_id="", case_no="",
        values={"place": where}, rows=rows, qr=code_of(terminal or "-", at, serial), test=True,
    )  # fmt: skip


# -- the A4 page -----------------------------------------------------------------------------------------


def render(paper: PaperContent) -> RenderedPaper:
    """One page. Raises GlyphMissing before anything is drawn, FontsMissing."""
    fixed = "".join(
        (*LOOK, LOOK_EN, ENGLISH, VOID, VOID_EN, SAMPLE, RARE, "0123456789%毫米 pt·", "条纹在哪里看这把尺子")
    )
    texts = {
        "text": [("layout", fixed), *((label, label + value) for label, value in paper.rows), *paper.values.items()],
        "title": [("title", paper.title + VOID + SAMPLE)],
    }
    pdf = page.made(
        (WIDTH, HEIGHT), texts, lambda sheet: _draw(sheet, paper), title=f"{paper.title} {paper.rows[2][1]}"
    )
    return RenderedPaper(paper.paper_id, paper.kind, 1, pdf=pdf)


def _draw(sheet: Page, paper: PaperContent) -> None:
    _corners(sheet)
    left, right = BAR_LEFT * MM, BAR_RIGHT * MM
    sheet.text(left + 4 * MM, 22 * MM, paper.title, 26, style="title")
    sheet.text(left + 4 * MM, 28.5 * MM, ENGLISH, 10.5, colour=INK2)
    sheet.text(right - 4 * MM, 28.5 * MM, paper.values["place"], 10, colour=INK2, align="right")
    _void(sheet, right)
    code_left, code_top, side = (number * MM for number in CODE_BOX)
    sheet.code(code_left, code_top, paper.qr, side)
    for number, (label, value) in enumerate(paper.rows):
        y = (45 + number * 8.2) * MM
        sheet.text(66 * MM, y, label, 11, colour=INK2)
        lines, size = sheet.fitted(value, right - 92 * MM, 12 * 1.5, 12.0, label)
        sheet.text(90 * MM, y, lines[0], size)
    _bars(sheet)
    _ruler(sheet)
    _type(sheet)


def _corners(sheet: Page) -> None:
    """Right angles 6 mm from the edges: a page that is fed askew or cut shows there first."""
    sheet.colour(INK)
    sheet.canvas.setLineWidth(0.8)
    inset, long = 6 * MM, 8 * MM
    for x, across in ((inset, 1), (sheet.width - inset, -1)):
        for y, up in ((inset, 1), (sheet.height - inset, -1)):
            sheet.canvas.line(x, y, x + across * long, y)
            sheet.canvas.line(x, y, x, y + up * long)


def _void(sheet: Page, right: float) -> None:
    """测试 in a black band: read from three metres, and on a black and white printer."""
    sheet.colour(INK)
    left, top, height = 118 * MM, 12.5 * MM, 10.5 * MM
    sheet.canvas.rect(left, sheet.height - top - height, right - 4 * MM - left, height, stroke=0, fill=1)
    sheet.text((left + right - 4 * MM) / 2, top + 7.6 * MM, VOID, 20, style="title", colour="#FFFFFF", align="middle",
               space=1.5)  # fmt: skip


def _bars(sheet: Page) -> None:
    from reportlab.lib.colors import Color

    left, width = BAR_LEFT * MM, (BAR_RIGHT - BAR_LEFT) * MM
    for bar in BARS:
        grey = 1 - bar.ink
        sheet.canvas.setFillColor(Color(grey, grey, grey))
        sheet.canvas.rect(left, sheet.height - (bar.top + bar.height) * MM, width, bar.height * MM, stroke=0, fill=1)
        sheet.text(BAR_RIGHT * MM, (bar.top - 1.1) * MM, f"{bar.ink * 100:.0f}%", 7.5, colour=INK2, align="right")
    sheet.text(left, (BARS[0].top - 1.4) * MM, LOOK[0], 8.5, colour=INK2)


def _ruler(sheet: Page) -> None:
    """Fine vertical lines every two millimetres, and every tenth of a page its number."""
    sheet.colour(INK)
    top, low = 159 * MM, 172 * MM
    for step in range(94):
        x = (BAR_LEFT + 2 * step) * MM
        tenth = step % 5 == 0
        sheet.canvas.setLineWidth(0.9 if tenth else 0.3)
        sheet.canvas.line(x, sheet.height - top, x, sheet.height - low - (2 * MM if tenth else 0))
        if tenth and step < 93:
            sheet.text(x, low + 5.6 * MM, str(step // 5), 8, colour=INK2, align="middle")
    sheet.canvas.setLineWidth(0.3)
    for step in range(5):  # lines across: a band that is missing lies along them
        y = sheet.height - (181.5 + step * 1.4) * MM
        sheet.canvas.line(BAR_LEFT * MM, y, BAR_RIGHT * MM, y)


def _type(sheet: Page) -> None:
    left, right = (BAR_LEFT + 4) * MM, (BAR_RIGHT - 4) * MM
    y = 197 * MM
    for size in SIZES:
        sheet.text(left, y, SAMPLE, size)
        sheet.text(right, y, f"{size:.0f} pt", 8, colour=INK2, align="right")
        y += size * 1.0 + 8
    sheet.text(left, y + 4, RARE, 14)
    sheet.text(left, y + 37, "个体工商户登记", 24, style="title", colour=SEAL)
    sheet.text(left + 68 * MM, y + 37, "永远国酬爨龘", 24, style="title")
    y = 252 * MM
    sheet.rule(y - 6 * MM, left, right)
    for number, line in enumerate(LOOK[1:], 1):
        sheet.text(left, y, f"{number}  {line}", 10.5)
        y += 6.6 * MM
    sheet.text(left, y, LOOK_EN, 8.5, colour=INK2)
    y += 7.5 * MM
    sheet.text(sheet.width / 2, y, f"{VOID} · {VOID_EN}", 9.5, colour=SEAL, align="middle")


# -- the receipt -----------------------------------------------------------------------------------------


def render_receipt(paper: PaperContent) -> RenderedPaper:
    """The receipt printer's test, 576 dots wide: code, full-width bars, a comb of fine lines, Chinese."""
    return receipt.drawn(paper, _receipt_texts(paper), _write_receipt)


def _receipt_texts(paper: PaperContent) -> dict[str, list[tuple[str, str]]]:
    fixed = "".join((VOID, VOID_EN, SAMPLE, RARE, *_BELOW, *_BESIDE, "·"))
    rows = [(label, label + value) for label, value in paper.rows]
    return {"text": [("layout", fixed), *rows, *paper.values.items()], "title": [("title", paper.title + VOID)]}


_BELOW = ("黑带应当从左到右一样黑，", "竖着的白线是坏点；", "细线应当根根分明。")
_BESIDE = ("手机能扫出来", "就算清楚", "Scan me")


def _write_receipt(sheet: receipt.Sheet, paper: PaperContent) -> None:
    sheet.skip(16)
    sheet.paragraph(paper.values["place"], receipt.SMALL, align="middle")
    sheet.skip(4)
    sheet.paragraph(paper.title, 46, style="title", align="middle")
    sheet.skip(8)
    sheet.band(VOID, receipt.HEADING, style="title", solid=True)
    sheet.paragraph(VOID_EN, receipt.SMALL, align="middle")
    sheet.skip(6)
    for label, value in paper.rows:
        sheet.row(label, value)
    sheet.rule()
    sheet.code(paper.qr, _BESIDE)
    sheet.full_bar(40)
    sheet.comb(36)
    sheet.full_bar(14)
    sheet.skip(6)
    sheet.paragraph("".join(_BELOW), receipt.SMALL)
    sheet.rule()
    sheet.paragraph(SAMPLE, 22)
    sheet.paragraph(SAMPLE, receipt.BODY)
    sheet.paragraph(RARE, receipt.BODY)
    sheet.skip(6)
    sheet.band(VOID, receipt.SMALL, solid=False)
    sheet.skip(20)
