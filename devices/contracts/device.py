"""What every device has in common: state, faults, self-tests, errors.

The state vocabulary is that of XFS4IoT (CEN CWA 17852), with UNKNOWN added: a device that does not
answer is unknown, never well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Protocol, runtime_checkable

from devices.contracts.deadline import Deadline


class State(Enum):
    """Device state (XFS4IoT Common.Status ``device``)."""

    ONLINE = "online"
    OFFLINE = "offline"
    POWER_OFF = "powerOff"
    NO_DEVICE = "noDevice"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    DEVICE_BUSY = "deviceBusy"
    FRAUD_ATTEMPT = "fraudAttempt"
    POTENTIAL_FRAUD = "potentialFraud"
    STARTING = "starting"
    UNKNOWN = "unknown"


class Action(Enum):
    """What mends a fault (XFS error actions)."""

    NONE = "none"
    RESET = "reset"
    CLEAR = "clear"
    REPLENISH = "replenish"
    CONFIGURE = "configure"
    CALL_TECHNICIAN = "callTechnician"


class Level(Enum):
    """Depth of a self-test (UnifiedPOS CheckHealth)."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    INTERACTIVE = "interactive"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and what mends it.

    ``code`` is a stable, lower-case, hyphenated word (``media-empty``, ``cover-open``, ``no-answer``);
    ``blocking`` says whether the device cannot do its main job because of it.
    """

    code: str
    action: Action
    detail: str = ""
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """What was last learned about a device, and when (monotonic seconds)."""

    state: State
    faults: tuple[Fault, ...] = ()
    observed_at: float = field(default_factory=time.monotonic)
    details: Mapping[str, str] = field(default_factory=dict)

    def age(self, now: float | None = None) -> float:
        """Seconds since this was learned."""
        return max(0.0, (time.monotonic() if now is None else now) - self.observed_at)

    @property
    def usable(self) -> bool:
        """True only when the device has said that it is well; unknown is not usable."""
        return self.state in (State.ONLINE, State.DEVICE_BUSY) and not any(f.blocking for f in self.faults)

    def same_as(self, other: Status) -> bool:
        """Equal apart from the time of observation."""
        return (self.state, self.faults, dict(self.details)) == (other.state, other.faults, dict(other.details))


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """Who a device is. Fields not known are empty."""

    kind: str
    driver: str
    port: str
    vendor: str = ""
    model: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class TestResult:
    """Outcome of a self-test; ``passed`` is None where only a person can tell."""

    __test__: ClassVar[bool] = False  # pytest must not take it for a test class

    level: Level
    passed: bool | None
    report: str


class DeviceError(Exception):
    """A device failed to do what it was asked.

    ``code`` is stable and lower-case (``no-answer``, ``checksum``, ``truncated``), ``advice`` says in words
    what to do, ``retryable`` whether trying again can help. Never carries personal data.
    """

    def __init__(self, code: str, message: str, *, advice: str, retryable: bool, action: Action = Action.RESET) -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice
        self.retryable = retryable
        self.action = action

    def fault(self) -> Fault:
        """The same as a fault of the device's status."""
        return Fault(self.code, self.action, str(self))


StatusListener = Callable[[Status], None]


class Watch(Protocol):
    """A device's own ear for what happens to it, beside its heartbeat."""

    def start(self) -> None: ...

    def stop(self, deadline: Deadline) -> bool:
        """End it; False where its thread had to be left behind."""
        ...


@runtime_checkable
class SelfTelling(Protocol):
    """A device that can be told of at once when it is lost, back or changed."""

    def watch(self, changed: Callable[[], None]) -> Watch:
        """A watch, not started, which calls ``changed`` from a thread of its own."""
        ...


@runtime_checkable
class Device(Protocol):
    """A device as its actor drives it. Every method is called from one thread only: the actor's.

    ``open``, ``poll``, ``self_test`` and ``reset`` raise DeviceError and never outlast their deadline.
    """

    @property
    def info(self) -> DeviceInfo: ...

    @property
    def capabilities(self) -> Mapping[str, str]: ...

    def open(self, deadline: Deadline) -> None: ...

    def close(self) -> None: ...

    def poll(self, deadline: Deadline) -> Status:
        """Ask the device how it is (one short exchange)."""
        ...

    def self_test(self, level: Level, deadline: Deadline) -> TestResult: ...

    def reset(self, deadline: Deadline) -> None: ...

    def statistics(self) -> Mapping[str, int]: ...
