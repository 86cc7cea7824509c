"""Proofs (``kiosk/health/proofs.py``): what was tested at this terminal, when, and how it came out.

No personal data: subject, test, code are words of ours, values are short and have no long run of digits (an identity
number, a telephone number) and no character of a name; of a driver's own words whatever might be such is struck out.
Bounded: the last ``KEPT`` of each subject and test, and ``ALL`` together.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec

from kiosk.domain.beijing import CHINA
from kiosk.health.proofs import Outcome, Proof
from kiosk.journal.errors import JournalError
from kiosk.journal.records import stamp

if TYPE_CHECKING:
    from kiosk.journal.store import Store

KEPT, ALL = 20, 1000
REPORT = 2000
"""Characters of a report that are kept."""
VALUES = 8

_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_STAFF = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.+-]{0,63})?", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9 _.,:;%/()=+#*@°-]{0,64}")
_DIGITS = re.compile(r"\d{9,}[0-9Xx]?")
_FOREIGN = re.compile(r"[^\x20-\x7e\n]")
_OUTCOMES = get_args(Outcome)
_COLUMNS = "at, subject, test, outcome, code, words, staff, report"


def checked(proof: Proof) -> Proof:
    """The same, with a report that may be kept. JournalError ``proof-refused``: the value is never repeated."""
    words = {"subject": proof.subject, "test": proof.test, "code": proof.code}
    for name, word in words.items():
        if _WORD.fullmatch(word) is None:
            raise JournalError("proof-refused", f"the {name} of a proof is no word")
    if proof.outcome not in _OUTCOMES:
        raise JournalError("proof-refused", "the outcome of a proof is none of the three")
    if _STAFF.fullmatch(proof.by) is None:
        raise JournalError("proof-refused", "who made a proof is no number of staff")
    if len(proof.values) > VALUES:
        raise JournalError("proof-refused", f"a proof with {len(proof.values)} values")
    for at, value in enumerate(proof.values):
        if _VALUE.fullmatch(value) is None or _DIGITS.search(value):
            raise JournalError("proof-refused", f"value {at} of a proof is not of the form")
    report = _DIGITS.sub("#", _FOREIGN.sub("?", proof.report))[:REPORT]
    return replace(proof, report=report)


class Proofs:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, proof: Proof) -> None:
        """Raises JournalError ``proof-refused``."""
        proof = checked(proof)
        execute = self._store.connection.execute
        words = msgspec.json.encode(proof.values).decode()
        row = (
            stamp(proof.at), proof.subject, proof.test, proof.outcome, proof.code, words, proof.by, proof.report,
        )  # fmt: skip
        execute(f"INSERT INTO proofs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608  # our own names
        of = (proof.subject, proof.test)
        execute(
            "DELETE FROM proofs WHERE subject = ? AND test = ? AND id <= (SELECT id FROM proofs WHERE subject = ?"
            " AND test = ? ORDER BY id DESC LIMIT 1 OFFSET ?)", (*of, *of, KEPT),
        )  # fmt: skip
        execute("DELETE FROM proofs WHERE id <= (SELECT id FROM proofs ORDER BY id DESC LIMIT 1 OFFSET ?)", (ALL,))
        by = {"by": proof.by} if proof.by else {}
        self._store.audit(
            "proof.noted", subject=proof.subject, test=proof.test, outcome=proof.outcome, code=proof.code, **by
        )

    def latest(self) -> tuple[Proof, ...]:
        """The last of every subject and test, the newest first."""
        sql = f"SELECT {_COLUMNS} FROM proofs WHERE id IN (SELECT max(id) FROM proofs GROUP BY subject, test) ORDER BY id DESC"  # noqa: S608, E501
        return tuple(map(_proof, self._store.connection.execute(sql)))

    def of(self, subject: str, limit: int) -> tuple[Proof, ...]:
        """Of one subject, the newest first."""
        sql = f"SELECT {_COLUMNS} FROM proofs WHERE subject = ? ORDER BY id DESC LIMIT ?"  # noqa: S608
        return tuple(map(_proof, self._store.connection.execute(sql, (subject, limit))))


def _proof(row: Any) -> Proof:
    at, subject, test, outcome, code, words, staff, report = row
    moment = datetime.fromisoformat(at).astimezone(CHINA)
    values = msgspec.json.decode(words, type=tuple[str, ...])
    return Proof(moment, subject, test, cast("Outcome", outcome), code, values, staff, report)
