"""One value, one text: the encoding under the audit chain.

Details are JSON in one form only: keys sorted, no spaces, control characters escaped (so no newline occurs), values
texts or whole numbers. A row is its fields in order, one a line: none of them
can hold a newline, so two different rows never share an encoding, and a hash over it pins the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

_json = msgspec.json.Encoder(order="sorted").encode
_PLAIN = frozenset((str, int))


def details_text(details: Mapping[str, str | int]) -> str:
    """The text of an event's details. Raises TypeError for a value that is neither a text nor a whole number."""
    if not _PLAIN.issuperset(map(type, details.values())):
        raise TypeError("details are texts and whole numbers")
    return _json(details).decode()


def row_bytes(previous: str, seq: int, at: str, event: str, item: str, details: str, about: str) -> bytes:
    """The bytes a row's hash covers. Raises ValueError for a field with a newline in it."""
    text = f"{previous}\n{seq}\n{at}\n{event}\n{item}\n{details}\n{about}"
    if text.count("\n") != 6:
        raise ValueError("a field of an audit row holds a newline")
    return text.encode()


def stored_bytes(previous: bytes, seq: int, fields: Sequence[bytes]) -> bytes:
    """The same bytes out of what stands in a file, which need not be text any more. Raises ValueError likewise.

    ``fields``: at, event, item, details and about.
    """
    whole = b"\n".join((previous, b"%d" % seq, *fields))
    if whole.count(b"\n") != 6:
        raise ValueError("a field of an audit row holds a newline")
    return whole
