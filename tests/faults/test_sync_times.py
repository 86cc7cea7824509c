"""Hours and clocks: what waits too long is told, pictures go at night, and a wrong clock is told and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.window import Window
from kiosk.sync import Policy
from kiosk.sync.clock import Trust
from tests.faults.sync_room import SyncRoom
from tests.faults.sync_weather import WEATHER

PICTURE = 200_000


class Room(SyncRoom):
    """At noon UTC it is eight in the evening in Beijing."""

    def cycle(self):
        return self.terminal.client.cycle()

    def run(self, hours: float):
        """The sync thread's passes for so long; the last report."""
        until = self.time.true + timedelta(hours=hours)
        while self.time.true < until:
            report = self.cycle()
            self.time.move(min(1200.0, max(1.0, (report.next_at - self.time.terminal()).total_seconds())))
        return report

    def events(self, *names: str) -> list[tuple[str, dict[str, int]]]:
        rows = self.terminal.journal._connection.execute("SELECT event, details FROM audit ORDER BY seq")
        return [(event, json.loads(details)) for event, details in rows if event in names]


@pytest.fixture
def make_room(tmp_path: Path) -> Iterator[type[Room]]:
    with ExitStack() as rooms:

        def make(**policy: object) -> Room:
            return rooms.enter_context(Room(tmp_path, Policy(idle=600.0, **policy)))

        yield make


# -- pictures at night -----------------------------------------------------------------------------------------


def test_text_goes_at_once_and_pictures_at_night(make_room):
    room = make_room(pictures=Window.parse("22:00-06:00"))
    pictured = room.terminal.commit(PICTURE)
    plain, signed = room.terminal.commit(), room.terminal.commit(2000)
    report = room.run(1.9)
    assert (report.online, report.counts.acknowledged, report.counts.queued) == (True, 2, 1)
    arrived = {row[0] for row in room.house.rows("SELECT case_id FROM cases")}
    assert arrived == {plain, signed}
    assert room.line.traffic.sent["PATCH"] == 0
    assert room.run(0.5).counts.queued == 0
    assert pictured in {row[0] for row in room.house.rows("SELECT case_id FROM cases")}
    assert room.line.traffic.sent["PATCH"] == PICTURE + 48


def test_pictures_that_wait_keep_no_text_back_however_many_they_are(make_room):
    room = make_room(pictures=Window.parse("22:00-06:00"), batch=5, batch_bytes=100_000)
    for _ in range(12):
        room.terminal.commit(PICTURE)
    plain = room.terminal.commit()
    assert room.cycle().acknowledged == 1
    assert room.house.rows("SELECT case_id FROM cases") == [(plain,)]
    assert room.run(3).counts.queued == 0


def test_a_case_whose_pictures_wait_is_not_acknowledged_and_not_registered(make_room):
    """The backend takes a case when it is whole: until then nobody decides about half of it."""
    room = make_room(pictures=Window.parse("22:00-06:00"))
    room.terminal.commit(PICTURE)
    room.run(1)
    (row,) = room.terminal.journal.cases()
    assert (row.state, row.cause) == ("queued", "pictures-wait")
    assert room.house.rows("SELECT count(*) FROM cases") == [(0,)]


def test_the_window_goes_by_the_backends_time_where_this_clock_is_wrong(make_room):
    room = make_room(pictures=Window.parse("22:00-06:00"))
    room.time.terminal_off = timedelta(hours=-6)  # it shows two in the afternoon
    room.cycle()
    room.terminal.commit(PICTURE)
    assert room.run(2.2).counts.queued == 0


# -- what waits too long ---------------------------------------------------------------------------------------


def test_what_waits_for_a_day_is_an_alarm_once(make_room):
    room = make_room(overdue=86_400.0)
    room.terminal.commit()
    room.line.weather = WEATHER["partition"]
    assert not room.run(23.5).overdue
    assert room.events("sync.overdue") == []
    for _ in range(3):
        assert room.run(8).overdue
    assert room.events("sync.overdue") == [("sync.overdue", {"hours": 24})]
    room.line.weather = {}
    assert not room.run(1).overdue
    room.terminal.commit()
    room.line.weather = WEATHER["partition"]
    assert room.run(25).overdue
    assert len(room.events("sync.overdue")) == 2


def test_a_clock_that_jumps_ahead_makes_nothing_overdue(make_room):
    room = make_room()
    room.terminal.commit()
    room.line.weather = WEATHER["partition"]
    room.time.terminal_off = timedelta(days=400)
    assert not room.run(1).overdue
    assert room.events("sync.overdue") == []


# -- clocks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1970, 2100])
def test_a_clock_at_1970_or_2100_is_told_and_nothing_is_lost(make_room, year):
    room = make_room()
    room.time.terminal_off = datetime(year, 1, 1, tzinfo=UTC) - room.time.true
    room.terminal.commit()
    assert room.terminal.client.time.trust is Trust.WRONG
    report = room.cycle()
    assert (report.online, report.clock, report.counts.queued) == (True, Trust.WRONG, 0)
    room.run(1)
    room.time.terminal_off = timedelta()
    assert room.run(1).clock is Trust.CONFIRMED
    (wrong, right) = room.events("clock.wrong", "clock.right")
    assert wrong[0] == "clock.wrong"
    off = (datetime(year, 1, 1, tzinfo=UTC) - datetime(2026, 6, 1, 12, tzinfo=UTC)).total_seconds()
    assert abs(wrong[1]["seconds"] - off) < 5
    assert right == ("clock.right", {})
    assert room.terminal.journal.verify().ok


def test_without_the_backend_a_clock_at_1970_is_told_all_the_same(make_room):
    room = make_room()
    room.line.weather = WEATHER["partition"]
    room.time.terminal_off = datetime(1970, 1, 1, tzinfo=UTC) - room.time.true
    room.terminal.restart()
    assert room.cycle().clock is Trust.WRONG
    assert [event for event, _ in room.events("clock.wrong")] == ["clock.wrong"]


def test_a_small_difference_is_nobodys_fault(make_room):
    room = make_room()
    room.time.terminal_off = timedelta(seconds=30)
    assert room.run(2).clock is Trust.CONFIRMED
    assert room.events("clock.wrong") == []
