"""From the visit to the screen: one snapshot, texts of the service in the citizen's language."""

from __future__ import annotations

from collections import Counter

from kiosk.domain import clock_words, rating
from kiosk.domain.beijing import day_of
from kiosk.domain.codes import CREDIT_ALPHABET, group_case_no, mask_number
from kiosk.domain.decision import Outcome
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.life import May
from kiosk.domain.text import Language, Text
from kiosk.domain.waiting import WaitingState
from kiosk.services import forms, search, situations, telling
from kiosk.services.known import in_part, label, rows_in_part, sensitive
from kiosk.services.model import Ability, Decider, LimitedTexts, PaperKind, QuestionKind, ServicePack, Verdict
from kiosk.services.templates import places as places_of
from kiosk.visit import (
    able,
    filling,
    helping,
    lending,
    power,
    promising,
    remembering,
    slot,
    uploading,
    view_bundle,
    view_cases,
    view_maintaining,
)
from kiosk.visit.events import Committed
from kiosk.visit.finishing import missed, printing
from kiosk.visit.identifying import staff_possible
from kiosk.visit.keeping import KEEPING
from kiosk.visit.materials import LOST, fills_in, must_be_scanned, spec_of
from kiosk.visit.screen import (
    AttractBody,
    Body,
    Chrome,
    CollectBody,
    CollectLine,
    CommitmentBody,
    CommittingBody,
    ConsentBody,
    FaceBody,
    FarewellBody,
    FormBody,
    GuideBody,
    HelperBody,
    HomeBody,
    IdentifyBody,
    KeepBody,
    LicenceBody,
    Light,
    MaterialBody,
    OptionView,
    OtherWayBody,
    OutcomeBody,
    PaperLine,
    QueryBody,
    RateBody,
    RateOption,
    ResumeBody,
    ReviewBody,
    ReviewLine,
    Screen,
    SearchBody,
    ServiceCard,
    SignBody,
    SuggestionView,
    TroubleBody,
    UploadBody,
)
from kiosk.visit.states import NEEDS_CARD, State
from kiosk.visit.visit import Machine, Now, Visit

STEPS = {
    State.IDENTIFY: 1, State.CONSENT: 2, State.FACE: 2, State.OTHER_WAY: 2, State.QUERY: 3, State.FORM: 3,
    State.LICENCE: 3, State.MATERIAL: 3, State.UPLOAD: 3,
    State.COMMITMENT: 4,
    State.REVIEW: 4, State.SIGN: 5, State.COMMITTING: 5,
}  # fmt: skip
LICENCE = "licence"  # the template of the paper that is valid once the registrar's seal is on it
LIMITS = {Verdict.LIMITED: "network", Verdict.CERTIFICATE_LATER: "paper"}  # a receipt changes nothing of the matter
IN_VAIN = ("glyph-missing",)  # faults that no second print mends: the fonts lack a character
LEFT_CARDS = {"inside": "card_left", "offered": "card_left", "kept": "card_kept"}
SHOWN_AT_ONCE = 3  # rating options; the rest on "more"
FOUND_AT_ONCE = 8  # of a search: who sees more types on


def screen_of(visit: Visit, serial: int, now: Now) -> Screen:
    """The snapshot for the window."""
    return Screen(serial, visit.state.value, _chrome(visit, now), _body(visit, now), _says(visit))


def _says(visit: Visit) -> tuple[tuple[str, str], ...]:
    pack = visit.service
    return () if pack is None else tuple((row.written, row.said.of(visit.language)) for row in pack.speech)


def _chrome(visit: Visit, now: Now) -> Chrome:
    machine = visit.machine
    return Chrome(
        place=machine.place.of(visit.language),
        terminal=machine.terminal.of(visit.language),
        language=visit.language,
        elder=visit.elder,
        test=machine.test,
        step=0 if visit.collecting or visit.mine else STEPS.get(visit.state, 0),
        expires_at=_ends_at(visit),
        warning=visit.warning,
        card_missing=visit.card_missing and visit.state in NEEDS_CARD and not printing(visit),
        help_called=visit.help_called,
        help_phone=machine.help_phone,
        power=power.warning(visit),
        helper=visit.helper,
        helped=bool(visit.helped),
        helper_possible=helping.possible(visit),
        handover=visit.handover,
        handover_face=visit.handover != "" and helping.face_offered(visit, now),
    )


