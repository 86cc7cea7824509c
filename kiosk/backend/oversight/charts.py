"""The charts of pages and reports, by reportlab's own chart library: one drawing, as SVG on the page and in the PDF.

A chart never stands alone: its figures are in the table beside it. The SVG carries no style of its own, neither sheets
nor attributes, because the pages allow none (kiosk/backend/web/headers.py); the font is the page's. It is drawn twice,
for a desk and for a telephone (``NARROW``), so that its words can be read on both; the page shows one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

from kiosk.backend.oversight.figures import Break, Line, Ranked

WIDTH, NARROW = 460.0, 300.0  # points, on a page about as many pixels: at a desk and on paper; on a telephone
INK, INK2, RULE = "#1A2330", "#4C5867", "#DDD6C8"
TEAL, SEAL, WARN, MUTED = "#0B5F63", "#B8321F", "#C98A2B", "#A9A294"
FONT = "kiosk-text"
SIZE = 12.0
ROW = 26.0  # of a bar and its label
LONGEST = 9  # characters of a label beside a bar
SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    colour: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """``kind``: columns (stacked), bars (one beside the other), line. ``labels``: of the categories. ``titled``:
    whether the title is drawn as well; a page says it in its heading.
    """

    title: str
    kind: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    top: float | None = None
    digits: int = 0
    width: float = WIDTH
    titled: bool = True

    @property
    def text(self) -> str:
        """Every character that may be drawn."""
        return "".join([self.title, self.unit, *self.labels, *(each.name for each in self.series), "0123456789.,-%×… "])


Words = Callable[..., str]


def _chart(
    title: str, kind: str, labels: Iterable[str], series: Sequence[Series], unit: str = "", **more: Any
) -> Chart:
    """With one empty category where there is nothing, and without characters that no font has."""
    told = tuple(printable(label) for label in labels)
    if not told:
        told, series = ("—",), [replace(each, values=(0.0,)) for each in series]
    return Chart(title, kind, told, tuple(series), unit, **more)


def by_week(lines: Sequence[Line], w: Words) -> Chart:
    series = [
        Series(w("chart.approved"), TEAL, tuple(line.approved for line in lines)),
        Series(w("chart.refused"), SEAL, tuple(line.refused for line in lines)),
        Series(w("chart.waiting"), WARN, tuple(line.waiting for line in lines)),
        Series(w("chart.ended"), MUTED, tuple(line.ended for line in lines)),
    ]
    return _chart(w("chart.weeks"), "columns", (line.key[5:] for line in lines), series, w("chart.cases"))


def content(lines: Sequence[Line], w: Words) -> Chart:
    """The share of good ratings by week, from the first week with one; a later week without one is as the week before,
    because a line has no holes.
    """
    values, last = [], 0.0
    lines = lines[next((at for at, line in enumerate(lines) if line.rated), len(lines)) :]
    for line in lines:
        last = 100 * line.good / line.rated if line.rated else last
        values.append(last)
    series = [Series("%", TEAL, tuple(values))]
    return _chart(w("chart.content"), "line", (line.key[5:] for line in lines), series, "%", top=100)


def times(lines: Sequence[Line], w: Words, most: int = 8) -> Chart:
    """In days, hours or minutes, whichever the longest one is told best in."""
    told = [line for line in lines if line.hours >= 0][:most]
    longest = max((line.hours90 for line in told), default=24.0)
    unit, hours = ("minutes", 1 / 60) if longest < 2 else ("hours", 1.0) if longest < 48 else ("days", 24.0)
    series = [
        Series(w("chart.median"), TEAL, tuple(line.hours / hours for line in told)),
        Series(w("chart.p90"), WARN, tuple(line.hours90 / hours for line in told)),
    ]
    name = w("chart.times", unit=w(f"chart.{unit}"))
    return _chart(name, "bars", (line.name for line in told), series, w(f"chart.{unit}"), digits=1)


def ranked(rows: Sequence[Ranked], w: Words, most: int = 12) -> Chart:
    """The first and the last ones, where they are many."""
    told = [row for row in rows if row.rank]
    chosen = told if len(told) <= most else [*told[: most // 2], *told[-(most // 2) :]]
    series = [Series(w("chart.ratio"), TEAL, tuple(row.drawn for row in chosen))]
    return _chart(w("chart.ranked"), "bars", (row.name for row in chosen), series, digits=2)


def breaks(rows: Sequence[Break], called: Callable[[str], str], w: Words, most: int = 10) -> Chart:
    by_state: dict[str, int] = {}
    for row in rows:
        by_state[row.state] = by_state.get(row.state, 0) + row.visits
    order = sorted(by_state.items(), key=lambda pair: -pair[1])[:most]
    series = [Series(w("chart.visits"), TEAL, tuple(float(count) for _, count in order))]
    return _chart(w("chart.breaks"), "bars", (called(state) for state, _ in order), series, w("chart.visits"))


def drawing(chart: Chart) -> Any:
    """A Drawing of reportlab's; its font must be known (`fonts`)."""
    from reportlab.graphics.charts.legends import Legend
    from reportlab.graphics.shapes import Drawing, String
    from reportlab.lib.colors import HexColor

    legend = len(chart.series) > 1
    rows = len(chart.labels) * len(chart.series)
    body = {"bars": max(2, rows) * ROW * (0.8 if legend else 1.0) + 34, "line": 190.0, "columns": 210.0}[chart.kind]
    head = (30.0 if chart.titled else 6.0) + (22.0 if legend else 0.0)
    made: Any = Drawing(chart.width, body + head)
    if chart.titled:
        made.add(String(0, body + head - 16, chart.title, fontName=FONT, fontSize=SIZE + 2, fillColor=HexColor(INK)))
    if legend:
        keys: Any = Legend()
        keys.x, keys.y, keys.alignment = 0, body + 14, "right"
        keys.fontName, keys.fontSize, keys.columnMaximum = FONT, SIZE, 1
        keys.dx = keys.dy = 9
        keys.deltax, keys.dxTextSpace, keys.strokeWidth, keys.strokeColor = 16, 4, 0, None
        keys.variColumn = 1
        keys.colorNamePairs = [(HexColor(each.colour), each.name) for each in chart.series]
        made.add(keys)
    made.add({"columns": _columns, "bars": _bars, "line": _line}[chart.kind](chart, body))
    return made


