"""A pair of USB bulk pipes as a byte stream, by pyusb over libusb: for readers that are no serial port.

UNVERIFIED: no such device was at hand. What pyusb does with a device is exercised through its backend interface.

``usb:0400:c35a`` names the device; ``usb:0400:c35a?out=06&in=85`` its pipes too, where it has several. A bulk read
takes whole packets, so that what comes beyond the bytes asked for is kept for the next read. libusb and pyusb are
loaded when a port is opened, not before.
"""

from __future__ import annotations

import errno
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action
from devices.transports.stream import (
    PortBusy,
    PortDenied,
    PortMissing,
    PortUnusable,
    ReadTimeout,
    StreamError,
    Unplugged,
    WriteTimeout,
)

SCHEME = "usb:"
_SHAPE = re.compile(r"usb:([0-9a-f]{4}):([0-9a-f]{4})(?:\?(.*))?", re.IGNORECASE)
_GONE = frozenset({errno.ENODEV, errno.ENOENT, errno.EIO, errno.ESHUTDOWN, errno.EPROTO})
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_DIRECTION_IN, _KIND, _BULK = 0x80, 0x03, 0x02  # of bEndpointAddress and bmAttributes (USB 2.0, 9.6.6)
_DRAIN_LIMIT = 64 * 1024  # a device that never falls silent must not hold up the next command
_DRAIN_SECONDS = 0.001


