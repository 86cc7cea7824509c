"""The form as pure functions: what comes from the card, whether an answer fits, what follows, what the review shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from devices.contracts.identity import IdentityDocument
from kiosk.domain.codes import mask_number, mask_phone
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import EMPTY, Language, Text
from kiosk.services.model import Derived, MaterialSpec, Prefill, Question, QuestionKind, ReviewRow, ServicePack
from kiosk.services.templates import fill, places

UNFIT = Text("请检查一下填写的内容", "Please check what you entered")
EMPTY_ANSWER = Text("请先填写", "Please fill this in")
SCANNED = Text("已扫描 {} 页", "Scanned, {} pages")
SCANNED_ONE = "Scanned, 1 page"
NOT_HANDED_IN = Text("到窗口提交", "To be handed in at the counter")
NOT_CHOSEN = Text("请选一项", "Please choose one")


def prefill(pack: ServicePack, document: IdentityDocument) -> tuple[FieldValue, ...]:
    """Fields read from the card: issued by the organ, so trust A. Items that the card does not carry are left out."""
    found = ((item.key, _of_card(item, document)) for item in pack.prefill)
    return tuple(FieldValue(key, value, Origin.CARD, Trust.A) for key, value in found if value)


def _of_card(item: Prefill, document: IdentityDocument) -> str:
    value = getattr(document, item.source)
    if isinstance(value, date):
        return value.isoformat()
    if not value and item.source == "name":
        return document.english_name
    return str(value or "")


def complaint(question: Question, value: str, envelope: Envelope | None = None) -> Text | None:
    """What is wrong with an answer in plain words, or None when it fits."""
    answer = value.strip()
    if question.kind is QuestionKind.CHOICE:
        return None if any(option.value == answer for option in question.options) else NOT_CHOSEN
    if not answer:
        return EMPTY_ANSWER
    for rule in question.forbidden:
        if any(word in answer for word in rule.words):
            return rule.complaint
    fits = question.min_length <= len(answer) <= question.max_length
    if fits and question.pattern:
        fits = re.fullmatch(question.pattern, answer) is not None
    if fits and question.kind is QuestionKind.DIGITS:
        fits = answer.isascii() and answer.isdigit()
    return None if fits else (question.complaint if question.complaint != EMPTY else UNFIT)


def answer(question: Question, value: str, *, read: bool = False) -> FieldValue:
    """The answer as a field of the envelope: made by the user, trust D. ``read``: from a paper, and confirmed by the
    user, who promises its truth like that of what was typed."""
    if read:
        return FieldValue(question.key, value.strip(), Origin.OCR, Trust.D)
    origin = Origin.CHOSEN if question.kind is QuestionKind.CHOICE else Origin.TYPED
    return FieldValue(question.key, value.strip(), origin, Trust.D)


def _values(pack: ServicePack, envelope: Envelope) -> dict[str, str]:
    """Envelope values, and the parts and labels of chosen options as ``key.part`` and ``key.label``."""
    values = envelope.as_dict()
    for question in pack.questions:
        chosen = next((o for o in question.options if o.value == values.get(question.key)), None)
        if chosen is not None:
            values |= {f"{question.key}.{name}": text for name, text in chosen.parts.items()}
            values[f"{question.key}.label"] = chosen.label.zh
    return values


def _template_of(derived: Derived, values: Mapping[str, str]) -> str:
    for variant in derived.variants:
        if re.search(variant.pattern, values.get(variant.key, "")):
            return variant.template
    return derived.template


def derive(pack: ServicePack, envelope: Envelope) -> Envelope:
    """The envelope with every derived field whose ingredients are there, in order: one may build on another."""
    for derived in pack.derived:
        values = _values(pack, envelope)
        template = _template_of(derived, values)
        if all(values.get(key) for key in places(template)):
            envelope = envelope.with_field(FieldValue(derived.key, fill(template, values), Origin.DERIVED, Trust.D))
    return envelope


def preview(pack: ServicePack, question: Question, envelope: Envelope, value: str) -> Text:
    """What the answer leads to, said while it is being typed; EMPTY when there is nothing to say yet."""
    if question.preview == EMPTY or not value.strip():
        return EMPTY
    values = _values(pack, derive(pack, envelope.with_field(answer(question, value))))
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
            rows.append(ReviewRow(item.key, item.label, shown, field.origin, field.trust, editable=False))
    derived = {item.key: _behind(pack, item) for item in pack.derived if item.review}
    for question in pack.questions:
        field = envelope.get(question.key)
        if field is not None:
            value = _shown(question, field.value, envelope, language)
            # More than what was typed stands there. What was read of a paper is told as such all the same.
            made = question.review and value != field.value and field.origin is not Origin.OCR
            origin = Origin.DERIVED if made else field.origin
            rows.append(ReviewRow(question.key, question.label, value, origin, field.trust, editable=True))
        rows.extend(_derived_rows(pack, envelope, [key for key, behind in derived.items() if behind == question.key]))
    rows.extend(_derived_rows(pack, envelope, [key for key, behind in derived.items() if not behind]))
    terms = pack.commitment
    promised = envelope.get(terms.replaces) if terms is not None else None
    if terms is not None and promised is not None:
        text = terms.replaces_text if promised.origin is Origin.COMMITTED else terms.declined_text
        shown = scanned_text(promised).of(language) if promised.origin is Origin.SCANNED else text.of(language)
        rows.append(
            ReviewRow(terms.replaces, terms.replaces_label, shown, promised.origin, promised.trust, editable=True)
        )
    for material in pack.needed:
        field = envelope.get(material.key)
        if field is not None:
            text = scanned_text(field) if field.origin is Origin.SCANNED else NOT_HANDED_IN
            shown = text.of(language)
            rows.append(ReviewRow(material.key, material.label, shown, field.origin, field.trust, editable=True))
    return tuple(rows)


def scanned(material: MaterialSpec, pages: int) -> FieldValue:
    """A scanned material as a field: uploaded by the user, original still to be checked, so trust C."""
    return FieldValue(material.key, SCANNED.zh.format(pages), Origin.SCANNED, Trust.C)


def not_handed_in(material: MaterialSpec) -> FieldValue:
    return FieldValue(material.key, NOT_HANDED_IN.zh, Origin.CHOSEN, Trust.D)


def scanned_text(field: FieldValue) -> Text:
    """The field of a scanned material in both languages."""
    pages = re.sub(r"[^0-9]", "", field.value)
    return Text(field.value, (SCANNED_ONE if pages == "1" else SCANNED.en).format(pages))


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
    return value + (f" {unit}" if (unit := question.unit.of(language)) else "")


def question_behind(pack: ServicePack, key: str) -> str:
    """The key of the question that a review row or a derived field comes from; the key itself where there is none."""
    if pack.question(key) is not None:
        return key
    return next((question.key for question in pack.questions if question.review == key), key)


def masked(pack: ServicePack, envelope: Envelope, key: str) -> str:
    """A value as a paper may carry it: numbers and telephones masked where the pack says so."""
    value = envelope.value(key)
    if any(item.key == key and item.masked for item in pack.prefill):
        return mask_number(value)
    question = pack.question(key)
    return mask_phone(value) if question is not None and question.masked else value


def paper_values(pack: ServicePack, envelope: Envelope) -> dict[str, str]:
    """Every value a paper's template may name, masked where the pack says so."""
    values = _values(pack, envelope)
    return values | {key: masked(pack, envelope, key) for key in envelope.as_dict()}
