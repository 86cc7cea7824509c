"""就绪报告: what was tested when and with which result, on A4 with the terminal's signature, and short on a receipt.

One paper for whoever signs a repair off, puts a terminal into service, or inspects one. No personal data can stand on
it: what goes in are codes' words, counts, versions and times (kiosk.health.reporting).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiosk.documents import page, receipt
from kiosk.documents.page import INK, INK2, Page
from kiosk.domain.papers import PaperContent, RenderedPaper

MM = 72 / 25.4
WIDTH, HEIGHT = 595.28, 841.89
LEFT, RIGHT = 18 * MM, WIDTH - 18 * MM
TOP, LOW = 22 * MM, HEIGHT - 22 * MM
PAGE, RECEIPT = "readiness", "readiness_short"
SECTION = "§"  # begins the label of a row that opens a section
COLOURS = {"ok": "#1E6B3C", "attention": "#8A5A00", "broken": "#A3271B", "unknown": "#4C5867", "plain": INK}
SIGNS = {"ok": "●", "attention": "▲", "broken": "✕", "unknown": "？", "plain": ""}
"""A state by its shape too: papers are printed black and white, and not everybody sees red."""
CODE = 34 * MM
SCAN = "扫码核对：本报告由这台终端签名"
UNSIGNED = "没有签名：终端还没有登记"
TURN = "第 {n} 页，共 {of} 页"
LIMITS = "“通过”只说明那一刻的检测；没有人能判断的写作“没有结论”，不算通过。"

Row = tuple[str, str, str, str]
"""Title, tone, words, when."""


def row(title: str, tone: str, words: str, when: str = "") -> tuple[str, str]:
    """As it stands in PaperContent.rows."""
    return title, "\t".join((tone, words, when))


def section(title: str) -> tuple[str, str]:
    return SECTION + title, ""


def _rows(paper: PaperContent) -> Iterator[Row]:
    for title, value in paper.rows:
        if title.startswith(SECTION):
            yield title, "", "", ""
        else:
            tone, words, when = value.split("\t")
            yield title, tone, words, when


def render(paper: PaperContent) -> RenderedPaper:
    """As many pages as it needs. Raises GlyphMissing before anything is drawn, FontsMissing."""
    fixed = SCAN + UNSIGNED + TURN + LIMITS + "0123456789" + "".join(SIGNS.values())
    texts = {
        "text": [("layout", fixed + paper.title), *_said(paper), *paper.values.items()],
        "title": [("title", paper.title + paper.values["standing"] + page.TEST), *((t, t) for t, _ in paper.rows)],
    }
    count = 0

    def draw(sheet: Page) -> None:
        nonlocal count
        plan = _pages(sheet, list(_rows(paper)))
        count = len(plan)
        for number, rows in enumerate(plan, 1):
            if number > 1:
                sheet.canvas.showPage()
            _sheet(sheet, paper, rows, number, count)

    pdf = page.made((WIDTH, HEIGHT), texts, draw, title=f"{paper.title} {paper.case_no}", mark=page.mark_in(paper))
    return RenderedPaper(paper.paper_id, paper.kind, count, pdf=pdf)


def _said(paper: PaperContent) -> list[tuple[str, str]]:
    return [(title, "".join((title, words, when))) for title, _, words, when in _rows(paper)]


# -- A4 --------------------------------------------------------------------------------------------------

_WORDS = LEFT + 62 * MM  # where the words of a row begin
_WHEN = RIGHT
_SIZE = 10.0


def _pages(sheet: Page, rows: Sequence[Row]) -> list[list[Row]]:
    """Rows to pages; a section's heading never stands alone at a foot."""
    plan: list[list[Row]] = [[]]
    y = 74 * MM
    for index, one in enumerate(rows):
        need = _height(sheet, one)
        after = _height(sheet, rows[index + 1]) if one[0].startswith(SECTION) and index + 1 < len(rows) else 0.0
        if y + need + after > LOW:
            plan.append([])
            y = TOP + 10 * MM
        plan[-1].append(one)
        y += need
    return plan


def _height(sheet: Page, one: Row) -> float:
    if one[0].startswith(SECTION):
        return 27.0
    return max(1, len(_lines(sheet, one)), len(sheet.lines(one[0], _WORDS - LEFT - 16, _SIZE))) * _SIZE * 1.45 + 5


def _lines(sheet: Page, one: Row) -> list[str]:
    return sheet.lines(one[2], _WHEN - (82 if one[3] else 0) - _WORDS, _SIZE)


