"""A USB bulk device as pyusb sees it: its backend interface, with one device behind it, in this process.

Takes the place of ``PtyWire`` under a twin. What is simulated is a device with one vendor interface and bulk pipes that
move packets; what libusb and the kernel do below pyusb is not.
"""

from __future__ import annotations

import errno
import queue
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

PIPES = (0x02, 0x06, 0x81, 0x85)
_COMMON = {"bLength": 0, "bDescriptorType": 0, "extra_descriptors": b""}


class UsbWire:
    """The device's end. ``backend`` is for pyusb; everything else is as in ``PtyWire``: ``received`` is called in the
    wire's thread and may call ``send``. ``denied``, ``busy``, ``stalled`` and ``copies`` (devices of the same numbers)
    may be set at any time."""

    def __init__(
        self,
        name: str,
        received: Callable[[bytes], None],
        *,
        vendor: int = 0x0400,
        product: int = 0xC35A,
        pipes: tuple[int, ...] = PIPES,
        packet: int = 64,
    ) -> None:
        self._name, self._received = name, received
        self.vendor, self.product, self.pipes, self.packet = vendor, product, pipes, packet
        self.baud = 0
        self.denied = self.busy = self.stalled = False
        self.copies = 1
        self._configured = False
        self._claimed: object | None = None
        self._packets: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._inbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.backend = _Backend(self)

    @property
    def port(self) -> str:
        return f"usb:{self.vendor:04x}:{self.product:04x}"

    @property
    def plugged(self) -> bool:
        return self._thread is not None

    def plug(self) -> None:
        if self._thread is not None:
            return
        self._packets.clear()
        self._inbox = queue.SimpleQueue()
        self._claimed, self._configured = None, False
        self._thread = threading.Thread(target=self._serve, args=(self._inbox,), name=f"twin-{self._name}", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """May be called by ``received``."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._changed.notify_all()
        self._inbox.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def stop(self) -> None:
        self.unplug()

    def send(self, data: bytes, *, after: float = 0.0, byte_seconds: float | None = None) -> None:
        """One transfer, in packets. ``after`` belongs to a serial line and is not waited for."""
        for at in range(0, len(data), self.packet):
            part = data[at : at + self.packet]
            if byte_seconds:
                time.sleep(byte_seconds * len(part))
            with self._changed:
                if not self.plugged:
                    return
                self._packets.append(part)
                self._changed.notify_all()

    # What the backend asks for

    def claim(self, by: object) -> None:
        if self.busy or self._claimed not in (None, by):
            raise _error("Resource busy", errno.EBUSY)
        self._claimed = by

    def release(self, by: object) -> None:
        if self._claimed is by:
            self._claimed = None

    @property
    def configuration(self) -> int:
        self._require()
        return 1 if self._configured else 0

    def configure(self) -> None:
        self._require()
        self._configured = True

    def take_in(self, pipe: int, data: bytes) -> int:
        self._require(pipe)
        self._inbox.put(data)
        return len(data)

    def give(self, pipe: int, room: int, milliseconds: int) -> bytes:
        """Whole packets until a short one or until the room is filled; a packet that does not fit is an overflow."""
        end = time.monotonic() + milliseconds / 1000
        got = b""
        with self._changed:
            while True:
                self._require(pipe)
                while self._packets:
                    if len(got) + len(self._packets[0]) > room:
                        self._packets.popleft()
                        raise _error("Overflow", errno.EOVERFLOW)
                    part = self._packets.popleft()
                    got += part
                    if len(part) < self.packet or len(got) == room:
                        return got
                wait = end - time.monotonic()
                if wait <= 0 or not self._changed.wait(wait):
                    if got:
                        return got
                    raise import_module("usb.core").USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)

    def _require(self, pipe: int = 0) -> None:
        if not self.plugged:
            raise _error("No such device (it may have been disconnected)", errno.ENODEV)
        if pipe and self.stalled:
            self.stalled = False
            raise _error("Pipe error", errno.EPIPE)

    def _serve(self, inbox: queue.SimpleQueue[bytes | None]) -> None:
        while (data := inbox.get()) is not None:
            self._received(data)


def _error(text: str, number: int) -> Exception:
    made: Exception = import_module("usb.core").USBError(text, None, number)
    return made


class _Backend:
    """pyusb's IBackend, as far as bulk devices need it. Not a subclass, which pyusb does not ask for."""

    def __init__(self, wire: UsbWire) -> None:
        self._wire = wire
        self.cleared: list[int] = []

    def enumerate_devices(self) -> Iterator[int]:
        yield from range(self._wire.copies if self._wire.plugged else 0)

    def get_device_descriptor(self, dev: int) -> Any:
        return SimpleNamespace(
            **_COMMON, bcdUSB=0x0110, bDeviceClass=0xFF, bDeviceSubClass=0, bDeviceProtocol=0, bMaxPacketSize0=8,
            idVendor=self._wire.vendor, idProduct=self._wire.product, bcdDevice=0x0100, iManufacturer=0, iProduct=0,
            iSerialNumber=0, bNumConfigurations=1, address=dev + 2, bus=1, port_number=1, port_numbers=(1,), speed=2,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: int, config: int) -> Any:
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            **_COMMON, wTotalLength=0, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0, bmAttributes=0x80,
            bMaxPower=250,
        )  # fmt: skip

    def get_interface_descriptor(self, dev: int, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError(intf)
        return SimpleNamespace(
            **_COMMON, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=len(self._wire.pipes),
            bInterfaceClass=0xFF, bInterfaceSubClass=0, bInterfaceProtocol=0, iInterface=0,
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: int, ep: int, intf: int, alt: int, config: int) -> Any:
        return SimpleNamespace(
            **_COMMON, bEndpointAddress=self._wire.pipes[ep], bmAttributes=2, wMaxPacketSize=self._wire.packet,
            bInterval=0, bRefresh=0, bSynchAddress=0,
        )  # fmt: skip

    def open_device(self, dev: int) -> object:
        if self._wire.denied:
            raise _error("Access denied (insufficient permissions)", errno.EACCES)
        return object()

    def close_device(self, dev_handle: object) -> None:
        self._wire.release(dev_handle)

    def set_configuration(self, dev_handle: object, config_value: int) -> None:
        self._wire.configure()

    def get_configuration(self, dev_handle: object) -> int:
        return self._wire.configuration

    def set_interface_altsetting(self, dev_handle: object, intf: int, altsetting: int) -> None: ...

    def claim_interface(self, dev_handle: object, intf: int) -> None:
        self._wire.claim(dev_handle)

    def release_interface(self, dev_handle: object, intf: int) -> None:
        self._wire.release(dev_handle)

    def bulk_write(self, dev_handle: object, ep: int, intf: int, data: array[int], timeout: int) -> int:
        return self._wire.take_in(ep, data.tobytes())

    def bulk_read(self, dev_handle: object, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        got = self._wire.give(ep, len(buff), timeout)
        buff[: len(got)] = array("B", got)
        return len(got)

    def clear_halt(self, dev_handle: object, ep: int) -> None:
        self.cleared.append(ep)

    def _no_such_pipe(self, *_: object) -> int:
        raise NotImplementedError("the device has bulk pipes only")

    intr_read = intr_write = iso_read = iso_write = _no_such_pipe
