"""The life of every case here (kiosk.domain.life): begun when it has come, gone on with by staff and by applicants.

What was done is only ever added to, in `life_events`, each event under a hash over it and the one before; how a case
stands is reckoned from that and kept beside it. A life begins when somebody needs it, or in a quiet moment
(replaying.py): no push waits for it. What an applicant has sent (a withdrawal, a supplement), and that a certificate
was taken (a delivery), is acknowledged with its item, and answered by the table right behind; killed in between, it is
answered in the next quiet moment. A case that cannot be read keeps nobody else waiting: it is left out and logged
(``case.unreadable``); who names it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.desks import desks_of
from kiosk.backend.keys import BackendKeys
from kiosk.backend.lives_about import About, Packs, Written, about_of, chain_holds, name_in, read, written
from kiosk.backend.lives_opening import decision_again, opening, why_late
from kiosk.backend.settings import BackendError
from kiosk.backend.store import lives as store
from kiosk.backend.store import queue
from kiosk.backend.store.engine import Connection, Store, StoreBusy
from kiosk.backend.store.items import raise_alarm_once
from kiosk.backend.store.lives import DeedRow, Found, Life
from kiosk.domain.beijing import CHINA
from kiosk.domain.life import Deed, Lack, LifeError, LifeEvent, Role, Stand, State, check, stand
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.workdays import Calendar, national
from kiosk.health.failpoints import hit
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import item_info, unseal
from kiosk.services.model import ServicePack

FAILPOINTS = ("backend.deed",)  # a deed of an applicant is about to be answered
BATCH = 50  # lives of one transaction
NUMBER = "applicant.number"
DEEDS = {"withdrawal": Deed.WITHDRAWN, "supplement": Deed.SUPPLEMENTED, "delivery": Deed.DELIVERED}
TOO_LATE, NOT_THEIRS, NOT_ASKED, INCOMPLETE, DONE = "too_late", "not_theirs", "not_asked", "incomplete", "done"
AFAR_CASES, AFAR_PERSONS = 10, 3  # of other terminals, withdrawn at one in a day: whoever does more is an alarm
UNREADABLE = (JournalError, msgspec.MsgspecError, ValueError)  # a key that is not here, spoilt bytes, a newer word
Said = wire.WithdrawalPayload | wire.SupplementPayload | wire.DeliveryPayload | wire.FollowUpPayload
Followed = Callable[[Connection, DeedRow, wire.FollowUpPayload], bool]
_decoders: dict[str, Callable[[bytes], Said]] = {
    "withdrawal": msgspec.json.Decoder(wire.WithdrawalPayload).decode,
    "supplement": msgspec.json.Decoder(wire.SupplementPayload).decode,
    "delivery": msgspec.json.Decoder(wire.DeliveryPayload).decode,
    "followup": msgspec.json.Decoder(wire.FollowUpPayload).decode,
}


@dataclass(frozen=True, slots=True, repr=False)
class Act:
    """A deed as somebody wants it done; see LifeEvent."""

    deed: Deed
    by: Role
    who: str = ""
    reason: Text = EMPTY
    lacking: tuple[Lack, ...] = ()
    to: Text = EMPTY
    approval: str = ""
    checked: tuple[Text, ...] = ()

    def at(self, moment: datetime) -> LifeEvent:
        return LifeEvent(
            self.deed, moment, self.by, self.who, self.reason, self.lacking, self.to, self.approval, self.checked
        )


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """A case's life as it was read."""

    life: Life
    about: About
    events: tuple[LifeEvent, ...]

    def stand(self, now: datetime, calendar: Calendar) -> Stand:
        return stand(self.about.terms, self.events, max(now, self.events[-1].at), calendar)


