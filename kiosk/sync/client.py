"""One pass over the wire: the queue pushed, numbers reserved ahead, results fetched, the log's end sent.

Everything may be sent twice: the backend knows items by id and hash. Trouble with one step keeps no other back:
numbers, results, keys and the audit log never stop cases, nor the other way round. Only where nobody is reached does
everything wait.

Failpoints: ``sync.enrolled`` (the backend knows this terminal, which does not know itself yet), ``sync.results``
(results are kept, the cursor still stands before them).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol
from urllib.parse import quote

from kiosk import wire
from kiosk.access.secret import EntrySecret
from kiosk.health.failpoints import hit
from kiosk.sync import checkpoints, keys, pushing, reserving, upload
from kiosk.sync.area import Area
from kiosk.sync.backoff import Backoff
from kiosk.sync.checkpoints import Checkpoints, Log, key_by_the_log
from kiosk.sync.clock import Clock, Trust, running_clock
from kiosk.sync.commands import Commands, Ledger
from kiosk.sync.downloads import Downloads, Publishers
from kiosk.sync.entry import EntryTelling
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.keys import Keys
from kiosk.sync.notices import Notices
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.report import CycleReport
from kiosk.sync.state import SyncState
from kiosk.sync.transport import Transport
from kiosk.sync.upload import Uploads

FAILPOINTS = (
    "sync.enrolled", *upload.FAILPOINTS, *pushing.FAILPOINTS, *reserving.FAILPOINTS, "sync.results", *keys.FAILPOINTS,
    *checkpoints.FAILPOINTS,
)  # fmt: skip


class Outbox(Ledger, pushing.Queue, reserving.Store, Protocol):
    """The part of the journal that the sync uses (kiosk.journal.journal.Journal)."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class SyncClient:
    """Used by one thread at a time (``interrupt`` excepted). ``on_results`` and ``on_progress`` may see
    a thing twice: they keep by case.

    ``clock`` gives aware times; ``rng`` spreads the waits. With an ``enrolment_code`` the first pass that reaches the
    backend enrols the terminal by itself. ``area_code`` is where the terminal stands (kiosk/sync/area.py). ``log`` is
    the journal once more: the end of its audit chain is sent with every pass. ``publishers``: who may publish packs,
    policies and commands for this terminal; None takes nothing of the kind. ``kinds``: of numbers that are reserved
    ahead (kiosk.testmode). ``entry``: the secret of the entry codes, which the backend is told.
    """

    def __init__(
        self,
        journal: Outbox,
        transport: Transport,
        key: TerminalKey,
        *,
        policy: Policy | None = None,
        clock: Callable[[], datetime] = utc_now,
        running: Callable[[], float] = running_clock,
        rng: Random | None = None,
        on_results: Callable[[Sequence[wire.CaseResult]], None] | None = None,
        on_progress: Callable[[Sequence[wire.CaseWord]], None] | None = None,
        enrolment_code: str = "",
        area_code: str = "",
        log: Log | None = None,
        publishers: Publishers | None = None,
        kinds: reserving.Kinds = lambda: reserving.KINDS,
        entry: EntrySecret | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.clock = clock
        self.time = Clock(journal, clock, running)
        self.beat: Callable[[], None] = lambda: None  # called when an exchange has ended, well or not
        key = key if log is None else key_by_the_log(log, key)
        self._on_progress = on_progress
        self._journal, self._code, self._area, self._on_results = journal, enrolment_code, Area(area_code), on_results
        self._state = SyncState(journal)
        self._exchange = Exchange(transport, key, clock, self.policy)
        self._exchange.offset = self._state.offset
        self._exchange.beat = lambda: self.beat()
        rng = rng or Random(secrets.randbits(64))  # noqa: S311  # spreads load, guards nothing
        self._backoff = Backoff(self._state, self.policy, rng)
        self._notices = Notices(journal, self.policy.overdue)
        self._uploads = Uploads(self._exchange, self.policy, running)
        self._pushes = pushing.Pushes(
            journal, self._exchange, self._uploads, self._backoff, self._notices, self.policy, clock
        )
        self._blocks = reserving.Blocks(
            journal, self._state, self._exchange, self._area, self._notices, self.policy, kinds
        )
        self._keys = Keys(key, self._exchange, self._state, journal, self._notices)
        self._entry = None if entry is None else EntryTelling(entry, self._exchange, journal)
        self._checkpoints = None
        if log is not None:
            self._checkpoints = Checkpoints(log, self._state, self._exchange, lambda: self._keys.own)
        self._downloads = None
        if publishers is not None and publishers.keys:
            orders = Commands(journal, self._exchange, publishers.deeds, lambda: self._keys.own, clock)
            self._downloads = Downloads(journal, self._exchange, self.policy, publishers, clock, running, orders)

    @property
    def enrolment(self) -> wire.Enrolment | None:
        """Who this terminal is; None while it may not commit a case."""
        enrolment = self._state.enrolment
        return enrolment if enrolment is not None and self._area.holds(enrolment.area_code) else None

    @property
    def key(self) -> TerminalKey:
        """The terminal's key as it signs now."""
        return self._keys.own

    @property
    def key_in_use_since(self) -> datetime | None:
        """Since when it has been seen in use, by a clock that the backend had confirmed; None while nobody knows."""
        return None if self._state.key_since is None else self._state.key_since[1]

    @property
    def clock_offset(self) -> timedelta:
        """How far the backend's clock is ahead of this terminal's, by the last signed reply."""
        return self._exchange.offset

    def enrol(self, code: str) -> wire.Enrolment:
        """The terminal's identity; asks the backend once and remembers. Raises SyncFailure."""
        if self._state.enrolment is None:
            enrolment = self._exchange.enrol(code)
            hit("sync.enrolled")
            self._area.check(enrolment.area_code)
            self._state.enrolment = enrolment
            self._state.offset = self._exchange.offset
            self._journal.audit("terminal.enrolled", terminal=enrolment.terminal_id, key=enrolment.sealing_key_id)
            self._backoff.good()
            return enrolment
        return self._state.enrolment

    def cycle(self, now: datetime | None = None, *, urgent: bool = False) -> CycleReport:
        """One pass. Expected failures end in the report; ``urgent`` tries although the back-off has not run out."""
        now = now or self.clock()
        report = CycleReport(next_at=now + timedelta(seconds=self.policy.idle))
        link = self._backoff.look(now)
        if self._state.enrolment is None and not self._code:
            report.cause = "not-enrolled"
        elif link.next_at is not None and now < link.next_at and not urgent:
            report.cause, report.next_at = link.cause, link.next_at
        else:
            self._attempt(now, report)
        report.counts = self._journal.counts()
        self._notices.times(self.time.look(), report)
        return report

    def change_key(self) -> None:
        """Begins to change the terminal's own key; a pass that reaches the backend completes it. Raises SyncFailure."""
        self._keys.own.begin_change()

    def interrupt(self) -> None:
        """From another thread: the exchange under way ends now, and no other begins."""
        self._exchange.interrupt()

    def close(self) -> None:
        self._exchange.close()

    # -- one attempt

    def _attempt(self, now: datetime, report: CycleReport) -> None:
        report.attempted = True
        try:
            enrolment = self.enrol(self._code)
            if self.time.trust is Trust.CONFIRMED:
                self._keys.begin_by_age(self.clock() + self._exchange.offset, timedelta(seconds=self.policy.key_life))
            self._keys.complete_change(enrolment, self._checkpoints, report)
            self._exchange_all(enrolment, now, report)
        except SyncFailure as failure:
            report.cause, report.advice = failure.cause, failure.advice
            if failure.cause == "stopped":
                return  # we hung up ourselves: nobody's failure
            if failure.cause == "tls-date":
                self._judge_tls_date(report)
            report.next_at = self._backoff.failed(failure, now)
            self._notices.alarm_if(failure.cause)
            if self._checkpoints is not None and self._state.enrolment is not None:
                self._checkpoints.keep(self._state.enrolment)  # off line the log is at least signed
        else:
            report.online = True
            self._backoff.good()
            if not report.retried and not report.cause:
                self._notices.good()
        self._state.offset = self._exchange.offset
        if self._exchange.heard:
            self._exchange.heard = False
            self.time.heard(self._exchange.offset)

    def _exchange_all(self, enrolment: wire.Enrolment, now: datetime, report: CycleReport) -> None:
        """Cases first, the log last, so that its end covers what this pass has written."""
        refused: list[SyncFailure] = []
        self._blocks.begin()
        with _reached(refused):
            self._pushes.push(enrolment, now, report, between=lambda: self._replace_spent(enrolment, report))
        may_ask_more = not refused  # a backend that cannot take the queue is not burdened with what can wait
        with _reached(refused):
            self._area.check(enrolment.area_code)
            self._blocks.reserve(enrolment, report)
        if may_ask_more:
            with _reached(refused):
                self._fetch_results(enrolment, report)
        enrolment = self._keys.learn(enrolment, report)
        self._tell_entry_secret(enrolment, report)
        if self._downloads is not None:
            self._downloads.step(enrolment, report)
        self._send_checkpoint(enrolment, report)
        if refused:
            raise refused[0]

    def _replace_spent(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        if self._area.holds(enrolment.area_code):
            self._blocks.replace_spent(enrolment, report)

    def _fetch_results(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        more = True
        while more:
            target = "/v1/results" + (f"?since={quote(self._state.cursor)}" if self._state.cursor else "")
            reply = self._exchange.call(enrolment, "GET", target, b"", wire.ResultsReply)
            if reply.results and self._on_results is not None:
                self._on_results(reply.results)  # first kept, then passed by: a crash between shows them again
            if reply.progress and self._on_progress is not None:
                self._on_progress(reply.progress)
            hit("sync.results")
            more = reply.more and reply.cursor != self._state.cursor
            self._state.cursor = reply.cursor
            report.results += len(reply.results)

    def _tell_entry_secret(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        if self._entry is None:
            return
        try:
            self._entry.tell(enrolment)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            self._notices.alarm_if(failure.cause)
            if not report.cause:
                report.cause, report.advice = failure.cause, failure.advice

    def _send_checkpoint(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        if self._checkpoints is None:
            return
        try:
            trouble = self._checkpoints.send(enrolment)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            trouble = failure.cause
            self._notices.alarm_if(trouble)
        if trouble and not report.cause:
            report.cause, report.advice = trouble, SyncFailure(Failure.SERVER, trouble).advice

    def _judge_tls_date(self, report: CycleReport) -> None:
        """A certificate out of its time: the clock is at fault, unless the backend has just confirmed it."""
        report.cause = "certificate-date" if self.time.trust is Trust.CONFIRMED else "clock"
        report.advice = SyncFailure(Failure.NETWORK, report.cause).advice


@contextmanager
def _reached(refused: list[SyncFailure]) -> Iterator[None]:
    """What the backend itself refuses waits for the end of the pass; that nobody is reached ends it now."""
    try:
        yield
    except SyncFailure as failure:
        if failure.kind is Failure.NETWORK:
            raise
        refused.append(failure)
