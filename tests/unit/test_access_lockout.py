"""What wrong tries cost: counted before they are compared, on a clock that nobody sets, over restarts."""

from __future__ import annotations

import pytest

from kiosk.access.lockout import Lockout, Rule, Standing
from tests.unit.access_room import Memory, PowerCut

RULE = Rule(free=5, first=15.0, closes=15)
WAITS = [15.0 * 2**n for n in range(10)]


class Room:
    def __init__(self) -> None:
        self.memory, self.now = Memory(), 100.0
        self.restart()

    def restart(self, now: float = 2.0) -> None:
        self.now = now
        self.lockout = Lockout(self.memory, RULE, lambda: self.now)


@pytest.fixture
def room() -> Room:
    return Room()


def test_four_are_free_then_each_wait_is_twice_the_one_before_and_the_fifteenth_closes(room: Room) -> None:
    waits = []
    for _ in range(15):
        assert room.lockout.count("code") is None
        standing = room.lockout.look("code")
        waits.append(standing.wait)
        room.now += standing.wait
    assert waits == [0.0] * 4 + WAITS + [0.0]
    assert room.lockout.look("code") == Standing(0, 0.0, True)
    room.now += 10**9
    assert room.lockout.count("code") == Standing(0, 0.0, True)
    assert room.memory.values == {"code": "15"}, "what is not compared is not counted"


def test_a_right_one_begins_anew(room: Room) -> None:
    for _ in range(4):
        room.lockout.count("code")
    assert room.lockout.look("code") == Standing(1)
    room.lockout.count("code")
    room.lockout.right("code")
    assert room.lockout.look("code") == Standing(5)


def test_counters_know_nothing_of_each_other(room: Room) -> None:
    for _ in range(5):
        room.lockout.count("card.0417")
    assert room.lockout.look("card.0417").wait == 15.0
    assert room.lockout.count("card.0418") is None


@pytest.mark.parametrize("monotonic", [0.0, 2.0, 10**9])
def test_a_wait_begins_anew_with_a_restart_wherever_the_clock_stands(room: Room, monotonic: float) -> None:
    for _ in range(6):
        room.lockout.count("code")
        room.now += room.lockout.look("code").wait
    room.restart(monotonic)
    assert room.lockout.look("code") == Standing(0, 30.0)
    room.now += 29.9
    assert room.lockout.count("code") is not None
    room.restart(monotonic)
    assert room.lockout.look("code").wait == 30.0
    room.now += 30.0
    assert room.lockout.count("code") is None
    assert room.lockout.look("code").wait == 60.0


def test_who_cuts_the_power_between_count_and_comparison_has_had_the_try(room: Room) -> None:
    def cut(_key: str) -> None:
        raise PowerCut

    room.memory.after_write = cut
    for tries in range(1, 6):
        with pytest.raises(PowerCut):
            room.lockout.count("code")
        room.restart()
        assert room.memory.values["code"] == str(tries)
    assert room.lockout.look("code").wait == 15.0


def test_what_another_has_opened_is_open_at_once(room: Room) -> None:
    for _ in range(15):
        room.lockout.count("code")
        room.now += room.lockout.look("code").wait
    room.memory.set_meta("code", "0")
    assert room.lockout.look("code") == Standing(5)
