"""The one form of a bundle, made of its items' packs; and each item's own case out of what was filled in. Pure.

`composed` merges by meaning: what has the same `means` is asked once, what the bundle knows or another item makes is
not asked at all, and every condition is rewritten to the form's keys. What comes out is a pack like any other for form,
situations, materials and promises. `projected` is the way back: the envelope of one item in the words of its own pack,
so that its table decides, and the backend decides again, as if it had been applied for alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from kiosk.domain.decision import Rung
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.services import forms, situations
from kiosk.services.bundled import CREDIT_CODE, Bundle, BundleItem
from kiosk.services.expressions import condition
from kiosk.services.model import (
    LICENCE,
    Applicant,
    CommitmentTerms,
    CrossCheck,
    Derived,
    Effective,
    MaterialSpec,
    PaperSpec,
    Prefill,
    Question,
    ServicePack,
)

LADDER = (Rung.SAVE, Rung.RECEIPT, Rung.PROVISIONAL, Rung.FINAL)  # a bundle stands on its lowest
_NAMED = re.compile(r"""answers\s*\[\s*(["'])([^"']+)\1\s*\]""")
_COMPARED = re.compile(r'"([^"]*)" (==|!=) "([^"]*)"')
_NEVER = "false"
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\}")


def bundle_of(pack: ServicePack) -> Bundle:
    """Only asked for of a bundle."""
    if pack.bundle is None:
        raise AssertionError(f"{pack.pack_id} is no bundle")
    return pack.bundle


def chosen(pack: ServicePack, envelope: Envelope) -> tuple[BundleItem, ...]:
    """The items that the answers leave, in the order in which they are decided."""
    known = {"answers": situations.reached(pack, envelope.as_dict())}
    return tuple(item for item in bundle_of(pack).items if not item.when or condition(item.when).holds(known))


_projected: WeakKeyDictionary[Envelope, dict[str, tuple[BundleItem, Envelope]]] = WeakKeyDictionary()


def projected(item: BundleItem, envelope: Envelope) -> Envelope:
    """What one item's case holds of the form: its own keys, nothing that its situation does not ask for.

    A page asks for it many times: it is found once for an envelope, and forgotten with it.
    """
    known = _projected.setdefault(envelope, {})
    if item.pack_id not in known or known[item.pack_id][0] is not item:
        known[item.pack_id] = (item, _project(item, envelope))
    return known[item.pack_id][1]


def _project(item: BundleItem, envelope: Envelope) -> Envelope:
    pack, found = item.whole, []
    for key in _keys(pack):
        if key in item.answers:
            found.append(FieldValue(key, item.answers[key], Origin.DERIVED, Trust.D))
        elif (known := envelope.get(item.names.get(key, ""))) is not None:
            found.append(replace(known, key=key))
    own = forms.derive(pack, situations.trim(pack, Envelope(tuple(found))))
    return situations.spared(situations.fit(pack, own), own)


def _keys(pack: ServicePack) -> Iterable[str]:
    """Of what an envelope may hold before anything is derived, each once."""
    parts: tuple[Prefill | Question | MaterialSpec, ...] = (*pack.prefill, *pack.questions, *pack.materials)
    return dict.fromkeys((*(part.key for part in parts), *(terms.replaces for terms in pack.commitments)))


def twin(pack: ServicePack, key: str) -> str:
    """The paper of another item that is the same as this one, which is handed in where nothing is promised."""
    return "" if pack.bundle is None else pack.bundle.twins.get(key, "")


# -- the form --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Part:
    """An item with what its keys are called in the form."""

    item: BundleItem
    pack: ServicePack
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)  # what a condition of the form says for an answer

    def rewritten(self, when: str) -> str:
        """A condition of the item in the words of the form; without the item's own condition."""
        return folded(_NAMED.sub(lambda match: self.values.get(match[2], '""'), when))

    def never(self, when: str) -> bool:
        """Whether what the bundle knows keeps this from being asked at all."""
        return folded(_NAMED.sub(self._said, when)) == _NEVER

    def _said(self, match: re.Match[str]) -> str:
        question = self.pack.question(match[2])
        known = question is not None and not question.when and question.key in self.item.answers
        return _text(self.item.answers[match[2]]) if known else match[0]

    def within(self, when: str) -> str:
        """The same, where the item is chosen at all."""
        return both(self.item.when, self.rewritten(when))

    def template(self, text: str) -> str:
        return _PLACE.sub(self._place, text)

    def named(self, key: str) -> str:
        """The form's name for a key, or for a part of one."""
        whole, _, part = key.rpartition(".")
        return self.names.get(key) or (f"{self.names[whole]}.{part}" if whole in self.names else key)

    def _place(self, match: re.Match[str]) -> str:
        key = match[1]
        whole, _, part = key.rpartition(".")
        if key in self.names:
            return f"{{{self.names[key]}}}"
        if whole in self.names:
            return f"{{{self.names[whole]}.{part}}}"
        question = self.pack.question(key) or self.pack.question(whole)
        if question is not None:
            return known_text(question, self.item.answers.get(question.key, ""), part if whole == question.key else "")
        return match[0]  # the place's, or what the check has told of


def folded(when: str) -> str:
    """A condition without what is settled already: two texts compared. "" for one that always holds."""
    settled = _COMPARED.sub(lambda found: str((found[1] == found[3]) is (found[2] == "==")).lower(), when)
    rest = settled.replace("true && ", "").replace(" && true", "")
    return "" if rest == "true" else rest


def _text(value: str) -> str:
    """A text as CEL writes it."""
    return json.dumps(value, ensure_ascii=False)


def both(one: str, other: str) -> str:
    return f"({one}) && ({other})" if one and other else one or other


def either(whens: Iterable[str]) -> str:
    """Any of these conditions; one that always holds makes all of it so."""
    found = tuple(dict.fromkeys(whens))
    return "" if "" in found else found[0] if len(found) == 1 else " || ".join(f"({when})" for when in found)


def known_text(question: Question, value: str, part: str) -> str:
    """What a template prints of an answer that the bundle knows: as forms do of one that was given."""
    option = next((one for one in question.options if one.value == value), None)
    if not part or option is None:
        return value
    return option.label.zh if part == "label" else option.parts[part].zh if part in option.parts else ""


class Form:
    """The parts of the form as they come together. First every key gets its name, then conditions are rewritten."""

    def __init__(self, pack: ServicePack, packs: Mapping[str, ServicePack]) -> None:
        self.pack, self.parts = pack, [Part(item, packs[item.pack_id]) for item in bundle_of(pack).items]
        self._taken = {question.key for question in pack.questions}
        self._sources: dict[str, str] = {}  # what the card tells: the form's key for it
        self._means = {question.means: question.key for question in pack.questions if question.means}
        self._papers: dict[str, tuple[str, bool]] = {}  # by meaning: key, and whether a promise may stand for it
        self.askers: dict[str, list[tuple[Part, Question]]] = {}
        self.papers: dict[str, list[tuple[Part, MaterialSpec]]] = {}
        self.twins: dict[str, str] = {}
        for part in self.parts:
            self._name(part)
        for part in self.parts:
            self._value(part)

    def _free(self, part: Part, key: str) -> str:
        name = key if key not in self._taken else f"{part.item.pack_id}.{key}"
        self._taken.add(name)
        return name

    def _name(self, part: Part) -> None:
        pack, names = part.pack, part.names
        for item in pack.prefill:
            if item.source not in self._sources:
                self._sources[item.source] = self._free(part, item.key)
            names[item.key] = self._sources[item.source]
        for question in pack.questions:
            if question.key in part.item.takes:
                names |= self._given(question, part.item.takes[question.key])
            elif question.key not in part.item.answers and not part.never(question.when):
                self._ask(part, question)
        for derived in pack.derived:
            names[derived.key] = self._free(part, derived.key)
        for material in pack.materials:
            if material.key not in part.item.licences and not part.never(material.when):
                self._hand_in(part, material)
        for terms in pack.commitments:
            if terms.replaces not in names:
                names[terms.replaces] = self._free(part, terms.replaces)

    def _given(self, question: Question, source: str) -> dict[str, str]:
        item, _, key = source.partition(".")
        found = next(part.names.get(key, "") for part in self.parts if part.item.pack_id == item)
        return {} if key == CREDIT_CODE or not found else {question.key: found}

    def _ask(self, part: Part, question: Question) -> None:
        key = self._means.get(question.means, "") or self._free(part, question.key)
        if question.means:
            self._means[question.means] = key
        part.names[question.key] = key
        self.askers.setdefault(key, []).append((part, question))

    def _hand_in(self, part: Part, material: MaterialSpec) -> None:
        promised = any(terms.replaces == material.key for terms in part.pack.commitments)
        known, of_promise = self._papers.get(material.means, ("", False)) if material.means else ("", False)
        if known and not promised and not of_promise:
            key = known
        else:
            key = self._free(part, material.key)
            if known and promised != of_promise:
                self.twins |= {key: known} if promised else {known: key}
            if material.means:
                self._papers.setdefault(material.means, (key, promised))
        part.names[material.key] = key
        self.papers.setdefault(key, []).append((part, material))

    def _value(self, part: Part) -> None:
        """What stands for each answer in the form's conditions: "" where the item's own form would not have it."""
        for item in part.pack.prefill:
            part.values[item.key] = _answer(part.names[item.key])
        for question in part.pack.questions:
            name = part.names.get(question.key, "")
            shared = len(self.askers.get(name, ())) != 1 or question.key in part.item.takes
            if question.key in part.item.answers:
                value = _text(part.item.answers[question.key])
            else:
                value = _answer(name) if name else '""'
            if question.when and shared and value != '""':
                value = f'({part.rewritten(question.when)} ? {value} : "")'
            part.values[question.key] = value

    # -- what comes of it

    def prefill(self) -> tuple[Prefill, ...]:
        found = {p.names[each.key]: each for p in reversed(self.parts) for each in reversed(p.pack.prefill)}
        return tuple(replace(each, key=key) for key, each in reversed(found.items()))

    def questions(self) -> tuple[Question, ...]:
        return (*self.pack.questions, *(self._question(key, asked) for key, asked in self.askers.items()
                                        if self.pack.question(key) is None))  # fmt: skip

    def _question(self, key: str, asked: list[tuple[Part, Question]]) -> Question:
        part, question = asked[0]
        preview = replace(
            question.preview, zh=part.template(question.preview.zh), en=part.template(question.preview.en)
        )
        suggest = tuple(
            replace(each, template=part.template(each.template), key=part.named(each.key)) for each in question.suggest
        )
        return replace(
            question, key=key, preview=preview, suggest=suggest, review=part.names.get(question.review, ""),
            when=either(one.within(each.when) for one, each in asked), masked=any(each.masked for _, each in asked),
        )  # fmt: skip

    def derived(self) -> tuple[Derived, ...]:
        return tuple(self._derived(part, each) for part in self.parts for each in part.pack.derived)

    @staticmethod
    def _derived(part: Part, derived: Derived) -> Derived:
        kept, template = [], derived.template
        for variant in derived.variants:
            if variant.key in part.names:
                kept.append(replace(variant, key=part.names[variant.key], template=part.template(variant.template)))
            elif re.search(variant.pattern, part.item.answers.get(variant.key, "")):
                template = variant.template
                break
        key = part.names[derived.key]
        return replace(derived, key=key, template=part.template(template), variants=tuple(kept))

    def materials(self) -> tuple[MaterialSpec, ...]:
        return tuple(self._material(key, handed) for key, handed in self.papers.items())

    def _material(self, key: str, handed: list[tuple[Part, MaterialSpec]]) -> MaterialSpec:
        spec = handed[0][1]
        reads = {
            part.names[question]: value
            for part, each in handed
            for question, value in each.reads.items()
            if part.names.get(question) in self.askers and question not in part.item.takes
        }
        return replace(
            spec, key=key, reads=reads, document=spec.document if reads else "",
            when=either(part.within(each.when) for part, each in handed),
            required=any(each.required for _, each in handed), pages=max(each.pages for _, each in handed),
        )  # fmt: skip

    def promises(self) -> tuple[CommitmentTerms, ...]:
        return tuple(
            replace(terms, replaces=part.names[terms.replaces], when=part.within(terms.when))
            for part in self.parts
            for terms in part.pack.commitments
        )

    def checks(self) -> tuple[CrossCheck, ...]:
        return tuple(
            replace(check, must=part.rewritten(check.must), question=part.names[check.question])
            for part in self.parts
            for check in part.pack.checks
            if part.names.get(check.question) in self.askers
        )

    def certificates(self) -> tuple[PaperSpec, ...]:
        found = [(part, paper) for part in self.parts for paper in part.pack.papers if is_certificate(paper)]
        ids = [paper.paper_id for _, paper in found]
        return tuple(
            replace(paper, paper_id=paper_name(part.item, paper.paper_id, ids), when=part.within(paper.when))
            for part, paper in found
        )


def _answer(key: str) -> str:
    return f'answers["{key}"]'


def is_certificate(paper: PaperSpec) -> bool:
    """Of those that come out with the bundle; what is given later is fetched for its own case."""
    return paper.certificate_now


def paper_name(item: BundleItem, paper_id: str, ids: Iterable[str]) -> str:
    """A certificate's name among all of the bundle's: its own, unless two items give one of that name."""
    return paper_id if list(ids).count(paper_id) < 2 else f"{item.pack_id}.{paper_id}"


def certificate_name(pack: ServicePack, item: BundleItem, paper_id: str) -> str:
    """The name by which the bundle prints this certificate of this item."""
    ids = [paper.paper_id for each in bundle_of(pack).items for paper in each.whole.papers if is_certificate(paper)]
    return paper_name(item, paper_id, ids)


def composed(pack: ServicePack, packs: Mapping[str, ServicePack]) -> ServicePack:
    """The bundle with its form and its items' packs. ``packs`` has them all, and they fit (bundle_check)."""
    form = Form(pack, {name: without_sources(each) for name, each in packs.items()})
    parts = form.parts
    always = [part.pack for part in parts if not part.item.when]
    roles = {part.pack.applicants for part in parts if situations.ROLE not in part.item.answers}
    items = tuple(replace(part.item, pack=part.pack, names=part.names) for part in parts)
    return replace(
        pack,
        documents=_common(part.pack.documents for part in parts),
        min_age=max(each.min_age for each in always),
        signature=any(part.pack.signature for part in parts),
        prefill=form.prefill(),
        questions=form.questions(),
        derived=form.derived(),
        materials=form.materials(),
        further=form.promises(),
        checks=form.checks(),
        papers=(*form.certificates(), *(paper for paper in pack.papers if not is_certificate(paper))),
        offline=min((part.pack.offline for part in parts), key=LADDER.index),
        number_blocks=tuple(kind for part in parts for kind in part.pack.number_blocks),
        applicants=roles.pop() if len(roles) == 1 else (Applicant.SELF,),
        effective=_in_force([pack.effective, *(each.effective for each in always)]),
        bundle=Bundle(items, form.twins),
        speech=tuple(dict.fromkeys(row for part in parts for row in part.pack.speech)),
        hours=tuple(dict.fromkeys(window for each in always for window in each.hours)),
    )


def without_sources(pack: ServicePack) -> ServicePack:
    """An item as a bundle has it: no register is asked for a licence there, and what it would tell is asked."""
    if not pack.licences:
        return pack
    materials = tuple(
        replace(each, licence=None) if each.licence is not None and each.licence.register else each
        for each in pack.materials
    )
    prefill = tuple(item for item in pack.prefill if item.source != LICENCE)
    return replace(pack, licences=(), prefill=prefill, materials=materials)


def _common(documents: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    first, *others = documents
    return tuple(one for one in first if all(one in each for each in others))


def _in_force(found: Iterable[Effective]) -> Effective:
    known = tuple(found)
    return Effective(max(each.since for each in known), min((each.until for each in known if each.until), default=""))


def with_bundles(
    packs: Mapping[str, ServicePack], unfit: Callable[[ServicePack], ServicePack | None] = lambda pack: None
) -> dict[str, ServicePack]:
    """All packs with their bundles composed, in the same order. ``unfit`` is asked what serves for one whose items are
    not here; None for nothing."""
    found: dict[str, ServicePack] = {}
    for name, pack in packs.items():
        made: ServicePack | None = pack
        if pack.bundle is not None:
            made = composed(pack, packs) if _complete(pack.bundle, packs) else unfit(pack)
        if made is not None:
            found[name] = made
    return found


def _complete(bundle: Bundle, packs: Mapping[str, ServicePack]) -> bool:
    return all(item.pack_id in packs and packs[item.pack_id].bundle is None for item in bundle.items)
