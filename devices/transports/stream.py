"""What every byte carrier offers, and how it fails.

A stream carries bytes under deadlines; it knows no protocol. Each way to fail is a type of its own with a
stable code, so that a driver never has to read the text of an operating system's message.
"""

from __future__ import annotations

from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError

_PLUG = "Check that the device is plugged in and switched on, and that the profile names its port."
_ADDRESS = (
    "Check the device's power and network cable, or that its program runs where it is one of this machine, "
    "and that the profile names its address."
)


class StreamError(DeviceError):
    """The line itself failed, not what was said on it."""


class PortMissing(StreamError):
    """There is nothing at that path or address. ``why`` is what the network says of an address."""

    def __init__(self, port: str, why: str = "") -> None:
        super().__init__(
            "port-missing",
            f"there is no port {port}" + (f": {why}" if why else ""),
            advice=_ADDRESS if why else _PLUG,
            retryable=True,
            action=Action.CONFIGURE,
        )


class PortDenied(StreamError):
    """The port is there, this user may not open it."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "port-denied",
            f"this user may not open {port}",
            advice="Add the service user to the group that owns the port (Debian: dialout), or install the udev rule.",
            retryable=False,
            action=Action.CONFIGURE,
        )


class PortBusy(StreamError):
    """Another process holds the port."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "port-busy",
            f"{port} is in use by another process",
            advice="End the other program that uses this port; `fuser` names it.",
            retryable=True,
            action=Action.CLEAR,
        )


class PortUnusable(StreamError):
    """The path exists but does not behave like a port of this kind."""

    def __init__(self, port: str, reason: str) -> None:
        super().__init__(
            "port-unusable",
            f"{port} cannot be used as a port: {reason}",
            advice="Check the port named in the profile and the speed set for it.",
            retryable=False,
            action=Action.CONFIGURE,
        )


class Unplugged(StreamError):
    """The device went away while the port was open."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "unplugged",
            f"the device at {port} was unplugged",
            advice="Plug the device in again; it is taken up by itself.",
            retryable=True,
            action=Action.CALL_TECHNICIAN,
        )


class ReadTimeout(StreamError):
    """Fewer bytes came than were asked for. ``received`` holds those that did come."""

    def __init__(self, wanted: int, received: bytes) -> None:
        super().__init__(
            "no-answer",
            f"{len(received)} of {wanted} bytes came in time",
            advice="Check power and cable of the device.",
            retryable=True,
        )
        self.received = received


class WriteTimeout(StreamError):
    """The line did not take the bytes in time."""

    def __init__(self, port: str) -> None:
        super().__init__(
            "write-timeout",
            f"{port} does not take data",
            advice="Check power and cable of the device, then reset it.",
            retryable=True,
        )


class ByteStream(Protocol):
    """A two-way line of bytes. Used by one thread; only ``open`` may be called again after ``close``."""

    @property
    def port(self) -> str: ...

    @property
    def is_open(self) -> bool: ...

    def open(self, deadline: Deadline) -> None:
        """Open for this process alone and drop whatever input waits. Raises PortMissing, PortDenied, PortBusy."""
        ...

    def close(self) -> None: ...

    def write(self, data: bytes, deadline: Deadline) -> None:
        """Hand over all of ``data``. Raises Unplugged, WriteTimeout."""
        ...

    def read_exact(self, count: int, deadline: Deadline, gap: float | None = None) -> bytes:
        """Exactly ``count`` bytes. ReadTimeout at the deadline or after ``gap`` seconds of silence; Unplugged."""
        ...

    def drain(self) -> int:
        """Drop the input that has arrived; returns how many bytes it was. Never waits."""
        ...
