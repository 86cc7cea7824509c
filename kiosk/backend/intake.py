"""One pushed item: its form checked, its seal opened, its envelope read. Says why it is not in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from kiosk import wire
from kiosk.backend.keys import Epoch
from kiosk.backend.ownership import serials_in
from kiosk.backend.store.items import NewItem
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, unseal
from kiosk.wire import (
    CasePayload,
    DeliveryPayload,
    FollowUpPayload,
    PackedItem,
    PayloadBundle,
    RatingPayload,
    SealedItem,
    SupplementPayload,
    WithdrawalPayload,
)

AnyItem = SealedItem | PackedItem
MAX_ATTACHMENTS = 64
MAX_META = 16
MAX_ONCE = 1200  # months
MAX_BUNDLE = 12  # cases of one form (kiosk/services/bundle.schema.json)
MAX_DEED_ID = 40  # a result names it
MAX_DOCUMENT_NUMBER = 64
MAX_OPTIONS = 16  # reasons of one rating, of 16 characters each

Payload = CasePayload | RatingPayload | WithdrawalPayload | SupplementPayload | DeliveryPayload | FollowUpPayload
_DECODERS: dict[str, Callable[[bytes], Payload]] = {
    "case": wire.read_case,
    "rating": msgspec.json.Decoder(RatingPayload).decode,
    "withdrawal": msgspec.json.Decoder(WithdrawalPayload).decode,
    "supplement": msgspec.json.Decoder(SupplementPayload).decode,
    "delivery": msgspec.json.Decoder(DeliveryPayload).decode,
    "followup": msgspec.json.Decoder(FollowUpPayload).decode,
}
_META_VALUE = re.compile(r"[0-9A-Za-z:+._/-]{0,64}")
_NUMBER = re.compile(r"[0-9A-Z-]{1,64}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_OUTCOMES = frozenset({"approved", "refused", "referred", "received"})
_RUNGS = frozenset({"receipt", "provisional", "final"})  # none is ever committed on the rung `save`
_OPEN = frozenset({"referred", "received"})  # what the rung `receipt` may lead to: nothing is decided there
_VERIFICATIONS = frozenset({"face", "staff", "later"})


@dataclass(frozen=True, slots=True)
class Refused:
    """The item will never be taken as it is."""

    reason: str


def check_form(item: AnyItem) -> str:
    """The reason why this cannot be an item, or empty. Reads nothing that is sealed."""
    if not wire.ID.fullmatch(item.id):
        return "bad-id"
    if item.kind not in _DECODERS:
        return "bad-kind"
    if item.kind in wire.DEEDS and len(item.id) > MAX_DEED_ID:
        return "bad-id"
    if not wire.HASH.fullmatch(item.hash):
        return "bad-hash"
    if len(item.attachments) > MAX_ATTACHMENTS or len(set(item.attachments)) != len(item.attachments):
        return "bad-attachments"
    if not all(wire.HASH.fullmatch(digest) for digest in item.attachments):
        return "bad-attachments"
    if len(item.meta) > MAX_META or not all(wire.ID.fullmatch(name) for name in item.meta):
        return "bad-meta"
    if not all(_META_VALUE.fullmatch(value) for value in item.meta.values()):
        return "bad-meta"
    return ""


def open_item(item: AnyItem, terminal_id: str, epochs: Sequence[Epoch], area_code: str = "") -> NewItem | Refused:
    """The item with its payload. ``item`` has passed check_form; ``epochs``: oldest first; the terminal's area.

    It may have been sealed long ago, on a terminal that was without a line: an older key is tried where a newer one
    does not open it, 0.2 ms each.
    """
    try:
        sealed = item.sealed if isinstance(item.sealed, bytes) else wire.unb64(item.sealed)
    except ValueError:
        return Refused("not-base64")
    if hashlib.sha256(sealed).hexdigest() != item.hash:
        return Refused("hash-mismatch")
    tries = (_unseal(sealed, terminal_id, item.id, epoch) for epoch in reversed(epochs))
    opened = next((each for each in tries if each is not None), None)
    if opened is None:
        return Refused("cannot-unseal")
    plain, sealing_key_id = opened
    try:
        payload = _DECODERS[item.kind](plain)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("bad-envelope")
    if not _sound(payload) or not _names_all(payload, item.attachments):
        return Refused("bad-envelope")
    if not _agrees(item.meta, payload):
        return Refused("meta-differs")
    known = (item.id, item.kind, item.hash, sealed, sealing_key_id, tuple(item.attachments), payload)
    if not isinstance(payload, CasePayload):
        return NewItem(*known)
    committed = moment(payload.committed_at) or datetime.max
    at = committed.isoformat(timespec="microseconds")
    return NewItem(*known, committed_at=at, serials=serials_in(payload, area_code))


def _unseal(sealed: bytes, terminal_id: str, item_id: str, epoch: Epoch) -> tuple[bytes, str] | None:
    try:
        return unseal(sealed, epoch.sealing_private, item_info(terminal_id, item_id)), epoch.sealing_id
    except JournalError:
        return None


def _sound(payload: Payload) -> bool:
    if isinstance(payload, CasePayload):
        return _sound_case(payload)
    if isinstance(payload, DeliveryPayload):
        return _sound_delivery(payload)
    if isinstance(payload, FollowUpPayload):
        return _sound_followup(payload)
    return _sound_rating(payload) if isinstance(payload, RatingPayload) else _sound_deed(payload)


def _sound_case(case: CasePayload) -> bool:
    keys = [field.key for field in case.fields]
    return (
        case.format == 1
        and all(wire.ID.fullmatch(name) for name in (case.case_id, case.service_id, case.pack_id, case.pack_version))
        and _NUMBER.fullmatch(case.case_no) is not None
        and (not case.uscc or _NUMBER.fullmatch(case.uscc) is not None)
        and case.outcome in _OUTCOMES
        and case.rung in _RUNGS
        and (case.outcome in _OPEN if case.rung == "receipt" else case.outcome != "received")
        and case.verification in _VERIFICATIONS
        and moment(case.started_at) is not None
        and moment(case.committed_at) is not None
        and 0 <= case.once <= MAX_ONCE
        and (case.bundle is None or _sound_bundle(case.bundle, case.case_no))
        and len(keys) == len(set(keys))
    )


def _sound_bundle(bundle: PayloadBundle, case_no: str) -> bool:
    names = (bundle.bundle_id, bundle.pack_id, bundle.pack_version)
    return (
        all(wire.ID.fullmatch(name) for name in names)
        and len(bundle.case_nos) <= MAX_BUNDLE
        and case_no in bundle.case_nos
        and all(_NUMBER.fullmatch(number) for number in bundle.case_nos)
    )


def _sound_rating(rating: RatingPayload) -> bool:
    return (
        rating.format == 1
        and wire.ID.fullmatch(rating.case_id) is not None
        and 1 <= rating.level <= 5
        and moment(rating.rated_at) is not None
        and len(rating.said) <= wire.MAX_NOTE
    )


def _sound_deed(deed: WithdrawalPayload | SupplementPayload) -> bool:
    said = deed.reason if isinstance(deed, WithdrawalPayload) else deed.note
    return (
        deed.format == 1
        and wire.ID.fullmatch(deed.case_id) is not None
        and 0 < len(deed.number.strip()) <= MAX_DOCUMENT_NUMBER
        and moment(deed.made_at) is not None
        and len(said) <= wire.MAX_NOTE
    )


def _sound_delivery(delivery: DeliveryPayload) -> bool:
    return (
        delivery.format == 1
        and all(wire.ID.fullmatch(name) for name in (delivery.case_id, delivery.paper))
        and moment(delivery.made_at) is not None
    )


def _sound_followup(added: FollowUpPayload) -> bool:
    return (
        added.format == 1
        and wire.ID.fullmatch(added.case_id) is not None
        and 0 < len(added.number.strip()) <= MAX_DOCUMENT_NUMBER
        and moment(added.made_at) is not None
        and 1 <= added.level <= 5
        and len(added.options) <= MAX_OPTIONS
        and all(0 < len(code) <= MAX_OPTIONS for code in added.options)
        and len(added.said) <= wire.MAX_NOTE
    )


def _names_all(payload: Payload, attachments: Sequence[str]) -> bool:
    """Whether a supplement says of each of its attachments, in their order, what it is."""
    if not isinstance(payload, SupplementPayload):
        return True
    return [each.sealed_sha256 for each in payload.materials] == list(attachments)


def moment(text: str) -> datetime | None:
    """An ISO 8601 time with offset, in UTC; None if it is none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _agrees(meta: dict[str, str], payload: Payload) -> bool:
    """Whether the open labels say what the envelope says; a label may be absent."""
    if isinstance(payload, (WithdrawalPayload, SupplementPayload, DeliveryPayload, FollowUpPayload)):
        return meta.get("test", "1" if payload.test else "0") == ("1" if payload.test else "0")
    if isinstance(payload, RatingPayload):
        return meta.get("case_no", payload.case_no) == payload.case_no
    inside = {
        "service_id": payload.service_id,
        "outcome": payload.outcome,
        "rung": payload.rung,
        "case_no": payload.case_no,
        "test": "1" if payload.test else "0",
    }
    committed = meta.get("committed_at", payload.committed_at)
    return all(meta.get(name, value) == value for name, value in inside.items()) and (
        committed == payload.committed_at or moment(committed) == moment(payload.committed_at)
    )
