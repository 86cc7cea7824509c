"""Whether a pack makes sense beyond its shape: situations, checks between answers, who applies and who decides, words.

Part of `kiosk pack check` (check.py); every finding is (path, message, cure).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

from kiosk.domain.decision import Rung
from kiosk.domain.envelope import Trust
from kiosk.domain.text import EMPTY
from kiosk.services import situations
from kiosk.services.expressions import Condition, ExpressionError, condition
from kiosk.services.forms import date_of, named
from kiosk.services.model import Decider, Question, QuestionKind, ServicePack

MARKS = ("private", "reusable")  # of a name of the dictionary
PathKey = tuple[str | int, ...]
Finding = tuple[PathKey, str, str]
TODAY = "20260701"  # a day for conditions that are tried out
CHECKED = {"id_number": QuestionKind.DIGITS, "credit_code": QuestionKind.LATIN}
HOUSE = frozenset({situations.ROLE, "principal.name", "principal.number"})  # questions of data/applicants.toml
_EQUAL = re.compile(r"""answers\s*\[\s*["']([^"']+)["']\s*\]\s*[!=]=\s*["']([^"']*)["']""")
_AMONG = re.compile(r"""answers\s*\[\s*["']([^"']+)["']\s*\]\s+in\s+\[([^\]]*)\]""")
_QUOTED = re.compile(r"""["']([^"']*)["']""")


def numbered(pack: ServicePack) -> Iterator[tuple[int, Question]]:
    """Questions with their place in the file; those that the house asks before them have none (below 0)."""
    own = sum(question.key in HOUSE for question in pack.questions[: len(HOUSE)])
    return enumerate(pack.questions, -own)


def outcomes(pack: ServicePack) -> tuple[str, ...]:
    """What the table can come to."""
    approves = any(rule.outcome == "approved" for rule in pack.rules)
    return (*(("approved",) if approves else ()), "refused", "referred")


def samples(pack: ServicePack) -> tuple[dict[str, str], dict[str, str]]:
    """Every field with an answer of its kind, and with none."""
    fields = [*(p.key for p in pack.prefill), *(q.key for q in pack.questions), *(d.key for d in pack.derived)]
    return dict.fromkeys(fields, "某") | {q.key: sample(q) for q in pack.questions}, dict.fromkeys(fields, "")


def sample(question: Question) -> str:
    """An answer of this kind."""
    if question.options:
        return question.options[0].value
    if question.kind is QuestionKind.DATE:
        return question.latest if question.latest.isdigit() else TODAY
    if question.kind is QuestionKind.AMOUNT:
        return str(question.least or question.most or 1)
    return "1" * question.min_length if question.kind is QuestionKind.DIGITS else "某"


def findings(pack: ServicePack, raw: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _answers(pack)
    yield from _words(pack)
    yield from _papers(pack)
    yield from _rules(pack)
    yield from _deciding(pack, raw)
    yield from _days(pack)


def of_questions(pack: ServicePack) -> Iterator[Finding]:
    """What is looked at of a bundle's own questions, and of its days."""
    yield from _answers(pack)
    yield from _words(pack)
    yield from _days(pack)


@cache
def dictionary() -> dict[str, Any]:
    """The data dictionary: group -> name -> words and marks. Raises ValueError when a word is lacking."""
    text = (files("kiosk.services") / "data" / "dictionary.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    if not all(
        {"zh", "en"} <= set(words) <= {"zh", "en", *MARKS} and all(words.values())
        for group in found.values()
        for words in group.values()
    ):
        raise ValueError(f"dictionary.toml: each name needs zh and en, and may have {' and '.join(MARKS)}")
    return found


def known(name: str) -> bool:
    """Whether the dictionary has this name (``shop.name``)."""
    group, _, word = name.partition(".")
    return word in dictionary().get(group, {})


