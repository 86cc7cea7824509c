"""A word whose moment has no zone cannot be put in order beside others: it is none, and stops no page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kiosk import wire
from kiosk.journal.records import KnownCase
from kiosk.sync.asking import kept, progress_of

NAIVE = "2026-11-26T09:00:00"


class Words:
    def __init__(self, since: str) -> None:
        self._since = since

    def word_of(self, case_id: str) -> wire.CaseWord | None:
        return wire.CaseWord(case_id, "1", "accepted", self._since)

    def case_of(self, case_id: str) -> KnownCase | None:
        return KnownCase(case_id, "1", "elder_card", "referred", "final", datetime(2026, 11, 26, tzinfo=UTC), False)

    def keep_word(self, word: wire.CaseWord) -> bool:
        raise AssertionError

    def audit(self, event: str, /, **details: str | int) -> None:
        raise AssertionError


def told(since: str) -> wire.CaseProgress:
    return wire.CaseProgress("case", "1", "elder_card", "", "", "accepted", since, "", False, [], here=False)


def test_of_the_backends_answer() -> None:
    assert progress_of(told(f"{NAIVE}+00:00")).since.tzinfo is not None
    with pytest.raises(ValueError, match="time zone"):
        progress_of(told(NAIVE))


def test_of_a_word_that_is_kept() -> None:
    assert kept(Words(f"{NAIVE}+00:00"), "case") is not None
    assert kept(Words(NAIVE), "case") is None
