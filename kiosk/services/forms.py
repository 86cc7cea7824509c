"""The form as pure functions: what comes from the card, whether an answer fits, what follows, what the review shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from devices.contracts.identity import IdentityDocument
from kiosk.domain.codes import credit_code_valid, id_number_valid, mask_number, mask_phone
from kiosk.domain.envelope import PAGES, Envelope, FieldValue, Origin, Trust
from kiosk.domain.register import ANSWER, FOUND
from kiosk.domain.text import EMPTY, Language, Text, shown
from kiosk.services.expressions import condition
from kiosk.services.model import (
    LICENCE,
    REGISTER,
    Derived,
    MaterialSpec,
    Prefill,
    Question,
    QuestionKind,
    ReviewRow,
    ServicePack,
)
from kiosk.services.templates import fill, places

UNFIT = Text("请检查一下填写的内容", "Please check what you entered")
EMPTY_ANSWER = Text("请先填写", "Please fill this in")
SCANNED = Text("已扫描 {} 页", "Scanned, {} pages")
SCANNED_ONE = "Scanned, 1 page"
SENT = Text("手机上传 {} 页", "Sent by phone, {} pages")
SENT_ONE = "Sent by phone, 1 page"
NOT_HANDED_IN = Text("到窗口提交", "To be handed in at the counter")
NOT_CHOSEN = Text("请选一项", "Please choose one")
NO_DATE = Text("请按年、月、日输入 8 位数字，例如 20260105", "Year, month and day as 8 digits, such as 20260105")
TOO_EARLY = Text("不能早于{}", "Not before {}")
TOO_LATE = Text("不能晚于{}", "Not after {}")
TOO_LITTLE = Text("不能少于 {}", "Not less than {}")
TOO_MUCH = Text("不能多于 {}", "Not more than {}")
SPARED = Text("免交：{}", "Not needed: {}")
ASKED = (REGISTER, LICENCE)  # sources that are no card
NUMBERS = (QuestionKind.DATE, QuestionKind.AMOUNT)  # typed on the number pad, shown otherwise than typed
CHECKS = {"id_number": id_number_valid, "credit_code": credit_code_valid}
_NAMED = re.compile(r"""answers\s*\[\s*["']([^"']+)["']\s*\]""")


def prefill(pack: ServicePack, document: IdentityDocument) -> tuple[FieldValue, ...]:
    """Fields read from the card: issued by the organ, so trust A. Items that the card does not carry are left out."""
    found = ((item.key, _of_card(item, document)) for item in pack.prefill if item.source not in ASKED)
    return tuple(FieldValue(key, value, Origin.CARD, Trust.A) for key, value in found if value)


def _of_card(item: Prefill, document: IdentityDocument) -> str:
    value = getattr(document, item.source)
    if isinstance(value, date):
        return value.isoformat()
    if not value and item.source == "name":
        return document.english_name
    return str(value or "")


def complaint(
    question: Question, value: str, envelope: Envelope | None = None, today: date | None = None
) -> Text | None:
    """What is wrong with an answer in plain words, or None when it fits. ``today``: for dates limited by it."""
    answer = _written(question, value)
    if question.kind is QuestionKind.CHOICE:
        return None if any(option.value == answer for option in question.options) else NOT_CHOSEN
    if not answer:
        return EMPTY_ANSWER
    for rule in question.forbidden:
        if any(word in answer for word in rule.words):
            return rule.complaint
    if shown(answer) != answer:  # what nobody sees, and no key of the screen makes: turned text, controls
        return UNFIT
    fits = question.min_length <= len(answer) <= question.max_length
    if fits and question.pattern:
        fits = re.fullmatch(question.pattern, answer) is not None
    if fits and question.check:
        fits = CHECKS[question.check](answer)
    elif fits and question.kind in (QuestionKind.DIGITS, *NUMBERS):
        fits = answer.isascii() and answer.isdigit()
    if fits and question.kind in NUMBERS:
        return _off_limits(question, answer, today)
    return None if fits else (question.complaint if question.complaint != EMPTY else UNFIT)


def _off_limits(question: Question, answer: str, today: date | None) -> Text | None:
    """What is wrong with a date or an amount whose form fits."""
    if question.kind is QuestionKind.AMOUNT:
        number = int(answer)
        if question.least is not None and number < question.least:
            return _with(TOO_LITTLE, spoken(question, str(question.least)))
        if question.most is not None and number > question.most:
            return _with(TOO_MUCH, spoken(question, str(question.most)))
        return None
    if date_of(answer) is None:
        return question.complaint if question.complaint != EMPTY else NO_DATE
    for limit, words, beyond in ((question.earliest, TOO_EARLY, -1), (question.latest, TOO_LATE, 1)):
        day = f"{today:%Y%m%d}" if limit == "today" and today is not None else limit
        if day.isdigit() and (answer > day if beyond > 0 else answer < day):
            return question.complaint if question.complaint != EMPTY else _with(words, spoken(question, day))
    return None


def _with(words: Text, what: Text) -> Text:
    return Text(words.zh.format(what.zh), words.en.format(what.en))


def date_of(value: str) -> date | None:
    """The day that YYYYMMDD names, if there is one."""
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:])) if len(value) == 8 else None
    except ValueError:
        return None


def spoken(question: Question, value: str) -> Text:
    """An answer as it is said: a date in words, an amount in groups with its unit, anything else as it is."""
    day = date_of(value) if question.kind is QuestionKind.DATE else None
    if day is not None:
        return Text(f"{day.year}年{day.month}月{day.day}日", day.isoformat())
    if question.kind is QuestionKind.AMOUNT and value.isascii() and value.isdigit():
        zh, en = (f"{int(value):,} {unit}".strip() for unit in (question.unit.zh, question.unit.en))
        return Text(zh, en)
    return Text(value, value)


def clash(pack: ServicePack, envelope: Envelope, today: date) -> tuple[str, Text] | None:
    """The first check between answers that does not hold: the question to ask again, and what is wrong.

    A check is looked at once every answer that it names is there. Raises ExpressionError on a broken pack.
    """
    if not pack.checks:
        return None
    answers = envelope.as_dict()
    for check in pack.checks:
        if pack.question(check.question) is None or not all(answers.get(key) for key in named(check.must)):
            continue
        if not condition(check.must).holds({"answers": answers, "today": f"{today:%Y%m%d}"}):
            return check.question, check.complaint
    return None


def named(source: str) -> tuple[str, ...]:
    """The fields that a condition names, in order."""
    return tuple(dict.fromkeys(_NAMED.findall(source)))


def objection(pack: ServicePack, question: Question, value: str, envelope: Envelope, today: date) -> Text | None:
    """What is wrong with an answer, by itself or beside the others."""
    found = complaint(question, value, envelope, today)
    if found is not None or not pack.checks:
        return found
    clashing = clash(pack, envelope.with_field(answer(question, value)), today)
    return clashing[1] if clashing is not None and clashing[0] == question.key else None


def answer(question: Question, value: str, *, read: bool = False, origin: Origin | None = None) -> FieldValue:
    """The answer as a field of the envelope: made by the user, trust D. ``read``: from a paper, and confirmed by the
    user, who promises its truth like that of what was typed. ``origin``: of a suggestion that was taken; that the shop
    is where its owner is registered is the user's word, too."""
    written = _written(question, value)
    if read or origin is not None:
        return FieldValue(question.key, written, origin or Origin.OCR, Trust.D)
    by_hand = Origin.CHOSEN if question.kind is QuestionKind.CHOICE else Origin.TYPED
    return FieldValue(question.key, written, by_hand, Trust.D)