def _sheet(sheet: Page, paper: PaperContent, rows: Sequence[Row], number: int, of: int) -> None:
    values = paper.values
    if paper.test:
        canvas = sheet.canvas
        canvas.saveState()
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(52)
        canvas.setFillColor(page.SEAL, alpha=0.1)
        canvas.setFont("kiosk-title", 86)
        canvas.drawCentredString(0, -28, page.TEST)
        canvas.restoreState()
    y = _head(sheet, paper) if number == 1 else TOP + 10 * MM
    if number > 1:
        sheet.text(LEFT, TOP, f"{paper.title} · {values['number']}", 9, colour=INK2)
        sheet.rule(TOP + 5, LEFT, RIGHT)
    for one in rows:
        y = _row(sheet, one, y)
    sheet.rule(LOW + 8, LEFT, RIGHT)
    sheet.text(LEFT, LOW + 22, LIMITS, 8.5, colour=INK2)
    sheet.text(RIGHT, LOW + 22, TURN.format(n=number, of=of), 8.5, colour=INK2, align="right")


def _head(sheet: Page, paper: PaperContent) -> float:
    values = paper.values
    sheet.text(LEFT, 30 * MM, paper.title, 25, style="title")
    sheet.text(LEFT, 36 * MM, values["english"], 10, colour=INK2)
    sheet.text(LEFT, 45 * MM, values["place"], 11)
    sheet.text(LEFT, 51.5 * MM, f"{values['terminal']} · {values['at']} · {values['number']}", 10, colour=INK2)
    side = CODE
    sheet.code(RIGHT - side, 17 * MM, paper.qr, side)
    sheet.text(RIGHT, 17 * MM + side + 10, SCAN if page.mark_in(paper) else UNSIGNED, 7.5, colour=INK2, align="right")
    tone = values["tone"]
    top, height = 56 * MM, 11 * MM
    width = RIGHT - side - 8 * MM - LEFT
    sheet.colour(COLOURS[tone])
    sheet.canvas.rect(LEFT, HEIGHT - top - height, width, height, stroke=0, fill=1)
    sheet.text(LEFT + 4 * MM, top + 7.4 * MM, values["standing"], 15, style="title", colour="#FFFFFF")
    sheet.text(LEFT + width - 4 * MM, top + 7.2 * MM, values["counts"], 10, colour="#FFFFFF", align="right")
    return 74 * MM


def _row(sheet: Page, one: Row, y: float) -> float:
    title, tone, _, when = one
    if title.startswith(SECTION):
        sheet.text(LEFT, y + 17, title.removeprefix(SECTION), 12.5, style="title")
        sheet.rule(y + 22, LEFT, RIGHT)
        return y + 27
    base = y + _SIZE + 1
    if SIGNS[tone]:
        sheet.text(LEFT + 1, base, SIGNS[tone], 9, colour=COLOURS[tone])
    for number, line in enumerate(sheet.lines(title, _WORDS - LEFT - 16, _SIZE)):
        sheet.text(LEFT + 14, base + number * _SIZE * 1.45, line, _SIZE, colour=INK2)
    for number, line in enumerate(_lines(sheet, one)):
        sheet.text(_WORDS, base + number * _SIZE * 1.45, line, _SIZE, colour=COLOURS[tone])
    if when:
        sheet.text(_WHEN, base, when, 9, colour=INK2, align="right")
    return y + _height(sheet, one)


# -- the receipt -----------------------------------------------------------------------------------------


def render_receipt(paper: PaperContent) -> RenderedPaper:
    """What is not well, and how many are: half a metre of paper at most."""
    signs = "".join(SIGNS.values())
    fixed = [("layout", SCAN + UNSIGNED + page.TEST + signs + "·")]
    texts = {
        "text": [*fixed, *_said(paper), *paper.values.items()],
        "title": [("title", paper.title + paper.values["standing"]), *((t, t) for t, _ in paper.rows)],
    }
    return receipt.drawn(paper, texts, _write)


def _write(sheet: receipt.Sheet, paper: PaperContent) -> None:
    values = paper.values
    sheet.skip(16)
    sheet.paragraph(values["place"], receipt.SMALL, align="middle")
    sheet.paragraph(paper.title, 46, style="title", align="middle")
    sheet.skip(6)
    if paper.test:
        sheet.band(page.TEST, receipt.SMALL, solid=True)
    sheet.band(values["standing"], receipt.HEADING, style="title", solid=values["tone"] == "broken")
    sheet.paragraph(values["counts"], receipt.SMALL, align="middle")
    sheet.row(values["label_terminal"], values["terminal"])
    sheet.row(values["label_at"], values["at"])
    sheet.row(values["label_number"], values["number"])
    for title, tone, words, when in _rows(paper):
        if title.startswith(SECTION):
            sheet.rule()
            sheet.paragraph(title.removeprefix(SECTION), receipt.SECTION, style="title")
        else:
            sheet.paragraph(f"{SIGNS[tone]} {title} {when[5:]}".strip(), receipt.SMALL)  # the year stands above
            sheet.paragraph(words, receipt.SMALL, bullet=True)
    sheet.rule()
    sheet.code(paper.qr, (SCAN if page.mark_in(paper) else UNSIGNED,))
    sheet.skip(24)
