"""From sealed cases to rows of facts: opened once, in batches, and only what tells nothing of a person goes on.

What was typed and who applied become fingerprints (HMAC-SHA256 cut to 64 bits, under a key made of the backend's and
kept in no database): equal stays equal, and nobody without the key can try words out.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import msgspec

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.keys import BackendKeys
from kiosk.backend.lives_about import Packs
from kiosk.backend.store import oversight_facts as store
from kiosk.backend.store.engine import Store
from kiosk.backend.store.oversight_facts import Unread
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, unseal

BATCH = 500
USE = b"kiosk-oversight-v1"
BY_HAND = frozenset({"typed", "chosen", "helper"})
WORDS = frozenset({"typed", "helper"})  # what is typed tells people apart; what is chosen from a list hardly does
WHO = frozenset({"applicant.name", "applicant.number"})
LEAST_VALUES, LEAST_LETTERS = 2, 12  # typed values, and letters in them, below which equal answers mean nothing
NUMBER = "applicant.number"
CHANNEL = "terminal"
_PLACE = re.compile(r"\{place\.(\w+)\}")
_REASON = re.compile(r"[0-9]{3}")  # the nation's codes; whatever else stands there may name somebody
_rating = msgspec.json.Decoder(wire.RatingPayload).decode


class Gathering:
    """Of one thread."""

    def __init__(self, rows: Store, keys: BackendKeys) -> None:
        self._store, self._keys = rows, keys
        self._secret = hmac.digest(keys.epochs[0].sealing_private, USE, "sha256")
        self._packs, self._authority = Packs(), lru_cache(maxsize=256)(self._find_authority)

    def run(self, until: Callable[[], bool] = bool) -> int:
        """All that is new, ``until`` it says so between two batches. How many. Raises StoreBusy; what is done stays."""
        return self._all(store.cases_without, self._facts, store.add_facts, until) + self._all(
            store.ratings_without, self._rated, store.add_rated, until
        )

    def _all(
        self, find: Callable[..., list[Unread]], make: Callable[[Unread], dict[str, Any] | None],
        keep: Callable[..., None], until: Callable[[], bool],
    ) -> int:  # fmt: skip
        done, after = 0, ""
        while not until() and (found := self._store.read(partial(find, after=after, limit=BATCH))):
            rows = [row for each in found if (row := make(each)) is not None]
            self._store.write(partial(keep, rows=rows))
            done, after = done + len(rows), found[-1].case_id
        return done

    def _facts(self, found: Unread) -> dict[str, Any] | None:
        plain = self._opened(found)
        if plain is None:
            return None
        try:
            case = wire.read_case(plain)
        except msgspec.MsgspecError:
            _unreadable(found)
            return None
        return self.facts_of(case, found)

    def facts_of(self, case: wire.CasePayload, found: Unread) -> dict[str, Any]:
        began, ended = datetime.fromisoformat(case.started_at), datetime.fromisoformat(case.committed_at)
        by_hand = [each for each in case.fields if each.origin in BY_HAND]
        number = next((each.value for each in case.fields if each.key == NUMBER), "")
        return {
            "case_id": found.case_id, "terminal_id": found.terminal_id, "area_code": found.area_code,
            "service_id": found.service_id, "department": self._department(case, found), "channel": CHANNEL,
            "bundle": found.bundle, "started_at": began.astimezone(UTC).isoformat(timespec="microseconds"),
            "committed_at": found.committed_at, "received_at": found.received_at, "outcome": case.outcome,
            "rung": case.rung, "verification": case.verification, "online": case.online, "clock": case.clock[:16],
            "helped": bool(case.helped), "seconds": max(0.0, (ended - began).total_seconds()),
            "typed": len(by_hand), "carded": any(each.origin == "card" for each in case.fields),
            "pages": len(case.materials), "answers": self._answers(case.fields),
            "person": self._fingerprint(b"person", number.strip().upper()) if number else "",
        }  # fmt: skip

    def _rated(self, found: Unread) -> dict[str, Any] | None:
        plain = self._opened(found)
        if plain is None:
            return None
        try:
            rating = _rating(plain)
        except msgspec.MsgspecError:
            _unreadable(found)
            return None
        at = datetime.fromisoformat(rating.rated_at)
        reasons = sorted({each for each in rating.options if _REASON.fullmatch(each)})
        return {
            "case_id": found.case_id, "level": rating.level, "reasons": ",".join(reasons)[:96],
            "rated_at": rating.rated_at, "delay": (at - datetime.fromisoformat(found.committed_at)).total_seconds(),
            "staff_card": rating.staff_card,
        }  # fmt: skip

    def _department(self, case: wire.CasePayload, found: Unread) -> str:
        """The authority that the pack names, with the names of the case's own place; "" where the pack is not known."""
        place = {} if case.facts is None else case.facts.place
        words = self._authority(found.service_id, found.pack_version)
        return _PLACE.sub(lambda part: place.get(part[1], ""), words)[:64]

    def _find_authority(self, service_id: str, version: str) -> str:
        pack = self._store.read(lambda connection: self._packs.find(connection, service_id, version))
        return "" if pack is None else pack.authority.zh

    def _answers(self, fields: Sequence[wire.PayloadField]) -> str:
        told = sorted((each.key, " ".join(each.value.split())) for each in fields
                      if each.origin in WORDS and each.key not in WHO and each.value.strip())  # fmt: skip
        if len(told) < LEAST_VALUES or sum(len(value) for _, value in told) < LEAST_LETTERS:
            return ""
        return self._fingerprint(b"answers", "\0".join(f"{key}\1{value}" for key, value in told))

    def _fingerprint(self, of: bytes, text: str) -> str:
        return hmac.digest(self._secret, of + b"\0" + text.encode(), "sha256").hex()[:16]

    def _opened(self, found: Unread) -> bytes | None:
        epoch = next((each for each in self._keys.epochs if each.sealing_id == found.sealing_key_id), None)
        if epoch is None:
            _unreadable(found)
            return None
        try:
            return unseal(found.sealed, epoch.sealing_private, item_info(found.terminal_id, found.item_id))
        except JournalError:
            _unreadable(found)
            return None


def _unreadable(found: Unread) -> None:
    """One that cannot be read keeps nobody else waiting; it is looked at again with the next pass."""
    log.event("oversight.unreadable", case=found.case_id)
