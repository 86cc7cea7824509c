"""What an applicant does about a case, as the journal takes it: a withdrawal or a supplement, sealed to the backend;
and that a certificate was taken along.

Who does it stands inside the seal: the backend lets nobody act upon another person's case, whichever terminal he uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from kiosk.domain.case import Material, new_case_id
from kiosk.journal.deeds import DeedRecord
from kiosk.journal.records import SealedMaterial
from kiosk.journal.sealing import item_info, seal
from kiosk.wire import (
    MAX_NOTE,
    DeliveryPayload,
    FollowUpPayload,
    PayloadMaterial,
    SupplementPayload,
    WithdrawalPayload,
)


class Standing(Protocol):
    """Who this terminal is for the backend (kiosk.counter.committing.Standing)."""

    @property
    def terminal_id(self) -> str: ...

    @property
    def sealing_key(self) -> bytes: ...

    @property
    def sealing_key_id(self) -> str: ...


def withdrawal(
    standing: Standing, case_id: str, number: str, reason: str, at: datetime, *, test: bool = False
) -> DeedRecord:
    """The application is taken back. ``number``: of the document on the reader; ``reason`` may be "", or is cut."""
    deed_id = new_case_id()
    payload = WithdrawalPayload(case_id, number, at.isoformat(), reason[:MAX_NOTE], test)
    sealed = seal(msgspec.json.encode(payload), standing.sealing_key, item_info(standing.terminal_id, deed_id))
    return DeedRecord(deed_id, case_id, "withdrawal", at, test, sealed, (), standing.sealing_key_id)


def supplement(
    standing: Standing, case_id: str, number: str, materials: Sequence[Material], note: str, at: datetime,
    *, test: bool = False,
) -> DeedRecord:  # fmt: skip
    """All that was lacking, at once; each material's ``kind`` is its key in the pack. Seals: for a worker thread."""
    deed_id = new_case_id()

    def info(part: int) -> bytes:
        return item_info(standing.terminal_id, deed_id, part)

    attached = tuple(
        SealedMaterial.of(each.kind, seal(each.data, standing.sealing_key, info(part)))
        for part, each in enumerate(materials, 1)
    )
    named = [
        PayloadMaterial(each.kind, each.media_type, each.sha256, sealed.sha256, each.trust.value)
        for each, sealed in zip(materials, attached, strict=True)
    ]
    payload = SupplementPayload(case_id, number, at.isoformat(), named, note[:MAX_NOTE], test)
    sealed = seal(msgspec.json.encode(payload), standing.sealing_key, info(0))
    return DeedRecord(deed_id, case_id, "supplement", at, test, sealed, attached, standing.sealing_key_id)


def delivery(standing: Standing, case_id: str, paper_id: str, at: datetime, *, test: bool = False) -> DeedRecord:
    """The case's certificate came out of this terminal's printer."""
    deed_id = new_case_id()
    payload = DeliveryPayload(case_id, paper_id, at.isoformat(), test)
    sealed = seal(msgspec.json.encode(payload), standing.sealing_key, item_info(standing.terminal_id, deed_id))
    return DeedRecord(deed_id, case_id, "delivery", at, test, sealed, (), standing.sealing_key_id)


def followup(
    standing: Standing, case_id: str, number: str, level: int, options: Sequence[str], at: datetime,
    *, first: bool = False, staff_card: bool = False, test: bool = False,
) -> DeedRecord:  # fmt: skip
    """A word added to a rating (追评), or the ``first`` of a case that was not rated. ``level`` 5 (best) to 1."""
    deed_id = new_case_id()
    payload = FollowUpPayload(
        case_id, number, at.isoformat(), level, list(options), first=first, staff_card=staff_card, test=test
    )
    sealed = seal(msgspec.json.encode(payload), standing.sealing_key, item_info(standing.terminal_id, deed_id))
    return DeedRecord(deed_id, case_id, "followup", at, test, sealed, (), standing.sealing_key_id)
