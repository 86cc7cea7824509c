"""The sense of a pack's form: its keys, its questions, the materials that are handed in. Part of `kiosk pack check`;
findings are (path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.services import query_check, sense
from kiosk.services.model import QuestionKind, ServicePack
from kiosk.services.sense import Finding, PathKey
from kiosk.services.text_check import of_pattern


def findings(pack: ServicePack) -> Iterator[Finding]:
    yield from of_questions(pack)
    yield from _materials(pack)


def of_questions(pack: ServicePack) -> Iterator[Finding]:
    """What is looked at of a bundle's own form."""
    yield from _keys(pack)
    yield from _questions(pack)


def _keys(pack: ServicePack) -> Iterator[Finding]:
    seen: set[str] = set()
    named: list[tuple[PathKey, str]] = [
        *(((*path, "key"), item.key) for path, item in query_check.prefilled(pack)),
        *((("questions", i, "key"), q.key) for i, q in sense.numbered(pack)),
        *((("derived", i, "key"), d.key) for i, d in enumerate(pack.derived)),
    ]
    if pack.commitment is not None:
        named.append((("commitment", "replaces"), pack.commitment.replaces))
    named += [(("materials", i, "key"), m.key) for i, m in enumerate(pack.materials) if m in pack.needed]
    for path, key in named:
        if key in seen or key.startswith("place."):
            yield path, f"the key {key} is taken.", "Choose another key."
        seen.add(key)
    for what, ids in (("rules", [r.rule_id for r in pack.rules]), ("papers", [p.paper_id for p in pack.papers])):
        for index, one in enumerate(ids):
            if one in ids[:index]:
                yield (what, index, "id"), f"the id {one} is taken.", "Number it anew."


def _questions(pack: ServicePack) -> Iterator[Finding]:
    derived = {d.key for d in pack.derived}
    for index, question in sense.numbered(pack):
        if index < 0:
            continue  # the house's own
        here: PathKey = ("questions", index)
        if (question.kind is QuestionKind.CHOICE) != bool(question.options):
            yield (*here, "kind"), "options belong to a choice, and a choice has options.", "Add or remove the options."
        values = [option.value for option in question.options]
        if len(set(values)) != len(values):
            yield (*here, "options"), "two options have the same value.", "Give each its own."
        for number, option in enumerate(question.options):
            if set(option.parts) != set(question.options[0].parts):
                where: PathKey = (*here, "options", number)
                yield where, "the options do not all carry the same parts.", "Give every option the same parts."
        if question.min_length > question.max_length:
            yield (*here, "min_length"), "is more than max_length.", "Exchange them."
        if question.review and question.review not in derived:
            yield (*here, "review"), f"no derived field has the key {question.review}.", "Name a derived field."
        if question.pattern:
            if question.complaint.zh == "":
                yield (*here, "pattern"), "nothing is said when it does not fit.", "Add a complaint in both languages."
            yield from of_pattern((*here, "pattern"), question.pattern)


def _materials(pack: ServicePack) -> Iterator[Finding]:
    """What is read of a paper goes into the answer to a question that is typed; each answer comes from one paper."""
    seen: set[str] = set()
    for index, material in enumerate(pack.materials):
        if material.required and material not in pack.needed:
            here: PathKey = ("materials", index, "required")
            yield here, "a promise stands for it.", "Leave it out: who does not promise is asked."
        for key in material.reads:
            path: PathKey = ("materials", index, "reads", key)
            question = pack.question(key)
            if question is None or question.options:
                yield path, f"no question with the key {key} is answered by typing.", "Name one of this pack."
            if key in seen:
                yield path, "is read from another material already.", "Keep one of the two."
            seen.add(key)
