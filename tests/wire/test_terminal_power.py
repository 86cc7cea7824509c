"""The whole terminal on a failing battery: the committed is printed, the rest is gone, then it asks to be ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from devices.simulators.nut import NutTwin
from kiosk.demo.run import Demo, Wanted
from kiosk.journal import commands
from kiosk.journal.connection import FILE
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.profile import parse
from kiosk.terminal import Terminal
from kiosk.visit import events as ev
from kiosk.visit.delays import Delays
from kiosk.visit.visit import Now
from tests.robot import Robot
from tests.unit.test_profile import GOOD

SECONDS = 30.0
DELAYS = Delays.load()
pytestmark = pytest.mark.timeout(180)


class PoweredDemo(Demo):
    """The usual cabinet and a UPS."""

    def _more_twins(self) -> dict[str, dict[str, Any]]:
        return {"ups": {"kind": "nut"}}


class Clock:
    """The machine's clocks, which a test puts forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> Now:
        return Now(time.monotonic() + self.ahead, datetime.now().astimezone())


class World:
    def __init__(self, folder: Path, demo: Demo) -> None:
        self.demo, self.folder = demo, folder
        self.clock, self.asked_to_end = Clock(), threading.Event()
        self.terminal = demo.make_terminal(clock=self.clock, power_down=self.asked_to_end.set)
        self.robot = Robot(self.terminal, self._put, lambda: self.do("id_reader", "take"))
        self.terminal.start()
        self.robot.page("attract")
        assert self.terminal.wait_ready(SECONDS)
        self.comes(lambda: self.terminal.supplied)

    def comes(self, true: Callable[[], bool]) -> None:
        """Wait for what no screen shows."""
        limit = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < limit
            threading.Event().wait(0.02)

    def do(self, device: str, action: str, **arguments: Any) -> None:
        self.demo.control.do(device, action, **arguments)

    def panel(self, word: str) -> None:
        self.robot.wait(lambda screen: screen.chrome.power == word, SECONDS)

    def forward(self, seconds: float) -> None:
        self.clock.ahead += seconds + 0.001
        self.terminal.post(ev.TimerFired("look at the clock"))  # a timer that nobody set: the loop looks at its own

    def to_the_end(self) -> None:
        """From the farewell to the moment when the terminal asks to be ended."""
        self.do("id_reader", "take")
        self.terminal.post(ev.NextPressed())
        screen = self.robot.page("out_of_service")
        assert screen.body.reason == "battery_low"  # type: ignore[union-attr]  # out of service's body
        assert not self.asked_to_end.is_set()
        self.forward(DELAYS.power_off)
        assert self.asked_to_end.wait(SECONDS)

    def audited(self) -> list[str]:
        """Events of the chain, once the terminal has been stopped."""
        from kiosk.journal import reading
        from kiosk.journal.keys import load_or_create_key

        folder = self.folder / "data" / "journal"
        with reading.reading(folder, load_or_create_key(folder)) as connection:
            return [str(row[0]) for row in connection.execute("SELECT event FROM audit ORDER BY seq")]

    def _put(self, card: str) -> None:
        self.do("id_reader", "put", card=card)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    wanted = Wanted(out=tmp_path, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN")
    with PoweredDemo(wanted) as demo:
        made = World(tmp_path, demo)
        try:
            yield made
        finally:
            made.robot.close()
            made.terminal.stop()


def test_a_committed_matter_is_printed_first(world: World) -> None:
    world.do("page_printer", "slow", seconds=2)
    world.robot.until("outcome", "individual_business", "resident")
    world.do("ups", "low")
    world.panel("finishing")
    world.panel("ending_saved")
    screen = world.robot.last
    assert screen is not None
    assert [paper.state for paper in screen.body.papers] == ["done", "done"]  # type: ignore[union-attr]  # outcome's body
    world.forward(DELAYS.power_warning)
    farewell = world.robot.page("farewell").body
    assert (farewell.reason, farewell.saved) == ("power", True)  # type: ignore[union-attr]  # farewell's body
    world.to_the_end()
    assert world.terminal.journal.counts().committed == 1
    world.terminal.stop()
    assert commands.verify(world.folder / "data") == 0
    events = world.audited()
    assert events[-1] == "journal.closed"
    assert "terminal.stopped" in events
    assert [*world.folder.glob("papers/*.pdf")]


def test_what_was_not_committed_is_warned_of_and_leaves_nothing(world: World) -> None:
    world.robot.until("review", "individual_business", "resident")
    world.do("ups", "low")
    world.panel("ending")
    world.forward(DELAYS.power_warning)
    farewell = world.robot.page("farewell").body
    assert (farewell.reason, farewell.saved) == ("power", False)  # type: ignore[union-attr]  # farewell's body
    world.to_the_end()
    assert world.terminal.journal.counts().committed == 0
    world.terminal.stop()
    assert "case.committed" not in world.audited()


def test_on_battery_a_visit_goes_on_and_operators_can_see_why(world: World) -> None:
    world.do("ups", "on-battery")
    world.robot.until("attract", "pension_verification", "elder", "later")
    assert world.terminal.journal.counts().committed == 1
    world.terminal.stop()
    events = world.audited()
    assert events.count("device.failed") == 1
    assert "terminal.stopped" not in events


def test_a_terminal_whose_journal_cannot_be_opened_asks_to_be_ended_too(tmp_path: Path) -> None:
    ups = NutTwin("ups")
    ups.start()
    ups.act("low", {})
    devices = {"ups": {"driver": "nut", "port": ups.port, "ups": "kiosk"}}
    profile = parse(GOOD | {"backend": {"url": "http://127.0.0.1:9"}, "devices": devices}, tmp_path)
    folder = profile.data / "journal"
    Journal.open(folder, load_or_create_key(folder)).close()
    for file in (folder / FILE, folder / f"{FILE}-wal"):
        file.write_bytes(bytes(file.stat().st_size))  # no page can be read, in file or log
    clock, asked = Clock(), threading.Event()
    terminal = Terminal(profile, clock=clock, power_down=asked.set)
    robot = Robot(terminal, lambda card: None, lambda: None)
    terminal.start()
    try:
        screen = robot.page("out_of_service", SECONDS)
        assert screen.body.reason == "journal_damaged"  # type: ignore[union-attr]  # out of service's body
        limit = time.monotonic() + SECONDS
        while not asked.is_set() and time.monotonic() < limit:  # the UPS may be asked before or after the journal
            clock.ahead += DELAYS.power_off
            terminal.post(ev.TimerFired("look at the clock"))
            asked.wait(0.2)
        assert asked.is_set()
    finally:
        terminal.stop()
        ups.stop()
