"""A healthy terminal as the night sees it, with the noise of a real one; a test plants what is to be found."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.contracts.device import State, Status
from kiosk.domain.beijing import CHINA
from kiosk.domain.place import Place
from kiosk.domain.window import Window
from kiosk.domain.workdays import national
from kiosk.health.night import Night
from kiosk.health.night_checks.all import looks
from kiosk.health.night_checks.sources import Look, Sources
from kiosk.health.proofs import Outcome, Proof
from kiosk.journal.journal import Journal
from kiosk.journal.records import Counts
from kiosk.services.model import ServicePack
from kiosk.sync.clock import Reading, Trust

FIRST = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)  # 03:00 in Beijing
MB = 1 << 20
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
KINDS = ("id_reader", "camera", "receipt_printer", "page_printer", "document_camera", "ups")


@dataclass
class FakeLoop:
    """A closed loop whose outcome a test says; ``runs`` counts."""

    subject: str
    test: str
    outcome: Outcome = "passed"
    code: str = "loop-good"
    runs: int = 0
    then: Callable[[], None] = lambda: None

    def run(self) -> Proof:
        self.runs += 1
        self.then()
        return Proof(FIRST, self.subject, self.test, self.outcome, self.code, ("1",))


@dataclass
class Room:
    """``tonight`` runs one night's test at 03:00 and goes on to the next day; what began to be so comes back."""

    folder: Path
    packs: Mapping[str, ServicePack]
    wall: datetime = FIRST
    running: float = 10_000.0
    trust: Trust = Trust.CONFIRMED
    offset: timedelta = timedelta()
    here: bool = False
    free: int = 20_000 * MB
    counts: Counts = field(default_factory=lambda: Counts(120, 0, 120, 0, 0, None))
    hangs: bool = False
    restless: tuple[tuple[str, int], ...] = ()
    certificate: datetime | None = None
    forecast: dict[str, int] = field(default_factory=lambda: {"receipt_printer.paper": 40})
    temperature: float | None = 51.0
    statuses: dict[str, Status] = field(default_factory=lambda: {kind: Status(State.ONLINE) for kind in KINDS})
    loops: list[FakeLoop] = field(default_factory=lambda: [
        FakeLoop("page_printer", "streaks"), FakeLoop("document_camera", "glass"), FakeLoop("camera", "covered"),
        FakeLoop("sound", "heard"), FakeLoop("chain", "case"),
    ])  # fmt: skip
    hours: Window | None = field(default_factory=lambda: Window.parse("02:30-04:30"))
    paused: float = 0.0
    crashes: list[BaseException] = field(default_factory=list)
    mends: Callable[[], None] = lambda: None  # called with each pause

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """A start of the terminal."""
        self.journal = Journal.open(self.folder, bytes(range(32)), clock=lambda: self.wall, durable=False)
        self.night = Night(
            self.journal, self.looks, hours=self.hours, free=lambda: not self.here, now=self.now,
            reading=self.reading, crashed=self.crashes.append, running=lambda: self.running,
        )  # fmt: skip

    def close(self) -> None:
        self.night.stop()
        self.journal.close()

    def now(self) -> datetime:
        return self.wall.astimezone(CHINA)

    def reading(self) -> Reading:
        return Reading(self.wall, self.running, "boot", self.trust, self.offset)

    def sources(self) -> Sources:
        return Sources(
            now=self.now, meta=self.journal, statuses=lambda: self.statuses, clock=self.reading,
            counts=lambda: self.counts, hangs=lambda: self.hangs, online=lambda: True, packs=lambda: self.packs,
            calendar=national, free=lambda: self.free, least_free=256 * MB, restless=lambda: self.restless,
            certificate_end=lambda: self.certificate or self.wall + timedelta(days=200), forecast=lambda: self.forecast,
            temperature=lambda: self.temperature, loops=self.loops, pause=self.pause, going=self.night.going,
        )  # fmt: skip

    def looks(self) -> tuple[Look, ...]:
        return tuple(looks(self.sources()))

    def pause(self, seconds: float) -> None:
        self.paused += seconds
        self.mends()

    def tonight(self) -> tuple[Proof, ...]:
        assert self.night.due()
        new = self.night.test()
        assert not self.night.due()
        self.wall += timedelta(days=1)
        self.running += 86_400
        return new

    def is_(self, kind: str, status: Status) -> None:
        self.statuses[kind] = status

    def events(self, name: str) -> list[str]:
        sql = "SELECT details FROM audit WHERE event = ? ORDER BY seq"
        return self.journal._read(lambda c: [row[0] for row in c.execute(sql, (name,))])

    def noise(self, rng: random.Random) -> None:
        """What a healthy terminal's days bring: a disk that moves, a line that is slow, a device that opens again."""
        self.free = (20_000 + rng.randint(-400, 400)) * MB
        self.offset = timedelta(seconds=rng.uniform(-20, 20))
        self.temperature = rng.uniform(38, 66)
        waits = self.wall - timedelta(minutes=rng.randint(1, 240)) if rng.random() < 0.3 else None
        self.counts = replace(self.counts, oldest_unsent_at=waits)
        kind = rng.choice(KINDS[:5])
        self.statuses = {each: Status(State.ONLINE) for each in KINDS}
        self.is_(kind, Status(rng.choice((State.STARTING, State.UNKNOWN, State.OFFLINE))))
        self.mends = lambda: self.is_(kind, Status(State.ONLINE))
        self.is_("camera", Status(State.UNKNOWN))  # it rests until somebody needs it
        if rng.random() < 0.2:
            self.trust = Trust.PLAUSIBLE  # started anew, and nobody has said the time yet
        else:
            self.trust = Trust.CONFIRMED
