"""Whether a bundle makes sense: its items are there, what flows between them fits, nothing is asked twice, nothing
waits for itself. Part of `kiosk pack check`; every finding is (path, message, cure).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kiosk.domain.decision import Rung
from kiosk.domain.text import EMPTY
from kiosk.services import bundle, sense, situations
from kiosk.services.bundled import CREDIT_CODE, BundleItem
from kiosk.services.expressions import Condition, ExpressionError
from kiosk.services.forms import complaint, named
from kiosk.services.model import Question, QuestionKind, ServicePack

Finding = sense.Finding
PathKey = sense.PathKey
Packs = Mapping[str, ServicePack]
WRITTEN = (QuestionKind.TEXT, QuestionKind.LATIN)  # what a value that was read or made can answer


def findings(pack: ServicePack, packs: Packs) -> Iterator[Finding]:
    """``pack``: as it was read; ``packs``: those that its items may be, by id."""
    there = list(_there(pack, packs))
    yield from there
    if there:
        return
    order = list(_order(pack))
    yield from order
    if order:
        return
    flow = [*_flow(pack, packs), *_known(pack, packs), *_own(pack)]
    yield from flow
    yield from _after(pack)
    yield from _told(pack, packs)
    if not flow:
        yield from _asked(pack, packs)


def numbered(pack: ServicePack) -> Iterator[tuple[PathKey, BundleItem]]:
    return ((("items", index), item) for index, item in enumerate(bundle.bundle_of(pack).items))


def version_of(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _there(pack: ServicePack, packs: Packs) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, item in numbered(pack):
        known = packs.get(item.pack_id)
        if item.pack_id in seen:
            yield (*path, "pack"), f"{item.pack_id} stands in it twice.", "Keep one of the two."
        elif known is None:
            cure = "Correct the id, or name the pack's file as well: kiosk pack check BUNDLE ITEM..."
            yield (*path, "pack"), f"there is no pack {item.pack_id}.", cure
        elif known.bundle is not None:
            yield (*path, "pack"), f"{item.pack_id} is a bundle itself.", "Name its items here."
        elif version_of(known.version) < version_of(item.least):
            message = f"{item.pack_id} is here in version {known.version}, and {item.least} is the least."
            yield (*path, "least"), message, "Publish the newer pack first, or ask for less."
        seen.add(item.pack_id)
    for index, (path, item) in enumerate(numbered(pack)):
        if index == 0 and item.when:
            yield (*path, "when"), "the first item is what the bundle stands for: always there.", "Remove it."


# -- what waits for what -----------------------------------------------------------------------------------


def _order(pack: ServicePack) -> Iterator[Finding]:
    items = bundle.bundle_of(pack).items
    ids = [item.pack_id for item in items]
    waits = {item.pack_id: dict.fromkeys(_before(item)) for item in items}
    for path, item in numbered(pack):
        for where, other in _sources(path, item):
            if other not in ids:
                yield where, f"{other} is no item of this bundle.", "Name one that stands above."
            elif other == item.pack_id or item.pack_id in _reached(other, waits):
                yield where, f"{item.pack_id} and {other} wait for each other.", "Let one of them go first."
            elif ids.index(other) > ids.index(item.pack_id):
                yield where, f"{other} stands below, and is decided later.", f"Move {item.pack_id} below {other}."


def _sources(path: PathKey, item: BundleItem) -> Iterator[tuple[PathKey, str]]:
    """Each item that this one waits for, and where that is said."""
    for key, source in item.takes.items():
        yield (*path, "takes", key), source.partition(".")[0]
    for key, other in item.licences.items():
        yield (*path, "licences", key), other
    if item.after is not None:
        yield (*path, "after", "item"), item.after.pack_id


def _before(item: BundleItem) -> list[str]:
    return [other for _, other in _sources((), item)]


def _reached(start: str, waits: Mapping[str, Mapping[str, None]]) -> set[str]:
    found, left = set[str](), [start]
    while left:
        for other in waits.get(left.pop(), ()):
            if other not in found:
                found.add(other)
                left.append(other)
    return found


def _after(pack: ServicePack) -> Iterator[Finding]:
    whens = {item.pack_id: item.when for item in bundle.bundle_of(pack).items}
    for path, item in numbered(pack):
        after = item.after
        made = {each for key in item.takes if (each := item.makes_it(key))} | set(item.licences.values())
        for other in sorted(made - {after.pack_id if after is not None else ""}):
            if any(item.makes_it(key) == other for key in item.takes):
                message = f"it takes what {other} makes, and nothing says what becomes of it without."
                yield path, message, f"Add `after` with `item: {other}`."
        for where, other in _sources(path, item):
            if whens[other] not in ("", item.when):
                yield (
                    where,
                    f"{other} may not be chosen.",
                    "Give both the same `when`, or take it from an item without.",
                )
        if after is not None:
            if not (after.refused and after.undecided) and after.stopped == EMPTY:
                yield (*path, "after"), "nobody is told that it was not taken.", "Add `stopped` in both languages."
            if after.undecided and after.waiting == EMPTY:
                yield (*path, "after"), "nobody is told what it waits for.", "Add `waiting` in both languages."


# -- what flows ----------------------------------------------------------------------------------------------


def _flow(pack: ServicePack, packs: Packs) -> Iterator[Finding]:
    for path, item in numbered(pack):
        here = packs[item.pack_id]
        for key, source in item.takes.items():
            where: PathKey = (*path, "takes", key)
            question = here.question(key)
            other, _, field = source.partition(".")
            if question is None:
                yield where, f"{item.pack_id} has no question {key}.", "Name one of its questions."
            elif key in item.answers:
                yield where, "is answered by the bundle as well.", "Keep one of the two."
            elif misfit := _misfit(question, packs[other], field):
                yield where, f"{source} {misfit}", "Take another field, or let it be asked."
        for key, other in item.licences.items():
            where = (*path, "licences", key)
            if here.material(key) is None:
                yield where, f"{item.pack_id} has no material {key}.", "Name one of its materials."
            elif not any(bundle.is_certificate(paper) for paper in packs[other].papers):
                yield where, f"{other} gives no certificate.", "Name the item that does."
        yield from _unseen(path, item, here)


def _misfit(question: Question, other: ServicePack, field: str) -> str:
    """Why a field of another item cannot answer this question; "" where it can."""
    if field == CREDIT_CODE:
        makes = "uscc" in other.number_blocks and any(bundle.is_certificate(paper) for paper in other.papers)
        if not makes:
            return "is not made by it: it gives no licence with a credit code."
        return "" if question.check == CREDIT_CODE else "is a credit code, and the question asks for something else."
    source = other.question(field)
    if source is not None:
        return _unlike(source, question)
    if field in {item.key for item in other.prefill} | {item.key for item in other.derived}:
        return "" if question.kind in WRITTEN and not question.check else f"is a text, no {question.kind.value}."
    return "is no field of it."


def _unlike(source: Question, question: Question) -> str:
    """What an answer to ``source`` may be that does not answer ``question``; "" for nothing."""
    if source.kind is not question.kind:
        return f"is answered as {source.kind.value}, and this as {question.kind.value}."
    ours = {option.value for option in question.options}
    strange = [option.value for option in source.options if option.value not in ours]
    if strange:
        return f"has the option {strange[0]}, which is none here."
    if source.min_length < question.min_length or source.max_length > question.max_length:
        return "may be shorter or longer than what fits here."
    for name in ("pattern", "check", "earliest", "latest", "least", "most"):
        wanted = getattr(question, name)
        if wanted not in ("", None) and getattr(source, name) != wanted:
            return f"is not held to the same {name}."
    words = {word for each in source.forbidden for word in each.words}
    lacking = [word for each in question.forbidden for word in each.words if word not in words]
    return f"may hold {lacking[0]}, which is not allowed here." if lacking else ""


def _unseen(path: PathKey, item: BundleItem, here: ServicePack) -> Iterator[Finding]:
    """What is made only at the commit is known to no condition of the form, and no approval may pass it over."""
    made = {key for key in item.takes if item.makes_it(key)}
    parts = (*here.questions, *here.materials, *here.commitments, *here.checks)
    whens = [getattr(part, "when", "") or getattr(part, "must", "") for part in parts]
    for key in sorted(made):
        where: PathKey = (*path, "takes", key)
        if any(key in named(when) for when in whens):
            yield where, "a condition of its form looks at it before it is made.", "Let it be asked."
        if any(rule.outcome == "approved" and key not in named(rule.when) for rule in here.rules):
            yield (
                where,
                f"{item.pack_id} approves without looking whether it is there.",
                f'Add `answers["{key}"] != ""` to the rule that approves.',
            )


def _known(pack: ServicePack, packs: Packs) -> Iterator[Finding]:
    for path, item in numbered(pack):
        here = packs[item.pack_id]
        for key, value in item.answers.items():
            where: PathKey = (*path, "answers", key)
            question = here.question(key)
            if question is None:
                yield where, f"{item.pack_id} has no question {key}.", "Name one of its questions."
            elif complaint(question, value) is not None:
                there = ", ".join(option.value for option in question.options) or "what the question takes"
                yield where, f"{value} is no answer to it.", f"Use one of: {there}."
    several = {packs[item.pack_id].applicants for _, item in numbered(pack) if situations.ROLE not in item.answers}
    if len(several) > 1:
        for path, item in numbered(pack):
            if len(packs[item.pack_id].applicants) > 1 and situations.ROLE not in item.answers:
                cure = f"Add `{situations.ROLE}: self` to its `answers`."
                yield path, "it may be applied for by others than the rest.", cure


# -- what is asked --------------------------------------------------------------------------------------------


def _own(pack: ServicePack) -> Iterator[Finding]:
    """The conditions over the bundle's own questions that choose items."""
    keys = {question.key for question in pack.questions}
    for path, item in numbered(pack):
        if not item.when:
            continue
        where: PathKey = (*path, "when")
        try:
            strange = sorted(Condition(item.when).names - set(situations.FACTS)) or [
                key for key in named(item.when) if key not in keys
            ]
        except ExpressionError as error:
            yield where, f"is not a condition: {str(error).splitlines()[0]}", "Correct the CEL expression."
            continue
        if strange:
            yield where, f"{strange[0]} is not known here.", 'Name a question of the bundle: answers["key"].'
        yield from sense.options(pack, where, item.when)


