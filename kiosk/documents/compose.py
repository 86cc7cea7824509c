"""Which papers a case gives, and what they say. Pure: no font, no printer, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from urllib.parse import quote

from kiosk.documents import wording
from kiosk.documents.certifying import day_text, later, licence_id, statement_of_fact, until_text
from kiosk.domain import clock_words, ladder
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import CaseDraft
from kiosk.domain.codes import group_case_no, mask_name
from kiosk.domain.decision import UNDECIDED, Decision, Outcome
from kiosk.domain.envelope import Trust
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import EMPTY, Language, Text
from kiosk.domain.workdays import Calendar, national
from kiosk.services import forms, situations, telling
from kiosk.services.model import OutcomeText, PaperKind, PaperSpec, ServicePack
from kiosk.services.templates import fill

APPLICANT = "applicant.name"
LICENCE = "licence"  # the template of the 营业执照, which needs a credit code
PRINCIPAL = "principal.name"  # for whom an agent or a guardian applies (kiosk/services/data/applicants.toml)


def papers(
    pack: ServicePack,
    draft: CaseDraft,
    *,
    case_no: str,
    credit_code: str,
    place: Place,
    committed_at: datetime,
    language: Language = "zh_CN",
    calendar: Callable[[], Calendar] = national,
) -> tuple[PaperContent, ...]:
    """The papers of a committed case in the order of printing. A certificate only for a result that holds now.

    ``credit_code`` is empty where the service gives none. ``committed_at`` is aware; papers show China time.
    ``calendar``: the place's working days, asked for only where a paper tells a period.
    """
    decision = draft.decision
    step = ladder.step(decision.rung, online=decision.online)
    pack = situations.fit(pack, draft.envelope)
    made = []
    for spec in pack.papers:
        if not _due_now(spec, decision):
            continue
        if spec.kind is PaperKind.CERTIFICATE:
            licence = spec.template == LICENCE
            if decision.effective and step.certificate and (credit_code or not licence):
                make = _licence if licence else _certificate
                made.append(make(pack, spec, draft, case_no, credit_code, place, committed_at, language))
        else:
            made.append(_receipt(pack, spec, draft, case_no, credit_code, place, committed_at, language, calendar))
    return tuple(made)


def _due_now(spec: PaperSpec, decision: Decision) -> bool:
    """Whether the paper belongs to this outcome. Who was received gets the receipt, whatever its list says."""
    if decision.outcome is Outcome.RECEIVED:
        return spec.kind is PaperKind.RECEIPT
    return decision.outcome.value in spec.on


def mark(pack: ServicePack, draft: CaseDraft, committed_at: datetime, *shown: str) -> dict[str, str]:
    """What the code will state (PaperContent.mark). ``shown``: texts that the paper shows as they stand here."""
    decision = draft.decision
    return {
        "item": pack.item_code,
        "service": pack.pack_id,
        "outcome": decision.outcome.value,
        "rung": decision.rung.value,
        "at": committed_at.isoformat(timespec="seconds"),
        "shown": "\n".join(text for text in shown if text),
    }


def applicant_of(draft: CaseDraft) -> str:
    """Whose matter it is, masked: the card's holder, or the one for whom a proxy applies."""
    return mask_name(draft.envelope.value(PRINCIPAL) or draft.envelope.value(APPLICANT))


def as_copy(content: PaperContent, number: int) -> PaperContent:
    """The same paper printed again: says that it is a copy, and which."""
    return replace(content, copy=number)


def _values(pack: ServicePack, draft: CaseDraft, place: Place, language: Language = "zh_CN") -> dict[str, str]:
    return forms.paper_values(pack, draft.envelope, language) | place.parts()


def _query(place: Place, name: str, value: str, otherwise: str) -> str:
    """A QR payload without personal data: an address where one is known, else plain words."""
    return f"{place.progress_url}?{name}={quote(value)}" if place.progress_url else otherwise


def _licence(
    pack: ServicePack,
    spec: PaperSpec,
    draft: CaseDraft,
    case_no: str,
    credit_code: str,
    place: Place,
    committed_at: datetime,
    language: Language,
) -> PaperContent:
    known = _values(pack, draft, place)
    values = {name: fill(template, known) for name, template in spec.fields.items()}
    values |= {"credit_code": credit_code, "date": day_text(committed_at.astimezone(CHINA).date())}
    values["licence_id"] = licence_id(pack, spec, case_no)
    labels = (
        (wording.CREDIT_CODE, "credit_code"), (Text("名称", "Name"), "name"), (Text("经营者", "Operator"), "operator"),
        (Text("经营场所", "Place of business"), "premises"), (Text("登记机关", "Registrar"), "registrar"),
    )  # fmt: skip
    return PaperContent(
        paper_id=spec.paper_id,
        kind=spec.kind.value,
        template=spec.template,
        title=spec.title.zh,  # the licence is a Chinese document in every language of the screen
        case_id=draft.case_id,
        case_no=case_no,
        values=values,
        rows=tuple((label.of(language), values[name]) for label, name in labels),
        notes=tuple(note.zh for note in spec.notes),
        qr=_query(place, "code", credit_code, f"统一社会信用代码：{credit_code}\n名称：{values['name']}"),
        test=draft.test,
        mark=mark(pack, draft, committed_at, credit_code, values["name"]),
    )


