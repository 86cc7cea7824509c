"""What a pack promises, to whom, and in which language: held against the acts that it cites, and against itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.domain.decision import Decision, Outcome, Rung
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import Text
from kiosk.services import forms, limits, situations, telling
from kiosk.services.check import check_pack
from kiosk.services.loader import BUILTIN, load_builtin, load_pack
from kiosk.services.model import ServicePack
from tests.unit.services.edited_packs import edited

LONG = {
    "the licence's twenty days": (
        "elder_allowance", "  days: 20\n", "  days: 21\n", "第四十二条第一款", "20 at the most",
    ),
    "the licence's five days": ("elder_allowance", "accept: 5", "accept: 6", "counts as accepted", "5 at the most"),
    "the clock of a licence": ("elder_allowance", "decide: 20", "decide: 25", "第四十二条第一款", "20 at the most"),
    "the registrar's three days": (
        "individual_business_change", "  days: 3\n", "  days: 4\n", "《市场主体登记管理条例》第十九条", "3 at the most",
    ),
    "ten more for other offices": (
        "individual_business_closing", "  days: 13\n", "  days: 14\n", "10 more", "13 at the most",
    ),
    "calendar days": ("residence_permit", "decide: 10,", "decide: 15,", "15 calendar days", "11 at the most"),
    "its own clocks": ("utility_connection", "  days: 10\n", "  days: 11\n", "own clocks, 10 together", "Promise less"),
    "its own clocks, in one situation": (
        "utility_connection", "      days: 5\n", "      days: 12\n", "own clocks, 10", "Promise less",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LONG)
def test_a_promise_that_is_longer_than_the_law_cited_is_a_problem_with_line_and_cure(case: str, tmp_path: Path) -> None:
    name, old, new, said, cure = LONG[case]
    path, line = edited(tmp_path, name, old, new)
    problems = [one for one in check_pack(path) if said in one.message and cure in one.cure]
    assert problems, [str(one) for one in check_pack(path)]
    assert {one.line for one in problems} == {line}, [str(one) for one in problems]


def test_every_act_of_the_table_is_cited_by_somebody_or_known_to_the_clocks() -> None:
    cited = {limit.source for pack in load_builtin().values() for limit in limits.cited(pack)}
    assert len(cited) >= 4
    assert all(limit.basis or limit.calendar or limit.more for limit in limits.table())
    assert limits.spanned(5) == 7
    assert limits.spanned(4) == 4


# -- who decides and who does what, by situation -------------------------------------------------------


@pytest.fixture
def utility(packs: dict[str, ServicePack]) -> ServicePack:
    return packs["utility_connection"]


def chosen(**answers: str) -> Envelope:
    return Envelope(tuple(FieldValue(key, value, Origin.CHOSEN, Trust.D) for key, value in answers.items()))


def referred(pack: ServicePack) -> Decision:
    return Decision(Outcome.REFERRED, Rung.FINAL, pack.pack_id, pack.version, (), online=True)


@pytest.mark.parametrize(
    ("kind", "office", "days", "companies"),
    [("water", "供水公司", "5 个工作日", ["供水公司"]), ("gas", "供气公司", "10 个工作日", ["供气公司"]),
     ("both", "供水公司、供气公司", "10 个工作日", ["供水公司", "供气公司"])],
)  # fmt: skip
def test_who_decides_and_who_acts_follow_the_situation(
    utility: ServicePack, kind: str, office: str, days: str, companies: list[str]
) -> None:
    answers = chosen(**{"applicant.address": ""}, use="home", kind=kind)
    pack = situations.fit(utility, answers)
    (told,) = telling.who_decides(pack, referred(pack))
    assert told.zh.startswith(f"由{office}决定，{days}")
    handed = [text.zh.partition("：")[0] for text in telling.handed_on(pack, referred(pack))]
    assert handed == ["便民服务中心", *companies]
    assert situations.fitted(utility, answers.as_dict()) == pack


def test_before_anything_is_answered_the_general_promise_stands(utility: ServicePack) -> None:
    assert utility.decides.days == 10
    assert utility.decides.office.zh == "供水公司、供气公司"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [('- when: answers["kind"] == "water"', '- when: answers["kind"] == "wtaer"', "no option wtaer"),
     ('- when: answers["kind"] != "gas"\n    name', '- when: answers["kid"] != "gas"\n    name', "no field above it"),
     ("      days: 5\n", "      days: 0\n", "when to expect an answer")],
)  # fmt: skip
def test_a_situation_of_who_decides_or_acts_is_checked_like_any_other(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    path, line = edited(tmp_path, "utility_connection", old, new)
    assert any(one.line == line and said in one.message for one in check_pack(path)), [str(p) for p in check_pack(path)]


# -- papers that are not scanned -----------------------------------------------------------------------


def test_a_paper_that_no_counter_wants_says_what_becomes_of_it(packs: dict[str, ServicePack]) -> None:
    at_home = packs["utility_connection"].material("house_proof")
    counter = packs["residence_permit_renewal"].materials[-1]
    assert at_home is not None
    assert forms.not_handed_in(at_home).value == "上门时看"
    assert forms.not_handed_in(counter).value == "到窗口提交"


# -- papers in the language of their reader ------------------------------------------------------------


def test_an_english_receipt_prints_no_part_in_chinese(packs: dict[str, ServicePack]) -> None:
    for pack in packs.values():
        for question in pack.questions:
            for option in question.options:
                known = forms.paper_values(pack, chosen(**{question.key: option.value}), "en")
                printed = [
                    f"{question.key}.{part}" for paper in pack.papers if paper.kind.value == "receipt"
                    for template in paper.fields.values() for part in (*option.parts, "label")
                    if f"{{{question.key}.{part}}}" in template
                ]  # fmt: skip
                assert not any(re.search("[一-鿿]", known[key]) for key in printed), (pack.pack_id, option.value)


def test_what_goes_into_the_case_stays_chinese(utility: ServicePack) -> None:
    assert forms.paper_values(utility, chosen(use="shop"))["use.said"] == "商户"
    assert forms.paper_values(utility, chosen(use="shop"), "en")["use.said"] == "Shop"


def test_a_part_in_one_language_on_a_receipt_is_a_problem(tmp_path: Path) -> None:
    path, _ = edited(tmp_path, "utility_connection", '{ said: { zh: "住宅", en: "Home" } }', "{ said: 住宅 }")
    (problem,) = check_pack(path)
    assert "{use.said} is Chinese on an English receipt" in problem.message
    assert "papers[0].fields.use" in problem.path
    assert "{use.label}" in problem.cure
    text = path.read_text(encoding="utf-8").replace('use: "{use.said}"', 'use: "{use.label}"')
    path.write_text(text, encoding="utf-8")
    assert load_pack(path).question("use").options[0].parts == {"said": Text("住宅", "住宅")}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", BUILTIN)
def test_on_an_offline_receipt_there_is_one_last_day(name: str, packs: dict[str, ServicePack]) -> None:
    """`decides.days` and the clocks are one truth: the promise holds, and the clocks bound it."""
    pack = packs[name]
    if pack.clocks is not None and pack.decides.days:
        assert pack.decides.days <= pack.clocks.accept + pack.clocks.decide
