"""Commands carried out: each at most once, written down before its effect, its outcome told to the backend, signed.

The list of commands that were met is one value of the journal's meta table (``downloads.commands``) and changes in one
transaction with its audit row. A process that ends between a command's beginning and its end does not begin it again:
the outcome is then ``unknown``; of a restart, which ends the process, it is ``done``.

Failpoints: ``command.begun`` (written down, nothing is done yet), ``command.done`` (done, not written down).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import msgspec

from kiosk import wire
from kiosk.access import unlocking
from kiosk.health.failpoints import hit
from kiosk.journal.errors import JournalError
from kiosk.sync import manifest, notes, orders
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Failure, SyncFailure
from kiosk.sync.report import CycleReport
from kiosk.sync.state import Meta

META = "downloads.commands"
CLOSED = "downloads.closed"
CLOSED_HERE = "service.closed_here"  # by staff at the terminal: kiosk/afar.py writes it
FAILPOINTS = ("command.begun", "command.done")


class Ledger(notes.Journal, Protocol):
    """The part of the journal used here."""

    def release(self, item_id: str, reason: str) -> None: ...


class Deeds(Protocol):
    """What the terminal does when it is told to. Never blocks, never in a visit: a quiet moment is waited for."""

    def restart(self) -> bool:
        """Whether it can: only a process that knows how to begin anew."""

    def look_at_closed(self) -> None:
        """``closed(journal)`` has changed."""

    def diagnostics(self) -> Mapping[str, str]:
        """How the terminal is, without personal data: names (wire.ID) and short texts."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Out of service by command. ``reason`` is one of orders.REASONS; ``until`` ISO 8601, "" for no end."""

    reason: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class ClosedHere:
    """Out of service by staff at the terminal. ``reason`` is one of kiosk.visit.resting.HERE; ``expected``: when it is
    thought to serve again (ISO 8601), "" where nobody knows: nothing opens then, a person does."""

    reason: str
    expected: str = ""
    at: str = ""