def _asked(pack: ServicePack, packs: Packs) -> Iterator[Finding]:
    """Nothing twice: not by name, not by words; not what the card tells; and nothing after what looks at it."""
    form = bundle.Form(pack, packs)
    paths = {item.pack_id: path for path, item in numbered(pack)}
    told = {item.means for part in form.parts for item in part.pack.prefill if item.means}
    titles = {question.title.zh: question.key for question in pack.questions}
    for key, asked in form.askers.items():
        first, question = asked[0]
        own = pack.question(key)
        for part, other in asked if own is not None else asked[1:]:
            if misfit := _unlike(own or question, other):
                message = f"{other.means} is asked by {part.item.pack_id} and before it, whose answer {misfit}"
                yield paths[part.item.pack_id], message, "Let both ask the same, or give one an answer of the bundle."
        if question.means in told:
            yield (
                paths[first.item.pack_id],
                f"{question.means} is asked, and the card tells it.",
                "Take it from the card.",
            )
        if own is None and question.title.zh in titles:
            message = f"“{question.title.zh}” is asked twice: {titles[question.title.zh]}, {key}."
            yield paths[first.item.pack_id], message, "Give both questions the same `means`."
        titles[question.title.zh] = key
    yield from _in_order(bundle.composed(pack, packs), paths, form)
    if not bundle.composed(pack, packs).documents:
        yield ("items",), "no card is good for all of them.", "Take out the item that needs another."


