"""The cases of the person who stands at a terminal, of whatever terminal they are: asked and answered under a seal.

The question is sealed to the backend and names the document's number; the cases are found by its keyed hash, and the
number is kept nowhere. The answer is sealed to the key that the question brought, in steps of 4 KB: its length tells a
few cases from many, not from none; how long it takes is not hidden. How often one terminal may ask is limited, and who
asks more is an alarm: whoever has a terminal's key, and a list of numbers, is not to try them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec

from kiosk import wire
from kiosk.backend.asked import Limit, answered, opened
from kiosk.backend.keys import BackendKeys
from kiosk.backend.lives import Known, Lives
from kiosk.backend.metrics import Metrics
from kiosk.backend.problems import Refusal
from kiosk.backend.store.engine import Store
from kiosk.backend.store.terminals import Terminal
from kiosk.domain.beijing import CHINA
from kiosk.domain.life import May, Stand
from kiosk.domain.papers import PaperContent

COUNTED, ALARM = "kiosk_person_questions_total", "person-questions"
_query = msgspec.json.Decoder(wire.PersonQuery).decode
Rated = Callable[[Sequence[str]], Mapping[str, wire.CaseRating]]
Due = Callable[[str], PaperContent | None]


class PersonQuestions:
    """Thread-safe. ``clock`` is monotonic, seconds; ``now`` the time of day."""

    def __init__(
        self, rows: Store, lives: Lives, keys: BackendKeys, metrics: Metrics, clock: Callable[[], float],
        now: Callable[[], datetime], rated: Rated = lambda _: {}, due: Due = lambda _: None,
    ) -> None:  # fmt: skip
        """``rated``: what was said of those cases that were rated, and what came of it (ratings/). ``due``: the paper
        of a case that can be had now (certificates.py).
        """
        self._lives, self._keys, self._metrics, self._rated, self._due = lives, keys, metrics, rated, due
        self._limit = Limit(rows, ALARM, clock, now)

    def ask(self, terminal: Terminal, asked: wire.PersonCasesRequest) -> wire.PersonCasesReply:
        """Raises Refusal."""
        try:
            answer = self._ask(terminal, asked)
        except Refusal as refusal:
            self._metrics.count(COUNTED, outcome=refusal.code)
            raise
        self._metrics.count(COUNTED, outcome="answered")
        return answer

    def _ask(self, terminal: Terminal, asked: wire.PersonCasesRequest) -> wire.PersonCasesReply:
        self._limit.take(terminal.terminal_id)
        info = wire.person_query_info(terminal.terminal_id)
        query, reply_key = opened(self._keys, terminal, asked.sealed, info, _query)
        found, more = self._lives.of_person(query.number, test=query.test, limit=wire.MAX_PERSON_CASES)
        rated = self._rated([known.life.case_id for known, _ in found]) if found else {}
        told = [
            replace(
                _told(known, stands, terminal.terminal_id, rated.get(known.life.case_id)),
                paper=self._paper(known, stands, terminal.terminal_id),
            )
            for known, stands in found
        ]
        answer_info = wire.person_answer_info(terminal.terminal_id)
        return wire.PersonCasesReply(answered(wire.PersonCases(told, more), reply_key, answer_info))

    def _paper(self, known: Known, stands: Stand, terminal_id: str) -> wire.CasePaper | None:
        """What is owed is told where it can be fetched: at the terminal that took the case."""
        if May.COLLECT not in stands.may or known.life.terminal_id != terminal_id:
            return None
        content = self._due(known.life.case_id)
        english = "" if content is None else content.extra.get("title", "")
        return None if content is None else wire.CasePaper(content.paper_id, content.title, english or content.title)


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _told(known: Known, found: Stand, terminal_id: str, rated: wire.CaseRating | None) -> wire.CaseProgress:
    life, name = known.life, known.about.name
    return wire.CaseProgress(
        life.case_id, life.case_no, life.service_id, name.zh, name.en, found.state.value, found.since.isoformat(),
        "" if found.due is None else found.due.isoformat(), found.deemed, sorted(may.value for may in found.may),
        life.terminal_id == terminal_id, found.version, found.reason.zh, found.reason.en, found.handler.zh,
        found.handler.en, [wire.CaseLack(each.text.zh, each.text.en, each.material) for each in found.lacking],
        received=_day(found.standing.received), accepted=_day(found.standing.accepted),
        rating=rated, confirmed=_day(None if found.confirmed is None else found.confirmed.astimezone(CHINA).date()),
        confirmed_zh=found.confirmation.zh, confirmed_en=found.confirmation.en,
    )  # fmt: skip
