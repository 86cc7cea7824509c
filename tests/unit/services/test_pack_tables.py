"""The decision table is looked through: what never holds, what contradicts, what decides for another is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.domain.decision import Verification
from kiosk.services import tables
from kiosk.services.check import check_pack
from kiosk.services.loader import BUILTIN, load_builtin
from kiosk.services.rules import Facts, decide
from tests.unit.services.edited_packs import FOLDER, edited

CARD, PERMIT, WORK = "elder_card", "residence_permit_renewal", "flexible_employment"

BROKEN: dict[str, tuple[str, str, str, str, str]] = {
    "a rule that never holds": (
        CARD,
        "when: age >= 60\n",
        "when: age >= 60 && age < 50\n",
        "Y-10 can never hold",
        "remove",
    ),
    "a rule of no situation": (
        WORK,
        'when: answers["form"] == "licensed" && answers["code"] != ""\n',
        'when: answers["form"] == "own" && answers["code"] != ""\n',
        "F-13 can never hold",
        "Correct it",
    ),
    "a promise of no situation": (
        WORK,
        "    when: committed\n",
        '    when: committed && answers["form"] == "licensed"\n',
        "F-12 can never hold",
        "Correct it",
    ),
    "an approval that leaves out an age": (
        CARD,
        "      age >= 60 && number_valid",
        "      number_valid",
        "Y-20 approves where Y-01 decides otherwise",
        "opposite of Y-01",
    ),
    "an approval that leaves out a number": (
        CARD,
        "age >= 60 && number_valid",
        "age >= 60",
        "Y-20 approves where Y-02 decides otherwise",
        "opposite of Y-02",
    ),
    "an approval for another": (
        PERMIT,
        '      applicant == "self" && age >= 16',
        "      age >= 16",
        "R-30",
        'applicant == "self"',
    ),
    "types that do not fit": (CARD, "when: age < 60", 'when: age < "60"', "cannot be evaluated", "same type"),
    "an answer named otherwise": (
        PERMIT,
        'when: answers["situation"] == "same"\n',
        "when: answers.situation == 'same'\n",
        "cannot be evaluated",
        'answers["key"]',
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_table_that_speaks_against_itself_is_told(case: str, tmp_path: Path) -> None:
    name, old, new, said, cure = BROKEN[case]
    found = check_pack(edited(tmp_path, name, old, new)[0])
    assert any(said in one.message and cure in one.cure and one.path.startswith("rules[") for one in found), [
        str(one) for one in found
    ]


def test_a_refusal_stands_above_what_a_person_looks_at(tmp_path: Path) -> None:
    text = (FOLDER / f"{CARD}.yaml").read_text(encoding="utf-8")
    first, second = text.index("  - id: Y-01"), text.index("  - id: Y-02")
    third = text.index("  - id: Y-03")
    path = tmp_path / "turned.yaml"
    path.write_text(text[:first] + text[second:third] + text[first:second] + text[third:], encoding="utf-8")
    (problem,) = check_pack(path)
    assert "Y-01 is hidden by Y-02" in problem.message
    assert "Put it above" in problem.cure


@pytest.mark.parametrize("name", BUILTIN)
def test_every_case_of_a_rule_is_decided_as_it_says(name: str) -> None:
    """Each case in which an approving or refusing rule holds comes out so when the pack decides it whole."""
    pack = load_builtin()[name]
    looked = 0
    for row in tables.rows(pack):
        if row.rule.outcome not in ("approved", "refused"):
            continue
        for case in row.cases[:: max(1, len(row.cases) // 40)]:
            facts = tables.facts_of(case)
            known = {key: value for key, value in facts.items() if key not in ("answers", "materials", "verification")}
            usual = {"age": 38, "document": "resident", "document_expired": False, "number_valid": True,
                     "committed": False, "online": True, "today": "20260701"}  # fmt: skip
            verification = Verification(facts.get("verification", "face"))
            decision = decide(pack, Facts(**(usual | known), verification=verification, answers=facts["answers"],
                                          materials=tuple(facts["materials"])))  # type: ignore[arg-type]  # fmt: skip
            assert decision.outcome.value == row.rule.outcome
            assert decision.rules[0].rule_id == row.rule.rule_id or row.rule.outcome == "refused"
            assert decision.rules[0].basis
            looked += 1
    assert looked
