"""The part that sockets and character devices share: bytes through a non-blocking descriptor, under deadlines."""

from __future__ import annotations

import os
import select
import time

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.transports.stream import ReadTimeout, Unplugged, WriteTimeout

CHUNK = 64 * 1024
DROPPED = 16 * 1024 * 1024  # bytes at most at once: more than any line's buffers hold


class ConnectionLost(Unplugged):
    """The peer closed the connection, or the network did."""

    def __init__(self, port: str, detail: str) -> None:
        DeviceError.__init__(
            self,
            "connection-lost",
            f"the connection to {port} was lost: {detail}",
            advice="Check the device's power and cable; the connection is opened again by itself.",
            retryable=True,
            action=Action.RESET,
        )


class DescriptorStream:
    """A ByteStream without its ``open``: the subclass sets ``_fd`` to a non-blocking descriptor."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._fd = -1

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._fd >= 0

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Hand over every byte. Raises WriteTimeout when the peer stops taking them, ConnectionLost."""
        view = memoryview(data)
        while view:
            self._require_open()
            try:
                view = view[os.write(self._fd, view[:CHUNK]) :]
            except BlockingIOError:
                if not self._wait(select.POLLOUT, deadline.remaining()):
                    raise WriteTimeout(self._port) from None
            except OSError as error:
                raise self._lost(error) from error

    def read_some(self, limit: int, deadline: Deadline) -> bytes:
        """1 to ``limit`` bytes as soon as any are there; b"" when the deadline passed first. Raises ConnectionLost."""
        self._require_open()
        while True:
            try:
                data = os.read(self._fd, min(limit, CHUNK))
            except BlockingIOError:
                if not self._wait(select.POLLIN, deadline.remaining()):
                    return b""
                continue
            except OSError as error:
                raise self._lost(error) from error
            if not data:
                raise ConnectionLost(self._port, "closed by the device")
            return data

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        """Exactly ``count`` bytes. ReadTimeout at the deadline, or after ``gap`` seconds without any byte."""
        got = b""
        while len(got) < count:
            step = deadline if gap is None else Deadline(min(deadline.at, time.monotonic() + gap))
            part = self.read_some(count - len(got), step)
            if not part:
                raise ReadTimeout(count, got)
            got += part
        return got

    def drain(self) -> int:
        """Drop the input that has arrived; returns how many bytes it was. Never waits, nor goes on for ever where more
        keep coming."""
        dropped, now = 0, Deadline(0.0)
        while dropped < DROPPED and (data := self.read_some(CHUNK, now)):
            dropped += len(data)
        return dropped

    def _wait(self, event: int, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self._fd, event)
        return bool(poller.poll(seconds * 1000))

    def _lost(self, error: OSError) -> ConnectionLost:
        return ConnectionLost(self._port, error.strerror or type(error).__name__)

    def _require_open(self) -> None:
        if self._fd < 0:
            raise ConnectionLost(self._port, "it is not open")
