"""A signature is enough ink, in the field, by a pen that exists; from the window and from a pad alike."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.signature import (
    MAX_POINTS,
    Flaw,
    PadReport,
    Point,
    Signature,
    Surface,
    box,
    flaws,
    from_pad,
    from_window,
    ink,
    seconds,
)

PAD = Surface(9600, 4800, per_mm=100, pressure_levels=1024, rate=200, name="a pad")
NAME = [[(0.2, 0.3), (0.3, 0.7), (0.4, 0.3)], [(0.5, 0.3), (0.6, 0.7), (0.7, 0.3)]]


def window(strokes: list[list[tuple[float, ...]]], width: float = 800, height: float = 400) -> Signature:
    return from_window(strokes, width=width, height=height)


def test_a_written_name_is_a_signature() -> None:
    signature = window(NAME)
    assert flaws(signature) == ()
    assert ink(signature) == pytest.approx(4 * math.hypot(0.2, 0.4))
    assert box(signature) == (pytest.approx(1.0), pytest.approx(0.4))
    assert seconds(signature) is None


@pytest.mark.parametrize(
    ("strokes", "flaw"),
    [
        ([], Flaw.EMPTY),
        ([[]], Flaw.EMPTY),
        ([[(0.5, 0.5)]], Flaw.DOT),
        ([[(0.5, 0.5), (0.505, 0.505)], [(0.6, 0.5)]], Flaw.DOT),
        ([[(0.4, 0.5), (0.5, 0.5)]], Flaw.TOO_SHORT),
        ([[(0.5, 0.5), (0.52, 0.54)] * 12], Flaw.TOO_SMALL),
        ([[(0.2, 0.5), (1.2, 0.5)]], Flaw.OUTSIDE),
        ([[(0.2, -0.01), (0.8, 0.9)]], Flaw.OUTSIDE),
        ([[(0.1, 1.0), (0.9, 1.0), (0.9, 0.8)]], Flaw.OUTSIDE),
        ([[(float("nan"), 0.5), (0.6, 0.5)]], Flaw.BROKEN),
        ([[(0.1, 0.1, 2.0), (0.9, 0.9, 1.0)]], Flaw.BROKEN),
        ([[(0.1 + n % 2 * 0.5, 0.5) for n in range(MAX_POINTS + 1)]], Flaw.TOO_LONG),
    ],
    ids=["no stroke", "an empty stroke", "one dot", "dots", "a slip", "a scribble on the spot", "over the right border",
         "over the top", "along the border", "not a number", "time runs backwards", "a pad gone wild"],
)  # fmt: skip
def test_what_is_no_signature_says_why(strokes: list[list[tuple[float, ...]]], flaw: Flaw) -> None:
    assert flaws(window(strokes)) == (flaw,)


def test_two_things_may_be_wrong_at_once() -> None:
    assert flaws(window([[(1.5, 0.5)]])) == (Flaw.OUTSIDE, Flaw.DOT)


def test_dots_beside_strokes_are_part_of_a_name() -> None:
    assert flaws(window([*NAME, [(0.75, 0.25)]])) == ()


def test_a_short_stroke_along_the_border_is_forgiven() -> None:
    assert flaws(window([*NAME, [(0.3, 1.0), (0.4, 1.0)]])) == ()


def reports(down_up: list[tuple[float, float, bool]]) -> list[PadReport]:
    return [PadReport(x, y, down, pressure=512, at=100 + n / 200) for n, (x, y, down) in enumerate(down_up)]


def test_a_pads_reports_become_strokes_with_time_and_pressure() -> None:
    signature = from_pad(
        reports([(0, 0, False), (960, 480, True), (8640, 4320, True), (8640, 4320, False), (4800, 480, True)]), PAD
    )
    first, last = signature.strokes[0][0], signature.strokes[1][0]
    assert [len(stroke) for stroke in signature.strokes] == [2, 1]
    assert (first.x, first.y, first.at, first.pressure) == (0.1, 0.1, 0.0, 0.5)
    assert last.at == pytest.approx(3 / 200)
    assert seconds(signature) == pytest.approx(3 / 200)
    assert flaws(signature) == ()


def test_the_same_hand_on_window_and_pad_is_judged_alike() -> None:
    written = [PadReport(x * 9600, y * 4800, True) for x, y in NAME[0]]
    written += [PadReport(0, 0, False)] + [PadReport(x * 9600, y * 4800, True) for x, y in NAME[1]]
    on_pad = from_pad(written, Surface(9600, 4800))
    assert ink(on_pad) == pytest.approx(ink(window(NAME)))
    assert flaws(on_pad) == flaws(window(NAME))
    assert on_pad.strokes[0][0].pressure is None


def test_a_pad_that_was_never_touched_is_empty() -> None:
    assert flaws(from_pad(reports([(5, 5, False)] * 3), PAD)) == (Flaw.EMPTY,)


def test_pressure_that_no_pen_can_have_is_broken() -> None:
    signature = Signature(((Point(0.1, 0.1, 0.0, -1.0), Point(0.9, 0.9, 0.1, 0.5)),), PAD)
    assert flaws(signature) == (Flaw.BROKEN,)


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (-1, 1), (math.inf, 1), (math.nan, 1)])
def test_a_surface_has_an_extent(width: float, height: float) -> None:
    with pytest.raises(ValueError, match="width and a height"):
        Surface(width, height)


def test_nothing_shows_what_was_written() -> None:
    signature = from_pad(reports([(960, 480, True), (8640, 4320, True)]), PAD)
    shown = f"{signature!r} {signature.strokes!r} {reports([(960, 480, True)])!r}"
    assert "Signature(1 strokes)" in shown
    assert "0.1" not in shown
    assert "960" not in shown


NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1)
POINTS = st.tuples(NUMBERS, NUMBERS) | st.tuples(NUMBERS, NUMBERS, NUMBERS)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(POINTS, max_size=6), max_size=4), st.floats(1, 1e4), st.floats(1, 1e4))
def test_whatever_a_surface_gives_is_judged_without_a_crash(
    strokes: list[list[tuple[float, ...]]], width: float, height: float
) -> None:
    signature = from_window(strokes, width=width, height=height)
    found = flaws(signature)
    assert len(set(found)) == len(found)
    if not found:
        assert ink(signature) >= 0.6


@settings(deadline=None, max_examples=60)
@given(st.lists(st.builds(PadReport, NUMBERS, NUMBERS, st.booleans(), NUMBERS, st.none() | NUMBERS), max_size=30))
def test_whatever_a_pad_reports_is_judged_without_a_crash(given_reports: list[PadReport]) -> None:
    signature = from_pad(given_reports, PAD)
    assert all(signature.strokes)
    assert sum(map(len, signature.strokes)) == sum(report.down for report in given_reports)
    flaws(signature)
