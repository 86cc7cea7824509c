"""What a line scanner sends: [AIM identifier] data terminator. No I/O.

Sources: ISO/IEC 15424 (the AIM identifier ``]cm``: a letter for the symbology, a modifier); the makers' public manuals
for terminators and for the serial trigger (SYN T CR on, SYN U CR off: Honeywell, Datalogic, Canmax). A line has no
check of its own: a byte that changed on the way cannot be noticed here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from devices.contracts.code_scanner import ScannedCode, Symbology
from devices.contracts.device import Action, DeviceError, Fault

TERMINATORS: dict[str, tuple[bytes, ...]] = {
    "auto": (b"\r", b"\n"),  # CR, LF or CRLF; a code that holds one of them itself is cut there
    "cr": (b"\r",),
    "lf": (b"\n",),
    "crlf": (b"\r\n",),
    "etx": (b"\x03",),
}
ENCODINGS = ("utf-8", "gb18030")  # strict, in this order: UTF-8 is hardly ever met by chance
LIMIT = 4_096  # bytes; the largest QR code holds 2953 (ISO/IEC 18004), PDF417 1850
SYMBOLOGIES = {
    "A": Symbology.CODE_39,
    "C": Symbology.CODE_128,
    "E": Symbology.EAN,
    "I": Symbology.INTERLEAVED,
    "L": Symbology.PDF417,
    "Q": Symbology.QR,
    "d": Symbology.DATA_MATRIX,
    "h": Symbology.HAN_XIN,
    "z": Symbology.AZTEC,
}
_AIM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
# Control characters that stand in the text of codes: TAB LF CR, and what GS1 and ISO/IEC 15434 separate with.
_TEXT_CONTROLS = frozenset("\t\n\r\x04\x1c\x1d\x1e\x1f")

TORN = Fault("torn-code", Action.NONE, "a code broke off; show it again", blocking=False)
TOO_LONG = Fault("too-long", Action.NONE, "more bytes than a code can hold came without an end", blocking=False)
NO_PREFIX = Fault("no-prefix", Action.CONFIGURE, "a code came without the AIM identifier", blocking=False)


class BadFraming(DeviceError):
    """The profile's setting for a scanner cannot be used."""

    def __init__(self, detail: str) -> None:
        advice = f"Mend the scanner's entry in the profile; terminators are {', '.join(TERMINATORS)} or hex:0D0A."
        super().__init__("profile", detail, advice=advice, retryable=False, action=Action.CONFIGURE)


@dataclass(frozen=True, slots=True)
class Framing:
    """How codes stand on the line. ``aim``: whether every code begins with its identifier, as set in the scanner."""

    terminators: tuple[bytes, ...] = TERMINATORS["auto"]
    aim: bool = False
    encodings: tuple[str, ...] = ENCODINGS
    limit: int = LIMIT


@dataclass(frozen=True, slots=True)
class Commands:
    """What the scanner can be told. Empty where it cannot. ``answer`` is what it says to ``ask`` when it is well.

    Raises BadFraming for one of those two without the other."""

    trigger_on: bytes = b""
    trigger_off: bytes = b""
    ask: bytes = b""
    answer: bytes = b""

    def __post_init__(self) -> None:
        if bool(self.ask) != bool(self.answer):
            raise BadFraming("ask and answer go together: a question, and what the scanner says to it")


COMMANDS = {"none": Commands(), "syn": Commands(b"\x16T\r", b"\x16U\r")}


def terminators(name: str) -> tuple[bytes, ...]:
    """By name, or ``hex:`` and the bytes. Raises BadFraming; there is no such thing as a code without an end."""
    if name in TERMINATORS:
        return TERMINATORS[name]
    kind, _, digits = name.partition(":")
    try:
        custom = bytes.fromhex(digits) if kind == "hex" else b""
    except ValueError:
        custom = b""
    if not custom:
        raise BadFraming(f"{name!r} is no terminator")
    return (custom,)


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """The bytes between two terminators."""

    data: bytes

    def __repr__(self) -> str:
        return f"Line({len(self.data)} bytes)"


class LineDecoder:
    """Incremental: feed bytes, take lines and faults. Holds at most ``limit`` bytes, however many come."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._buffer = bytearray()
        self._spoilt: Fault | None = None  # what is wrong with the line that has begun; its end is waited for

    @property
    def pending(self) -> bool:
        """Whether a line has begun that has not ended."""
        return bool(self._buffer) or self._spoilt is not None

    def feed(self, data: bytes) -> list[Line | Fault]:
        self._buffer += data
        found: list[Line | Fault] = []
        while (end := self._end()) is not None:
            position, width = end
            line = bytes(self._buffer[:position])
            del self._buffer[: position + width]
            spoilt, self._spoilt = self._spoilt, None
            if spoilt is not None or position > self._framing.limit:
                found.append(spoilt or TOO_LONG)
            elif line:
                found.append(Line(line))
        if len(self._buffer) > self._framing.limit:
            self._spoilt = self._spoilt or TOO_LONG
            del self._buffer[: -max(map(len, self._framing.terminators))]
        return found

    def abandon(self) -> Fault | None:
        """The line fell silent: give up what has begun, and say what it was."""
        fault = self._spoilt or (TORN if self._buffer else None)
        self._buffer.clear()
        self._spoilt = None
        return fault

    def spoil(self) -> None:
        """The line that has begun may not be one: whatever comes up to its end is torn."""
        if self._buffer:
            self._spoilt = self._spoilt or TORN

    def _end(self) -> tuple[int, int] | None:
        """Where the first terminator begins, and how long it is."""
        places = [(self._buffer.find(mark), len(mark)) for mark in self._framing.terminators]
        return min(((at, width) for at, width in places if at >= 0), default=None)


def decode_line(line: Line, framing: Framing) -> ScannedCode | Fault:
    """A code out of a line; NO_PREFIX where the identifier that must stand there does not (its head was lost)."""
    data, aim = line.data, ""
    if framing.aim:
        if not _AIM.match(data):
            return NO_PREFIX
        aim, data = data[:3].decode("ascii"), data[3:]
    symbology = SYMBOLOGIES.get(aim[1], Symbology.NOT_SUPPORTED) if aim else Symbology.UNKNOWN
    return ScannedCode(data, decode_text(data, framing.encodings), symbology, aim)


def decode_text(data: bytes, encodings: tuple[str, ...] = ENCODINGS) -> str | None:
    """Text by the first encoding that fits; None where none does or where control characters say that it is none."""
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(letter in _TEXT_CONTROLS or unicodedata.category(letter) != "Cc" for letter in text):
            return text
    return None


def encode_line(text: str, framing: Framing, aim: str = "", encoding: str = "utf-8") -> bytes:
    """What a scanner would send; for twins and tests. The last of several terminators ends it (CR LF by ``auto``)."""
    end = b"\r\n" if framing.terminators == TERMINATORS["auto"] else framing.terminators[-1]
    return (aim.encode("ascii") if framing.aim else b"") + text.encode(encoding) + end
