"""IPP/2.0 messages as bytes (RFC 8010), and the operations this driver speaks (RFC 8011).

Pure: bytes in, dataclasses out. Every length is checked against what is there, nesting and counts are bounded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

CONTENT_TYPE = "application/ipp"
VERSION = (2, 0)
MAX_VALUES = 20_000
MAX_DEPTH = 8
MAX_GROUPS = 2_000  # one for each job of a list


class Operation(IntEnum):
    """RFC 8011 section 5.4.15; CLOSE_JOB is PWG 5100.7."""

    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class Group(IntEnum):
    """Delimiter tags (RFC 8010 section 3.5.1)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """Value tags (RFC 8010 section 3.5.2)."""

    UNSUPPORTED = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTETS = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A


class PrinterState(IntEnum):
    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class JobState(IntEnum):
    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def over(self) -> bool:
        return self >= JobState.CANCELED


class Range(NamedTuple):
    lower: int
    upper: int


class Resolution(NamedTuple):
    """``units``: 3 dots per inch, 4 dots per centimetre."""

    cross_feed: int
    feed: int
    units: int


Plain = int | bool | str | bytes | Range | Resolution | tuple["Attribute", ...] | None


class Value(NamedTuple):
    """A tagged value; out-of-band values (unknown, no-value) carry None, collections a tuple of attributes."""

    tag: int
    data: Plain


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AttributeGroup:
    tag: int
    attributes: tuple[Attribute, ...]

    def first(self, name: str) -> Plain:
        """The first value of ``name``, or None."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[Plain, ...]:
        """Every value of ``name`` without the out-of-band ones; empty where the printer does not have it."""
        for attribute in self.attributes:
            if attribute.name == name:
                return tuple(value.data for value in attribute.values if value.data is not None)
        return ()

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(value for value in self.all(name) if isinstance(value, str))

    def number(self, name: str) -> int | None:
        value = self.first(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Message:
    """A request (``code`` is an operation) or an answer (``code`` is a status)."""

    code: int
    request_id: int
    groups: tuple[AttributeGroup, ...]
    document: bytes = b""
    version: tuple[int, int] = VERSION

    def group(self, tag: int) -> AttributeGroup:
        """The first group of this kind, empty where there is none."""
        return next((g for g in self.groups if g.tag == tag), AttributeGroup(tag, ()))


class IppFormatError(ValueError):
    """Bytes that are not an IPP message; says where it breaks."""


def attribute(name: str, tag: int, *values: Plain) -> Attribute:
    """``attribute("printer-uri", Tag.URI, "ipp://...")``."""
    return Attribute(name, tuple(Value(tag, value) for value in values))


# ---- bytes ----


def encode(message: Message) -> bytes:
    out = bytearray(struct.pack(">BBHI", *message.version, message.code, message.request_id))
    for group in message.groups:
        out.append(group.tag)
        for item in group.attributes:
            _put_attribute(out, item)
    out.append(Group.END)
    return bytes(out) + message.document


def _put(out: bytearray, tag: int, name: bytes, data: bytes) -> None:
    out += struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(data)) + data


def _put_attribute(out: bytearray, item: Attribute) -> None:
    name = item.name.encode("ascii")
    for value in item.values:
        _put_value(out, name, value)
        name = b""


def _put_value(out: bytearray, name: bytes, value: Value) -> None:
    if value.tag != Tag.BEGIN_COLLECTION:
        _put(out, value.tag, name, _data(value))
        return
    _put(out, Tag.BEGIN_COLLECTION, name, b"")
    for member in value.data if isinstance(value.data, tuple) else ():
        if not isinstance(member, Attribute):
            raise TypeError("a collection holds attributes")
        _put(out, Tag.MEMBER_NAME, b"", member.name.encode("ascii"))
        for inner in member.values:
            _put_value(out, b"", inner)
    _put(out, Tag.END_COLLECTION, b"", b"")


def _data(value: Value) -> bytes:
    match value.data:
        case None:
            return b""
        case bool():
            return bytes([value.data])
        case int():
            return struct.pack(">i", value.data)
        case str():
            return value.data.encode("utf-8")
        case bytes():
            return value.data
        case Range():
            return struct.pack(">ii", *value.data)
        case Resolution():
            return struct.pack(">iib", *value.data)
    raise TypeError(f"value of tag {value.tag:#04x}")


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.values = data, 0, 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise IppFormatError(
                f"cut short at byte {self.at}: {count} bytes expected, {len(self.data) - self.at} left"
            )
        piece, self.at = self.data[self.at : end], end
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def raw(self) -> tuple[int, str, bytes]:
        """One value as it stands: tag, name, data."""
        self.values += 1
        if self.values > MAX_VALUES:
            raise IppFormatError(f"more than {MAX_VALUES} values")
        tag = self.byte()
        name = self.take(self.short()).decode("utf-8", "replace")
        return tag, name, self.take(self.short())


def decode(data: bytes) -> Message:
    """Raises IppFormatError for anything that is not a whole message. What follows the end tag is the document."""
    cursor = _Cursor(data)
    major, minor = cursor.byte(), cursor.byte()
    code, request_id = cursor.short(), int.from_bytes(cursor.take(4), "big")
    groups: list[AttributeGroup] = []
    while (tag := cursor.byte()) != Group.END:
        if tag > 0x0F:
            raise IppFormatError(f"a value outside any group at byte {cursor.at - 1}")
        if len(groups) >= MAX_GROUPS:
            raise IppFormatError(f"more than {MAX_GROUPS} groups")
        groups.append(AttributeGroup(tag, tuple(_attributes(cursor))))
    return Message(code, request_id, tuple(groups), data[cursor.at :], (major, minor))


def _attributes(cursor: _Cursor) -> Iterator[Attribute]:
    name, values = "", list[Value]()
    while cursor.at < len(cursor.data) and cursor.data[cursor.at] > 0x0F:
        tag, new_name, data = cursor.raw()
        if new_name:
            if values:
                yield Attribute(name, tuple(values))
            name, values = new_name, []
        elif not values:
            raise IppFormatError(f"a value without a name before byte {cursor.at}")
        values.append(_value(cursor, tag, data, 0))
    if values:
        yield Attribute(name, tuple(values))


def _value(cursor: _Cursor, tag: int, data: bytes, depth: int) -> Value:
    if tag == Tag.BEGIN_COLLECTION:
        return Value(tag, tuple(_members(cursor, depth + 1)))
    return Value(tag, _plain(tag, data))


def _members(cursor: _Cursor, depth: int) -> Iterator[Attribute]:
    if depth > MAX_DEPTH:
        raise IppFormatError(f"collections nested deeper than {MAX_DEPTH}")
    name, values = "", list[Value]()
    while True:
        tag, _, data = cursor.raw()
        if tag in (Tag.MEMBER_NAME, Tag.END_COLLECTION):
            if values:
                yield Attribute(name, tuple(values))
            if tag == Tag.END_COLLECTION:
                return
            name, values = data.decode("utf-8", "replace"), []
        elif not name:
            raise IppFormatError(f"a member without a name before byte {cursor.at}")
        else:
            values.append(_value(cursor, tag, data, depth))


FIXED = {Tag.INTEGER: 4, Tag.ENUM: 4, Tag.BOOLEAN: 1, Tag.RANGE: 8, Tag.RESOLUTION: 9, Tag.DATE_TIME: 11}


def _plain(tag: int, data: bytes) -> Plain:
    if 0x10 <= tag <= 0x1F:
        return None
    if tag in FIXED and len(data) != FIXED[Tag(tag)]:
        raise IppFormatError(f"a value of tag {tag:#04x} with {len(data)} bytes")
    if tag in (Tag.INTEGER, Tag.ENUM):
        return int(struct.unpack(">i", data)[0])
    if tag == Tag.BOOLEAN:
        return data != b"\0"
    if tag == Tag.RANGE:
        return Range(*struct.unpack(">ii", data))
    if tag == Tag.RESOLUTION:
        return Resolution(*struct.unpack(">iib", data))
    if 0x40 <= tag <= 0x5F:
        return data.decode("utf-8", "replace")
    if tag in (Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE):
        return _without_language(data)
    return data


def _without_language(data: bytes) -> str:
    inner = _Cursor(data)
    inner.take(inner.short())
    return inner.take(inner.short()).decode("utf-8", "replace")


# ---- requests ----


def request(
    operation: Operation,
    request_id: int,
    printer_uri: str,
    *extra: Attribute,
    job: Iterable[Attribute] = (),
    document: bytes = b"",
) -> Message:
    """A request to a printer; ``extra`` are operation attributes in the standard's order, ``job`` the template."""
    head = (
        attribute("attributes-charset", Tag.CHARSET, "utf-8"),
        attribute("attributes-natural-language", Tag.LANGUAGE, "en"),
        attribute("printer-uri", Tag.URI, printer_uri),
        *extra,
    )
    groups = [AttributeGroup(Group.OPERATION, head)]
    if template := tuple(job):
        groups.append(AttributeGroup(Group.JOB, template))
    return Message(operation, request_id, tuple(groups), document)
