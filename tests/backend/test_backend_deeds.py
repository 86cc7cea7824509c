"""Withdrawals and supplements: taken once, answered by the table, by nobody but the case's own person."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.backend.lives import Act
from kiosk.backend.store.life_tables import life_events
from kiosk.backend.store.tables import alarms
from kiosk.domain.life import Deed, Role
from kiosk.domain.text import Text
from tests.backend.conftest import Server, Terminal
from tests.backend.lives_room import OTHER, SECRET, case, rows, supplement, withdrawal

STORES = ("sqlite", "postgresql")
New = Callable[..., Terminal]
WHY = Text("不符合条件", "Does not meet the conditions")


def act(server: Server, case_id: str, deed: Deed, **more: object) -> None:
    server.backend.lives.act(case_id, Act(deed, Role.DEPARTMENT, "李工", **more))  # type: ignore[arg-type]


def answers(terminal: Terminal) -> list[tuple[str, str, str]]:
    """Item, answer and how its case stands, in the order in which they were told."""
    return [(word.deed, word.answer, word.state) for word in terminal.results().progress if word.deed]


def states(terminal: Terminal) -> list[str]:
    return [word.state for word in terminal.results().progress]


def test_it_is_withdrawn_once_however_often_it_is_sent(server: Server, terminal: Terminal) -> None:
    item = case(terminal)
    back = withdrawal(terminal, item.id)
    assert [each.status for each in terminal.push(item, back)] == ["accepted", "accepted"], "in one batch with its case"
    first, again = terminal.push(back, back)
    assert (first.status, again.status) == ("duplicate", "duplicate")
    assert first.ack is not None
    assert answers(terminal) == [(back.id, "done", "withdrawn")]
    events = server.backend.lives.known(item.id).events
    assert [event.deed.value for event in events] == ["received", "withdrawn"]
    assert (events[-1].by, events[-1].reason.zh) == (Role.APPLICANT, SECRET)
    assert [row.item_id for row in rows(server, life_events)] == ["", back.id]
    assert server.backend.lives.answer_deeds() == 0


def test_nobody_acts_upon_another_persons_case_nor_learns_of_it(server: Server, new_terminal: New) -> None:
    here, there = new_terminal(), new_terminal()
    item, own = case(here), case(here)
    here.push(item, own)
    for thief in (here, there):
        stolen, more = withdrawal(thief, item.id, OTHER), supplement(thief, item.id, OTHER)
        assert [each.status for each in thief.push(stolen, more)] == ["accepted", "accepted"]
        told = [word for word in thief.results().progress if word.deed]
        assert {(word.deed, word.answer) for word in told} == {(stolen.id, "not_theirs"), (more.id, "not_theirs")}
        assert all((word.state, word.case_no, word.due) == ("", "", "") for word in told)
    assert [event.deed for event in server.backend.lives.known(item.id).events] == [Deed.RECEIVED]
    assert {row.code for row in rows(server, alarms)} == {"foreign-person"}


def test_its_person_may_withdraw_it_at_any_terminal_and_both_hear_of_it(server: Server, new_terminal: New) -> None:
    here, there = new_terminal(), new_terminal()
    here.push(item := case(here))
    there.push(back := withdrawal(there, item.id))
    assert answers(there) == [(back.id, "done", "withdrawn")]
    assert states(here) == ["withdrawn"]
    assert answers(here) == []
    here.push(again := withdrawal(here, item.id))  # who is not told yet asks once more
    assert answers(here) == [(again.id, "done", "withdrawn")]
    assert len(rows(server, life_events)) == 2
