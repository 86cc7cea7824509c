"""Decisions: deterministic, explained, and never an approval that a fact speaks against."""

from datetime import date, datetime
from itertools import product

import pytest

from devices.contracts.identity import DocumentKind
from kiosk.domain.case import Commitment
from kiosk.domain.decision import Outcome, Rung, Verification
from kiosk.domain.envelope import Envelope
from kiosk.services import forms, rules
from kiosk.services.expressions import Condition, ExpressionError
from kiosk.services.model import ServicePack
from kiosk.services.rules import Facts, decide

TODAY = date(2026, 11, 22)
FILLED = {"shop_name": "南关小面馆", "full_name": "某", "full_premises": "某", "business_scope": "某"}
FACE, STAFF, LATER = Verification.FACE, Verification.STAFF, Verification.LATER


def facts(**changed: object) -> Facts:
    usual: dict[str, object] = {
        "age": 38,
        "document": "resident",
        "document_expired": False,
        "number_valid": True,
        "verification": FACE,
        "committed": True,
        "online": True,
        "answers": FILLED,
    }
    return Facts(**(usual | changed))  # type: ignore[arg-type]


def test_a_shop_is_registered_on_the_spot_and_every_reason_is_told(business: ServicePack) -> None:
    decision = decide(business, facts())
    assert decision.outcome is Outcome.APPROVED
    assert decision.effective
    assert [rule.rule_id for rule in decision.rules] == ["B-30", "B-20", "B-21", "B-23", "B-24"]
    assert all(rule.basis and rule.because.zh and rule.because.en for rule in decision.rules)


@pytest.mark.parametrize(
    ("change", "outcome", "rule"),
    [
        ({"age": 15}, Outcome.REFUSED, "B-01"),
        ({"age": 16}, Outcome.REFERRED, "B-02"),
        ({"age": 17}, Outcome.REFERRED, "B-02"),
        ({"age": 18}, Outcome.APPROVED, "B-30"),
        ({"number_valid": False}, Outcome.REFERRED, "B-03"),
        ({"document_expired": True}, Outcome.REFERRED, "B-04"),
        ({"document": "hmt_residence"}, Outcome.REFERRED, "B-05"),
        ({"document": "foreigner_2023"}, Outcome.REFERRED, "B-06"),
        ({"verification": LATER}, Outcome.REFERRED, "B-07"),
        ({"verification": STAFF}, Outcome.APPROVED, "B-30"),
        ({"committed": False}, Outcome.REFERRED, "B-08"),
        ({"answers": FILLED | {"shop_name": "中华第一"}}, Outcome.REFERRED, "B-09"),
        ({"answers": {}}, Outcome.REFERRED, "B-99"),
    ],
)
def test_each_row_of_the_business_table(
    business: ServicePack, change: dict[str, object], outcome: Outcome, rule: str
) -> None:
    decision = decide(business, facts(**change))
    assert (decision.outcome, decision.rules[0].rule_id) == (outcome, rule)


def test_everything_that_is_missing_is_told_at_once(business: ServicePack) -> None:
    decision = decide(business, facts(verification=LATER, committed=False, document_expired=True))
    assert [rule.rule_id for rule in decision.rules] == ["B-04", "B-07", "B-08"]


def test_the_last_rule_is_told_only_when_it_decides(business: ServicePack) -> None:
    assert "B-99" not in [rule.rule_id for rule in decide(business, facts(age=16)).rules]


@pytest.mark.parametrize(
    ("change", "outcome", "rule"),
    [
        ({"age": 59}, Outcome.REFUSED, "P-01"),
        ({"age": 60}, Outcome.APPROVED, "P-20"),
        ({"age": 104}, Outcome.APPROVED, "P-20"),
        ({"age": 70, "verification": STAFF}, Outcome.APPROVED, "P-20"),
        ({"age": 70, "verification": LATER}, Outcome.REFERRED, "P-04"),
        ({"age": 70, "document_expired": True}, Outcome.REFERRED, "P-03"),
        ({"age": 70, "number_valid": False}, Outcome.REFERRED, "P-02"),
        ({"age": 70, "document": "hmt_residence"}, Outcome.APPROVED, "P-20"),
        ({"age": 70, "document": "foreigner_2017"}, Outcome.REFERRED, "P-99"),
    ],
)
def test_each_row_of_the_pension_table(
    pension: ServicePack, change: dict[str, object], outcome: Outcome, rule: str
) -> None:
    decision = decide(pension, facts(answers={}, committed=False, **change))
    assert (decision.outcome, decision.rules[0].rule_id) == (outcome, rule)


def test_without_a_network_a_registration_waits_and_a_pension_check_holds(
    business: ServicePack, pension: ServicePack
) -> None:
    shop = decide(business, facts(online=False))
    check = decide(pension, facts(online=False, age=70))
    assert (shop.outcome, shop.rung, shop.effective) == (Outcome.APPROVED, Rung.PROVISIONAL, False)
    assert (check.outcome, check.rung, check.effective) == (Outcome.APPROVED, Rung.FINAL, True)


def test_nothing_is_approved_that_a_fact_speaks_against(business: ServicePack, pension: ServicePack) -> None:
    either, cards = (True, False), ("resident", "hmt_residence", "foreigner_2023")
    grid = product((0, 16, 17, 18, 59, 60), cards, either, either, Verification, either, ({}, FILLED))
    for age, document, expired, valid, verification, committed, answers in grid:
        known = facts(age=age, document=document, document_expired=expired, number_valid=valid,
                      verification=verification, committed=committed, answers=answers)  # fmt: skip
        for pack in (business, pension):
            decision = decide(pack, known)
            assert decision == decide(pack, known), "the same facts give the same decision"
            assert decision.rules
            if decision.outcome is Outcome.APPROVED:
                assert verification is not LATER
                assert valid
                assert not expired
                assert age >= (60 if pack.pack_id == "pension_verification" else 18)
                assert committed or pack.commitment is None


def test_facts_follow_from_the_visit(business: ServicePack, person: object) -> None:
    document = person(birth=date(2008, 11, 23))  # type: ignore[operator]  # a fixture that makes documents
    envelope = Envelope().with_fields(forms.prefill(business, document))
    commitment = Commitment("premises", "1.0", (), datetime(2026, 11, 22))
    known = rules.facts_of(document, envelope, FACE, commitment, online=True, today=TODAY)
    assert (known.age, known.document, known.committed, known.number_valid) == (17, "resident", True, True)
    assert known.answers["applicant.name"] == "王某某"
    assert "王" not in repr(known)
    expired = person(valid_to=date(2026, 11, 21), kind=DocumentKind.HMT_RESIDENCE)  # type: ignore[operator]
    known = rules.facts_of(expired, envelope, LATER, None, online=False, today=TODAY)
    assert (known.document_expired, known.document, known.committed) == (True, "hmt_residence", False)


def test_a_condition_never_takes_the_unknown_for_false() -> None:
    with pytest.raises(ExpressionError):
        Condition("aeg != 60").holds({"age": 61})
    with pytest.raises(ExpressionError):
        Condition("age").holds({"age": 61})
    with pytest.raises(ExpressionError):
        Condition("age >")


def test_a_failing_condition_does_not_quote_an_answer() -> None:
    with pytest.raises(ExpressionError) as caught:
        Condition('int(answers["phone"]) > 1').holds({"answers": {"phone": "某某的电话"}})
    assert "某某" not in str(caught.value)


def test_compiling_ahead_finds_nothing_wrong(packs: dict[str, ServicePack]) -> None:
    for pack in packs.values():
        rules.prepare(pack)
