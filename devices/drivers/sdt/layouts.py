"""The 256 bytes of card text, declared field by field: UTF-16LE, padded with U+0020.

Offsets and lengths are bytes, as in the published layouts. The type character at 248,2 chooses the layout. Every
layout covers all 256 bytes, so that a gap or an overlap in a table cannot go unnoticed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from devices.contracts.device import Action, DeviceError
from devices.contracts.identity import CardPhoto, DocumentKind, IdentityDocument
from devices.drivers.sdt import numbers

TEXT_BYTES = 256
LONG_TERM = "长期"
SEXES = frozenset("0129")
_TYPE_AT = slice(248, 250)


class CardContent(DeviceError):
    """The card's text is not what its layout allows. ``item`` names the field, never its content."""

    def __init__(self, item: str, problem: str) -> None:
        super().__init__(
            "card-content",
            f"the card's {item} {problem}",
            advice="Lay the card down again; if it stays so, enter the data by hand or call a member of staff.",
            retryable=True,
            action=Action.NONE,
        )
        self.item = item


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name (``-`` for padding), where it starts and how many bytes it has."""

    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of card."""

    kind: DocumentKind
    type_characters: str  # the first one is written, all are read
    fields: tuple[Field, ...]

    def split(self, text: bytes) -> dict[str, str]:
        """The fields' text, untrimmed."""
        found: dict[str, str] = {}
        for item in self.fields:
            if item.name == "-":
                continue
            try:
                found[item.name] = text[item.offset : item.offset + item.length].decode("utf-16-le")
            except UnicodeDecodeError as error:
                raise CardContent(item.name, "is not text") from error
        return found

    def join(self, values: dict[str, str]) -> bytes:
        """256 bytes from the fields' text; ValueError where one does not fit."""
        text = bytearray(" ".encode("utf-16-le") * (TEXT_BYTES // 2))
        for item in self.fields:
            data = values.get(item.name, "").encode("utf-16-le")
            if len(data) > item.length:
                raise ValueError(f"{item.name} has {len(data)} bytes, the card has {item.length}")
            text[item.offset : item.offset + len(data)] = data
        return bytes(text)


RESIDENT_FIELDS = (
    Field("name", 0, 30),
    Field("sex", 30, 2),
    Field("ethnic", 32, 4),
    Field("birth", 36, 16),
    Field("address", 52, 70),
    Field("number", 122, 36),
    Field("issuer", 158, 30),
    Field("valid_from", 188, 16),
    Field("valid_to", 204, 16),
)
RESIDENT = Layout(
    DocumentKind.RESIDENT,
    " A",
    (*RESIDENT_FIELDS, Field("-", 220, 28), Field("type", 248, 2), Field("-", 250, 6)),
)
HMT_RESIDENCE = Layout(
    DocumentKind.HMT_RESIDENCE,
    "J",
    (
        *RESIDENT_FIELDS,
        Field("pass_number", 220, 18),
        Field("issue_count", 238, 4),
        Field("-", 242, 6),
        Field("type", 248, 2),
        Field("-", 250, 6),
    ),
)
FOREIGNER_2017 = Layout(
    DocumentKind.FOREIGNER_2017,
    "I",
    (
        Field("english_name", 0, 120),
        Field("sex", 120, 2),
        Field("number", 122, 30),
        Field("country", 152, 6),
        Field("name", 158, 30),
        Field("valid_from", 188, 16),
        Field("valid_to", 204, 16),
        Field("birth", 220, 16),
        Field("version", 236, 4),
        Field("issuer", 240, 8),
        Field("type", 248, 2),
        Field("-", 250, 6),
    ),
)
FOREIGNER_2023 = Layout(
    DocumentKind.FOREIGNER_2023,
    "Y",
    (
        Field("name", 0, 30),
        Field("sex", 30, 2),
        Field("issue_count", 32, 4),
        Field("birth", 36, 16),
        Field("english_name_1", 52, 70),
        Field("number", 122, 36),
        Field("-", 158, 30),
        Field("valid_from", 188, 16),
        Field("valid_to", 204, 16),
        Field("english_name_2", 220, 22),
        Field("country", 242, 6),
        Field("type", 248, 2),
        Field("link", 250, 6),
    ),
)
LAYOUTS = (RESIDENT, HMT_RESIDENCE, FOREIGNER_2017, FOREIGNER_2023)


def layout_of(text: bytes) -> Layout:
    """The layout that the type character names."""
    character = text[_TYPE_AT].decode("utf-16-le", "replace").replace("\0", " ")
    for layout in LAYOUTS:
        if character in layout.type_characters:
            return layout
    raise CardContent("type", "is none that is known")


def decode_text(text: bytes, photo: CardPhoto | None = None) -> IdentityDocument:
    """The document that 256 bytes of card text say. CardContent where text, dates, sex or number are impossible."""
    if len(text) != TEXT_BYTES:
        raise CardContent("text", f"has {len(text)} bytes instead of {TEXT_BYTES}")
    layout = layout_of(text)
    raw = layout.split(text)
    value = {name: trimmed(name, content) for name, content in raw.items()}
    # an English name of more than 35 letters goes on elsewhere; a space at the seam belongs to it
    parts = raw.get("english_name_1", "") + raw.get("english_name_2", "")
    english_name = value.get("english_name") or trimmed("english_name", parts)
    if not numbers.valid_number(value["number"]):
        raise CardContent("number", "has a wrong check digit or shape")
    if value["sex"] not in SEXES:
        raise CardContent("sex", "is none of GB/T 2261.1")
    if not value["name"] and not english_name:
        raise CardContent("name", "is empty")
    country = value.get("country", "")
    return IdentityDocument(
        kind=layout.kind,
        number=value["number"],
        name=value["name"] or english_name,
        sex=value["sex"],
        birth=_date("birth", value["birth"]),
        valid_from=_date("valid_from", value["valid_from"]),
        valid_to=None if value["valid_to"] == LONG_TERM else _date("valid_to", value["valid_to"]),
        ethnic=_digits("ethnic", value.get("ethnic", "")),
        address=value.get("address", ""),
        issuer=value.get("issuer", ""),
        english_name=english_name,
        country=country,
        pass_number=value.get("pass_number", ""),
        issue_count=value.get("issue_count", ""),
        version=value.get("version", ""),
        former_number=numbers.former_number(country, value["number"], value.get("link", "")),
        photo=photo,
    )


def encode_text(document: IdentityDocument) -> bytes:
    """The 256 bytes of a card with this content; ValueError where something does not fit. For twins and tests."""
    layout = next(layout for layout in LAYOUTS if layout.kind is document.kind)
    valid_to = LONG_TERM if document.valid_to is None else _written(document.valid_to)
    return layout.join(
        {
            "name": "" if document.name == document.english_name else document.name,
            "sex": document.sex,
            "ethnic": document.ethnic,
            "birth": _written(document.birth),
            "address": document.address,
            "number": document.number,
            "issuer": document.issuer,
            "valid_from": _written(document.valid_from),
            "valid_to": valid_to,
            "pass_number": document.pass_number,
            "issue_count": document.issue_count,
            "english_name": document.english_name,
            "english_name_1": document.english_name[:35],
            "english_name_2": document.english_name[35:],
            "country": document.country,
            "version": document.version,
            "link": numbers.link_to(document.former_number),
            "type": layout.type_characters[0],
        }
    )


def trimmed(item: str, content: str) -> str:
    """A text of a card without its padding and without marks that are not seen. CardContent for control characters."""
    text = content.replace("\0", " ")  # some readers pad with U+0000
    # marks that are not seen (direction, width, byte order, line ends) belong to no name and can be printed by no font
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Zl", "Zp")).strip()
    # private-use characters are let through: cards carry rare names in them
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise CardContent(item, "holds control characters")
    return text


def _date(item: str, text: str) -> date:
    try:
        if len(text) == 8 and text.isascii() and text.isdigit():
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise CardContent(item, "is not a date of the calendar") from error
    raise CardContent(item, "is not a date")


def _written(day: date) -> str:
    """YYYYMMDD. Not by strftime, which writes years before 1000 with fewer digits."""
    return day.isoformat().replace("-", "")


def _digits(item: str, text: str) -> str:
    if text and not (text.isascii() and text.isdigit()):
        raise CardContent(item, "is not a code of digits")
    return text
