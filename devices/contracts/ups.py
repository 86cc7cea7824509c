"""Uninterruptible power supply (不间断电源): whether the mains are there, and how long the battery lasts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device


class Supply(Enum):
    """Where the power comes from."""

    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    ON_LINE = "onLine"
    ON_BATTERY = "onBattery"


class Battery(Enum):
    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    GOOD = "good"
    LOW = "low"


class Replacement(Enum):
    """Whether the battery has to be replaced."""

    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    NOT_NEEDED = "notNeeded"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class Power:
    """The UPS at one moment. ``charge`` in percent and ``runtime`` in seconds are None where not told.

    ``why`` is the code of what makes it unknown (``data-stale``, ``driver-not-connected``), else empty.
    """

    supply: Supply = Supply.UNKNOWN
    battery: Battery = Battery.UNKNOWN
    replacement: Replacement = Replacement.UNKNOWN
    charge: int | None = None
    runtime: int | None = None
    why: str = ""
    read_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def critical(self) -> bool:
        """On battery and low: the terminal ends visits and shuts down. Unknown is not critical, and not well."""
        return self.supply is Supply.ON_BATTERY and self.battery is Battery.LOW


class Ups(Device, Protocol):
    """Only looked at, never commanded. Faults of ``poll``: ``on-battery`` (does not block), ``battery-low`` (blocks),
    ``battery-replace`` (does not block), ``data-stale`` and ``driver-not-connected`` with state UNKNOWN."""

    def power(self, deadline: Deadline) -> Power:
        """The UPS now; all UNKNOWN with ``why`` where its daemon has lost it. DeviceError where the daemon is gone."""
        ...
