"""The queue pushed in batches.

An item leaves the queue only for an acknowledgement that echoes its id and hash and is signed; what the backend
refuses is set aside, and never stops the rest. Nor does a picture that the line does not carry: others go before it.

A long queue is pushed with both ends at work: while the backend takes one batch in, the next is read and put together
here, and goes out before the answer to the first is marked. One request at a time is on its way, and a batch that needs
anything more than being sent (materials to bring, one that is not in order) waits until no other is.

Failpoints: ``sync.answered`` (the backend has said what became of a batch, nothing of it is kept here),
``sync.settled`` (kept).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from kiosk import wire
from kiosk.health.failpoints import hit
from kiosk.journal.records import AckRecord, Counts, OutboxItem
from kiosk.sync.backoff import Backoff
from kiosk.sync.exchange import Exchange
from kiosk.sync.notices import Notices
from kiosk.sync.outcome import BatchOutcome, judge
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.report import CycleReport
from kiosk.sync.upload import Uploads

FAILPOINTS = ("sync.answered", "sync.settled")
AsideState = Literal["rejected", "quarantined"]
NEXT_LOOK = timedelta(minutes=10)  # at an item whose pictures wait: less than any clock's fault would be taken for
FAULT = "fault"  # the backend's own word for a bug of its own, signed
BUGS = (FAULT, "bad-offset")  # of the backend's, that one material alone may meet
FAULTY_ITEMS = 9  # in one pass that the backend fails at; where there are more, it fails at all
FAULTY_IN_A_ROW = 3  # of one batch, met for the first time and with nothing gone through between: the same


class Queue(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def due(self, now: datetime, limit: int, max_bytes: int, after: str = "") -> list[OutboxItem]: ...

    def acknowledge(self, acks: Sequence[AckRecord]) -> object: ...

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None: ...

    def set_aside(self, item_id: str, state: AsideState, reason: str) -> None: ...

    def counts(self) -> Counts: ...


@dataclass(frozen=True, slots=True)
class _Sent:
    """A batch on its way, and what waits for its answer (SyncFailure)."""

    items: Sequence[OutboxItem]
    answer: Callable[[], wire.PushReply]


class Pushes:
    """Used by one thread. ``clock`` gives aware times."""

    def __init__(
        self,
        queue: Queue,
        exchange: Exchange,
        uploads: Uploads,
        backoff: Backoff,
        notices: Notices,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        self._queue, self._exchange, self._uploads = queue, exchange, uploads
        self._backoff, self._notices, self._policy, self._clock = backoff, notices, policy, clock
        self._began = clock()
        self._faults: Counter[str] = Counter()  # ids at which the backend has failed, in how many good passes
        self._faulted: set[str] = set()  # those of the pass under way
        self._settled: set[str] = set()  # ids of the batch under way that need no more
        self._cut = ""  # why the line has not carried a material in the pass under way

    def push(
        self,
        enrolment: wire.Enrolment,
        now: datetime,
        report: CycleReport,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Everything that is due. Raises SyncFailure, and then what is left waits with the line.

        ``between`` is called after each batch: a pass may last for hours.
        """
        self._faulted.clear()
        self._cut = ""
        # what was put off because the line was down is due as soon as it is up
        horizon = max(now, self._backoff.next_at or now)
        limit, size = min(self._policy.batch, wire.MAX_BATCH), self._policy.batch_bytes
        sent: _Sent | None = None
        while (items := self._queue.due(horizon, limit, size, sent.items[-1].id if sent else "")) or sent:
            ahead = self._ready(enrolment, items)
            if sent is None and ahead is not None:
                sent = ahead()
                continue
            onward = _Onward(between, ahead if sent else None)
            batch = sent.items if sent else items
            try:
                self._push(enrolment, batch, horizon, report, sent.answer if sent else None, onward)
            except SyncFailure as failure:
                if failure.cause != "stopped":
                    waiting = [item.id for item in batch if item.id not in self._settled]
                    self._queue.reschedule(waiting, self._backoff.failed(failure, now), failure.cause)
                    report.retried += len(waiting)
                    self._judge_faulted(report)
                raise
            sent = onward.sent()
        self._judge_faulted(report)

    def _ready(self, enrolment: wire.Enrolment, items: Sequence[OutboxItem]) -> Callable[[], _Sent] | None:
        """What sends these, where they need nothing but that; None where something is to be done, or decided, first."""
        if not items or not all(self._is_plain(item) for item in items):
            return None
        body = _body(items)
        if len(body) > wire.MAX_PUSH_BYTES:
            return None
        return lambda: _Sent(items, self._ask(enrolment, body))

    def _is_plain(self, item: OutboxItem) -> bool:
        there = all(self._uploads.has(digest) for digest, _ in item.attachments)
        return there and item.id not in self._faults and _is_what_it_says(item)

    def _push(
        self,
        enrolment: wire.Enrolment,
        items: Sequence[OutboxItem],
        horizon: datetime,
        report: CycleReport,
        answer: Callable[[], wire.PushReply] | None,
        onward: Callable[[], None],
    ) -> None:
        """All of ``items``, whatever becomes of each. ``answer``: they are on their way already, as one batch.

        ``onward`` is called when the line is free again for the next.
        """
        self._settled.clear()
        batches = [list(items)]
        if answer is None:
            ready = [item for item in items if self._prepare(enrolment, item, horizon, report)]
            suspects = [[item] for item in ready if item.id in self._faults]  # each alone, after the others
            fresh = [item for item in ready if item.id not in self._faults]
            batches = [*suspects, fresh] if fresh else suspects
        borne = 0  # in a row
        while batches:
            batch = batches.pop()
            try:
                reply = answer() if answer is not None else self._call(enrolment, batch)
            except SyncFailure as failure:
                answer = None
                few = borne < FAULTY_IN_A_ROW and len(self._faulted) < FAULTY_ITEMS
                if failure.kind is not Failure.ITEM and not (failure.cause == FAULT and few):
                    raise
                if len(batch) > 1:  # one of them is the trouble: the halves will tell
                    middle = len(batch) // 2
                    batches += [batch[middle:], batch[:middle]]
                elif failure.cause == FAULT:
                    borne += batch[0].id not in self._faults
                    self._bear(batch[0], FAULT, horizon, report)
                else:
                    self._set_aside(batch[0], "rejected", failure.cause, report)
                continue
            answer, borne = None, 0
            hit("sync.answered")
            if not batches:
                onward()
            self._settle(judge(enrolment, batch, reply.results), batch, horizon, report)
            hit("sync.settled")
        onward()

    def _call(self, enrolment: wire.Enrolment, batch: Sequence[OutboxItem]) -> wire.PushReply:
        body = _body(batch)
        if len(body) > wire.MAX_PUSH_BYTES:  # refused half-way, it would look like a cut line for ever
            raise SyncFailure(Failure.ITEM, "too-large")
        return self._ask(enrolment, body)()

    def _ask(self, enrolment: wire.Enrolment, body: bytes) -> Callable[[], wire.PushReply]:
        return self._exchange.ask(enrolment, "POST", "/v1/items", body, wire.PushReply, wire.PACKED)

    def _prepare(self, enrolment: wire.Enrolment, item: OutboxItem, horizon: datetime, report: CycleReport) -> bool:
        """Whether the item can be pushed: it is what it says, and its materials are there."""
        if not _is_what_it_says(item):
            self._set_aside(item, "quarantined", "hash-mismatch", report)
            return False
        if self._pictures_wait(item):
            self._queue.reschedule([item.id], horizon + NEXT_LOOK, "pictures-wait")
            self._settled.add(item.id)
            return False
        if self._cut and self._large_missing(item):
            self._wait(item, self._cut, horizon, report)  # one try a pass: others like it would stand still as well
            return False
        for digest, data in item.attachments:
            try:
                self._uploads.bring(enrolment, digest, data, tried=item.attempts > 0 or item.created_at < self._began)
            except SyncFailure as failure:
                if failure.kind is Failure.ITEM:
                    self._set_aside(item, "rejected", f"material-{failure.cause}", report)
                elif failure.cause in BUGS and len(self._faulted) < FAULTY_ITEMS:
                    self._bear(item, failure.cause, horizon, report)
                elif failure.kind is Failure.NETWORK and failure.cause != "stopped" and self._exchange.heard:
                    self._let_go_first(item, failure.cause, horizon, report)
                else:
                    raise
                return False
        return True

    def _let_go_first(self, item: OutboxItem, cause: str, horizon: datetime, report: CycleReport) -> None:
        """The backend was heard in this pass, and this does not get through: others tell whether the line holds."""
        if self._cut:
            raise SyncFailure(Failure.NETWORK, cause)
        self._cut = cause
        self._notices.alarm_if(cause)
        self._wait(item, cause, horizon, report)

    def _wait(self, item: OutboxItem, cause: str, horizon: datetime, report: CycleReport) -> None:
        until = horizon + self._backoff.item(item.attempts)
        self._queue.reschedule([item.id], until, cause)
        self._settled.add(item.id)
        report.retried += 1
        report.cause = cause
        report.next_at = until if report.next_at is None else min(until, report.next_at)

    def _pictures_wait(self, item: OutboxItem) -> bool:
        """Whether the item has large materials, and this is not the time of day for them. Others go meanwhile."""
        if self._policy.pictures is None or self._policy.pictures.holds(self._clock() + self._exchange.offset):
            return False
        return self._large_missing(item)

    def _large_missing(self, item: OutboxItem) -> bool:
        """Whether it has large materials that are not known to be at the backend."""
        return any(
            len(data) > wire.RESUMABLE_FROM for digest, data in item.attachments if not self._uploads.has(digest)
        )

    def _settle(
        self, outcome: BatchOutcome, batch: Sequence[OutboxItem], horizon: datetime, report: CycleReport
    ) -> None:
        by_id = {item.id: item for item in batch}
        if outcome.acks:
            self._queue.acknowledge(outcome.acks)
            for ack in outcome.acks:
                self._settled.add(ack.id)
                self._faults.pop(ack.id, None)
            report.acknowledged += len(outcome.acks)
        for aside in outcome.aside:
            self._set_aside(by_id[aside.id], aside.state, aside.reason, report)
        for cause, ids in outcome.again.items():
            if cause == "bad-ack":
                self._notices.alarm(cause)
            self._put_off([by_id[item_id] for item_id in ids], cause, horizon, report)

    def _put_off(self, items: Sequence[OutboxItem], cause: str, horizon: datetime, report: CycleReport) -> None:
        """These go again, each after a wait of its own: beyond the horizon, so that this pass does not meet them."""
        for attempts in sorted({item.attempts for item in items}):
            same = [item.id for item in items if item.attempts == attempts]
            self._queue.reschedule(same, horizon + self._backoff.item(attempts), cause)
        self._settled.update(item.id for item in items)
        report.retried += len(items)
        report.cause = cause
        for item in items:  # the backend may have lost a material: send it again with the item
            for digest, _ in item.attachments:
                self._uploads.forget(digest)

    def _bear(self, item: OutboxItem, cause: str, horizon: datetime, report: CycleReport) -> None:
        """The backend fails at this item alone: it goes again, and the rest goes on."""
        self._put_off([item], cause, horizon, report)
        self._faulted.add(item.id)
        self._faults.setdefault(item.id, 0)

    def _judge_faulted(self, report: CycleReport) -> None:
        """An item at which the backend fails while it takes others is set aside at last: a person has to look.

        Where nothing else went through, the fault is the backend's alone, and is not held against the item.
        """
        for item_id in self._faulted if report.acknowledged else ():
            self._faults[item_id] += 1
            if self._faults[item_id] >= self._policy.faults_borne:
                self._queue.set_aside(item_id, "quarantined", "backend-fault")
                report.set_aside += 1

    def _set_aside(self, item: OutboxItem, state: AsideState, reason: str, report: CycleReport) -> None:
        self._queue.set_aside(item.id, state, reason)
        self._settled.add(item.id)
        report.set_aside += 1


