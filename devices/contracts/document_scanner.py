"""Scanner of paper documents: flatbed, document feeder, or both. Pages are whole or they are not there.

A scan ends as Scanned, NotScanned with its reason, or Unknown: then sheets may lie in the path, in the tray, or both,
and a person has to look. Pictures live in memory only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, Fault

A4 = (210.0, 297.0)


class Source(Enum):
    """Where the sheet lies."""

    FLATBED = "flatbed"
    FEEDER = "feeder"
    FEEDER_DUPLEX = "feederDuplex"


class Mode(Enum):
    """One bit, eight bits or three times eight bits a dot."""

    LINEART = "lineart"
    GREY = "grey"
    COLOUR = "colour"


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """``dpi`` dots per inch; ``size`` width and height in mm from the upper left corner; ``pages`` at most, of a
    feeder (a flatbed has one): with more sheets in it there is no document."""

    source: Source = Source.FLATBED
    mode: Mode = Mode.GREY
    dpi: int = 300
    size: tuple[float, float] = A4
    pages: int = 50

    def __post_init__(self) -> None:
        width, height = self.size
        if not (1 <= self.pages <= 200 and 10 <= self.dpi <= 2400 and 1 <= width <= 1000 and 1 <= height <= 2000):
            raise ValueError("settings out of bounds: 1 to 200 pages, 10 to 2400 dpi, at most 1000 x 2000 mm")


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One whole page. ``data`` is a PNM file (P4 lineart, P5 grey, P6 colour), ``width`` and ``height`` are dots,
    ``dpi`` is what the scanner really used."""

    width: int
    height: int
    dpi: int
    mode: Mode
    data: bytes

    def __repr__(self) -> str:  # what stands on a paper never reaches a log by way of repr
        return f"Page({self.width} x {self.height}, {self.dpi} dpi, {self.mode.value}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Scanned:
    """Every page came whole, in the order of the feeder."""

    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class NotScanned:
    """The scanner has said why there is no document: ``no-docs``, ``jammed``, ``cover-open``, ``busy``, ``truncated``,
    ``too-many-pages``, ``port-denied`` … Pages that came whole before it are dropped, and counted in ``whole``: half a
    document is none."""

    reason: Fault
    whole: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say where the sheets are: the scanner fell silent, failed or crashed in the middle."""

    reason: Fault
    whole: int = 0


ScanOutcome = Scanned | NotScanned | Unknown


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """``pages_done`` whole pages so far; ``part`` of the page under way, 0.0 to 1.0."""

    pages_done: int
    part: float


ScanListener = Callable[[ScanProgress], None]


class DocumentScanner(Device, Protocol):
    """A scanner of paper documents."""

    def scan(self, settings: ScanSettings, *, deadline: Deadline, progress: ScanListener | None = None) -> ScanOutcome:
        """Scan once. Raises nothing that an outcome can say."""
        ...
