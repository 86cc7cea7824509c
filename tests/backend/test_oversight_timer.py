"""Supervision's figures are made anew beside a backend that serves: when it is time, by one process, and politely."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.oversight.refreshing import Refreshing
from kiosk.backend.oversight.timer import HELD, RefreshTimer
from kiosk.workers import WorkerDied
from tests.backend.conftest import Clock, Server, Terminal


@dataclass
class Maker:
    """Says when it was asked, and stays at it until it may end, or is ended."""

    may_end: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    times: int = 0
    ended: bool = False

    def run(self) -> Mapping[str, Any]:
        self.times += 1
        self.begun.set()
        assert self.may_end.wait(20)
        if self.ended:
            raise WorkerDied("ended")
        return {}

    def stop(self) -> None:
        self.ended = True
        self.may_end.set()


@pytest.fixture
def quick() -> Maker:
    made = Maker()
    made.may_end.set()
    return made


def timer(server: Server, maker: Maker | Callable[[], Refreshing], **more: Any) -> RefreshTimer:
    return RefreshTimer(server.backend, (lambda: maker) if isinstance(maker, Maker) else maker, **more)


def test_few_cases_are_left_to_the_pages(server: Server, terminal: Terminal, quick: Maker) -> None:
    terminal.push(terminal.case())
    assert not timer(server, quick).look()
    assert quick.times == 0


def test_it_rests_and_only_one_process_does_it(server: Server, terminal: Terminal, clock: Clock, quick: Maker) -> None:
    terminal.push(terminal.case())
    one, other = (timer(server, quick, more_than=0, every=600.0) for _ in range(2))
    assert one.look()
    assert not one.look()
    clock.move(minutes=9)
    assert not other.look()
    clock.move(minutes=2)
    assert other.look()
    assert quick.times == 2


def test_the_turn_of_a_process_that_was_killed_is_anybodys(
    server: Server, terminal: Terminal, clock: Clock, quick: Maker
) -> None:
    terminal.push(terminal.case())
    stuck = Maker()
    dying = threading.Thread(target=timer(server, stuck, more_than=0).look, daemon=True)
    dying.start()
    assert stuck.begun.wait(20)
    after = timer(server, quick, more_than=0)
    clock.move(minutes=30)
    assert not after.look(), "it may be at it still"
    clock.move(seconds=HELD)
    assert after.look()
    stuck.may_end.set()
    dying.join(20)


def test_what_is_under_way_ends_with_the_backend_and_is_done_after_the_next_start(
    server: Server, terminal: Terminal, quick: Maker
) -> None:
    terminal.push(terminal.case())
    slow = Maker()
    running = timer(server, slow, first=0.0, more_than=0)
    running.start()
    assert slow.begun.wait(20)
    running.stop()
    assert slow.ended
    assert timer(server, quick, more_than=0).look(), "nobody waits for the rest of one that was not done"


@pytest.mark.skipif(not os.environ.get("KIOSK_PEER_REFRESH"), reason="KIOSK_PEER_REFRESH=1: starts a process")
def test_a_process_of_its_own_makes_them(server: Server, terminal: Terminal) -> None:
    now = datetime.now(UTC).isoformat()  # the process goes by the machine's clock
    terminal.push(*(terminal.case(started_at=now, committed_at=now) for _ in range(2)))
    backend = server.backend
    backend.lives.open_waiting()
    assert Oversight.of(backend).overview() is None
    assert timer(server, lambda: Refreshing(backend.settings), more_than=0).look()
    overview = Oversight.of(backend).overview()
    assert overview is not None
    assert overview.whole.cases == 2
