"""A pseudo-terminal as a device's wire: one thread, asleep until bytes come, output paced like a real line.

The port is a symlink that stays the same when the device is unplugged and plugged in again, as /dev/serial/by-id does.
"""

from __future__ import annotations

import os
import select
import tempfile
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

BITS_PER_BYTE = 10  # start, eight data bits, stop


class PtyWire:
    """The device's end of a serial line.

    ``received`` is called in the wire's thread with bytes from the host; it may call ``send``. ``baud`` 0 means that
    bytes go out at once; ``chunk`` bytes are handed over together, as the FIFO of a serial chip does.
    """

    def __init__(
        self, name: str, received: Callable[[bytes], None], *, link: str = "", baud: int = 0, chunk: int = 16
    ) -> None:
        self._name = name
        self._received = received
        self._folder = None if link else tempfile.TemporaryDirectory(prefix="kiosk-twin-")
        self._link = Path(link) if self._folder is None else Path(self._folder.name) / name
        self.baud = baud
        self._chunk = chunk
        self._master = self._slave = -1
        self._wake_read = self._wake_write = -1
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def port(self) -> str:
        return str(self._link)

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    def plug(self) -> None:
        """Make the port appear."""
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)  # a host that does not read must not stop the twin
        self._wake_read, self._wake_write = os.pipe()
        fresh = self._link.with_name(self._link.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        ends = (self._master, self._wake_read)
        self._thread = threading.Thread(target=self._serve, args=ends, name=f"twin-{self._name}", daemon=True)
        self._thread.start()
        fresh.replace(self._link)

    def unplug(self) -> None:
        """Make the port vanish; a host that has it open sees a hang-up. May be called by ``received``."""
        with self._lock:
            if not self.plugged:
                return
            self._link.unlink(missing_ok=True)
            master, slave, wake = self._master, self._slave, self._wake_write
            self._master = self._slave = self._wake_write = -1
        os.close(wake)  # ends the thread's wait
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        os.close(master)
        os.close(slave)

    def stop(self) -> None:
        self.unplug()
        if self._folder is not None:
            self._folder.cleanup()

    def send(self, data: bytes, *, after: float = 0.0, byte_seconds: float | None = None) -> None:
        """Put bytes on the wire, paced; returns when the last one is out. Ends early when unplugged."""
        pace = byte_seconds if byte_seconds is not None else BITS_PER_BYTE / self.baud if self.baud else 0.0
        chunk = 1 if byte_seconds else self._chunk
        start = time.monotonic() + after
        if not pace:
            chunk = len(data) or 1
        for offset in range(0, len(data), chunk):
            part = data[offset : offset + chunk]
            self._sleep_until(start + (offset + len(part)) * pace)
            if not self._put(part):
                return

    def _put(self, part: bytes) -> bool:
        master = self._master
        if master < 0:
            return False
        try:
            return os.write(master, part) == len(part)
        except OSError:  # unplugged by another thread, or nobody has the port open and the line is full
            return False

    @staticmethod
    def _sleep_until(moment: float) -> None:
        wait = moment - time.monotonic()
        if wait > 0:
            time.sleep(wait)

    def _serve(self, master: int, wake: int) -> None:
        """Sleep until the host writes or the wire is unplugged."""
        poll = select.poll()
        poll.register(master, select.POLLIN)
        poll.register(wake, select.POLLIN)
        try:
            while self._master == master:
                ready = {fd for fd, _ in poll.poll()}
                if wake in ready:
                    return
                data = os.read(master, 4096)
                if not data:
                    return
                self._received(data)
        except OSError:
            return  # the wire was closed under us
        finally:
            os.close(wake)