def svg(chart: Chart) -> str:
    """For a page: no script, no style, its title for whoever cannot see it."""
    from reportlab.graphics import renderSVG

    with fonts(chart.text):
        text = renderSVG.drawToString(drawing(chart))
    text = re.sub(r"<!DOCTYPE[^>]*>", "", text)
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(text)  # noqa: S314  # made a line above, by ourselves
    for element in root.iter():
        _undress(element)
        for clip in element.findall(f"{{{SVG}}}clipPath"):  # of the same id in every drawing of a page
            element.remove(clip)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", chart.title)
    root.set("class", "chart" if chart.width >= WIDTH else "chart narrow")
    for old in root.findall(f"{{{SVG}}}title") + root.findall(f"{{{SVG}}}desc"):
        root.remove(old)
    return ElementTree.tostring(root, encoding="unicode")


@contextmanager
def fonts(text: str) -> Iterator[None]:
    """The font of charts and reports is known while they are drawn, with the characters of ``text``."""
    from reportlab.lib.fonts import addMapping

    from kiosk.documents.embedding import PaperFont, embedded
    from kiosk.documents.fonts import face

    for bold in (0, 1):
        for italic in (0, 1):
            addMapping(FONT, bold, italic, FONT)
    with embedded({FONT: PaperFont(FONT, face("text"), text)}):
        yield


def printable(text: str) -> str:
    """With a question mark for what no installed font has."""
    from kiosk.documents.fonts import face

    known = face("text")
    return "".join(each if each == "\n" or known.covers(each) else "?" for each in text)


def _undress(element: ElementTree.Element) -> None:
    """What stands in ``style`` becomes attributes (SVG 1.1, 6.4); the page's font holds."""
    for part in element.attrib.pop("style", "").split(";"):
        name, _, value = part.partition(":")
        if name.strip() and value.strip() and name.strip() != "font-family":
            element.set(name.strip(), value.strip())
    for name in ("font-family", "clip-path", "id"):  # an id would stand once for every drawing of the page
        element.attrib.pop(name, None)
    size = element.get("font-size", "")
    if size.endswith("px"):
        element.set("font-size", size.removesuffix("px"))


def _top(chart: Chart, stacked: bool = False) -> float:
    if chart.top is not None:
        return chart.top
    sums = [sum(values) for values in zip(*(each.values for each in chart.series), strict=True)]
    singles = [value for each in chart.series for value in each.values]
    return float(max([*(sums if stacked else singles), 1e-9])) * 1.08


