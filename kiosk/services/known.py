"""What the marks of the data dictionary mean for a form: which answers a later visit may offer, and which are not for
everybody's eyes. Pure functions; the words themselves are in data/dictionary.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from kiosk.domain.codes import mask_number, mask_phone, mask_text
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import Text
from kiosk.services import forms
from kiosk.services.model import Question, ReviewRow, ServicePack
from kiosk.services.sense import dictionary
from kiosk.services.templates import places


def reusable(name: str) -> bool:
    """Whether the answer to what is asked for by this name may be offered at a later visit."""
    return _marked(name, "reusable")


def private(name: str) -> bool:
    """Whether its value is shown in part only while somebody else looks on."""
    return _marked(name, "private")


def label(name: str) -> Text:
    group, _, word = name.partition(".")
    words = dictionary()[group][word]
    return Text(words["zh"], words["en"])


def _marked(name: str, mark: str) -> bool:
    group, _, word = name.partition(".")
    return bool(dictionary().get(group, {}).get(word, {}).get(mark))


def worth_keeping(pack: ServicePack, envelope: Envelope) -> dict[str, str]:
    """The answers that a later visit may offer, by their name; ``pack`` is fitted."""
    found = {q.means: envelope.value(q.key) for q in pack.questions if q.means and reusable(q.means)}
    return {name: value for name, value in found.items() if value}


def offer(question: Question, known: Mapping[str, str]) -> FieldValue | None:
    """What is known of an earlier visit, as the answer to this question; None where nothing is, or it does not fit.

    The user made it, and promises its truth again on the review page: trust D.
    """
    value = known.get(question.means, "") if question.means and reusable(question.means) else ""
    if not value or forms.complaint(question, value) is not None:
        return None
    return FieldValue(question.key, value, Origin.EARLIER, Trust.D)


def sensitive(pack: ServicePack, key: str) -> bool:
    """Whether a value of this key, or what follows from it, is for its owner's eyes alone."""
    return key in set(_sensitive(pack))


def _sensitive(pack: ServicePack) -> Iterator[str]:
    found = {item.key for item in pack.prefill if item.masked or private(item.means)}
    found |= {question.key for question in pack.questions if question.masked or private(question.means)}
    for derived in pack.derived:  # one may build on another, in their order
        templates = (derived.template, *(variant.template for variant in derived.variants))
        if any(place.partition(".")[0] in found or place in found for text in templates for place in places(text)):
            found.add(derived.key)
    yield from found


def in_part(value: str) -> str:
    """As much of a value as tells its owner which one it is."""
    if not value.isascii():
        return mask_text(value)
    return mask_number(value) if len(value) >= 15 else mask_phone(value) if value.isdigit() else mask_text(value)


def rows_in_part(pack: ServicePack, rows: tuple[ReviewRow, ...]) -> tuple[ReviewRow, ...]:
    """The review page for eyes that are not the applicant's. What is masked there anyway stays as it is."""
    hidden = set(_sensitive(pack))
    masked = {item.key for item in pack.prefill if item.masked}
    return tuple(replace(row, value=in_part(row.value)) if row.key in hidden - masked else row for row in rows)