def _ends_at(visit: Visit) -> float | None:
    if visit.power_until is not None:
        return visit.power_until
    return visit.card_until if visit.card_missing else visit.expires_at


def _body(visit: Visit, now: Now) -> Body:
    match visit.state:
        case State.ATTRACT:
            return _attract(visit, now)
        case State.HOME:
            return _home(visit, now)
        case State.SEARCH:
            return _search(visit, now)
        case State.GUIDE:
            return _guide(visit, now)
        case State.IDENTIFY:
            return IdentifyBody(visit.problem or _obstacle(visit), visit.detail)
        case State.CONSENT:
            later = not visit.apart
            return ConsentBody(visit.masked_name, later_possible=later, moves=visit.machine.liveness)
        case State.FACE:
            return _face(visit)
        case State.OTHER_WAY:
            return _other_way(visit)
        case State.COLLECT:
            return _collect(visit)
        case State.RESUME:
            return _resume(visit)
        case State.CASES:
            return view_cases.cases(visit)
        case State.CASE:
            return view_cases.case(visit)
        case State.SUPPLEMENT:
            return view_cases.supplement(visit)
        case State.WITHDRAW:
            return view_cases.withdraw(visit)
        case State.HANDED_IN:
            return view_cases.handed_in(visit)
        case State.KEEP:
            return _keep(visit)
        case State.HELPER:
            return HelperBody(visit.problem, visit.attempts_left, visit.locked_for)
        case State.QUERY:
            return _query(visit)
        case State.LICENCE:
            return _licence(visit)
        case State.FORM:
            return _form(visit, now)
        case State.MATERIAL:
            return _material(visit)
        case State.UPLOAD:
            return _upload(visit)
        case State.COMMITMENT:
            return _commitment(visit)
        case State.REVIEW:
            return _review(visit)
        case State.SIGN:
            return SignBody(visit.document.name if visit.document else "")
        case State.COMMITTING:
            return CommittingBody()
        case State.OUTCOME:
            return _outcome(visit)
        case State.TROUBLE:
            return _trouble(visit)
        case State.RATE:
            return _rate(visit)
        case State.FAREWELL:
            return FarewellBody(
                "kept" if visit.kept_until else visit.reason,
                visit.saved,
                visit.machine.card_on_reader,
                group_case_no(visit.case_no),
                tuple(title.of(visit.language) for title in visit.printed),
                slot.forgotten(visit),
                day_of(visit.kept_until),
                "failed" if visit.not_remembered else day_of(visit.remembered),
            )
        case State.ENTRY:
            return view_maintaining.entry(visit)
        case State.RECOVERING | State.WIPING | State.OUT_OF_SERVICE | State.MAINTENANCE | State.UNDER_WORK:
            return view_maintaining.closed(visit)


def _obstacle(visit: Visit) -> str:
    """What keeps a card from being read: no reader, or a card that lies there since an earlier visit."""
    if not visit.machine.identity_reader:
        return "reader_down"
    if visit.machine.card_on_reader:
        return "card_lift"
    return "slot_card" if slot.forgotten(visit) else ""


def _attract(visit: Visit, now: Now) -> AttractBody:
    machine = visit.machine
    found = able.able(machine, _offered(visit, now), now)
    can = sum(each.verdict is not Verdict.CANNOT for each in found)
    if not machine.abilities:  # nothing has been asked yet: better no word than a wrong one
        return AttractBody((Light("starting", False),), now.wall.strftime("%H:%M"))
    lights = (
        Light("services", can > 0, can),
        Light("printing", machine.page_printer and machine.receipt_printer),
        Light("network", machine.online),
        *([Light("room", False)] if _full(machine) else []),
        *([Light(LEFT_CARDS[machine.slot], False)] if _card_told(visit) else []),
    )
    told = able.notice(machine, found)
    nearest = machine.nearest.of(visit.language) if told.key and not told.able else ""
    return AttractBody(lights, now.wall.strftime("%H:%M"), told.key, told.able, nearest)


