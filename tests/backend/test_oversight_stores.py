"""Supervision holds PostgreSQL to what it holds SQLite to: gathered, reckoned, drawn, judged, twice."""

from __future__ import annotations

import pytest

from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.settings import BackendError
from kiosk.backend.store import oversight_found as found
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.test_oversight_facts import season

STORES = ("postgresql",)


def test_everything_is_kept_and_read_again(server: Server, terminal: Terminal, clock: Clock) -> None:
    terminal.push(*season(terminal, 12))
    server.backend.lives.open_waiting()
    oversight = Oversight.of(server.backend)
    assert oversight.refresh().gathered == 24
    again = Oversight.of(server.backend)
    assert again.refresh().gathered == 0
    overview = again.overview()
    assert overview is not None
    assert (overview.whole.cases, overview.whole.rated, overview.whole.approved) == (12, 12, 12)
    clock.move(days=1)
    (row,) = oversight.draw("2026-06-01")
    assert again.draw("2026-06-01") == [row]
    again.put_down("2026-06-01", row.case_id, "in_order", "s-1", ("33",))
    counts = {word: number for word, number in oversight.found_counts(("33",)).items() if number}
    assert counts == {"in_order": 1}, "kept with the samples"
    assert oversight.found_counts(("44",)) == {}
    with pytest.raises(BackendError, match="no-such-sample"):
        oversight.put_down("2026-06-01", row.case_id, "flaw", "s-2")
    suspicion = {
        "id": "0" * 16, "kind": "night", "terminal_id": terminal.id, "area_code": terminal.enrolment.area_code,  # type: ignore[union-attr]
        "first_at": "2026-05-31T18:00:00+00:00", "last_at": "2026-05-31T19:00:00+00:00", "cases": 7, "tries": 9,
        "expected": 0.2, "chance": 1e-9, "more": "{}", "case_ids": "[]", "found_at": "2026-06-01T00:00:00+00:00",
        "verdict": "", "verdict_by": "", "verdict_at": "",
    }  # fmt: skip
    store = server.backend._store
    assert store.write(lambda c: found.keep_suspicions(c, [suspicion])) == 1
    assert store.write(lambda c: found.keep_suspicions(c, [suspicion | {"cases": 8}])) == 0
    assert [each.cases for each in again.suspected()] == [8]
    oversight.judge("0" * 16, "unclear", "s-1")
    assert store.write(lambda c: found.keep_suspicions(c, [])) == 0
    assert [each.verdict for each in again.suspected()] == ["unclear"], "what was judged stays, seen again or not"
    assert oversight.publish("2026-05", lambda rows: f"{len(rows)} first") == again.publish("2026-05", lambda rows: "")
