"""A terminal and a backend that are killed again and again, each at its own moments, and what was promised meanwhile.

Every life is given its fate at birth by the seed: a named failpoint and which time it is passed, or a moment. Who dies
is born again over the same folder at once; the other goes on. The ledger holds what the terminal said against what
each later life finds.
"""

from __future__ import annotations

import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kiosk import durable
from kiosk.backend import core, gate, keys
from kiosk.backend.store import engine
from kiosk.journal import packs, store
from kiosk.sync import client
from tests.crash.fork_client import BUSY, ForkServer

ROOT = Path(__file__).resolve().parents[2]
TERMINAL_POINTS = (*store.FAILPOINTS, *packs.FAILPOINTS, *client.FAILPOINTS, *durable.FAILPOINTS)
BACKEND_POINTS = (*engine.FAILPOINTS, *core.FAILPOINTS, *gate.FAILPOINTS, *durable.FAILPOINTS)
FIRST_LIFE_ONLY = ("sync.enrolled",)
ONCE_A_LIFE = (
    "sync.key", "sync.answered", "sync.settled", "sync.results", "sync.checkpoint", "journal.checkpoint",
    *FIRST_LIFE_ONLY,
)  # fmt: skip
LATE_IN_A_PASS = ("sync.block", "sync.results", "sync.checkpoint")  # the backend has to live for as long
OFTEN = ("journal", "backend.written", "backend.committed", "backend.answering")
PATIENCE = 0.8  # s that a life has to come by its failpoint; then it is killed where it is
USUAL = 0.06  # s from a birth to being ready, where the machine has time; where it takes longer, so does patience


@dataclass
class Ledger:
    """What the terminal's lives have said. ``gone``: asked for, never confirmed, and not there at a later start."""

    file: Path
    begun: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    opened: int = 0
    _read: int = 0

    def look(self) -> None:
        """Take in what was said since; fails where a life found other than what had been promised."""
        if not self.file.exists():
            return
        data = self.file.read_bytes()[self._read :]
        self._read += len(data)
        for line in data.decode().splitlines():
            words = line.split()
            if len(words) < 2 or words[-1] != ".":
                continue  # its writer was killed in the middle of it, and so before what it tells
            if words[0] == "begin":
                self.begun.add(words[1])
            elif words[0] == "done":
                self.done.add(words[1])
            else:
                self._opened(words[1:-1])

    def _opened(self, held: list[str]) -> None:
        there = set(held)
        assert len(there) == len(held), "an item is there twice"
        assert self.done <= there, f"promised and gone: {self.done - there}"
        assert there <= self.begun, f"nobody asked for {there - self.begun}"
        assert not there & self.gone, f"not there at an earlier start, and there now: {there & self.gone}"
        self.gone |= self.begun - there
        self.opened += 1


@dataclass
class Fate:
    """When a life ends: at the ``at``-th pass by ``point``, or ``seconds`` after it was born or was ready."""

    point: str = ""
    at: int = 1
    seconds: float = PATIENCE
    from_birth: bool = False

    @property
    def failpoints(self) -> str:
        return f"{self.point}=kill@{self.at}" if self.point else ""


@dataclass
class End:
    """One of the two, in whichever life it is."""

    role: str
    lives: int = 0
    fate: Fate = field(default_factory=Fate)
    pid: int = 0
    born: float = 0.0
    deadline: float = 0.0
    ready: bool = False

    @property
    def name(self) -> str:
        return f"{self.role} {self.lives}"


