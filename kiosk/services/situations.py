"""Situations (情形): what is asked, handed in, promised, printed and told, as the answers leave it. Pure functions.

A part of a pack with a condition (`when`, CEL over `answers`) is there while it holds. Conditions of questions look at
the card and at questions before them, so that one pass from the top settles all; what is not asked has no value, and
counts as "" for whatever looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from weakref import WeakKeyDictionary

from kiosk.domain.envelope import PAGES, Envelope, FieldValue, Origin, Trust
from kiosk.services.expressions import Environment, condition
from kiosk.services.model import Applicant, LicenceSource, Question, ServicePack

ROLE = "applicant.role"  # the key of the house's question for whom one applies (data/applicants.toml)
PROXIES = frozenset({Applicant.AGENT, Applicant.GUARDIAN})
FACTS = ("answers",)  # every name that a condition of a situation may use
MOST_SITUATIONS = 256  # combinations of answers that are looked through for the longest form


def role_of(pack: ServicePack, answers: Mapping[str, str]) -> Applicant:
    """For whom the person at the machine applies; the pack's first kind until that is answered."""
    known = answers.get(ROLE, "")
    return next((kind for kind in pack.applicants if kind.value == known), pack.applicants[0])


_fits: WeakKeyDictionary[Envelope, tuple[ServicePack, ServicePack]] = WeakKeyDictionary()


def fit(pack: ServicePack, envelope: Envelope) -> ServicePack:
    """The pack as this applicant's answers leave it. Raises ExpressionError on a broken pack.

    A page asks for it many times: it is found once for an envelope, and forgotten with it.
    """
    if not pack.conditional:
        return pack
    known = _fits.get(envelope)
    if known is None or known[0] is not pack:
        known = _fits[envelope] = (pack, fitted(pack, envelope.as_dict()))
    return known[1]


def reached(pack: ServicePack, answers: Mapping[str, str]) -> dict[str, str]:
    """What conditions see: the answers to what is asked, "" for everything else."""
    return _walked(pack, answers)[0]


def _walked(pack: ServicePack, answers: Mapping[str, str]) -> tuple[dict[str, str], list[Question]]:
    """From the top: each question is asked, or not, by what stands before it."""
    known = {p.key: answers.get(p.key, "") for p in pack.prefill} | {q.key: "" for q in pack.questions}
    facts, asked = {"answers": known}, []
    for question in pack.questions:
        if not question.when or condition(question.when).holds(facts):
            asked.append(question)
            known[question.key] = answers.get(question.key, "")
    return known, asked


def fitted(pack: ServicePack, answers: Mapping[str, str]) -> ServicePack:
    """The pack as these answers leave it."""
    known, asked = _walked(pack, answers)
    facts = Environment({"answers": known})
    found: dict[str, bool] = {"": True}

    def holds(when: str) -> bool:
        if when not in found:
            found[when] = condition(when).holds(facts)
        return found[when]

    proxy = role_of(pack, known) in PROXIES  # nobody promises for another
    promises = tuple(terms for terms in pack.commitments if not proxy and holds(terms.when))
    return replace(
        pack,
        questions=tuple(asked),
        materials=tuple(material for material in pack.materials if holds(material.when)),
        papers=tuple(paper for paper in pack.papers if holds(paper.when)),
        handlers=tuple(one for one in pack.handlers if holds(one.when)),
        decides=next((one for one in pack.decides.situations if holds(one.when)), pack.decides),
        commitment=pack.commitment if pack.commitment in promises else None,
        further=tuple(terms for terms in pack.further if terms in promises),
    )


def trim(pack: ServicePack, envelope: Envelope) -> Envelope:
    """The envelope without values of what is not asked in this situation, and without what followed from them."""
    if not pack.conditional:
        return envelope
    envelope = without_licences(pack, envelope)
    kept = fit(pack, envelope)
    gone = {q.key for q in pack.questions} - {q.key for q in kept.questions}
    gone |= {m.key for m in pack.materials} - {m.key for m in kept.materials}
    gone |= {d.key for d in pack.derived}
    promised = {terms.replaces for terms in pack.commitments if terms not in kept.commitments}
    return Envelope(
        tuple(
            field
            for field in envelope.fields
            if field.key not in gone and (field.key not in promised or field.origin in PAGES)
        )
    )


def asks_for(pack: ServicePack, source: LicenceSource) -> bool:
    """Whether this situation asks for anything that the licence tells or stands for; ``pack`` is fitted."""
    return any(pack.question(key) is not None for key in source.fields) or bool(pack.lent(source))


def without_licences(pack: ServicePack, envelope: Envelope) -> Envelope:
    """Without what came from an electronic licence that this situation does not ask for. It is the licence of whoever
    stands here: of no use to somebody else's matter."""
    if not any(field.origin is Origin.LICENCE for field in envelope.fields):
        return envelope
    fitting, gone = fit(pack, envelope), set[str]()
    own = role_of(pack, envelope.as_dict()) is Applicant.SELF
    for source in pack.licences:
        if not own or not asks_for(fitting, source):
            gone |= keys_of(pack, source)
    return Envelope(tuple(field for field in envelope.fields if field.origin is not Origin.LICENCE
                          or field.key not in gone))  # fmt: skip


def keys_of(pack: ServicePack, source: LicenceSource) -> set[str]:
    """Of every field that comes from this licence."""
    return {*source.fields, *(material.key for material in pack.lent(source)), proof_key(source)}


def proof_key(source: LicenceSource) -> str:
    """Of the backend's word that the licence was read: time and signature (kiosk.domain.register.PROOF)."""
    return f"register.{source.register}"


def spared(pack: ServicePack, envelope: Envelope) -> Envelope:
    """With a word for each paper that is needless (免交): the card says it, or a licence that was taken does.

    ``pack`` is fitted.
    """
    for source in pack.licences:
        if envelope.get(proof_key(source)) is not None:
            for material in pack.lent(source):
                name = source.name if material.licence is None else material.licence.name
                if envelope.get(material.key) is None:
                    envelope = envelope.with_field(FieldValue(material.key, name.zh, Origin.LICENCE, Trust.A))
    for material in pack.needed:
        if material.licence is not None and material.licence.source == "card" and envelope.get(material.key) is None:
            envelope = envelope.with_field(FieldValue(material.key, material.licence.name.zh, Origin.CARD, Trust.A))
    return envelope


def question_counts(pack: ServicePack) -> tuple[int, int]:
    """How many questions the shortest and the longest way through the form have: told before anything is known."""
    if not any(question.when for question in pack.questions):
        return len(pack.questions), len(pack.questions)
    whens = " ".join(question.when for question in pack.questions)
    deciding = [q for q in pack.questions if q.options and f'"{q.key}"' in whens.replace("'", '"')]
    ways = list(product(*([(q.key, o.value) for o in q.options] for q in deciding)))
    if not ways or len(ways) > MOST_SITUATIONS:
        return sum(not question.when for question in pack.questions), len(pack.questions)
    counts = [len(fitted(pack, dict(way)).questions) for way in ways]
    return min(counts), max(counts)
