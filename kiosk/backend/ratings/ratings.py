"""The life of a rating (好差评): a bad one becomes a task with a clock, is called back, judged and answered in writing;
whoever rated is shown that at the next card read or on the phone, and may add one word more (追评).

No push waits for it: tasks are made of ratings in a quiet moment, or when somebody asks; their clock runs from the
moment at which the rating came. What may be done next stands in kiosk.domain.rating_task.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.keys import BackendKeys
from kiosk.backend.ratings.sealing import Sealing, Word
from kiosk.backend.settings import BackendError
from kiosk.backend.store import items, terminals
from kiosk.backend.store import rating_rows as store
from kiosk.backend.store.connector_tables import RATING, mark
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.lives import DeedRow
from kiosk.backend.store.rating_rows import AddedRow, Bad, RatingRow, TaskEventRow, TaskRow
from kiosk.domain.beijing import CHINA
from kiosk.domain.rating import options_fit, rating_levels
from kiosk.domain.rating_task import By, TaskDeed, TaskError, TaskEvent, TaskStand, check, is_bad, stand
from kiosk.domain.workdays import Calendar, national
from kiosk.journal.errors import JournalError

BATCH, LOOK = 200, timedelta(seconds=30)
FIRST, LATER = 1, 2  # of a case's ratings: the first one, and what was added
TERMINAL, PHONE = "terminal", "phone"
LATE = "late"  # what the id of a first rating begins with that a terminal has sent after the visit


@dataclass(frozen=True, slots=True)
class Task:
    """A task with its events."""

    row: TaskRow
    events: tuple[TaskEvent, ...]
    stands: TaskStand


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What somebody has rated. ``at`` is aware; ``codes``: reasons; ``words``: in their own words, "" for none."""

    number: int
    level: int
    at: datetime
    codes: tuple[str, ...] = ()
    words: str = ""


