"""What `kiosk bench console` found with every size, as one HTML file: a table, and a chart of how pages grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from kiosk.backend.oversight.charts import SEAL, TEAL, WARN, Chart, Series, svg
from kiosk.durable import put

MUTED = "#A9A294"
STYLE = """body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:60rem;color:#1A2330}svg{max-width:46rem;width:100%}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #DDD6C8;text-align:right}
th:first-child,td:first-child{text-align:left}.over{color:#B8321F;font-weight:700}"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one page, ms: 95th percentile, median, and the median of what this process was at work, without waiting."""

    worst: float
    middle: float
    work: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One size. ``load``: of the machine, one minute. ``filling``, ``refreshing``: seconds to write the cases, and to
    make supervision's figures.
    """

    pages: Mapping[str, Spent]
    load: float
    filling: float
    refreshing: float


Sizes = dict[int, Measured]


def write(folder: Path, kind: str, taken: Sizes, limit: float) -> Path:
    """The file's path."""
    file = folder / f"console-{kind.lower()}-{max(taken)}.html"
    put(file, _html(kind, taken, limit).encode(), draft=file.with_suffix(".new"))
    return file


def chart_of(kind: str, taken: Sizes, limit: float) -> Chart:
    """The slowest page, the middle one and the quickest by size, under the limit."""
    told = {size: sorted(spent.worst for spent in each.pages.values()) for size, each in taken.items()}
    lines = {
        "slowest page": (SEAL, tuple(values[-1] for values in told.values())),
        "nine of ten pages": (WARN, tuple(values[len(values) * 9 // 10] for values in told.values())),
        "middle page": (TEAL, tuple(values[len(values) // 2] for values in told.values())),
        "limit": (MUTED, (limit,) * len(told)),
    }
    series = tuple(Series(name, colour, values) for name, (colour, values) in lines.items())
    labels = tuple(f"{size:,}" for size in taken)
    return Chart(f"Pages by cases in {kind}, ms (95th percentile)", "line", labels, series)


def _html(kind: str, taken: Sizes, limit: float) -> str:
    sizes = list(taken)
    head = "".join(f"<th>{size:,}</th>" for size in sizes)
    body = "".join(
        f"<tr><td>{escape(what)}</td>{''.join(_cell(taken[size], what, limit) for size in sizes)}</tr>"
        for what in taken[sizes[-1]].pages
    )
    beside = "".join(
        f"<tr><td>{name}</td>{''.join(f'<td>{value:.1f}</td>' for value in values)}</tr>"
        for name, values in (
            ("cases written, s", [each.filling for each in taken.values()]),
            ("figures made anew, s", [each.refreshing for each in taken.values()]),
            ("load of the machine", [each.load for each in taken.values()]),
        )
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages by cases in {kind}</title>'
        f"<style>{STYLE}</style><h1>Pages by cases in {kind}</h1>{svg(chart_of(kind, taken, limit))}"
        f"<p>95th percentile and, in brackets, median and processor time of each page, ms; limit {limit:.0f}.</p>"
        f"<table><thead><tr><th>page</th>{head}</tr></thead><tbody>{body}{beside}</tbody></table></html>\n"
    )


def _cell(each: Measured, what: str, limit: float) -> str:
    if what not in each.pages:
        return "<td>—</td>"
    spent = each.pages[what]
    over = ' class="over"' if spent.worst > limit else ""
    return f"<td{over}>{spent.worst:.0f} ({spent.middle:.0f}; {spent.work:.0f})</td>"
