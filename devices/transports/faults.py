"""A line that breaks on purpose: for tests of what a driver does when bytes are lost, changed or late.

Wraps any ByteStream. Faults are counted in bytes of input since the last arming, so that "the plug is pulled
after byte 700" is exact and needs no timing.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.deadline import Deadline
from devices.transports.stream import ByteStream, ReadTimeout, Unplugged


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What goes wrong. Positions are input bytes counted from arming; None means never."""

    unplug_at: int | None = None
    silent_from: int | None = None
    flip_at: int | None = None
    flip_mask: int = 0x01


class FaultyStream:
    """A ByteStream with faults that can be armed and cleared at any time."""

    def __init__(self, inner: ByteStream) -> None:
        self._inner = inner
        self._plan = FaultPlan()
        self._seen = 0

    def arm(self, plan: FaultPlan) -> None:
        """Start counting from here."""
        self._plan, self._seen = plan, 0

    def heal(self) -> None:
        self.arm(FaultPlan())

    @property
    def port(self) -> str:
        return self._inner.port

    @property
    def is_open(self) -> bool:
        return self._inner.is_open

    def open(self, deadline: Deadline) -> None:
        self._inner.open(deadline)

    def close(self) -> None:
        self._inner.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        self._inner.write(data, deadline)

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        allowed = self._allowed(count)
        data = self._flipped(self._inner.read_exact(allowed, deadline, gap)) if allowed else b""
        self._seen += allowed
        if allowed == count:
            return data
        if self._plan.unplug_at is not None and self._seen >= self._plan.unplug_at:
            self._inner.close()
            raise Unplugged(self.port)
        raise ReadTimeout(count, data)

    def drain(self) -> int:
        return self._inner.drain()

    def _allowed(self, count: int) -> int:
        limits = [limit - self._seen for limit in (self._plan.unplug_at, self._plan.silent_from) if limit is not None]
        return max(0, min([count, *limits]))

    def _flipped(self, data: bytes) -> bytes:
        position = -1 if self._plan.flip_at is None else self._plan.flip_at - self._seen
        if not 0 <= position < len(data):
            return data
        return data[:position] + bytes([data[position] ^ self._plan.flip_mask]) + data[position + 1 :]