class World:
    """One folder, one seed, two ends."""

    def __init__(self, zygote: ForkServer, folder: Path, seed: int, tally: Counter[str]) -> None:
        self.zygote, self.folder, self.seed, self.tally = zygote, folder, seed, tally
        self.rng = random.Random(seed)
        self.terminal, self.backend = End("terminal"), End("backend")
        self.ledger = Ledger(folder / "promised")
        self.code = ""
        self.empty = False
        # bound and not listening: nobody else is given this port while the backend is dead, and who asks is refused
        self.port = socket.socket()
        self.port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.port.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.port.getsockname()[1]}"

    def close(self) -> None:
        for end in (self.terminal, self.backend):
            if end.pid:
                self._end(end, signal.SIGKILL)
        self.port.close()

    # -- dying

    def play(self, deaths: int) -> None:
        """Until so many have died by SIGKILL."""
        self._bear(self.backend, self._fate(self.backend))
        self._bear(self.terminal, self._fate(self.terminal))
        died = 0
        while died < deaths:
            next_to_die = min((self.terminal, self.backend), key=lambda each: each.deadline)
            self._hear(next_to_die.deadline)
            if next_to_die.pid and time.monotonic() >= next_to_die.deadline:
                self._end(next_to_die, signal.SIGKILL)
            for end in (self.terminal, self.backend):
                if not end.pid:
                    died += 1
                    if end is self.terminal and self.rng.random() < 0.04:
                        self._rotate_backend_keys()
                    self._bear(end, self._fate(end))

    def aim(self, point: str) -> None:
        """Until somebody has died at this failpoint, the other one living on."""
        at_terminal = point in TERMINAL_POINTS
        self._bear(self.backend, Fate(seconds=BUSY))
        self._until(lambda: self.backend.ready)  # it has said the code for the enrolment
        if not at_terminal:
            self._end(self.backend, signal.SIGKILL)
            self._bear(self.backend, Fate(point, seconds=BUSY))
        self._bear(self.terminal, Fate(point if at_terminal else "", seconds=BUSY))
        dies = self.terminal if at_terminal else self.backend
        self._until(lambda: not dies.pid)
        self._bear(dies, Fate(seconds=BUSY))

    def settle(self) -> None:
        """Nobody dies any more and nothing new comes: what waits has to arrive by the timer alone."""
        for end in (self.terminal, self.backend):
            self._end(end, signal.SIGKILL)
        self._bear(self.backend, Fate(seconds=BUSY))
        self._until(lambda: self.backend.ready)
        if not self.ledger.begun:  # it never got so far as to be somebody
            self._bear(self.terminal, Fate(seconds=BUSY))
            while not self.ledger.done:
                self._hear(time.monotonic() + 0.05)
                self.ledger.look()
            self._end(self.terminal, signal.SIGKILL)
        self._bear(self.terminal, Fate(seconds=BUSY), work=False)
        self._until(lambda: self.empty)
        for end in (self.terminal, self.backend):
            self._end(end, signal.SIGTERM)

    def _fate(self, end: End) -> Fate:
        rng = self.rng
        awaited = self.terminal.fate.point.startswith(LATE_IN_A_PASS)
        if end is self.backend and rng.random() < (0.7 if awaited else 0.15):
            return Fate(seconds=rng.uniform(0.2, 0.5))  # long enough that much arrives
        if end is self.terminal and not self.ledger.begun and rng.random() < 0.4:
            return Fate(rng.choice(FIRST_LIFE_ONLY))
        if rng.random() < 0.3:
            if rng.random() < 0.2:
                return Fate(seconds=rng.uniform(0, 0.06), from_birth=True)
            return Fate(seconds=rng.uniform(0, 0.12))
        points = [
            point
            for point in (TERMINAL_POINTS if end is self.terminal else BACKEND_POINTS)
            if point not in FIRST_LIFE_ONLY or not self.ledger.begun
        ]
        point = rng.choice(points)
        once = point.startswith(ONCE_A_LIFE) or (point in durable.FAILPOINTS and end.lives > 0)
        most = 1 if once else 8 if point.startswith(OFTEN) else 2
        return Fate(point, rng.randint(1, most))

    def _bear(self, end: End, fate: Fate, *, work: bool = True) -> None:
        end.lives += 1
        end.fate, end.ready, self.empty = fate, False, False
        seconds = fate.seconds if fate.from_birth else BUSY
        order: dict[str, Any] = {
            "role": end.role, "name": end.name, "folder": str(self.folder), "failpoints": fate.failpoints,
            "errors": str(self.folder / f"{end.role}.stderr"),
        }  # fmt: skip
        if end is self.backend:
            order |= {"port": self.port.getsockname()[1], "first": not self.code}
        else:
            order |= {
                "url": self.url, "code": self.code, "seed": self.rng.getrandbits(32), "work": work,
                "change_key": fate.point.startswith(("sync.key", "durable")) or (work and self.rng.random() < 0.03),
                "many_blocks": fate.point.startswith("sync.block"),
                "large": fate.point in ("sync.part", "journal.checkpoint", *packs.FAILPOINTS),
            }  # fmt: skip
        self.zygote.order(**order)
        self._until(lambda: bool(end.pid))
        end.deadline = time.monotonic() + seconds

    def _end(self, end: End, signal_: signal.Signals) -> None:
        """By the fork server, which has not buried it: no other process can have its number."""
        self.zygote.order(name=end.name, signal=int(signal_))
        self._until(lambda: not end.pid)

    def _rotate_backend_keys(self) -> None:
        file = self.folder / "backend.db.keys.json"
        if file.exists():
            keys.rotate(file, datetime.now(UTC))
            self.tally["backend's keys rotated"] += 1

    # -- hearing

    def _until(self, true: Any) -> None:
        limit = time.monotonic() + BUSY
        while not true():
            assert time.monotonic() < limit, f"it did not come about; {self.last_words()}"
            self._hear(limit)

    def _hear(self, until: float) -> End | None:
        """Takes in the next thing said; whom it was about."""
        said = self.zygote.hear(until)
        if said is None:
            return None
        end = self.terminal if said["name"] == self.terminal.name else self.backend
        if said["name"] != end.name:
            return None  # of an earlier life
        if "born" in said:
            end.pid, end.born = said["born"], time.monotonic()
        elif "died" in said:
            end.pid = 0
            self.tally["ms of CPU"] += round(said["cpu"] * 1000)
            self._died(end, said["status"])
        elif "empty" in said:
            self.empty = True
        elif "ready" in said:
            end.ready = True
            self.code = self.code or said.get("enrolment_code", "")
            if not end.fate.from_birth:
                now = time.monotonic()
                slow = min(3.0, max(1.0, (now - end.born) / USUAL)) if end.fate.point else 1.0
                end.deadline = now + end.fate.seconds * slow
        return end

    def _died(self, end: End, status: int) -> None:
        by_itself = status == -signal.SIGKILL
        ended_in_order = status == 0 and end.fate.seconds == BUSY
        assert by_itself or ended_in_order, f"{end.name} ended with status {status}; {self.last_words()}"
        if by_itself:
            reached = end.fate.point and (not end.ready or time.monotonic() < end.deadline)
            self.tally[end.fate.point if reached else f"{end.role} at a random moment"] += 1
            self.tally["deaths"] += 1
        if end is self.terminal:
            self.ledger.look()

    def last_words(self) -> str:
        """What either of them said on standard error."""
        said = [f"seed {self.seed}"]
        for end in (self.terminal, self.backend):
            file = self.folder / f"{end.role}.stderr"
            said.append(f"{end.name}: {file.read_text()[-1500:] if file.exists() else ''}")
        return "\n".join(said)


def zygote() -> Iterator[ForkServer]:
    server = ForkServer("tests.crash.ends_zygote")
    try:
        yield server
    finally:
        server.close()
