"""What became of a case after the visit, as the backend says, and how often its papers were printed.

Kept in the journal's meta until the journal has a table for it: this is the one place that knows where.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

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
        if outcome_of(journal, result.case_id) != outcome:
            journal.audit("result.received", result.case_id, outcome=outcome)
            journal.set_meta(f"result.{result.case_id}", outcome)


def outcome_of(journal: Journal, case_id: str) -> str:
    """``confirmed``, ``conflict``, another word of the backend's, or "" while there is none."""
    return journal.meta(f"result.{case_id}") or ""


def note_attempt(journal: Journal, case_id: str, paper_id: str, attempt: int, how: str) -> None:
    """The paper's ``attempt``-th print (from 1) was ``begun``, or ended: ``printed``, ``not_printed``, ``unknown``."""
    journal.set_meta(f"prints.{case_id}.{paper_id}", f"{attempt} {how}")


def attempts(journal: Journal, case_id: str, paper_id: str) -> tuple[int, bool]:
    """How many prints of this paper were begun, and whether the last came out for certain."""
    count, _, how = (journal.meta(f"prints.{case_id}.{paper_id}") or "0 ").partition(" ")
    return int(count), how == "printed"


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
