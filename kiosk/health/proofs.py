"""A proof: something was tested, at this time, with this result. What the readiness report and the night are made of.

``code`` and ``values`` are words for staff (``ui/i18n/maintenance/proof.LANGUAGE.json``, ``maint.proof.CODE``), never
a citizen's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Outcome = Literal["passed", "failed", "unsure"]
"""``unsure``: nobody could tell, which is never well."""


@dataclass(frozen=True, slots=True)
class Proof:
    """``subject``: the device's kind of the profile, or ``screen touch network clock disk queue packs keys power chain
    actors``. ``test``: ``internal external interactive loop`` of a device, else the name of the test (``paper``,
    ``streaks``, ``glass``, ``covered``, ``heard``, ``case`` ...). ``by``: ``night``, ``start`` or a member of staff's
    number. ``at``: Beijing time.
    """

    at: datetime
    subject: str
    test: str
    outcome: Outcome
    code: str
    values: tuple[str, ...] = ()
    by: str = ""
    report: str = ""  # a driver's own words, for engineers; no personal data


class Proofs(Protocol):
    """Where they are kept (the journal)."""

    def note_proof(self, proof: Proof) -> None: ...

    def latest_proofs(self) -> tuple[Proof, ...]:
        """The last of every subject and test, the newest first."""
        ...

    def proofs_of(self, subject: str, limit: int = 50) -> tuple[Proof, ...]: ...