def _answers(pack: ServicePack) -> Iterator[Finding]:
    """Limits belong to their kind of question."""
    for index, question in numbered(pack):
        here: PathKey = ("questions", index)
        for name, kind in (("earliest", QuestionKind.DATE), ("latest", QuestionKind.DATE),
                           ("least", QuestionKind.AMOUNT), ("most", QuestionKind.AMOUNT)):  # fmt: skip
            value = getattr(question, name)
            if value not in ("", None) and question.kind is not kind:
                yield (
                    (*here, name),
                    f"only a question of the kind {kind.value} has it.",
                    f"Remove it, or write `kind: {kind.value}`.",
                )
            elif kind is QuestionKind.DATE and str(value).isdigit() and date_of(value) is None:
                yield (*here, name), "is no day.", "Write YYYYMMDD, or today."
        if question.least is not None and question.most is not None and question.least > question.most:
            yield (*here, "least"), "is more than most.", "Exchange them."
        if question.kind in (QuestionKind.DATE, QuestionKind.AMOUNT) and (question.pattern or question.forbidden):
            yield (
                here,
                "a date or an amount has neither pattern nor forbidden words.",
                "Use earliest, latest, least or most.",
            )
        if question.check and question.kind is not CHECKED[question.check]:
            wanted = CHECKED[question.check].value
            yield (*here, "check"), f"belongs to a number that is typed as {wanted}.", f"Write `kind: {wanted}`."
        elif question.check and question.complaint == EMPTY:
            yield (*here, "check"), "nothing is said when it does not fit.", "Add a complaint in both languages."


def _words(pack: ServicePack) -> Iterator[Finding]:
    parts: list[tuple[PathKey, str]] = [
        *((("questions", index, "means"), question.means) for index, question in numbered(pack)),
        *((("prefill", index, "means"), item.means) for index, item in enumerate(pack.prefill)),
    ]
    seen: set[str] = set()
    for path, name in parts:
        if not name:
            continue
        if not known(name):
            yield path, f"the dictionary has no {name}.", "Use a name of kiosk/services/data/dictionary.toml."
        elif name in seen and path[0] == "prefill":
            yield path, f"{name} is asked as well.", "Ask nothing that the card tells."
        seen.add(name)


def _papers(pack: ServicePack) -> Iterator[Finding]:
    """The level of trust that is asked for can be reached."""
    for index, material in enumerate(pack.materials):
        here: PathKey = ("materials", index, "trust")
        if material.trust is Trust.A and material.licence is None:
            yield here, "nothing that is scanned was issued to the office itself.", "Add `licence`, or ask for B."
        if material.trust is Trust.B and material.original == EMPTY:
            yield here, "nobody is told to show the original.", "Add `original`."


def _rules(pack: ServicePack) -> Iterator[Finding]:
    for index, rule in enumerate(pack.rules):
        if rule.outcome == "refused" and rule.go == EMPTY:
            yield ("rules", index), "nobody who is refused is told where to go.", "Add `go` in both languages."
        if rule.outcome not in ("refused", "referred") and (rule.missing or rule.go != EMPTY):
            yield (
                ("rules", index),
                "what is missing and where to go is told of what was refused or referred.",
                "Remove it.",
            )


def _deciding(pack: ServicePack, raw: Mapping[str, Any]) -> Iterator[Finding]:
    can = outcomes(pack)
    if pack.decides.by is not Decider.RULE:
        if "approved" in can:
            yield (
                ("decides", "by"),
                f"a rule approves, though {pack.decides.by.value} is to decide.",
                "Write `by: rule`, or let the rule refer.",
            )
        promised: list[tuple[PathKey, int]] = [(("decides", "days"), pack.decides.days)]
        promised += [(("decides", "situations", i, "days"), o.days) for i, o in enumerate(pack.decides.situations)]
        for path, days in promised:
            if not days:
                yield path, "nobody is told when to expect an answer.", "Write the promised working days."
    for name in ("approved", "approved_offline"):
        never = name == "approved_offline" and pack.offline is Rung.SAVE  # nothing is decided without a network
        if "approved" in can and name not in pack.outcome_texts and not never:
            yield ("outcome_texts",), f"a rule approves, and nothing is said of it ({name}).", f"Add `{name}`."


def _days(pack: ServicePack) -> Iterator[Finding]:
    since, until = pack.effective.since, pack.effective.until
    for name, day in (("from", since), ("until", until)):
        try:
            date.fromisoformat(day or TODAY)
        except ValueError:
            yield ("effective", name), f"{day} is no day.", "Write YYYY-MM-DD, in quotes."
    if until and until < since:
        yield ("effective", "until"), "is before `from`.", "Exchange them."


# -- conditions ----------------------------------------------------------------------------------------


