"""A case or a rating as the bytes that are sealed: the plain text of an item (kiosk/wire.py: CasePayload)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from kiosk.domain.case import CaseDraft
from kiosk.wire import (
    CasePayload,
    PayloadBundle,
    PayloadCommitment,
    PayloadFacts,
    PayloadField,
    PayloadMaterial,
    PayloadRule,
    RatingPayload,
    write_case,
)


def encode_case(
    draft: CaseDraft, case_no: str, committed_at: datetime, *, uscc: str = "", sealed_hashes: Sequence[str] = (),
    clock: str = "", once: int = 0, facts: PayloadFacts | None = None, bundle: PayloadBundle | None = None,
) -> bytes:  # fmt: skip
    """The whole case (kiosk/wire/packing.py). ``sealed_hashes``: SHA-256 hex of each sealed material, in their order.

    ``clock``: how far ``committed_at`` may be believed (kiosk.sync.clock.Trust). ``once``: the pack's (CasePayload).
    ``facts``: what the decision rested on beside the case (kiosk.services.replay.stored). ``bundle``: the other cases
    that were made of the same form.
    """
    decision, commitment = draft.decision, draft.commitment
    payload = CasePayload(
        case_id=draft.case_id,
        case_no=case_no,
        service_id=draft.service_id,
        item_code=draft.item_code,
        pack_id=decision.pack_id,
        pack_version=decision.pack_version,
        outcome=decision.outcome.value,
        rung=decision.rung.value,
        verification=draft.verification.value,
        online=decision.online,
        started_at=draft.started_at.isoformat(),
        committed_at=committed_at.isoformat(),
        fields=[
            PayloadField(field.key, field.value, field.origin.value, field.trust.value)
            for field in draft.envelope.fields
        ],
        uscc=uscc,
        rules=[PayloadRule(rule.rule_id, rule.because.zh, rule.basis) for rule in decision.rules],
        materials=[
            PayloadMaterial(material.kind, material.media_type, material.sha256, sealed, material.trust.value)
            for material, sealed in zip(draft.materials, sealed_hashes, strict=True)
        ],
        commitment=None
        if commitment is None
        else PayloadCommitment(
            commitment.commitment_id, commitment.version, list(commitment.clauses), commitment.agreed_at.isoformat()
        ),
        test=draft.test,
        clock=clock,
        once=once,
        facts=facts,
        bundle=bundle,
        helped=list(draft.helped),
    )
    return write_case(payload)


def encode_rating(
    case_id: str, case_no: str, item_code: str, level: int, options: Sequence[str], rated_at: datetime, *,
    staff_card: bool = False,
) -> bytes:  # fmt: skip
    """JSON of a rating; ``level`` 5 (best) to 1."""
    at = rated_at.isoformat()
    return msgspec.json.encode(RatingPayload(case_id, case_no, item_code, level, list(options), at, staff_card))
