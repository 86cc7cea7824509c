"""What a mark says: enough to tell a genuine paper from a changed, a foreign or a revoked one, and no more.

CBOR (RFC 8949, deterministic encoding of 4.2.1): a map with small whole numbers as keys, so that a QR stays coarse
enough for a receipt printer. Times are unix seconds. Of a person there is what the paper shows, masked as it shows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kiosk.domain.decision import Outcome, Rung
from kiosk.domain.papers import PaperContent
from kiosk.wire import canonical

KINDS = ("receipt", "certificate", "notice", "report")
OUTCOMES = tuple(outcome.value for outcome in (Outcome.APPROVED, Outcome.REFUSED, Outcome.REFERRED, Outcome.RECEIVED))
RUNGS = tuple(rung.value for rung in (Rung.SAVE, Rung.RECEIPT, Rung.PROVISIONAL, Rung.FINAL))
LONGEST = 128  # characters of one text
LATEST = 253_370_764_800  # 9999-01-01: what every calendar here can still show, in every zone
SERIAL, DIGEST = 8, 16  # bytes

_KEYS = {
    "case_no": 1, "item": 2, "service": 3, "kind": 4, "outcome": 5, "rung": 6, "decided_at": 7, "printed_at": 8,
    "fields": 9, "serial": 10, "shown": 11, "copy": 12, "test": 13,
}  # fmt: skip
_NAMES = {number: name for name, number in _KEYS.items()}
_OPTIONAL = ("copy", "test")  # left out where they say nothing


class BadStatement(Exception):
    """These bytes are no statement of ours."""


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """One paper. ``fields`` is the hash of what it says (``fields_hash``), ``serial`` of the case's id (``serial_of``).

    ``shown``: the few texts to be compared by eye, as the paper shows them. ``copy`` 0 is the original.
    """

    case_no: str
    item: str
    service: str
    kind: str
    outcome: str
    rung: str
    decided_at: int
    printed_at: int
    fields: bytes
    serial: bytes
    shown: tuple[str, ...] = ()
    copy: int = 0
    test: bool = False

    def encoded(self) -> bytes:
        import cbor2

        values: dict[int, Any] = {}
        for name, key in _KEYS.items():
            value: Any = getattr(self, name)
            if name in _OPTIONAL and not value:
                continue
            values[key] = _CODED[name].index(value) if name in _CODED else list(value) if name == "shown" else value
        return cbor2.dumps(values, canonical=True)

    @classmethod
    def decoded(cls, data: bytes) -> Statement:
        """Raises BadStatement, also where the bytes are not exactly those that ``encoded`` makes."""
        import cbor2

        try:
            raw = cbor2.loads(data)
            if not isinstance(raw, dict) or not set(raw) <= set(_NAMES):
                raise BadStatement
            values = {_NAMES[key]: value for key, value in raw.items()}
            for name, words in _CODED.items():
                values[name] = words[_whole(values[name], len(words) - 1)]
            values["shown"] = tuple(values["shown"])
            found = cls(**values)
            found._check()
        except (cbor2.CBORDecodeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise BadStatement from error
        if found.encoded() != data:
            raise BadStatement
        return found

    def _check(self) -> None:
        texts = (self.case_no, self.item, self.service, *self.shown)
        sizes = ((self.fields, DIGEST), (self.serial, SERIAL))
        if not all(isinstance(text, str) and len(text) <= LONGEST for text in texts):
            raise BadStatement
        if not all(isinstance(value, bytes) and len(value) == size for value, size in sizes):
            raise BadStatement
        for value in (self.decided_at, self.printed_at, self.copy):
            _whole(value, LATEST)
        if not isinstance(self.test, bool):
            raise BadStatement


_CODED: dict[str, tuple[str, ...]] = {"kind": KINDS, "outcome": OUTCOMES, "rung": RUNGS}


def _whole(value: Any, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise BadStatement
    return value


def statement_of(paper: PaperContent, printed_at: datetime) -> Statement:
    """Of a paper that carries ``mark`` (kiosk.documents.compose). Raises KeyError, ValueError where it does not."""
    told = paper.mark
    return Statement(
        case_no=paper.case_no,
        item=told["item"],
        service=told["service"],
        kind="notice" if paper.template == "notice" else paper.kind,
        outcome=told["outcome"],
        rung=told["rung"],
        decided_at=int(datetime.fromisoformat(told["at"]).timestamp()),
        printed_at=int(printed_at.timestamp()),
        fields=fields_hash(fields_of(paper)),
        serial=serial_of(paper.case_id, version_of(paper)),
        shown=tuple(text[:LONGEST] for text in told["shown"].split("\n") if text),
        copy=paper.copy,
        test=paper.test,
    )


def fields_of(paper: PaperContent) -> tuple[tuple[str, str], ...]:
    """What the paper says, field by field: the certificate's by name, a receipt's rows by the label they bear."""
    return tuple(sorted(paper.values.items())) if paper.kind == "certificate" else paper.rows


def fields_hash(fields: Iterable[tuple[str, str]]) -> bytes:
    """The first 16 bytes of SHA-256 over names and values (kiosk.wire.canonical)."""
    flat = [text for pair in fields for text in pair]
    return hashlib.sha256(canonical("kiosk-paper-fields-v1", *flat)).digest()[:DIGEST]


def version_of(paper: PaperContent) -> int:
    """Which version of a certificate this is; of every other paper there is one alone."""
    return int(paper.extra.get("version", "1")) if paper.kind == "certificate" else 1


def serial_of(case_id: str, version: int = 1) -> bytes:
    """By which a case's papers are revoked. The id itself tells when the case was made, and stays off the paper.

    A corrected certificate (from version 2 on) has one of its own: what it replaces counts no more, and it does.
    """
    name = case_id if version == 1 else f"{case_id}.{version}"
    return hashlib.sha256(canonical("kiosk-paper-serial-v1", name)).digest()[:SERIAL]


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
