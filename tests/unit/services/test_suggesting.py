"""What is offered for a touch beside a free field: made of the card, in the pack's order, never what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.services import forms, suggesting
from kiosk.services.check import check_pack
from kiosk.services.loader import builtin, load_builtin
from kiosk.services.model import Suggestion
from kiosk.services.suggesting import split_name
from tests.unit.bundle_world import BUNDLE, PLACE, holder
from tests.unit.services.edited_packs import edited

SHOP, DAY = "individual_business", date(2026, 11, 27)
HOME = "山西省大同市平城区南关街18号2单元301"


def offers(key: str = "shop_name", *, trade: str = "greengrocer", **card: object) -> list[tuple[str, str]]:
    """(value, origin) of what is offered on this question's page."""
    pack = builtin(SHOP, PLACE)
    envelope = Envelope().with_fields(forms.prefill(pack, holder(**card)))
    envelope = envelope.with_field(FieldValue("trade", trade, Origin.CHOSEN, Trust.D))
    question = pack.question(key)
    assert question is not None
    found = suggesting.offered(pack, question, envelope, DAY)
    assert all(forms.complaint(question, each.value) is None for each in found)
    return [(each.value, each.origin.value) for each in found]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("王建国", ("王", "建国")), ("王伟", ("王", "伟")), ("欧阳修", ("欧阳", "修")), ("欧阳", ("欧", "阳")),
        ("司马相如", ("司马", "相如")), ("𠮷䶮", ("𠮷", "䶮")),
        ("阿依古丽·买买提江", None), ("SMITH JOHN", None), ("", None),
    ],
)  # fmt: skip
def test_a_name_has_its_surname_or_no_parts_at_all(name: str, parts: tuple[str, str] | None) -> None:
    assert split_name(name) == parts


def test_a_shop_is_named_by_its_owner_and_its_trade() -> None:
    assert offers(name="王建国") == [
        (name, "chosen") for name in ("王记果蔬店", "建国果蔬店", "王建国果蔬行", "王家果蔬行")
    ]
    assert [name for name, _ in offers(name="欧阳修", trade="repairs")] == [
        "欧阳记修理部",
        "欧阳修修理铺",
        "欧阳家修理铺",
    ]


def test_a_trade_name_has_two_characters_so_a_given_name_of_one_is_not_offered_alone() -> None:
    assert "伟果蔬店" not in [name for name, _ in offers(name="王伟")]


def test_what_the_question_would_refuse_is_not_offered() -> None:
    assert [name for name, _ in offers(name="王国际")] == ["王记果蔬店", "王家果蔬行"], "国际 is a restricted word"
    assert offers(name="阿依古丽·买买提江") == []


@pytest.mark.parametrize(
    "trade", ["small_restaurant", "groceries", "greengrocer", "clothing", "hairdresser", "repairs"]
)
def test_what_is_offered_says_what_kind_of_shop_it_is_and_is_registered_as_it_stands(trade: str) -> None:
    pack = builtin(SHOP, PLACE)
    for name, _ in offers(name="王建国", trade=trade):
        said = {"trade": trade, "shop_name": name}
        fields = (FieldValue(key, value, Origin.CHOSEN, Trust.D) for key, value in said.items())
        made = forms.derive(pack, Envelope().with_fields(fields))
        assert made.value("full_name") == f"大同市平城区{name}（个体工商户）"


def test_the_address_of_the_card_is_offered_where_this_registrar_is_competent() -> None:
    assert offers("premises", address=HOME) == [(HOME, "card")]
    assert offers("premises", address="大同市平城区南关街18号") == [("大同市平城区南关街18号", "card")]
    for elsewhere in (
        "山西省大同市云冈区某街18号",
        "北京市朝阳区某街18号",
        "山西省太原市平城区街18号",
        "平城区南关街18号",
        "",
    ):
        assert offers("premises", address=elsewhere) == [], elsewhere
    assert offers("premises", address="山西省大同市平城区南关街某号") == [], "no number: not an address of a shop"


def test_a_bundle_offers_the_same_in_its_own_words() -> None:
    pack = load_builtin(PLACE)[BUNDLE]
    question = pack.question("shop_name")
    assert question is not None
    envelope = Envelope().with_fields(forms.prefill(pack, holder(name="王建国")))
    assert [each.value for each in suggesting.offered(pack, question, envelope, DAY)][:2] == [
        "王记餐饮店",
        "建国餐饮店",
    ]


def test_the_same_twice_is_offered_once_and_what_is_not_known_not_at_all() -> None:
    pack = builtin(SHOP, PLACE)
    question = pack.question("shop_name")
    assert question is not None
    twice = (Suggestion("{applicant.name}店"), Suggestion("{applicant.name}店"), Suggestion("{trade.name}"))
    envelope = Envelope().with_fields(forms.prefill(pack, holder(name="王建国")))
    found = suggesting.offered(pack, replace(question, suggest=twice), envelope, DAY)
    assert [each.value for each in found] == ["王建国店"]
    assert found[0].keys == ("applicant.name",)


FIRST, GIVEN = '"{applicant.name.surname}记{trade.name}"', 'key: applicant.name.given, pattern: "^.{2,3}$"'
MISTAKES = {
    "a part of no name": (FIRST, '"{applicant.name.clan}记{trade.name}"', "is not known"),
    "a question below": (FIRST, '"{staff.label}记"', "is not known"),
    "the same for everybody": (FIRST, '"好运来"', "offered the same"),
    "a condition on nothing": (GIVEN, 'key: phone, pattern: "."', "no field above"),
    "a broken pattern": ('"^.{2,3}$"', '"^(.{2,3}$"', "is not a pattern"),
    "half a condition": (GIVEN, "key: applicant.name.given", "dependency"),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, what: str) -> None:
    old, new, message = MISTAKES[what]
    path, line = edited(tmp_path, SHOP, old, new)
    found = check_pack(path)
    assert [problem for problem in found if message in problem.message and problem.line == line], [
        str(p) for p in found
    ]


def test_a_choice_offers_its_options_and_nothing_else(tmp_path: Path) -> None:
    more = '    options:\n      - { value: "1", label: { zh: "1 人"'
    path, _ = edited(tmp_path, SHOP, more, '    suggest: [{ template: "{applicant.name}" }]\n' + more)
    assert any("offers answers" in problem.message for problem in check_pack(path))
