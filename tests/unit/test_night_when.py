"""When the night's test runs: in quiet hours, once, over restarts, and never in anybody's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.domain.window import Window
from kiosk.health import night
from kiosk.health.night_checks.sources import Look
from kiosk.profile import NightProfile, ProfileError, parse
from tests.unit.night_room import FakeLoop, Room
from tests.unit.test_profile import changed


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path / "journal", {})
    yield made
    made.close()


def restart(room: Room) -> None:
    room.close()
    room.open()


def test_once_a_night_over_restarts_too(room: Room) -> None:
    room.night.test()
    assert not room.night.due()
    restart(room)
    assert not room.night.due()
    room.wall += timedelta(days=1)
    assert room.night.due()


@pytest.mark.parametrize(("hours", "minutes", "due"), [(-1, 0, False), (0, 0, True), (1, 29, True), (1, 30, False)])
def test_only_in_quiet_hours(room: Room, hours: int, minutes: int, due: bool) -> None:
    room.wall += timedelta(hours=hours, minutes=minutes)
    assert room.night.due() is due


def test_a_night_over_midnight_is_one_night(tmp_path: Path) -> None:
    room = Room(tmp_path / "journal", {}, hours=Window.parse("23:00-04:30"))
    room.wall += timedelta(hours=20, minutes=30)  # 23:30
    assert room.night.tonight() == "2026-03-03"
    room.wall += timedelta(hours=4)
    assert room.night.tonight() == "2026-03-03"
    room.close()


def test_never_means_never(tmp_path: Path) -> None:
    room = Room(tmp_path / "journal", {}, hours=None)
    assert not room.night.due()
    room.close()


def test_a_touch_ends_it_at_once_and_it_goes_on_later(room: Room) -> None:
    """A visit always comes first: nothing that prints or films begins once somebody is here."""
    first, second = FakeLoop("page_printer", "streaks"), FakeLoop("camera", "covered")
    room.loops = [first, second]
    first.then = lambda: setattr(room, "here", True)
    room.night.test()
    assert (first.runs, second.runs) == (1, 0)
    assert room.events("night.ended") == []
    room.here = False
    assert room.night.due()
    room.night.test()
    assert (first.runs, second.runs) == (1, 1)  # what was done is not done again
    assert len(room.events("night.ended")) == 1


def test_what_was_interrupted_in_the_middle_is_looked_at_again(room: Room) -> None:
    loop = FakeLoop("chain", "case", "unsure", "chain-interrupted")
    loop.then = lambda: setattr(room, "here", True)
    room.loops = [loop]
    assert room.night.test() == ()
    room.here, loop.then, loop.outcome, loop.code = False, lambda: None, "passed", "chain-whole"
    assert room.night.test() == ()
    assert loop.runs == 2
    assert room.events("night.found") == []


def test_a_check_that_takes_the_process_with_it_is_not_begun_twice(room: Room) -> None:
    """The terminal would start, test and die all night long."""
    loop = FakeLoop("document_camera", "glass")

    def dies() -> None:
        raise SystemExit

    loop.then = dies
    room.loops = [loop]
    with pytest.raises(SystemExit):
        room.night.test()
    restart(room)
    (broke,) = room.night.test()
    assert (broke.code, broke.values, broke.outcome) == ("night-broke", ("document_camera.glass",), "unsure")
    assert loop.runs == 1
    assert not room.night.due()


def test_it_begins_after_a_while_of_nobody_and_on_a_thread_of_its_own(room: Room) -> None:
    began, names = threading.Event(), []
    loop = FakeLoop("camera", "covered", then=lambda: (names.append(threading.current_thread().name), began.set())[0])
    room.loops = [loop]
    room.here = True
    room.night.look()
    room.here = False
    room.night.look()
    assert not began.is_set()
    room.running += night.QUIET_SECONDS
    room.night.look()
    assert began.wait(10)
    room.night.stop()
    assert names == ["night"]
    assert room.crashes == []


def test_a_bug_in_a_check_is_told_and_ends_nothing_silently(room: Room) -> None:
    def bug() -> None:
        raise KeyError("bug")

    room.loops = [FakeLoop("camera", "covered", then=bug)]
    room.running += night.QUIET_SECONDS
    room.night.look()
    assert room.night._thread is not None
    room.night._thread.join(10)
    assert [type(error) for error in room.crashes] == [KeyError]


def test_the_order_leaves_the_case_for_last(room: Room) -> None:
    names = [look.name for look in room.looks()]
    assert names[0] == "clock"
    assert names[-1] == "chain.case"
    assert len(names) == len(set(names))
    assert all(isinstance(look, Look) for look in room.looks())


def test_the_profile_says_when(tmp_path: Path) -> None:
    assert parse(changed("terminal.test", value=False), tmp_path).night == NightProfile(Window.parse("02:30-04:30"), 7)
    table = changed("night", {"hours": "23:30-05:00", "restart_days": 3})
    assert parse(table, tmp_path).night == NightProfile(Window.parse("23:30-05:00"), 3)
    assert parse(changed("night", {"hours": ""}), tmp_path).night.hours is None
    with pytest.raises(ProfileError, match=r"night\.hours"):
        parse(changed("night", {"hours": "at night"}), tmp_path)
    with pytest.raises(ProfileError, match=r"night\.restart_days"):
        parse(changed("night", {"restart_days": 91}), tmp_path)
    with pytest.raises(ProfileError, match=r"night\.hour"):
        parse(changed("night", {"hour": "02:00-03:00"}), tmp_path)


def test_a_restart_in_good_order_in_the_middle_of_a_check_breaks_nothing(room: Room) -> None:
    """It is done again by the next life; only a death is told as one."""
    began, go_on = threading.Event(), threading.Event()
    loop = FakeLoop("page_printer", "streaks", then=lambda: (began.set(), go_on.wait(10))[0])
    room.loops = [loop]
    room.running += night.QUIET_SECONDS
    room.night.look()
    assert began.wait(10)
    assert room.night.busy
    room.night.stop(0.01)
    assert room.night._known().at == ""
    go_on.set()
    room.night._thread.join(10)  # type: ignore[union-attr]
    restart(room)
    assert room.night.test() == ()
    assert loop.runs in (1, 2)  # what was ended while it ran may have been done
    assert room.events("night.found") == []


def test_the_case_takes_along_what_was_found_tonight_and_only_once(room: Room) -> None:
    told: list[tuple[str, ...]] = []
    room.loops = [FakeLoop("chain", "case", then=lambda: told.append(room.night.fresh()))]
    room.free = 300 << 20
    room.tonight()
    room.tonight()
    assert told == [("disk-low",), ()]
