"""One pass over the wire: the queue pushed in batches, numbers reserved ahead, results fetched.

Everything may be sent twice: the backend knows items by id and hash. An item leaves the queue only for an
acknowledgement that echoes both and is signed; what the backend refuses is set aside, and never stops the rest.
Trouble with numbers never keeps cases back, nor the other way round; nor does trouble with the audit log.

Failpoints: ``sync.answered`` (the backend has said what became of a batch, nothing of it is kept here),
``sync.settled`` (kept), ``sync.results`` (results are kept, the cursor still stands before them).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal, Protocol
from urllib.parse import quote

import msgspec

from kiosk import wire
from kiosk.health.failpoints import hit
from kiosk.journal.errors import JournalError
from kiosk.journal.records import AckRecord, Block, Counts, OutboxItem
from kiosk.sync.checkpoints import Checkpoints, Log, key_by_the_log
from kiosk.sync.clock import Clock, Trust, running_clock
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.keys import change as change_key
from kiosk.sync.keys import learn
from kiosk.sync.outcome import BatchOutcome, judge
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.state import LinkState, Meta, SyncState
from kiosk.sync.transport import Transport
from kiosk.sync.upload import Uploads

FAILPOINTS = ("sync.answered", "sync.settled", "sync.results")
AsideState = Literal["rejected", "quarantined"]
NEXT_LOOK = timedelta(minutes=10)  # at an item whose pictures wait: less than any clock's fault would be taken for
FAULT = "fault"  # the backend's own word for a bug of its own, signed
FAULTY_ITEMS = 9  # in one pass, whose materials the backend fails at; where there are more, it fails at all
BLOCK_KINDS: tuple[wire.BlockKind, ...] = ("case", "uscc")
ALARMING = ("captive-portal", "bad-signature", "bad-time", "bad-json", "bad-block", "block-overlap", "wrong-area",
            "bad-receipt", "bad-keys")  # fmt: skip
WRONG_AREA = "Correct terminal.area_code in the profile, or enrol this terminal with a code issued for its area."


class Outbox(Meta, Protocol):
    """The part of the journal that the sync uses (kiosk.journal.journal.Journal)."""

    def due(self, now: datetime, limit: int, max_bytes: int) -> list[OutboxItem]: ...

    def acknowledge(self, acks: Sequence[AckRecord]) -> object: ...

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None: ...

    def set_aside(self, item_id: str, state: AsideState, reason: str) -> None: ...

    def counts(self) -> Counts: ...

    def add_block(self, block: Block) -> None: ...

    def numbers_left(self, kind: str) -> int: ...

    def audit(self, event: str, /, **details: str | int) -> None: ...


@dataclass(slots=True)
class CycleReport:
    """What one pass did. ``online``: the backend itself answered. ``next_at``: when the next pass is due."""

    online: bool = False
    attempted: bool = False
    acknowledged: int = 0
    set_aside: int = 0
    retried: int = 0
    blocks: int = 0
    results: int = 0
    cause: str = ""
    advice: str = ""
    next_at: datetime | None = None
    clock: Trust = Trust.PLAUSIBLE  # whether this machine's clock may be believed
    overdue: bool = False  # something has waited for longer than policy.overdue
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0, 0, 0, None))


def utc_now() -> datetime:
    return datetime.now(UTC)


class SyncClient:
    """Used by one thread at a time (``interrupt`` excepted). ``on_results`` may see a result twice: it keeps by case.

    ``clock`` gives aware times; ``rng`` spreads the waits. With an ``enrolment_code`` the first pass that reaches the
    backend enrols the terminal by itself. ``area_code`` (GB/T 2260) is where the terminal stands: numbers bear it, so
    an enrolment or a block for another area is refused; "" takes any. ``log`` is the journal once more: the end of its
    audit chain is sent with every pass.
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
        enrolment_code: str = "",
        area_code: str = "",
        log: Log | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.clock = clock
        self._journal = journal
        self._state = SyncState(journal)
        self._key = key if log is None else key_by_the_log(log, key)
        self._exchange = Exchange(transport, self._key, clock, self.policy)
        self._exchange.offset = self._state.offset
        self.beat: Callable[[], None] = lambda: None  # called when an exchange has ended, well or not
        self._exchange.beat = lambda: self.beat()
        self._began = clock()
        self.time = Clock(journal, clock, running)
        self._uploads = Uploads(self._exchange, self.policy, running)
        self._rng = rng or Random(secrets.randbits(64))  # noqa: S311  # spreads load, guards nothing
        self._on_results = on_results
        self._code, self._area = enrolment_code, area_code
        self._checkpoints = None if log is None else Checkpoints(log, self._state, self._exchange, lambda: self._key)
        self._alarmed: set[str] = set()
        self._faults: Counter[str] = Counter()  # ids at which the backend failed, in how many good passes
        self._faulted: set[str] = set()  # those of the pass under way
        self._wrong_clock = self._overdue = False  # told already
        self._settled: set[str] = set()  # ids of the batch under way that need no more

    @property
    def enrolment(self) -> wire.Enrolment | None:
        """Who this terminal is; None while it may not commit a case."""
        enrolment = self._state.enrolment
        return enrolment if enrolment is not None and self._here(enrolment.area_code) else None

    @property
    def clock_offset(self) -> timedelta:
        """How far the backend's clock is ahead of this terminal's, by the last signed reply."""
        return self._exchange.offset

    def enrol(self, code: str) -> wire.Enrolment:
        """The terminal's identity; asks the backend once and remembers. Raises SyncFailure."""
        if self._state.enrolment is None:
            enrolment = self._exchange.enrol(code)
            self._check_area(enrolment)
            self._state.enrolment = enrolment
            self._state.offset = self._exchange.offset
            self._journal.audit("terminal.enrolled", terminal=enrolment.terminal_id, key=enrolment.sealing_key_id)
            self._state.link = LinkState()
            return enrolment
        return self._state.enrolment

    def cycle(self, now: datetime | None = None, *, urgent: bool = False) -> CycleReport:
        """One pass. Expected failures end in the report; ``urgent`` tries although the back-off has not run out."""
        now = now or self.clock()
        report = CycleReport(next_at=now + timedelta(seconds=self.policy.idle))
        link = self._state.link
        if link.next_at is not None and link.next_at > now + timedelta(seconds=self.policy.longest_wait):
            link = self._state.link = replace(link, next_at=now)  # no wait is that long: the clock was wrong
        if self._state.enrolment is None and not self._code:
            report.cause = "not-enrolled"
        elif link.next_at is not None and now < link.next_at and not urgent:
            report.cause, report.next_at = link.cause, link.next_at
        else:
            self._attempt(now, report)
        report.counts = self._journal.counts()
        self._look_at_times(report)
        return report

    def change_key(self) -> None:
        """Begins to change the terminal's own key; a pass that reaches the backend completes it. Raises SyncFailure."""
        self._key.begin_change()

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
            self._complete_key_change(enrolment, report)
            self._exchange_all(enrolment, now, report)
        except SyncFailure as failure:
            report.cause, report.advice = failure.cause, failure.advice
            if failure.cause == "stopped":
                return  # we hung up ourselves: nobody's failure
            if failure.cause == "tls-date":
                self._judge_tls_date(report)
            link = self._next_link(failure, now)
            self._state.link = link
            report.next_at = link.next_at
            if failure.cause in ALARMING:
                self._alarm(failure.cause)
            if self._checkpoints is not None and self._state.enrolment is not None:
                self._checkpoints.keep(self._state.enrolment)  # off line the log is at least signed
        else:
            report.online = True
            self._state.link = LinkState()
            if not report.retried and not report.cause:
                self._alarmed.clear()
        self._state.offset = self._exchange.offset
        if self._exchange.heard:
            self._exchange.heard = False
            self.time.heard(self._exchange.offset)

    def _exchange_all(self, enrolment: wire.Enrolment, now: datetime, report: CycleReport) -> None:
        """Cases first; numbers even where the backend refuses the queue, unless nobody can be reached at all."""
        refused: SyncFailure | None = None
        try:
            self._push_all(enrolment, now, report)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            refused = failure
        self._check_area(enrolment)
        self._reserve(enrolment, report)
        if refused is None:
            self._fetch_results(enrolment, report)
        enrolment = self._learn_keys(enrolment, report)
        self._send_checkpoint(enrolment, report)
        if refused is not None:
            raise refused

    # -- keys

    def _complete_key_change(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        """Before anything else: where an earlier answer was lost, the old key is worth nothing any more."""
        new = self._key.pending()
        if new is None:
            return
        try:
            change_key(self._exchange, enrolment, self._key, new)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            if failure.kind is Failure.ITEM:
                self._key.drop_change()  # this key is not to be had: another try makes another
            report.cause, report.advice = failure.cause, failure.advice
            return
        if self._checkpoints is not None:
            self._checkpoints.change_key(enrolment, new)  # while the old one still signs for it
        new.complete_change()
        self._key = new

    def _learn_keys(self, enrolment: wire.Enrolment, report: CycleReport) -> wire.Enrolment:
        """The enrolment to go on with. What is sealed from here on is sealed to the newest key."""
        if not self._exchange.newer_keys:
            return enrolment
        try:
            learnt = learn(self._exchange, enrolment)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            report.cause, report.advice = failure.cause, failure.advice
            if failure.cause in ALARMING:
                self._alarm(failure.cause)
            return enrolment
        self._exchange.newer_keys = False
        if learnt != enrolment:
            self._state.enrolment = learnt
            self._journal.audit("terminal.enrolled", terminal=learnt.terminal_id, key=learnt.sealing_key_id)
        return learnt

    def _send_checkpoint(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        """Last, so that it covers what this pass has written."""
        if self._checkpoints is None:
            return
        try:
            trouble = self._checkpoints.send(enrolment)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            trouble = failure.cause
            if trouble in ALARMING:
                self._alarm(trouble)
        if trouble and not report.cause:
            report.cause, report.advice = trouble, SyncFailure(Failure.SERVER, trouble).advice

    def _here(self, area_code: str) -> bool:
        return area_code == self._area or not self._area

    def _check_area(self, enrolment: wire.Enrolment) -> None:
        if not self._here(enrolment.area_code):
            raise SyncFailure(Failure.SERVER, "wrong-area", WRONG_AREA)

    def _next_link(self, failure: SyncFailure, now: datetime) -> LinkState:
        link = self._state.link
        if link.next_at is not None and link.next_at > now and link.cause == failure.cause:
            return link  # an urgent try in between does not lengthen the wait
        failures = link.failures + 1
        return LinkState(failures, failure.cause, now + self.policy.wait(failures, self._rng))

    def _judge_tls_date(self, report: CycleReport) -> None:
        """A certificate out of its time: the clock is at fault, unless the backend has just confirmed it."""
        report.cause = "certificate-date" if self.time.trust is Trust.CONFIRMED else "clock"
        report.advice = SyncFailure(Failure.NETWORK, report.cause).advice

    def _look_at_times(self, report: CycleReport) -> None:
        """A clock that cannot be right, and an item that waits too long, are told once each until it is well again."""
        reading = self.time.look()
        report.clock = reading.trust
        wrong = reading.trust is Trust.WRONG or report.cause == "clock"
        if wrong != self._wrong_clock:
            self._wrong_clock = wrong
            if wrong:
                self._journal.audit("clock.wrong", seconds=round(-reading.offset.total_seconds()))
            else:
                self._journal.audit("clock.right")
        oldest = report.counts.oldest_unsent_at
        waits = reading.wall - oldest if oldest is not None and not wrong else timedelta()
        report.overdue = waits > timedelta(seconds=self.policy.overdue)
        if report.overdue and not self._overdue:
            self._journal.audit("sync.overdue", hours=int(waits.total_seconds() // 3600))
        if not wrong:
            self._overdue = report.overdue

    def _alarm(self, reason: str) -> None:
        if reason not in self._alarmed:  # said once, until the line has been good again
            self._alarmed.add(reason)
            self._journal.audit("sync.alarm", reason=reason)

    # -- numbers

    def _reserve(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        for kind in BLOCK_KINDS:
            request_id = self._state.request_of(kind)
            if not request_id:
                if self._journal.numbers_left(kind) > self.policy.low_water:
                    continue
                # kept before it is sent: a lost answer, or a crash, gets the same block again
                request_id = secrets.token_hex(16)
                self._state.set_request(kind, request_id)
            body = msgspec.json.encode(wire.BlockRequest(kind, self.policy.block, request_id))
            try:
                block = self._exchange.call(enrolment, "POST", "/v1/blocks", body, wire.NumberBlock)
                self._check_block(enrolment, block, kind, request_id)
            except SyncFailure as failure:
                if failure.kind is Failure.NETWORK:
                    raise
                report.cause = failure.cause
                if failure.kind is Failure.ITEM:
                    self._state.set_request(kind, "")  # this request is spent; the next pass makes a new one
                elif failure.cause in ALARMING:
                    self._alarm(failure.cause)
                continue
            self._keep_block(block, report)
            self._state.set_request(kind, "")

    def _keep_block(self, block: wire.NumberBlock, report: CycleReport) -> None:
        """Numbers that this terminal has had already are not used: told, and the next pass asks for others."""
        try:
            self._journal.add_block(Block(block.kind, block.first, block.last, block.area_code, block.signature))
        except JournalError as error:
            if error.code != "block-overlap":
                raise
            report.cause = error.code
            self._alarm(error.code)
        else:
            report.blocks += 1

    def _check_block(self, enrolment: wire.Enrolment, block: wire.NumberBlock, kind: str, request_id: str) -> None:
        same = (block.kind, block.request_id, block.terminal_id) == (kind, request_id, enrolment.terminal_id)
        if not same or not 0 < block.first <= block.last:
            raise SyncFailure(Failure.SERVER, "bad-block")
        try:
            wire.verify(wire.unb64(enrolment.signing_key), block.canonical(), block.signature)
        except wire.BadSignature:
            raise SyncFailure(Failure.SERVER, "bad-block") from None
        if not self._here(block.area_code):
            raise SyncFailure(Failure.SERVER, "wrong-area", WRONG_AREA)

    # -- the queue

    def _push_all(self, enrolment: wire.Enrolment, now: datetime, report: CycleReport) -> None:
        self._faulted.clear()
        # what was put off because the line was down is due as soon as it is up
        horizon = max(now, self._state.link.next_at or now)
        while items := self._journal.due(horizon, min(self.policy.batch, wire.MAX_BATCH), self.policy.batch_bytes):
            try:
                self._push(enrolment, items, horizon, report)
            except SyncFailure as failure:
                if failure.cause != "stopped":
                    waiting = [item.id for item in items if item.id not in self._settled]
                    self._state.link = self._next_link(failure, now)
                    self._journal.reschedule(waiting, self._state.link.next_at or now, failure.cause)
                    report.retried += len(waiting)
                raise
        self._judge_faulted(report)

    def _push(
        self, enrolment: wire.Enrolment, items: Sequence[OutboxItem], horizon: datetime, report: CycleReport
    ) -> None:
        self._settled.clear()
        ready = [item for item in items if self._prepare(enrolment, item, horizon, report)]
        batches = [ready] if ready else []
        faults, borne = 0, len(ready).bit_length() + 1  # in a row; so many until one item stands alone
        while batches:
            batch = batches.pop()
            body = msgspec.json.encode(wire.PushRequest([_on_wire(item) for item in batch]))
            try:
                if len(body) > wire.MAX_PUSH_BYTES:  # refused half-way, it would look like a cut line for ever
                    raise SyncFailure(Failure.ITEM, "too-large")
                reply = self._exchange.call(enrolment, "POST", "/v1/items", body, wire.PushReply)
            except SyncFailure as failure:
                faults += failure.cause == FAULT
                if failure.kind is not Failure.ITEM and not (failure.cause == FAULT and faults <= borne):
                    raise
                if len(batch) > 1:  # one of them is the trouble: the halves will tell
                    middle = len(batch) // 2
                    batches += [batch[middle:], batch[:middle]]
                elif failure.cause == FAULT:
                    self._bear(batch[0], horizon, report)
                else:
                    self._set_aside(batch[0], "rejected", failure.cause, report)
                continue
            faults = 0
            hit("sync.answered")
            self._settle(judge(enrolment, batch, reply.results), batch, horizon, report)
            hit("sync.settled")

    def _prepare(self, enrolment: wire.Enrolment, item: OutboxItem, horizon: datetime, report: CycleReport) -> bool:
        """Whether the item can be pushed: it is what it says, and its materials are there."""
        if hashlib.sha256(item.sealed).hexdigest() != item.hash:
            self._set_aside(item, "quarantined", "hash-mismatch", report)
            return False
        if self._pictures_wait(item):
            self._journal.reschedule([item.id], horizon + NEXT_LOOK, "pictures-wait")
            self._settled.add(item.id)
            return False
        for digest, data in item.attachments:
            try:
                self._uploads.bring(enrolment, digest, data, tried=item.attempts > 0 or item.created_at < self._began)
            except SyncFailure as failure:
                if failure.kind is Failure.ITEM:
                    self._set_aside(item, "rejected", f"material-{failure.cause}", report)
                elif failure.cause == FAULT and len(self._faulted) < FAULTY_ITEMS:
                    self._bear(item, horizon, report)
                else:
                    raise
                return False
        return True

    def _pictures_wait(self, item: OutboxItem) -> bool:
        """Whether the item has large materials, and this is not the time of day for them. Others go meanwhile."""
        if self.policy.pictures is None or self.policy.pictures.holds(self.clock() + self._exchange.offset):
            return False
        return any(
            len(data) > wire.RESUMABLE_FROM for digest, data in item.attachments if not self._uploads.has(digest)
        )

    def _settle(
        self, outcome: BatchOutcome, batch: Sequence[OutboxItem], horizon: datetime, report: CycleReport
    ) -> None:
        by_id = {item.id: item for item in batch}
        if outcome.acks:
            self._journal.acknowledge(outcome.acks)
            self._settled.update(ack.id for ack in outcome.acks)
            report.acknowledged += len(outcome.acks)
        for aside in outcome.aside:
            self._set_aside(by_id[aside.id], aside.state, aside.reason, report)
        for cause, ids in outcome.again.items():
            if cause == "bad-ack":
                self._alarm(cause)
            self._put_off([by_id[item_id] for item_id in ids], cause, horizon, report)

    def _put_off(self, items: Sequence[OutboxItem], cause: str, horizon: datetime, report: CycleReport) -> None:
        """These go again, each after a wait of its own: beyond the horizon, so that this pass does not meet them."""
        for attempts in sorted({item.attempts for item in items}):
            same = [item.id for item in items if item.attempts == attempts]
            self._journal.reschedule(same, horizon + self.policy.wait(attempts + 1, self._rng), cause)
        self._settled.update(item.id for item in items)
        report.retried += len(items)
        report.cause = cause
        for item in items:  # the backend may have lost a material: send it again with the item
            for digest, _ in item.attachments:
                self._uploads.forget(digest)

    def _bear(self, item: OutboxItem, horizon: datetime, report: CycleReport) -> None:
        """The backend fails at this item alone: it goes again, and the rest goes on."""
        self._put_off([item], FAULT, horizon, report)
        self._faulted.add(item.id)

    def _judge_faulted(self, report: CycleReport) -> None:
        """An item at which the backend fails while it takes others is set aside at last: a person has to look.

        Where nothing else went through, the fault is the backend's alone, and is not held against the item.
        """
        for item_id in self._faulted if report.acknowledged else ():
            self._faults[item_id] += 1
            if self._faults[item_id] >= self.policy.faults_borne:
                self._journal.set_aside(item_id, "quarantined", "backend-fault")
                report.set_aside += 1

    def _set_aside(self, item: OutboxItem, state: AsideState, reason: str, report: CycleReport) -> None:
        self._journal.set_aside(item.id, state, reason)
        self._settled.add(item.id)
        report.set_aside += 1

    # -- results

    def _fetch_results(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        more = True
        while more:
            target = "/v1/results" + (f"?since={quote(self._state.cursor)}" if self._state.cursor else "")
            reply = self._exchange.call(enrolment, "GET", target, b"", wire.ResultsReply)
            if reply.results and self._on_results is not None:
                self._on_results(reply.results)  # first kept, then passed by: a crash between shows them again
            hit("sync.results")
            more = reply.more and reply.cursor != self._state.cursor
            self._state.cursor = reply.cursor
            report.results += len(reply.results)


def _on_wire(item: OutboxItem) -> wire.SealedItem:
    attachments = [digest for digest, _ in item.attachments]
    return wire.SealedItem(item.id, item.kind, item.hash, wire.b64(item.sealed), attachments, dict(item.meta))