def _certificate(
    pack: ServicePack,
    spec: PaperSpec,
    draft: CaseDraft,
    case_no: str,
    credit_code: str,
    place: Place,
    committed_at: datetime,
    language: Language,
) -> PaperContent:
    """A certificate of the general layout: always in both languages, because it is shown to others."""
    known, day = _values(pack, draft, place), committed_at.astimezone(CHINA).date()
    filled = {name: fill(template, known) for name, template in spec.fields.items()}
    until = EMPTY if spec.valid_months is None else until_text(spec.valid_months, day)
    content = statement_of_fact(
        spec.title,
        spec.issuer if spec.issuer != EMPTY else pack.authority,
        [(_labels(pack, spec)[name], name, value) for name, value in filled.items() if value],
        body=Text(fill(spec.body.zh, known), fill(spec.body.en, known)),
        until=until,
        notes=spec.notes,
        day=day,
        number=licence_id(pack, spec, case_no),
    )
    return replace(
        content,
        paper_id=spec.paper_id,
        case_id=draft.case_id,
        case_no=case_no,
        qr=progress(place, case_no),
        test=draft.test,
        mark=mark(pack, draft, committed_at, spec.title.zh, applicant_of(draft)),
    )


def _labels(pack: ServicePack, spec: PaperSpec) -> dict[str, Text]:
    """The label of each field of a paper: its own, or that of the value of this name."""
    found = {item.key: item.label for item in pack.prefill}
    found |= {item.key: item.label for item in pack.questions} | {item.key: item.label for item in pack.derived}
    found |= spec.labels
    return {name: found.get(name, Text(name, name)) for name in spec.fields}


def result_of(pack: ServicePack, decision: Decision) -> Text:
    said = pack.outcome_texts[decision.wording].result
    if said != EMPTY:
        return said
    if decision.outcome is Outcome.APPROVED:
        return pack.badge if decision.effective else wording.RESULT_PROVISIONAL
    result = wording.RESULTS[decision.outcome]
    if decision.outcome is Outcome.REFUSED and not decision.effective:  # decided here, and still to be confirmed
        return Text(result.zh + wording.PROVISIONAL.zh, result.en + wording.PROVISIONAL.en)
    return result


def _both(text: Text, language: Language) -> str:
    """For the citizen and for whoever is shown the paper at a Chinese counter."""
    return text.zh if language == "zh_CN" or text.zh == text.en else f"{text.en}\n{text.zh}"


def _due(months: int, day: date) -> Text:
    """The day some months later, as "by then"."""
    return by(later(months, day))


def by(day: date) -> Text:
    """ "By that day", as papers say it."""
    return Text(*(text.format(year=day.year, month=day.month, day=day.day) for text in (wording.BY.zh, wording.BY.en)))


def where(place: Place) -> Text:
    """The terminal's place as the head of a paper names it."""
    zh = f"{place.district}{place.street} · {place.terminal}"
    return Text(zh, place.english or zh)


def progress(place: Place, case_no: str) -> str:
    """What a receipt's code leads to."""
    return _query(place, "no", case_no, case_no)


def _receipt(
    pack: ServicePack,
    spec: PaperSpec,
    draft: CaseDraft,
    case_no: str,
    credit_code: str,
    place: Place,
    committed_at: datetime,
    language: Language,
    calendar: Callable[[], Calendar],
) -> PaperContent:
    decision, known = draft.decision, _values(pack, draft, place, language)
    texts = pack.outcome_texts[decision.wording]
    when = committed_at.astimezone(CHINA)
    rows = [
        (wording.CASE_NO, group_case_no(case_no)),
        (wording.ITEM, _both(pack.name, language)),
        (wording.APPLICANT, applicant_of(draft)),
        *([(wording.PROXY, mask_name(draft.envelope.value(APPLICANT)))] if draft.envelope.get(PRINCIPAL) else []),
        (wording.VERIFIED, wording.VERIFICATIONS[draft.verification].of(language)),
        (wording.TIME, f"{when:%Y-%m-%d %H:%M}"),
        (wording.RESULT, _both(result_of(pack, decision), language)),
    ]
    holds = decision.effective and decision.outcome is Outcome.APPROVED
    if pack.again is not None and holds:
        rows.append((pack.again.label, _due(pack.again.months, when.date()).of(language)))
    labels = _labels(pack, spec)
    for name, template in spec.fields.items():
        if value := fill(template, known):
            rows.append((labels[name], value))
    if credit_code and holds:
        rows.append((wording.CREDIT_CODE, credit_code))
    rows.append((wording.OFFICE, _both(pack.authority, language)))
    return PaperContent(
        paper_id=spec.paper_id,
        kind=spec.kind.value,
        template=spec.template,
        title=spec.title.of(language),
        case_id=draft.case_id,
        case_no=case_no,
        values={
            "heading": texts.heading.of(language),
            "subtitle": spec.title.zh if language != "zh_CN" else "",
            "tone": "solid" if holds else "outline",
            "place": _both(where(place), language),
            "offline": "" if decision.online else wording.NETWORK.of(language),
            "scan": (wording.SCAN if place.progress_url else wording.STAFF_SCAN).of(language),
            "call": wording.CALL.of(language) if place.phone else "",
            "phone": place.phone,
            "copy": wording.COPY.of(language),
            "test": wording.TEST.of(language),
            "keep": wording.KEEP.of(language),
        },
        rows=tuple((label.of(language), value) for label, value in rows),
        notes=tuple(note.of(language) for note in spec.notes) if decision.outcome is Outcome.APPROVED else (),
        qr=progress(place, case_no),
        test=draft.test,
        extra=_sections(pack, texts, draft, when, language, calendar),
        mark=mark(pack, draft, committed_at, applicant_of(draft)),
    )


