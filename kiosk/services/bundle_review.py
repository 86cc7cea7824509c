"""What the review page of a bundle shows: every field of every case with its origin, under the name of its item; what
several of them use stands once, before the others. Pure functions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.domain.envelope import Envelope, Origin, Trust
from kiosk.domain.text import Language, Text
from kiosk.services import bundle, forms, situations
from kiosk.services.bundled import BundleItem
from kiosk.services.model import ReviewRow, ServicePack

SHARED = Text("几件事都要用的", "Used by several of these")
MADE_LATER = Text("登记好以后自动填上", "Filled in once it is registered")
FROM_HERE = Text("用这次登记的，不用交", "The one registered here; nothing to hand in")


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """The rows of one item; their keys are those of the form."""

    title: Text
    rows: tuple[ReviewRow, ...]


def groups(pack: ServicePack, envelope: Envelope, language: Language = "zh_CN") -> tuple[ReviewGroup, ...]:
    """``pack``: the bundle, with all its situations."""
    form = situations.fit(pack, envelope)
    changeable = {question.key for question in form.questions} | {material.key for material in form.materials}
    changeable |= {terms.replaces for terms in form.commitments}
    found = [(item, _rows(item, envelope, language)) for item in bundle.chosen(pack, envelope)]
    seen: dict[tuple[str, str], int] = {}
    for _, rows in found:
        for row in rows:
            seen[row.key, row.value] = seen.get((row.key, row.value), 0) + 1
    shared = dict.fromkeys(at for at, times in seen.items() if times > 1)
    first = {(row.key, row.value): row for _, rows in reversed(found) for row in reversed(rows)}
    made = [ReviewGroup(pack.name, own)] if (own := _chosen(pack, form, envelope, language)) else []
    made += [ReviewGroup(SHARED, tuple(first[at] for at in shared))] if shared else []
    for item, rows in found:
        own = tuple(row for row in rows if (row.key, row.value) not in shared)
        if own:
            made.append(ReviewGroup(item.whole.name, own))
    return tuple(replace(group, rows=tuple(_once(row, changeable) for row in group.rows)) for group in made)


def _once(row: ReviewRow, changeable: set[str]) -> ReviewRow:
    """An answer is changed in one place, where it stands first."""
    editable = row.editable and row.key in changeable
    changeable.discard(row.key)
    return replace(row, editable=editable)


def rows(pack: ServicePack, envelope: Envelope, language: Language = "zh_CN") -> tuple[ReviewRow, ...]:
    """All of them, without their groups."""
    return tuple(row for group in groups(pack, envelope, language) for row in group.rows)


def _chosen(pack: ServicePack, form: ServicePack, envelope: Envelope, language: Language) -> tuple[ReviewRow, ...]:
    """The answers by which items were chosen: of no case, and to be changed here like all others."""
    theirs = {name for item in bundle.bundle_of(pack).items for name in item.names.values()}
    own = tuple(question for question in form.questions if question.key not in theirs)
    alone = replace(form, prefill=(), questions=own, derived=(), materials=(), further=())
    return forms.review_rows(alone, envelope, language)


def _rows(item: BundleItem, envelope: Envelope, language: Language) -> list[ReviewRow]:
    """Of one item: what its own review page would show, and what is filled in by the items before it."""
    own, made = bundle.projected(item, envelope), []
    pack = situations.fit(item.whole, own)
    for key in item.takes:
        question = pack.question(key)
        if question is not None and item.makes_it(key):
            made.append(_coming(key, question.label, MADE_LATER.of(language), Origin.DERIVED))
    for key in item.licences:
        material = pack.material(key)
        if material is not None:
            made.append(_coming(key, material.label, FROM_HERE.of(language), Origin.LICENCE))
    known = forms.review_rows(pack, own, language)
    fixed = (*item.answers, *item.takes)
    return [
        *(replace(row, key=item.names.get(row.key, row.key), editable=row.editable and row.key not in fixed)
          for row in known),
        *(replace(row, key=f"{item.pack_id}.{row.key}") for row in made),
    ]  # fmt: skip


def _coming(key: str, label: Text, value: str, origin: Origin) -> ReviewRow:
    return ReviewRow(key, label, value, origin, Trust.A, editable=False)
