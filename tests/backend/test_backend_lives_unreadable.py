"""A case whose life cannot be read (a key that is not here any more, spoilt bytes) keeps nobody else waiting."""

from __future__ import annotations

import pytest

from kiosk.backend.lives import Act
from kiosk.backend.store import lives as store
from kiosk.backend.store.engine import Connection
from kiosk.backend.store.life_tables import deeds
from kiosk.backend.store.lives import EventRow
from kiosk.domain.life import Deed, Role
from kiosk.journal.errors import JournalError
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import NUMBER, OTHER, case, cases_of, rows, withdrawal


class Lost:
    """The events of one case are sealed to a key that is not here: until it is found again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.case_id = ""
        self._events = store.events
        monkeypatch.setattr(store, "events", self.events)

    def events(self, connection: Connection, case_id: str) -> list[EventRow]:
        if case_id == self.case_id:
            raise JournalError("not-sealed-for-this", "the key of this event is not in the backend's key file")
        return self._events(connection, case_id)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Lost:
    return Lost(monkeypatch)


def answers(server: Server) -> dict[str, str]:
    return {row.case_id: row.answer for row in rows(server, deeds)}


def test_the_deed_behind_it_is_answered_and_its_own_once_it_can_be(
    server: Server, terminal: Terminal, lost: Lost, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = case(terminal, OTHER), case(terminal)
    terminal.push(bad, good)
    server.backend.lives.open_waiting()
    lost.case_id = bad.id
    terminal.push(withdrawal(terminal, bad.id, OTHER), withdrawal(terminal, good.id))
    assert answers(server) == {bad.id: "", good.id: "done"}
    server.backend.lives.quiet_round(bool)
    assert server.backend.gauges()["kiosk_deeds_waiting"] == 1
    assert '"event": "case.unreadable"' in capsys.readouterr().err
    lost.case_id = ""
    assert server.backend.lives.answer_deeds() == 1
    assert answers(server) == {bad.id: "done", good.id: "done"}


def test_a_bug_in_one_answer_keeps_no_other_waiting(
    server: Server, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = case(terminal), case(terminal)
    terminal.push(bad, good)
    tell = store.tell

    def broken(connection: Connection, terminal_id: str, about: store.Life, *words: str) -> None:
        if about.case_id == bad.id:
            raise KeyError(about.case_id)
        tell(connection, terminal_id, about, *words)

    monkeypatch.setattr(store, "tell", broken)
    terminal.push(withdrawal(terminal, bad.id), withdrawal(terminal, good.id))
    assert answers(server) == {bad.id: "", good.id: "done"}
    assert '"backend.fault", "error": "KeyError"' in capsys.readouterr().err


def test_its_person_sees_the_other_cases_and_that_there_are_more(
    server: Server, terminal: Terminal, lost: Lost
) -> None:  # fmt: skip
    bad, good = case(terminal), case(terminal)
    terminal.push(bad, good)
    assert not cases_of(terminal, NUMBER).more
    lost.case_id = bad.id
    found = cases_of(terminal, NUMBER)
    assert ([each.case_id for each in found.cases], found.more) == ([good.id], True)


def test_what_is_due_is_listed_without_it(server: Server, terminal: Terminal, lost: Lost, clock: Clock) -> None:
    bad, good = case(terminal), case(terminal)
    terminal.push(bad, good)
    for item in (bad, good):
        server.backend.lives.act(item.id, Act(Deed.ACCEPTED, Role.DEPARTMENT, "李工"))
    lost.case_id = bad.id
    clock.move(days=40)
    assert [known.life.case_id for known, _ in server.backend.lives.due(5)] == [good.id]
    with pytest.raises(JournalError):
        server.backend.lives.known(bad.id)
