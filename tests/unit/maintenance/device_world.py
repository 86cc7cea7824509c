"""A terminal for the rooms about devices: actors that answer at once, a journal in memory, a desk turned by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level, State, Status, StatusListener, TestResult
from kiosk.access.roles import Role
from kiosk.domain.beijing import CHINA
from kiosk.health.proofs import Proof
from kiosk.journal.proofs import checked
from kiosk.journal.records import Counts
from kiosk.journal.supplies import Supply
from kiosk.maintenance.house import House
from kiosk.maintenance.room import Path as RoomPath
from kiosk.maintenance.room import Room, Session
from kiosk.maintenance.screen import Page, Said
from ui.words import word

NOW = datetime(2026, 11, 27, 14, 30, tzinfo=CHINA)
KEEPER, TECHNICIAN = Session(Role.KEEPER, "K-0401"), Session(Role.TECHNICIAN, "T-0417")
WELL = Status(State.ONLINE)


class FakeDevice:
    """Answers every self-test as it was told to; ``tests`` are the levels that were asked."""

    def __init__(self) -> None:
        self.answers: dict[Level, bool | DeviceError | None] = {}
        self.tests: list[Level] = []
        self.counts: dict[str, int] = {}
        self.called: list[str] = []
        self.listener: Callable[[Any], None] | None = None
        self.match: Any = None
        self.plays: Any = None

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        self.tests.append(level)
        answer = self.answers.get(level, True)
        if isinstance(answer, DeviceError):
            raise answer
        return TestResult(level, answer, f"report of {level.value}")

    def statistics(self) -> Mapping[str, int]:
        return self.counts

    def start_preview(self, listener: Callable[[Any], None]) -> None:
        self.called.append("start_preview")
        if isinstance(self.match, DeviceError):
            raise self.match
        self.listener = listener

    def stop_preview(self) -> None:
        self.called.append("stop_preview")

    def release(self) -> None:
        self.called.append("release")

    def match_face(self, reference: bytes, *, deadline: Deadline) -> Any:
        self.called.append(f"match {len(reference)}")
        return self.match

    def set_output(self, output: Any) -> None:
        if self.plays is None:
            raise ValueError("no such output")
        self.called.append(f"output {output.value}")

    def play(self, sound: Any, deadline: Deadline) -> Any:
        self.called.append("play")
        return self.plays

    def forget_user(self) -> None:
        self.called.append("forget_user")


class FakeActor:
    """An actor whose device is asked in the caller's thread."""

    def __init__(self, status: Status = WELL, device: Any = None) -> None:
        self.status = status
        self.device = device or FakeDevice()
        self.listeners: list[StatusListener] = []
        self.refreshed = 0

    def subscribe(self, listener: StatusListener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def refresh(self) -> None:
        self.refreshed += 1

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(command(self.device, Deadline.after(timeout)))
        except Exception as error:
            future.set_exception(error)
        return future

    def becomes(self, status: Status) -> None:
        self.status = status
        for listener in tuple(self.listeners):
            listener(status)


class MemoryJournal:
    """What these rooms ask of the journal, with its own check of proofs."""

    def __init__(self) -> None:
        self.proofs: list[Proof] = []
        self.kept: dict[str, Supply] = {}
        self.noted: list[tuple[str, int]] = []
        self.renewed: list[str] = []
        self.full: Exception | None = None
        self.counted = Counts(0, 0, 0, 0, 0, None)

    def note_proof(self, proof: Proof) -> None:
        if self.full is not None:
            raise self.full
        self.proofs.append(checked(proof))

    def latest_proofs(self) -> tuple[Proof, ...]:
        last = {(one.subject, one.test): one for one in self.proofs}
        return tuple(reversed(last.values()))

    def supplies(self) -> tuple[Supply, ...]:
        return tuple(self.kept.values())

    def renew_supply(self, supply: str) -> None:
        if self.full is not None:
            raise self.full
        self.renewed.append(supply)

    def note_used(self, supply: str, amount: int) -> None:
        if self.full is not None:
            raise self.full
        self.noted.append((supply, amount))

    def note_level(self, supply: str, level: int) -> None:
        self.noted.append((supply, level))

    def counts(self) -> Counts:
        return self.counted


@dataclass
class FakeDesk:
    """Work is done at once, or waits until ``do`` is called."""

    at_once: bool = True
    waiting: list[Callable[[], None]] = field(default_factory=list)
    changes: int = 0
    opened: list[str] = field(default_factory=list)
    audited: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)

    def changed(self) -> None:
        self.changes += 1

    def work(self, job: Callable[[], None]) -> None:
        if self.at_once:
            job()
        else:
            self.waiting.append(job)

    def do(self) -> None:
        jobs, self.waiting = self.waiting, []
        for job in jobs:
            job()

    def open(self, path: str) -> None:
        self.opened.append(path)

    def leave(self) -> None:
        raise AssertionError("no room of these leaves")

    def audit(self, event: str, **details: str | int) -> None:
        self.audited.append((event, details))


