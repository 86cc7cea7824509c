"""The last step but one of a pass: manifests, the artefacts that they name, the commands that they give.

Nothing here keeps another step back: it comes after cases, numbers, results and keys, takes some seconds of a pass at
most and goes on in the next, and what fails is told and tried again. Large artefacts wait for the hours of large
pictures (``backend.pictures``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kiosk import wire
from kiosk.sync import artefacts, commands, manifest, notes, taking
from kiosk.sync.artefacts import ArtefactFolder
from kiosk.sync.commands import Commands, Deeds, Ledger
from kiosk.sync.exchange import Exchange
from kiosk.sync.manifest import Manifests, wanted
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.report import CycleReport
from kiosk.sync.state import Meta
from kiosk.sync.taking import FOLDER, Taking

FAILPOINTS = (*artefacts.FAILPOINTS, *taking.FAILPOINTS, *commands.FAILPOINTS)
SECONDS = 10.0  # of one pass
WRONG_SECONDS = 600.0  # until what came with a wrong hash, or is not to be had, is asked for again
ITS_OWN = ("not-found", "bad-part", "fault")  # what the backend says of one artefact alone: the others go on
QUICK = 1.0  # s: a part that took less may be followed by one of twice the size
_REFUSED = "The backend does not take what became of a command: tell its operator. See kiosk doctor."
_ADVICE = "What this terminal has stays in use. Publish anew (kiosk backend publish), and see kiosk doctor."
_NOTES: Mapping[str, type] = {
    **{manifest.META + kind: wire.Manifest for kind in manifest.KINDS},
    manifest.TROUBLE: manifest.Trouble,
    taking.REFUSED: list[taking.Refusal],
}  # commands.py mends its own


@dataclass(frozen=True, slots=True)
class Publishers:
    """Who may publish for this terminal, and where it keeps that: ``keys`` public, oldest first; ``data`` its folder.

    ``changed`` is called in the sync's thread when other packs or another policy are to be used.
    """

    keys: Sequence[bytes]
    data: Path
    deeds: Deeds
    changed: Callable[[], None] = lambda: None


def unreadable(meta: Meta) -> list[str]:
    """The keys of notes that cannot be read; a start of the sync puts them aside."""
    all_of_them = {**_NOTES, commands.META: list[commands.Entry], commands.CLOSED: commands.Closed}
    return [key for key, kind in all_of_them.items() if notes.unreadable(meta, key, kind)]


class Downloads:
    """Used by one thread."""

    def __init__(
        self,
        journal: Ledger,
        exchange: Exchange,
        policy: Policy,
        publishers: Publishers,
        clock: Callable[[], datetime],
        running: Callable[[], float],
        orders: Commands,
    ) -> None:
        self._exchange, self._policy, self._clock, self._running = exchange, policy, clock, running
        self._changed, self._commands = publishers.changed, orders
        self._folder = ArtefactFolder(publishers.data / FOLDER)
        for key, kind in _NOTES.items():
            notes.mend(journal, key, kind)
        self._manifests = Manifests(journal, publishers.keys)
        self._taking = Taking(journal, self._folder)
        self._part = policy.first_part
        self._not_before: dict[str, float] = {}  # by hash, on the running clock

    def step(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        """Everything that is due now. What fails ends in the report."""
        try:
            self._step(enrolment, report)
        except SyncFailure as failure:
            if failure.cause == "stopped":
                raise
            self._tell(report, failure.cause, failure.advice)
        except OSError as error:  # no room, or nothing may be written: the disk has a check of its own
            self._tell(report, "downloads-not-kept", f"{_ADVICE} ({error.strerror})")

    def _step(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        self._manifests.of(enrolment)
        known = self._manifests.known()
        reply = self._exchange.call(enrolment, "GET", f"/v1/manifests?known={known}", b"", wire.ManifestsReply)
        now = self._clock() + self._exchange.offset  # the backend's word of this very pass
        if trouble := self._manifests.take(reply.manifests, now):
            self._tell(report, f"manifest-{trouble}", _ADVICE)
        manifests = self._manifests.in_force()
        self._commands.carry_out(enrolment, manifests, now, report)
        if refused := self._commands.report_all(enrolment):
            self._tell(report, refused, _REFUSED)
        named = wanted(manifests)
        came = self._fetch(enrolment, [want.artefact for want in named.values() if want.lasts(now)], now, report)
        if self._taking.take(named, now) or came:
            self._changed()

    def _fetch(
        self, enrolment: wire.Enrolment, named: Sequence[wire.Artefact], now: datetime, report: CycleReport
    ) -> bool:
        """Small ones first. Whether any has become whole."""
        until, came = self._running() + SECONDS, False
        for artefact in sorted(named, key=lambda each: each.size):
            if self._taking.refuses(artefact) or self._folder.has(artefact) or self._waits(artefact, now):
                continue
            try:
                while (begun := self._folder.begun(artefact)) < artefact.size:
                    if self._running() >= until:
                        report.next_at = self._clock()
                        return came
                    self._folder.add(artefact, self._ask(enrolment, artefact, begun))
            except SyncFailure as failure:
                if failure.kind is not Failure.ITEM and failure.cause not in ITS_OWN:
                    raise
                self._not_before[artefact.sha256] = self._running() + WRONG_SECONDS
                self._tell(report, failure.cause, failure.advice or _ADVICE)
                continue
            if self._folder.finish(artefact):
                came = True
            else:
                self._not_before[artefact.sha256] = self._running() + WRONG_SECONDS
                self._taking.wrong_bytes(artefact)
                self._tell(report, "artefact-wrong-hash", _ADVICE)
        return came

    def _ask(self, enrolment: wire.Enrolment, artefact: wire.Artefact, begun: int) -> bytes:
        """The next part; how it went says how large the next may be."""
        size = min(self._part, artefact.size - begun, wire.MAX_ARTEFACT_PART)
        target = f"/v1/artefacts/{artefact.sha256}?offset={begun}&size={size}"
        at = self._running()
        try:
            data = self._exchange.call(enrolment, "GET", target, b"", bytes)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                self._part = max(self._policy.least_part, self._part // 2)
            raise
        if not 0 < len(data) <= size:
            raise SyncFailure(Failure.SERVER, "bad-part")
        if self._running() - at < QUICK:
            self._part = min(self._policy.largest_part, self._part * 2)
        return data

    def _waits(self, artefact: wire.Artefact, now: datetime) -> bool:
        if self._running() < self._not_before.get(artefact.sha256, 0.0):
            return True
        hours = self._policy.pictures
        return artefact.size > wire.RESUMABLE_FROM and hours is not None and not hours.holds(now)

    @staticmethod
    def _tell(report: CycleReport, cause: str, advice: str) -> None:
        if not report.cause:
            report.cause, report.advice = cause, advice