def _in_order(made: ServicePack, paths: Mapping[str, PathKey], form: bundle.Form) -> Iterator[Finding]:
    before = {item.key for item in made.prefill}
    for question in made.questions:
        later = [key for key in named(question.when) if key not in before]
        if later and question.key in form.askers:
            part = form.askers[question.key][-1][0]
            message = f"{question.key} is asked before {later[0]}, which says whether it is asked."
            yield paths[part.item.pack_id], message, "Put the item whose question comes first above the other."
        before.add(question.key)


def _told(pack: ServicePack, packs: Packs) -> Iterator[Finding]:
    lead = packs[bundle.bundle_of(pack).lead.pack_id]
    wanted = dict.fromkeys(sense.outcomes(lead))
    if "approved" in wanted and lead.offline is not Rung.SAVE:  # else nothing is decided without a network
        wanted["approved_offline"] = None
    for name in wanted:
        if name not in pack.outcome_texts:
            yield ("outcome_texts",), f"{lead.pack_id} may come to {name}, and nothing is said of it.", f"Add `{name}`."
    if "received" in lead.outcome_texts and "received" not in pack.outcome_texts:
        yield ("outcome_texts",), f"{lead.pack_id} is only received off line.", "Add `received`."


def unfit(pack: ServicePack, packs: Packs) -> str:
    """The first thing that keeps the bundle from being offered with these packs; "" for none."""
    return next((message for _, message, _ in findings(pack, packs)), "")
