"""Hand-made snapshots of my cases (我的办件): every state, long texts, no line. For gallery and tests only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from kiosk.domain.life_table import State, remedy
from kiosk.domain.text import Language
from kiosk.visit.errands import REASONS
from kiosk.visit.screen_cases import (
    CaseBody,
    CaseLine,
    CasesBody,
    HandedInBody,
    LackLine,
    RatedLine,
    SupplementBody,
    TimeStep,
    WithdrawBody,
)

NUMBER = "140213 261122 0000 0318 7"


def cases(t: Callable[[str, str], str], one: Callable[..., Any], language: Language) -> Iterator[Any]:
    def line(state: State, **changes: Any) -> CaseLine:
        made = CaseLine(
            state.value, t("小餐饮备案", "Small restaurant filing"), NUMBER, state.value, state.word.of(language),
            "2026-11-24", turn="" if state.final else "office",
        )  # fmt: skip
        return replace(made, **changes)

    lacking = line(
        State.SUPPLEMENTING, turn="you", lacking=2, title=t("居住证申领", "First residence permit"), case_id="lacking"
    )
    accepted = line(State.ACCEPTED, due="2026-12-22", title=t("高龄津贴申领", "Allowance at 80"))
    sealed = line(State.APPROVED, title=t("个体工商户设立登记", "Registration of an individual business"))
    unsent = line(State.RECEIVED, pending="case", queued=True, fresh=False, title=t("诉求投诉", "Complaint or request"))
    lines = (lacking, accepted, unsent, sealed)
    yield one("cases", CasesBody("王**", lines, "told", 1))
    yield one("cases-asking", CasesBody("王**", lines[1:], "asking"), "cases")
    alone = tuple(replace(each, fresh=False) for each in lines[1:])
    yield one("cases-offline", CasesBody("王**", alone, "not_told"), "cases")
    yield one("cases-nothing-offline", CasesBody("王**", (), "not_told"), "cases")
    yield one("cases-known", CasesBody("王**", (), "told", known_until="2027-02-24"), "cases")
    many = tuple(replace(line(state), case_id=f"case-{n}") for n, state in enumerate(State))
    problem = CasesBody("王**", (replace(sealed, changed=True), *many), "told", 2, "no_longer")
    yield one("cases-many", problem, "cases")

    received = TimeStep("received", "2026-11-20", "done")
    papers = (
        t("租房合同（每一页）", "Lease (each page)"),
        t("本人单独所有的房屋，房产证上写地址的那一页", "The page of the title deed that names the address"),
    )
    asked = CaseBody(
        lacking, (received, TimeStep("supplementing", "2026-11-24", "now"), TimeStep("accepting", "", "ahead"),
                  TimeStep("deciding", "", "ahead")),
        said=t("合同少了一页，房产证看不清地址。", "A page of the lease is missing, and the address cannot be read."),
        office=t("南关街道办事处", "Nanguan Subdistrict office"), lacking=papers, actions=("supplement", "withdraw"),
    )  # fmt: skip
    yield one("case", asked)
    yield one("case-desk", replace(asked, actions=("withdraw",), obstacle="desk", problem="no_longer"), "case")
    yield one("case-incomplete", replace(asked, unheeded="incomplete"), "case")
    handled = (received, TimeStep("accepted", "2026-11-24", "done"), TimeStep("deciding", "", "now"))
    yield one("case-accepted", CaseBody(accepted, handled, actions=("withdraw",), deemed=True), "case")
    done = (received, TimeStep("accepted", "2026-11-21", "done"), TimeStep("approved", "2026-11-24", "now"))
    said = t("符合条件，从下个月起发放。\n部门确认：与审核结果一致", "Granted.\nConfirmed by the department: the same")
    confirmed = (*done[:-1], replace(done[-1], stage="done"), TimeStep("confirmed", "2026-11-25", "now"))
    allowance = replace(sealed, title=accepted.title)
    granted = CaseBody(allowance, confirmed, said=said, actions=("collect", "rate"), papers=1)
    yield one("case-approved", granted, "case")
    refused = CaseBody(
        line(State.REFUSED), (received, TimeStep("refused", "2026-11-24", "now")),
        said=t("经营场所不符合条件。", "The place does not fit."), remedy=remedy()[0].of(language), unheeded="too_late",
    )  # fmt: skip
    yield one("case-refused", refused, "case")
    gone = replace(accepted, pending="withdrawal", queued=True, fresh=False)
    yield one("case-withdrawing", CaseBody(gone, handled), "case")

    rated = RatedLine(
        t("不满意", "Dissatisfied"), (t("没有提供材料清单", "No list of papers"),), t("已经答复", "Answered"),
        finding=t("情况属实", "As you said"), answered="2026-11-26",
        answer="您说得对：公告栏上的清单少了一份租房合同。清单当天已经补好，也打电话向您道了歉。",
    )  # fmt: skip
    answered = replace(sealed, answered=True)
    yield one("case-rated", CaseBody(answered, done, actions=("reply",), rated=rated), "case")
    nothing = replace(rated, finding="", answer="", answered="", due="2026-12-01")
    waiting = replace(nothing, task=t("正在核实", "Being looked into"))
    yield one("case-rated-waiting", CaseBody(sealed, done, rated=replace(waiting, saved=True)), "case")

    scans = (LackLine(papers[0], "", 2), LackLine(papers[1], "", 0))
    title = lacking.title
    yield one("supplement", SupplementBody(title, scans, False))
    whole = tuple(replace(each, pages=1) for each in scans)
    yield one("supplement-whole", SupplementBody(title, whole, True, online=False), "supplement")
    yield one("supplement-lost", SupplementBody(title, scans, False, False, True, "save_failed"), "supplement")
    reasons = tuple((reason.of(language), n == 1) for n, reason in enumerate(REASONS))
    yield one("withdraw", WithdrawBody(accepted.title, NUMBER, tuple((text, False) for text, _ in reasons)))
    yield one("withdraw-chosen", WithdrawBody(accepted.title, NUMBER, reasons, False, "save_failed"), "withdraw")
    receipt = t("补正材料回执", "Receipt for papers handed in")
    handed = HandedInBody("supplement", title, NUMBER, True, receipt, "printing", 0, 1)
    yield one("handed_in", handed)
    withdrawal = t("撤回申请回执", "Receipt for a withdrawal")
    failed = HandedInBody(
        "withdraw", accepted.title, NUMBER, False, withdrawal, "failed", reason="media-empty", again=True
    )
    yield one("handed_in-failed", failed, "handed_in")
