"""The same figures as a workbook: all rows, one sheet a table. No cell is ever a formula.

A text that begins as a formula does (a terminal's name is the operator's, but a workbook goes far) is written with an
apostrophe before it (OWASP: CSV Injection).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from kiosk.backend.oversight.charts import Words
from kiosk.backend.oversight.figures import LEVELS, MEASURES, Line, Overview
from kiosk.backend.oversight.telling import problems_method, span, told_problem

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "name", "key", "cases", "approved", "refused", "waiting", "ended", "asked", "overdue", "minutes", "days", "days90",
    "rated", "good", "bad",
)  # fmt: skip
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
                ([getattr(row, each) for each in RANKED] for row in rows),
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
    _sheet(book, w("problems.title"), head, ([*row[:3], *map(float, row[3:])] for row in problems))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _line(line: Line) -> list[Any]:
    minutes = round(line.seconds / 60, 2) if line.seconds >= 0 else None
    days, late = (round(each / 24, 2) if each >= 0 else None for each in (line.hours, line.hours90))
    values = {"minutes": minutes, "days": days, "days90": late}
    return [values[name] if name in values else getattr(line, name) for name in COLUMNS]


def _sheet(book: Any, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    safe = "".join(each for each in name if each not in "[]:*?/\\")[:31]
    sheet = book.create_sheet(safe)
    _fill(sheet, [head, *rows])
    sheet.freeze_panes = "A2"
    sheet.column_dimensions["A"].width = 28


def _fill(sheet: Any, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        sheet.append([guard(value) for value in row])
    for line in sheet.iter_rows():
        for cell in line:
            if cell.data_type == "f":  # none may be left
                raise AssertionError("a cell became a formula")
