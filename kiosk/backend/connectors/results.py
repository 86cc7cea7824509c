"""What a department sends back: matched by its case number, and done as a deed of that case's life, or set aside.

Nothing that came is lost: what cannot be done is kept with the reason why (`ASIDE`), and a person looks at it. What
comes twice is done once, because it is known by its id; the deed and the mark that it is done are one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from kiosk.backend import log
from kiosk.backend.connectors.config import Connector
from kiosk.backend.connectors.lines import Incoming
from kiosk.backend.connectors.mapping import Back
from kiosk.backend.connectors.sealed import Sealing
from kiosk.backend.lives import Act, Known, Lives
from kiosk.backend.settings import BackendError
from kiosk.backend.store import connector_letters, connector_results
from kiosk.backend.store.connector_results import Result
from kiosk.backend.store.engine import Connection, Store, StoreBusy
from kiosk.domain.beijing import CHINA
from kiosk.domain.life import Deed, LifeError, Role, State, track_of
from kiosk.domain.life_table import Track, rule
from kiosk.domain.text import Text
from kiosk.journal.errors import JournalError

ASIDE = {
    "garbled": "It could not be read: ask the department to send it once more.",
    "too-large": "It is larger than a result can be: ask the department what it is.",
    "id-missing": "It has no id of its own: ask the department for one.",
    "number-missing": "It does not say which case it is about.",
    "unmatched": "No case has this number: compare it with the department, and repair the number.",
    "not-theirs": "This department was never told of the case.",
    "two-cases": "Two cases bear this number: do it by hand for the right one.",
    "unknown-result": "Its result is no code of the list: add it to the cross-walk, then retry.",
    "a-person-decides": "What this result means is a person's to say: do it by hand.",
    "no-moment": "Its day cannot be read.",
    "in-future": "It is dated after today: one of the two clocks is wrong.",
    "before-case": "It is dated before the case: it may be another's.",
    "reason-missing": "It gives no reason, which the applicant has to be told.",
    "differs": "Another result came under the same id before, with another content.",
    "contradicts": "The case was decided otherwise before.",
    "late": "The case had ended before it came.",
    "not-now": "The case is in a state in which this cannot be done: retry when it has gone on.",
    "fault": "This program has a fault: the log says where. Retry when it is mended.",
    "unreadable": "The key that it was sealed to is not here any more.",
}
BY = "部门回传"  # who did it, where the department does not say
AHEAD = timedelta(minutes=10)  # that a department's clock may be
_GIVES = {Deed.APPROVED: State.APPROVED, Deed.REFUSED: State.REFUSED, Deed.NOT_ACCEPTED: State.NOT_ACCEPTED,
          Deed.ANSWERED: State.ANSWERED, Deed.VOIDED: State.VOIDED, Deed.WITHDRAWN: State.WITHDRAWN}  # fmt: skip
_REASONED = (Deed.REFUSED, Deed.NOT_ACCEPTED, Deed.VOIDED, Deed.ANSWERED)
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y%m%dT%H%M%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")


class _Aside(Exception):
    """``why``: one of ASIDE."""

    def __init__(self, why: str, case_id: str = "") -> None:
        super().__init__(why)
        self.why, self.case_id = why, case_id


@dataclass(frozen=True, slots=True, repr=False)
class _Read:
    """A result as it was understood."""

    case_no: str
    word: str
    at: datetime
    reason: str
    who: str
    number: str


class Results:
    """Thread-safe: every call is its own transaction."""

    def __init__(self, rows: Store, lives: Lives, sealing: Sealing, now: Callable[[], datetime]) -> None:
        self._store, self._lives, self._sealing, self._now = rows, lives, sealing, now

    def keep(self, connector: Connector, came: list[Incoming]) -> dict[str, int]:
        """Puts down what came, each once. How many were new, came again, or differ. Raises StoreBusy."""
        made = [self._row(connector, each) for each in came]

        def work(connection: Connection) -> dict[str, int]:
            counts = {"new": 0, "again": 0, "differs": 0}
            for each, row in zip(came, made, strict=True):
                word = connector_results.put(connection, row)
                counts[word] += 1
                if word == "differs":  # kept beside the first one, under a name of its own
                    sealed = self._named(connector, each, f"{str(row['guid'])[:31]}-{_digest(each)[:32]}", "differs")
                    connector_results.put(connection, {**sealed, "state": "aside"})
            return counts

        counts = self._store.write(work)
        log.event("connector.results", connector=connector.name, **counts)
        return counts

    def run(self, connector: Connector, limit: int = 200) -> int:
        """Does what waits, in the order in which it came. How many. Raises StoreBusy; what is done stays."""
        done = 0
        while found := self._store.read(lambda c: connector_results.waiting(c, connector.name, limit)):
            for result in found:
                self._do(connector, result)
            done += len(found)
        return done

    # -- one of them

    def _row(self, connector: Connector, came: Incoming) -> dict[str, str | bytes]:
        back = connector.mapped.back
        known = "" if back is None or came.trouble else came.values.get(back.guid, "")
        if len(known) > 64 or not known.isprintable():
            known = ""
        guid = known or f"-{_digest(came)[:40]}"
        why = came.trouble or ("" if known else "id-missing")
        return self._named(connector, came, guid, why)

    def _named(self, connector: Connector, came: Incoming, guid: str, why: str) -> dict[str, str | bytes]:
        said, key_id = self._sealing.said(guid, came.values)
        now = stamp(self._now())
        return {
            "connector": connector.name, "guid": guid, "hash": _digest(came), "said": said, "sealing_key_id": key_id,
            "at": now, "why": why, "state": "aside" if why else "new",
        }  # fmt: skip

    def _do(self, connector: Connector, result: Result) -> None:
        why, case_id = "", ""
        try:
            read = self._read(connector, result)
            case_id = self._matched(connector, read.case_no)
            again = self._act(connector, result, read, case_id)
        except _Aside as aside:
            why, case_id = aside.why, aside.case_id or case_id
            self._settle(result, "aside", why, case_id)
            log.event("connector.aside", connector=connector.name, why=why, case=case_id or None)
            return
        except StoreBusy:
            raise
        except Exception as error:  # a bug keeps no other result waiting
            log.fault(error)
            self._settle(result, "aside", "fault", case_id)
            return
        log.event("connector.result", connector=connector.name, case=case_id, again=again)

    def _read(self, connector: Connector, result: Result) -> _Read:
        back = connector.mapped.back
        if back is None:
            raise _Aside("unknown-result")
        try:
            values = self._sealing.read_said(result.guid, result.said, result.sealing_key_id)
        except (JournalError, msgspec.MsgspecError):
            raise _Aside("unreadable") from None
        number = values.get(back.case_no, "").strip()
        if not number:
            raise _Aside("number-missing")
        word = back.codes.word(values.get(back.result, "").strip())
        if not word:
            raise _Aside("unknown-result" if word is None else "a-person-decides")
        return _Read(number, word, self._at(values.get(back.at, "")), _text(values, back.reason, 2000),
                     _text(values, back.who, 100), _text(values, back.number, 200))  # fmt: skip

    def _at(self, text: str) -> datetime:
        for form in _FORMATS:
            try:
                at = datetime.strptime(text.strip(), form).replace(tzinfo=CHINA)
            except ValueError:
                continue
            if at > self._now() + AHEAD:
                raise _Aside("in-future")
            return at
        raise _Aside("no-moment")

    def _matched(self, connector: Connector, case_no: str) -> str:
        def look(connection: Connection) -> tuple[list[str], list[str]]:
            found = connector_results.cases_of_number(connection, case_no)
            return found, connector_letters.was_told(connection, connector.name, found) if found else []

        found, told = self._store.read(look)
        if not found:
            raise _Aside("unmatched")
        if not told:
            raise _Aside("not-theirs", found[0])
        if len(told) > 1:
            raise _Aside("two-cases", told[0])
        return told[0]

    def _act(self, connector: Connector, result: Result, read: _Read, case_id: str) -> bool:
        """Does it, and marks it as done, at once. True where the case stands so already."""
        try:
            known = self._lives.known(case_id)
        except (BackendError, JournalError):
            raise _Aside("unreadable", case_id) from None
        deed = _deed(read.word, track_of(known.about.terms))
        if read.at.astimezone(CHINA).date() < known.events[0].at.astimezone(CHINA).date():
            raise _Aside("before-case", case_id)
        stands = known.stand(self._now(), self._lives.calendar())
        if stands.state.final:
            if stands.state is not _GIVES.get(deed) and not (deed is Deed.VOIDED and stands.state is State.APPROVED):
                decided = stands.state in (State.APPROVED, State.REFUSED, State.NOT_ACCEPTED, State.ANSWERED)
                raise _Aside("contradicts" if decided and deed in _GIVES else "late", case_id)
            if stands.state is _GIVES.get(deed):
                if not _confirms(deed, known):
                    self._settle(result, "done", "agrees", case_id)
                    return True
                deed = Deed.CONFIRMED
        if deed in _REASONED and not read.reason:
            raise _Aside("reason-missing", case_id)
        words = read.reason or (f"证照编号 {read.number}" if read.number else "")
        to = read.reason or BY if deed is Deed.FORWARDED else ""
        act = Act(deed, Role.DEPARTMENT, read.who or BY, Text(words, words), to=Text(to, to))

        def before(connection: Connection, _known: Known) -> None:
            if connector_results.hold(connection, result.connector, result.guid) is None:
                raise _Done

        def then(connection: Connection, _stand: object) -> None:
            connector_results.settle(connection, result, "done", deed.value, case_id, stamp(self._now()))

        try:
            self._lives.act(case_id, act, before, then)
        except _Done:
            return True
        except LifeError as error:
            if deed is Deed.CONFIRMED and error.code == "once-only":  # another result was the quicker one
                self._settle(result, "done", "agrees", case_id)
                return True
            raise _Aside("not-now" if error.code != "decided" else "late", case_id) from None
        except BackendError:
            raise _Aside("unmatched", case_id) from None
        return False

    def _settle(self, result: Result, state: str, why: str, case_id: str) -> None:
        now = stamp(self._now())
        self._store.write(lambda c: connector_results.settle(c, result, state, why, case_id, now))


class _Done(Exception):
    """Somebody else has done it meanwhile."""


def _confirms(deed: Deed, known: Known) -> bool:
    """Whether a department's result that agrees is to be put down: what others decided, it has found alike, once.

    What it has decided itself, and tells once more, is known already; so is what nobody decided (taken back, void).
    """
    if _GIVES[deed] not in rule(Deed.CONFIRMED).after or any(each.deed is Deed.CONFIRMED for each in known.events):
        return False
    decided = next((event for event in reversed(known.events) if event.deed is deed), None)
    return decided is not None and decided.by is not Role.DEPARTMENT


def _deed(word: str, track: Track) -> Deed:
    """A complaint is answered where an application is decided."""
    deed = Deed(word)
    if track is Track.COMPLAINT and deed in (Deed.APPROVED, Deed.REFUSED):
        return Deed.ANSWERED
    return deed


def back_names(back: Back) -> tuple[str, ...]:
    """The department's names of what is read."""
    return tuple(
        name for name in (back.guid, back.case_no, back.result, back.at, back.reason, back.who, back.number) if name
    )


def _text(values: dict[str, str], name: str, longest: int) -> str:
    return "".join(c for c in values.get(name, "").strip() if c.isprintable() or c == "\n")[:longest] if name else ""


def _digest(came: Incoming) -> str:
    return hashlib.sha256(msgspec.json.encode(came.values, order="sorted")).hexdigest()


def stamp(at: datetime) -> str:
    """As times stand in these tables: UTC, one length, so that texts sort as moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
