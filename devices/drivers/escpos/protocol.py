"""ESC/POS as this driver uses it: commands out, status bytes in. Pure and byte-exact.

Source: Epson's public ESC/POS command reference; the truth table of DLE EOT was read off an independent emulator.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum

from devices.contracts.device import Action, Fault
from devices.contracts.printing import Paper, Raster

# ---- commands ----

INITIALISE = b"\x1b\x40"  # ESC @   clear the line in work, defaults
STANDARD_LEFT = b"\x1b\x61\x00"  # ESC a 0 align left
ASB_ON = b"\x1d\x61\xff"  # GS a 255 report every change by itself
START = INITIALISE + ASB_ON  # ESC @ switches automatic status off (Epson, GS a): on again, after it
ASK_PAPER = b"\x1d\x72\x01"  # GS r 1  answered in its turn, after everything sent before it
CLEAR_BUFFERS = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4 8: drop what is not printed yet
BAND_ROWS = 64


class Ask(IntEnum):
    """n of DLE EOT n, answered at once."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


def ask(what: Ask) -> bytes:
    """DLE EOT n."""
    return bytes((0x10, 0x04, what))


def feed(lines: int) -> bytes:
    """ESC d n: n lines of text height."""
    return bytes((0x1B, 0x64, lines))


def cut() -> bytes:
    """GS V 66 0: feed to the knife, cut (partially where the printer can)."""
    return b"\x1d\x56\x42\x00"


