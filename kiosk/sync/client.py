"""One pass over the wire: the queue pushed in batches, numbers reserved ahead, results fetched.

Everything may be sent twice: the backend knows items by id and hash. An item leaves the queue only for an
acknowledgement that echoes both and is signed; what the backend refuses is set aside, and never stops the rest.
Trouble with numbers never keeps cases back, nor the other way round.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal, Protocol
from urllib.parse import quote

import msgspec

from kiosk import wire
from kiosk.journal.errors import JournalError
from kiosk.journal.records import AckRecord, Block, Counts, OutboxItem
from kiosk.sync.exchange import Exchange
from kiosk.sync.identity import TerminalKey
from kiosk.sync.outcome import BatchOutcome, judge
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.state import LinkState, Meta, SyncState
from kiosk.sync.transport import Transport

AsideState = Literal["rejected", "quarantined"]
BLOCK_KINDS: tuple[wire.BlockKind, ...] = ("case", "uscc")
ALARMING = ("captive-portal", "bad-signature", "bad-time", "bad-json", "bad-block", "block-overlap", "wrong-area")
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
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0, 0, 0, None))


def utc_now() -> datetime:
    return datetime.now(UTC)


class SyncClient:
    """Used by one thread at a time (``interrupt`` excepted). ``on_results`` may see a result twice: it keeps by case.

    ``clock`` gives aware times; ``rng`` spreads the waits. With an ``enrolment_code`` the first pass that reaches the
    backend enrols the terminal by itself. ``area_code`` (GB/T 2260) is where the terminal stands: numbers bear it, so
    an enrolment or a block for another area is refused; "" takes any.
    """

    def __init__(
        self,
        journal: Outbox,
        transport: Transport,
        key: TerminalKey,
        *,
        policy: Policy | None = None,
        clock: Callable[[], datetime] = utc_now,
        rng: Random | None = None,
        on_results: Callable[[Sequence[wire.CaseResult]], None] | None = None,
        enrolment_code: str = "",
        area_code: str = "",
    ) -> None:
        self.policy = policy or Policy()
        self.clock = clock
        self._journal = journal
        self._state = SyncState(journal)
        self._exchange = Exchange(transport, key, clock, self.policy)
        self._exchange.offset = self._state.offset
        self._rng = rng or Random(secrets.randbits(64))  # noqa: S311  # spreads load, guards nothing
        self._on_results = on_results
        self._code, self._area = enrolment_code, area_code
        self._uploaded: dict[str, None] = {}
        self._alarmed: set[str] = set()
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
        return report

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
            self._exchange_all(enrolment, now, report)
        except SyncFailure as failure:
            report.cause, report.advice = failure.cause, failure.advice
            if failure.cause == "stopped":
                return  # we hung up ourselves: nobody's failure
            link = self._next_link(failure, now)
            self._state.link = link
            report.next_at = link.next_at
            if failure.cause in ALARMING:
                self._alarm(failure.cause)
        else:
            report.online = True
            self._state.link = LinkState()
            if not report.retried and not report.cause:
                self._alarmed.clear()
        self._state.offset = self._exchange.offset

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
        if refused is not None:
            raise refused
        self._fetch_results(enrolment, report)

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

    def _push(
        self, enrolment: wire.Enrolment, items: Sequence[OutboxItem], horizon: datetime, report: CycleReport
    ) -> None:
        self._settled.clear()
        ready = [item for item in items if self._prepare(enrolment, item, report)]
        batches = [ready] if ready else []
        while batches:
            batch = batches.pop()
            body = msgspec.json.encode(wire.PushRequest([_on_wire(item) for item in batch]))
            try:
                if len(body) > wire.MAX_PUSH_BYTES:  # refused half-way, it would look like a cut line for ever
                    raise SyncFailure(Failure.ITEM, "too-large")
                reply = self._exchange.call(enrolment, "POST", "/v1/items", body, wire.PushReply)
            except SyncFailure as failure:
                if failure.kind is not Failure.ITEM:
                    raise
                if len(batch) > 1:  # one of them is the trouble: the halves will tell
                    middle = len(batch) // 2
                    batches += [batch[middle:], batch[:middle]]
                else:
                    self._set_aside(batch[0], "rejected", failure.cause, report)
                continue
            self._settle(judge(enrolment, batch, reply.results), batch, horizon, report)

    def _prepare(self, enrolment: wire.Enrolment, item: OutboxItem, report: CycleReport) -> bool:
        """Whether the item can be pushed: it is what it says, and its materials are there."""
        if hashlib.sha256(item.sealed).hexdigest() != item.hash:
            self._set_aside(item, "quarantined", "hash-mismatch", report)
            return False
        for digest, data in item.attachments:
            if digest in self._uploaded:
                continue
            target = f"/v1/materials/{quote(digest, safe='')}"
            try:
                if len(data) > wire.MAX_MATERIAL_BYTES:
                    raise SyncFailure(Failure.ITEM, "too-large")
                self._exchange.call(enrolment, "PUT", target, data, wire.MaterialReply, raw=True)
            except SyncFailure as failure:
                if failure.kind is not Failure.ITEM:
                    raise
                self._set_aside(item, "rejected", f"material-{failure.cause}", report)
                return False
            self._uploaded[digest] = None
            if len(self._uploaded) > 4096:
                self._uploaded.pop(next(iter(self._uploaded)))
        return True

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
            for attempts in sorted({by_id[item_id].attempts for item_id in ids}):
                same = [item_id for item_id in ids if by_id[item_id].attempts == attempts]
                # beyond the horizon, so that this pass does not meet them again
                self._journal.reschedule(same, horizon + self.policy.wait(attempts + 1, self._rng), cause)
            self._settled.update(ids)
            report.retried += len(ids)
            report.cause = cause
            for item_id in ids:  # the backend may have lost a material: send it again with the item
                for digest, _ in by_id[item_id].attachments:
                    self._uploaded.pop(digest, None)

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
            more = reply.more and reply.cursor != self._state.cursor
            self._state.cursor = reply.cursor
            report.results += len(reply.results)


def _on_wire(item: OutboxItem) -> wire.SealedItem:
    attachments = [digest for digest, _ in item.attachments]
    return wire.SealedItem(item.id, item.kind, item.hash, wire.b64(item.sealed), attachments, dict(item.meta))
