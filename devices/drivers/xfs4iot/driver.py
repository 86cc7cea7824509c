"""What every device behind an XFS4IoT service has in common: opening, asking how it is, reset, counts.

The kinds stand beside this: ``cards.py`` ``printer.py`` ``camera.py`` ``lights.py``, and ``vendor_mode.py`` for
maintenance. ``make`` gives one by its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.drivers.xfs4iot.codes import EVENT_ACTIONS, STATE_FAULTS, state_of
from devices.drivers.xfs4iot.discovery import device_information, interfaces_of, versions_of
from devices.drivers.xfs4iot.protocol import Edition, Message
from devices.drivers.xfs4iot.session import EventListener, Patience, Session
from devices.drivers.xfs4iot.shapes import dig, word
from devices.transports.websocket import MessageLine, WebSocketLine

KINDS = {
    "card_reader": "devices.drivers.xfs4iot.cards:XfsCardReader",
    "page_printer": "devices.drivers.xfs4iot.printer:XfsPagePrinter",
    "receipt_printer": "devices.drivers.xfs4iot.printer:XfsReceiptPrinter",
    "still_camera": "devices.drivers.xfs4iot.camera:XfsCamera",
    "lights": "devices.drivers.xfs4iot.lights:XfsLights",
    "vendor_mode": "devices.drivers.xfs4iot.vendor_mode:XfsVendorMode",
}
POLL_SECONDS = 3.0


class WrongService(DeviceError):
    """The service at that address is another device's."""

    def __init__(self, port: str, wanted: str, offered: tuple[str, ...]) -> None:
        super().__init__(
            "wrong-service",
            f"{port} does not offer {wanted} but {', '.join(offered) or 'nothing'}",
            advice="Give the profile this device's own service; `python -m devices.drivers.xfs4iot find` lists them.",
            retryable=False,
            action=Action.CONFIGURE,
        )


def make(kind: str, port: str, **options: Any) -> XfsDevice:
    """The driver of a kind (``KINDS``) for the service at ``port``; its module is imported only now."""
    module, class_name = KINDS[kind].split(":")
    device: XfsDevice = getattr(import_module(module), class_name)(port, **options)
    return device


class XfsDevice:
    """One service, ``ws(s)://host:port/xfs4iot/v1.0/Name``. Called by one thread at a time: its actor's, or that of a
    driver that uses its card.

    ``line`` replaces the one made from ``port`` (capture, replay), ``edition`` fixes what is else learnt, ``ca_file``
    names the authorities trusted for wss.
    """

    kind: ClassVar[str]
    interface: ClassVar[str]  # as XFS4IoT names it
    key: ClassVar[str]  # where its part stands in Common.Status and Common.Capabilities

    def __init__(
        self,
        port: str,
        *,
        line: MessageLine | None = None,
        edition: Edition | None = None,
        patience: Patience | None = None,
        ca_file: str = "",
    ) -> None:
        self._port = port
        self._session = Session(line or WebSocketLine(port, ca_file=ca_file), edition=edition, patience=patience)
        self._session.listen(self._unsolicited)
        self._abilities: Mapping[str, Any] = {}  # this interface's part of Common.Capabilities
        self._model = self._serial = ""
        self._event: Fault | None = None  # the last Common.ErrorEvent, until the device says that it is well

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo(self.kind, "xfs4iot", self._port, model=self._model, serial=self._serial)

    @property
    def capabilities(self) -> Mapping[str, str]:
        edition = self._session.edition
        return {
            "interface": self.interface,
            "edition": edition.value if edition else "unknown",
            "verified": "twin only, validated against the public schema 2021-1: no device was at hand",
            **self._told(),
        }

    def open(self, deadline: Deadline) -> None:
        """Connect and ask what the service offers. DeviceError where it is not this device's, or does not answer."""
        self._session.open(deadline)
        try:
            payload = self._session.introduce("Common.Capabilities", deadline).payload
            offered = interfaces_of(payload)
            if self.interface not in offered:
                raise WrongService(self._port, self.interface, offered)
            self._session.versions = versions_of(payload)
            self._model, self._serial = device_information(payload)
            part = dig(payload, self.key)
            self._abilities = part if isinstance(part, dict) else {}
        except DeviceError:
            self.close()
            raise
        self._opened()

    def close(self) -> None:
        self._session.close()

    def poll(self, deadline: Deadline) -> Status:
        """Common.Status. A word we do not know, and a device that is not named, are UNKNOWN."""
        payload = self._ask_status(deadline)
        state = state_of(dig(payload, "common", "device"))
        faults = [STATE_FAULTS[state]] if state in STATE_FAULTS else []
        part = dig(payload, self.key)
        told, details = self._look(part if isinstance(part, dict) else {})
        if state in (State.ONLINE, State.DEVICE_BUSY) and not any(fault.blocking for fault in told):
            self._event = None
        elif self._event is not None:
            told = (*told, self._event)
        return Status(state, (*faults, *told), details=details)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL asks the service; the deeper levels are the kind's own."""
        status = self.poll(deadline)
        if not status.usable:
            why = ", ".join(fault.code for fault in status.faults if fault.blocking) or status.state.value
            return TestResult(level, False, why)
        if level is Level.INTERNAL:
            return TestResult(level, True, f"the service says {status.state.value}")
        return self._try_out(level, deadline)

    def reset(self, deadline: Deadline) -> None:
        """The interface's Reset command; idempotent."""
        self._session.request(f"{self.interface}.Reset", self._reset_payload(), deadline=deadline)
        self._event = None

    def statistics(self) -> Mapping[str, int]:
        """Counts since start: commands, cancels, what came unsolicited, late, strange, unacknowledged or unreadable,
        and each error code."""
        return dict(self._session.counts)

    def listen(self, listener: EventListener) -> Callable[[], None]:
        """Unsolicited events of the service, told while the device's thread is in a call; the result ends it."""
        return self._session.listen(listener)

    # -- what a kind adds ------------------------------------------------------------------------------

    def _told(self) -> Mapping[str, str]:
        """Its part of ``capabilities``."""
        return {}

    def _look(self, part: Mapping[str, Any]) -> tuple[tuple[Fault, ...], Mapping[str, str]]:
        """Faults and details from its part of Common.Status."""
        return (), {}

    def _try_out(self, level: Level, deadline: Deadline) -> TestResult:
        return TestResult(level, None, "only a person can tell")

    def _reset_payload(self) -> Mapping[str, Any]:
        return {}

    def _opened(self) -> None:
        """After every opening."""

    # -- shared ----------------------------------------------------------------------------------------

    def _ensure_open(self, deadline: Deadline) -> None:
        if not self._session.line.is_open:
            self.open(deadline)

    def _ask_status(self, deadline: Deadline) -> Mapping[str, Any]:
        return self._session.request("Common.Status", deadline=deadline.sooner(POLL_SECONDS)).payload

    def _unsolicited(self, message: Message) -> None:
        if message.name == "Common.ErrorEvent":
            action = EVENT_ACTIONS.get(word(message.payload, "action"), Action.RESET)
            self._event = Fault("error-event", action, word(message.payload, "eventId"))
