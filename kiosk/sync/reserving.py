"""Numbers reserved ahead, block by block. Trouble with them never keeps cases back.

Failpoints: ``sync.block.asked`` (the request's id is kept, nothing was sent), ``sync.block.answered`` (the backend has
reserved, the block is not kept), ``sync.block.kept`` (it is, and the request still counts as open).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from kiosk import wire
from kiosk.health.failpoints import hit
from kiosk.journal.errors import JournalError
from kiosk.journal.records import Block
from kiosk.sync.area import Area
from kiosk.sync.exchange import Exchange
from kiosk.sync.notices import Notices
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.report import CycleReport
from kiosk.sync.state import SyncState

FAILPOINTS = ("sync.block.asked", "sync.block.answered", "sync.block.kept")
KINDS: tuple[wire.BlockKind, ...] = ("case", "uscc")
TEST_KINDS: tuple[wire.BlockKind, ...] = ("tcase", "tuscc")
Kinds = Callable[[], Sequence[wire.BlockKind]]


class Store(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def add_block(self, block: Block) -> None: ...

    def numbers_left(self, kind: str) -> int: ...


class Blocks:
    """Used by one thread."""

    def __init__(
        self, store: Store, state: SyncState, exchange: Exchange, area: Area, notices: Notices, policy: Policy,
        kinds: Kinds = lambda: KINDS,
    ) -> None:  # fmt: skip
        """``kinds``: those that are wanted now."""
        self._store, self._state, self._exchange, self._area = store, state, exchange, area
        self._notices, self._policy, self._kinds = notices, policy, kinds
        self._refused: set[str] = set()  # kinds that were not to be had in the pass under way

    def begin(self) -> None:
        """A new pass: what was refused is asked for again."""
        self._refused.clear()

    def reserve(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        """Blocks for all kinds that are running low. Raises SyncFailure if nobody is reached; the rest is reported."""
        for kind in self._kinds():
            if self._state.request_of(kind) or self._store.numbers_left(kind) <= self._policy.low_water:
                self._reserve(enrolment, kind, report)

    def replace_spent(self, enrolment: wire.Enrolment, report: CycleReport) -> None:
        """As ``reserve``, for kinds of which none is left: without them nobody can be served."""
        for kind in self._kinds():
            if not self._store.numbers_left(kind):
                self._reserve(enrolment, kind, report)

    def _reserve(self, enrolment: wire.Enrolment, kind: wire.BlockKind, report: CycleReport) -> None:
        if kind in self._refused:
            return
        request_id = self._state.request_of(kind)
        if not request_id:
            # kept before it is sent: a lost answer, or a crash, gets the same block again
            request_id = secrets.token_hex(16)
            self._state.set_request(kind, request_id)
            hit("sync.block.asked")
        body = msgspec.json.encode(wire.BlockRequest(kind, self._policy.block, request_id))
        try:
            block = self._exchange.call(enrolment, "POST", "/v1/blocks", body, wire.NumberBlock)
            self._check(enrolment, block, kind, request_id)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK:
                raise
            report.cause = failure.cause
            self._refused.add(kind)
            if failure.kind is Failure.ITEM:
                self._state.set_request(kind, "")  # this request is spent; the next pass makes a new one
            else:
                self._notices.alarm_if(failure.cause)
            return
        hit("sync.block.answered")
        self._keep(block, report)
        hit("sync.block.kept")
        self._state.set_request(kind, "")

    def _check(self, enrolment: wire.Enrolment, block: wire.NumberBlock, kind: str, request_id: str) -> None:
        same = (block.kind, block.request_id, block.terminal_id) == (kind, request_id, enrolment.terminal_id)
        if not same or not 0 < block.first <= block.last:
            raise SyncFailure(Failure.SERVER, "bad-block")
        try:
            wire.verify(wire.unb64(enrolment.signing_key), block.canonical(), block.signature)
        except wire.BadSignature:
            raise SyncFailure(Failure.SERVER, "bad-block") from None
        self._area.check(block.area_code)

    def _keep(self, block: wire.NumberBlock, report: CycleReport) -> None:
        """Numbers that this terminal has had already are not used: told, and the next pass asks for others."""
        try:
            self._store.add_block(Block(block.kind, block.first, block.last, block.area_code, block.signature))
        except JournalError as error:
            if error.code != "block-overlap":
                raise
            report.cause = error.code
            self._refused.add(block.kind)
            self._notices.alarm(error.code)
        else:
            report.blocks += 1
