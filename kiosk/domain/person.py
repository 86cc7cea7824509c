"""The person in front of the terminal, as far as a decision needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from devices.contracts.identity import IdentityDocument
from kiosk.domain.codes import age_on, id_number_valid, mask_name


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What follows from the identity document on a given day. Never holds the photograph."""

    document: str  # DocumentKind value
    masked_name: str
    age: int
    expired: bool
    number_valid: bool  # the check digit fits; cards without one (foreigners', 2017) count as valid

    @classmethod
    def of(cls, document: IdentityDocument, today: date) -> Person:
        return cls(
            document=document.kind.value,
            masked_name=mask_name(document.name or document.english_name),
            age=age_on(document.birth, today),
            expired=document.expired(today),
            number_valid=len(document.number) != 18 or id_number_valid(document.number),
        )

    def __repr__(self) -> str:
        return f"Person({self.document}, …)"
