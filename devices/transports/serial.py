"""A serial port: exclusive, with deadlines, asleep until what is wanted has arrived.

pyserial opens, configures and locks the port; reading is done here on the descriptor. The line discipline is told
how many bytes are wanted (termios VMIN), so one wake-up serves up to 255 bytes instead of one. Bytes cannot come faster
than the line's speed: where many are wanted, most of that time is slept away, because the kernel wakes whoever waits
for every few bytes that the chip hands over, wanted or not. Works on pseudo-terminals, which have no modem lines.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import termios
import time
from pathlib import Path
from typing import Any

import serial

from devices.contracts.deadline import Deadline
from devices.transports.stream import (
    PortBusy,
    PortDenied,
    PortMissing,
    PortUnusable,
    ReadTimeout,
    Unplugged,
    WriteTimeout,
)

_GONE = frozenset({errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBADF})
_VMIN_LIMIT = 255  # a cc_t is one byte
_VMIN_LEAST = 16  # a serial chip hands over 16 bytes together: for fewer, one wake-up costs less than telling the tty
_BITS = 10  # of a byte on the line: start, eight, stop
_PROBE_SECONDS = 0.005  # after so long it shows whether a line is faster than its speed says (USB in between)
_AWAKE_SECONDS = 0.005  # before the last byte can be there
_INPUT_QUEUE = 4096  # N_TTY_BUF_SIZE: the line discipline never holds more


class SerialPort:
    """A ByteStream over a tty, eight data bits, one stop bit, no flow control; ``parity`` as pyserial names it."""

    def __init__(self, port: str, baud: int = 115_200, *, parity: str = serial.PARITY_NONE) -> None:
        self._port = port
        self._baud = baud
        self._parity = parity
        self._serial: serial.Serial | None = None
        self._fd = -1
        self._poll = select.poll()
        self._attributes: list[Any] = []
        self._faster = False  # than its speed says: nothing can be foretold

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._fd >= 0

    def open(self, deadline: Deadline) -> None:
        """Open at once (a tty does not make one wait) and drop old input."""
        self.close()
        self._serial = self._opened()
        self._fd = self._serial.fileno()
        try:
            os.set_blocking(self._fd, False)
            self._attributes = termios.tcgetattr(self._fd)
            self._attributes[6][termios.VTIME] = 0
            self.drain()
        except (OSError, termios.error, Unplugged) as error:
            self.close()
            raise Unplugged(self._port) from error
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def _opened(self) -> serial.Serial:
        if not Path(self._port).exists():
            raise PortMissing(self._port)
        try:
            return serial.Serial(
                self._port, self._baud, parity=self._parity, timeout=0, write_timeout=0, exclusive=True
            )
        except serial.SerialException as error:
            code = error.errno
            if code is None and "exclusively lock" in str(error):  # pyserial drops the errno of flock
                code = errno.EBUSY
            if code == errno.ENOENT:
                raise PortMissing(self._port) from error
            if code in (errno.EACCES, errno.EPERM):
                raise PortDenied(self._port) from error
            if code in (errno.EBUSY, errno.EAGAIN):
                raise PortBusy(self._port) from error
            if code in _GONE:  # the path outlived the device
                raise PortMissing(self._port) from error
            raise PortUnusable(self._port, os.strerror(code) if code else "not a terminal") from error
        except (ValueError, OSError, termios.error) as error:
            raise PortUnusable(self._port, type(error).__name__) from error

    def close(self) -> None:
        port, self._serial, self._fd = self._serial, None, -1
        if port is not None:
            port.close()

    def write(self, data: bytes, deadline: Deadline) -> None:
        self._require_open()
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                self._wait_writable(deadline)
            except OSError as error:
                raise self._gone(error) from error

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        self._require_open()
        got = bytearray()
        last = time.monotonic()
        while len(got) < count:
            wanted = count - len(got)
            pending = self._await(wanted, deadline, gap, last)
            if pending:
                got += pending
                last = time.monotonic()
            elif deadline.expired or gap is not None:
                raise ReadTimeout(count, bytes(got))
        return bytes(got)

    def drain(self) -> int:
        self._require_open()
        return len(self._take(_INPUT_QUEUE))

    def _await(self, wanted: int, deadline: Deadline, gap: float | None, last: float) -> bytes:
        """Sleep until ``wanted`` bytes (or 255) are there, the gap is over, or the deadline; then what is there."""
        self._nap(wanted, deadline.remaining() if gap is None else min(deadline.remaining(), gap))
        self._want(min(wanted, _VMIN_LIMIT) if wanted >= _VMIN_LEAST else 1)
        wait = deadline.remaining()
        if gap is not None:
            wait = min(wait, max(0.0, last + gap - time.monotonic()))
        ready = self._poll.poll(wait * 1000)
        chunk = self._take(wanted)
        if ready and not chunk:  # readable and yet nothing to read: the far end is gone
            raise Unplugged(self._port)
        return chunk

    def _nap(self, wanted: int, limit: float) -> None:
        """Sleep while not all of it can be there yet: a little, and then the rest where nothing came too early."""
        if self._faster or wanted * _BITS / self._baud < 2 * _PROBE_SECONDS + _AWAKE_SECONDS:
            return
        try:
            before, start = self._waiting(), time.monotonic()
            if self._early(wanted - before, limit) < 2 * _PROBE_SECONDS:
                return
            time.sleep(_PROBE_SECONDS)
            after, passed = self._waiting(), time.monotonic() - start
        except OSError:  # gone: the read will say so
            return
        self._faster = after - before > _VMIN_LEAST + 2 * passed * self._baud / _BITS
        if not self._faster:
            time.sleep(max(0.0, self._early(wanted - after, limit - passed)))

    def _early(self, missing: int, limit: float) -> float:
        """Seconds until a moment before so many bytes can have come."""
        return min(missing * _BITS / self._baud, limit) - _AWAKE_SECONDS

    def _waiting(self) -> int:
        """Bytes in the input queue. Raises OSError."""
        count: int = struct.unpack("I", fcntl.ioctl(self._fd, termios.FIONREAD, bytes(4)))[0]
        return count

    def _want(self, count: int) -> None:
        control = self._attributes[6]
        if control[termios.VMIN] != count:
            control[termios.VMIN] = count
            try:
                termios.tcsetattr(self._fd, termios.TCSANOW, self._attributes)
            except termios.error as error:
                raise Unplugged(self._port) from error

    def _take(self, count: int) -> bytes:
        """What has arrived, at most ``count``. One read of a tty may give 64 bytes though more are there."""
        got = bytearray()
        try:
            while len(got) < count and (part := os.read(self._fd, count - len(got))):
                got += part
        except BlockingIOError:
            pass
        except OSError as error:
            if not got:
                raise self._gone(error) from error
        return bytes(got)

    def _wait_writable(self, deadline: Deadline) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        if deadline.expired or not poll.poll(deadline.remaining() * 1000):
            raise WriteTimeout(self._port)

    def _gone(self, error: OSError) -> Unplugged:
        if error.errno in _GONE:
            return Unplugged(self._port)
        raise error

    def _require_open(self) -> None:
        if self._fd < 0:
            raise Unplugged(self._port)
