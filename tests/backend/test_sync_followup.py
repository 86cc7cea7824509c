"""A word added to a rating without a line goes out once when there is one, from another terminal as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from kiosk.backend.store.rating_tables import followups
from kiosk.domain.rating import Rated
from kiosk.sync import deeds
from kiosk.sync.asking import Asking, Cases
from kiosk.sync.transport import HttpTransport
from tests.backend.conftest import FaultyWire, Server, Terminal
from tests.backend.lives_room import NUMBER, case, rows
from tests.backend.test_backend_ratings import rate
from tests.backend.test_sync_deeds import Room, room

__all__ = ["room"]  # a fixture


def test_it_is_kept_sent_once_and_seen(
    room: Callable[[str], Room], server: Server, terminal: Terminal, faulty_wire: FaultyWire
) -> None:
    item = case(terminal)
    terminal.push(item, rate(terminal, item.id, 2, "208"))
    here = room(faulty_wire.url)
    faulty_wire.fault = lambda _method, _target, _answer: None
    here.journal.commit_deed(deeds.followup(here.standing, item.id, NUMBER, 4, ["413"], here.clock()))
    for _ in range(2):
        assert not here.client.cycle(urgent=True).online
        here.clock.move(minutes=10)  # type: ignore[attr-defined]
    faulty_wire.fault = lambda _method, _target, answer: answer
    assert here.client.cycle(urgent=True).online
    here.client.cycle(urgent=True)
    assert here.answers(item.id) == ["done"]
    assert here.journal.counts().others_unsent == 0
    assert [row.level for row in rows(server, followups)] == [4]
    asking = Asking(HttpTransport(server.url), here.client)  # the wire takes one connection at a time
    told = asking.cases(NUMBER)
    asking.close()
    assert isinstance(told, Cases)
    (progress,) = told.progress
    due = date(2026, 6, 8)  # five working days
    assert progress.rating == Rated(2, date(2026, 6, 1), ("208",), "open", due, added=4)
