"""What scanimage says, as data: status numbers, the options of a device, the head of a page. Pure, no I/O.

Sources: SANE standard 1.06 section 4.2.7 (status codes), section 4.5 (well-known options); scanimage(1) of
sane-backends 1.2.1 and its output, observed in the C locale; Netpbm's pbm(5), pgm(5), ppm(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from devices.contracts.device import Action, Fault
from devices.contracts.document_scanner import Mode, Source

GOOD, EOF, INVAL, NO_DOCS, IO_ERROR = 0, 5, 4, 7, 9

# SANE_Status -> what it means for whoever stands there
STATUS: dict[int, Fault] = {
    1: Fault("not-supported", Action.CONFIGURE, "the scanner cannot do that"),
    2: Fault("cancelled", Action.NONE, "the scan was cancelled at the scanner"),
    3: Fault("busy", Action.CLEAR, "another program uses the scanner"),
    INVAL: Fault("settings", Action.CONFIGURE, "the scanner does not take these settings"),
    EOF: Fault("truncated", Action.RESET, "the page ended too early"),
    6: Fault("jammed", Action.CLEAR, "a sheet is stuck in the feeder"),
    NO_DOCS: Fault("no-docs", Action.REPLENISH, "there is no sheet in the feeder"),
    8: Fault("cover-open", Action.CLEAR, "the cover is open"),
    IO_ERROR: Fault("io-error", Action.RESET, "the scanner failed while it was spoken to"),
    10: Fault("no-memory", Action.RESET, "there was not enough memory for the page"),
    11: Fault("port-denied", Action.CONFIGURE, "this user may not use the scanner (group scanner, udev rule)"),
}
TEXTS = {  # sane_strstatus(), the C locale
    "Operation not supported": 1,
    "Operation was canceled": 2,
    "Device busy": 3,
    "Invalid argument": INVAL,
    "End of file reached": EOF,
    "Document feeder jammed": 6,
    "Document feeder out of documents": NO_DOCS,
    "Scanner cover is open": 8,
    "Error during device I/O": IO_ERROR,
    "Out of memory": 10,
    "Access to resource has been denied": 11,
}
_PAGE_END = re.compile(r"^Scanned page \d+\. \(scanner status = (\d+)\)", re.M)
_FAILED = re.compile(
    r"^scanimage: (?:sane_\w+: |open of device .* failed: |setting of option .* failed \()(.+?)\)?$", re.M
)
_NOT_OPENED = re.compile(r"^scanimage: open of device ", re.M)
_ROUNDED = re.compile(r"rounded value of resolution from [\d.]+ to (\d+(?:\.\d+)?)", re.A)


def status_of(said: str) -> int | None:
    """The status that ended scanimage's work, by what it wrote to stderr; None where it tells of none."""
    if failed := _FAILED.findall(said):
        return TEXTS.get(failed[-1].strip(), IO_ERROR)
    ends = _PAGE_END.findall(said)
    return int(ends[-1]) if ends else None


def not_opened(said: str) -> bool:
    """Whether scanimage never got as far as the scan: no sheet has moved."""
    return bool(_NOT_OPENED.search(said))


def page_status(said: str, number: int) -> int | None:
    """The status with which a page, counted from 1, ended; None while scanimage has not told."""
    ends = _PAGE_END.findall(said)
    return int(ends[number - 1]) if len(ends) >= number else None


def rounded_dpi(said: str) -> float | None:
    """The resolution that the scanner took instead of the one asked for."""
    found = _ROUNDED.findall(said)
    return float(found[-1]) if found else None


# ---- options ----


