"""The sense of what is offered for a touch beside a field that is typed (`suggest`). Part of `kiosk pack check`;
findings are (path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.services import sense, suggesting, text_check
from kiosk.services.model import Question, QuestionKind, ServicePack
from kiosk.services.sense import Finding, PathKey
from kiosk.services.templates import places

TYPED = (QuestionKind.TEXT, QuestionKind.LATIN)


_NAME = "Name a field of the card, a question above it or a part of its option, or a place.… value."


def findings(pack: ServicePack) -> Iterator[Finding]:
    below = {question.key for question in pack.questions}
    names = {f"{key}.{part}" for key in suggesting.names(pack) for part in suggesting.PARTS}
    known = text_check.fields(pack) | names
    for index, question in sense.numbered(pack):
        here: PathKey = ("questions", index, "suggest")
        if question.suggest and question.kind not in TYPED:
            yield here, "only a question of the kind text or latin offers answers.", "Write options for a choice."
        yield from _each(here, question, {key for key in known if key.partition(".")[0] not in below})
        below.discard(question.key)


def _each(here: PathKey, question: Question, known: set[str]) -> Iterator[Finding]:
    """Every one is made of the card, the place, and of questions that stand above."""
    for number, each in enumerate(question.suggest):
        for key in places(each.template):
            if key not in known:
                cure = text_check.meant(key, known) or _NAME
                yield (*here, number, "template"), f"{{{key}}} is not known here.", cure
        if each.key and each.key not in known:
            yield (*here, number, "key"), f"no field above it has the key {each.key}.", "Name a field above it."
        if each.pattern:
            yield from text_check.of_pattern((*here, number, "pattern"), each.pattern)
        if not places(each.template):
            cure = "Put in what is known of this person, such as {applicant.name}; else write a choice."
            yield (*here, number, "template"), "everybody would be offered the same.", cure