@dataclass(frozen=True, slots=True, repr=False)
class Whole:
    """A case for the page that shows it. ``case``: None where no key opens it; ``sent``: what its applicant sent since;
    ``pack``: of its version, as it was published; ``others``: cases of the same person, newest first.
    """

    known: Known
    found: Found
    case: wire.CasePayload | None
    sent: tuple[tuple[DeedRow, Said | None], ...]
    pack: ServicePack | None
    others: tuple[Life, ...]


Before = Callable[[Connection, Known], None]
Then = Callable[[Connection, Stand], None]


def _nothing(_connection: Connection, _what: object) -> None:
    """Nobody has anything to add."""


@dataclass(frozen=True, slots=True, repr=False)
class _Beginning:
    """A life as it is to be written. ``to_check``: it was approved by a promise. ``desks``: desks.desks_of."""

    found: Found
    row: dict[str, Any]
    events: list[dict[str, Any]]
    to_check: bool
    desks: tuple[str, str]


class Lives:
    """Thread-safe: every call is its own transaction. ``person``: a document's number as its keyed hash."""

    def __init__(
        self,
        rows: Store,
        keys: BackendKeys,
        now: Callable[[], datetime],
        person: Callable[..., str],
        calendar: Callable[[], Calendar] = national,
    ) -> None:
        self._store, self._keys, self._now, self._person, self.calendar = rows, keys, now, person, calendar
        self._written, self._packs = Written(keys), Packs()
        self.followed: Followed | None = None  # takes a word added to a rating; False: none may be added (ratings/)
        self.decided: Callable[[], None] = lambda: None  # told that a case was approved: its paper is due
        self.unopened = True  # some case may be without a life: as far as this process knows

    # -- beginning ------------------------------------------------------------------------------------

    def open_waiting(self, until: Callable[[], bool] = bool, limit: int = 0) -> int:
        """Begins the lives of cases that have none, oldest first, ``until`` it says so between two batches, or until
        ``limit`` (0: all). How many. Raises StoreBusy; what is done stays.
        """
        self.unopened, after, begun = False, "", 0
        while made := self._store.read(partial(self._made_all, after=after)):
            begun += self._store.write(partial(self._begin_all, made=made))
            after = made[-1].found.case_id
            if until() or (limit and begun >= limit):
                self.unopened = True
                break
        return begun

    def quiet_round(self, until: Callable[[], bool]) -> None:
        """What can wait for a quiet moment, ``until`` it says that it is over. Raises StoreBusy."""
        self.open_waiting(until)
        if not until():
            self.answer_deeds()
            self.refresh()

    def _made_all(self, connection: Connection, after: str) -> list[_Beginning]:
        """Opened and sealed before anybody is kept waiting."""
        found = store.unopened(connection, after, BATCH)
        return [self._made(connection, each) for each in found]

    def _begin_all(self, connection: Connection, made: Sequence[_Beginning]) -> int:
        store.hold_terminals(connection, (each.found.terminal_id for each in made))
        return sum(self._begin(connection, each) for each in made)

    def _made(self, connection: Connection, found: Found) -> _Beginning:
        case = self._opened(found)
        pack = self._packs.find(connection, found.service_id, found.pack_version)
        about = about_of(pack, case)
        arrived = datetime.fromisoformat(found.received_at)
        if case is None:  # sealed to a key that is not here any more: what was done to it can still be put down
            person, events = "", [LifeEvent(Deed.RECEIVED, arrived, Role.SYSTEM)]
        else:
            number = next((field.value for field in case.fields if field.key == NUMBER), "")
            person = self._person(number, test=case.test) if number else ""
            events = opening(case, found.state, arrived, pack, about.terms)
        head, rows = found.item_hash, []
        for seq, event in enumerate(events, 1):
            rows.append(self._written.row(found.case_id, seq, event, head))
            head = rows[-1]["hash"]
        stands = stand(about.terms, events, max(self._now(), events[-1].at), self.calendar())
        row = {
            "case_id": found.case_id, "person": person, "about": written(about), **_columns(stands),
            "events": len(events), "head": head,
        }  # fmt: skip
        promised = case is not None and case.commitment is not None
        return _Beginning(found, row, rows, stands.state is State.APPROVED and promised, desks_of(pack))

    def _begin(self, connection: Connection, made: _Beginning) -> bool:
        """In a transaction that holds the case's terminal; False where somebody else has begun it."""
        found = made.found
        if not store.begin(connection, made.row, made.events):
            return False
        if made.to_check:
            store.after_check(connection, found.case_id, self._now().isoformat(), made.desks[1])
        if made.row["state"] in queue.OPEN:
            queue.put(connection, found.case_id, queue.REVIEW, *made.desks, made.row["due"])
        if made.row["state"] != State.RECEIVED.value and found.state in ("confirmed", "merged"):
            life = store.life(connection, found.case_id)  # its terminal does not know that it came out so
            if life is not None:
                store.tell(connection, life.terminal_id, life, life.state, life.since)
        return True

    def file_of(self, case_id: str) -> tuple[Found, wire.CasePayload | None, list[tuple[DeedRow, Said | None]]]:
        """A case as it was sealed, with what its applicant has sent since. Raises BackendError (``no-such-case``)."""

        def look(connection: Connection) -> tuple[Found | None, list[DeedRow]]:
            return store.case(connection, case_id), store.deeds_of(connection, case_id)

        found, sent = self._store.read(look)
        if found is None:
            raise BackendError("no-such-case", "no case of this id is here: check --case and --db")
        return found, self._opened(found), [(each, self._said(each)) for each in sent]

    def whole(self, case_id: str, others: int) -> Whole:
        """All of a case at one moment, with as many cases of the same person. Raises BackendError."""

        def look(connection: Connection) -> Whole | None:
            known, found = self._known(connection, case_id), store.case(connection, case_id)
            if known is None or found is None:
                return None
            same = store.of_person(connection, known.life.person, others + 1) if known.life.person else []
            pack = self._packs.find(connection, found.service_id, found.pack_version)
            sent = store.deeds_of(connection, case_id)
            beside = tuple(each for each in same if each.case_id != case_id)[:others]
            return Whole(
                known, found, self._opened(found), tuple((each, self._said(each)) for each in sent), pack, beside
            )

        whole = self._store.read(look)
        if whole is None:  # it is begun now, or there is none
            self.known(case_id)
            whole = self._store.read(look)
        if whole is None:
            raise AssertionError("a life that was begun and is not there")
        return whole

    def opened(self, found: Found) -> wire.CasePayload | None:
        """What is inside a case; None where no key of this backend opens it."""
        return self._opened(found)

    def _opened(self, found: Found) -> wire.CasePayload | None:
        try:
            return wire.read_case(self._unsealed(found.sealed, found.sealing_key_id, found.terminal_id, found.item_id))
        except (JournalError, msgspec.MsgspecError):
            return None

    def _unsealed(self, sealed: bytes, key_id: str, terminal_id: str, item_id: str) -> bytes:
        epoch = next((each for each in self._keys.epochs if each.sealing_id == key_id), None)
        if epoch is None:
            raise JournalError("not-sealed-for-this", "the key of this item is not in the backend's key file")
        return unseal(sealed, epoch.sealing_private, item_info(terminal_id, item_id))

    # -- reading --------------------------------------------------------------------------------------

    def known(self, case_id: str) -> Known:
        """A case's life; one that has not begun is begun. Raises BackendError."""
        found = self._store.read(lambda connection: self._known(connection, case_id))
        return found or self._store.write(lambda connection: self._held(connection, case_id))

    def chain_holds(self, case_id: str) -> bool:
        """Whether a case's events are all there, as they were written."""

        def look(connection: Connection) -> bool:
            case, life = store.case(connection, case_id), store.life(connection, case_id)
            rows = store.events(connection, case_id)
            return case is not None and life is not None and chain_holds(case_id, case.item_hash, rows, life.head)

        return self._store.read(look)

    def of_person(self, number: str, *, test: bool, limit: int) -> tuple[list[tuple[Known, Stand]], bool]:
        """The cases of whoever has a document of this number, newest first, as they stand; whether there are more.

        One that cannot be read is one more: staff have to look.
        """
        if self.unopened:
            self.open_waiting(limit=10 * BATCH)
        person, now, calendar = self._person(number, test=test), self._now(), self.calendar()

        def look(connection: Connection) -> tuple[list[Known], bool]:
            found = store.of_person(connection, person, limit + 1)
            lives = self._readable(connection, found[:limit])
            return lives, len(found) > len(lives)

        lives, more = self._store.read(look)
        return [(each, each.stand(now, calendar)) for each in lives], more or self.unopened

    def due(self, days: int, limit: int = 1000) -> list[tuple[Known, Stand]]:
        """Cases that are overdue, or whose last day is within so many days, the oldest first."""
        if self.unopened:
            self.open_waiting()
        self.refresh()
        until = (self._now().astimezone(CHINA).date() + timedelta(days=days)).isoformat()
        now, calendar = self._now(), self.calendar()

        def look(connection: Connection) -> list[Known]:
            return self._readable(connection, store.due(connection, until, limit))

        return [(each, each.stand(now, calendar)) for each in self._store.read(look)]

    def _known(self, connection: Connection, case_id: str, *, lock: bool = False) -> Known | None:
        life = store.life(connection, case_id, lock=lock)
        return None if life is None else self._read(connection, life)

    def _read(self, connection: Connection, life: Life) -> Known:
        rows = store.events(connection, life.case_id)
        return Known(life, read(life.about), tuple(self._written.event(life.case_id, row) for row in rows))

    def _readable(self, connection: Connection, lives: Sequence[Life]) -> list[Known]:
        """Those that can be read; of the others the log tells."""
        found = []
        for life in lives:
            try:
                found.append(self._read(connection, life))
            except UNREADABLE as error:
                log.event("case.unreadable", case=life.case_id, error=type(error).__name__)
        return found

    def names_of(self, case_ids: Sequence[str]) -> dict[str, Text]:
        """Of each case that has begun its matter's name, EMPTY where nobody here knows it."""
        found = self._store.read(lambda connection: store.of_page(connection, case_ids)) if case_ids else []
        return {each.case_id: name_in(each) for each in found}

    def check_of(self, case_id: str) -> tuple[str, str, str] | None:
        """Since when the case is to be checked later, what was found, and when; None where it is not to be."""
        return self._store.read(lambda connection: store.check_of(connection, case_id))

    def envelope_of(self, case_id: str) -> wire.CasePayload | None:
        """What a case says, opened; None where there is no such case, or no key for it any more."""
        found = self._store.read(lambda connection: store.case(connection, case_id))
        return None if found is None else self._opened(found)

    def numbered(self, case_no: str) -> list[str]:
        """The ids of the cases that bear this number: one, but for numbers that a terminal has used twice."""
        return self._store.read(lambda connection: store.numbered(connection, case_no))

    def some(self) -> str:
        """The id of some case, "" while there is none."""
        return self._store.read(store.any_case)

    def pack_of(self, case_id: str) -> ServicePack | None:
        """The pack by which a case was made, where it is known here."""

        return self._store.read(partial(self.pack_in, case_id=case_id))

    def pack_in(self, connection: Connection, case_id: str) -> ServicePack | None:
        """The same within a transaction."""
        found = store.case(connection, case_id)
        return None if found is None else self._packs.find(connection, found.service_id, found.pack_version)

    # -- going on -------------------------------------------------------------------------------------

    def check(self, case_id: str, act: Act) -> None:
        """Whether it may be done now. Raises as `act` does."""
        self.would(self.known(case_id), act)

    def would(self, known: Known, act: Act) -> None:
        """Whether it may be done to a case as it was read. Raises LifeError."""
        now = self._now()
        check(known.stand(now, self.calendar()), act.at(max(now, known.events[-1].at)), known.about.terms)

    def held(self, connection: Connection, case_id: str) -> Known:
        """A case's life within a transaction of the caller, locked. Raises BackendError."""
        return self._held(connection, case_id)

    def act(self, case_id: str, act: Act, before: Before = _nothing, then: Then = _nothing) -> Stand:
        """Does it, if the table allows it now. Raises LifeError, BackendError (``no-such-case``).

        ``before`` sees the case, locked, and may refuse by raising; ``then`` follows: both in the same transaction.
        """

        def work(connection: Connection) -> Stand:
            known = self._held(connection, case_id)
            before(connection, known)
            done = self._add(connection, known, act)
            then(connection, done)
            return done

        done = self._store.write(work)
        log.event("case.act", case=case_id, deed=act.deed.value, role=act.by.value, state=done.state.value)
        if act.deed is Deed.APPROVED:
            self.decided()
        return done

    def follow(self, connection: Connection, case_id: str, word: str, outcome: str, rung: str) -> None:
        """What the office has settled (late.py) as an event of the case's life, in the same transaction."""
        known = self._held(connection, case_id)
        now = max(self._now(), known.events[-1].at)
        if word in ("confirmed", "revoked"):
            store.checked(connection, case_id, word, now.isoformat())
        act: Act | None = None
        if word in ("revoked", "elsewhere"):
            act = Act(Deed.VOIDED, Role.DEPARTMENT, reason=why_late(word, (outcome, rung)))
        elif word == "confirmed" and (again := decision_again(outcome, now, Role.DEPARTMENT)) is not None:
            act = Act(again.deed, again.by, reason=again.reason)
        if act is not None:
            try:
                self._add(connection, known, act)
            except LifeError:
                return  # it stands as the office says already, or is beyond that: the finding says the rest

    def refresh(self) -> int:
        """Cases that time alone has moved on (accepted for want of an answer), put down as they stand. How many."""
        today = self._now().astimezone(CHINA).date() - timedelta(days=1)
        moved = self._store.read(partial(self._moved_on, day=today.isoformat()))
        return sum(self._store.write(partial(self._look_again, life=life)) for life in moved)

    def _moved_on(self, connection: Connection, day: str) -> list[Life]:
        """Those whose last day is over, and that stand otherwise since: what is overdue is not written each time."""
        now, calendar = self._now(), self.calendar()
        known = self._readable(connection, store.due(connection, day, 10_000))
        return [each.life for each in known if not _is_told(each.life, each.stand(now, calendar))]

    def _look_again(self, connection: Connection, life: Life) -> bool:
        store.hold_terminals(connection, [life.terminal_id])
        known = self._known(connection, life.case_id, lock=True)
        if known is None:
            return False
        stands = known.stand(self._now(), self.calendar())
        if _is_told(known.life, stands):
            return False
        columns = _columns(stands)
        store.stands(connection, life.case_id, columns)
        store.tell(connection, life.terminal_id, life, columns["state"], columns["since"])
        return True

    def _held(self, connection: Connection, case_id: str) -> Known:
        """The case's life, locked with its terminal, begun where it has not. Raises BackendError."""
        found = store.case(connection, case_id)
        if found is None:
            raise BackendError("no-such-case", "no case of this id is here: check --case and --db")
        store.hold_terminals(connection, [found.terminal_id])
        known = self._known(connection, case_id, lock=True)
        if known is None:
            self._begin(connection, self._made(connection, found))
            known = self._known(connection, case_id, lock=True)
        if known is None:
            raise AssertionError("a life that was begun and is not there")
        return known

    def _add(
        self, connection: Connection, known: Known, act: Act, item_id: str = "", told: Sequence[str] = (),
        moment: datetime | None = None,
    ) -> Stand:  # fmt: skip
        """The event, how it stands since, and the word for the terminal; ``told``: terminals that are told otherwise.

        ``moment``: when it was done, where that is another one than now; none is taken before the last event.

        In a transaction that has locked life and terminal. Raises LifeError; then nothing was written.
        """
        life, terms, calendar, now = known.life, known.about.terms, self.calendar(), self._now()
        at = max(now if moment is None else min(moment, now), known.events[-1].at)
        event = act.at(at)
        check(stand(terms, known.events, at, calendar), event, terms)
        after = stand(terms, (*known.events, event), at, calendar)
        row = self._written.row(life.case_id, life.events + 1, event, life.head, item_id)
        store.add_event(connection, row, _columns(after))
        if life.terminal_id not in told:
            store.tell(connection, life.terminal_id, life, after.state.value, after.since.isoformat())
        if act.deed is Deed.APPROVED and (desk := self._checks(connection, life.case_id)):
            store.after_check(connection, life.case_id, self._now().isoformat(), desk)
        return after

    def _checks(self, connection: Connection, case_id: str) -> str:
        """At which desk a case that rests on a commitment (告知承诺) is checked later; "" for any other."""
        found = store.case(connection, case_id)
        case = None if found is None else self._opened(found)
        if found is None or case is None or case.commitment is None:
            return ""
        return desks_of(self._packs.find(connection, found.service_id, found.pack_version))[1]

    # -- what applicants send -------------------------------------------------------------------------

    def answer_deeds(self) -> int:
        """Answers every withdrawal and supplement that waits, by the table. How many. Raises StoreBusy.

        One that cannot be answered keeps no other waiting; kiosk_deeds_waiting tells that it stands.
        """
        answered, stuck = 0, set[str]()
        while waiting := self._store.read(partial(_waiting, stuck=stuck)):
            for deed in waiting:
                hit("backend.deed")
                try:
                    word = self._store.write(partial(self._answer, deed=deed))
                except StoreBusy:
                    raise
                except UNREADABLE as error:
                    stuck.add(deed.item_id)
                    log.event("case.unreadable", case=deed.case_id, error=type(error).__name__)
                except Exception as error:  # a bug
                    stuck.add(deed.item_id)
                    log.fault(error)
                else:
                    answered += word != ""
                    if word:
                        log.event("case.deed", case=deed.case_id, kind=deed.kind, answer=word)
        return answered

    def _answer(self, connection: Connection, deed: DeedRow) -> str:
        case = store.case(connection, deed.case_id)
        if case is None:
            raise AssertionError("a deed without its case")  # a foreign key says that there is one
        store.hold_terminals(connection, {deed.terminal_id, case.terminal_id})
        known = self._held(connection, deed.case_id)
        now, calendar = self._now(), self.calendar()
        after = known.stand(now, calendar)
        if deed.kind == "delivery":  # of a case of its own terminal, or it would not have been taken
            word, after = self._deliver(connection, known, deed, after)
        elif not known.life.person or known.life.person != deed.person:
            word = NOT_THEIRS
            raise_alarm_once(connection, deed.terminal_id, "foreign-person", deed.item_id, "", now)
        elif deed.kind == "followup":
            word = self._follow_up(connection, deed)
        else:
            word, after = self._do(connection, known, deed, after)
        if not store.answer(connection, deed.item_id, word):
            return ""
        life, state, since = known.life, after.state.value, after.since.isoformat()
        if word == NOT_THEIRS:  # whoever sent it learns nothing of the case
            life, state, since = replace(life, case_no=""), "", now.isoformat()
        store.tell(connection, deed.terminal_id, life, state, since, word, deed.item_id)
        if word == DONE and case.terminal_id != deed.terminal_id:
            store.tell(connection, case.terminal_id, life, state, since)
            if deed.kind == "withdrawal":
                self._look_afar(connection, deed, now)
        return word

    def _look_afar(self, connection: Connection, deed: DeedRow, now: datetime) -> None:
        """A person's number is all that proves that the person stands there: whoever withdraws many cases that were
        made elsewhere is looked at. Supplements are handed in anywhere, and undo nothing.
        """
        day = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        found, persons = store.withdrawn_afar(connection, deed.terminal_id, day.astimezone(UTC).isoformat())
        if found > AFAR_CASES or persons > AFAR_PERSONS:
            raise_alarm_once(connection, deed.terminal_id, "foreign-withdrawals", day.date().isoformat(), "", now)

    def _do(self, connection: Connection, known: Known, deed: DeedRow, before: Stand) -> tuple[str, Stand]:
        wanted = DEEDS[deed.kind]
        if wanted is Deed.WITHDRAWN and before.state is State.WITHDRAWN:
            return DONE, before  # at two terminals, or once more: it is withdrawn
        said = self._said(deed)
        if isinstance(said, wire.SupplementPayload) and not _is_whole(said, before):
            return INCOMPLETE, before
        words = said.reason if isinstance(said, wire.WithdrawalPayload) else getattr(said, "note", "")
        act = Act(wanted, Role.APPLICANT, reason=Text(words, words))
        try:
            after = self._add(connection, known, act, deed.item_id, told=(deed.terminal_id, known.life.terminal_id))
        except LifeError as error:
            late = wanted is Deed.WITHDRAWN or error.code == "decided"
            return (TOO_LATE if late else NOT_ASKED), before
        return DONE, after

    def _deliver(self, connection: Connection, known: Known, deed: DeedRow, before: Stand) -> tuple[str, Stand]:
        """The certificate lies in the person's hand since the moment that the terminal says, if that can be."""
        if before.delivered:  # once more, or put down by hand
            return DONE, before
        said = self._said(deed)
        moment = datetime.fromisoformat(said.made_at) if isinstance(said, wire.DeliveryPayload) else None
        act = Act(Deed.DELIVERED, Role.SYSTEM)
        try:
            after = self._add(connection, known, act, deed.item_id, told=(deed.terminal_id,), moment=moment)
        except LifeError as error:
            return (TOO_LATE if error.code == "decided" else NOT_ASKED), before
        return DONE, after

    def _follow_up(self, connection: Connection, deed: DeedRow) -> str:
        """A word more about a rating changes nothing of how the case stands."""
        said = self._said(deed)
        if self.followed is None or not isinstance(said, wire.FollowUpPayload):
            return NOT_ASKED
        return DONE if self.followed(connection, deed, said) else NOT_ASKED

    def _said(self, deed: DeedRow) -> Said | None:
        """What the applicant sent; None where its key is not here any more: what was done counts all the same."""
        try:
            plain = self._unsealed(deed.sealed, deed.sealing_key_id, deed.terminal_id, deed.item_id)
        except JournalError:
            return None
        return _decoders[deed.kind](plain)


def _waiting(connection: Connection, stuck: set[str]) -> list[DeedRow]:
    found = store.waiting_deeds(connection, BATCH + len(stuck))
    return [deed for deed in found if deed.item_id not in stuck]


def _is_whole(said: wire.SupplementPayload, before: Stand) -> bool:
    """Whether it brings what was asked for: each material by its key, and a page at least for each thing that lacks."""
    named = {each.kind for each in said.materials}
    wanted = {each.material for each in before.lacking if each.material}
    return wanted <= named and len(said.materials) >= len(before.lacking)


def _is_told(life: Life, found: Stand) -> bool:
    """Whether the store says the same of how a case stands."""
    return all(getattr(life, name) == value for name, value in _columns(found).items())


def _columns(found: Stand) -> dict[str, Any]:
    """How a case stands as the store keeps it."""
    return {
        "state": found.state.value, "since": found.since.isoformat(timespec="microseconds"),
        "due": "" if found.due is None else found.due.isoformat(), "deemed": found.deemed,
    }  # fmt: skip