def _card_told(visit: Visit) -> bool:
    return visit.machine.slot == "kept" or slot.forgotten(visit)


def _full(machine: Machine) -> bool:
    """Nothing is begun, because the disk has no room for a whole visit."""
    return any("room" in ability.lacking for ability in machine.abilities.values())


def _home(visit: Visit, now: Now) -> HomeBody:
    cards = tuple(_card(visit, pack, now) for pack in _offered(visit, now))
    begun = visit.draft is not None and visit.draft.service_id in visit.machine.packs
    return HomeBody(cards, visit.masked_name, *_lying_here(visit), begun, visit.problem, visit.category)


def _offered(visit: Visit, now: Now) -> list[ServicePack]:
    """In the order of the profile, or of the packs: nobody's visits are counted."""
    today = now.wall.date()
    return [pack for pack in visit.machine.packs.values() if pack.effective.holds(today)]


def _card(visit: Visit, pack: ServicePack, now: Now) -> ServiceCard:
    language, found = visit.language, able.ability(visit.machine, pack, now)
    return ServiceCard(
        pack.pack_id,
        pack.category,
        pack.name.of(language),
        pack.short_name.of(language),
        (limit.summary if (limit := _limited(pack, found)) else pack.summary).of(language),
        pack.promise.of(language),
        found.verdict.value,
        found.hours if able.HOURS in found.lacking else "",
    )


def _search(visit: Visit, now: Now) -> SearchBody:
    offered = {pack.pack_id: pack for pack in _offered(visit, now)}
    words = search.index(visit.machine.packs)  # built when the page is opened, before the first key
    found = [offered[pack_id] for pack_id in words.find(visit.query) if pack_id in offered]
    return SearchBody(
        visit.query,
        tuple(_card(visit, pack, now) for pack in found[:FOUND_AT_ONCE]),
        max(0, len(found) - FOUND_AT_ONCE),
        tuple(Counter(pack.category for pack in offered.values()).items()),
        visit.machine.help_phone,
    )


def _limited(pack: ServicePack, found: Ability) -> LimitedTexts | None:
    """What is said while the machine cannot do all of it: no network weighs more than no paper."""
    return pack.guide.limited.get(LIMITS.get(found.verdict, ""))


def _lying_here(visit: Visit) -> tuple[str, int]:
    """What the start page may say of kept papers: that there are some, never which. Those handed out need no word."""
    states = [paper.state for paper in visit.waiting or () if not paper.taken]
    for state in (
        WaitingState.NOTICE,
        WaitingState.READY,
        WaitingState.CONFLICT,
        WaitingState.OTHER,
        WaitingState.PENDING,
    ):
        if state in states:
            return state.value, states.count(state)
    return "", 0


def _collect(visit: Visit) -> CollectBody:
    papers = visit.waiting if visit.waiting and visit.certain else ()
    lines = tuple(
        CollectLine(
            title=one.name.of(visit.language),
            date=day_of(one.committed_at),
            case_no=group_case_no(one.paper.case_no),
            state=one.state.value,
            printed=one.printed,
            stage=line.state,
            pages_done=line.pages_done,
            pages_total=line.pages_total,
            reason=line.reason,
            told=one.told.of(visit.language),
        )
        for one, line in zip(papers, visit.papers, strict=True)
    )
    return CollectBody(visit.masked_name, lines, printing(visit))


def _resume(visit: Visit) -> ResumeBody:
    pack, draft = visit.pack, visit.draft
    if draft is None:  # erased meanwhile: the way forward begins anew
        return ResumeBody(pack.short_name.of(visit.language), 0, len(pack.questions), "", "")
    known = Envelope(tuple(FieldValue(key, value, Origin.TYPED, Trust.D) for key, value in draft.answers.items()))
    asked = situations.fit(visit.whole, known).questions
    answered = sum(question.key in draft.answers for question in asked)
    name = pack.short_name.of(visit.language)
    return ResumeBody(name, answered, len(asked), day_of(draft.saved_at), day_of(draft.until))


