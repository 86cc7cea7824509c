"""What a push reply means for each item of the batch. Pure: no journal, no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from kiosk import wire
from kiosk.journal.records import AckRecord, OutboxItem

_REASON = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Aside:
    id: str
    state: Literal["rejected", "quarantined"]
    reason: str


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """Every item of the batch is in exactly one of the three. ``again`` is by cause."""

    acks: list[AckRecord] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    again: dict[str, list[str]] = field(default_factory=dict)


def judge(enrolment: wire.Enrolment, batch: Sequence[OutboxItem], results: Sequence[wire.ItemResult]) -> BatchOutcome:
    """An item without a fitting answer of its own goes again; answers for other ids mean nothing."""
    answers: dict[str, list[wire.ItemResult]] = {}
    for result in results:
        answers.setdefault(result.id, []).append(result)
    outcome = BatchOutcome()
    verifier = wire.AckVerifier(wire.unb64(enrolment.signing_key))
    for item in batch:
        own = answers.get(item.id, [])
        if not own:
            outcome.again.setdefault("no-answer", []).append(item.id)
            continue
        result = own[0]
        reason = result.reason if _REASON.fullmatch(result.reason) else "no-reason"
        if len(own) > 1:
            outcome.again.setdefault("bad-ack", []).append(item.id)
        elif result.status in ("accepted", "duplicate"):
            ack = result.ack
            if ack is not None and fits(enrolment, item, ack, verifier):
                record = AckRecord(ack.id, ack.hash, ack.received_at, ack.key_id, ack.signature, ack.path)
                outcome.acks.append(record)
            else:
                outcome.again.setdefault("bad-ack", []).append(item.id)
        elif result.status == "rejected":
            outcome.aside.append(Aside(item.id, "rejected", reason))
        elif result.status == "conflict":
            outcome.aside.append(Aside(item.id, "quarantined", reason))
        else:
            outcome.again.setdefault(reason, []).append(item.id)
    return outcome


def fits(enrolment: wire.Enrolment, item: OutboxItem, ack: wire.Ack, verifier: wire.AckVerifier) -> bool:
    """Whether this is our backend's signed word that it has this item with this hash from this terminal."""
    if (ack.id, ack.hash, ack.terminal_id) != (item.id, item.hash, enrolment.terminal_id):
        return False
    if ack.key_id != enrolment.signing_key_id:
        return False
    try:
        verifier.check(ack)
    except wire.BadSignature:
        return False
    return True
