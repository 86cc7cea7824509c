"""Sealed materials on their way to the backend. What it has acknowledged of one is never sent again.

A small material is one PUT, and so is one that the line is fast enough for. Another goes in parts: GET says how many
bytes are there, each PATCH adds to them, whoever is cut off goes on where the backend's bytes end. The offset stands in
a reply's body, and not in the header of a reply to HEAD, because bodies are what the backend signs.

Failpoints: ``sync.part`` (a part was acknowledged, more are to come), ``sync.material`` (a material is at the backend,
its item is not).
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk import wire
from kiosk.health.failpoints import hit
from kiosk.sync.exchange import Exchange
from kiosk.sync.policy import Failure, Policy, SyncFailure

FAILPOINTS = ("sync.part", "sync.material")
REMEMBERED = 4096  # hashes that are known to be there
QUICK = 1.0  # s: a part that took less may be followed by one of twice the size
DIFFERENCES = 3  # times in a row that the offset may turn out to be another


class Uploads:
    """Used by one thread. ``monotonic`` gives seconds."""

    def __init__(self, exchange: Exchange, policy: Policy, monotonic: Callable[[], float]) -> None:
        self._exchange, self._policy, self._monotonic = exchange, policy, monotonic
        self._there: dict[str, None] = {}
        self._part = policy.first_part

    def bring(self, enrolment: wire.Enrolment, digest: str, data: bytes, *, tried: bool) -> None:
        """The material is at the backend when this returns. Raises SyncFailure.

        ``tried``: an attempt at it may have been made before, so that a part of it may be there.
        """
        if digest in self._there:
            return
        if len(data) > wire.MAX_MATERIAL_BYTES:
            raise SyncFailure(Failure.ITEM, "too-large")
        whole = len(data) <= wire.RESUMABLE_FROM or (len(data) <= self._part and not tried)
        if whole:
            self._put(enrolment, digest, data)
        else:
            self._resume(enrolment, digest, data)
        hit("sync.material")
        self._there[digest] = None
        if len(self._there) > REMEMBERED:
            self._there.pop(next(iter(self._there)))

    def has(self, digest: str) -> bool:
        """Whether it is known to be there."""
        return digest in self._there

    def forget(self, digest: str) -> None:
        """The backend may have lost it: it is sent again with its item."""
        self._there.pop(digest, None)

    def _put(self, enrolment: wire.Enrolment, digest: str, data: bytes) -> None:
        self._call(enrolment, "PUT", f"/v1/materials/{digest}", data)

    def _resume(self, enrolment: wire.Enrolment, digest: str, data: bytes) -> None:
        here = self._ask(enrolment, digest)
        differences = 0
        while here.status == "partial":
            offset = here.offset
            if not 0 <= offset <= len(data):
                raise SyncFailure(Failure.SERVER, "bad-offset")
            part = data[offset : offset + self._part]
            try:
                here = self._call(enrolment, "PATCH", f"/v1/materials/{digest}?offset={offset}&size={len(data)}", part)
            except SyncFailure as failure:
                if failure.cause == "hash-mismatch":  # the backend's disk has lost some of it, and it said so
                    self._put(enrolment, digest, data)
                    return
                differences += 1
                if not (failure.cause == "offset-differs" or failure.stale):
                    raise
                if differences > DIFFERENCES:  # of two words of the backend's one is wrong: not the item's fault
                    raise failure if failure.stale else SyncFailure(Failure.SERVER, "bad-offset") from failure
                here = self._ask(enrolment, digest)  # a part that was given up arrived after all
            else:
                differences = 0
                hit("sync.part")
                if here.status == "partial" and here.offset <= offset:
                    raise SyncFailure(Failure.SERVER, "bad-offset")

    def _ask(self, enrolment: wire.Enrolment, digest: str) -> wire.MaterialReply:
        return self._exchange.call(enrolment, "GET", f"/v1/materials/{digest}", b"", wire.MaterialReply)

    def _call(self, enrolment: wire.Enrolment, method: str, target: str, data: bytes) -> wire.MaterialReply:
        """One exchange; how it went says how large the next part may be."""
        begun = self._monotonic()
        try:
            reply = self._exchange.call(enrolment, method, target, data, wire.MaterialReply, wire.BYTES)
        except SyncFailure as failure:
            if failure.kind is Failure.NETWORK and not failure.stale:
                self._part = max(self._policy.least_part, self._part // 2)
            raise
        if self._monotonic() - begun < QUICK and len(data) * 2 > self._part:
            self._part = min(self._policy.largest_part, self._part * 2)
        return reply