def _keep(visit: Visit) -> KeepBody:
    other = visit.draft is not None and visit.draft.service_id != visit.pack.pack_id
    name, keeping_ = visit.pack.short_name.of(visit.language), visit.hint == KEEPING
    return KeepBody(name, visit.machine.draft_days, other, any(visit.pages.values()), keeping_, visit.problem)


def _guide(visit: Visit, now: Now) -> GuideBody:
    pack, language = visit.pack, visit.language
    found = able.ability(visit.machine, visit.whole, now)
    limited = _limited(pack, found)
    fewest, most = situations.question_counts(visit.whole)
    return GuideBody(
        category=pack.category,
        name=pack.short_name.of(language),
        lead=(limited or pack.guide).lead.of(language),
        ability=found,
        minutes=pack.guide.minutes,
        questions=most,
        fewest=fewest,
        errands=(limited or pack.guide).errands,
        prepare=tuple((title.of(language), detail.of(language)) for title, detail in pack.guide.prepare),
        basis=pack.guide.basis.of(language),
        full_name=pack.name.of(language),
        taken=pack.decides.by is not Decider.RULE,
    )


def _query(visit: Visit) -> QueryBody:
    pack, language = visit.pack, visit.language
    elsewhere = pack.query.elsewhere.of(language) if pack.query is not None and visit.problem else ""
    return QueryBody(pack.short_name.of(language), pack.authority.of(language), visit.problem, elsewhere)


def _licence(visit: Visit) -> LicenceBody:
    source, pack, language = lending.on_page(visit), visit.pack, visit.language
    stage, said = lending.stage(visit), visit.lent.get(source.register)
    labels = {item.key: item.label for item in pack.prefill} | {each.key: each.label for each in pack.questions}
    told = {} if said is None or stage != "found" else said.values
    return LicenceBody(
        name=source.name.of(language),
        keeper=source.keeper.of(language),
        stage=stage,
        problem=visit.lending.get(source.register, "") if stage == "failed" else "",
        answers=tuple(each.label.of(language) for each in pack.questions if each.key in source.fields),
        papers=tuple(each.label.of(language) for each in pack.lent(source)),
        lines=tuple(
            (labels[key].of(language), _lent(pack, key, told[key], language))
            for key in source.fields
            if key in told and key in labels
        ),
    )


def _lent(pack: ServicePack, key: str, value: str, language: Language) -> str:
    """A value of a licence as the review page shows it."""
    question = pack.question(key)
    if question is not None and question.kind in forms.NUMBERS:
        return forms.spoken(question, value).of(language)
    masked = any(item.key == key and item.masked for item in pack.prefill)
    return mask_number(value) if masked else value


def _face(visit: Visit) -> FaceBody:
    asked = visit.prompt
    if asked is None:
        return FaceBody(visit.hint)
    move = "straight" if asked.challenge is None else asked.challenge.value
    return FaceBody("" if asked.hint is None else asked.hint.value, move, asked.number, asked.total)


def _other_way(visit: Visit) -> OtherWayBody:
    refused = visit.apart and visit.machine.staff_codes and not staff_possible(visit)  # on the word of who helps
    return OtherWayBody(
        reason="helped" if refused else visit.way_reason,
        way=visit.way,
        face_possible=visit.machine.face_check
        and visit.machine.camera
        and (visit.picture is not None or visit.photo_due)
        and visit.way_reason != "minor",
        problem=visit.problem,
        attempts_left=visit.attempts_left,
        locked_for=visit.locked_for,
        staff_possible=staff_possible(visit),
        later_possible=not visit.apart and visit.checking_for is None,
        own_possible=visit.checking_for is not None,
    )


