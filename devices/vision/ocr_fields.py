"""What a document says, from the lines that were read of it. Pure; the documents are data (``ocr_fields.toml``).

A value that is offered wrongly costs more than one that is typed: where a check digit does not fit, or a line is not
sure enough, there is no value. Check digits: GB 32100-2015 (统一社会信用代码), GB 11643-1999 (公民身份号码).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from devices.contracts.reading import FoundField, Reading, TextLine

TABLE = Path(__file__).with_name("ocr_fields.toml")
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ID_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_TAKEN_FOR = {"gb32100": str.maketrans("IOSVZ", "10512"), "gb11643": str.maketrans("IOSBZl", "105821")}
"""Letters that cannot stand in such a number, as the digits they were read for; the check digit decides."""


def credit_code_fits(code: str) -> bool:
    """GB 32100: the 18th character is 31 minus the weighted sum of the 17 before, mod 31."""
    if len(code) != 18 or any(symbol not in _CODE for symbol in code):
        return False
    total = sum(weight * _CODE.index(symbol) for weight, symbol in zip(_WEIGHTS, code, strict=False))
    return _CODE[-total % 31] == code[17]


def id_number_fits(number: str) -> bool:
    """GB 11643 (ISO 7064 MOD 11-2), with a day of birth that exists."""
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[17]


CHECKS: Mapping[str, Callable[[str], bool]] = {"gb32100": credit_code_fits, "gb11643": id_number_fits}


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a document: where it stands (after an ``anchor``, or wherever a ``pattern`` is found) and what it
    must look like. ``lines``: how many lines it may run over; ``least``: the confidence below which it is none."""

    name: str
    least: float
    anchors: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    shape: re.Pattern[str] | None = None
    check: str = ""
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its fields, and the words of it at which any value ends."""

    fields: tuple[Field, ...]
    stops: tuple[str, ...]


@cache
def kinds() -> Mapping[str, Kind]:
    """The table, read once."""
    raw = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: Kind(tuple(_field(one) for one in kind["field"]), tuple(kind["stops"])) for name, kind in raw.items()}


def _field(raw: Mapping[str, Any]) -> Field:
    return Field(
        name=raw["name"],
        least=float(raw["least"]),
        anchors=tuple(raw.get("anchors", ())),
        patterns=tuple(re.compile(pattern) for pattern in raw.get("patterns", ())),
        shape=re.compile(raw["shape"]) if "shape" in raw else None,
        check=raw.get("check", ""),
        lines=int(raw.get("lines", 1)),
    )


def extract(document: str, reading: Reading) -> tuple[FoundField, ...]:
    """The fields that may be offered, in the table's order, each once. KeyError for a kind that is not in the table."""
    kind = kinds()[document]
    rows = _rows(reading.lines)
    found = (next(_values(field, kind, rows), None) for field in kind.fields)
    return tuple(value for value in found if value is not None)


# -- rows: lines beside one another as one text, each character with the line it came from -----------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """``text`` without spaces, ``of`` the line of each character; ``top``, ``bottom`` in pixels."""

    text: str
    of: tuple[TextLine, ...]
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def left(self, at: int) -> float:
        return self.of[at].left


def plain(text: str) -> str:
    """One spelling for what looks alike: full-width letters and marks as half-width, no spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _rows(lines: tuple[TextLine, ...]) -> list[_Row]:
    groups: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom) / 2):
        last = groups[-1][0] if groups else None
        middle = (line.top + line.bottom) / 2
        if last is not None and last.top <= middle <= last.bottom:
            groups[-1].append(line)
        else:
            groups.append([line])
    rows = []
    for group in groups:
        group.sort(key=lambda line: line.left)
        parts = [(plain(line.text), line) for line in group]
        of = tuple(line for text, line in parts for _ in text)
        if of:
            top, bottom = min(line.top for line in group), max(line.bottom for line in group)
            rows.append(_Row("".join(text for text, _ in parts), of, top, bottom))
    return rows


# -- values -----------------------------------------------------------------------------------------------------------


def _values(field: Field, kind: Kind, rows: list[_Row]) -> Iterator[FoundField]:
    for anchor in field.anchors:
        for number, row in enumerate(rows):
            for match in re.finditer(re.escape(anchor), row.text):
                yield from _fitting(field, *_after(field, kind, rows, number, match.end()))
    text = "".join(row.text for row in rows)
    of = tuple(line for row in rows for line in row.of)
    for pattern in field.patterns:
        for match in pattern.finditer(text):
            start, end = match.span("value") if "value" in pattern.groupindex else match.span()
            yield from _fitting(field, text[start:end], of[start:end])


def _after(field: Field, kind: Kind, rows: list[_Row], number: int, at: int) -> tuple[str, tuple[TextLine, ...]]:
    """What stands behind an anchor: the rest of its row up to the next label, and rows below that go on under it."""
    row = rows[number]
    while at < len(row.text) and row.text[at] in ":：.·":
        at += 1
    end = _stop(kind, row.text, at)
    text, of = row.text[at:end], row.of[at:end]
    if not text:
        return "", ()
    edge, height = row.left(at), row.of[at].height
    for below in rows[number + 1 : number + field.lines]:
        start = next((place for place in range(len(below.text)) if below.left(place) >= edge - 2 * height), None)
        goes_on = end == len(row.text) and below.top - row.bottom < 1.2 * height
        if (
            start is None
            or not goes_on
            or below.left(start) > edge + 6 * height
            or _stop(kind, below.text, 0) < len(below.text)
        ):
            break
        text, of, row, end = text + below.text[start:], (*of, *below.of[start:]), below, len(below.text)
    return text, of


def _stop(kind: Kind, text: str, at: int) -> int:
    """Where the next label of this kind of document begins; the text's end where none does."""
    places = [place for stop in kind.stops if (place := text.find(stop, at)) >= 0]
    return min(places, default=len(text))


def _fitting(field: Field, text: str, of: tuple[TextLine, ...]) -> Iterator[FoundField]:
    """The value where it is sure enough, has its shape and passes its check."""
    value = text.strip("。.,，;；:：、_—-")
    confidence = min((line.confidence for line in of), default=0.0)
    if not value or confidence < field.least:
        return
    if field.check:
        value = value.upper().translate(_TAKEN_FOR[field.check])[:18]
        if not CHECKS[field.check](value):
            return
    else:  # as Chinese papers write them; NFKC had made them one
        value = value.replace("(", "（").replace(")", "）")
    if field.shape is not None and field.shape.fullmatch(value) is None:
        return
    yield FoundField(field.name, value, confidence, bool(field.check))
