"""An electronic licence as data: what it tells and what it stands for is loaded; a mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.services import bundle, forms, rules
from kiosk.services.check import check_pack
from kiosk.services.loader import builtin
from kiosk.services.model import LICENCE
from tests.unit.bundle_world import holder
from tests.unit.services.edited_packs import edited

CHANGE, CLOSING, PERMIT = "individual_business_change", "individual_business_closing", "residence_permit_renewal"
FIELD = "      - { key: code }\n"
ASKED = "from: licence, register: business_licence"
MISTAKES = {
    "a field that nobody asks": (FIELD, "      - { key: codes }\n", "no question has the key codes"),
    "a choice": (FIELD, "      - { key: situation }\n", "is answered as choice"),
    "a question of another situation": (FIELD, FIELD + "      - { key: shop_name }\n", "not asked in the same"),
    "a field twice": (FIELD, FIELD * 2, "stands in it twice"),
    "a key that is a question's": ("{ key: registered.name,", "{ key: phone,", "is taken"),
    "a key of the house's own": ("{ key: registered.name,", "{ key: register.name,", "house's own"),
    "a register that is not there": (ASKED, "from: licence, register: other", "no register other"),
    "no register": (ASKED, "from: licence", "which register has the licence"),
    "a card of a register": (ASKED, "from: card, register: business_licence", "asked of no register"),
    "nobody's name": ("source: name", "source: english_name", "asked for by the name"),
    "others alone": ("applicants: [self, agent]", "applicants: [agent]", "of whoever stands here"),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_line_and_cure(tmp_path: Path, what: str) -> None:
    old, new, message = MISTAKES[what]
    path, line = edited(tmp_path, CHANGE, old, new)
    found = [problem for problem in check_pack(path) if message in problem.message]
    assert found, [str(problem) for problem in check_pack(path)]
    assert all(problem.cure for problem in found)
    whole = message.startswith(("asked for by", "of whoever", "not asked", "is taken"))  # told of the part
    below = message == "stands in it twice"  # the second one has the problem
    assert whole or line + below in {problem.line for problem in found}, [str(problem) for problem in found]


def test_a_licence_that_spares_nothing_is_told(tmp_path: Path) -> None:
    path, _ = edited(
        tmp_path,
        PERMIT,
        "      - { key: until }\n",
        '      - { key: permit.until, label: { zh: "到", en: "Until" } }\n',
    )
    assert any("spares nobody anything" in problem.message for problem in check_pack(path))


def test_a_paper_for_which_a_promise_stands_needs_no_licence(tmp_path: Path) -> None:
    old = "  - key: tax_clearance\n"
    licence = '    licence: { name: { zh: "电子", en: "e" }, from: licence, register: business_licence }\n'
    path, _ = edited(tmp_path, CLOSING, old, old + licence)
    assert any("a promise stands for it already" in problem.message for problem in check_pack(path))


@pytest.mark.parametrize("name", [CHANGE, CLOSING, PERMIT])
def test_what_a_licence_tells_is_taken_from_no_card_and_rules_may_name_it(name: str) -> None:
    pack = builtin(name)
    (source,) = pack.licences
    own = {item.key for item in pack.prefill if item.source == LICENCE}
    assert own < set(rules.field_keys(pack))
    assert own | {key for key in source.fields if pack.question(key)} == set(source.fields)
    assert not own & {field.key for field in forms.prefill(pack, holder())}


def test_a_bundle_asks_for_no_licence() -> None:
    stripped = bundle.without_sources(builtin(CHANGE))
    assert stripped.licences == ()
    assert not [item for item in stripped.prefill if item.source == LICENCE]
    assert not [each for each in stripped.materials if each.licence is not None and each.licence.register]
    assert bundle.without_sources(builtin("elder_card")) is builtin("elder_card")