def _form(visit: Visit, now: Now) -> FormBody:
    pack, language = visit.pack, visit.language
    question = pack.questions[visit.question]
    complaint = forms.objection(pack, question, visit.answer, visit.envelope, now.wall.date())
    places = sorted({*filling.asked(visit), visit.question})  # what an earlier visit has answered is asked nowhere
    told = [key for key in places_of(question.preview.zh) if key != question.key]
    watched = bool(visit.helper or visit.handover)  # whoever has helped may still stand there
    unlent, source = lending.note(visit, question.key), lending.behind(visit, question.key)
    said = not complaint and not visit.hidden and not (watched and any(sensitive(pack, key) for key in told))
    return FormBody(
        index=places.index(visit.question) + 1,
        total=len(places),
        key=question.key,
        kind=QuestionKind.DIGITS.value if question.kind in forms.NUMBERS else question.kind.value,
        title=question.title.of(language),
        help=question.help.of(language),
        value="" if visit.hidden else visit.answer,
        hidden=in_part(visit.answer) if visit.hidden else "",
        unit=question.unit.of(language),
        signs=CREDIT_ALPHABET if question.check == "credit_code" else "",
        letter="X" if question.kind is QuestionKind.DIGITS and question.check == "id_number" else "",
        max_length=question.max_length,
        options=tuple(
            OptionView(
                option.value,
                option.label.of(language),
                option.detail.of(language),
                option.value == visit.answer and not visit.hidden,
            )
            for option in question.options
        )
        if question.kind is QuestionKind.CHOICE
        else (),
        preview="" if not said else forms.preview(pack, question, visit.envelope, visit.answer).of(language),
        complaint=complaint.of(language) if complaint and visit.complained else "",
        complete=complaint is None and (visit.confirmed or not visit.read),
        editing=visit.editing,
        scan=fills_in(visit, question.key),
        reading=visit.readings > 0 and fills_in(visit, question.key) and not visit.answer,
        suggestions=tuple(
            SuggestionView(each.label.of(language), each.value == visit.answer and not visit.hidden)
            for each in filling.suggestions(visit, now)
        ),
        unlent=unlent,
        licence=source.name.of(language) if source is not None and unlent else "",
        read="" if not visit.read else "confirmed" if visit.confirmed else ("offered", "unconfirmed")[visit.complained],
    )


def _material(visit: Visit) -> MaterialBody:
    spec, language = spec_of(visit), visit.language
    return MaterialBody(
        label=spec.label.of(language),
        help=spec.help.of(language),
        pages=visit.pages.get(spec.key, ()),
        most=spec.pages,
        stage=visit.scan,
        problem=visit.problem or ("" if visit.machine.document_camera else LOST),
        fills=visit.scanned_for == "form",
        skippable=visit.errand is None and not must_be_scanned(spec),
        later=spec.later.of(language),
        phone="" if uploading.full(visit) else uploading.offered(visit),
    )


def _upload(visit: Visit) -> UploadBody:
    shown = visit.arrived[0] if visit.arrived else b""
    return UploadBody(
        label=spec_of(visit).label.of(visit.language),
        stage="look" if shown else "waiting" if visit.code else "opening",
        code="" if shown else visit.code,
        picture=shown,
        number=visit.sender,
        more=max(0, len(visit.arrived) - 1),
        count=len(visit.pages.get(visit.material, ())),
        problem="" if shown else visit.problem,  # what has arrived is looked at first
    )


def _commitment(visit: Visit) -> CommitmentBody:
    terms, language = promising.terms_on_screen(visit), visit.language
    if terms is None:
        return CommitmentBody("", "", (), "", "", False)
    clauses = tuple((clause.of(language), index in visit.agreed) for index, clause in enumerate(terms.clauses))
    return CommitmentBody(
        title=terms.title.of(language),
        notice=terms.notice.of(language),
        clauses=clauses,
        replaces=terms.replaces_label.of(language),
        otherwise=terms.otherwise.of(language),
        complete=len(visit.agreed) == len(clauses),
    )


def _review(visit: Visit) -> ReviewBody:
    in_part = bool(visit.helper or visit.handover)
    if visit.whole.bundle is not None:
        lines = view_bundle.review_lines(visit, in_part=in_part)
    else:
        rows = forms.review_rows(visit.pack, visit.envelope, visit.language)
        lines = tuple(
            ReviewLine(row.key, row.label.of(visit.language), row.value, row.origin.value, row.editable)
            for row in (rows_in_part(visit.pack, rows) if in_part else rows)
        )
    names = tuple(label(name).of(visit.language) for name in remembering.offerable(visit))
    return ReviewBody(
        lines,
        visit.pack.signature,
        visit.problem,
        keepable=names,
        keep_days=visit.machine.answer_days,
        remember=visit.remember,
        known_until=day_of(visit.known.until) if visit.known is not None and visit.certain else "",
    )


