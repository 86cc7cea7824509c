"""Which papers a case gives, and what they say: what holds now and what comes later."""

from collections.abc import Callable
from dataclasses import replace

from kiosk.documents.compose import as_copy
from kiosk.domain.decision import Verification
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place

Case = Callable[..., dict[str, PaperContent]]


def text_of(paper: PaperContent) -> str:
    parts = [*paper.values.values(), *(b for _, b in paper.rows), *paper.notes, *paper.extra.values(), paper.title]
    return "\n".join(parts)


def test_an_effective_registration_gives_the_licence_first_and_then_the_receipt(case: Case) -> None:
    assert list(case()) == ["licence", "receipt"]


def test_the_licence_carries_what_the_law_asks(case: Case) -> None:
    values = case()["licence"].values
    assert values["name"] == "大同市平城区南关小面馆（个体工商户）"
    assert values["operator"] == "王某某"
    assert values["premises"] == "山西省大同市平城区南关街18号底商"
    assert values["date"] == "2026年11月22日"
    assert values["registrar"] == "平城区行政审批服务管理局"
    assert values["credit_code"].startswith("92140213")
    assert values["scope"].startswith("许可项目：小餐饮")


def test_offline_no_licence_is_printed_and_the_receipt_says_what_comes_later(case: Case) -> None:
    made = case(online=False)
    assert list(made) == ["receipt"]
    paper = made["receipt"]
    assert "登记才生效" in text_of(paper)
    assert "准予登记" not in text_of(paper)
    assert "92140213MA" not in text_of(paper), "no credit code before it holds"
    assert paper.values["tone"] == "outline"
    assert paper.values["offline"]


def test_a_pension_check_holds_offline(case: Case) -> None:
    paper = case("pension_verification", online=False)["receipt"]
    assert paper.values["tone"] == "solid"
    assert ("结果", "认证通过") in paper.rows


def test_a_referred_case_gives_a_receipt_with_every_reason(case: Case) -> None:
    made = case(committed=False, verification=Verification.LATER)
    assert list(made) == ["receipt"]
    assert made["receipt"].extra["为什么"].count("\n") == 1
    assert ("结果", "转人工办理") in made["receipt"].rows


def test_a_receipt_names_nobody_in_full(case: Case) -> None:
    for service in ("individual_business", "pension_verification"):
        paper = case(service, name="王某某")["receipt"]
        assert "王某某" not in text_of(paper) + paper.qr
        assert "13800000001" not in text_of(paper)
        assert "14021319580301" not in text_of(paper) + paper.qr
        assert ("申请人", "王**") in paper.rows


def test_times_are_china_time(case: Case) -> None:
    assert ("时间", "2026-11-22 10:30") in case()["receipt"].rows


def test_a_receipt_speaks_the_language_of_the_visit(case: Case) -> None:
    paper = case(language="en")["receipt"]
    assert ("Result", "Registered") in paper.rows
    assert paper.values["heading"] == "Done: registered"


def test_codes_lead_to_the_public_page_where_there_is_one(case: Case) -> None:
    made = case()
    assert made["receipt"].qr == f"https://office.example/progress?no={made['receipt'].case_no}"
    bare = case(place=Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "0352-0000000"))
    assert bare["receipt"].qr == bare["receipt"].case_no
    assert bare["licence"].values["credit_code"] in bare["licence"].qr


def test_a_copy_says_so_and_changes_nothing_else(case: Case) -> None:
    original = case()["licence"]
    copy = as_copy(original, 2)
    assert copy.copy == 2
    assert replace(copy, copy=0) == original


def test_a_paper_does_not_print_itself(case: Case) -> None:
    assert "王" not in repr(case())
