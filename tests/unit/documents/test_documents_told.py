"""The receipt says what is missing, where to go, who decides by when, who does what, and for whom a proxy applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk.documents.compose import papers
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import CaseDraft, Material
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, Trust
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import Language, Text
from kiosk.services import forms, rules, situations
from kiosk.services.loader import load_builtin
from kiosk.services.model import Handler, ServicePack

PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "0352-0000000")
MORNING = datetime(2026, 6, 1, 9, 30, tzinfo=CHINA)
PROXY = {"applicant.role": "agent", "principal.name": "李某某", "principal.number": "140213193504030017"}


def receipt(
    pack: ServicePack, answers: Mapping[str, str], *, born: int = 1988, scanned: tuple[str, ...] = (),
    language: Language = "zh_CN",
) -> PaperContent:  # fmt: skip
    first = f"140213{born}0301002"
    document = IdentityDocument(
        DocumentKind.RESIDENT, first + id_check_digit(first), "王某某", "2", date(born, 3, 1), date(2015, 1, 1), None,
        address="山西省大同市平城区某街道",
    )  # fmt: skip
    envelope = Envelope().with_fields(forms.prefill(pack, document))
    for key, value in answers.items():
        question = pack.question(key)
        assert question is not None
        envelope = envelope.with_field(forms.answer(question, value))
    envelope = forms.derive(pack, situations.trim(pack, envelope))
    facts = rules.facts_of(
        document, envelope, Verification.FACE, None, online=True, today=MORNING.date(), materials=scanned,
        applicant=situations.role_of(pack, envelope.as_dict()),
    )  # fmt: skip
    materials = tuple(Material(kind, "image/jpeg", b"page", Trust.C) for kind in scanned)
    draft = CaseDraft(
        "case", pack.pack_id, pack.item_code, envelope, Verification.FACE, rules.decide(pack, facts), materials, None,
        MORNING,
    )  # fmt: skip
    made = papers(pack, draft, case_no="140213260601000003187", credit_code="", place=PLACE, committed_at=MORNING,
                  language=language)  # fmt: skip
    (found,) = [paper for paper in made if paper.paper_id == "receipt"]
    return found


@pytest.fixture(scope="module")
def packs() -> dict[str, ServicePack]:
    return load_builtin(PLACE)


def test_who_is_refused_reads_where_to_go(packs: dict[str, ServicePack]) -> None:
    pack = packs["elder_card"]
    told = receipt(pack, {}).extra
    assert told["接下来请您"].splitlines()[0] == "年满 60 周岁以后，带身份证到任何一台机器办。"
    assert "行政复议" in told["接下来请您"], "and how to object"
    assert "Once you are 60" in receipt(pack, {}, language="en").extra["What to do next"]


def test_all_that_is_missing_is_told_at_once_and_what_was_scanned_is_not(packs: dict[str, ServicePack]) -> None:
    pack = packs["elder_allowance"]
    answers = {**PROXY, "pay": "social_card", "phone": "13800000000"}
    bring = receipt(pack, answers).extra["请带来"]
    assert bring.splitlines() == ["委托书或监护材料", "老人的身份证", "户口簿（首页和老人那一页）"]
    bring = receipt(pack, answers, scanned=("household",)).extra["请带来"]
    assert "户口簿（首页" not in bring
    assert "户口簿您已经扫描" in bring, "only to be compared"


def test_a_proxy_and_the_one_for_whom_he_applies_are_told_apart(packs: dict[str, ServicePack]) -> None:
    paper = receipt(packs["elder_allowance"], {**PROXY, "pay": "social_card", "phone": "13800000000"})
    rows = dict(paper.rows)
    assert rows["申请人"] == "李**"
    assert rows["代办人"] == "王**"
    assert "李**" in paper.mark["shown"]
    own = {"applicant.role": "self", "pay": "social_card", "phone": "13800000000"}
    assert "代办人" not in dict(receipt(packs["elder_allowance"], own, born=1940).rows)


def test_who_decides_and_by_when_is_told(packs: dict[str, ServicePack]) -> None:
    answers = {"applicant.role": "self", "pay": "social_card", "phone": "13800000000"}
    later = receipt(packs["elder_allowance"], answers, born=1940, scanned=("household",)).extra["以后的事"]
    assert "由南关街道办事处（报民政局）决定，20 个工作日内" in later


def test_to_whom_it_is_handed_on_is_told_with_their_days(packs: dict[str, ServicePack]) -> None:
    water = Handler(Text("自来水公司", "Water company"), Text("上门勘查、接水", "surveys and connects"), 3)
    gas = Handler(Text("燃气公司", "Gas company"), Text("上门勘查、通气", "surveys and connects"), 5)
    pack = replace(packs["elder_allowance"], handlers=(water, gas))
    answers = {"applicant.role": "self", "pay": "social_card", "phone": "13800000000"}
    told = receipt(pack, answers, born=1940).extra["接下来谁来办"].splitlines()
    assert [line.partition("，")[0] for line in told] == ["自来水公司：上门勘查、接水", "燃气公司：上门勘查、通气"]
    assert ["3 个工作日" in told[0], "5 个工作日" in told[1]] == [True, True]
    assert "接下来谁来办" not in receipt(pack, answers, born=1988).extra, "nobody gets what was refused"


def test_a_date_stands_in_words_and_only_papers_of_the_situation_are_made(packs: dict[str, ServicePack]) -> None:
    answers = {"reason": "quit", "ended": "20260105", "education": "senior", "wish": "job", "phone": "13800000000"}
    assert dict(receipt(packs["unemployment_registration"], answers).rows)["失业日期"] == "2026年1月5日"
    answers |= {"reason": "never"}
    assert "失业日期" not in dict(receipt(packs["unemployment_registration"], answers).rows)
    pack = packs["unemployment_registration"]
    voucher = replace(pack.papers[-1], paper_id="voucher", when='answers["reason"] == "closed"')
    pack = replace(pack, papers=(*pack.papers, voucher))
    assert pack.papers[-1] not in situations.fitted(pack, answers).papers
    assert pack.papers[-1] in situations.fitted(pack, answers | {"reason": "closed"}).papers


def test_the_numbers_pad_of_an_identity_number_checks_its_digits(packs: dict[str, ServicePack]) -> None:
    question = packs["elder_allowance"].question("principal.number")
    assert question is not None
    assert forms.complaint(question, PROXY["principal.number"]) is None
    for wrong in ("140213193504030018", "14021319350403001", "14021319350403001X", "19350403", ""):
        assert forms.complaint(question, wrong) is not None, wrong
