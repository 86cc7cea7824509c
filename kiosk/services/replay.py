"""A decision made again from what its case says, and what does not fit. Pure functions.

The sealed case (kiosk.wire.CasePayload) says most of what a decision rests on itself: answers, papers, promise, line.
`stored` is the rest, once; `facts_of` puts both together again, so that a terminal cannot say one thing to the table
and another in the case. What it claims beside is held against what follows from the case: the day from the hour of
commit, age and check digit from the document's number, the area from the case number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from kiosk.domain import ladder
from kiosk.domain.beijing import CHINA
from kiosk.domain.codes import age_on, id_number_valid
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Origin
from kiosk.domain.place import Place
from kiosk.domain.register import ANSWER, FOUND
from kiosk.services import rules, situations
from kiosk.services.expressions import ExpressionError
from kiosk.services.forms import date_of
from kiosk.services.model import ServicePack
from kiosk.services.rules import Facts
from kiosk.wire import CasePayload, PayloadFacts

SIGNATURE = "signature"  # among a case's materials, and no paper of a pack
OLDEST = 150  # years
_BREAKS_OUT = re.compile(r"[\"'\\\x00-\x1f]")  # of the quotes in which a condition names a place


class NoFacts(Exception):
    """The case does not say what its decision rested on."""


def stored(facts: Facts, place: Place) -> PayloadFacts:
    """What goes into the case beside what it says itself. ``place``: the one that the pack was bound to."""
    return PayloadFacts(
        age=facts.age,
        document=facts.document,
        document_expired=facts.document_expired,
        number_valid=facts.number_valid,
        today=facts.today,
        place=asdict(place),
    )


def facts_of(pack: ServicePack, case: CasePayload) -> Facts:
    """The facts that the case was decided by. Raises NoFacts."""
    said = case.facts
    if said is None:
        raise NoFacts
    answers = {field.key: field.value for field in case.fields}
    kinds = (material.kind for material in case.materials if material.kind != SIGNATURE)
    return Facts(
        age=said.age,
        document=said.document,
        document_expired=said.document_expired,
        number_valid=said.number_valid,
        verification=Verification(case.verification),
        committed=case.commitment is not None,
        online=case.online,
        answers=answers,
        materials=tuple(dict.fromkeys(kinds)),
        applicant=situations.role_of(pack, answers).value,
        today=said.today,
    )


def place_of(case: CasePayload) -> Place | None:
    """Where the terminal says that it stands; None where it cannot be so. Raises NoFacts.

    It has to be in the area of the case number, and to hold nothing that would change a condition that names it.
    """
    if case.facts is None:
        raise NoFacts
    said = case.facts.place
    if set(said) != set(Place.__slots__) or any(_BREAKS_OUT.search(value) for value in said.values()):
        return None
    return Place(**said) if said["area_code"] and case.case_no.startswith(said["area_code"][:6]) else None


def differences(pack: ServicePack, case: CasePayload) -> tuple[str, ...]:
    """By name, what in this case does not follow from it and its pack; none for a sound one. Raises NoFacts.

    ``pack``: of the case's version, bound to its place (`place_of`).
    """
    facts = facts_of(pack, case)
    found = [name for name, fits in _claims(pack, case, facts) if not fits]
    if "age" in found or not ladder.step(pack.offline, online=facts.online).commits:
        return (*found, "outcome")  # there is no table for it
    try:
        decision = rules.decide(pack, facts)
    except ExpressionError:
        return (*found, "outcome")
    told = [(rule.rule_id, rule.because.zh, rule.basis) for rule in decision.rules]
    found += ["outcome"] if decision.outcome.value != case.outcome else []
    found += ["rung"] if decision.rung.value != case.rung else []
    found += ["rules"] if told != [(rule.rule_id, rule.because, rule.basis) for rule in case.rules] else []
    return tuple(found)


@dataclass(frozen=True, slots=True, repr=False)
class Lent:
    """What a case says that an electronic licence has told: about whom, what, and the backend's word for it."""

    register: str
    number: str
    proof: str
    values: Mapping[str, str]  # with the kind of the answer (kiosk.domain.register.ANSWER)


def lent(pack: ServicePack, case: CasePayload) -> tuple[Lent, ...]:
    """Every licence from which this case has taken anything: a value, or that a paper need not be handed in."""
    told = {field.key: field.value for field in case.fields if field.origin == Origin.LICENCE.value}
    key = next((item.key for item in pack.prefill if item.source == "number"), "")
    number = next((field.value for field in case.fields if field.key == key), "")
    return tuple(
        Lent(
            source.register, number, told.get(situations.proof_key(source), ""),
            {ANSWER: FOUND} | {name: told[name] for name in source.fields if name in told},
        )
        for source in pack.licences
        if told.keys() & situations.keys_of(pack, source)
    )  # fmt: skip


def _claims(pack: ServicePack, case: CasePayload, facts: Facts) -> list[tuple[str, bool]]:
    """What the terminal says beside the outcome, and whether it can be so."""
    day = datetime.fromisoformat(case.committed_at).astimezone(CHINA).date()
    number = next((facts.answers.get(item.key, "") for item in pack.prefill if item.source == "number"), "")
    valid = len(number) != 18 or id_number_valid(number)
    birth = date_of(number[6:14]) if len(number) == 18 and valid else None
    return [
        ("pack", case.service_id == case.pack_id == pack.pack_id and case.pack_version == pack.version),
        ("once", case.once == pack.once),
        ("today", facts.today == f"{day:%Y%m%d}"),
        ("number", facts.number_valid == valid or not number),
        ("age", 0 <= facts.age <= OLDEST and (birth is None or facts.age == age_on(birth, day))),
        ("commitment", _promised(pack, case, facts)),
    ]


def _promised(pack: ServicePack, case: CasePayload, facts: Facts) -> bool:
    """Whether the promise, if one was made, is the one that this situation offers, clause by clause."""
    made, terms = case.commitment, situations.fitted(pack, facts.answers).commitment
    if made is None:
        return True
    return terms is not None and (made.commitment_id, made.version, tuple(made.clauses)) == (
        terms.commitment_id, terms.version, tuple(clause.zh for clause in terms.clauses)
    )  # fmt: skip
