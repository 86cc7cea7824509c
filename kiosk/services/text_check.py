"""The sense of a pack's texts: what is filled in is known, and nobody reads a place in its brackets.
Part of `kiosk pack check`; findings are (path, message, cure).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kiosk.domain.place import PLACE_KEYS
from kiosk.services import sense
from kiosk.services.model import PaperKind, ServicePack
from kiosk.services.sense import Finding, PathKey
from kiosk.services.templates import places


def meant(key: str, known: Iterable[str]) -> str:
    """The cure for a misspelt place: the known one that is nearly it, or "". A place.… value is meant as one."""
    start = "place." if key.startswith("place.") else ""
    close = difflib.get_close_matches(key, [other for other in known if other.startswith(start)], 1)
    if close:
        return f"Write {{{close[0]}}}, if that is meant."
    return f"Use one of {', '.join(f'{{{each}}}' for each in PLACE_KEYS)}." if start else ""


def of_pattern(path: PathKey, pattern: str) -> Iterator[Finding]:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        yield path, f"is not a pattern: {error}.", "Correct the regular expression."


def fields(pack: ServicePack) -> set[str]:
    """Every key that is filled in by a citizen or by the place, not derived."""
    keys = {p.key for p in pack.prefill} | {q.key for q in pack.questions} | set(PLACE_KEYS)
    for question in pack.questions:
        for option in question.options:
            keys |= {f"{question.key}.{part}" for part in option.parts} | {f"{question.key}.label"}
    return keys


def of_templates(pack: ServicePack) -> Iterator[Finding]:
    """Where answers are filled in."""
    known = fields(pack)
    for index, derived in enumerate(pack.derived):
        here: PathKey = ("derived", index)
        yield from _places((*here, "template"), derived.template, known)
        for number, variant in enumerate(derived.variants):
            inside = (*here, "variants", number)
            yield from of_pattern((*inside, "pattern"), variant.pattern)
            yield from _places((*inside, "template"), variant.template, known)
            if variant.key not in known:
                yield (*inside, "key"), f"no field has the key {variant.key}.", "Name a field above it."
        known.add(derived.key)
    for index, question in sense.numbered(pack):
        for language in ("zh", "en"):
            path: PathKey = ("questions", index, "preview", language)
            yield from _places(path, getattr(question.preview, language), known)
        if set(places(question.preview.zh)) != set(places(question.preview.en)):
            yield ("questions", index, "preview"), "the languages name different places.", "Name the same in both."
    for number, paper in enumerate(pack.papers):
        for name, template in paper.fields.items():
            where: PathKey = ("papers", number, "fields", name)
            yield from _places(where, template, known)
            if paper.kind is PaperKind.RECEIPT:
                yield from _one_language(pack, where, template)
        for language in ("zh", "en"):
            yield from _places(("papers", number, "body", language), getattr(paper.body, language), known)


def _one_language(pack: ServicePack, path: PathKey, template: str) -> Iterator[Finding]:
    """A receipt is in the language of its reader; a certificate is Chinese in every language."""
    for key in places(template):
        name, _, part = key.rpartition(".")
        question = pack.question(name)
        texts = [option.parts[part] for option in question.options if part in option.parts] if question else []
        if any(text.zh == text.en and not text.zh.isascii() for text in texts):
            cure = f"Give each {part} both languages ({{ zh: …, en: … }}), or print {{{name}.label}}."
            yield path, f"{{{key}}} is Chinese on an English receipt, too.", cure


def _is_template(path: PathKey) -> bool:
    """Whether answers are filled in at this place (``of_templates`` has looked at it); elsewhere the place's are."""
    match path:
        case ("derived", int(), "template") | ("derived", int(), "variants", int(), "template" | "pattern"):
            return True
        case ("questions", int(), "suggest", int(), "template" | "pattern"):
            return True
        case ("questions", int(), "preview" | "pattern", *_) | ("papers", int(), "fields" | "body", *_):
            return True
        case ("rules", int(), "when") | ("checks", int(), "must"):
            return True
    return False


def of_other_texts(raw: Any, path: PathKey = ()) -> Iterator[Finding]:
    """A place that nobody fills in would stand on the screen in its brackets."""
    if _is_template(path):
        return
    if isinstance(raw, str):
        for key in places(raw):
            if key not in PLACE_KEYS:
                cure = meant(key, PLACE_KEYS) or "No answers are filled in here, only place.… values."
                yield path, f"{{{key}}} would stand there as it is.", cure
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from of_other_texts(value, (*path, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from of_other_texts(value, (*path, index))


def of_speech(raw: Mapping[str, Any]) -> Iterator[Finding]:
    """What is said in place of what is written: it is written somewhere, and a voice can say it."""
    told = " ".join(_texts({key: value for key, value in raw.items() if key != "speech"}))
    for index, row in enumerate(raw.get("speech", ())):
        if row["written"] not in told:
            yield ("speech", index, "written"), "stands in no text of this pack.", "Write it as it stands there."
        for language in ("zh", "en"):
            if _UNSPOKEN.search(row[language]):
                cure = "Write it as it is said: letters, no digits and no signs."
                yield ("speech", index, language), "holds what no voice says.", cure


_UNSPOKEN = re.compile(r"[0-9*#_/%&+=<>{}()（）《》“”\[\]]")


def _texts(raw: Any) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        for value in raw.values():
            yield from _texts(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from _texts(value)


def _places(path: PathKey, template: str, known: set[str]) -> Iterator[Finding]:
    for key in places(template):
        if key not in known:
            cure = meant(key, known) or "Name a field, an option's part or a place.… value."
            yield path, f"{{{key}}} is not known here.", cure
    if re.sub(r"\{[a-z0-9_.]+\}", "", template).count("{"):
        yield path, "a place is not well formed.", "Write places as {key}, in small letters."
