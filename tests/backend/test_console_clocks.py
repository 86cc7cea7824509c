"""Lists by last days, and locks that are over by themselves: the clock goes on."""

from __future__ import annotations

from kiosk.backend.console.acting import LOCK
from kiosk.backend.console.roles import Role
from kiosk.domain.life import State
from tests.backend.console_room import Room, act, arrived, console_fixture, listed, state, taken  # noqa: F401
from tests.backend.lives_room import case


def test_a_list_goes_on_from_page_to_page_by_last_days(room: Room) -> None:
    terminal = room.terminal("330102009002")
    items = [case(terminal) for _ in range(27)]
    terminal.push(*items)
    room.server.backend.lives.open_waiting()
    ids = {item.id for item in items}
    clerk = room.staff(Role.COMMUNITY, "330102009002")
    found = listed(clerk)
    assert set(found) == ids
    assert len(found) == 27
    assert "99" not in clerk.get("/console/queue").text.partition('<ul class="rows"')[0]
    assert clerk.get("/console/queue?after=x&tab=y&desk=z").status_code == 200


def test_a_lock_is_over_by_itself_and_whoever_had_it_does_nothing_more(room: Room) -> None:
    terminal, one, two = room.terminal(), room.staff(Role.COMMUNITY), room.staff(Role.COMMUNITY)
    case_id = arrived(room, terminal)
    page = taken(one, case_id)
    room.clock.move(seconds=LOCK + 1)
    one.page = page
    assert "不在您手上" in act(one, case_id, "accepted").text
    assert state(room, case_id) is State.RECEIVED
    assert 'name="deed"' in taken(two, case_id).text
    one.page = page
    assert act(one, case_id, "accepted").status_code == 409


def test_what_is_late_is_told_and_found(room: Room) -> None:
    terminal = room.terminal("330102008002")
    case_id = arrived(room, terminal)
    clerk = room.staff(Role.COMMUNITY, "330102008002")
    assert listed(clerk, tab="overdue") == []
    room.clock.move(days=60)
    room.server.backend.lives.refresh()
    clerk.sign_in()
    assert listed(clerk, tab="overdue") == [case_id]
    assert "超期" in clerk.page.text
    assert listed(clerk, tab="near") == []
