"""How a person's cases stand, asked of the backend while the person is here: also those of other terminals; and what a
department's register says of them.

Question and answer are sealed (kiosk/wire/lives.py): the number of the document to the backend, the answer to a key
that is made for this one question and forgotten with it. Nothing of either is kept here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar, get_args

import msgspec

from kiosk import suites, wire
from kiosk.domain.life import Lack, May, may_in
from kiosk.domain.life_table import State
from kiosk.domain.progress import Progress, remedy_of
from kiosk.domain.rating import Rated
from kiosk.domain.register import ANSWER, Answered, Silent
from kiosk.domain.text import EMPTY, Text
from kiosk.journal.records import KnownCase
from kiosk.sync.aside import Aside, Client
from kiosk.sync.policy import Failure, SyncFailure
from kiosk.sync.transport import Transport

TARGET, QUERIES = "/v1/person-cases", "/v1/queries"
T = TypeVar("T")
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)  # what the audit chain takes for a state
_MAY = {each.value for each in May}
_TASKS = ("", "open", "appealed", "verified", "answered")  # kiosk.domain.rating_task: read where there is a task
_FINDINGS = ("", "upheld", "partly", "unfounded", "mistaken", "malicious")
SECONDS = 8.0  # that a person may have to wait for an answer


@dataclass(frozen=True, slots=True)
class Cases:
    """``progress``: newest first. ``more``: there are older ones, which a member of staff can look up."""

    progress: tuple[Progress, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class NotAsked:
    """There is no answer. ``cause``: a word of SyncFailure's; ``advice`` is for the operator."""

    cause: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a question goes, and what binds it and its answer to the terminal."""

    target: str
    query_info: Callable[[str], bytes]
    answer_info: Callable[[str], bytes]


class Words(Protocol):
    """The part of the journal used here (kiosk.journal.journal.Journal)."""

    def word_of(self, case_id: str) -> wire.CaseWord | None: ...

    def case_of(self, case_id: str) -> KnownCase | None: ...

    def keep_word(self, word: wire.CaseWord) -> bool: ...

    def audit(self, event: str, /, **details: str | int) -> None: ...


class Asking(Aside):
    """Questions about one person, each with its answer."""

    def __init__(self, transport: Transport, client: Client, *, seconds: float = SECONDS) -> None:
        super().__init__(transport, client, seconds)

    def cases(self, number: str, *, test: bool = False) -> Cases | NotAsked:
        """The cases of the person whose document has this number."""
        enrolment = self._client.enrolment
        if enrolment is None:
            return NotAsked("not-enrolled")
        try:
            return self._ask(enrolment, number, test=test)
        except SyncFailure as failure:
            return NotAsked(failure.cause, failure.advice)

    def register(self, register: str, number: str, name: str, *, test: bool = False) -> Answered | Silent:
        """What this register says of the person whose document has this number and name."""
        enrolment = self._client.enrolment
        if enrolment is None:
            return Silent("not-enrolled")

        def question(key: str) -> bytes:
            return msgspec.json.encode(wire.RegisterQuery(register, number, name, key, test))

        sealed = Sealed(QUERIES, wire.register_query_info, wire.register_answer_info)
        try:
            answer = self._sealed(enrolment, sealed, question, wire.RegisterAnswer)
        except SyncFailure as failure:
            return Silent(failure.cause)
        if answer.outcome == "silent":
            return Silent(answer.cause)
        return Answered({ANSWER: answer.outcome, **answer.fields}, f"{answer.at} {answer.proof}")

    def _ask(self, enrolment: wire.Enrolment, number: str, *, test: bool) -> Cases:
        def question(key: str) -> bytes:
            return msgspec.json.encode(wire.PersonQuery(number, key, test))

        sealed = Sealed(TARGET, wire.person_query_info, wire.person_answer_info)
        answer = self._sealed(enrolment, sealed, question, wire.PersonCases)
        try:
            return Cases(tuple(map(progress_of, answer.cases)), answer.more)
        except ValueError:
            raise SyncFailure(Failure.SERVER, "bad-json") from None

    def _sealed(self, enrolment: wire.Enrolment, sealed: Sealed, question: Callable[[str], bytes], kind: type[T]) -> T:
        """One question, and its answer as this kind. ``question`` is written with the key for the answer. Raises
        SyncFailure."""
        sealing = wire.unb64(enrolment.sealing_key)
        suite = suites.of_key(sealing)
        private, public = suite.new_sealing_pair()
        hidden = suite.seal(question(wire.b64(public)), sealing, sealed.query_info(enrolment.terminal_id))
        body = msgspec.json.encode(wire.PersonCasesRequest(wire.b64(hidden)))  # of one shape with QueryRequest
        reply = self._call(enrolment, "POST", sealed.target, body, wire.PersonCasesReply)
        try:
            plain = suite.unseal(wire.unb64(reply.sealed), private, sealed.answer_info(enrolment.terminal_id))
            return msgspec.json.decode(plain.rstrip(b" "), type=kind)
        except (suites.NotOpened, msgspec.MsgspecError, ValueError):
            raise SyncFailure(Failure.SERVER, "bad-json") from None


def progress_of(told: wire.CaseProgress) -> Progress:
    """What the backend has told, as it is shown. Raises ValueError for words that this program does not know."""
    state = State(told.state)
    return Progress(
        told.case_id, told.case_no, told.service_id, Text(told.name_zh, told.name_en), state,
        _moment(told.since), due=date.fromisoformat(told.due) if told.due else None,
        deemed=told.deemed, reason=Text(told.reason_zh, told.reason_en),
        lacking=tuple(Lack(Text(each.zh, each.en), each.material) for each in told.lacking),
        handler=Text(told.handler_zh, told.handler_en), remedy=remedy_of(state),
        may=frozenset(May(word) for word in told.may if word in _MAY), here=told.here, version=told.version,
        received=_day(told.received), accepted=_day(told.accepted), rating=_rated(told.rating),
        confirmed=_day(told.confirmed), confirmation=Text(told.confirmed_zh, told.confirmed_en),
        owed=None if told.paper is None else (told.paper.paper, Text(told.paper.zh, told.paper.en)),
    )  # fmt: skip


def _rated(told: wire.CaseRating | None) -> Rated | None:
    """Raises ValueError for words that this program does not know."""
    if told is None:
        return None
    if not (1 <= told.level <= 5 and 0 <= told.added <= 5) or told.task not in _TASKS or told.finding not in _FINDINGS:
        raise ValueError("no rating")
    return Rated(
        told.level, _day(told.at), tuple(told.options), told.task, _day(told.due), told.finding, told.answer,
        _day(told.answered), told.longer, told.added,
    )  # fmt: skip


def _moment(text: str) -> datetime:
    """Raises ValueError, also for one without a zone: it could not be put in order beside others."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone")
    return moment


