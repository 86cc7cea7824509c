"""The handshake by which a vendor's technician takes over an ATM-class machine (XFS4IoT VendorMode).

Every application registers. Somebody asks to enter (``request_enter``, or the technician at the machine); each
registered application is told (EnterModeRequestEvent) and acknowledges once it has let go of its devices; when all
have, the mode is active (ModeEnteredEvent) and the devices are the technician's. Leaving goes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import Fault
from devices.drivers.xfs4iot.driver import XfsDevice
from devices.drivers.xfs4iot.protocol import Message
from devices.drivers.xfs4iot.shapes import dig, word


class Mode(Enum):
    """Where the machine stands. PENDING: asked for, not every application has acknowledged."""

    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    ENTER_PENDING = "enterPending"
    ACTIVE = "active"
    EXIT_PENDING = "exitPending"


ModeListener = Callable[[Mode], None]
_EVENTS = {
    "VendorMode.EnterModeRequestEvent": Mode.ENTER_PENDING,
    "VendorMode.ModeEnteredEvent": Mode.ACTIVE,
    "VendorMode.ExitModeRequestEvent": Mode.EXIT_PENDING,
    "VendorMode.ModeExitedEvent": Mode.INACTIVE,
}


class XfsVendorMode(XfsDevice):
    """One VendorMode service. ``listener`` is told each change, in the thread that is in a call."""

    kind = "vendor_mode"
    interface = "VendorMode"
    key = "vendorMode"

    _mode = Mode.UNKNOWN
    _listener: ModeListener | None = None

    @property
    def mode(self) -> Mode:
        """As last heard; ``refresh`` asks."""
        return self._mode

    def watch(self, listener: ModeListener | None) -> None:
        self._listener = listener

    def register(self, application: str, deadline: Deadline) -> None:
        """From now on no mode is entered or left before this application has acknowledged."""
        self._session.request("VendorMode.Register", {"appName": application}, deadline=deadline)

    def request_enter(self, deadline: Deadline) -> None:
        """Ask all registered applications to let go of their devices. Returns when the request is taken."""
        self._session.request("VendorMode.EnterModeRequest", deadline=deadline)

    def acknowledge_enter(self, deadline: Deadline) -> None:
        """This application has let go of every device."""
        self._session.request("VendorMode.EnterModeAcknowledge", deadline=deadline)

    def request_exit(self, deadline: Deadline) -> None:
        self._session.request("VendorMode.ExitModeRequest", deadline=deadline)

    def acknowledge_exit(self, deadline: Deadline) -> None:
        """This application may use its devices again as soon as all have acknowledged."""
        self._session.request("VendorMode.ExitModeAcknowledge", deadline=deadline)

    def wait_for(self, mode: Mode, deadline: Deadline) -> bool:
        """Take in events until the mode is reached; False at the deadline. Raises the line's StreamError."""
        while self._mode is not mode:
            if deadline.expired:
                return False
            self._session.pump(deadline)
        return True

    def refresh(self, deadline: Deadline) -> Mode:
        """Ask for the mode. A word we do not know is UNKNOWN."""
        part = dig(self._ask_status(deadline), self.key)
        self._look(part if isinstance(part, dict) else {})
        return self._mode

    def reset(self, deadline: Deadline) -> None:
        """Nothing to reset: the handshake is the applications'."""

    def _opened(self) -> None:
        self._mode = Mode.UNKNOWN

    def _look(self, part: Mapping[str, Any]) -> tuple[tuple[Fault, ...], Mapping[str, str]]:
        told = word(part, "service")
        self._change(Mode(told) if told in Mode._value2member_map_ else Mode.UNKNOWN)
        return (), {"mode": self._mode.value}

    def _unsolicited(self, message: Message) -> None:
        super()._unsolicited(message)
        if message.name in _EVENTS:
            self._change(_EVENTS[message.name])

    def _change(self, mode: Mode) -> None:
        if mode is not self._mode:
            self._mode = mode
            if self._listener is not None:
                self._listener(mode)
