"""A terminal's key is changed when its days are over, by a clock that may be believed, or when somebody asks for it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from kiosk import cli
from kiosk.sync import Policy
from kiosk.sync.clock import Clock, Trust
from kiosk.sync.identity import NEXT
from tests.backend.test_backend_key_change import LoggedRoom, lose, public_at_the_backend, through

DAY = 86_400.0


@pytest.fixture
def room(tmp_path, clock, server, faulty_wire):
    made = LoggedRoom(tmp_path / "terminal", faulty_wire.url, clock, Policy(attempt=10.0, key_life=365 * DAY))
    made.client.enrol(server.backend.issue_code("330102", "East Gate"))
    assert made.client.cycle().online
    assert made.client.cycle().online
    yield made
    made.close()


@pytest.fixture
def believed(monkeypatch):
    """How far the clock is believed; the tests' clock jumps by years, the machine's own does not."""
    trust = [Trust.CONFIRMED]
    monkeypatch.setattr(Clock, "trust", property(lambda _: trust[0]))
    return trust


def rows(room, event):
    sql = "SELECT details FROM audit WHERE event = ? ORDER BY seq"
    found = room.journal._read(lambda connection: connection.execute(sql, (event,)).fetchall())
    return [json.loads(row[0]) for row in found]


def test_a_key_is_changed_when_its_days_are_over_and_not_before(room, server, clock, believed):
    first = room.public
    clock.move(days=364)
    assert room.client.cycle().online
    assert room.public == first
    clock.move(days=1)
    room.commit()
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.public == public_at_the_backend(server, room) != first
    second = room.public
    room.client.cycle()
    clock.move(days=364)
    room.client.cycle()
    assert room.public == second, "its days begin anew"
    clock.move(days=2)
    room.client.cycle()
    room.client.cycle()
    assert room.public == public_at_the_backend(server, room) != second
    assert [row["epoch"] for row in rows(room, "terminal.key")] == [1, 2, 3]
    assert len(rows(room, "terminal.key_begun")) == 2
    assert room.journal.verify().ok


@pytest.mark.parametrize("trust", [Trust.PLAUSIBLE, Trust.WRONG])
def test_a_clock_that_nobody_has_confirmed_changes_no_key(room, clock, believed, trust):
    first = room.public
    believed[0] = trust
    clock.move(days=4000)
    room.client.cycle()
    room.client.cycle()
    assert room.public == first
    assert not (room.folder / NEXT).exists()


def test_the_days_are_counted_from_the_first_moment_that_may_be_believed(
    tmp_path, clock, server, faulty_wire, believed
):
    believed[0] = Trust.PLAUSIBLE
    room = LoggedRoom(tmp_path / "terminal", faulty_wire.url, clock, Policy(attempt=10.0, key_life=365 * DAY))
    try:
        room.client.enrol(server.backend.issue_code("330102", "East Gate"))
        room.client.cycle()
        first = room.public
        clock.move(days=300)
        believed[0] = Trust.CONFIRMED
        room.client.cycle()
        clock.move(days=300)
        room.client.cycle()
        assert room.public == first
        clock.move(days=66)
        room.client.cycle()
        assert room.public != first
    finally:
        room.close()


def test_by_command_beside_a_running_terminal(room, server, capsys):
    first = room.public
    assert cli.main(["keys", "change", "--data", str(room.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert room.public == first, "until the backend has taken it"
    room.commit()
    report = room.client.cycle()
    assert (report.online, report.acknowledged, report.cause) == (True, 1, "")
    assert room.public == public_at_the_backend(server, room) != first
    assert rows(room, "terminal.key_begun") == [{"key": told["id"]}]


def test_a_change_that_has_to_be_tried_again_is_told_once(room, server, faulty_wire, clock):
    room.client.change_key()
    lose(faulty_wire, "/v1/terminal-key")
    for _ in range(3):
        assert not room.client.cycle(urgent=True).online
        clock.move(minutes=10)
    through(faulty_wire)
    assert room.client.cycle(urgent=True).online
    assert room.public == public_at_the_backend(server, room)
    assert len(rows(room, "terminal.key_begun")) == 1


def test_what_is_remembered_of_the_key_is_its_name_and_a_moment(room, clock):
    name, since = room.client._state.key_since
    assert len(name) == 16
    assert abs(since - clock()) < timedelta(minutes=1)
