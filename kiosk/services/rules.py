"""The decision: a pack's table over facts. Deterministic, explained, replayable; it never guesses.

Rows are read from the top. ``pass`` rows are findings; the first other row that holds decides. Rows further
down with the same outcome that hold as well are told too, so that nobody is sent home twice (一次性告知).
The last row always holds and refers the matter to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from devices.contracts.identity import IdentityDocument
from kiosk.domain import ladder
from kiosk.domain.case import Commitment
from kiosk.domain.decision import Decision, FiredRule, Outcome, Rung, Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.person import Person
from kiosk.services.expressions import Environment, condition
from kiosk.services.model import Applicant, Rule, ServicePack

PASS = "pass"  # noqa: S105 (a row's outcome, not a password)

# Every name a condition may use, with its CEL type. `answers` is a map from field key to text.
FACTS: Mapping[str, str] = {
    "age": "int: full years on the day",
    "document": "string: DocumentKind value",
    "document_expired": "bool",
    "number_valid": "bool: the check digit of the document number fits",
    "verification": "string: Verification value (face, staff, later)",
    "committed": "bool: the commitment was made, clause by clause",
    "online": "bool: the backend was reached lately",
    "answers": "map(string, string): the envelope",
    "materials": "list(string): keys of the materials that were scanned",
    "applicant": "string: for whom: self, agent, guardian, legal_representative",
    "today": "string: YYYYMMDD",
}


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """What a decision rests on: enough to replay it."""

    age: int
    document: str
    document_expired: bool
    number_valid: bool
    verification: Verification
    committed: bool
    online: bool
    answers: Mapping[str, str] = field(default_factory=dict)
    materials: tuple[str, ...] = ()
    applicant: str = Applicant.SELF.value
    today: str = ""

    def as_variables(self) -> dict[str, Any]:
        return {
            "age": self.age,
            "document": self.document,
            "document_expired": self.document_expired,
            "number_valid": self.number_valid,
            "verification": self.verification.value,
            "committed": self.committed,
            "online": self.online,
            "answers": dict(self.answers),
            "materials": list(self.materials),
            "applicant": self.applicant,
            "today": self.today,
        }

    def __repr__(self) -> str:
        return "Facts(…)"


def facts_of(
    document: IdentityDocument,
    envelope: Envelope,
    verification: Verification,
    commitment: Commitment | None,
    *,
    online: bool,
    today: date,
    materials: tuple[str, ...] = (),
    applicant: Applicant = Applicant.SELF,
) -> Facts:
    """The facts of a visit on a given day. ``applicant``: kiosk.services.situations.role_of."""
    person = Person.of(document, today)
    return Facts(
        age=person.age,
        document=person.document,
        document_expired=person.expired,
        number_valid=person.number_valid,
        verification=verification,
        committed=commitment is not None,
        online=online,
        answers=envelope.as_dict(),
        materials=materials,
        applicant=applicant.value,
        today=f"{today:%Y%m%d}",
    )


def prepare(pack: ServicePack) -> None:
    """Compile the table ahead of the decision. Raises ExpressionError."""
    for rule in pack.rules:
        condition(rule.when)


def decide(pack: ServicePack, facts: Facts) -> Decision:
    """The decision with every row that fired, the deciding one first. Raises ExpressionError on a broken pack.

    Off line the pack's rung rules what may come of it (kiosk.domain.ladder); where nothing may be committed nobody
    decides: that is a bug of the caller.
    """
    if not ladder.step(pack.offline, online=facts.online).commits:
        raise AssertionError(f"{pack.pack_id} is not to be decided without a network")
    variables = facts.as_variables()
    variables["answers"] = {key: "" for key in field_keys(pack)} | variables["answers"]
    known = Environment(variables)
    fired = [rule for rule in pack.rules if condition(rule.when).holds(known)]
    deciding = next(rule for rule in fired if rule.outcome != PASS)
    last = pack.rules[-1]
    if deciding.outcome == Outcome.APPROVED.value:
        others = [rule for rule in fired if rule.outcome == PASS]
    else:
        others = [rule for rule in fired if rule.outcome == deciding.outcome and rule not in (deciding, last)]
    found = Outcome(deciding.outcome)
    outcome = ladder.outcome(found, pack.offline, online=facts.online)
    return Decision(
        outcome=outcome,
        rung=pack.offline if not facts.online else Rung.FINAL,
        pack_id=pack.pack_id,
        pack_version=pack.version,
        rules=tuple(_told(rule) for rule in (deciding, *others)),
        online=facts.online,
        ahead=found if outcome is Outcome.RECEIVED else None,
    )


def field_keys(pack: ServicePack) -> tuple[str, ...]:
    """Fields without a value count as empty, so that a condition may always name them."""
    return (*(p.key for p in pack.prefill), *(q.key for q in pack.questions), *(d.key for d in pack.derived))


def _told(rule: Rule) -> FiredRule:
    return FiredRule(rule.rule_id, rule.because, rule.basis, rule.missing, rule.go)
