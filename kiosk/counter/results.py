"""What became of a case after the visit, as the backend says, and how often its papers were printed.

Both stand in the journal for as long as its papers are kept: this is the one place that knows where.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from kiosk.domain import late
from kiosk.journal.journal import Journal
from kiosk.wire import CaseResult

CONFIRMED, CONFLICT = "confirmed", "conflict"
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)  # what the audit chain takes for an outcome


def keep_results(journal: Journal, results: Sequence[CaseResult]) -> None:
    """Note each case's outcome; the last word counts, and the same word again changes nothing."""
    for result in results:
        if not _is_id(result.case_id):
            journal.audit("sync.alarm", reason="bad-result")
            continue
        outcome = result.outcome if _WORD.fullmatch(result.outcome) else "other"
        journal.keep_result(result.case_id, late.kept_outcome(outcome, result.text))


def outcome_of(journal: Journal, case_id: str) -> str:
    """``confirmed``, ``conflict``, another word of the backend's, or "" while there is none."""
    return journal.result_of(case_id).partition(".")[0]


def trouble_of(journal: Journal, case_id: str) -> str:
    """Why the case is not as it was told (a cause of kiosk.domain.late); "" while nothing of that is known.

    The backend's word counts more than what this terminal sees itself: that the item was set aside.
    """
    kept = journal.result_of(case_id)
    if not kept and journal.state_of(case_id) in ("rejected", "quarantined"):
        return late.NOT_TAKEN
    return late.cause_of(kept)


def note_attempt(journal: Journal, case_id: str, paper_id: str, attempt: int, how: str) -> None:
    """The paper's ``attempt``-th print (from 1) was ``begun``, or ended: ``printed``, ``not_printed``, ``unknown``."""
    journal.note_attempt(case_id, paper_id, attempt, how)


def attempts(journal: Journal, case_id: str, paper_id: str) -> tuple[int, bool]:
    """How many prints of this paper were begun, and whether the last came out for certain."""
    count, how = journal.attempts(case_id, paper_id)
    return count, how == "printed"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