class Ticks:
    """The timer of a page, turned by hand."""

    def __init__(self) -> None:
        self.going: list[Callable[[], None]] = []

    def __call__(self, seconds: float, do: Callable[[], None]) -> Callable[[], None]:
        self.going.append(do)
        return lambda: self.going.remove(do)

    def tick(self) -> None:
        for do in tuple(self.going):
            do()


class World:
    """``kinds``: the devices of this terminal; all are well at first."""

    def __init__(self, folder: Path, *kinds: str) -> None:
        self.actors = {kind: FakeActor() for kind in kinds}
        self.journal = MemoryJournal()
        self.desk = FakeDesk()
        self.ticks = Ticks()
        self.now = NOW
        self.frames: list[object] = []
        self.online = True
        trust = SimpleNamespace(value="confirmed")
        self.client = SimpleNamespace(time=SimpleNamespace(trust=trust), clock_offset=timedelta())
        devices = tuple(SimpleNamespace(kind=kind) for kind in kinds)
        night = SimpleNamespace(exit_seen_by="")
        profile: Any = SimpleNamespace(devices=devices, data=folder, least_free_mb=0, night=night)
        journal: Any = self.journal
        client: Any = self.client
        nothing: Any = None
        self.afar: Any = SimpleNamespace(closed="")
        self.house = House(
            profile=profile,
            profile_file=None,
            journal=journal,
            actors=self.actors,
            statuses=lambda: {kind: actor.status for kind, actor in self.actors.items()},
            documents=nothing,
            client=client,
            afar=self.afar,
            packs=dict,
            online=lambda: self.online,
            kick=lambda: None,
            now=lambda: self.now,
            clock=lambda: 0.0,
            sign=lambda data: b"",
            show_frame=self.frames.append,
            power_down=lambda: None,
        )

    def enter(self, room: Room, path: str, session: Session = TECHNICIAN) -> Page:
        room.bind(self.desk)
        parts: RoomPath = tuple(path.split("/"))
        room.enter(parts, session)
        return room.page(parts, session)

    def touch(self, room: Room, path: str, name: str, value: str = "", session: Session = TECHNICIAN) -> Page:
        """A touch of a button that is on the page (or something that its template reports)."""
        parts: RoomPath = tuple(path.split("/"))
        before = room.page(parts, session)
        buttons = [*before.buttons, *(row.button for row in before.rows if row.button)]
        if before.ask is not None:
            buttons = [before.ask.yes, before.ask.no]
        reported = (before.template, name) in {("touch", "touched"), ("colours", "next"), ("keypad", "typed")}
        assert reported or name in [button.name for button in buttons], f"{name} is no button of {path}"
        room.act(parts, name, value, session)
        return room.page(parts, session)


def said(text: Said | None, language: str = "zh_CN") -> str:
    """The words as the window draws them. KeyError for a key that has none."""
    if text is None:
        return ""
    values = [said(value, language) if isinstance(value, Said) else value for value in text.values]
    return word(language, text.key, values) if text.key else "".join(map(str, values))


def every_word(page: Page) -> list[str]:
    """All words of a page in both languages: none may be missing."""
    found: list[str] = []
    for language in ("zh_CN", "en"):
        texts = [page.heading, page.lead, page.busy, page.notice.text if page.notice else None]
        texts += [page.step.text if page.step else None, page.field.label if page.field else None]
        rows = [*page.rows, *(page.step.live if page.step else ())]
        texts += [text for row in rows for text in (row.title, row.detail, row.button.label if row.button else None)]
        texts += [button.label for button in page.buttons]
        if page.ask is not None:
            texts += [page.ask.text, page.ask.yes.label, page.ask.no.label]
        found += [said(text, language) for text in texts if text is not None]
    return found
