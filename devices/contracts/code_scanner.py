"""Code scanner (扫码器): what a person holds before it, a code on a phone or on paper, as bytes and as text."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault


class Symbology(Enum):
    """Kinds of code, by the letter of the AIM identifier (ISO/IEC 15424). UNKNOWN where the scanner does not tell."""

    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"  # told, and none of these
    QR = "qr"
    DATA_MATRIX = "dataMatrix"
    PDF417 = "pdf417"
    AZTEC = "aztec"
    HAN_XIN = "hanXin"  # 汉信码, GB/T 21049
    CODE_128 = "code128"
    CODE_39 = "code39"
    EAN = "ean"
    INTERLEAVED = "interleaved"


@dataclass(frozen=True, slots=True, repr=False)
class ScannedCode:
    """One code. ``data`` is without prefix and terminator; ``text`` is None where the bytes are no text.

    ``aim`` is the identifier as told (``]Q3``), empty where none is; ``scanned_at`` monotonic seconds.
    """

    data: bytes
    text: str | None
    symbology: Symbology = Symbology.UNKNOWN
    aim: str = ""
    scanned_at: float = field(default_factory=time.monotonic, compare=False)

    def __repr__(self) -> str:  # a code may name a person, or be as good as a key: only lengths are shown
        letters = "no text" if self.text is None else f"{len(self.text)} characters"
        return f"ScannedCode({self.symbology.value}, {len(self.data)} bytes, {letters})"


@dataclass(frozen=True, slots=True)
class NoCode:
    """Nothing was shown before the deadline."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something came and no whole code among it (``torn-code``, ``too-long``, ``no-prefix``): show it again."""

    reason: Fault


ScanOutcome = ScannedCode | NoCode | Unreadable


class CodeScanner(Device, Protocol):
    """Between ``begin`` and ``end`` codes are wanted; what comes at any other time belongs to nobody and is dropped."""

    def begin(self, deadline: Deadline) -> None:
        """Drop what was scanned before, and switch the scanner on where it waits to be told. May be repeated."""
        ...

    def scan(self, deadline: Deadline) -> ScanOutcome:
        """The next code; NoCode at the deadline. Begins where ``begin`` was not called. Raises DeviceError.

        May be called in short turns: a code that comes between two of them is kept for the next.
        """
        ...

    def end(self, deadline: Deadline) -> None:
        """Forget what was scanned and switch the scanner off. Harmless when not begun."""
        ...
