"""Which papers a case gives, and what they say: what holds now and what comes later."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from kiosk.documents.compose import _due, as_copy
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


def test_what_was_promised_can_be_read_on_paper_with_its_notice(case: Case) -> None:
    told = case()["receipt"].extra
    assert "地址真实，您有权使用" in told["承诺的告知"]
    assert "上面" not in told["您承诺的"], "nothing is referred to that the paper does not show"
    assert list(told).index("承诺的告知") < list(told).index("您承诺的")


def test_a_referred_case_gives_a_receipt_with_every_reason(case: Case) -> None:
    made = case(committed=False, verification=Verification.LATER)
    assert list(made) == ["receipt"]
    assert made["receipt"].extra["为什么"].count("\n") == 1
    assert ("结果", "由工作人员办理") in made["receipt"].rows
    assert "房产证" in made["receipt"].extra["请带来"]
    assert "您承诺的" not in made["receipt"].extra


def test_a_receipt_of_whoever_is_not_registered_is_not_called_one_of_registration(case: Case) -> None:
    made = [case(), case(online=False), case(committed=False), case("pension_verification")]
    assert {papers["receipt"].title for papers in made} == {"办件回执"}


def test_a_promise_is_printed_clause_by_clause_with_the_way_back(case: Case) -> None:
    decided, waiting = case()["receipt"].extra, case(online=False)["receipt"].extra
    assert decided["您承诺的"] == waiting["您承诺的"]
    assert len(decided["您承诺的"].split("\n")) == 4
    assert "窗口" in waiting["想撤回承诺"]
    assert "想撤回承诺" not in decided, "it can be withdrawn until the decision only"
    assert "变更登记" in decided["承诺以后"]


def test_what_a_result_waits_for_is_the_first_reason(case: Case) -> None:
    assert case(online=False)["receipt"].extra["为什么"].split("\n")[0] == "现在没有网络，名称还没有和登记库核对过。"
    assert "网络" not in case()["receipt"].extra["为什么"]


def test_a_pension_receipt_names_the_day_of_the_next_check(case: Case) -> None:
    assert ("下次认证", "2027 年 11 月 22 日以前") in case("pension_verification")["receipt"].rows
    assert ("Next check", "by 2027-11-22") in case("pension_verification", language="en")["receipt"].rows
    later = case("pension_verification", verification=Verification.LATER)["receipt"]
    assert "下次认证" not in dict(later.rows)


def test_a_month_that_is_shorter_ends_earlier() -> None:
    assert _due(12, date(2028, 2, 29)).zh == "2029 年 2 月 28 日以前"
    assert _due(1, date(2026, 12, 31)).zh == "2027 年 1 月 31 日以前"


def test_nobody_is_told_to_call_where_there_is_no_telephone(case: Case) -> None:
    quiet = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "")
    values = case(place=quiet)["receipt"].values
    assert values["call"] == ""
    assert values["scan"] == "工作人员扫这里", "the bare number is for staff"


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
    assert ("Result", "Registered\n准予登记") in paper.rows, "and the counter's own words"
    assert ("Office", "Business registrar\n平城区行政审批服务管理局") in paper.rows
    assert paper.values["subtitle"] == "办件回执"
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