@dataclass(frozen=True, slots=True)
class Options:
    """What a device lets one choose. An empty tuple: it has no such option. ``size`` is the largest, in mm."""

    sources: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    resolutions: tuple[float, ...] = ()  # a list, or with ``ranged`` the least and the most
    ranged: bool = False
    size: tuple[float, float] = (0.0, 0.0)
    names: frozenset[str] = field(default_factory=frozenset)

    def source(self, wanted: Source) -> str | None:
        """The device's own word for a source; None where it has none. A device without choice is a flatbed."""
        for word in self.sources:
            if _source(word) is wanted:
                return word
        return "" if not self.sources and wanted is Source.FLATBED else None

    def mode(self, wanted: Mode) -> str | None:
        return next((word for word in self.modes if _mode(word) is wanted), None)

    def takes_dpi(self, dpi: int) -> bool:
        if self.ranged:
            return self.resolutions[0] <= dpi <= self.resolutions[1]
        return not self.resolutions or dpi in self.resolutions


def _source(word: str) -> Source | None:
    """Backends have words of their own: ADF, ADF Duplex, Automatic Document Feeder(centrally aligned) …"""
    name = word.lower()
    if "flat" in name:
        return Source.FLATBED
    if "adf" in name or "feeder" in name:
        return Source.FEEDER_DUPLEX if "duplex" in name else Source.FEEDER
    return None


def _mode(word: str) -> Mode | None:
    name = word.lower()
    if "colo" in name:
        return Mode.COLOUR
    if "gr" in name:
        return Mode.GREY
    return Mode.LINEART if "lineart" in name or "black" in name or "binary" in name else None


_OPTION = re.compile(r"^ {4}-{1,2}(?P<name>[a-zA-Z][\w-]*)[ =]?(?P<values>.*?)(?: \[(?P<now>[^\]]*)\])?$")
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.A)
_RANGE = re.compile(r"^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)[a-z]*(?:,\.\.\.)?(?: \(in steps of [\d.]+\))?$", re.A)


def options_of(text: str) -> Options:
    """From the output of ``scanimage --all-options``. Inactive options are left out."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        match = _OPTION.match(line)
        if match and match["now"] != "inactive":
            values.setdefault(match["name"], match["values"].strip())
    resolution = values.get("resolution", "")
    between = _RANGE.match(resolution)
    listed = tuple(float(word) for word in _NUMBER.findall(resolution)) if not between else ()
    return Options(
        _words(values.get("source", "")),
        _words(values.get("mode", "")),
        (float(between[1]), float(between[2])) if between else listed,
        bool(between),
        (_most(values.get("x", "")), _most(values.get("y", ""))),
        frozenset(values),
    )


def _words(values: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in values.split("|") if word.strip())


def _most(values: str) -> float:
    between = _RANGE.match(values)
    return float(between[2]) if between else 0.0


# ---- a page ----


class PnmError(ValueError):
    """Bytes that are no page."""


@dataclass(frozen=True, slots=True)
class PnmHead:
    """``size`` is the number of bytes that follow the head of ``length`` bytes."""

    mode: Mode
    width: int
    height: int
    length: int
    size: int


MAX_HEAD = 512
_MAGIC = {b"P4": Mode.LINEART, b"P5": Mode.GREY, b"P6": Mode.COLOUR}
_GAP = rb"(?:\s|#[^\n]*\n)+"
_PLAIN = re.compile(rb"P4" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)\s")
_DEEP = re.compile(rb"P[56]" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)\s")


def pnm_head(data: bytes) -> PnmHead | None:
    """The head of a page that begins so; None while it is not there in whole. Raises PnmError."""
    start = data[:MAX_HEAD]
    if start[:2] not in _MAGIC and start not in (b"", b"P"):
        raise PnmError("no PNM magic")
    match = (_PLAIN if start[:2] == b"P4" else _DEEP).match(start)
    if match is None:
        if len(data) >= MAX_HEAD:
            raise PnmError("no PNM head")
        return None
    mode = _MAGIC[start[:2]]
    numbers = [int(word) for word in match.groups()]
    width, height = numbers[:2]
    if mode is not Mode.LINEART and numbers[2] != 255:
        raise PnmError("not eight bits a sample")
    if not (0 < width <= 100_000 and 0 < height <= 200_000):
        raise PnmError("a page of no size")
    row = (width + 7) // 8 if mode is Mode.LINEART else width * (3 if mode is Mode.COLOUR else 1)
    return PnmHead(mode, width, height, match.end(), row * height)