def _written(question: Question, value: str) -> str:
    """As it goes into the case: letters of a number with check digits are capitals, however they were typed."""
    return value.strip().upper() if question.check else value.strip()


def template_values(pack: ServicePack, envelope: Envelope, language: Language = "zh_CN") -> dict[str, str]:
    """Envelope values, and the parts and labels of chosen options as ``key.part`` and ``key.label``.

    What goes into the case is Chinese, whatever the language of the screen.
    """
    values = envelope.as_dict()
    for question in pack.questions:
        chosen = next((o for o in question.options if o.value == values.get(question.key)), None)
        if chosen is not None:
            values |= {f"{question.key}.{name}": text.of(language) for name, text in chosen.parts.items()}
            values[f"{question.key}.label"] = chosen.label.of(language)
        elif question.kind in NUMBERS and question.key in values:
            values[question.key] = spoken(question, values[question.key]).of(language)
    return values


def _template_of(derived: Derived, values: Mapping[str, str]) -> str:
    for variant in derived.variants:
        if re.search(variant.pattern, values.get(variant.key, "")):
            return variant.template
    return derived.template


def derive(pack: ServicePack, envelope: Envelope) -> Envelope:
    """The envelope with every derived field whose ingredients are there, in order: one may build on another."""
    for derived in pack.derived:
        values = template_values(pack, envelope)
        template = _template_of(derived, values)
        if all(values.get(key) for key in places(template)):
            envelope = envelope.with_field(FieldValue(derived.key, fill(template, values), Origin.DERIVED, Trust.D))
    return envelope


