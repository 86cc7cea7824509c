"""Record a conversation to a file, and play it back as the device's side.

A capture is JSON lines: ``{"at": seconds, "dir": "out" | "in", "hex": "..."}``, or ``{"dir": "timeout"}`` where the
device stayed silent. The replay is a ByteStream too and fails on the first byte that the driver sends differently.
Captures of real cards hold personal data: take them with generated cards only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.transports.capture_file import CaptureFile, entries_of
from devices.transports.stream import ByteStream, ReadTimeout


@dataclass(frozen=True, slots=True)
class Exchange:
    """One entry of a capture. ``data`` is empty for a time-out."""

    direction: str
    data: bytes

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Exchange:
        return cls(str(entry["dir"]), bytes.fromhex(entry.get("hex", "")))


class CapturingStream:
    """A ByteStream that writes down all that passes through it."""

    def __init__(self, inner: ByteStream, path: Path) -> None:
        self._inner = inner
        self._file = CaptureFile(path)

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
        self._note("out", data)
        self._inner.write(data, deadline)

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        try:
            data = self._inner.read_exact(count, deadline, gap)
        except ReadTimeout as timeout:
            self._note("in", timeout.received)
            self._note("timeout", b"")
            raise
        self._note("in", data)
        return data

    def drain(self) -> int:
        return self._inner.drain()

    def _note(self, direction: str, data: bytes) -> None:
        if data or direction == "timeout":
            self._file.note({"dir": direction, "hex": data.hex()})


class ReplayMismatch(AssertionError):
    """The driver sent something that the captured conversation does not have at this place."""


class ReplayStream:
    """Plays the device's side of a capture, as fast as it is asked."""

    def __init__(self, exchanges: list[Exchange], port: str = "replay") -> None:
        self._exchanges = exchanges
        self._port = port
        self._index = 0
        self._offset = 0
        self._open = False

    @classmethod
    def load(cls, path: Path) -> ReplayStream:
        return cls([Exchange.of(entry) for entry in entries_of(path)], f"replay:{path.name}")

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def finished(self) -> bool:
        """Whether the whole conversation has been played."""
        return self._index >= len(self._exchanges)

    def open(self, deadline: Deadline) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def write(self, data: bytes, deadline: Deadline) -> None:
        for position, byte in enumerate(data):
            expected = self._current("out")
            if expected is None or expected.data[self._offset] != byte:
                wanted = "nothing" if expected is None else f"{expected.data[self._offset]:02X}"
                raise ReplayMismatch(f"byte {position} of the write: sent {byte:02X}, captured {wanted}")
            self._advance(expected)

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        got = bytearray()
        while len(got) < count:
            entry = self._current("in")
            if entry is None:
                self._pass_timeout()
                raise ReadTimeout(count, bytes(got))
            part = entry.data[self._offset : self._offset + count - len(got)]
            got += part
            self._advance(entry, len(part))
        return bytes(got)

    def drain(self) -> int:
        return 0

    def _current(self, direction: str) -> Exchange | None:
        if self.finished or self._exchanges[self._index].direction != direction:
            return None
        return self._exchanges[self._index]

    def _advance(self, entry: Exchange, count: int = 1) -> None:
        self._offset += count
        if self._offset >= len(entry.data):
            self._index, self._offset = self._index + 1, 0

    def _pass_timeout(self) -> None:
        if self._current("timeout") is not None:
            self._index += 1