def band(width: int, rows: bytes) -> bytes:
    """GS v 0: rows of dots, (width + 7) // 8 bytes each, 1 = black."""
    across = (width + 7) // 8
    return b"\x1d\x76\x30\x00" + struct.pack("<HH", across, len(rows) // across) + rows


def bands(raster: Raster) -> Iterator[bytes]:
    """The raster as GS v 0 commands of at most BAND_ROWS rows."""
    across = (raster.width + 7) // 8
    rows = defuse(raster.rows)
    for start in range(0, len(rows), across * BAND_ROWS):
        yield band(raster.width, rows[start : start + across * BAND_ROWS])


def defuse(rows: bytes) -> bytes:
    """Dots that look like a real-time command (10 04, 10 05, 10 14) would be obeyed in the middle of the picture.

    One dot is added to such a pair: 10 becomes 11. Nothing else changes.
    """
    for second in (0x04, 0x05, 0x14):
        rows = rows.replace(bytes((0x10, second)), bytes((0x11, second)))
    return rows


# ---- answers ----


class Kind(Enum):
    REALTIME = "realtime"  # answer to DLE EOT: 0xx1xx10
    PAPER = "paper"  # answer to GS r: 0xx0xxxx
    ASB = "asb"  # four bytes: 0xx1xx00, then 0xx0xxxx three times
    XON = "xon"
    XOFF = "xoff"
    STRANGE = "strange"


def kind_of(byte: int) -> Kind:
    """What the first byte of an answer begins, by its fixed bits."""
    if byte in (0x11, 0x13):
        return Kind.XON if byte == 0x11 else Kind.XOFF
    if byte & 0x93 == 0x12:
        return Kind.REALTIME
    if byte & 0x93 == 0x10:
        return Kind.ASB
    return Kind.PAPER if byte & 0x90 == 0x00 else Kind.STRANGE


NEAR_END = Fault("media-low", Action.REPLENISH, "the roll is near its end", blocking=False)
PAPER_OUT = Fault("media-empty", Action.REPLENISH, "no paper")
COVER_OPEN = Fault("cover-open", Action.CLEAR, "the cover is open")
CUTTER = Fault("cutter", Action.CLEAR, "the knife is stuck")
MECHANISM = Fault("mechanism", Action.CLEAR, "a recoverable error of the mechanism")
UNRECOVERABLE = Fault("hardware-error", Action.CALL_TECHNICIAN, "an error the printer cannot leave by itself")
OVERHEATED = Fault("head-hot", Action.NONE, "the print head is cooling down")
FEEDING = Fault("feeding", Action.NONE, "the feed button is held")
OFFLINE = Fault("offline", Action.RESET, "the printer is offline and gives no reason")
PRINTER_ERROR = Fault("printer-error", Action.RESET, "the printer reports an error")

# which DLE EOT, mask, fault: the fault stands when any bit of the mask is set
BITS: tuple[tuple[Ask, int, Fault], ...] = (
    (Ask.OFFLINE_CAUSE, 0x04, COVER_OPEN),
    (Ask.OFFLINE_CAUSE, 0x08, FEEDING),
    (Ask.OFFLINE_CAUSE, 0x20, PAPER_OUT),
    (Ask.ERROR_CAUSE, 0x04, MECHANISM),
    (Ask.ERROR_CAUSE, 0x08, CUTTER),
    (Ask.ERROR_CAUSE, 0x20, UNRECOVERABLE),
    (Ask.ERROR_CAUSE, 0x40, OVERHEATED),
    (Ask.PAPER, 0x60, PAPER_OUT),
    (Ask.PAPER, 0x0C, NEAR_END),
)


@dataclass(frozen=True, slots=True)
class Look:
    """The four answers to DLE EOT 1 to 4."""

    printer: int
    offline_cause: int
    error_cause: int
    paper_bits: int

    @property
    def offline(self) -> bool:
        return bool(self.printer & 0x08)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Blocking ones first. An offline printer without a cause is a fault of its own."""
        by_ask = dict(zip(Ask, (self.printer, self.offline_cause, self.error_cause, self.paper_bits), strict=True))
        found = {fault.code: fault for which, mask, fault in BITS if by_ask[which] & mask}
        if PAPER_OUT.code in found:
            found.pop(NEAR_END.code, None)
        if self.offline_cause & 0x40 and not any(f.blocking for f in found.values()):
            found[PRINTER_ERROR.code] = PRINTER_ERROR
        if self.offline and not any(f.blocking for f in found.values()):
            found[OFFLINE.code] = OFFLINE
        return tuple(sorted(found.values(), key=lambda f: not f.blocking))

    @property
    def blocking(self) -> Fault | None:
        return next((fault for fault in self.faults if fault.blocking), None)

    @property
    def paper(self) -> Paper:
        codes = {fault.code for fault in self.faults}
        if PAPER_OUT.code in codes:
            return Paper.OUT
        return Paper.LOW if NEAR_END.code in codes else Paper.FULL


# which byte of an automatic status, mask, fault
ASB_BITS: tuple[tuple[int, int, Fault], ...] = (
    (0, 0x20, COVER_OPEN),
    (0, 0x40, FEEDING),
    (1, 0x04, MECHANISM),
    (1, 0x08, CUTTER),
    (1, 0x20, UNRECOVERABLE),
    (1, 0x40, OVERHEATED),
    (2, 0x0C, PAPER_OUT),
    (2, 0x03, NEAR_END),
)


def is_asb(block: bytes) -> bool:
    """Whether these four bytes have the fixed bits of an automatic status: 0xx1xx00, then 0xx0xxxx three times."""
    return len(block) == 4 and block[0] & 0x93 == 0x10 and all(byte & 0x90 == 0 for byte in block[1:])


@dataclass(frozen=True, slots=True)
class AsbLook:
    """The four bytes of an automatic status (GS a): the same as a Look, in the printer's own initiative."""

    block: bytes

    @property
    def offline(self) -> bool:
        return bool(self.block[0] & 0x08)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Blocking ones first. An offline printer without a cause is a fault of its own."""
        found = {fault.code: fault for index, mask, fault in ASB_BITS if self.block[index] & mask}
        if PAPER_OUT.code in found:
            found.pop(NEAR_END.code, None)
        if self.offline and not any(fault.blocking for fault in found.values()):
            found[OFFLINE.code] = OFFLINE
        return tuple(sorted(found.values(), key=lambda fault: not fault.blocking))

    @property
    def blocking(self) -> Fault | None:
        return next((fault for fault in self.faults if fault.blocking), None)

    @property
    def paper(self) -> Paper:
        if self.block[2] & 0x0C:
            return Paper.OUT
        return Paper.LOW if self.block[2] & 0x03 else Paper.FULL


def asb_faults(block: bytes) -> tuple[Fault, ...]:
    """Faults in the four bytes of an automatic status."""
    return AsbLook(block).faults


def paper_answer(byte: int) -> Paper:
    """Answer to GS r 1."""
    if byte & 0x0C:
        return Paper.OUT
    return Paper.LOW if byte & 0x03 else Paper.FULL
