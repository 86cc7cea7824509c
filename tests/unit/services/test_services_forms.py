"""The form: nothing that the card tells is asked, answers are checked in plain words, the review shows each origin."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import EMPTY
from kiosk.services import forms, loader
from kiosk.services.model import ServicePack
from kiosk.services.templates import fill

Person = Callable[..., IdentityDocument]
ANSWERS = {"trade": "small_restaurant", "shop_name": "南关小面馆", "premises": "南关街18号底商", "staff": "2",
           "phone": "13800000001"}  # fmt: skip


def filled(pack: ServicePack, document: IdentityDocument, **changed: str) -> Envelope:
    envelope = Envelope().with_fields(forms.prefill(pack, document))
    for key, value in (ANSWERS | changed).items():
        question = pack.question(key)
        assert question is not None
        assert forms.complaint(question, value, envelope) is None, key
        envelope = envelope.with_field(forms.answer(question, value))
    return forms.derive(pack, envelope)


def said(pack: ServicePack, key: str, value: str) -> str:
    question = pack.question(key)
    assert question is not None
    complaint = forms.complaint(question, value)
    return "" if complaint is None else complaint.zh


def test_the_card_fills_in_what_it_tells(business: ServicePack, person: Person) -> None:
    fields = forms.prefill(business, person())
    assert [f.key for f in fields] == ["applicant.name", "applicant.number", "applicant.address"]
    assert {(f.origin, f.trust) for f in fields} == {(Origin.CARD, Trust.A)}


def test_what_a_card_does_not_carry_is_left_out(pension: ServicePack, person: Person) -> None:
    assert [f.key for f in forms.prefill(pension, person(address=""))] == ["applicant.name", "applicant.number"]
    foreign = replace(person(kind=DocumentKind.FOREIGNER_2023), name="", english_name="DOE, JANE")
    assert forms.prefill(pension, foreign)[0].value == "DOE, JANE"


def test_the_form_is_short(packs: dict[str, ServicePack]) -> None:
    assert len(packs["pension_verification"].questions) == 0
    business = packs["individual_business"]
    assert len(business.questions) == 5
    typed = [q for q in business.questions if not q.options]
    assert [q.key for q in typed] == ["shop_name", "premises", "phone"]
    assert all(q.complaint != EMPTY for q in typed)


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("南关小面馆", "大同市平城区南关小面馆（个体工商户）"),
        ("老李", "大同市平城区老李餐饮店（个体工商户）"),
        ("老李餐饮", "大同市平城区老李餐饮店（个体工商户）"),
        ("𠮷祥", "大同市平城区𠮷祥餐饮店（个体工商户）"),
    ],
)
def test_the_registered_name_is_put_together(business: ServicePack, person: Person, typed: str, full: str) -> None:
    assert filled(business, person(), shop_name=typed).value("full_name") == full


@pytest.mark.parametrize(
    ("typed", "full"),
    [("南关街18号底商", "山西省大同市平城区南关街18号底商"), ("大同市云冈区某路3号", "大同市云冈区某路3号")],
)
def test_the_address_is_completed_once(business: ServicePack, person: Person, typed: str, full: str) -> None:
    assert filled(business, person(), premises=typed).value("full_premises") == full


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("shop_name", "", "请先填写"),
        ("shop_name", "  ", "请先填写"),
        ("shop_name", "面", "2 到 12 个汉字"),
        ("shop_name", "Lee面馆", "2 到 12 个汉字"),
        ("shop_name", "老李，面馆", "2 到 12 个汉字"),
        ("shop_name", "中华第一面馆", "中华"),
        ("shop_name", "老李面业公司", "公司"),
        ("shop_name", "公安门口小店", "党政机关"),
        ("trade", "nuclear", "请选一项"),
        ("premises", "南关街上", "门牌号"),
        ("phone", "1380000000", "11 位"),
        ("phone", "23800000001", "11 位"),
        ("phone", "１３８００００００１１", "11 位"),
    ],
)
def test_what_does_not_fit_is_said_in_plain_words(business: ServicePack, key: str, value: str, words: str) -> None:
    assert words in said(business, key, value)


def test_a_hostile_address_is_judged_at_once(business: ServicePack) -> None:
    started = time.process_time()
    said(business, "premises", "0" * 39 + "！")
    assert time.process_time() - started < 0.5


def test_a_preview_follows_the_typing(business: ServicePack, person: Person) -> None:
    envelope = filled(business, person())
    question = business.question("shop_name")
    assert question is not None
    preview = forms.preview(business, question, envelope, "老李")
    assert preview.zh == "登记名称将是 大同市平城区老李餐饮店（个体工商户）"
    assert forms.preview(business, question, envelope, "") == EMPTY
    assert forms.preview(business, question, Envelope(), "老李") == EMPTY, "the trade is not known yet"


def test_the_review_shows_every_value_with_its_origin(business: ServicePack, person: Person) -> None:
    terms = business.commitment
    assert terms is not None
    envelope = filled(business, person()).with_field(FieldValue(terms.replaces, "x", Origin.COMMITTED, Trust.D))
    rows = forms.review_rows(business, envelope)
    assert [(row.label.zh, row.value, row.origin.value, row.editable) for row in rows[:2]] == [
        ("经营者", "王某某", "card", False),
        ("证件号码", "1402 **** **** " + envelope.value("applicant.number")[-4:], "card", False),
    ]
    shown = {row.label.zh: (row.value, row.origin) for row in rows}
    assert shown["名称"] == ("大同市平城区南关小面馆（个体工商户）", Origin.DERIVED), "more than what was typed"
    assert shown["您选的生意"] == ("小餐饮", Origin.CHOSEN)
    assert shown["从业人数"] == ("2 人", Origin.CHOSEN)
    assert shown["场所证明"] == ("不用提交", Origin.COMMITTED)
    english = {row.label.en: row.value for row in forms.review_rows(business, envelope, "en")}
    assert english["People at work"] == "2 people"


def test_the_review_shows_all_that_the_licence_will_say(business: ServicePack, person: Person) -> None:
    envelope = filled(business, person())
    rows = forms.review_rows(business, envelope)
    keys = [row.key for row in rows]
    assert keys.index("business_scope") == keys.index("trade") + 1, "the scope stands below the choice it follows from"
    shown = {row.key: row for row in rows}
    assert shown["business_scope"].value == envelope.value("business_scope")
    assert shown["composition"].value == "个人经营"
    assert {shown[key].origin for key in ("business_scope", "composition")} == {Origin.DERIVED}
    assert not shown["business_scope"].editable
    licence = next(paper for paper in business.papers if paper.paper_id == "licence")
    said = {row.value for row in rows} | {"个体工商户", "大同市平城区行政审批服务管理局", "平城区行政审批服务管理局"}
    assert {fill(template, envelope.as_dict()) for template in licence.fields.values()} <= said


def test_an_address_typed_in_full_stays_the_citizens_own(business: ServicePack, person: Person) -> None:
    envelope = filled(business, person(), premises="大同市云冈区某路3号")
    (row,) = [row for row in forms.review_rows(business, envelope) if row.key == "premises"]
    assert (row.value, row.origin) == ("大同市云冈区某路3号", Origin.TYPED)


def test_a_promise_not_made_is_shown_as_such(business: ServicePack, person: Person) -> None:
    envelope = filled(business, person()).with_field(FieldValue("premises_proof", "x", Origin.CHOSEN, Trust.D))
    assert forms.review_rows(business, envelope)[-1].value == "到窗口提交"


def test_a_row_leads_back_to_its_question(business: ServicePack) -> None:
    assert forms.question_behind(business, "full_name") == "shop_name"
    assert forms.question_behind(business, "trade") == "trade"
    assert forms.question_behind(business, "applicant.name") == "applicant.name"


def test_papers_get_masked_numbers(business: ServicePack, person: Person) -> None:
    values = forms.paper_values(business, filled(business, person()))
    assert values["phone"] == "138****0001"
    assert "****" in values["applicant.number"]
    assert values["trade.scope"].startswith("许可项目：")


def test_a_review_row_does_not_print_its_value(business: ServicePack, person: Person) -> None:
    assert "王某某" not in repr(forms.review_rows(business, filled(business, person())))


def test_the_place_is_bound_once_and_no_template_asks_for_it_again(packs: dict[str, ServicePack]) -> None:
    assert "{place." not in repr(packs)
    assert packs["individual_business"].authority.zh == "平城区行政审批服务管理局"


def test_built_in_packs_are_read_without_the_checker() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from kiosk.services.loader import load_builtin; load_builtin();"
        "heavy = {'jsonschema', 'cel', 'cel.cel', 'reportlab', 'PIL', 'fontTools'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert tuple(loader.load_builtin()) == (*loader.BUILTIN, *loader.BUNDLES)