def _clocks(pack: ServicePack, step: ladder.Step, at: datetime, calendar: Callable[[], Calendar]) -> tuple[Text, ...]:
    """The law's clocks from the day of receipt on, where this receipt starts them, with their last days.

    The second day is the one that was promised, as everywhere; where nobody promised one, the latest that the law
    allows: accepted on the first one, and decided the whole period after it.
    """
    clocks = pack.clocks
    if clocks is None or not step.clocks:
        return ()
    until, day = clock_words.until(calendar, at), clock_words.received(calendar, at).isoformat()
    days = pack.decides.days or clocks.accept + clocks.decide
    return (
        _period(wording.ACCEPTED_BY, until(clocks.accept), day=day, accept=clocks.accept),
        _period(wording.DECIDED_BY, until(days), days=days),
        Text(clocks.basis, clocks.basis),
    )


def _period(words: Text, by: Text, **numbers: str | int) -> Text:
    return Text(words.zh.format(by=by.zh, **numbers), words.en.format(by=by.en, **numbers))


def _sections(
    pack: ServicePack, texts: OutcomeText, draft: CaseDraft, at: datetime, language: Language,
    calendar: Callable[[], Calendar],
) -> dict[str, str]:  # fmt: skip
    """Titled paragraphs: what this is, what holds, what comes later, what to do, why, what was promised.

    All is told at once. What the paper is, is said of every one that was made without a network.
    """
    decision, terms = draft.decision, pack.commitment
    step, until = ladder.step(decision.rung, online=decision.online), clock_words.until(calendar, at)
    undecided = decision.outcome is Outcome.REFERRED and step.decides  # a person decides: nothing to be said of it here
    standing = EMPTY if undecided else step.paper
    promised = terms is not None and draft.commitment is not None
    missing = terms is not None and not promised and decision.outcome is Outcome.REFERRED
    # nothing of it is asked for again, but to be compared; what the office itself has issued is not
    handed_in = {material.kind for material in draft.materials if material.trust is not Trust.A}
    originals = [spec.original for spec in pack.materials if spec.key in handed_in and decision.outcome in UNDECIDED]
    lacking = telling.missing(decision)
    refused = decision.ahead is Outcome.REFUSED  # what the pack says of one that was received waits for a decision
    if terms is not None and missing and terms.replaces not in handed_in and not lacking:
        lacking = (terms.papers,)
    sections: dict[Text, tuple[Text, ...]] = {
        wording.STANDING: (standing,),
        wording.AHEAD: telling.ahead(decision),
        wording.CLOCKS: _clocks(pack, step, at, calendar),
        wording.HOLDS: (texts.holds,),
        wording.LATER: tuple(
            text for text in (texts.later, *telling.who_decides(pack, decision, until)) if text != EMPTY
        ),
        wording.BRING: (*lacking, *(text for text in originals if text != EMPTY)),
        wording.NEXT: (*telling.where_to_go(decision), *(() if refused else (texts.next_step,))),
        wording.HANDLED: telling.handed_on(pack, decision, until),
        wording.REASONS: tuple(rule.because for rule in pack.reasons(decision)),
    }
    if terms is not None and promised:
        sections[wording.NOTICE] = (terms.notice,)
        sections[wording.PROMISED] = terms.clauses
        final = decision.effective
        sections[wording.SETTLED if final else wording.WITHDRAW] = (terms.settled if final else terms.withdraw,)
    return {
        title.of(language): "\n".join(text.of(language) for text in told)
        for title, told in sections.items()
        if told not in ((), (EMPTY,))
    }
