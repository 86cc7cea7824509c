"""Printers. A print job ends as Printed, NotPrinted with its reason, or Unknown: never a guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault


class Paper(Enum):
    """Paper supply (XFS4IoT Printer.Status)."""

    UNKNOWN = "unknown"
    NOT_SUPPORTED = "notSupported"
    FULL = "full"
    LOW = "low"
    OUT = "out"
    JAMMED = "jammed"


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer has said that every page lies in the tray."""

    pages: int


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The printer has said that the job will not come out."""

    reason: Fault


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether paper came out: the answer was lost."""

    reason: Fault


PrintOutcome = Printed | NotPrinted | Unknown


@dataclass(frozen=True, slots=True)
class PrintProgress:
    """True progress as told by the printer; ``pages_total`` is 0 where it is not known."""

    pages_done: int
    pages_total: int
    waiting_for: Fault | None = None


ProgressListener = Callable[[PrintProgress], None]


class PagePrinter(Device, Protocol):
    """An A4 printer that takes PDF."""

    def print_pdf(
        self, pdf: bytes, *, title: str, pages: int, deadline: Deadline, progress: ProgressListener | None = None
    ) -> PrintOutcome:
        """Print once. ``title`` is a job name without personal data. Raises nothing that an outcome can say."""
        ...


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture of one bit per dot, rows packed to whole bytes, most significant bit left, 1 = black."""

    width: int
    height: int
    rows: bytes

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0 or len(self.rows) != (self.width + 7) // 8 * self.height:
            raise ValueError(f"raster of {self.width} x {self.height} dots needs {(self.width + 7) // 8} bytes a row")


class ReceiptPrinter(Device, Protocol):
    """A thermal printer of receipts, 576 dots wide unless its profile says otherwise."""

    def print_raster(
        self, raster: Raster, *, cut: bool, deadline: Deadline, progress: ProgressListener | None = None
    ) -> PrintOutcome: ...
