"""Where visits break off: counted by the terminal from its log, told with a look from afar, added up at the backend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from kiosk.afar import VISIT_DETAILS, Afar
from kiosk.backend.oversight import breaks, charts
from kiosk.backend.oversight.excel import guard
from kiosk.backend.oversight.figures import Break, Ranked
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.wire import CommandReport
from kiosk.wire.publishing import MAX_REPORT_TEXT

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
NAMES = {"area": {"t1": "330102001", "t2": "330103001", "t3": "330102002"}}


def report(terminal: str, at: datetime, **details: str) -> str:
    made = CommandReport("c-1", terminal, "done", "done", at.isoformat(), details, "signed")
    return msgspec.json.encode(made).decode()


def test_visits_without_a_case_are_counted_by_page_and_reason(tmp_path: Path) -> None:
    moment = [NOON - timedelta(days=8)]
    journal = Journal.open(tmp_path, load_or_create_key(tmp_path), clock=lambda: moment[0])
    try:
        journal.audit("visit.ended", reason="timeout", state="form", saved=0)
        moment[0] = NOON - timedelta(days=1)
        for _ in range(3):
            journal.audit("visit.ended", reason="timeout", state="form", saved=0)
        journal.audit("visit.ended", reason="left", state="review", saved=0)
        journal.audit("visit.ended", reason="finished", state="rate", saved=1)
        assert journal.broken_off(NOON - timedelta(days=7)) == [("form", "timeout", 3), ("review", "left", 1)]
        assert journal.broken_off(NOON - timedelta(days=9))[0] == ("form", "timeout", 4)
    finally:
        journal.close()


def test_they_fit_a_report_however_many_there_are() -> None:
    many = [(f"state-{number}", "timeout", 1000 - number) for number in range(200)]
    journal = SimpleNamespace(broken_off=lambda since: many)
    told = Afar._broken_off(cast(Any, SimpleNamespace(_journal=journal, _now=lambda: NOON)))
    assert len(told) == VISIT_DETAILS
    assert max(map(len, told.values())) <= MAX_REPORT_TEXT
    found, terminals = breaks.read([report("t1", NOON, **told)], NAMES)
    assert terminals == 1
    assert found[0] == Break("state-0", "timeout", 1000)


def test_reports_of_one_terminal_that_overlap_are_counted_once() -> None:
    reports = [
        report("t1", NOON - timedelta(days=9), **{"visits.0": "form:timeout:5"}),
        report("t1", NOON - timedelta(days=3), **{"visits.0": "form:timeout:7"}),
        report("t1", NOON, **{"visits.0": "form:timeout:2,review:left:1", "state": "attract"}),
        report("t2", NOON, **{"visits.0": "form:left:4"}),
        report("t3", NOON, state="attract"),
    ]
    whole = [Break("form", "timeout", 7), Break("form", "left", 4), Break("review", "left", 1)]
    assert breaks.read(reports, NAMES) == (whole, 2)
    assert breaks.read(reports, NAMES, "330103") == ([Break("form", "left", 4)], 1)


def test_a_chart_is_drawn_of_nothing_and_of_names_that_no_font_has() -> None:
    def w(key: str, **_: Any) -> str:
        return key

    for chart in (charts.by_week([], w), charts.content([], w), charts.times([], w), charts.ranked([], w)):
        assert charts.svg(chart).startswith("<svg")
    odd = Ranked("t", "甲\U000f1234<b>&", 20, 2, 1.0, 2.0, 1.5, 0.5, 3.0, 1, 0)
    assert "甲?&lt;b&gt;&amp;" in charts.svg(charts.ranked([odd], w))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\u200b=1+1", "\0=1+1"])
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    assert str(guard(text)).startswith("'")
    assert guard("甲") == "甲"
    assert guard(-1) == -1


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "1_0", "１"])
def test_one_terminal_that_tells_nonsense_keeps_nobody_else_from_being_told(number: str) -> None:
    """Whoever has one terminal's key could stop all supervision otherwise: it reads every report with each refresh."""
    odd = report("t1", NOON, **{"visits.0": f"form:timeout:{number},form:left:2"})
    hour = msgspec.json.encode(CommandReport("c", "t2", "done", "done", "soon", {"visits.0": "form:left:9"})).decode()
    naive = CommandReport("c", "t2", "done", "done", "2026-06-01T04:00", {"visits.0": "form:left:0"})
    others = [report("t2", NOON, **{"visits.0": "form:left:1"}), report("t3", NOON, **{"visits.0": "form:left:4"})]
    found, terminals = breaks.read([hour, msgspec.json.encode(naive).decode(), "{}", odd, *others], NAMES)
    assert found == [Break("form", "left", 7)]
    assert terminals == 3