class LibusbMissing(StreamError):
    """pyusb or libusb itself is not installed."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            "libusb-missing",
            f"{missing} is not installed",
            advice="Install Debian's package libusb-1.0-0 (and pyusb in the terminal's Python).",
            retryable=False,
            action=Action.CONFIGURE,
        )


class UsbTrouble(StreamError):
    """A transfer failed in a way that is neither silence nor a pulled plug (stall, overflow)."""

    def __init__(self, port: str, reason: str) -> None:
        super().__init__(
            "usb-error",
            f"a transfer with {port} failed: {reason}",
            advice="Try again; if it stays so, unplug the device and plug it in again.",
            retryable=True,
        )


@dataclass(frozen=True, slots=True)
class Address:
    """A device by its numbers, and its pipes where they are named (else 0)."""

    vendor: int
    product: int
    pipe_out: int = 0
    pipe_in: int = 0


def address(port: str) -> Address:
    """``usb:VVVV:PPPP[?out=EE][&in=EE]``, all hexadecimal. Raises PortUnusable."""
    match = _SHAPE.fullmatch(port)
    if match is None:
        raise PortUnusable(port, "not of the form usb:0400:c35a")
    try:
        options = {key: int(values[-1], 16) for key, values in parse_qs(match[3] or "", strict_parsing=True).items()}
    except ValueError:
        options = {} if not match[3] else {"?": 0}
    if options.keys() - {"in", "out"} or any(not 0 < pipe <= 0xFF for pipe in options.values()):
        raise PortUnusable(port, "pipes are named as ?out=02&in=81")
    return Address(int(match[1], 16), int(match[2], 16), options.get("out", 0), options.get("in", 0))


class UsbBulk:
    """A ByteStream over two bulk pipes of one interface, claimed for this process alone.

    ``preferred`` are the pipes to take where the port names none and several are there, best first. ``backend`` is
    pyusb's, libusb's where none is given.
    """

    def __init__(self, port: str, *, preferred: tuple[int, ...] = (), backend: Any = None) -> None:
        self._port = port
        self._address = Address(0, 0)
        self._preferred = preferred
        self._backend = backend
        self._device: Any = None
        self._interface = self._out = self._in = 0
        self._packet = 64
        self._kept = bytearray()

    @property
    def port(self) -> str:
        return self._port

    @property
    def is_open(self) -> bool:
        return self._device is not None

    def open(self, deadline: Deadline) -> None:
        """Find, configure, claim; drop old input. LibusbMissing, PortMissing, PortDenied, PortBusy, PortUnusable."""
        self.close()
        self._address = address(self._port)
        core = _pyusb("usb.core")
        device = self._found(core)
        try:
            self._claim(device)
        except core.USBError as error:
            _pyusb("usb.util").dispose_resources(device)
            raise self._refused(error) from error
        except PortUnusable:
            _pyusb("usb.util").dispose_resources(device)
            raise
        self._device = device
        try:
            self.drain()
        except StreamError:
            self.close()
            raise

    def close(self) -> None:
        device, self._device = self._device, None
        self._kept.clear()
        if device is not None:
            with suppress(OSError):  # USBError is one: it may be gone already
                _pyusb("usb.util").dispose_resources(device)

    def write(self, data: bytes, deadline: Deadline) -> None:
        view = memoryview(data)
        while view:
            device = self._require_open()
            if deadline.expired:
                raise WriteTimeout(self._port)
            try:
                view = view[device.write(self._out, bytes(view), _milliseconds(deadline.remaining())) :]
            except OSError as error:
                if _timed_out(error):
                    raise WriteTimeout(self._port) from error
                raise self._failed(error) from error

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        last = time.monotonic()
        self._require_open()
        while len(self._kept) < count:
            wait = deadline.remaining()
            if gap is not None:
                wait = min(wait, max(0.0, last + gap - time.monotonic()))
            part = self._transfer(count - len(self._kept), wait) if wait > 0 else b""
            if part:
                self._kept += part
                last = time.monotonic()
            elif deadline.expired or gap is not None:
                received = bytes(self._kept)
                self._kept.clear()
                raise ReadTimeout(count, received)
        data = bytes(self._kept[:count])
        del self._kept[:count]
        return data

    def drain(self) -> int:
        """Drop what has arrived. A pipe can only be asked with a time limit: 1 ms, once more than there is input."""
        self._require_open()
        dropped = len(self._kept)
        self._kept.clear()
        while dropped < _DRAIN_LIMIT and (part := self._transfer(4096, _DRAIN_SECONDS)):
            dropped += len(part)
        return dropped

    def _transfer(self, wanted: int, seconds: float) -> bytes:
        """One bulk read of whole packets; b"" where nothing came in time."""
        size = -(-wanted // self._packet) * self._packet  # a packet that does not fit would be lost (overflow)
        device = self._require_open()
        try:
            return bytes(device.read(self._in, size, _milliseconds(seconds)))
        except OSError as error:
            if _timed_out(error):
                return b""
            raise self._failed(error) from error

    def _found(self, core: Any) -> Any:
        backend = self._backend
        if backend is None:
            backend = _pyusb("usb.backend.libusb1").get_backend()
            if backend is None:
                raise LibusbMissing("libusb-1.0")
        wanted = {"idVendor": self._address.vendor, "idProduct": self._address.product}
        try:
            devices = list(core.find(find_all=True, backend=backend, **wanted))
        except core.USBError as error:
            raise self._refused(error) from error
        if not devices:
            raise PortMissing(self._port)
        if len(devices) > 1:
            raise PortUnusable(self._port, f"{len(devices)} such devices are plugged in: leave one")
        return devices[0]

    def _claim(self, device: Any) -> None:
        try:
            configuration = device.get_active_configuration()
        except OSError as error:
            if error.errno is not None:
                raise
            device.set_configuration()  # not configured yet; a device that is must not be configured anew
            configuration = device.get_active_configuration()
        for interface in configuration:
            pipes = {end.bEndpointAddress: end for end in interface if end.bmAttributes & _KIND == _BULK}
            out = self._choose([p for p in pipes if not p & _DIRECTION_IN], self._address.pipe_out)
            into = self._choose([p for p in pipes if p & _DIRECTION_IN], self._address.pipe_in)
            if out and into:
                _pyusb("usb.util").claim_interface(device, interface.bInterfaceNumber)
                self._interface, self._out, self._in = interface.bInterfaceNumber, out, into
                self._packet = pipes[into].wMaxPacketSize or 64
                return
        raise PortUnusable(self._port, "it has no such pair of bulk pipes")

    def _choose(self, pipes: list[int], named: int) -> int:
        """The pipe named, else the preferred one, else the first; 0 where there is none."""
        if named:
            return named if named in pipes else 0
        return next((pipe for pipe in self._preferred if pipe in pipes), pipes[0] if pipes else 0)

    def _refused(self, error: OSError) -> StreamError:
        if error.errno in _DENIED:
            return PortDenied(self._port)
        if error.errno == errno.EBUSY:
            return PortBusy(self._port)
        if error.errno in _GONE:
            return PortMissing(self._port)
        return PortUnusable(self._port, _reason(error))

    def _failed(self, error: OSError) -> StreamError:
        if error.errno in _GONE:
            return Unplugged(self._port)
        device = self._device
        if error.errno == errno.EPIPE and device is not None:  # a stalled pipe stays so until it is told to go on
            with suppress(OSError):
                device.clear_halt(self._in)
                device.clear_halt(self._out)
        return UsbTrouble(self._port, _reason(error))

    def _require_open(self) -> Any:
        if self._device is None:
            raise Unplugged(self._port)
        return self._device


def _pyusb(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise LibusbMissing("pyusb") from error


def _timed_out(error: OSError) -> bool:
    return error.errno == errno.ETIMEDOUT or type(error).__name__ == "USBTimeoutError"


def _milliseconds(seconds: float) -> int:
    """libusb counts in milliseconds and takes 0 for ever."""
    return max(1, round(seconds * 1000))


def _reason(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