def _outcome(visit: Visit) -> OutcomeBody:
    if visit.case is None:
        raise AssertionError("an outcome without a case")
    pack, language, case = visit.pack, visit.language, visit.case
    decision = case.decision
    heading, lead = pack.outcome_texts[decision.wording]
    titles = {paper.paper_id: paper.title.of(language) for paper in pack.papers}
    certificate = next((p for p in case.papers if p.kind == PaperKind.CERTIFICATE.value), None)
    shown = certificate or next(iter(case.papers), None)
    together = pack.bundle is not None  # each item is told by itself, and no paper is shown
    reasons = tuple((rule.because.of(language), rule.basis) for rule in pack.reasons(decision))
    steps = tuple((kind, text.of(language)) for kind, texts in _steps(visit, case) for text in texts)
    return OutcomeBody(
        outcome=decision.outcome.value,
        effective=decision.effective,
        heading=heading.of(language),
        lead=lead.of(language),
        case_no=group_case_no(case.case_no),
        document_title=shown.title if shown else pack.name.of(language),
        document_lines=tuple((_label(label, language), value) for label, value in shown.rows[:5])
        if shown and not together
        else (),
        stamp=pack.badge.of(language) if decision.outcome is Outcome.APPROVED and decision.effective else "",
        papers=tuple(
            PaperLine(p.paper_id, titles.get(p.paper_id, p.paper_id), p.state, p.pages_done, p.pages_total, p.reason)
            for p in visit.papers
        ),
        printing=printing(visit),
        reasons=view_bundle.reasons(visit) if together else reasons,
        steps=() if together else steps,
        reasons_shown=visit.reasons_shown,
        unsealed=certificate is not None and certificate.template == LICENCE,
        sample=shown is not None and shown.test,
        items=view_bundle.results(visit),
    )


def _label(label: str, language: Language) -> str:
    """Of a row that the paper labels in both languages, the reader's."""
    chinese, _, english = label.partition("\n")
    return english if english and language == "en" else chinese


def _steps(visit: Visit, case: Committed) -> tuple[tuple[str, tuple[Text, ...]], ...]:
    pack, decision = visit.pack, case.decision
    until = clock_words.until(visit.machine.calendar, case.committed_at)
    return (
        ("why", telling.why(decision)),
        ("ahead", telling.ahead(decision)),
        ("missing", telling.missing(decision)),
        ("go", telling.where_to_go(decision)),
        ("decides", telling.who_decides(pack, decision, until)),
        ("handled", telling.handed_on(pack, decision, until)),
    )


def _trouble(visit: Visit) -> TroubleBody:
    paper = missed(visit)[0]
    titles = {spec.paper_id: spec.title for spec in visit.pack.papers}
    return TroubleBody(
        paper_title=titles.get(paper.paper_id, Text(paper.paper_id, paper.paper_id)).of(visit.language),
        reason=paper.reason,
        certain=paper.state == "failed",
        case_no=group_case_no(visit.case_no),
        choices=("later", "help") if all(p.reason in IN_VAIN for p in missed(visit)) else ("retry", "later", "help"),
        effective=visit.case is not None and visit.case.decision.effective,
    )


def _rate(visit: Visit) -> RateBody:
    language = visit.language
    options = rating.options(visit.level, language) if visit.level else ()
    shown = options if visit.more else options[:SHOWN_AT_ONCE]
    return RateBody(
        level=visit.level,
        levels=rating.levels(language),
        options=tuple(RateOption(code, label, code in visit.options) for code, label in shown),
        more=len(shown) < len(options),
        problem=visit.problem,
        locked=helping.rating_locked(visit),
        again=visit.errand is May.REPLY,
    )