class Ratings:
    """Thread-safe: every call is its own transaction."""

    def __init__(
        self, rows: Store, keys: BackendKeys, now: Callable[[], datetime], calendar: Callable[[], Calendar] = national
    ) -> None:
        self._store, self._sealing, self._now, self._calendar = rows, Sealing(keys), now, calendar
        self.waiting = True  # some bad rating may be without its task: as far as this process knows
        self._looked = datetime.min.replace(tzinfo=UTC)

    # -- what whoever rated is shown ------------------------------------------------------------------

    def shown(self, case_ids: Sequence[str]) -> dict[str, wire.CaseRating]:
        """Of those cases that were rated, what was said and what came of it."""
        self._open_known()
        return self._store.read(partial(self._shown, case_ids=case_ids))

    def _shown(self, connection: Connection, case_ids: Sequence[str]) -> dict[str, wire.CaseRating]:
        rated, later = store.first(connection, case_ids), store.added(connection, case_ids)
        newest: dict[str, TaskRow] = {row.case_id: row for row in store.tasks_of(connection, case_ids)}
        return {
            case_id: self._told(connection, row, later.get(case_id), newest.get(case_id))
            for case_id, row in rated.items()
        }

    def _told(
        self, connection: Connection, rated: RatingRow, later: AddedRow | None, row: TaskRow | None
    ) -> wire.CaseRating:
        first = self._read_first(rated)
        options = [] if first is None else first.options
        day, added = _day(datetime.fromisoformat(rated.rated_at)), 0 if later is None else later.level
        told = wire.CaseRating(rated.level, day, options, added=added)
        if row is None:
            return told
        stands = self._read(connection, row).stands
        return replace(
            told, task=stands.state.value, due="" if stands.due is None else stands.due.isoformat(),
            finding=stands.finding, answer=stands.answer,
            answered="" if stands.answered_at is None else _day(stands.answered_at), longer=stands.why_longer,
        )  # fmt: skip

    def _read_first(self, row: RatingRow) -> wire.RatingPayload | None:
        try:
            return self._sealing.rating(row)
        except JournalError:  # sealed to a key that is not here any more: the level stands in clear
            return None

    def _read_word(self, row: AddedRow) -> Word:
        try:
            return self._sealing.word(row)
        except JournalError:
            return Word()

    # -- rated after the visit, for the first time ----------------------------------------------------

    def rate(self, case_id: str, level: int, codes: Sequence[str], words: str) -> bool:
        """The rating of a case that was not rated, by phone; False where it was. Raises ValueError as `add` does."""
        _check(level, codes)
        word, item_id = Word(list(codes), words[: wire.MAX_NOTE]), f"{PHONE}-{uuid.uuid4().hex}"
        at = self._now().isoformat()

        def work(connection: Connection) -> bool:
            found = store.case_of(connection, case_id)
            if found is None:
                return False
            terminals.hold(connection, found[0])
            return self._first(connection, case_id, level, word, at, item_id)

        done = self._store.write(work)
        log.event("rating.later", case=case_id, channel=PHONE, done=done)
        return done

    def _first(
        self, connection: Connection, case_id: str, level: int, word: Word, at: str, item_id: str, *,
        staff_card: bool = False,
    ) -> bool:  # fmt: skip
        """An item as the terminal that took the case would have sent it, so that whoever reads ratings reads this one.
        In a transaction that holds that terminal.
        """
        found = store.case_of(connection, case_id)
        if found is None or store.is_rated(connection, case_id):
            return False
        terminal_id, case_no = found
        said = wire.RatingPayload(case_id, case_no, "", level, word.options, at, staff_card, word.said)
        item = self._sealing.as_item(said, terminal_id, item_id)
        taken = items.take_in(connection, terminal_id, "", [item], self._now(), True)[item_id]
        if taken.status == "accepted":
            self.waiting = True
            mark(connection, case_id, RATING)
        return taken.status == "accepted"

    # -- one word more (追评) -------------------------------------------------------------------------

    def take(self, connection: Connection, deed: DeedRow, said: wire.FollowUpPayload) -> bool:
        """What a terminal has sent, in the transaction that answers it (kiosk.backend.lives) and holds both terminals:
        False where the case was not rated (of a first rating: where it was), or something was added before.
        """
        word = Word(list(said.options), said.said)
        if said.first:
            item_id = f"{LATE}-{deed.item_id}"
            return self._first(
                connection, deed.case_id, said.level, word, said.made_at, item_id, staff_card=said.staff_card
            )
        return self._add(connection, deed.case_id, said.level, word, TERMINAL, deed.item_id)

    def add(self, case_id: str, level: int, codes: Sequence[str], words: str) -> bool:
        """What somebody adds by phone. Raises ValueError for a level or a reason that is none."""
        _check(level, codes)
        word = Word(list(codes), words[: wire.MAX_NOTE])
        done = self._store.write(lambda connection: self._add(connection, case_id, level, word, PHONE, ""))
        log.event("rating.added", case=case_id, channel=PHONE, done=done)
        return done

    def _add(self, connection: Connection, case_id: str, level: int, word: Word, channel: str, item_id: str) -> bool:
        if not store.is_rated(connection, case_id):
            return False
        sealed, key_id = self._sealing.of_word(case_id, word)
        self.waiting = True
        mark(connection, case_id, RATING)
        return store.add(connection, {
            "case_id": case_id, "level": level, "at": self._now().isoformat(timespec="microseconds"),
            "channel": channel, "item_id": item_id, "said": sealed, "sealing_key_id": key_id,
        })  # fmt: skip

    # -- tasks ----------------------------------------------------------------------------------------

    def open_waiting(self) -> int:
        """Makes tasks of bad ratings that have none. How many. Raises StoreBusy."""
        self.waiting = False
        bad = [row.value for row in rating_levels() if is_bad(row.value)]
        made = 0
        while found := self._store.read(lambda connection: store.untasked(connection, bad, BATCH)):
            made += self._store.write(partial(self._open_all, found=found))
        if made:
            log.event("rating.tasks", opened=made)
        return made

    def _open_recent(self) -> None:
        """Whoever looks at all of them sees what another process has taken in within half a minute."""
        now = self._now()
        if self.waiting or not timedelta() <= now - self._looked < LOOK:
            self._looked = now
            self.open_waiting()

    def _open_known(self) -> None:
        """Nobody who asks about one case waits for a look at all ratings, unless one has come since the last look."""
        if self.waiting:
            self.open_waiting()

    def _open_all(self, connection: Connection, found: Iterable[Bad]) -> int:
        return sum(self._open(connection, each) for each in found)

    def _open(self, connection: Connection, bad: Bad) -> bool:
        event = TaskEvent(TaskDeed.OPENED, datetime.fromisoformat(bad.at), By.SYSTEM)
        row = {
            "case_id": bad.case_id, "number": bad.number, "level": bad.level, "opened_at": bad.at, "events": 1,
            **self._columns([event]),
        }  # fmt: skip
        return store.begin(connection, row, self._sealing.of_event(bad.case_id, bad.number, 1, event))

    def tasks(
        self, *, areas: Sequence[str] = ("",), services: Sequence[str] = (), answered: bool = False,
        after: tuple[str, str, int] | None = None, limit: int = 1000,
    ) -> list[Task]:  # fmt: skip
        """Those that wait for something (with ``answered``: all), by their last day, of these areas and below."""
        self._open_recent()

        def look(connection: Connection) -> list[Task]:
            rows = store.tasks(connection, areas=areas, services=services, answered=answered, after=after, limit=limit)
            done = store.events_of(connection, [row.case_id for row in rows])
            return [self._made(row, done[row.case_id, row.number]) for row in rows]

        return self._store.read(look)

    def task(self, case_id: str, number: int = FIRST) -> Task:
        """Raises BackendError ``no-such-task``."""
        self._open_known()

        def look(connection: Connection) -> Task | None:
            row = store.task(connection, case_id, number)
            return None if row is None else self._read(connection, row)

        return _there(self._store.read(look))

    def said_of(self, case_id: str) -> list[Said]:
        """What somebody has rated, first and later."""

        def look(connection: Connection) -> list[Said]:
            found = []
            for row in store.first(connection, [case_id]).values():
                first = self._read_first(row)
                codes, words = (tuple(first.options), first.said) if first is not None else ((), "")
                found.append(Said(FIRST, row.level, datetime.fromisoformat(row.rated_at), codes, words))
            for later in store.added(connection, [case_id]).values():
                word = self._read_word(later)
                at = datetime.fromisoformat(later.at)
                found.append(Said(LATER, later.level, at, tuple(word.options), word.said))
            return found

        return self._store.read(look)

    def act(self, case_id: str, number: int, deed: TaskDeed, by: By, who: str, choice: str, words: str) -> Task:
        """Does it, if the table allows it now. Raises TaskError, BackendError (``no-such-task``)."""
        self._open_known()

        def work(connection: Connection) -> Task:
            row = store.task(connection, case_id, number, lock=True)
            before = _there(None if row is None else self._read(connection, row))
            at = max(self._now(), before.events[-1].at)
            event = TaskEvent(deed, at, by, who.strip(), choice, words.strip())
            check(before.events, event)
            seq = before.row.events + 1
            after = (*before.events, event)
            store.add_event(connection, self._sealing.of_event(case_id, number, seq, event), self._columns(after))
            changed = store.task(connection, case_id, number)
            return _there(None if changed is None else self._read(connection, changed))

        done = self._store.write(work)
        log.event("rating.act", case=case_id, deed=deed.value, by=by.value, state=done.stands.state.value)
        return done

    def _read(self, connection: Connection, row: TaskRow) -> Task:
        return self._made(row, store.events(connection, row.case_id, row.number))

    def _made(self, row: TaskRow, rows: Iterable[TaskEventRow]) -> Task:
        events = tuple(self._sealing.event(row.case_id, row.number, each) for each in rows)
        return Task(row, events, stand(events, self._now(), self._calendar()))

    def _columns(self, events: Sequence[TaskEvent]) -> dict[str, Any]:
        found = stand(events, self._now(), self._calendar())
        due = "" if found.due is None else found.due.isoformat()
        return {"state": found.state.value, "due": due, "finding": found.finding, "counted": found.counted}


def _check(level: int, codes: Sequence[str]) -> None:
    if level not in {each.value for each in rating_levels()} or not options_fit(level, tuple(codes)):
        raise ValueError("no rating")


def _there(task: Task | None) -> Task:
    if task is None:
        raise BackendError("no-such-task", "no bad rating of this case is here: check --case, --number and --db")
    return task


def _day(moment: datetime) -> str:
    return moment.astimezone(CHINA).date().isoformat()


__all__ = ["FIRST", "LATER", "Ratings", "Said", "Task", "TaskError"]