def preview(pack: ServicePack, question: Question, envelope: Envelope, value: str) -> Text:
    """What the answer leads to, said while it is being typed; EMPTY when there is nothing to say yet."""
    if question.preview == EMPTY:
        return spoken(question, value.strip()) if question.kind in NUMBERS else EMPTY
    if not value.strip():
        return EMPTY
    values = template_values(pack, derive(pack, envelope.with_field(answer(question, value))))
    if not all(values.get(key) for key in places(question.preview.zh)):
        return EMPTY
    return Text(fill(question.preview.zh, values), fill(question.preview.en, values))


def review_rows(pack: ServicePack, envelope: Envelope, language: Language = "zh_CN") -> tuple[ReviewRow, ...]:
    """The lines of the review page, card first, each with its origin; the document number is masked."""
    rows = []
    for item in pack.prefill:
        field = envelope.get(item.key)
        if field is not None:
            shown = mask_number(field.value) if item.masked else field.value
            if item.key == ANSWER and pack.query is not None:
                shown = (pack.query.found if field.value == FOUND else pack.query.none).of(language)
            rows.append(ReviewRow(item.key, item.label, shown, field.origin, field.trust, editable=False))
    derived = {item.key: _behind(pack, item) for item in pack.derived if item.review}
    for question in pack.questions:
        field = envelope.get(question.key)
        if field is not None:
            value = _shown(question, field.value, envelope, language)
            # More than what was typed stands there. Where it came from is told all the same, if it was not typed here.
            made = question.review and value != field.value and field.origin not in FROM_ELSEWHERE
            origin = Origin.DERIVED if made else field.origin
            rows.append(ReviewRow(question.key, question.label, value, origin, field.trust, editable=True))
        rows.extend(_derived_rows(pack, envelope, [key for key, behind in derived.items() if behind == question.key]))
    rows.extend(_derived_rows(pack, envelope, [key for key, behind in derived.items() if not behind]))
    terms = pack.commitment
    promised = envelope.get(terms.replaces) if terms is not None else None
    if terms is not None and promised is not None:
        text = terms.replaces_text if promised.origin is Origin.COMMITTED else terms.declined_text
        shown = scanned_text(promised).of(language) if promised.origin in PAGES else text.of(language)
        rows.append(
            ReviewRow(terms.replaces, terms.replaces_label, shown, promised.origin, promised.trust, editable=True)
        )
    for material in pack.needed:
        field = envelope.get(material.key)
        if field is not None:
            shown = _material_text(material, field).of(language)
            editable = field.origin not in NEEDLESS or lent(material, field)
            rows.append(ReviewRow(material.key, material.label, shown, field.origin, field.trust, editable=editable))
    return tuple(rows)


FROM_ELSEWHERE = (Origin.OCR, Origin.EARLIER, Origin.HELPER, Origin.CARD, Origin.LICENCE)
NEEDLESS = (Origin.CARD, Origin.LICENCE)  # where a paper need not be handed in, because its content is known


def lent(material: MaterialSpec, field: FieldValue) -> bool:
    """Whether an electronic licence was taken for it, which may be given back."""
    return field.origin is Origin.LICENCE and material.licence is not None and material.licence.register != ""


