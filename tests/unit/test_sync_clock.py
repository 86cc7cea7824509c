"""Whether a clock may be believed: by the backend's word, by the clock that only runs, and by what cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.sync.clock import EARLIEST, KEPT_ANEW, KEY, LONGEST_LIFE, Clock, Trust, this_boot

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A wall clock, a running clock, a start, and a table that outlives it."""

    def __init__(self) -> None:
        self.wall, self.running, self.boot = NOON, 100.0, "first"
        self.kept: dict[str, str] = {}
        self.writes = 0
        self.start()

    def start(self) -> None:
        self.clock = Clock(self, lambda: self.wall, lambda: self.running, self.boot)

    def reboot(self, wall: datetime) -> None:
        self.wall, self.running, self.boot = wall, 5.0, self.boot + "+"
        self.start()

    def meta(self, key: str) -> str | None:
        return self.kept.get(key)

    def set_meta(self, key: str, value: str) -> None:
        self.writes += 1
        self.kept[key] = value

    def passes(self, span: timedelta) -> None:
        self.wall += span
        self.running += span.total_seconds()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_clock_that_nobody_has_confirmed_is_plausible_or_cannot_be(machine):
    assert machine.clock.trust is Trust.PLAUSIBLE
    for year, trust in ((1970, Trust.WRONG), (2025, Trust.WRONG), (2030, Trust.PLAUSIBLE), (2100, Trust.WRONG)):
        machine.wall = datetime(year, 6, 1, tzinfo=UTC)
        assert machine.clock.trust is trust, year


def test_the_backends_word_confirms_it_for_as_long_as_the_machine_runs(machine):
    machine.clock.heard(timedelta(seconds=2))
    for _ in range(50):
        machine.passes(timedelta(days=1))
        assert machine.clock.trust is Trust.CONFIRMED
    assert machine.clock.look().offset == timedelta(seconds=2)


@pytest.mark.parametrize("jump", [-HOUR, HOUR, datetime(1970, 1, 1, tzinfo=UTC) - NOON])
def test_a_jump_is_noticed_and_how_far(machine, jump):
    machine.clock.heard(timedelta())
    machine.passes(HOUR)
    machine.wall += jump
    reading = machine.clock.look()
    assert (reading.trust, reading.offset) == (Trust.WRONG, -jump)


def test_a_clock_that_the_backend_contradicts_is_wrong(machine):
    machine.clock.heard(timedelta(minutes=5))
    assert machine.clock.trust is Trust.WRONG
    machine.wall += timedelta(minutes=5)  # somebody sets it
    assert machine.clock.trust is Trust.CONFIRMED


def test_a_restart_of_the_program_keeps_the_trust_and_one_of_the_machine_does_not(machine):
    machine.clock.heard(timedelta())
    machine.passes(HOUR)
    machine.start()
    assert machine.clock.trust is Trust.CONFIRMED
    machine.reboot(machine.wall + HOUR)
    assert machine.clock.trust is Trust.PLAUSIBLE


@pytest.mark.parametrize(
    ("wall", "trust"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), Trust.WRONG),
        (NOON - HOUR, Trust.WRONG),  # the backend has named a later time already
        (NOON + HOUR, Trust.PLAUSIBLE),
        (datetime(2100, 1, 1, tzinfo=UTC), Trust.WRONG),
    ],
)
def test_after_a_start_of_the_machine_the_last_word_is_a_lower_bound(machine, wall, trust):
    machine.clock.heard(timedelta())
    machine.reboot(wall)
    assert machine.clock.trust is trust


def test_a_clock_at_1970_is_measured_by_the_first_word(machine):
    machine.reboot(datetime(1970, 1, 1, tzinfo=UTC))
    assert machine.clock.trust is Trust.WRONG
    machine.clock.heard(NOON - datetime(1970, 1, 1, tzinfo=UTC))
    machine.passes(HOUR)
    reading = machine.clock.look()
    assert (reading.trust, reading.wall + reading.offset) == (Trust.WRONG, NOON + HOUR)


def test_it_is_written_down_seldom(machine):
    for _ in range(100):
        machine.clock.heard(timedelta(seconds=1))
        machine.passes(timedelta(seconds=45))
    assert machine.writes == 1
    machine.passes(KEPT_ANEW)
    machine.clock.heard(timedelta(seconds=1))
    assert machine.writes == 2


@pytest.mark.parametrize(
    "kept", ["", "nonsense", "{}", '{"said": "2026-06-01T12:00:00", "running": 1, "boot_id": "x"}']
)
def test_what_was_kept_and_cannot_be_read_counts_for_nothing(machine, kept):
    machine.kept[KEY] = kept
    machine.start()
    assert machine.clock.trust is Trust.PLAUSIBLE


def test_where_starts_have_no_id_nothing_is_confirmed(machine):
    machine.boot = ""
    machine.start()
    machine.clock.heard(timedelta())
    assert machine.clock.trust is Trust.PLAUSIBLE


def test_this_machine_has_one():
    assert len(this_boot()) == 36
    assert EARLIEST + LONGEST_LIFE > NOON
