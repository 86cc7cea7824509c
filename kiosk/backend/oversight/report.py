"""The report as PDF: the figures of the pages with their charts, for a desk or a drawer. No person stands in it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from kiosk.backend.oversight import charts
from kiosk.backend.oversight.charts import FONT, INK, INK2, RULE, Words
from kiosk.backend.oversight.figures import Line, Overview, Ranked
from kiosk.backend.oversight.telling import (
    page,
    problems_method,
    share,
    span,
    told_break,
    told_line,
    told_problem,
    told_ranked,
    took,
)

MARGIN = 48
MOST = 40  # rows of a table; the workbook has them all
MUTED = "#EBE7DD"


def pdf(overview: Overview, w: Words, measure: str = "bad") -> bytes:
    """Raises FontsMissing."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    parts = _parts(overview, w, measure)
    out = io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN + 12,
        title=w("report.title"), creator="Kiosk 7x24", initialFontName=FONT, invariant=1, lang="zh-CN",
    )  # fmt: skip
    frame = Frame(
        MARGIN, MARGIN + 12, A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN - 12, id="body", leftPadding=0, rightPadding=0
    )
    foot = charts.printable(w("report.foot", since=overview.since[:10], until=overview.until[:10]))

    def paint(canvas: Any, _document: Any) -> None:
        canvas.setFont(FONT, 9)
        canvas.setFillColor(INK2)
        canvas.drawString(MARGIN, MARGIN - 8, foot)
        canvas.drawRightString(A4[0] - MARGIN, MARGIN - 8, str(canvas.getPageNumber()))

    document.addPageTemplates([PageTemplate("page", [frame], onPage=paint)])
    characters = "".join(text for text, _ in parts) + foot + "0123456789"
    with charts.fonts(characters):
        document.build([make() for _, make in parts])
    return out.getvalue()


Part = tuple[str, Any]


def _parts(overview: Overview, w: Words, measure: str) -> list[Part]:
    """What stands in it, in order: the characters of each part, and what makes it once the font is known."""
    whole = overview.whole
    made = [
        _text(w("report.title"), 20, space=4),
        _text(span(overview, w), 10, INK2),
        _text(told_line(whole, w), 11),
        _text(w("report.honest"), 9, INK2, space=8),
        _chart(charts.by_week(overview.weeks, w)), _chart(charts.content(overview.weeks, w)),
    ]  # fmt: skip
    for table in ("item", "street", "department", "terminal"):
        made += [_text(w(f"table.{table}"), 14), _lines(overview.tables[table], w)]
        if table == "item":
            made.append(_chart(charts.times(overview.tables[table], w)))
    ranking = overview.rankings[f"street {measure}"]
    made += [
        _text(w("ranking.title") + " · " + w(f"measure.{measure}"), 14), _text(w("ranking.method"), 9, INK2),
        _chart(charts.ranked(ranking, w)), _ranking(ranking, w),
    ]  # fmt: skip
    if overview.breaks:
        told = w("overview.reporting", told=overview.reporting, all=overview.terminals)
        made += [_text(w("overview.breaks"), 14), _text(told, 9, INK2)]
        made.append(_chart(charts.breaks(overview.breaks, lambda state: page(state, w), w)))
        head = [w("overview.page"), w("overview.why"), w("overview.count")]
        made.append(_table([head, *(told_break(each, w) for each in overview.breaks[:MOST])], (160, 160, 60)))
    if overview.problems:
        made += [_text(w("problems.title"), 14), _text(problems_method(w), 9, INK2)]
        head = [
            w("problems.what"),
            w("table.street"),
            w("table.item"),
            w("problems.count"),
            w("problems.oldest"),
            w("problems.score"),
        ]
        rows = [told_problem(each, overview, w) for each in overview.problems[:MOST]]
        made.append(_table([head, *rows], (150, 100, 110, 40, 50, 50)))
    return made


def _text(text: str, size: float, colour: str = INK, space: float = 6) -> Part:
    text = charts.printable(text)

    def make() -> Any:
        from reportlab.lib.colors import HexColor
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.platypus import Paragraph

        style = ParagraphStyle(
            f"t{size}", fontName=FONT, fontSize=size, leading=size * 1.5, textColor=HexColor(colour), wordWrap="CJK",
            spaceBefore=size * 0.7 if size > 12 else 2, spaceAfter=space, keepWithNext=int(size > 12),
        )  # fmt: skip
        return Paragraph(escape(text), style)

    return text, make


def _chart(chart: charts.Chart) -> Part:
    def make() -> Any:
        from reportlab.platypus import KeepTogether, Spacer

        made = charts.drawing(chart)
        made.hAlign = "LEFT"
        return KeepTogether([made, Spacer(1, 8)])

    return charts.printable(chart.text), make


def _lines(lines: Sequence[Line], w: Words) -> Part:
    names = ("name", "cases", "approved", "refused", "waiting", "overdue", "minutes", "took", "took90", "good", "bad")
    head = [w(f"column.{name}") for name in names]
    rows = [
        [
            line.name or "—", str(line.cases), str(line.approved), str(line.refused), str(line.waiting),
            str(line.overdue), _number(line.seconds / 60 if line.seconds >= 0 else -1),
            took(line.hours, w), took(line.hours90, w), share(line.good, line.rated), str(line.bad),
        ]
        for line in lines[:MOST]
    ]  # fmt: skip
    return _table([head, *rows], (86, 32, 42, 38, 38, 40, 40, 48, 50, 42, 42))


def _ranking(rows: Sequence[Ranked], w: Words) -> Part:
    head = [
        w(f"column.{name}") for name in ("rank", "name", "cases", "hits", "expected", "drawn", "interval", "stands")
    ]
    return _table([head, *[told_ranked(row, w) for row in rows[:MOST]]], (32, 130, 48, 48, 52, 52, 84, 53))


def _table(rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Part:
    rows = [[charts.printable(cell) for cell in row] for row in rows]

    def make() -> Any:
        from reportlab.lib.colors import HexColor
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.platypus import Paragraph, Table, TableStyle

        chinese = ParagraphStyle(
            "cell", fontName=FONT, fontSize=8.5, leading=11.5, textColor=HexColor(INK), wordWrap="CJK"
        )
        latin = ParagraphStyle("latin", parent=chinese, fontSize=8, wordWrap=None)  # broken between words alone
        cells = [[Paragraph(escape(cell), chinese if _is_chinese(cell) else latin) for cell in row] for row in rows]
        made = Table(cells, colWidths=list(widths), repeatRows=1, hAlign="LEFT", spaceAfter=8)
        made.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, 0), MUTED),
                    ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 2),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                    ("TOPPADDING", (0, 0), (-1, -1), 2),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                ]
            )
        )
        return made

    return "".join(cell for row in rows for cell in row), make


def _is_chinese(text: str) -> bool:
    return any(each > "\u2e7f" for each in text)


def _number(value: float) -> str:
    return "—" if value < 0 else f"{value:.1f}"
