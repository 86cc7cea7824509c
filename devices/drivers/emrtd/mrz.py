"""The machine readable zone: lines to fields, check digits, and the key that opens the chip.

ICAO Doc 9303: part 3 (check digits, names, filler), part 4 (TD3), part 5 (TD1), part 6 (TD2), part 11 section 9.7.2
(the key). The three sizes are tables of columns. A fourth, one line of 30 characters, stands on the cards
往来港澳通行证 and 往来台湾通行证: its columns are **unverified** (no standard at hand), and are accepted only if
three check digits agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from devices.contracts.travel_document import MrzKey, TravelDocumentKind

FIRST_DAY = date(2026, 1, 1)  # this software is not older: a clock that says less was thrown back, and is wrong
_WEIGHTS = (7, 3, 1)
_ALLOWED = re.compile(r"[0-9A-Z<]*")
_DATE = re.compile(r"[0-9<]{6}")
_MAX_NUMBER = 22  # nine and the whole optional field of TD1 (15, less check digit and filler)


class BadMrz(ValueError):
    """The zone is not well-formed, or a check digit is wrong. ``what`` names the field, never its content."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not right")
        self.what = what


@dataclass(frozen=True, slots=True)
class _Column:
    line: int
    start: int
    end: int

    def of(self, lines: tuple[str, ...]) -> str:
        return lines[self.line][self.start : self.end]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields stand; ``composite`` lists what the overall check digit (the last column) covers."""

    name: str
    lines: int
    width: int
    number: _Column
    number_check: _Column
    birth: _Column
    expiry: _Column  # birth and expiry: six characters and their check digit
    state: _Column | None = None
    nationality: _Column | None = None
    sex: _Column | None = None
    names: _Column | None = None
    overflow: _Column | None = None  # where a long document number goes on
    optional: tuple[_Column, ...] = ()
    personal: _Column | None = None  # TD3: optional data with a check digit of its own
    composite: tuple[_Column, ...] = ()
    composite_check: _Column | None = None


_C = _Column
TD1 = Layout(
    "TD1", 3, 30, _C(0, 5, 14), _C(0, 14, 15), _C(1, 0, 7), _C(1, 8, 15), _C(0, 2, 5), _C(1, 15, 18), _C(1, 7, 8),
    _C(2, 0, 30), _C(0, 15, 30), (_C(0, 15, 30), _C(1, 18, 29)), None,
    (_C(0, 5, 30), _C(1, 0, 7), _C(1, 8, 15), _C(1, 18, 29)), _C(1, 29, 30),
)  # fmt: skip
TD2 = Layout(
    "TD2", 2, 36, _C(1, 0, 9), _C(1, 9, 10), _C(1, 13, 20), _C(1, 21, 28), _C(0, 2, 5), _C(1, 10, 13), _C(1, 20, 21),
    _C(0, 5, 36), _C(1, 28, 35), (_C(1, 28, 35),), None,
    (_C(1, 0, 10), _C(1, 13, 20), _C(1, 21, 35)), _C(1, 35, 36),
)  # fmt: skip
TD3 = Layout(
    "TD3", 2, 44, _C(1, 0, 9), _C(1, 9, 10), _C(1, 13, 20), _C(1, 21, 28), _C(0, 2, 5), _C(1, 10, 13), _C(1, 20, 21),
    _C(0, 5, 44), None, (_C(1, 28, 42),), _C(1, 28, 43),
    (_C(1, 0, 10), _C(1, 13, 20), _C(1, 21, 43)), _C(1, 43, 44),
)  # fmt: skip
ONE_LINE = Layout("one line", 1, 30, _C(0, 2, 11), _C(0, 11, 12), _C(0, 21, 28), _C(0, 13, 20))
_LAYOUTS = {layout.lines * layout.width: layout for layout in (TD1, TD2, TD3, ONE_LINE)}


@dataclass(frozen=True, slots=True, repr=False)
class Mrz:
    """The fields of a zone whose check digits are right; dates still as YYMMDD."""

    layout: str
    document_code: str
    issuing_state: str
    number: str
    nationality: str
    birth: str
    sex: str
    expiry: str
    surname: str
    given_names: str
    optional_data: str
    key: MrzKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", MrzKey(self.number, self.birth, self.expiry))

    @property
    def kind(self) -> TravelDocumentKind:
        """By document code; the Chinese codes are **unverified** beyond public descriptions."""
        if self.document_code.startswith("P"):
            return TravelDocumentKind.PASSPORT
        if self.issuing_state not in ("CHN", ""):
            return TravelDocumentKind.OTHER
        return _CHINESE.get(self.document_code, TravelDocumentKind.OTHER)

    def __repr__(self) -> str:
        return f"Mrz({self.layout}, …)"


_CHINESE = {
    "CR": TravelDocumentKind.HK_MACAO_RESIDENT,
    "CT": TravelDocumentKind.TAIWAN_RESIDENT,
    "CS": TravelDocumentKind.TO_HK_MACAO,
    "CD": TravelDocumentKind.TO_TAIWAN,
}


def check_digit(text: str) -> str:
    """Part 3 section 4.9: weights 7 3 1, 0-9 as they are, A-Z 10-35, filler 0, modulo 10."""
    values = (0 if character == "<" else int(character, 36) for character in text)
    return str(sum(value * _WEIGHTS[i % 3] for i, value in enumerate(values)) % 10)


def parse(text: str, *, signed: bool = False) -> Mrz:
    """A zone from its lines (DG1 has no line ends). BadMrz names the field that is wrong.

    ``signed`` is for what a chip holds: the overall check digit and that of the personal number, in which issuers have
    slipped, are then not asked; those of the fields that open the chip are.
    """
    characters = "".join(text.upper().split())
    if not _ALLOWED.fullmatch(characters):
        raise BadMrz("character set")
    layout = _LAYOUTS.get(len(characters))
    if layout is None:
        raise BadMrz("length")
    width = layout.width
    lines = tuple(characters[i * width : (i + 1) * width] for i in range(layout.lines))
    number, optional_start = _number(layout, lines)
    birth, expiry = _dated(layout.birth.of(lines), "date of birth"), _dated(layout.expiry.of(lines), "date of expiry")
    if not signed:
        _composite(layout, lines)
    surname, given_names = _names(layout.names.of(lines)) if layout.names else ("", "")
    optional = [column.of(lines) for column in layout.optional]
    if optional and optional_start:
        optional[0] = optional[0][optional_start:]
    return Mrz(
        layout.name,
        lines[0][:2].rstrip("<"),
        _strip(layout.state, lines),
        number,
        _strip(layout.nationality, lines),
        birth,
        layout.sex.of(lines) if layout.sex else "<",
        expiry,
        surname,
        given_names,
        " ".join(filter(None, (part.replace("<", " ").strip() for part in optional))),
    )


def _number(layout: Layout, lines: tuple[str, ...]) -> tuple[str, int]:
    """The document number, and how much of the optional field it took (part 5 and 6, note j: a filler as check digit
    says that the number goes on in the optional field, with its check digit behind it and a filler behind that)."""
    head, check = layout.number.of(lines), layout.number_check.of(lines)
    if check == "<" and layout.overflow is not None:
        rest = layout.overflow.of(lines)
        end = rest.find("<") if "<" in rest else len(rest)
        if end >= 2:
            number, check = head + rest[: end - 1], rest[end - 1]
            if check_digit(number) == check:
                return number, end
        raise BadMrz("document number")
    if not _checked(head, check):
        raise BadMrz("document number")
    return head.rstrip("<"), 0


def _checked(text: str, check: str) -> bool:
    return check == check_digit(text)


def _dated(column: str, what: str) -> str:
    text, check = column[:6], column[6]
    if not _DATE.fullmatch(text) or not (_checked(text, check) or (check == "<" and text == "<<<<<<")):
        raise BadMrz(what)
    return text


def _composite(layout: Layout, lines: tuple[str, ...]) -> None:
    if layout.personal is not None:
        personal = layout.personal.of(lines)
        empty = personal[:-1].strip("<") == "" and personal[-1] in "<0"
        if not empty and not _checked(personal[:-1], personal[-1]):
            raise BadMrz("personal number")
    if layout.composite_check is not None:
        covered = "".join(column.of(lines) for column in layout.composite)
        if not _checked(covered, layout.composite_check.of(lines)):
            raise BadMrz("overall check digit")


def _names(text: str) -> tuple[str, str]:
    """Part 3 section 4.6: primary and secondary identifier are parted by two fillers, their words by one."""
    primary, _, secondary = text.strip("<").partition("<<")
    return " ".join(filter(None, primary.split("<"))), " ".join(filter(None, secondary.split("<")))


def _strip(column: _Column | None, lines: tuple[str, ...]) -> str:
    return column.of(lines).rstrip("<") if column is not None else ""


def key_text(key: MrzKey) -> str:
    """Part 11 section 9.7.2: number, birth and expiry, each with its check digit: what the key is made of.

    A short number is filled to nine characters. BadMrz where a field cannot be one.
    """
    number = key.number.strip().upper().replace(" ", "").rstrip("<")
    birth, expiry = key.birth.strip(), key.expiry.strip()
    if not number or len(number) > _MAX_NUMBER or not _ALLOWED.fullmatch(number):
        raise BadMrz("document number")
    if not _DATE.fullmatch(birth):
        raise BadMrz("date of birth")
    if not _DATE.fullmatch(expiry):
        raise BadMrz("date of expiry")
    number = number.ljust(9, "<")
    return "".join(part + check_digit(part) for part in (number, birth, expiry))


def birth_date(text: str, today: date) -> date | None:
    """YYMMDD as the latest such day that is not in the future; None where a part is open, no such day exists, or
    ``today`` is wrong (before FIRST_DAY): then nobody knows the century.

    Who is older than a hundred years comes out a hundred years too young: the zone cannot tell."""
    if today < FIRST_DAY:
        return None
    for century in (today.year // 100, today.year // 100 - 1):
        day = _date(text, century)
        if day is not None and day <= today:
            return day
    return None


def expiry_date(text: str, today: date) -> date | None:
    """YYMMDD as the such day that is nearest to today (within fifty years); None as in ``birth_date``."""
    if today < FIRST_DAY:
        return None
    days = [_date(text, today.year // 100 + shift) for shift in (-1, 0, 1)]
    return min((day for day in days if day is not None), key=lambda day: abs((day - today).days), default=None)


def _date(text: str, century: int) -> date | None:
    try:
        return date(century * 100 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None
