"""Whether a decision table is free of contradiction, by looking through every case that its rules can tell apart.

Cases are the boundary values of what a rule names: ages around each number, each document, each verification, truth
values, each option that a condition mentions (the others count as one), each paper scanned or not, dates around today,
amounts around each number, words that a text is searched for. A rule is tried over all combinations of what it names
itself; two rules meet where such combinations agree and a situation allows both. That every case is decided, with a
basis, follows from the last rule, which always holds (rule_check.py) and which says that a person decides.

What is shown holds for these cases: a condition over a text is tried with the words that it names, and with another.
Part of `kiosk pack check`; findings are (path, message, cure).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from kiosk.domain.decision import Verification
from kiosk.services import sense, situations
from kiosk.services.expressions import Condition, ExpressionError, condition
from kiosk.services.forms import named
from kiosk.services.model import Question, QuestionKind, Rule, ServicePack
from kiosk.services.rules import PASS

MOST_CASES = 50_000  # of one rule; one that names more is to be divided
MOST_WORDS = 3  # of those that a text is searched for
FOREIGN = "foreigner_2023"  # a document that most packs do not take
_NUMBER = re.compile(r"\b\d{1,9}\b")
_AGE = re.compile(r"\bage\s*(?:[<>]=?|[!=]=)\s*(\d{1,3})|(\d{1,3})\s*(?:[<>]=?|[!=]=)\s*age\b")
_SEARCHED = re.compile(
    r"""answers\s*\[\s*["']([^"']+)["']\s*\]\s*\.\s*(?:matches|contains|startsWith|endsWith)\s*\(\s*["']([^"']*)["']"""
)
_QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_TRUTHS = ("document_expired", "number_valid", "committed", "online")
Case = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A rule with every case in which it holds; a case has a value for each thing that the rule reads."""

    index: int
    rule: Rule
    cases: tuple[Case, ...]


class CannotTell(Exception):
    """A rule that cannot be evaluated over one of its own cases, or that has too many of them."""

    def __init__(self, index: int, message: str, cure: str) -> None:
        self.index, self.message, self.cure = index, message, cure
        super().__init__(message)


def rows(pack: ServicePack) -> tuple[Row, ...]:
    """Raises CannotTell."""
    return tuple(Row(index, rule, tuple(_held(pack, index, rule))) for index, rule in enumerate(pack.rules))


def findings(pack: ServicePack) -> Iterator[sense.Finding]:
    """Rules that cannot be evaluated, that never hold, that contradict each other, that decide for another by proxy."""
    try:
        found = rows(pack)
    except CannotTell as error:
        yield ("rules", error.index, "when"), error.message, error.cure
        return
    for row in found:
        path: sense.PathKey = ("rules", row.index, "when")
        if not row.cases:
            yield path, f"{row.rule.rule_id} can never hold.", "Correct it, or remove the rule."
        elif row.rule.outcome == "approved" and any(_by_proxy(pack, case) for case in row.cases):
            message = f"{row.rule.rule_id} decides for another by the age and card of the one who is there."
            yield path, message, 'Add `applicant == "self"`.'
    deciding = [row for row in found[:-1] if row.rule.outcome != PASS]
    for place, below in enumerate(deciding):
        for above in deciding[:place]:
            if above.rule.outcome != below.rule.outcome and _meet(pack, above, below):
                yield _contradiction(above, below)


def _by_proxy(pack: ServicePack, case: Case) -> bool:
    kinds = [case["applicant"]] if "applicant" in case else [kind.value for kind in pack.applicants]
    return any(kind.value in kinds for kind in situations.PROXIES)


def _contradiction(above: Row, below: Row) -> sense.Finding:
    """What approves says all that it rests on; what refuses stands above what refers; what approves hides neither."""
    path: sense.PathKey = ("rules", below.index, "when")
    first, second = above.rule.rule_id, below.rule.rule_id
    if below.rule.outcome == "approved":
        message = f"{second} approves where {first} decides otherwise."
        return path, message, f"Add the opposite of {first} to it, so that it says all that it rests on."
    if above.rule.outcome == "approved":
        return path, f"{second} is hidden by {first}, which approves, where both hold.", f"Put it above {first}."
    cure = "Put it above: nobody is sent to a person who can only refuse."
    return path, f"{second} is hidden by {first} where both hold.", cure


def _meet(pack: ServicePack, above: Row, below: Row) -> bool:
    """Whether both can hold at once. A refusal may hide what a person would have looked at."""
    if (above.rule.outcome, below.rule.outcome) == ("refused", "referred"):
        return False
    return any(
        all(one[name] == other[name] for name in one.keys() & other.keys()) and _possible(pack, one | other)
        for one in above.cases
        for other in below.cases
    )


# -- cases -----------------------------------------------------------------------------------------------


def _reads(pack: ServicePack, source: str) -> tuple[str, ...]:
    """What a condition looks at, part by part (``age``, ``answers.trade``, ``materials.lease``), and the answers that
    say whether such a part is there at all."""
    parts: dict[str, None] = {}
    for name in sorted(Condition(source).names):
        if name == "answers":
            parts |= dict.fromkeys(_answer(key) for key in named(source))
        elif name == "materials":
            parts |= dict.fromkeys(f"materials.{key}" for key in _texts(source) if pack.material(key) is not None)
        else:
            parts[name] = None
    waiting = list(parts)
    while waiting:
        for key in named(_when(pack, waiting.pop())):
            if _answer(key) not in parts:
                parts[_answer(key)] = None
                waiting.append(_answer(key))
    if "committed" in parts and len(pack.applicants) > 1:
        parts["applicant"] = None
    return tuple(parts)


def _answer(key: str) -> str:
    return "applicant" if key == situations.ROLE else f"answers.{key}"


def _when(pack: ServicePack, name: str) -> str:
    """The condition of a part that a rule looks at."""
    group, _, key = name.partition(".")
    if name == "committed":
        return pack.commitment.when if pack.commitment is not None else ""
    part = pack.question(key) if group == "answers" else pack.material(key) if group == "materials" else None
    return part.when if part is not None else ""


def _texts(source: str) -> list[str]:
    return [one or other for one, other in _QUOTED.findall(source)]


def _values(pack: ServicePack, name: str) -> Sequence[Any]:
    sources = [rule.when for rule in pack.rules]
    if name == "age":
        marks = {int(one or other) for source in sources for one, other in _AGE.findall(source)}
        return sorted({age for mark in marks or {18} for age in (mark - 1, mark, mark + 1) if age >= 0})
    if name == "document":
        return tuple(dict.fromkeys((*pack.documents, FOREIGN)))
    if name == "verification":
        return tuple(each.value for each in Verification)
    if name == "applicant":
        return tuple(kind.value for kind in pack.applicants)
    if name == "today":
        return (sense.TODAY,)
    if name in _TRUTHS:
        return (True, False) if name != "committed" or pack.commitment is not None else (False,)
    group, _, key = name.partition(".")
    if group == "materials":
        return (True, False) if pack.material(key) is not None else (False,)
    return _answers(pack, key, sources) if group == "answers" else ("",)


def _answers(pack: ServicePack, key: str, sources: Sequence[str]) -> Sequence[str]:
    about = [source for source in sources if key in named(source)]
    question = pack.question(key)
    if question is not None and question.options:
        return _options(pack, question, about)
    if question is not None and question.kind is QuestionKind.DATE:
        year = int(sense.TODAY[:4])
        return ("", f"{year - 1}0701", sense.TODAY, f"{year + 1}0701")
    if question is not None and question.kind is QuestionKind.AMOUNT:
        marks = {int(number) for source in about for number in _NUMBER.findall(source)} or {1}
        return ("", *(str(number) for number in sorted({m + d for m in marks for d in (-1, 0, 1)}) if number >= 0))
    pairs = [pair for source in about for pair in (*_SEARCHED.findall(source), *sense.compared(source))]
    words = dict.fromkeys(word for of, text in pairs if of == key for word in text.split("|"))
    return tuple(dict.fromkeys(("", "某", *islice(words, MOST_WORDS))))


def _options(pack: ServicePack, question: Question, about: Sequence[str]) -> Sequence[str]:
    """Options that some condition mentions, and one that stands for the others; "" where it need not be asked."""
    whens = [q.when for q in pack.questions] + [m.when for m in pack.materials]
    whens += [pack.commitment.when] if pack.commitment is not None else []
    mentioned = {text for source in (*about, *whens) if question.key in named(source) for text in _texts(source)}
    named_ones = [option.value for option in question.options if option.value in mentioned]
    others = [option.value for option in question.options if option.value not in mentioned][:1]
    return ("", *named_ones, *others)


def _held(pack: ServicePack, index: int, rule: Rule) -> Iterator[Case]:
    """The cases of a rule in which it holds and which can be: part by part, so that few are left to be tried on."""
    cases: list[Case] = [{}]
    for part in (*_parts(rule.when), ""):
        reads = _reads(pack, part) if part else _reads(pack, rule.when)  # at the end what says whether it is asked
        cases = list(_extended(pack, index, part, reads, cases))
        if len(cases) > MOST_CASES:
            raise CannotTell(index, "names too much to be looked through.", "Divide the rule.")
    return (case for case in cases if _possible(pack, case))


def _extended(pack: ServicePack, index: int, part: str, reads: Sequence[str], cases: Sequence[Case]) -> Iterator[Case]:
    """The cases with every value of what this part reads besides, in which it holds. No part: all of them."""
    known: dict[tuple[Any, ...], bool] = {}
    for case in cases:
        new = [name for name in reads if name not in case]
        for values in product(*(_values(pack, name) for name in new)):
            longer = case | dict(zip(new, values, strict=True))
            key = tuple(longer[name] for name in reads)
            if part and key not in known:
                known[key] = _tried(index, part, {name: longer[name] for name in reads})
            if not part or known[key]:
                yield longer


def _tried(index: int, part: str, case: Case) -> bool:
    try:
        return condition(part).holds(facts_of(case))
    except ExpressionError as error:
        message = f"cannot be evaluated: {error}."
        cure = 'Compare values of the same type; an answer is answers["key"], and "" where there is none.'
        raise CannotTell(index, message, cure) from None


def _parts(source: str) -> list[str]:
    """What has to hold all together: a condition at its outermost ``&&``; whole where ``||`` or ``?`` stands there."""
    parts, depth, quote, start = [], 0, "", 0
    for place, character in enumerate(source):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0 and (character == "?" or source.startswith("||", place)):
            return [source]
        elif depth == 0 and source.startswith("&&", place):
            parts.append(source[start:place])
            start = place + 2
    return [*parts, source[start:]]


def facts_of(case: Case) -> dict[str, Any]:
    facts: dict[str, Any] = {"answers": _given(case), "materials": []}
    for name, value in case.items():
        group, _, key = name.partition(".")
        if group == "materials":
            facts["materials"] += [key] if value else []
        elif group != "answers":
            facts[name] = value
    return facts


def _given(case: Case) -> dict[str, str]:
    given = {name.partition(".")[2]: str(value) for name, value in case.items() if name.startswith("answers.")}
    return given | ({situations.ROLE: str(case["applicant"])} if "applicant" in case else {})


def _possible(pack: ServicePack, case: Case) -> bool:
    """Whether the situation asks for these answers, papers and this promise."""
    if not pack.conditional:
        return True
    given = _given(case)
    asked = situations.fitted(pack, given)
    gone = {q.key for q in pack.questions} - {q.key for q in asked.questions}
    papers = {material.key for material in asked.materials}
    if any(value and key in gone for key, value in given.items()):
        return False
    if any(there and name.partition(".")[2] not in papers for name, there in case.items() if "materials." in name):
        return False
    return not case.get("committed") or asked.commitment is not None
