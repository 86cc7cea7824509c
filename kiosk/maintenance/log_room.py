"""Room ``log``: what this terminal has written down, in words. Errors first; nothing of a person, by the catalogue.

Nothing outside the closed catalogue (kiosk/journal/events.toml) can stand in the log, so each event has its own words
(``maint.log.EVENT``), and each detail a name. A case is shown by the end of its id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Literal

from kiosk.access.roles import Deed
from kiosk.journal.catalogue import catalogue
from kiosk.journal.inspecting import LogRow
from kiosk.journal.journal import Journal
from kiosk.maintenance import words
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.house import House
from kiosk.maintenance.moments import second
from kiosk.maintenance.queue_room import mask
from kiosk.maintenance.room import Path, Session
from kiosk.maintenance.screen import Button, Page, Row, Said, Tone, plain

Filter = Literal["errors", "devices", "sync", "staff", "all"]
FILTERS: tuple[Filter, ...] = ("errors", "devices", "sync", "staff", "all")
SIZE = 12  # rows of a page
TURNS = 25  # stretches of the chain that one page looks through at most, SCANNED rows each at the utmost
LEFT_OUT = frozenset({"hash", "log", "head", "key", "item", "attachments", "kept", "rung", "verification"})
"""Details that tell a person nothing."""
FIRST = ("subject", "device", "test", "repair", "outcome", "role", "reason")
"""Details that one looks for first, in this order; the others follow as they were written."""
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,40}", re.ASCII)

BROKEN = frozenset({
    "journal.rescued", "item.lost", "item.quarantined", "item.alarm", "device.failed", "sync.alarm", "sync.hangs",
    "room.gone", "clock.wrong", "log.refused", "kept.unreadable", "downloads.set_aside", "terminal.frozen",
    "entry.locked",
})  # fmt: skip
ATTENTION = frozenset({
    "item.rejected", "sync.overdue", "calendar.ends", "manifest.refused", "artefact.refused", "maintenance.refused",
    "help.called", "block.given_up", "profile.rolled_back", "terminal.closed_here", "journal.migrated",
    "actor.restless", "entry.refused",
})  # fmt: skip
FAILED: Mapping[tuple[str, str], frozenset[str]] = {
    ("paper.ended", "outcome"): frozenset({"not_printed", "unknown"}),
    ("command.ended", "outcome"): frozenset({"failed", "unknown", "refused"}),
    ("deed.answered", "answer"): frozenset({"not_theirs"}),
    ("proof.noted", "outcome"): frozenset({"failed", "unsure"}),
    ("night.found", "severity"): frozenset({"now", "soon"}),
}
"""Events that are in order or not, by what they say."""

DEVICES = ("device.", "actor.", "terminal.frozen", "paper.", "proof.", "supply.", "night.", "room.", "clock.")
SYNC = ("sync.", "item.", "block.", "result.", "progress.", "deed.", "manifest.", "artefact.", "command.", "downloads.",
        "log.", "network.", "terminal.enrolled", "terminal.key")  # fmt: skip
STAFF = (
    "maintenance.", "staff.", "helper.", "entry.", "profile.", "queue.", "test_mode.", "network.", "supply.",
    "terminal.closed_here", "terminal.opened_here", "terminal.restart_asked", "terminal.shutdown_asked",
)  # fmt: skip


class LogRoom(BareRoom):
    name = "log"
    opens = Deed.LOG
    deeds: ClassVar[Mapping[str, Deed]] = {}

    def __init__(self, house: House) -> None:
        super().__init__()
        self._journal = house.journal
        self._filter: Filter = "errors"
        self._begins: list[int] = [0]  # where each page that was passed begins: seq, 0 for the end of the chain
        self._rows: tuple[LogRow, ...] | None = None
        self._after = 0
        self._round = 0

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._show("errors")

    def leave(self, path: Path) -> None:
        super().leave(path)
        self._round += 1
        self._rows = None

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        if name == "filter":
            self._show(next((each for each in FILTERS if each == value), "errors"))
        elif name == "older" and self._after:
            self._begins.append(self._after)
            self._read()
        elif name == "newer" and len(self._begins) > 1:
            self._begins.pop()
            self._read()

    def page(self, path: Path, session: Session) -> Page:
        filters = tuple(
            Button("filter", Said(f"maint.log.filter.{each}"), each, weight="main" if each == self._filter else "plain")
            for each in FILTERS
        )
        turns = (
            Button("newer", Said("maint.log.newer"), enabled=len(self._begins) > 1),
            Button("older", Said("maint.log.older"), enabled=bool(self._after)),
        )
        heading, lead = Said("maint.log.heading"), Said(f"maint.log.lead.{self._filter}")
        if self._rows is None:
            busy = Said("maint.common.looking") if self.notice is None else None
            return Page(self.name, heading, lead=lead, busy=busy, buttons=(*filters, *turns), notice=self.notice)
        if not self._rows:
            lead = Said("maint.log.none" if len(self._begins) == 1 and not self._after else "maint.log.none_here")
        rows = tuple(map(row, self._rows))
        return Page(self.name, heading, lead=lead, rows=rows, buttons=(*filters, *turns))

    def _show(self, which: Filter) -> None:
        self._filter, self._begins = which, [0]
        self._read()

    def _read(self) -> None:
        self._round += 1
        self._rows = self.notice = None
        number, before, which = self._round, self._begins[-1], self._filter

        def read() -> None:
            rows, after = look(self._journal, which, before)
            if number == self._round:
                self._rows, self._after = rows, after
                self.desk.changed()

        self.read(read)


def look(journal: Journal, which: Filter, before: int) -> tuple[tuple[LogRow, ...], int]:
    """One page of what the filter lets through, and where the next begins; 0 where there is none."""
    events, found = chosen(which), list[LogRow]()
    for _ in range(TURNS):
        page = journal.log_page(events, before, 2 * SIZE)
        for each in page.rows:
            if which == "errors" and tone(each) not in ("broken", "attention"):
                continue
            if len(found) == SIZE:
                return tuple(found), found[-1].seq
            found.append(each)
        before = page.before
        if not before:
            break
    return tuple(found), before


def chosen(which: Filter) -> tuple[str, ...]:
    """The events of a filter."""
    if which == "errors":
        return tuple({*BROKEN, *ATTENTION, *(event for event, _ in FAILED)} & catalogue().keys())
    begins = {"devices": DEVICES, "sync": SYNC, "staff": STAFF, "all": ("",)}[which]
    return tuple(event for event in catalogue() if event.startswith(begins))


def tone(found: LogRow) -> Tone:
    if found.event in BROKEN:
        return "broken"
    if found.event in ATTENTION:
        return "attention"
    bad = any(found.event == event and found.details.get(key) in values for (event, key), values in FAILED.items())
    return "attention" if bad else "plain"


def row(found: LogRow) -> Row:
    """What happened, when, and its details by name. An event that an older program knew has its id for words."""
    known = found.event in catalogue()
    title = Said(f"maint.log.{found.event}") if known else Said("maint.log.unknown", (found.event,))
    parts: list[str | int | Said] = [second(found.at)]
    if found.item:
        parts += ["  ", mask(found.item)]
    for key in (
        *(each for each in FIRST if each in found.details),
        *(key for key in found.details if key not in FIRST),
    ):
        if key not in LEFT_OUT:
            name, value = Said(f"maint.log.key.{key}", (key,)), told(found.event, key, found.details[key])
            parts += ["  ", Said("maint.log.pair", (name, value))]
    return Row(f"log-{found.seq}", title, plain(*parts), tone(found))


def told(event: str, key: str, value: str | int) -> str | int | Said:
    """A detail's value in words where it is one of the program's own; what has none is shown as it was written."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        return value
    match key:
        case "device" | "subject":
            return words.device(value)
        case "test":
            return Said(f"maint.tests.test.{value}")
        case "repair":
            return Said(f"maint.repairs.{value}.title")
        case "reason" if event == "profile.rolled_back":
            return Said(f"maint.settings.ended.{value}", (value,))
        case "code" if event.startswith("device."):
            return words.dots(words.fault(value), plain(value))
        case _:
            return Said(f"maint.log.value.{value}", (value,))