def conditions(pack: ServicePack) -> Iterator[Finding]:
    """Situations and checks between answers: known names, known fields, known options, and true somewhere."""
    card = {item.key for item in pack.prefill}
    before, broken = set(card), False
    for index, question in numbered(pack):
        if question.when and index >= 0:
            told = list(_condition(pack, ("questions", index, "when"), question.when, before))
            broken = broken or bool(told)
            yield from told
        before.add(question.key)
    for path, when in _parts(pack):
        told = list(_condition(pack, path, when, before))
        broken = broken or bool(told)
        yield from told
    for index, check in enumerate(pack.checks):
        path = ("checks", index, "must")
        yield from _condition(pack, path, check.must, before, facts=(*situations.FACTS, "today"))
        if pack.question(check.question) is None:
            yield ("checks", index, "question"), f"no question has the key {check.question}.", "Name one of this pack."
        elif check.question not in named(check.must):
            yield (
                path,
                f"says nothing about {check.question}.",
                "Name the question in the condition that is asked again.",
            )
    if not broken:
        yield from _idle(pack)


def _parts(pack: ServicePack) -> Iterator[tuple[PathKey, str]]:
    for index, material in enumerate(pack.materials):
        if material.when:
            yield ("materials", index, "when"), material.when
    for index, paper in enumerate(pack.papers):
        if paper.when:
            yield ("papers", index, "when"), paper.when
    for index, one in enumerate(pack.handlers):
        if one.when:
            yield ("handlers", index, "when"), one.when
    for index, deciding in enumerate(pack.decides.situations):
        yield ("decides", "situations", index, "when"), deciding.when
    if pack.commitment is not None and pack.commitment.when:
        yield ("commitment", "when"), pack.commitment.when


def _condition(
    pack: ServicePack, path: PathKey, source: str, fields: set[str], facts: tuple[str, ...] = situations.FACTS
) -> Iterator[Finding]:
    try:
        compiled = Condition(source)
    except ExpressionError as error:
        yield path, f"is not a condition: {str(error).splitlines()[0]}", "Correct the CEL expression."
        return
    told = False
    for name in sorted(compiled.names - set(facts)):
        told = True
        yield (
            path,
            f"{name} is not known here.",
            f'Use {" and ".join(facts)}: answers["key"] is the answer to a question.',
        )
    for key in named(source):
        if key not in fields:
            told = True
            yield (
                path,
                f"no field above it has the key {key}.",
                "Name a question that is asked before, or a field of the card.",
            )
    yield from options(pack, path, source)
    if told:
        return
    filled, empty = samples(pack)
    for answers in (filled, empty) if "today" not in facts else (filled,):
        try:
            compiled.holds({"answers": {key: answers[key] for key in fields}, "today": TODAY})
        except ExpressionError as error:
            yield path, f"cannot be evaluated: {error}.", 'Compare texts; an unanswered question is "".'
            return


def compared(source: str) -> list[tuple[str, str]]:
    """The answers that a condition compares with texts: (key, text)."""
    among = [(key, value) for key, listed in _AMONG.findall(source) for value in _QUOTED.findall(listed)]
    return [*_EQUAL.findall(source), *among]


def options(pack: ServicePack, path: PathKey, source: str) -> Iterator[Finding]:
    """An answer is compared with options that there are."""
    for key, value in compared(source):
        question = pack.question(key)
        if question is None or not question.options or value == "":
            continue
        if all(option.value != value for option in question.options):
            there = ", ".join(option.value for option in question.options)
            yield path, f"{key} has no option {value}.", f"Its options are {there}."


def _idle(pack: ServicePack) -> Iterator[Finding]:
    """What is there in no situation. Told only where choices alone decide, and all of them can be looked through."""
    parts: list[tuple[PathKey, str]] = [
        *((("questions", i, "when"), q.when) for i, q in numbered(pack) if q.when and i >= 0), *_parts(pack)
    ]  # fmt: skip
    keys = {key for _, when in parts for key in named(when)}
    asked = [question for question in pack.questions if question.key in keys]
    if len(asked) != len(keys) or any(not question.options for question in asked):
        return
    ways = list(product(*([(q.key, option.value) for option in q.options] for q in asked)))
    if len(ways) > situations.MOST_SITUATIONS:
        return
    found = [situations.reached(pack, dict(way)) for way in ways]
    for path, when in parts:
        if not any(condition(when).holds({"answers": answers}) for answers in found):
            yield path, "holds in no situation.", "Correct it, or remove what it stands for."