class _Onward:
    """Called once or twice when the line is free: ``between``, then what sends the next batch, at the first call.

    What fails in between is told by ``sent``: the answer that has just come is dealt with before.
    """

    def __init__(self, between: Callable[[], None], ahead: Callable[[], _Sent] | None) -> None:
        self._between, self._ahead = between, ahead
        self._called = False
        self._sent: _Sent | None = None
        self._failure: SyncFailure | None = None

    def __call__(self) -> None:
        if self._called:
            return
        self._called = True
        try:
            self._between()
        except SyncFailure as failure:
            self._failure = failure
        else:
            self._sent = self._ahead() if self._ahead is not None else None

    def sent(self) -> _Sent | None:
        """The next batch, if it is on its way. Raises SyncFailure."""
        if self._failure is not None:
            raise self._failure
        return self._sent


def _is_what_it_says(item: OutboxItem) -> bool:
    return hashlib.sha256(item.sealed).hexdigest() == item.hash


def _body(items: Sequence[OutboxItem]) -> bytes:
    return msgspec.msgpack.encode(wire.PackedPush([_on_wire(item) for item in items]))


def _on_wire(item: OutboxItem) -> wire.PackedItem:
    attachments = [digest for digest, _ in item.attachments]
    return wire.PackedItem(item.id, item.kind, item.hash, item.sealed, attachments, dict(item.meta))
