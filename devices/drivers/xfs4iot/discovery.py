"""Which XFS4IoT services a machine offers: every port where a service publisher may listen is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.drivers.xfs4iot.codes import state_of
from devices.drivers.xfs4iot.protocol import PATH, PORTS, Message
from devices.drivers.xfs4iot.session import Patience, Session
from devices.drivers.xfs4iot.shapes import dig, word
from devices.transports.websocket import MessageLine, WebSocketLine

MAX_SERVICES = 64  # of one publisher; what it says beyond that is left unread
KNOCK = 1.0  # seconds for one port to open: a firewall that drops what it does not like must not cost them all


@dataclass(frozen=True, slots=True)
class Service:
    """One service as it introduced itself. ``error`` is why it could not be asked; then the rest is empty."""

    uri: str
    interfaces: tuple[str, ...] = ()
    model: str = ""
    serial: str = ""
    state: State = State.UNKNOWN
    error: str = ""


LineMaker = Callable[[str], MessageLine]


def find(
    host: str,
    deadline: Deadline,
    *,
    secure: bool = False,
    ports: Sequence[int] = PORTS,
    make: LineMaker = WebSocketLine,
) -> tuple[str, ...]:
    """Addresses of all services of all publishers on ``host``, in the order in which they were named.

    A port where nobody speaks XFS4IoT counts as empty. Raises DeviceError only for an impossible host.
    """
    found: dict[str, None] = {}
    shown = f"[{host}]" if ":" in host else host
    for place, port in enumerate(ports):
        share = deadline.remaining() / (len(ports) - place)  # what quick refusals leave over goes to the slow ones
        session = Session(make(f"{'wss' if secure else 'ws'}://{shown}:{port}{PATH}"))
        step = deadline.sooner(max(share, min(KNOCK, deadline.remaining())))
        try:
            for uri in ask_publisher(session, step):
                found.setdefault(uri)
        except DeviceError:
            continue
    return tuple(found)


def ask_publisher(session: Session, deadline: Deadline) -> tuple[str, ...]:
    """ServicePublisher.GetServices: addresses from its events and its completion. Raises DeviceError."""
    session.open(deadline)
    found: dict[str, None] = {}
    try:
        completion = session.introduce("ServicePublisher.GetServices", deadline, lambda event: _collect(event, found))
        _collect(completion, found)
    finally:
        session.close()
    return tuple(found)


def introduce(
    uri: str, deadline: Deadline, *, make: LineMaker = WebSocketLine, patience: Patience | None = None
) -> Service:
    """What a service says of itself: Common.Capabilities, then Common.Status. Never raises a DeviceError."""
    session = Session(make(uri), patience=patience)
    try:
        session.open(deadline)
        capabilities = session.introduce("Common.Capabilities", deadline).payload
        session.versions = versions_of(capabilities)
        status = session.request("Common.Status", deadline=deadline).payload
    except DeviceError as error:
        return Service(uri, error=error.code)
    finally:
        session.close()
    model, serial = device_information(capabilities)
    return Service(uri, interfaces_of(capabilities), model, serial, state_of(dig(status, "common", "device")))


def interfaces_of(capabilities: object) -> tuple[str, ...]:
    """Names of the interfaces a service offers."""
    listed = dig(capabilities, "interfaces")
    names = [word(entry, "name") for entry in listed[:MAX_SERVICES]] if isinstance(listed, list) else []
    return tuple(name for name in names if name)


def versions_of(capabilities: object) -> dict[str, str]:
    """The newest version of each command that a service says it has."""
    listed = dig(capabilities, "interfaces")
    newest: dict[str, str] = {}
    for entry in listed[:MAX_SERVICES] if isinstance(listed, list) else []:
        commands = dig(entry, "commands")
        for name, about in commands.items() if isinstance(commands, dict) else ():
            offered = dig(about, "versions")
            known = [version for version in offered if _numbers(version)] if isinstance(offered, list) else []
            if known:
                newest[name] = max(known, key=_numbers)
    return newest


def device_information(capabilities: object) -> tuple[str, str]:
    """Model and serial number of the first device behind a service; empty where it does not say."""
    listed = dig(capabilities, "common", "deviceInformation")
    first = listed[0] if isinstance(listed, list) and listed else None
    return word(first, "modelName"), word(first, "serialNumber")


def _numbers(version: object) -> tuple[int, ...]:
    """(3, 0) of "3.0"; () for what is no version."""
    parts = version.split(".") if isinstance(version, str) and len(version) <= 7 else []
    if not 1 <= len(parts) <= 2 or not all(part.isascii() and part.isdigit() for part in parts):
        return ()
    return tuple(int(part) for part in parts)


def _collect(message: Message, found: dict[str, None]) -> None:
    listed = message.payload.get("services", [])
    for entry in listed[:MAX_SERVICES]:
        uri = dig(entry, "serviceURI")
        if isinstance(uri, str) and len(uri) <= 300 and _is_service(uri) and len(found) < MAX_SERVICES:
            found.setdefault(uri)


def _is_service(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
