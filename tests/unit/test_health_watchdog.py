"""The watchdog is fed while window, core and journal all move, and told of by name when one does not."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.health import notify, watchdog
from kiosk.health.notify import Notify
from kiosk.health.ticks import CORE, JOURNAL, WINDOW, Ticks
from kiosk.health.watchdog import Watchdog

PARTS = (WINDOW, CORE, JOURNAL)


class Terminal:
    """Its core and its journal answer at once, unless told otherwise."""

    def __init__(self) -> None:
        self.core = True
        self.journal = threading.Event()

    def pulse(self, beat: Callable[[], None]) -> None:
        if self.core:
            beat()

    def probe(self, beat: Callable[[], None]) -> None:
        beat()
        self.journal.wait()


class World:
    """A watchdog on a clock that a test moves, and whoever listens to it."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ears.bind("")
        self.ears.setblocking(False)
        self.said = Notify("@" + self.ears.getsockname()[1:].decode())
        self.ticks = Ticks(lambda: self.now)
        self.folder, self.terminal = folder, Terminal()
        self.watchdog = Watchdog(self.terminal, self.ticks, self.said, folder, None)

    def heard(self) -> list[str]:
        """Every line said since the last time."""
        lines: list[str] = []
        while True:
            try:
                lines += self.ears.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines

    def move(self, *parts: str, seconds: float = 0.0) -> None:
        self.now += seconds
        for part in parts:
            self.ticks.tick(part)

    def close(self) -> None:
        self.ears.close()
        self.said.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def test_it_is_ready_when_window_and_core_stand_and_not_before(world: World) -> None:
    world.terminal.core = False
    world.watchdog.turn()
    world.move(WINDOW)
    world.watchdog.turn()
    assert world.heard() == [], "nothing is fed before it stands, so a start that hangs has an end"
    world.terminal.core = True
    world.watchdog.turn()
    assert world.heard() == ["READY=1", "WATCHDOG_USEC=6000000", "STATUS=stands", "WATCHDOG=1"]
    world.watchdog.turn()
    assert world.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize("frozen", PARTS)
def test_a_part_that_stands_still_is_named_within_ten_seconds_and_nothing_is_fed(
    world: World, frozen: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    world.move(*PARTS)
    world.watchdog.turn()
    world.heard()
    world.terminal.core = frozen != CORE
    waited = 0.0
    while not caplog.messages:
        world.move(*(part for part in PARTS if part != frozen), seconds=world.watchdog.pulse)
        waited += world.watchdog.pulse
        world.watchdog.turn()
        assert waited <= 10.0
    assert caplog.messages == [f"frozen: {frozen} has not moved for 5 s; the watchdog is not fed."]
    assert waited + watchdog.WATCHDOG <= 11.0, "the watcher bites so long after the last feeding"
    assert world.heard()[-1] == f"STATUS=frozen: {frozen}"
    assert watchdog.last_end(world.folder) == (frozen,)
    assert "Current thread" in capfd.readouterr().err, "the place of every thread is in the log"
    world.move(*(part for part in PARTS if part != frozen), seconds=1)
    world.watchdog.turn()
    assert "WATCHDOG=1" not in world.heard()


def test_what_moves_again_in_time_is_fed_again_and_forgotten(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.move(*PARTS)
    world.watchdog.turn()
    world.move(CORE, JOURNAL, seconds=5)
    world.watchdog.turn()
    world.heard()
    world.move(*PARTS)
    world.watchdog.turn()
    assert world.heard() == ["STATUS=stands", "WATCHDOG=1"]
    assert caplog.messages[-1] == "moves again: window"
    assert caplog.records[-1].levelno == logging.WARNING
    assert watchdog.last_end(world.folder) == ()


def test_a_terminal_without_a_journal_is_fed_its_page_says_why_it_is_closed(world: World) -> None:
    world.move(WINDOW)
    world.watchdog.turn()
    world.move(WINDOW, seconds=60)
    world.watchdog.turn()
    assert world.heard()[-1] == "WATCHDOG=1"


def test_the_threads_ask_by_themselves_and_a_journal_that_hangs_is_asked_once(tmp_path: Path) -> None:
    terminal, ticks = Terminal(), Ticks()
    running = Watchdog(terminal, ticks, Notify(""), tmp_path, 0.03)
    running.window_moves()
    running.start()
    try:
        limit = time.monotonic() + 20
        while watchdog.last_end(tmp_path) != (JOURNAL,):
            assert time.monotonic() < limit
            running.window_moves()
        assert set(ticks.ages()) == set(PARTS)
    finally:
        terminal.journal.set()
        running.end(anew=False)


@pytest.mark.parametrize(("anew", "first"), [(False, "STOPPING=1"), (True, "STATUS=restarting")])
def test_an_end_in_good_order_has_time_and_a_new_beginning_is_no_end(world: World, anew: bool, first: str) -> None:
    world.watchdog.start()
    world.heard()
    world.watchdog.end(anew=anew)
    words = world.heard()
    assert words[0] == first
    assert words[-2:] == ["WATCHDOG_USEC=120000000", "WATCHDOG=1"]
    assert ("STOPPING=1" in words) is not anew
    world.terminal.journal.set()


def test_silence_that_nobody_could_explain_is_the_process(tmp_path: Path) -> None:
    watchdog.note_silence(tmp_path)
    assert watchdog.last_end(tmp_path) == ("process",)
    (tmp_path / watchdog.FILE).write_text("window core")
    watchdog.note_silence(tmp_path)
    assert watchdog.last_end(tmp_path) == ("window", "core")
    (tmp_path / watchdog.FILE).write_text("张三 window")
    assert watchdog.last_end(tmp_path) == ()
    (tmp_path / watchdog.FILE).write_text("rubbish window")
    assert watchdog.last_end(tmp_path) == ("window",), "no word that is not ours comes into the log"
    watchdog.forget_last_end(tmp_path)
    assert watchdog.last_end(tmp_path) == ()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [({}, None), ({"WATCHDOG_USEC": "6000000"}, 6.0), ({"WATCHDOG_USEC": "0"}, None), ({"WATCHDOG_USEC": "x"}, None),
     ({"WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "1"}, None)],
)  # fmt: skip
def test_the_interval_is_the_watchers(environment: dict[str, str], seconds: float | None) -> None:
    assert notify.interval(environment) == seconds


def test_a_listener_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    said = Notify(str(tmp_path / "nobody"))
    assert said.tell(WATCHDOG=1) is False
    said.close()
    assert Notify("").tell(READY=1) is False
