"""The terminal itself: it gives signs of life, tells how the life before ended, and keeps an eye on what restarts."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.domain.beijing import CHINA
from kiosk.health import failpoints, watchdog
from kiosk.health.planned import DAY, Planned
from kiosk.health.supervisor import MANY, Supervisor
from kiosk.journal import reading
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.profile import NightProfile, Profile, parse
from kiosk.terminal import Terminal
from kiosk.upkeep import begun_anew
from tests.unit.test_profile import GOOD

SECONDS = 20.0
NIGHT = datetime(2026, 11, 27, 3, 0, tzinfo=CHINA)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A terminal without devices, whose backend is not there."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return parse(GOOD | {"backend": {"url": f"http://127.0.0.1:{port}"}, "devices": {}}, tmp_path)


@pytest.fixture
def terminal(profile: Profile) -> Iterator[Terminal]:
    profile.data.mkdir(parents=True, exist_ok=True)
    (profile.data / watchdog.FILE).write_text("window")
    made = Terminal(profile)
    made.start()
    assert made.wait_ready(SECONDS)
    yield made
    made.stop()


def test_core_and_journal_give_signs_of_life_and_the_last_end_is_in_the_log(
    terminal: Terminal, profile: Profile
) -> None:
    beaten = threading.Event()
    terminal.pulse(beaten.set)
    assert beaten.wait(SECONDS)
    before = rows(profile, "terminal.started")
    count: list[int] = []
    terminal.probe(lambda: count.append(1))
    assert count == [1]
    assert rows(profile, "terminal.started") == before, "a probe writes nothing"
    assert rows(profile, "terminal.frozen") == [{"part": "window"}]
    assert not (profile.data / watchdog.FILE).exists()
    assert terminal.supervisor is not None
    assert terminal.supervisor.restless() == ()
    assert terminal._upkeep is not None
    assert begun_anew(terminal._upkeep._parts)["documents"] == 0


def test_before_it_stands_nobody_answers(profile: Profile) -> None:
    terminal = Terminal(profile)
    terminal.pulse(lambda: pytest.fail("there is no core"))
    terminal.probe(lambda: pytest.fail("there is no journal"))


def test_a_probe_waits_for_the_write_before_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with Journal.open(tmp_path, bytes(32)) as journal:
        head = journal.verify().head
        size = (tmp_path / "journal.db-wal").stat().st_size
        for _ in range(50):
            journal.probe()
        assert (tmp_path / "journal.db-wal").stat().st_size == size
        assert journal.verify().head == head
        failpoints.arm("journal.begin=raise")
        try:
            with pytest.raises(failpoints.FailpointError):
                journal.set_meta("a", "b")
        finally:
            failpoints.arm("")
        journal.probe()


def rows(profile: Profile, event: str) -> list[dict[str, str]]:
    """The details of these rows of the audit log."""
    folder = profile.data / "journal"
    with reading.reading(folder, load_or_create_key(folder)) as connection:
        found = connection.execute("SELECT details FROM audit WHERE event = ? ORDER BY seq", (event,)).fetchall()
    return [json.loads(row[0]) for row in found]


def test_the_log_takes_what_supervisor_and_plan_say(tmp_path: Path) -> None:
    with Journal.open(tmp_path, bytes(32)) as journal:
        counts = {"id_reader": 0}
        supervisor = Supervisor(lambda: counts, journal)
        supervisor.look()
        counts["id_reader"] = MANY + 1
        supervisor.look()
        plan = Planned(
            NightProfile(), journal, restart=lambda: True, idle=lambda: True, now=lambda: NIGHT,
            believed=lambda: True, clock=iter((0.0, 8 * DAY)).__next__,
        )  # fmt: skip
        plan.look()
        assert journal.verify().ok
        told = [row[0] for row in journal._connection.execute("SELECT event FROM audit ORDER BY seq")]
        assert told[-2:] == ["actor.restless", "terminal.planned_restart"]
