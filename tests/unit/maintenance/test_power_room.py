"""Room ``power``: out of service with reason and expected time, restart, shut down, test mode; each asked first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.access.roles import Deed
from kiosk.maintenance.power import LONGEST, PRESETS, PowerRoom
from kiosk.profile import PowerProfile
from kiosk.visit.resting import HERE
from tests.unit.maintenance.room_world import (
    ADMINISTRATOR,
    NOW,
    TECHNICIAN,
    Walker,
    house,
    same_keys,
    shown,
)


class Switch:
    def __init__(self) -> None:
        self.on = False
        self.broken = False

    def turn(self, on: bool) -> None:
        if self.broken:
            raise OSError(28, "no space")
        self.on = on


@pytest.fixture
def switch() -> Switch:
    return Switch()


def walker(tmp_path: Path, switch: Switch, session=ADMINISTRATOR, **changes) -> Walker:
    return Walker(PowerRoom(house(tmp_path, **changes), (lambda: switch.on, switch.turn)), session)


@pytest.fixture
def walk(tmp_path: Path, switch: Switch) -> Walker:
    return walker(tmp_path, switch)


def afar(walk: Walker):
    return walk.room._house.afar


def test_out_of_service_takes_a_reason_and_says_when(walk) -> None:
    walk.touch(walk.open("power").rows[0].button)
    assert [row.key for row in walk.page.rows] == list(HERE)
    walk.touch(walk.row("paper").button)
    walk.touch(walk.row("until-120").button)
    assert afar(walk).asked == [("close", "paper", NOW + timedelta(hours=2))]
    assert walk.desk.rows == [("terminal.closed_here", {"reason": "paper", "minutes": 120})]
    assert walk.path == ("power",)
    notice = walk.page.notice
    assert notice is not None
    assert shown(notice.text) == "已停用：缺纸，预计 2026-11-27 16:30 恢复。"
    assert walk.page.tone == "attention"


def test_tomorrow_morning_and_nobody_knows(walk) -> None:
    for preset, expected, minutes in (("tomorrow", "2026-11-28 08:00", 1050), ("", "", 0)):
        walk.open("power/close/repair")
        walk.touch(walk.row(f"until-{preset or 'open'}").button)
        _, _, at = afar(walk).asked[-1]
        assert (f"{at:%Y-%m-%d %H:%M}" if at else "") == expected
        assert walk.desk.rows[-1][1]["minutes"] == minutes


@pytest.mark.parametrize("typed", ["0", "x", str(LONGEST + 1), "-5", "1.5", "٣"])
def test_minutes_out_of_range_are_told_and_not_taken(walk, typed: str) -> None:
    walk.open("power/close/other/minutes")
    page = walk.act("typed", typed)
    assert page.field is not None
    assert page.field.error is not None
    assert not page.buttons[0].enabled
    walk.act("take")
    assert afar(walk).asked == []


def test_minutes_that_were_typed(walk) -> None:
    walk.open("power/close/cleaning/minutes")
    walk.act("typed", "45")
    walk.touch(walk.button("take"))
    assert afar(walk).asked == [("close", "cleaning", NOW + timedelta(minutes=45))]


def test_a_reason_that_is_none_is_not_taken(walk) -> None:
    assert walk.open("power/close/free text").path == "power"
    walk.act("close", "whenever")
    assert afar(walk).asked == []


def test_open_again(walk) -> None:
    afar(walk).closed = "paper"
    walk.touch(walk.open("power").rows[0].button)
    assert afar(walk).asked == ["open"]
    assert walk.desk.rows == [("terminal.opened_here", {})]
    assert walk.page.rows[0].tone == "ok"


def test_what_the_operator_has_closed_stays_closed_and_is_told(walk) -> None:
    afar(walk).closed = "venue"
    walk.touch(walk.open("power").rows[0].button)
    assert walk.page.notice is not None
    assert "场所关闭" in shown(walk.page.notice.text)
    assert walk.page.rows[0].tone == "attention"


def test_a_restart_is_asked_first_and_leaves_maintenance(walk) -> None:
    walk.open("power")
    walk.act("restart.yes")
    assert afar(walk).asked == []
    walk.touch(walk.row("restart").button)
    walk.touch(walk.ask.no)
    assert walk.page.ask is None
    walk.touch(walk.row("restart").button)
    walk.touch(walk.ask.yes)
    assert (afar(walk).asked, walk.desk.left) == (["restart"], 1)
    assert walk.desk.rows == [("terminal.restart_asked", {})]


def test_a_program_that_cannot_restart_says_so_and_stays(walk) -> None:
    afar(walk).can_restart = False
    walk.open("power")
    walk.act("restart")
    walk.act("restart.yes")
    assert walk.desk.left == 0
    assert walk.page.notice is not None
    assert walk.desk.rows == []


def test_shutting_down_waits_until_nobody_is_here(tmp_path, switch) -> None:
    ended: list[int] = []
    walk = walker(tmp_path, switch, power_down=lambda: ended.append(1))
    walk.open("power")
    assert "power.command" in shown(walk.row("shut_down").detail)
    walk.touch(walk.row("shut_down").button)
    walk.touch(walk.ask.yes)
    assert walk.desk.left == 1
    assert ended == []
    ((_, deed),) = afar(walk).asked
    deed()
    assert ended == [1]


def test_with_a_command_of_the_profile_the_page_says_that_the_machine_goes_off(tmp_path, switch) -> None:
    profile = replace(house(tmp_path).profile, power=PowerProfile(("/usr/bin/systemctl", "poweroff")))
    walk = walker(tmp_path, switch, profile=profile)
    walk.open("power")
    assert "电源键" in shown(walk.row("shut_down").detail)


def test_test_mode_says_what_it_means_and_takes_a_restart(walk, switch) -> None:
    walk.open("power")
    walk.touch(walk.row("test").button)
    assert "不能当真" in shown(walk.ask.text)
    assert not switch.on
    walk.touch(walk.ask.yes)
    assert switch.on
    assert (afar(walk).asked, walk.desk.left) == (["restart"], 1)
    assert walk.desk.rows == [("test_mode.switched", {"on": 1})]
    walk.open("power")
    walk.touch(walk.row("test").button)
    walk.touch(walk.ask.yes)
    assert not switch.on


def test_a_disk_that_takes_nothing_turns_nothing(walk, switch) -> None:
    switch.broken = True
    walk.open("power")
    walk.act("test_on")
    walk.act("test_on.yes")
    assert (switch.on, walk.desk.left, walk.desk.rows) == (False, 0, [])
    assert walk.page.notice is not None


def test_what_the_profile_says_about_test_mode_is_not_switched(tmp_path, switch) -> None:
    walk = walker(tmp_path, switch, profile=replace(house(tmp_path).profile, test=True))
    walk.open("power")
    assert walk.row("test").button is None


def test_a_technician_does_not_shut_down(tmp_path, switch) -> None:
    room = PowerRoom(house(tmp_path), (lambda: switch.on, switch.turn))
    for act in ("shut_down", "shut_down.yes"):
        assert room.deed(("power",), act) is Deed.SHUT_DOWN
    assert not TECHNICIAN.may(Deed.SHUT_DOWN)
    assert room.deed(("power",), "restart.yes") is Deed.RESTART
    assert room.deed(("power",), "test_on.yes") is Deed.TEST_MODE
    assert room.needs(("power", "close")) is Deed.CLOSE


def test_the_words_are_there_in_both_languages() -> None:
    keys = same_keys("power")
    assert {f"maint.power.reason.{reason}" for reason in HERE} <= keys
    assert {f"maint.power.until.{preset or 'open'}" for preset in PRESETS} <= keys
