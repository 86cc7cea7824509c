"""What still stands in a damaged journal: every row whose page holds, every item whose bytes fit their hashes.

Read only. What is done with it is in rescue.py. Nothing here trusts a schema or a tree: see pages.py.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, cast

from kiosk.journal.chain import GENESIS, row_hash
from kiosk.journal.deeds import KINDS
from kiosk.journal.packs import Packs, in_row, pack_of
from kiosk.journal.pages import MISSING, Pages, Record
from kiosk.journal.papers import unpack_kept
from kiosk.journal.records import ItemState

_EVENTS = {f"{kind}.committed": kind for kind in ("case", "rating", *KINDS)}
_SETTLED = ("item.acknowledged", "item.rejected", "item.quarantined", "item.released", "item.erased")
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(rb"([0-9]{4}-[0-9]{2}-[0-9]{2})?")
_NOT_FOR_A_NEW_LOG = re.compile(r"audit\.key|checkpointed_at|sync\.(receipt|log_trouble|block\..*)")
"""Keys of meta that speak of the log they stood in, or of numbers asked for and perhaps used."""

Sound = Literal["none", "whole", "broken"]
Kept = tuple[bytes, str, str, bytes, str]  # claim, case_id, paper, sealed, expires_at
Draft = tuple[bytes, bytes, str, str]  # claim, sealed, saved_at, expires_at
Block = tuple[str, int, int, str, str, str]  # kind, first, last, area_code, signature, added_at


class Sending(NamedTuple):
    """A row of `sending` as it stood."""

    id: str
    kind: str
    hash: str
    state: ItemState
    next_attempt_at: str
    attempts: int
    cause: str
    settled_at: str
    ack: str


class Row(NamedTuple):
    """A row of the chain, without its sealed bytes: those are where ``place`` says."""

    at: str
    event: str
    item: str
    details: dict[str, Any]
    about: str
    hash: str
    linked: bool  # it fits the row before it, or that one is gone
    sealed: Sound
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """An item that is whole."""

    id: str
    kind: str
    row: Row
    hash: str
    state: ItemState
    cause: str
    attempts: int
    settled_at: str
    ack: str
    ack_key: str
    erased: bool = False  # its time was over before: hashes alone are left of its bytes


@dataclass(slots=True)
class Salvage:
    """Everything that was found. ``lost``: items that were recorded, were not acknowledged, and are not whole."""

    log: str = ""
    head: str = ""
    rows: int = 0
    missing_rows: int = 0
    items: list[Item] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    blocks: dict[tuple[str, int], Block] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    drafts: dict[bytes, Draft] = field(default_factory=dict)
    answers: dict[bytes, tuple[bytes, bytes, str]] = field(default_factory=dict)
    results: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # as the rows of their tables
    prints: dict[tuple[str, str], tuple[str, str, int, str, str]] = field(default_factory=dict)
    deeds: dict[str, tuple[str, str, str, str, str, str]] = field(default_factory=dict)
    proofs: dict[int, tuple[str, str, str, str, str, str, str, str]] = field(default_factory=dict)  # by their rowid
    used: dict[tuple[str, str], tuple[str, str, int, int]] = field(default_factory=dict)
    words: dict[str, tuple[str, str, str, str, str, int, str, str]] = field(default_factory=dict)


def look(pages: Pages, confirmed: int, packs: Packs) -> Salvage:
    """Look through all pages. ``confirmed``: the last row that is known to have been committed; 0 if nobody knows.

    An item is whole if its pack is.
    """
    found = Salvage()
    chain, sending = _tables(pages, confirmed, found, packs)
    _entries(pages, found)
    found.rows, last = len(chain), max((confirmed, *chain))
    found.missing_rows = last - len(chain)
    found.log = chain[1].hash if 1 in chain else ""
    found.head = chain[max(chain)].hash if chain else ""
    settled = _settled(chain)
    seen: set[str] = set()
    for seq, row in sorted(chain.items()):
        if row.event in _EVENTS:
            entry = sending.pop(seq, None)
            _item(row, entry, settled, seen, found)
        elif row.event == "block.added":
            kind, first, end = row.details["kind"], row.details["first"], row.details["last"]
            found.blocks.setdefault((kind, first), (kind, first, end, "", "", row.at))
    for entry in sending.values():  # recorded, and its row is gone
        if entry.state != "acknowledged" and "item.acknowledged" not in settled.get(entry.id, {}):
            found.lost.append(entry.id)
    _unknown_blocks(found)
    return found


def sealed_of(pages: Pages, item: Item) -> tuple[bytes | None, list[tuple[bytes, str, bytes, str]]]:
    """The sealed parts of an item (None: erased), and the papers that lay behind them."""
    if item.erased:
        return None, []
    sealed: bytes = pages.again(item.row.place).values[7]
    size = in_row(json.loads(item.row.about)["parts"], len(sealed))
    return sealed[:size], unpack_kept(sealed[size:]) if len(sealed) > size else []


def _tables(pages: Pages, confirmed: int, found: Salvage, packs: Packs) -> tuple[dict[int, Row], dict[int, Sending]]:
    raw: dict[int, tuple[Record, Sound]] = {}
    sending: dict[int, Sending] = {}
    for record in pages.rows():
        width = len(record.values)
        if width == 8 and _is_row(record) and (not record.torn or record.rowid <= confirmed):
            sound = _sealed(record.values, packs)
            if sound != "broken" or record.rowid not in raw or raw[record.rowid][1] == "broken":
                raw[record.rowid] = record._replace(values=record.values[:7]), sound
        elif record.torn or MISSING in record.values:
            continue
        elif width == 10:
            sending[record.rowid] = Sending(*(_text(value) for value in record.values[1:]))
        elif width == 6 and record.current:
            claim, case_id, paper, sealed, until = record.values[1:]
            one = (claim, _text(case_id), _text(paper), sealed, _text(until))
            found.kept[one[1], one[2]] = one
        elif width == 5 and record.current and record.values[0] is None:  # a row of sqlite_master has its type there
            claim, sealed, saved_at, until = record.values[1:]
            found.drafts[claim] = (claim, sealed, _text(saved_at), _text(until))
        elif width == 4 and record.current and record.values[0] is None:
            claim, sealed, until = record.values[1:]
            found.answers[claim] = (claim, sealed, _text(until))
        elif width == 9 and record.current and record.values[0] is None:
            found.proofs[record.rowid] = cast("Any", tuple(map(_text, record.values[1:])))
    return dict(_rows(raw)), sending


def _is_row(record: Record) -> bool:
    values = record.values
    return record.rowid > 0 and all(isinstance(value, bytes) for value in values[1:7]) and len(values[6]) == 64


def _rows(raw: Mapping[int, tuple[Record, Sound]]) -> Iterator[tuple[int, Row]]:
    for seq, (record, sound) in raw.items():
        try:
            at, event, item, details, about, digest = (value.decode() for value in record.values[1:7])
            said = json.loads(details)
        except ValueError:
            continue
        previous = raw.get(seq - 1)
        before = None if previous is None else previous[0].values[6].decode("ascii", "replace")
        before = GENESIS if seq == 1 else before
        try:
            linked = before is None or row_hash(before, seq, at, event, item, details, about) == digest
        except ValueError:
            linked = False
        yield seq, Row(at, event, item, said, about, digest, linked, sound, record.place)


def _sealed(values: tuple[Any, ...], packs: Packs) -> Sound:
    """Whether the sealed bytes of a row fit what its words say of them."""
    about, sealed = values[5], values[7]
    if sealed is None or not about:
        return "none"
    if sealed is MISSING:
        return "broken"
    try:
        said = json.loads(about)
        parts, at = said["parts"], 0
        here = in_row(parts, len(sealed))
        pack = pack_of(parts, len(sealed))
        data = sealed[:here] + (packs.read(pack) if pack else b"")
        for _, digest, length in parts:
            if hashlib.sha256(data[at : at + length]).hexdigest() != digest:
                return "broken"
            at += length
        return "whole" if at == len(data) and len(sealed) - here in (0, said.get("kept", 0)) else "broken"
    except (ValueError, KeyError, TypeError):
        return "broken"


def _settled(chain: Mapping[int, Row]) -> dict[str, dict[str, Row]]:
    """Of each item the rows that settled it, the last one last."""
    settled: dict[str, dict[str, Row]] = {}
    for _, row in sorted(chain.items()):
        if row.event in _SETTLED:
            settled.setdefault(row.item, {}).pop(row.event, None)
            settled[row.item][row.event] = row
    return settled


def _item(
    row: Row, entry: Sending | None, settled: Mapping[str, Mapping[str, Row]], seen: set[str], found: Salvage,
) -> None:  # fmt: skip
    kind = _EVENTS[row.event]
    item_id = row.item if kind == "case" else str(row.details.get("rating" if kind == "rating" else "deed", ""))
    digest = str(row.details.get("hash", ""))
    said = settled.get(item_id, {})
    word = said.get("item.acknowledged")
    acknowledged = bool(entry and entry.ack and entry.hash == digest) or (
        word is not None and word.details["hash"] == digest
    )
    word_erased = said.get("item.erased")
    erased = acknowledged and row.sealed == "none" and word_erased is not None and word_erased.details["hash"] == digest
    if (row.sealed != "whole" and not erased) or item_id in seen:
        if not acknowledged and item_id not in seen:
            found.lost.append(item_id)
        return
    seen.add(item_id)
    state, cause = _state(row, entry, said)
    if acknowledged:
        state, cause = "acknowledged", ""
    attempts, settled_at, ack = (entry.attempts, entry.settled_at, entry.ack) if entry else (0, "", "")
    key = _key_of(entry, word)
    found.items.append(Item(item_id, kind, row, digest, state, cause, attempts, settled_at, ack, key, erased))


def _state(row: Row, entry: Sending | None, said: Mapping[str, Row]) -> tuple[ItemState, str]:
    """What became of an item that nobody acknowledged: of the words of the chain the last one counts."""
    last = list(said.values())[-1] if said else None
    if last is not None and last.event in ("item.rejected", "item.quarantined"):
        return cast("ItemState", last.event.removeprefix("item.")), str(last.details["reason"])
    if last is None and entry is not None and entry.state in ("rejected", "quarantined"):
        return entry.state, entry.cause
    return ("queued", "") if row.linked else ("quarantined", "chain-broken")


def _key_of(entry: Sending | None, word: Row | None) -> str:
    if word is not None:
        return str(word.details.get("key", ""))
    return str(json.loads(entry.ack)["key_id"]) if entry is not None and entry.ack else ""


def _entries(pages: Pages, found: Salvage) -> None:
    for record in pages.entries():
        values = record.values
        if record.torn or MISSING in values:
            continue
        if len(values) == 7:
            kind, first, last, _, area, signature, added = values
            found.blocks[_text(kind), first] = (_text(kind), first, last, *map(_text, (area, signature, added)))
        elif len(values) == 3:
            case_id, outcome, until = (_text(value) for value in values)
            found.results[case_id] = (case_id, outcome, until)
        elif len(values) == 5:
            case_id, paper, attempts, how, until = (_text(value) for value in values)
            found.prints[case_id, paper] = (case_id, paper, attempts, how, until)
        elif len(values) == 4 and record.current and _is_used(values):
            supply, day, amount, level = (_text(value) for value in values)
            found.used[supply, day] = (supply, day, amount, level)
        elif len(values) == 6:
            found.deeds[_text(values[0])] = cast("Any", tuple(map(_text, values)))
        elif len(values) == 8:
            found.words[_text(values[0])] = cast("Any", tuple(map(_text, values)))
        elif len(values) == 2 and isinstance(values[1], bytes) and not _UUID.fullmatch(values[0]):
            found.meta[_text(values[0])] = _text(values[1])
    found.meta = {key: value for key, value in found.meta.items() if not _NOT_FOR_A_NEW_LOG.fullmatch(key)}


def _is_used(values: tuple[Any, ...]) -> bool:
    """Whether these are a row of `used`: an index of three columns has as many values."""
    supply, day, amount, level = values
    words = isinstance(supply, bytes) and isinstance(day, bytes) and _DAY.fullmatch(day) is not None
    return words and isinstance(amount, int) and isinstance(level, int)


def _unknown_blocks(found: Salvage) -> None:
    """Numbers that were spent and whose block is gone: each becomes a block of its own, so that none is used again."""
    for item in found.items:
        for word in json.loads(item.row.about).get("numbers", "").split():
            kind, _, text = word.partition("=")
            serial = int(text)
            if not any(b[0] == kind and b[1] <= serial <= b[2] for b in found.blocks.values()):
                found.blocks[kind, serial] = (kind, serial, serial, "", "", item.row.at)


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
