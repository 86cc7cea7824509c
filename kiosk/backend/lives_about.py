"""What of a case's pack its life needs (name and clocks), and how events lie in the store: sealed, each under a hash.

A life keeps the terms that it began with: a pack that is published later changes no case's days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from kiosk import wire
from kiosk.backend.keys import BackendKeys
from kiosk.backend.store import replays
from kiosk.backend.store.engine import Connection
from kiosk.backend.store.lives import EventRow, Life, events, heads
from kiosk.domain.clock_terms import Terms, terms
from kiosk.domain.life import Deed, Lack, LifeEvent, Role
from kiosk.domain.text import EMPTY, Text
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import seal, unseal
from kiosk.services import situations
from kiosk.services.expressions import ExpressionError
from kiosk.services.loader import BUILTIN, builtin, read_checked
from kiosk.services.model import ServicePack
from kiosk.services.terms import terms_of


class About(msgspec.Struct, frozen=True):
    """A service's name and the terms of its clocks."""

    name: Text
    terms: Terms


class _Said(msgspec.Struct, omit_defaults=True):
    """What of an event may name persons: sealed. The shape of what lies in the store."""

    who: str = ""
    reason: tuple[str, str] = ("", "")
    lacking: list[tuple[str, str, str]] = []
    to: tuple[str, str] = ("", "")
    approval: str = ""
    checked: list[tuple[str, str]] = []


_about = msgspec.json.Decoder(About).decode
_said = msgspec.json.Decoder(_Said).decode


def about_of(pack: ServicePack | None, case: wire.CasePayload | None) -> About:
    """With the days of the case's situation, as its receipt tells them; of a case that cannot be opened, the whole's.

    Of a pack that is not known here: no name, and the days of a licence.
    """
    if pack is None:
        return About(EMPTY, terms("licence"))
    return About(pack.name, terms_of(pack if case is None else _fitted(pack, case)))


def _fitted(pack: ServicePack, case: wire.CasePayload) -> ServicePack:
    try:
        return situations.fitted(pack, {field.key: field.value for field in case.fields})
    except ExpressionError:  # answers that no form of this pack lets through
        return pack


def written(about: About) -> str:
    return msgspec.json.encode(about).decode()


def read(text: str) -> About:
    return _about(text)


def name_in(life: Life) -> Text:
    """What a case's matter is called: as its life has it, else as the program's own pack of it does."""
    name = read(life.about).name
    return name if name != EMPTY else name_of(life.service_id)


def name_of(service_id: str) -> Text:
    """As the program's own pack has it; EMPTY for a matter that came otherwise."""
    return builtin(service_id).name if service_id in BUILTIN else EMPTY


class Packs:
    """The packs that cases were decided by: published here, or come with the program. Thread-safe."""

    def __init__(self) -> None:
        self._read = lru_cache(maxsize=32)(_read)

    def find(self, connection: Connection, service_id: str, version: str) -> ServicePack | None:
        row = replays.published_pack(connection, service_id, version)
        if row is not None and hashlib.sha256(row[1]).hexdigest() == row[0]:
            return self._read(row[1])
        own = builtin(service_id) if service_id in BUILTIN else None
        return own if own is not None and own.version == version else None


def _read(data: bytes) -> ServicePack:
    return read_checked(data)


class Written:
    """Events to rows and back."""

    def __init__(self, keys: BackendKeys) -> None:
        self._keys = keys

    def row(self, case_id: str, seq: int, event: LifeEvent, previous: str, item_id: str = "") -> dict[str, Any]:
        """``previous``: the hash before it."""
        epoch = self._keys.current
        said = _Said(
            event.who, (event.reason.zh, event.reason.en),
            [(each.text.zh, each.text.en, each.material) for each in event.lacking],
            (event.to.zh, event.to.en), event.approval, [(each.zh, each.en) for each in event.checked],
        )  # fmt: skip
        sealed = seal(msgspec.json.encode(said), epoch.sealing_public, _info(case_id, seq))
        row = {
            "case_id": case_id, "seq": seq, "at": event.at.isoformat(timespec="microseconds"),
            "deed": event.deed.value, "role": event.by.value, "item_id": item_id, "said": sealed,
            "sealing_key_id": epoch.sealing_id,
        }  # fmt: skip
        return {**row, "hash": _hash(previous, row)}

    def event(self, case_id: str, row: EventRow) -> LifeEvent:
        """Raises JournalError where the key that it was sealed to is not here, or the bytes are others."""
        epoch = next((each for each in self._keys.epochs if each.sealing_id == row.sealing_key_id), None)
        if epoch is None:
            raise JournalError("not-sealed-for-this", "the key of this event is not in the backend's key file")
        said = _said(unseal(row.said, epoch.sealing_private, _info(case_id, row.seq)))
        return LifeEvent(
            Deed(row.deed), datetime.fromisoformat(row.at), Role(row.role), said.who, Text(*said.reason),
            tuple(Lack(Text(zh, en), material) for zh, en, material in said.lacking), Text(*said.to), said.approval,
            tuple(Text(*each) for each in said.checked),
        )  # fmt: skip


def chain_holds(case_id: str, item_hash: str, rows: Sequence[EventRow], head: str) -> bool:
    """Whether the events of a case are all there, as they were written and in this order."""
    previous = item_hash
    for seq, row in enumerate(rows, 1):
        if row.seq != seq or _hash(previous, {**_as_dict(row), "case_id": case_id}) != row.hash:
            return False
        previous = row.hash
    return bool(rows) and previous == head


def broken_chains(connection: Connection) -> list[str]:
    """The cases whose events are not all there, or not as they were written."""
    found = []
    for case_id, item_hash, head in heads(connection):
        if not chain_holds(case_id, item_hash, events(connection, case_id), head):
            found.append(case_id)
    return found


def _as_dict(row: EventRow) -> dict[str, Any]:
    return asdict(row)


def _info(case_id: str, seq: int) -> bytes:
    return b"kiosk life 1\0" + case_id.encode() + b"\0%d" % seq


def _hash(previous: str, row: dict[str, Any]) -> str:
    said = hashlib.sha256(row["said"]).hexdigest()
    named = [str(row[name]) for name in ("case_id", "seq", "at", "deed", "role", "item_id", "sealing_key_id")]
    return hashlib.sha256(wire.canonical("kiosk-life-v1", previous, *named, said)).hexdigest()