UNTOLD = Closed("operator")  # where the note cannot be read there was one: until when, nobody knows any more
_BROKEN_OFF = ("unknown", "broken-off")


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that was met. Without an ``outcome`` it was begun, and nobody knows how it ended."""

    id: str
    name: str
    expires_at: str
    at: str
    outcome: str = ""
    code: str = ""
    details: dict[str, str] = field(default_factory=dict)
    reported: bool = False


class Commands:
    """Used by one thread. ``key`` gives the key that signs requests now."""

    def __init__(
        self, journal: Ledger, exchange: Exchange, deeds: Deeds, key: Callable[[], TerminalKey],
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._journal, self._exchange, self._deeds, self._key, self._clock = journal, exchange, deeds, key, clock
        notes.mend(journal, CLOSED, Closed, msgspec.json.encode(UNTOLD).decode())
        notes.mend(journal, META, list[Entry], msgspec.json.encode(self._all_in_force()).decode())
        self._entries = entries(journal)
        self._settle_broken_off()

    def carry_out(
        self, enrolment: wire.Enrolment, manifests: Sequence[wire.Manifest], now: datetime, report: CycleReport
    ) -> None:
        """Every command of these manifests that is due and was not met before. ``now`` by the backend's clock.

        Of a manifest that has run out nothing is begun.
        """
        self._forget(manifests, now)
        lasting = [made for made in manifests if now < manifest.moment(made.expires_at)]
        for command in (each for made in lasting for each in made.commands):
            if command.id in self._entries or now < manifest.moment(command.not_before):
                continue
            self._carry_out(command, now, report)

    def report_all(self, enrolment: wire.Enrolment) -> str:
        """Tells the backend what it does not know yet. Raises SyncFailure.

        What it refuses for good keeps no other back: it is told once more without its details, and then no more. Why
        it refused, or empty.
        """
        refused = ""
        for entry in [each for each in self._entries.values() if each.outcome and not each.reported]:
            made = wire.CommandReport(
                entry.id, enrolment.terminal_id, _outcome(entry.outcome), entry.code, entry.at, entry.details
            )
            signed = replace(made, signature=wire.sign(self._key().private, made.canonical()))
            body = msgspec.json.encode(signed)
            try:
                self._exchange.call(enrolment, "POST", "/v1/command-reports", body, wire.CommandReceipt)
            except SyncFailure as failure:
                if failure.kind is not Failure.ITEM:
                    raise
                refused = failure.cause
                self._keep(replace(entry, details={}, reported=not entry.details))
            else:
                self._keep(replace(entry, details={}, reported=True))
        return refused

    # -- one command

    def _carry_out(self, command: wire.Command, now: datetime, report: CycleReport) -> None:
        entry = Entry(command.id, command.name, command.expires_at, self._clock().isoformat())
        if now >= manifest.moment(command.expires_at):
            self._end(entry, "expired", "too-late")
            return
        try:
            orders.check(command.name, command.arguments)
        except orders.OrderError as error:  # a newer publisher's, or a mistake: told, and nothing is done
            self._end(replace(entry, name="unknown"), "refused", error.code)
            return
        self._keep(entry, "command.begun", name=command.name)
        hit("command.begun")
        outcome, code, details = self._do(command, report)
        hit("command.done")
        if outcome:
            self._end(replace(entry, details=details), outcome, code)

    def _do(self, command: wire.Command, report: CycleReport) -> tuple[str, str, dict[str, str]]:
        """Outcome, code and details; no outcome yet for what ends with the process."""
        arguments = command.arguments
        match command.name:
            case "sync-now":
                report.next_at = self._clock()
            case "change-terminal-key":
                try:
                    self._key().begin_change()
                except SyncFailure as failure:
                    return "failed", failure.cause, {}
                report.next_at = self._clock()  # the next pass completes it
            case "resend-item":
                try:
                    self._journal.release(arguments["item"], "command")
                except JournalError as error:
                    return "failed", error.code, {}
                report.next_at = self._clock()
            case "restart":
                return ("", "", {}) if self._deeds.restart() else ("failed", "not-supported", {})
            case "out-of-service":
                self._close(Closed(arguments["reason"], arguments.get("until", "")))
            case "in-service":
                self._journal.set_meta(CLOSED_HERE, "")  # the operator's word counts before that of staff on the spot
                self._close(None)
            case "unlock-entry":  # too many wrong codes or PINs were tried at the entry of maintenance
                unlocking.unlock(self._journal, "command")
            case "collect-diagnostics":
                return "done", "done", dict(self._deeds.diagnostics())
        return "done", "done", {}

    def _close(self, closed_: Closed | None) -> None:
        self._journal.set_meta(CLOSED, "" if closed_ is None else msgspec.json.encode(closed_).decode())
        self._deeds.look_at_closed()

    # -- what is kept

    def _all_in_force(self) -> list[Entry]:
        """In place of a ledger that cannot be read: whatever may stand in it is not begun a second time."""
        now = self._clock().isoformat()
        made = [notes.read(self._journal, manifest.META + kind, wire.Manifest) for kind in manifest.KINDS]
        return [
            Entry(each.id, each.name if each.name in orders.ORDERS else "unknown", each.expires_at, now, *_BROKEN_OFF)
            for found in made
            if found is not None
            for each in found.commands
        ]

    def _settle_broken_off(self) -> None:
        """What an earlier life began and did not end: at most once means that it is not tried again."""
        for entry in [each for each in self._entries.values() if not each.outcome]:
            if entry.name == "restart":
                self._end(entry, "done", "done")
            else:
                self._end(entry, *_BROKEN_OFF)

    def _end(self, entry: Entry, outcome: str, code: str) -> None:
        ended = replace(entry, outcome=outcome, code=code, at=self._clock().isoformat())
        self._keep(ended, "command.ended", name=entry.name, outcome=outcome, code=code)

    def _keep(self, entry: Entry, event: str = "", **details: str) -> None:
        self._entries[entry.id] = entry
        text = msgspec.json.encode(list(self._entries.values())).decode()
        if event:
            self._journal.record(META, text, event, command=entry.id, **details)
        else:
            self._journal.set_meta(META, text)

    def _forget(self, manifests: Sequence[wire.Manifest], now: datetime) -> None:
        """What has run out, was told, and stands in no manifest that counts can never be met again."""
        named = {each.id for made in manifests for each in made.commands}
        old = [
            entry.id
            for entry in self._entries.values()
            if entry.reported and entry.id not in named and manifest.moment(entry.expires_at) <= now
        ]
        for command_id in old:
            del self._entries[command_id]
        if old:
            self._journal.set_meta(META, msgspec.json.encode(list(self._entries.values())).decode())


def entries(meta: Meta) -> dict[str, Entry]:
    """Every command that this terminal remembers, by id."""
    return {entry.id: entry for entry in notes.read(meta, META, list[Entry]) or []}


def closed(meta: Meta, now: datetime) -> Closed | None:
    """Whether an operator has put the terminal out of service, and that still holds."""
    found = UNTOLD if notes.unreadable(meta, CLOSED, Closed) else notes.read(meta, CLOSED, Closed)
    if found is None or (found.until and manifest.moment(found.until) <= now):
        return None
    return found


def closed_here(meta: Meta) -> ClosedHere | None:
    """Whether staff have put the terminal out of service on the spot. What cannot be read counts as closed."""
    if notes.unreadable(meta, CLOSED_HERE, ClosedHere):
        return ClosedHere("other")
    return notes.read(meta, CLOSED_HERE, ClosedHere)


def _outcome(text: str) -> wire.CommandOutcome:
    found: wire.CommandOutcome = msgspec.convert(text, wire.CommandOutcome)
    return found