def _material_text(material: MaterialSpec, field: FieldValue) -> Text:
    if field.origin in NEEDLESS and material.licence is not None:
        return _with(SPARED, material.licence.name)
    return scanned_text(field) if field.origin in PAGES else handed_in_later(material)


def scanned(material: MaterialSpec, pages: int, *, by_phone: bool = False) -> FieldValue:
    """A material whose pages are here as a field: uploaded by the user, original still to be checked, so trust C,
    under the camera and by telephone alike (国办函〔2016〕108号)."""
    said, origin = (SENT, Origin.PHONE) if by_phone else (SCANNED, Origin.SCANNED)
    return FieldValue(material.key, said.zh.format(pages), origin, Trust.C)


def handed_in_later(material: MaterialSpec) -> Text:
    """What becomes of a paper that is not scanned: it goes to the counter, unless the pack says otherwise."""
    return material.later if material.later != EMPTY else NOT_HANDED_IN


def not_handed_in(material: MaterialSpec) -> FieldValue:
    return FieldValue(material.key, handed_in_later(material).zh, Origin.CHOSEN, Trust.D)


def scanned_text(field: FieldValue) -> Text:
    """The field of a material that is here in both languages."""
    pages = re.sub(r"[^0-9]", "", field.value)
    one, more = (SENT_ONE, SENT.en) if field.origin is Origin.PHONE else (SCANNED_ONE, SCANNED.en)
    return Text(field.value, (one if pages == "1" else more).format(pages))


def readable(pack: ServicePack, material: MaterialSpec, found: Mapping[str, str]) -> dict[str, str]:
    """What was read of a material, by the question that it may answer; only answers that fit their question."""
    offers = {}
    for key, name in material.reads.items():
        question = pack.question(key)
        value = found.get(name, "")
        if question is not None and value and complaint(question, value) is None:
            offers[key] = value
    return offers


def _behind(pack: ServicePack, derived: Derived) -> str:
    """The question that a derived field's template names first; "" for none."""
    named = (key.partition(".")[0] for key in places(derived.template))
    return next((key for key in named if pack.question(key) is not None), "")


def _derived_rows(pack: ServicePack, envelope: Envelope, keys: list[str]) -> list[ReviewRow]:
    """What stands in the papers and was neither asked nor read; nothing here can be changed by itself."""
    labels = {item.key: item.label for item in pack.derived}
    fields = [found for key in keys if (found := envelope.get(key)) is not None]
    return [ReviewRow(f.key, labels[f.key], f.value, f.origin, f.trust, editable=False) for f in fields]


def _shown(question: Question, value: str, envelope: Envelope, language: Language) -> str:
    if question.review:
        return envelope.value(question.review, value)
    for option in question.options:
        if option.value == value:
            return option.label.of(language)
    if question.kind in NUMBERS:
        return spoken(question, value).of(language)
    if question.check == "id_number":
        return mask_number(value)
    return value + (f" {unit}" if (unit := question.unit.of(language)) else "")


def question_behind(pack: ServicePack, key: str) -> str:
    """The key of the question that a review row or a derived field comes from; the key itself where there is none."""
    if pack.question(key) is not None:
        return key
    return next((question.key for question in pack.questions if question.review == key), key)


def masked(pack: ServicePack, envelope: Envelope, key: str, language: Language = "zh_CN") -> str:
    """A value as a paper may carry it: numbers and telephones masked where the pack says so."""
    value = envelope.value(key)
    if any(item.key == key and item.masked for item in pack.prefill):
        return mask_number(value)
    question = pack.question(key)
    if question is not None and question.kind in NUMBERS:
        return spoken(question, value).of(language)
    if question is None or not question.masked:
        return value
    return mask_number(value) if question.check == "id_number" else mask_phone(value)


def paper_values(pack: ServicePack, envelope: Envelope, language: Language = "zh_CN") -> dict[str, str]:
    """Every value a paper's template may name, masked where the pack says so."""
    values = template_values(pack, envelope, language)
    return values | {key: masked(pack, envelope, key, language) for key in envelope.as_dict()}