def _day(day: str) -> date | None:
    return date.fromisoformat(day) if day else None


def keep_words(words: Words, told: Sequence[wire.CaseWord]) -> None:
    """Note what the sync has brought; the same again changes nothing."""
    for word in told:
        sound = all(wire.ID.fullmatch(each) for each in (word.case_id, word.deed or "0"))
        sound = sound and (_WORD.fullmatch(word.state) is not None or (word.state == "" and word.deed != ""))
        if sound and word.answer in ("", *get_args(wire.DeedAnswer)):
            words.keep_word(word)
        else:
            words.audit("sync.alarm", reason="bad-result")


def kept(words: Words, case_id: str) -> Progress | None:
    """How a case of this terminal stands as far as is known here; None for a case that is not here.

    By the newest word that the sync has brought, else by what the terminal itself has decided. What is lacking is not
    known here, so it cannot be supplemented without a line; to withdraw needs none.
    """
    known = words.case_of(case_id)
    if known is None:
        return None
    word = words.word_of(case_id) or wire.CaseWord(case_id, known.case_no, _own(known), known.committed_at.isoformat())
    try:
        state, since = State(word.state), _moment(word.since)
        due = date.fromisoformat(word.due) if word.due else None
    except ValueError:  # a newer backend's
        return None
    return Progress(
        case_id, known.case_no, known.service_id, EMPTY, state, since, due=due, deemed=word.deemed,
        remedy=remedy_of(state), may=may_in(state) - {May.SUPPLEMENT}, here=True, whole=False,
    )  # fmt: skip


def _own(known: KnownCase) -> str:
    decided = known.outcome in ("approved", "refused") and known.rung == "final"
    return known.outcome if decided else State.RECEIVED.value
