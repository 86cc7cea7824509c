"""Answers that are offered for a touch beside a free field (`suggest` of a question): made of what is known, by the
pack's templates. Pure functions; nothing is asked of anybody, and nothing is offered that the question would refuse.

`{KEY.surname}` and `{KEY.given}` are the parts of a name that the card tells. One that is not written as surname and
given name together (阿依古丽·买买提江, a name in Latin letters) has no parts, and what needs them is not offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from kiosk.domain.envelope import Envelope, Origin
from kiosk.domain.text import Text
from kiosk.services import forms
from kiosk.services.model import Question, ServicePack, Suggestion
from kiosk.services.templates import fill, places

PARTS = ("surname", "given")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,6}")


@dataclass(frozen=True, slots=True, repr=False)
class Suggested:
    """``label``: its own words, or what the pack says in their place. ``origin``: of the field that it copies; chosen,
    where it was put together. ``keys``: the fields that it tells of."""

    value: str
    label: Text
    origin: Origin
    keys: tuple[str, ...]


def offered(pack: ServicePack, question: Question, envelope: Envelope, today: date) -> tuple[Suggested, ...]:
    """What may be taken for an answer now, each once, in the pack's order; ``pack`` is fitted."""
    if not question.suggest:
        return ()
    values = forms.template_values(pack, envelope) | _parts(pack, envelope)
    found: dict[str, Suggested] = {}
    for each in question.suggest:
        value = _made(each, values)
        if value and value not in found and forms.objection(pack, question, value, envelope, today) is None:
            named = tuple(places(each.template))
            label = each.label if each.label.zh else Text(value, value)
            found[value] = Suggested(value, label, _origin(each, envelope), tuple(_field(pack, key) for key in named))
    return tuple(found.values())


def _made(suggestion: Suggestion, values: dict[str, str]) -> str:
    """ "" where something that it needs is not known, or where it does not hold."""
    if suggestion.pattern and re.search(suggestion.pattern, values.get(suggestion.key, "")) is None:
        return ""
    if not all(values.get(key) for key in places(suggestion.template)):
        return ""
    return fill(suggestion.template, values)


def _origin(suggestion: Suggestion, envelope: Envelope) -> Origin:
    """A value that is copied as it is keeps where it came from."""
    field = envelope.get(suggestion.template.removeprefix("{").removesuffix("}"))
    return Origin.CHOSEN if field is None else field.origin


def _field(pack: ServicePack, key: str) -> str:
    """The field of which a place tells all or a part."""
    whole, _, part = key.rpartition(".")
    return whole if part in PARTS and any(item.key == whole for item in pack.prefill) else key


def names(pack: ServicePack) -> Iterator[str]:
    """The keys of the names on the card, whose parts a template may use."""
    yield from (item.key for item in pack.prefill if item.source == "name")


def _parts(pack: ServicePack, envelope: Envelope) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in names(pack):
        if (split := split_name(envelope.value(key))) is not None:
            found |= {f"{key}.{part}": value for part, value in zip(PARTS, split, strict=True)}
    return found


def split_name(name: str) -> tuple[str, str] | None:
    """Surname and given name of a name in Chinese characters; None of any other."""
    if _HAN.fullmatch(name) is None:
        return None
    length = 2 if len(name) > 2 and name[:2] in _compound() else 1
    return name[:length], name[length:]


@cache
def _compound() -> frozenset[str]:
    text = (files("kiosk.services") / "data" / "surnames.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
