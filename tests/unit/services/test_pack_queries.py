"""A query as data: what the pack says of the register is loaded, and a mistake in it is told with line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.simulators.deck import make_deck
from kiosk.domain.register import ANSWER
from kiosk.services import forms, rules
from kiosk.services.check import check_pack
from kiosk.services.loader import builtin
from kiosk.services.model import REGISTER
from tests.unit.services.edited_packs import edited

SOCIAL = "social_insurance_record"
MISTAKES = {
    "a rung that goes on without a network": ("offline: save", "offline: final", "without a network", "offline: save"),
    "an answer that no register gives": (
        'answers["register.answer"] == "none"', 'answers["register.answer"] == "nothing"', "answer nothing", "none",
    ),
    "nobody to ask about": ("source: number", "source: address", "asked by the number", "source: number"),
    "an answer of which nothing follows": (
        'answers["register.answer"] == "none" && number_valid', "age > 200 && number_valid", "answer none", "Compare",
    ),
    "a name of the house's own": ("key: insurance.kinds", "key: register.kinds", "house's own", "another key"),
    "a key that is taken": ("key: insurance.kinds", "key: applicant.name", "is taken", "another key"),
    "a field that nobody names": ('"{insurance.kinds}"', '"{insurance.kind}"', "insurance.kind", "insurance.kinds}"),
    "no words for a silent register": ("  elsewhere:", "  elswhere:", "elswhere", "spelling"),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_line_and_cure(tmp_path: Path, what: str) -> None:
    old, new, message, cure = MISTAKES[what]
    path, line = edited(tmp_path, SOCIAL, old, new)
    found = [problem for problem in check_pack(path) if message in problem.message]
    assert found, [str(problem) for problem in check_pack(path)]
    assert any(cure in problem.cure for problem in found)
    about = line if "asked by" not in message else line + 2  # told of the `query`, which stands below the card
    assert all(0 < problem.line <= about for problem in found), "in the part that was changed, or above it"


def test_a_rule_of_a_pack_that_asks_no_register_cannot_name_its_answer(tmp_path: Path) -> None:
    path, line = edited(tmp_path, "elder_card", "when: age < 60", 'when: answers["register.answer"] == "none"')
    assert (line, "no register is asked.") in [(problem.line, problem.message) for problem in check_pack(path)]


def test_what_the_register_answers_is_never_taken_from_the_card() -> None:
    pack = builtin(SOCIAL)
    assert pack.query is not None
    assert pack.query.register == "social_insurance"
    answered = [item.key for item in pack.prefill if item.source == REGISTER]
    assert answered[0] == ANSWER
    assert set(answered) < set(rules.field_keys(pack)), "conditions may name them"
    read = forms.prefill(pack, make_deck()["resident"].document)
    assert [field.key for field in read] == ["applicant.name", "applicant.number"]
