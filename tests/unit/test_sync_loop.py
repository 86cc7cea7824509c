"""The sync thread: prompt to start, to a kick and to stop; a bug in it is told, not swallowed."""

from __future__ import annotations

import threading
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.housekeeping import HANGS, Housekeeping
from kiosk.journal.records import Counts
from kiosk.profile import Profile, parse
from kiosk.sync import CycleReport, Policy, SyncLoop
from kiosk.sync.clock import Trust
from kiosk.terminal import Terminal

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
COUNTS = Counts(0, 0, 0, 0, 0, None)
EXAMPLE = Path(__file__).parents[2] / "deploy/profiles/example.toml"


class Passes:
    """A client that says what it was asked."""

    def __init__(self, *reports: CycleReport, idle: float = 3600.0) -> None:
        self.policy = Policy(idle=idle)
        self.asked: list[bool] = []
        self.made = threading.Semaphore(0)
        self.closed = self.interrupted = False
        self._reports = list(reports)

    def clock(self) -> datetime:
        return NOON

    def cycle(self, now: datetime | None = None, *, urgent: bool = False) -> CycleReport:
        self.asked.append(urgent)
        report = self._reports.pop(0) if len(self._reports) > 1 else self._reports[0]
        self.made.release()
        if report.cause == "bug":
            raise ZeroDivisionError
        return report

    def interrupt(self) -> None:
        self.interrupted = True

    def close(self) -> None:
        self.closed = True


class Told:
    """A journal that remembers what was told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.kept: dict[str, str] = {}

    def audit(self, event: str, **_: object) -> None:
        self.events.append(event)

    def meta(self, key: str) -> str | None:
        return self.kept.get(key)

    def set_meta(self, key: str, value: str) -> None:
        self.kept[key] = value


def online(counts: Counts = COUNTS) -> CycleReport:
    return CycleReport(online=True, attempted=True, next_at=NOON + timedelta(hours=1), counts=counts)


def profile(base: Path) -> Profile:
    return parse(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), base)


def passes_of(client: Passes, count: int) -> bool:
    return all(client.made.acquire(timeout=5) for _ in range(count))


def test_it_starts_at_once_and_wakes_for_a_kick():
    client = Passes(online())
    loop = SyncLoop(client)
    loop.start()
    assert passes_of(client, 1)
    loop.kick()
    assert passes_of(client, 1)
    assert loop.stop()
    assert client.asked[1] is True
    assert client.closed
    assert client.interrupted


def test_it_wakes_when_the_back_off_has_run_out():
    failed = CycleReport(attempted=True, cause="refused", next_at=NOON + timedelta(milliseconds=60))
    client = Passes(failed, failed, online())
    loop = SyncLoop(client)
    loop.start()
    assert passes_of(client, 3)
    assert loop.stop()
    assert client.asked[1:3] == [False, False]


def test_it_tells_only_what_has_changed():
    more = replace(COUNTS, committed=1, queued=1)
    client = Passes(online(), online(), online(more), CycleReport(attempted=True, cause="reset", counts=more))
    told: list[tuple[bool, int]] = []
    loop = SyncLoop(client, listener=lambda state, counts: told.append((state, counts.committed)))
    loop.start()
    for _ in range(4):
        assert passes_of(client, 1)
        loop.kick()
    assert loop.stop()
    assert told == [(True, 0), (True, 1), (False, 1)]


def test_a_pass_that_goes_on_is_not_hanging_and_one_in_which_nothing_moves_is_told(monkeypatch, tmp_path, caplog):
    going, look, now = threading.Event(), threading.Event(), [0.0]
    monkeypatch.setattr("kiosk.sync.loop.time.monotonic", lambda: now[0])

    class Long(Passes):
        def cycle(self, now: datetime | None = None, *, urgent: bool = False) -> CycleReport:
            self.made.release()
            going.wait(5)
            self.beat()
            look.set()
            return super().cycle(now, urgent=urgent)

    client = Long(online())
    loop = SyncLoop(client)
    loop._report = online()  # of the pass before
    terminal = Terminal(profile(tmp_path))
    terminal._sync = loop
    journal = Told()
    house = Housekeeping(
        journal, loop, quiet=lambda: True, trust=lambda: Trust.CONFIRMED, now=lambda: datetime.now(UTC),
        changed=lambda: None, keep=timedelta(days=30), least_free=0,
    )  # fmt: skip
    loop.start()
    assert passes_of(client, 1)
    now[0] = 3600.0 + client.policy.attempt
    house.watch_sync()
    assert (loop.hangs, terminal.online, caplog.text) == (False, True, "")
    now[0] += 1000.0
    house.watch_sync()
    house.watch_sync()
    assert journal.events == ["sync.hangs"]
    assert datetime.fromisoformat(journal.kept[HANGS])
    assert (loop.hangs, terminal.online, caplog.text.count("sync hangs")) == (True, False, 1)
    going.set()
    assert look.wait(5)
    assert not loop.hangs
    house.watch_sync()
    assert caplog.text.count("sync moves again") == 1
    assert (journal.events, journal.kept[HANGS]) == (["sync.hangs", "sync.moves"], "")
    assert loop.stop()


def test_stopping_before_the_start_and_twice_is_harmless():
    loop = SyncLoop(Passes(online()))
    assert loop.stop()
    assert loop.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_the_thread_and_is_told():
    crashes: list[BaseException] = []
    ended = threading.Event()

    def crashed(error: BaseException) -> None:
        crashes.append(error)
        ended.set()

    loop = SyncLoop(Passes(CycleReport(cause="bug")), crashed=crashed)
    loop.start()
    assert ended.wait(5)
    assert loop.stop()
    assert isinstance(crashes[0], ZeroDivisionError)


def test_what_fails_while_stopping_is_no_crash():
    """The journal may be closed under a pass that did not end in time."""
    stopping = threading.Event()

    class Late(Passes):
        def cycle(self, now: datetime | None = None, *, urgent: bool = False) -> CycleReport:
            self.made.release()
            stopping.wait(5)
            raise ZeroDivisionError

    client = Late(online())
    crashes: list[BaseException] = []
    loop = SyncLoop(client, crashed=crashes.append)
    loop.start()
    assert passes_of(client, 1)
    assert not loop.stop(0)
    stopping.set()
    assert loop.stop()
    assert crashes == []
