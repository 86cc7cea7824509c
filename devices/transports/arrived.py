"""Reading where the end is not known in advance: wait for the first byte, then take what has come with it."""

from __future__ import annotations

from devices.contracts.deadline import Deadline
from devices.transports.stream import ByteStream, ReadTimeout


def arrived(stream: ByteStream, limit: int, deadline: Deadline) -> bytes:
    """1 to ``limit`` bytes as soon as any are there; b"" when the deadline passed first. Raises StreamError."""
    try:
        first = stream.read_exact(1, deadline)
    except ReadTimeout:
        return b""
    if limit <= 1:
        return first
    try:
        return first + stream.read_exact(limit - 1, deadline, gap=0.0)
    except ReadTimeout as timeout:
        return first + timeout.received
