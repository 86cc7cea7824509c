"""Every case's decision made again, from the case itself and the pack of its version; a difference is an alarm.

After the commit, beside the backend that serves (`kiosk backend replay`, by a timer): no push waits for it, and no case
is refused for what it finds. A case whose pack is not known here, or that does not say what it was decided by, is
``not_replayed`` and tried again the next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import msgspec

from kiosk.backend import log
from kiosk.backend.keys import BackendKeys
from kiosk.backend.store import replays as store
from kiosk.backend.store.engine import Store
from kiosk.backend.store.replays import Replayed, Sealed
from kiosk.domain.place import Place
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, unseal
from kiosk.services import replay
from kiosk.services.loader import BUILTIN, builtin, placed, read_checked
from kiosk.services.model import ServicePack
from kiosk.wire import CasePayload

BATCH = 100  # cases of one transaction: a write of some milliseconds
_case = msgspec.json.Decoder(CasePayload).decode


@dataclass(slots=True)
class Done:
    """What one pass has found. ``differing``: ids of cases; ``impossible``: how many, by why."""

    equal: int = 0
    differing: list[str] = field(default_factory=list)
    impossible: dict[str, int] = field(default_factory=dict)


class Replays:
    """Of one thread."""

    def __init__(self, rows: Store, keys: BackendKeys, now: Callable[[], datetime]) -> None:
        self._store, self._keys, self._now = rows, keys, now
        self._published = lru_cache(maxsize=32)(self._find_published)
        self._bound = lru_cache(maxsize=64)(self._bind)

    def run(self) -> Done:
        """All that wait, oldest first. Raises StoreBusy; what was put down until then stays."""
        done, after = Done(), ""
        self._published.cache_clear()  # one may have been published since
        self._bound.cache_clear()
        while found := self._store.read(lambda connection, at=after: store.waiting(connection, at, BATCH)):
            made = [self._again(each) for each in found]
            self._store.write(lambda connection, rows=made: store.put_down(connection, rows, self._now()))
            for each in made:
                _count(done, each)
            after = found[-1].case_id
        if done.differing or done.impossible:
            log.event("replay.trouble", differing=len(done.differing), impossible=sum(done.impossible.values()))
        return done

    def standing(self) -> list[str]:
        """Cases with a difference that nobody has put right."""
        return self._store.read(store.standing)

    def _again(self, sealed: Sealed) -> Replayed:
        who = (sealed.case_id, sealed.item_id, sealed.terminal_id)
        case = self._opened(sealed)
        if case is None:
            return Replayed(*who, "not_replayed", ("cannot-open",))
        try:
            place = replay.place_of(case)
            if place is None:
                return Replayed(*who, "differs", ("place",))
            packs = self._bound(case.pack_id, case.pack_version, place)
            found = [replay.differences(pack, case) for pack in packs]
        except replay.NoFacts:
            return Replayed(*who, "not_replayed", ("facts-missing",))
        if not found:
            return Replayed(*who, "not_replayed", ("pack-unknown",))
        why = min(found, key=len)
        return Replayed(*who, "differs", why) if why else Replayed(*who, "equal")

    def _opened(self, sealed: Sealed) -> CasePayload | None:
        epoch = next((each for each in self._keys.epochs if each.sealing_id == sealed.sealing_key_id), None)
        if epoch is None:
            return None
        try:
            info = item_info(sealed.terminal_id, sealed.item_id)
            return _case(unseal(sealed.sealed, epoch.sealing_private, info))
        except (JournalError, msgspec.MsgspecError):
            return None

    def _bind(self, pack_id: str, version: str, place: Place) -> tuple[ServicePack, ...]:
        """The packs that may have decided: the one that was published, and the one that came with the terminal."""
        published = self._published(pack_id, version)
        found = [placed(published, place)] if published is not None else []
        own = builtin(pack_id, place) if pack_id in BUILTIN else None
        return (*found, own) if own is not None and own.version == version else tuple(found)

    def _find_published(self, pack_id: str, version: str) -> ServicePack | None:
        row = self._store.read(lambda connection: store.published_pack(connection, pack_id, version))
        if row is None or hashlib.sha256(row[1]).hexdigest() != row[0]:
            return None
        return read_checked(row[1])


def _count(done: Done, each: Replayed) -> None:
    if each.verdict == "equal":
        done.equal += 1
    elif each.verdict == "differs":
        done.differing.append(each.case_id)
    else:
        done.impossible[each.why[0]] = done.impossible.get(each.why[0], 0) + 1
