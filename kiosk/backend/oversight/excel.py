"""The same figures as a workbook: all rows, one sheet a table. No cell is ever a formula.

A text that begins as a formula does (a terminal's name is the operator's, but a workbook goes far) is written with an
apostrophe before it (OWASP: CSV Injection).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from kiosk.backend.oversight.charts import Words
from kiosk.backend.oversight.figures import LEVELS, MEASURES, Line, Overview, Ranked
from kiosk.backend.oversight.telling import problems_method, span, told_break, told_problem, told_stands

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "name", "key", "cases", "approved", "refused", "waiting", "ended", "asked", "overdue", "minutes", "days", "days90",
    "rated", "good", "bad",
)  # fmt: skip
HEAD = "EBE7DD"  # behind the names of columns
NARROWEST, WIDEST, LOOKED = 8, 44, 200  # characters of a column, and rows that are looked at for them
RANKED = ("rank", "name", "key", "cases", "hits", "expected", "ratio", "drawn", "low", "high", "stands")


def guard(value: object) -> object:
    """A cell's value that no program takes for a formula; numbers stay numbers, control characters go."""
    if not isinstance(value, str):
        return value
    text = "".join(each for each in value if each.isprintable() or each == "\n")  # before: one could hide a sign
    return f"'{text}" if value.startswith(RISKY) or text.startswith(RISKY) else text


def workbook(overview: Overview, w: Words) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    first: Any = book.active
    first.title = w("report.title")[:31]
    _fill(
        first,
        [[w("report.title")], [span(overview, w)], [w("report.honest")], [w("ranking.method")], [problems_method(w)]],
    )
    _as_letter(first)
    for table in ("item", *LEVELS):
        _sheet(book, w(f"table.{table}"), [w(f"column.{each}") for each in COLUMNS], map(_line, overview.tables[table]))
    _sheet(book, w("chart.weeks"), [w(f"column.{each}") for each in COLUMNS], map(_line, overview.weeks))
    for level in LEVELS:
        for measure in MEASURES:
            rows = overview.rankings[f"{level} {measure}"]
            name = f"{w(f'table.{level}')}·{w(f'measure.{measure}')}"
            _sheet(
                book,
                name,
                [w(f"column.{each}") for each in RANKED],
                (_ranked(row, w) for row in rows),
            )
    head = [
        w("problems.what"),
        w("table.street"),
        w("table.item"),
        w("problems.count"),
        w("problems.oldest"),
        w("problems.score"),
    ]
    problems = (told_problem(each, overview, w) for each in overview.problems)
    _sheet(book, w("problems.title"), head, ([*row[:3], *map(int, row[3:])] for row in problems))
    head = [w("overview.page"), w("overview.why"), w("overview.count")]
    breaks = (told_break(each, w) for each in overview.breaks)
    _sheet(book, w("overview.breaks"), head, ([*row[:2], int(row[2])] for row in breaks))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _line(line: Line) -> list[Any]:
    minutes = round(line.seconds / 60, 2) if line.seconds >= 0 else None
    days, late = (round(each / 24, 2) if each >= 0 else None for each in (line.hours, line.hours90))
    values = {"minutes": minutes, "days": days, "days90": late}
    return [values[name] if name in values else getattr(line, name) for name in COLUMNS]


def _ranked(row: Ranked, w: Words) -> list[Any]:
    """A place of a ranking; what is too few for a rank says so, and what stands out is a word."""
    values = {"rank": row.rank or w("ranking.few"), "stands": told_stands(row, w)}
    return [values[name] if name in values else getattr(row, name) for name in RANKED]


def _sheet(book: Any, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    safe = "".join(each for each in name if each not in "[]:*?/\\")[:31]
    sheet = book.create_sheet(safe)
    _fill(sheet, [head, *rows])
    sheet.freeze_panes = "B2"
    _as_table(sheet)


def _as_letter(sheet: Any) -> None:
    """The first sheet: sentences, one below the other, as wide as a page."""
    from openpyxl.styles import Alignment, Font

    sheet.column_dimensions["A"].width = 100
    for (cell,) in sheet.iter_rows():
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet["A1"].font = Font(bold=True, size=16)
    _printed(sheet)


def _as_table(sheet: Any) -> None:
    """A head that stands out, columns as wide as their words, figures to two places."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=HEAD)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column in sheet.iter_cols(max_row=LOOKED):
        wide = max(_wide(cell.value) for cell in column) + 2
        sheet.column_dimensions[get_column_letter(column[0].column)].width = min(max(wide, NARROWEST), WIDEST)
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            if isinstance(cell.value, float):
                cell.number_format = "0.00"
    sheet.print_title_rows = "1:1"
    _printed(sheet)


def _printed(sheet: Any) -> None:
    """On paper: lying, as wide as the page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _wide(value: object) -> int:
    """In characters of Latin script; a Chinese one takes two."""
    text = f"{value:.2f}" if isinstance(value, float) else str(value if value is not None else "")
    return max((sum(2 if ord(each) > 0x2E7F else 1 for each in line) for line in text.split("\n")), default=0)


def _fill(sheet: Any, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        sheet.append([guard(value) for value in row])
    for line in sheet.iter_rows():
        for cell in line:
            if cell.data_type == "f":  # none may be left
                raise AssertionError("a cell became a formula")
