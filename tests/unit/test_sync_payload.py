"""A case as sealed: everything the backend checks is in it, in the words of the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from kiosk import wire
from kiosk.domain.case import CaseDraft, Commitment, Material
from kiosk.domain.decision import Decision, FiredRule, Outcome, Rung, Verification
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import Text
from kiosk.sync import encode_case, encode_rating

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_case_is_encoded_whole():
    rule = FiredRule("r1", Text("因为", "because"), "条例")
    decision = Decision(Outcome.APPROVED, Rung.PROVISIONAL, "sole-trader", "1.0.0", (rule,), False)
    material = Material("signature", "image/png", b"png", Trust.D)
    draft = CaseDraft(
        "id-1", "sole-trader", "000131002000", Envelope((FieldValue("shop_name", "小铺", Origin.TYPED, Trust.D),)),
        Verification.FACE, decision, (material,), Commitment("c", "1", ("我承诺",), NOON), NOON, True, ("0107",),
    )  # fmt: skip
    plain = encode_case(draft, "33010200000001", NOON, uscc="92330102MA2TEST008", sealed_hashes=["a" * 64])
    payload = wire.read_case(plain)
    assert payload.fields == [wire.PayloadField("shop_name", "小铺", "typed", "D")]
    assert payload.materials == [wire.PayloadMaterial("signature", "image/png", material.sha256, "a" * 64, "D")]
    assert payload.rules == [wire.PayloadRule("r1", "因为", "条例")]
    assert payload.commitment == wire.PayloadCommitment("c", "1", ["我承诺"], NOON.isoformat())
    assert payload.helped == ["0107"]
    assert (payload.case_no, payload.outcome, payload.rung, payload.test) == (
        "33010200000001", "approved", "provisional", True,
    )  # fmt: skip


def test_a_rating_is_encoded_whole():
    payload = msgspec.json.decode(encode_rating("id-1", "n", "i", 4, ["a"], NOON), type=wire.RatingPayload)
    assert payload == wire.RatingPayload("id-1", "n", "i", 4, ["a"], NOON.isoformat())
