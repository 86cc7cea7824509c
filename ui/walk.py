"""The pages of the packs that come with the terminal, made by the visit itself: the words that citizens really read.

For the gallery and the tests only; ``samples.py`` has the pages that no ordinary walk shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from kiosk.domain.beijing import CHINA
from kiosk.domain.decision import Rung
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.place import Place
from kiosk.domain.text import Language
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.services.model import Ability, ServicePack, Verdict
from kiosk.visit.delays import Delays
from kiosk.visit.screen import OutcomeBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Machine, Now, Visit
from ui.samples import PLACE, TERMINAL, Sample

SHOP, PENSION = "individual_business", "pension_verification"
WELL = Ability(Verdict.CAN, ("hours", "reader", "page_printer", "network"), ())
NO_ROLL = Ability(Verdict.RECEIPT_LATER, ("hours", "reader", "page_printer", "network"), ("receipt_printer",))
NO_SHEET = Ability(Verdict.CERTIFICATE_LATER, ("hours", "reader", "network"), ("page_printer",))
NO_LINE = Ability(Verdict.LIMITED, ("hours", "reader", "page_printer"), ("network",))
CARD = {
    "applicant.name": "王样例",
    "applicant.number": "14020219900307002X",
    "applicant.address": "山西省大同市平城区南关街道某社区8号楼2单元301室",
}
ANSWERS = {
    "trade": "small_restaurant", "shop_name": "南关小面馆", "premises": "南关街18号底商", "staff": "2",
    "phone": "13800000000",
}  # fmt: skip
NOW = Now(0.0, datetime(2026, 11, 26, 10, 30, tzinfo=CHINA))
STANDS = Place(
    "140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "大同市平城区行政审批服务管理局", "0352-12345"
)


def _visit(language: Language, abilities: Mapping[str, Ability], service: str = "") -> Visit:
    packs = load_builtin(STANDS)
    machine = Machine(
        packs, Delays.load(), PLACE, TERMINAL, "0352-12345", abilities=abilities, online=True, camera=True,
        page_printer=True, receipt_printer=True, identity_reader=True,
    )  # fmt: skip
    return Visit(machine, State.HOME, language, service=packs.get(service))


def _filled(pack: ServicePack) -> Envelope:
    """Card and answers, as they stand on the review page."""
    wanted = {item.key for item in pack.prefill}
    card = tuple(FieldValue(key, value, Origin.CARD, Trust.A) for key, value in CARD.items() if key in wanted)
    envelope = Envelope().with_fields(card)
    for question in pack.questions:
        envelope = envelope.with_field(forms.answer(question, ANSWERS[question.key]))
    if pack.commitment is not None:
        promised = FieldValue(pack.commitment.replaces, pack.commitment.replaces_text.zh, Origin.COMMITTED, Trust.D)
        envelope = envelope.with_field(promised)
    return forms.derive(pack, envelope)


def walk(language: Language = "zh_CN") -> Iterator[Sample]:
    """Home, guides, questions, promise, review and results, in the order of a visit."""

    def page(name: str, visit: Visit) -> Sample:
        screen = screen_of(visit, 1, NOW)
        return Sample(f"walk-{name}", screen.page, screen.body, {"step": screen.chrome.step})

    both = dict.fromkeys((SHOP, PENSION), WELL)
    yield page("home", _visit(language, both))
    yield page("home-no-roll", _visit(language, dict.fromkeys((SHOP, PENSION), NO_ROLL)))
    yield page("home-no-sheet", _visit(language, both | {SHOP: NO_SHEET}))
    for name, service, ability in (
        ("guide-shop", SHOP, WELL), ("guide-shop-no-roll", SHOP, NO_ROLL), ("guide-shop-no-sheet", SHOP, NO_SHEET),
        ("guide-shop-no-line", SHOP, NO_LINE), ("guide-pension", PENSION, WELL),
        ("guide-pension-no-roll", PENSION, NO_ROLL),
    ):  # fmt: skip
        yield page(name, replace(_visit(language, {service: ability}, service), state=State.GUIDE))
    shop = _visit(language, both, SHOP)
    shop = replace(shop, envelope=_filled(shop.pack))
    for index, question in enumerate(shop.pack.questions):
        asked = replace(shop, state=State.FORM, question=index)
        yield page(f"form-{question.key}", asked)
        yield page(f"form-{question.key}-answered", replace(asked, answer=ANSWERS[question.key]))
        yield page(f"form-{question.key}-complaint", replace(asked, complained=True))
    yield page("commitment", replace(shop, state=State.COMMITMENT))
    yield page("commitment-all", replace(shop, state=State.COMMITMENT, agreed=frozenset(range(4))))
    yield page("review-shop", replace(shop, state=State.REVIEW))
    pension = _visit(language, both, PENSION)
    yield page("review-pension", replace(pension, state=State.REVIEW, envelope=_filled(pension.pack)))
    yield from _results(language, shop.pack, pension.pack)


def _licence(pack: ServicePack) -> tuple[tuple[str, str], ...]:
    """The rows of the licence's picture with the values of these answers."""
    values = _filled(pack).as_dict()
    shown = (("名称", "full_name"), ("经营者", "applicant.name"), ("经营场所", "full_premises"))
    rows = tuple((label, values[key]) for label, key in shown)
    return (("统一社会信用代码", "92140213MA0000015G"), *rows, ("登记机关", STANDS.registrar))


def _results(language: Language, *packs: ServicePack) -> Iterator[Sample]:
    """Every result of every pack in the words of the pack, on the paper of the samples."""
    from ui.samples import samples

    pages = {sample.name: sample for sample in samples(language)}
    drawn_on = {name: sample.body for name, sample in pages.items() if isinstance(sample.body, OutcomeBody)}
    for pack, drawn in zip(packs, ("outcome-done", "outcome-receipt"), strict=True):
        for wording, texts in pack.outcome_texts.items():
            model = drawn if wording == "approved" else "outcome-referred"
            body = replace(
                drawn_on[model],
                heading=texts.heading.of(language),
                lead=texts.lead.of(language),
                unsealed=pack.pack_id == SHOP and wording == "approved",
                sample=wording == "approved",
                document_lines=_licence(pack)
                if pack.pack_id == SHOP and wording == "approved"
                else drawn_on[model].document_lines,
                outcome=wording.split("_")[0],
                effective=wording == "approved" or pack.offline is Rung.FINAL,
            )
            yield replace(pages[model], name=f"walk-outcome-{pack.pack_id}-{wording}", body=body)