def _values(axis: Any, chart: Chart, stacked: bool = False) -> None:
    from reportlab.lib.colors import HexColor

    axis.valueMin, axis.valueMax = 0, _top(chart, stacked)
    step = _step(axis.valueMax)
    axis.valueStep = step
    axis.labelTextFormat = f"%0.{2 if step < 0.1 else 1 if step < 1 else 0}f"
    axis.labels.fontName, axis.labels.fontSize, axis.labels.fillColor = FONT, SIZE, HexColor(INK2)
    axis.strokeColor = axis.gridStrokeColor = HexColor(RULE)
    axis.visibleGrid, axis.visibleTicks = 1, 0
    axis.gridStrokeWidth = 0.7


def _step(top: float) -> float:
    """One, two or five times a power of ten, so that four to eight lines are drawn."""
    step = 10.0**-3
    while True:
        for factor in (1, 2, 5):
            if top / (step * factor) <= 6:
                return step * factor
        step *= 10


def _categories(axis: Any, labels: Sequence[str]) -> None:
    from reportlab.lib.colors import HexColor

    axis.categoryNames = list(labels)
    axis.labels.fontName, axis.labels.fontSize, axis.labels.fillColor = FONT, SIZE, HexColor(INK)
    axis.strokeColor, axis.visibleTicks = HexColor(INK2), 0


def _columns(chart: Chart, height: float) -> Any:
    from reportlab.graphics.charts.barcharts import VerticalBarChart
    from reportlab.lib.colors import HexColor

    made: Any = VerticalBarChart()
    made.x, made.y, made.width, made.height = 40, 34, chart.width - 48, height - 48
    made.data = [list(each.values) or [0] for each in chart.series]
    made.categoryAxis.style = "stacked"
    made.barSpacing, made.groupSpacing = 0, 4
    _values(made.valueAxis, chart, stacked=True)
    _categories(made.categoryAxis, _thinned(chart.labels, 7 if chart.width >= WIDTH else 5))
    for number, each in enumerate(chart.series):
        made.bars[number].fillColor, made.bars[number].strokeColor = HexColor(each.colour), None
    return made


def _bars(chart: Chart, height: float) -> Any:
    from reportlab.graphics.charts.barcharts import HorizontalBarChart
    from reportlab.lib.colors import HexColor

    made: Any = HorizontalBarChart()
    left = SIZE * min(LONGEST, max([len(label) for label in chart.labels], default=1)) + 14
    made.x, made.y, made.width, made.height = left, 28, chart.width - left - 34, height - 34
    made.data = [list(reversed(each.values)) or [0] for each in reversed(chart.series)]
    made.barSpacing, made.groupSpacing = 0, 5
    _values(made.valueAxis, chart)
    _categories(made.categoryAxis, [_short(label) for label in reversed(chart.labels)])
    made.categoryAxis.labels.boxAnchor, made.categoryAxis.labels.dx = "e", -4
    made.barLabelFormat = f"%0.{chart.digits}f"
    made.barLabels.fontName, made.barLabels.fontSize, made.barLabels.boxAnchor = FONT, SIZE, "w"
    made.barLabels.nudge, made.barLabels.fillColor = 3, HexColor(INK)
    for number, each in enumerate(reversed(chart.series)):
        made.bars[number].fillColor, made.bars[number].strokeColor = HexColor(each.colour), None
    return made


def _line(chart: Chart, height: float) -> Any:
    from reportlab.graphics.charts.linecharts import HorizontalLineChart
    from reportlab.graphics.widgets import markers
    from reportlab.lib.colors import HexColor

    made: Any = HorizontalLineChart()
    made.x, made.y, made.width, made.height = 40, 34, chart.width - 48, height - 48
    made.data = [list(each.values) or [0] for each in chart.series]
    _values(made.valueAxis, chart)
    _categories(made.categoryAxis, _thinned(chart.labels, 7 if chart.width >= WIDTH else 5))
    marker: Any = markers
    for number, each in enumerate(chart.series):
        made.lines[number].strokeColor, made.lines[number].strokeWidth = HexColor(each.colour), 2
        made.lines[number].symbol = marker.makeMarker(
            "FilledCircle", size=5, fillColor=HexColor(each.colour), strokeColor=None
        )
    return made


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _thinned(labels: Sequence[str], most: int) -> list[str]:
    """No more than there is room for side by side."""
    every = max(1, -(-len(labels) // most))
    return [label if number % every == 0 else "" for number, label in enumerate(labels)]
