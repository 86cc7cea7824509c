"""A camera that gives single pictures when asked, and no stream: the portrait camera of an ATM-class machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device

_MAGIC = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png", b"BM": "bmp"}


@dataclass(frozen=True, slots=True)
class Still:
    """One picture as the camera delivered it. ``encoding`` is ``jpeg``, ``png`` or ``bmp``."""

    data: bytes
    encoding: str
    taken_at: float = field(default_factory=time.monotonic)  # monotonic seconds

    def __repr__(self) -> str:  # it shows a person
        return f"Still({self.encoding}, {len(self.data)} bytes)"


def encoding_of(data: bytes) -> str:
    """The encoding told by a picture's first bytes; empty where it is none that we know."""
    return next((name for magic, name in _MAGIC.items() if data.startswith(magic)), "")


class StillCamera(Device, Protocol):
    """Pictures never reach a file or a log here; who asked for one decides what becomes of it."""

    def take(self, deadline: Deadline) -> Still:
        """One picture, taken now. Raises DeviceError: ``no-picture``, ``picture-format``, ``camera-broken`` …"""
        ...
