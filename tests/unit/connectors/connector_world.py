"""Cases of every built-in pack as a connector meets them: filled in as a citizen would, and carried through a life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.backend.connectors.view import Licence, Told, View, view
from kiosk.domain import codes
from kiosk.domain.case import CaseDraft, Material
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.licence_id import LicenceId
from kiosk.domain.life import Deed, Lack, LifeEvent, Role, Track, stand, track_of
from kiosk.domain.place import Place
from kiosk.domain.register import ANSWER, FOUND
from kiosk.domain.text import Text
from kiosk.domain.workdays import national
from kiosk.services import forms, replay, rules, situations
from kiosk.services.expressions import condition
from kiosk.services.loader import builtin
from kiosk.services.model import REGISTER, PaperKind, Question, QuestionKind, ServicePack
from kiosk.services.terms import terms_of
from kiosk.sync import encode_case

PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # a Monday, noon in Beijing
TODAY = date(2026, 6, 1)
ITEM = "11370800MB285591843370117002011"  # 实施编码: the first 18 pass GB 32100
OFFICE = {"org_code": "11140213MB0000000X", "org_name": "平城区民政局", "data_source": "142"}
TYPE = "11100000000013338W001"  # 证照类型代码: a credit code and three places more
OLD = ("elder_card", "elder_allowance", "pension_verification")
TEXTS = {
    "principal.name": "李某某", "account": "6222020200112233", "premises": "南关街12号", "shop_name": "春风小铺",
    "residence": "南关街道1号楼", "address": "南关街道1号楼", "spouse_name": "李某", "place": "南关街道",
    "content": "路灯不亮",
}  # fmt: skip
STEP = timedelta(hours=25)


def number_of(birth: date) -> str:
    first = f"140213{birth:%Y%m%d}002"
    return first + codes.id_check_digit(first)


def card(pack_id: str) -> IdentityDocument:
    birth = date(1940, 3, 1) if pack_id in OLD else date(1988, 5, 6)
    return IdentityDocument(
        DocumentKind.RESIDENT, number_of(birth), "王某某", "2", birth, date(2015, 1, 1), None,
        address="山西省大同市平城区南关街道某社区",
    )  # fmt: skip


def candidates(question: Question) -> Sequence[str]:
    if question.kind is QuestionKind.CHOICE:
        return [option.value for option in question.options]
    if question.check == "credit_code":
        return [codes.credit_code("140213", 7)]
    if question.check == "id_number":
        return [number_of(date(1990, 3, 1)), number_of(date(2026, 5, 20)), number_of(date(1940, 3, 1))]
    days = [f"{TODAY + timedelta(shift):%Y%m%d}" for shift in (0, -20, 30, -400)]
    usual = ("13900000000", *days, "19880506", "10", "春风小铺", "南关街12号", "123456789012")
    return [TEXTS.get(question.key, ""), *usual]


@cache
def filled(pack_id: str) -> tuple[ServicePack, Envelope]:
    pack = builtin(pack_id, PLACE)
    envelope = Envelope().with_fields(forms.prefill(pack, card(pack_id)))
    if pack.query is not None:
        told = {item.key: FOUND if item.key == ANSWER else "1" for item in pack.prefill if item.source == REGISTER}
        envelope = envelope.with_fields(FieldValue(key, value, Origin.REGISTER, Trust.A) for key, value in told.items())
    known = {item.key: envelope.value(item.key) for item in pack.prefill} | {item.key: "" for item in pack.questions}
    for question in pack.questions:
        if question.when and not condition(question.when).holds({"answers": known}):
            continue
        fits = (
            each for each in candidates(question) if each and not forms.objection(pack, question, each, envelope, TODAY)
        )
        value = next(fits)
        envelope = envelope.with_field(forms.answer(question, value))
        known[question.key] = envelope.value(question.key)
    return pack, forms.derive(pack, situations.trim(pack, envelope))


def case(pack_id: str, case_no: str = "", case_id: str = "", at: datetime = NOON) -> wire.CasePayload:
    """A case with one page of each paper that may be scanned, and a signature."""
    pack, envelope = filled(pack_id)
    papers = [spec.key for spec in situations.fit(pack, envelope).materials if spec.licence is None]
    facts = rules.facts_of(
        card(pack_id), envelope, Verification.FACE, None, online=True, today=TODAY, materials=tuple(papers),
        applicant=situations.role_of(pack, envelope.as_dict()),
    )  # fmt: skip
    kinds = ("signature", *papers)
    draft = CaseDraft(
        case_id or f"case-{pack_id}", pack.pack_id, pack.item_code, envelope, Verification.FACE,
        rules.decide(pack, facts), tuple(Material(kind, "image/jpeg", b"page", Trust.C) for kind in kinds), None, at,
    )  # fmt: skip
    plain = encode_case(
        draft, case_no or codes.case_no("140213", TODAY, 318), at, sealed_hashes=["0" * 64] * len(kinds),
        once=pack.once, facts=replay.stored(facts, PLACE),
    )  # fmt: skip
    return wire.read_case(plain)


def life(pack: ServicePack) -> list[LifeEvent]:
    """Received, told what is lacking, supplemented, taken up, held, decided; of a complaint: taken up, answered."""
    if track_of(terms_of(pack)) is Track.COMPLAINT:
        steps = [
            (Deed.ACCEPTED, Role.STREET, {"who": "赵某"}),
            (Deed.ANSWERED, Role.DEPARTMENT, {"who": "李某", "reason": Text("已经修好", "It is mended")}),
        ]  # fmt: skip
    else:
        steps = [
            (Deed.SUPPLEMENT_ASKED, Role.COMMUNITY, {"who": "钱某", "lacking": (Lack(Text("户口簿", "Register")),)}),
            (Deed.SUPPLEMENTED, Role.APPLICANT, {}),
            (Deed.ACCEPTED, Role.STREET, {"who": "赵某"}),
            (Deed.HOLD_STARTED, Role.STREET, {"who": "赵某", "reason": Text("现场勘验", "An inspection")}),
            (Deed.HOLD_ENDED, Role.STREET, {"who": "赵某"}),
            (Deed.APPROVED, Role.DEPARTMENT, {"who": "李某", "reason": Text("符合条件", "It meets the conditions")}),
        ]  # fmt: skip
    events = [LifeEvent(Deed.RECEIVED, NOON, Role.SYSTEM)]
    for deed, role, more in steps:
        events.append(LifeEvent(deed, events[-1].at + STEP, role, **more))  # type: ignore[arg-type]
    return events


def told(pack_id: str, events: Sequence[LifeEvent], **more: object) -> Told:
    pack = filled(pack_id)[0]
    terms = terms_of(pack)
    stands = stand(terms, events, events[-1].at, national())
    return Told(case(pack_id), events, stands, pack, "140213", "t-1", **({"item_code": ITEM} | more))  # type: ignore[arg-type]


@cache
def views(pack_id: str) -> list[View]:
    """Every step of its life; and of one with a certificate, its licence."""
    pack = filled(pack_id)[0]
    events = life(pack)
    found = [view(told(pack_id, events[: step + 1])) for step in range(len(events))]
    for paper in (paper for paper in pack.papers if paper.kind is PaperKind.CERTIFICATE):
        number = LicenceId(TYPE, ITEM[:18], "140213260601000003187")
        licence = Licence(str(number), paper.title.zh, TYPE, events[-1].at)
        found.append(view(told(pack_id, events, licences=[licence])))
    return found


@dataclass(frozen=True)
class Rated:
    level: int = 2
    options: Sequence[str] = ("207", "214")
    text: str = "等了很久"
    at: datetime = NOON + 10 * STEP
    number: int = 1
    anonymous: bool = False
