"""The work of all connectors: what happened becomes letters, letters are sent, results are fetched and done.

Made of small steps, each of which may be killed and done again: what happened is marked in its own transaction, a
letter's id follows from connector, case and step, a department knows a row by its id, a result is known by its own.
A line that does not go keeps its letters, and is tried again after 5 seconds, doubled up to 10 minutes; a letter that
alone is not taken now after 30 seconds, doubled up to an hour, 12 times. What can be refused is found before it is
sent, and waits (dead) for a person, with the later letters of its case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from kiosk.backend import log
from kiosk.backend.connectors.config import Connector
from kiosk.backend.connectors.letters import Letters, RatingsOf, Unreadable
from kiosk.backend.connectors.line_files import FolderLine
from kiosk.backend.connectors.line_http import HttpLine, incoming
from kiosk.backend.connectors.line_tables import TablesLine
from kiosk.backend.connectors.lines import Later, Line, LineDown, Refused
from kiosk.backend.connectors.results import Results, stamp
from kiosk.backend.connectors.rows import letter_guid
from kiosk.backend.connectors.sealed import Note, Sealing
from kiosk.backend.keys import BackendKeys
from kiosk.backend.lives import Lives
from kiosk.backend.settings import BackendError
from kiosk.backend.store import connector_letters as store
from kiosk.backend.store import connector_results
from kiosk.backend.store.connector_letters import Letter
from kiosk.backend.store.engine import Connection, Store, StoreBusy
from kiosk.journal.errors import JournalError

BATCH = 50  # letters of one claim, marks of one transaction
HELD = timedelta(minutes=30)  # by whoever sends them: longer than all of a batch takes
FIRST, LONGEST = 5.0, 600.0  # seconds between two tries of a line
LETTER_FIRST, LETTER_LONGEST, LETTER_TRIES = 30.0, 3600.0, 12
FETCH = 200  # results at once
RATINGS_EVERY, RATINGS = timedelta(minutes=10), 500  # ratings that nobody marked are looked for, so many at once


@dataclass(slots=True)
class Done:
    """What one pass has done."""

    queued: int = 0
    sent: int = 0
    dead: int = 0
    results: int = 0


def line_of(connector: Connector, now: Callable[[], datetime]) -> Line:
    """Raises BackendError for an address that is none."""
    mapped = connector.mapped
    if mapped.kind == "tables":
        return TablesLine(connector.url, mapped.back.table if mapped.back else "", now)
    if mapped.reply is not None:
        return HttpLine(
            connector.url, connector.secret, mapped.kind, mapped.root, mapped.reply, connector.results,
            connector.seconds,
        )  # fmt: skip
    if connector.folder is None:
        raise BackendError("bad-connectors", f"{connector.name}: lacks its folder")
    return FolderLine(connector.folder, mapped.kind, connector.encoding)


class Connectors:
    """All connectors of a backend. One thread works; others may ask, call back and repair meanwhile."""

    def __init__(
        self, rows: Store, lives: Lives, keys: BackendKeys, connectors: Mapping[str, Connector],
        now: Callable[[], datetime], ratings: RatingsOf = lambda case_id: (),
        lines: Callable[[Connector, Callable[[], datetime]], Line] = line_of,
    ) -> None:  # fmt: skip
        self.rows = self._store = rows
        self.all, self._now, self._lines = dict(connectors), now, lines
        self.sealing = Sealing(keys)
        self.letters = Letters(rows, lives, self.sealing, now, ratings)
        self.results = Results(rows, lives, self.sealing, now)
        self._open: dict[str, Line] = {}
        self._fetched: dict[str, datetime] = {}
        self._greeted = False
        self._rated_at: datetime | None = None

    def close(self) -> None:
        for line in self._open.values():
            line.close()
        self._open.clear()

    # -- one pass

    def run(self, until: Callable[[], bool] = bool) -> Done:
        """Everything that can be done now, ``until`` it says so between two steps. Raises StoreBusy; what is done
        stays.
        """
        done = Done(queued=self.queue(until))
        for connector in self.all.values():
            if not until():
                self._deliver(connector, done, until)
            if not until():
                done.results += self._fetch(connector)
        return done

    def due_in(self) -> float:
        """Seconds until something may have to be done, if nobody says so before."""
        return min((connector.poll for connector in self.all.values()), default=3600.0)

    # -- what happened

    def queue(self, until: Callable[[], bool] = bool) -> int:
        """Letters for whatever happened since. How many."""
        if not self._greeted:
            self._greet()
        self._look_for_ratings()
        put = 0
        while (marks := self._store.read(lambda c: store.marks(c, BATCH))) and not until():
            steps = [self._steps(case_id, kind) for case_id, kind in marks]
            put += self._store.write(partial(self._put_all, marks=marks, steps=steps))
        return put

    def _greet(self) -> None:
        """A connector that was never here before is told of every case since its day."""
        for connector in self.all.values():
            known = self._store.read(partial(store.line, connector=connector.name))
            if known == store.Line():
                work = partial(self._begin, connector=connector)
                log.event("connector.new", connector=connector.name, cases=self._store.write(work))
        self._greeted = True

    def _look_for_ratings(self) -> None:
        """Ratings come in by the batch, where nothing may wait: they are looked for, not marked."""
        now = self._now()
        if self._rated_at is not None and now - self._rated_at < RATINGS_EVERY:
            return
        self._rated_at = now
        for connector in self.all.values():
            if connector.mapped.rates:
                work = partial(store.unrated, connector=connector.name, since=connector.since, limit=RATINGS)
                self._store.write(work)

    def _begin(self, connection: Connection, connector: Connector) -> int:
        store.set_line(connection, connector.name, store.Line(code="new"))
        return store.unmarked(connection, connector.name, connector.since)

    def _steps(self, case_id: str, kind: str) -> Sequence[int]:
        """Of a rating or a licence what there is of it; of a life, its events, which are counted under its lock."""
        if kind == store.RATING:
            return [each.number for each in self.letters.ratings(case_id)]
        return self.letters.versions(case_id) if kind == store.LICENCE else ()

    def _put_all(self, connection: Connection, marks: Sequence[tuple[str, str]], steps: Sequence[Sequence[int]]) -> int:
        return sum(self._put(connection, *mark, known) for mark, known in zip(marks, steps, strict=True))

    def _put(self, connection: Connection, case_id: str, kind: str, steps: Sequence[int]) -> int:
        marked = store.take_mark(connection, case_id, kind)
        if marked is None:
            return 0
        wanted = range(1, marked.events + 1) if kind == store.LIFE else steps
        rows = [
            (each.name, case_id, kind, step, letter_guid(each.name, case_id, kind, step))
            for each in self.all.values()
            if each.mapped.rates is (kind == store.RATING)
            and each.wants(marked.service_id, marked.area_code, marked.committed_at, marked.test)
            for step in wanted
        ]  # fmt: skip
        return store.put(connection, rows, stamp(self._now()))

    # -- letters

    def _deliver(self, connector: Connector, done: Done, until: Callable[[], bool]) -> None:
        while not until() and self._goes(connector):
            now = self._now()
            claim = partial(store.claim, connector=connector.name, now=stamp(now), until=stamp(now + HELD), limit=BATCH)
            letters = self._store.write(claim)
            if not letters:
                return
            for place, letter in enumerate(letters):
                try:
                    if until():
                        raise LineDown("stopping")
                    self._send(connector, letter, done)
                except LineDown as down:
                    left = [each.guid for each in letters[place:]]
                    self._store.write(partial(store.release, guids=left))
                    if down.code != "stopping":
                        self._down(connector, down.code)
                    return
            self._went(connector)

    def _send(self, connector: Connector, letter: Letter, done: Done) -> None:
        """Raises LineDown, StoreBusy."""
        try:
            self._send_made(connector, letter, done)
        except (LineDown, StoreBusy):
            raise
        except (Unreadable, JournalError, BackendError):
            self._dead(letter, "unreadable", ["the case cannot be read: its key is not here any more"], done)
        except Exception as error:  # a bug keeps nobody else waiting
            log.fault(error)
            self._later(letter, "fault", done)

    def _send_made(self, connector: Connector, letter: Letter, done: Done) -> None:
        made = self.letters.made(connector, letter)
        if made.wrong:
            self._dead(letter, made.wrong[0].code, [str(each) for each in made.wrong], done)
            return
        if not made.sheet.rows:
            self._store.write(partial(store.settle, guid=letter.guid, state="none", now=stamp(self._now())))
            return
        try:
            self._line(connector).send(made.sheet)
        except Later as later:
            self._later(letter, later.code, done)
        except Refused as refused:
            self._dead(letter, refused.code, [refused.why], done)
        else:
            at = stamp(self._now())
            if self._store.write(partial(store.settle, guid=letter.guid, state="sent", now=at, code="")):
                done.sent += 1

    def _later(self, letter: Letter, code: str, done: Done) -> None:
        tries = letter.attempts + 1
        if tries >= LETTER_TRIES:
            self._dead(letter, "tried-too-often", [f"tried {tries} times, last: {code}"], done)
            return
        wait = min(LETTER_LONGEST, LETTER_FIRST * 2 ** (tries - 1))
        now = self._now()
        again = stamp(now + timedelta(seconds=wait))
        work = partial(
            store.settle, guid=letter.guid, state="waiting", now=stamp(now), next_at=again, attempts=tries, code=code
        )
        self._store.write(work)

    def _dead(self, letter: Letter, code: str, why: list[str], done: Done) -> None:
        note = self.sealing.read_note(letter.guid, letter.note, letter.sealing_key_id)
        sealed, key_id = self.sealing.note(letter.guid, Note(why, note.repairs, note.by))
        work = partial(
            store.settle, guid=letter.guid, state="dead", now=stamp(self._now()), code=code[:32],
            attempts=letter.attempts + 1, note=sealed, sealing_key_id=key_id,
        )  # fmt: skip
        self._store.write(work)
        done.dead += 1
        log.event("connector.dead", connector=letter.connector, case=letter.case_id, step=letter.step, code=code[:32])

    # -- results

    def _fetch(self, connector: Connector) -> int:
        """How many results were done. Those that were kept before are done also where the line does not go."""
        now = self._now()
        last = self._fetched.get(connector.name)
        if connector.mapped.back is None:
            return 0
        if (last is None or now - last >= timedelta(seconds=connector.poll)) and self._goes(connector):
            self._fetched[connector.name] = now
            try:
                self._fetch_all(connector)
            except LineDown as down:
                self._down(connector, down.code)
        return self.results.run(connector)

    def _fetch_all(self, connector: Connector) -> None:
        """Raises LineDown. A department that does not stop telling the same is not asked for ever."""
        line = self._line(connector)
        for _ in range(100):
            fetched = line.fetch(FETCH)
            if fetched.results:
                self.results.keep(connector, list(fetched.results))
                line.taken(fetched.results)
            if not fetched.more:
                break
        self._went(connector)

    def called_back(self, name: str, body: bytes) -> dict[str, int]:
        """What a department has sent by itself, already known to be its own. Raises KeyError, StoreBusy."""
        connector = self.all[name]
        kind = "xml" if connector.mapped.kind == "xml" else "json"
        counts = self.results.keep(connector, incoming(body, kind))
        self.results.run(connector)
        return counts

    # -- lines

    def _line(self, connector: Connector) -> Line:
        if connector.name not in self._open:
            self._open[connector.name] = self._lines(connector, self._now)
        return self._open[connector.name]

    def _goes(self, connector: Connector) -> bool:
        line = self._store.read(partial(store.line, connector=connector.name))
        return line.next_at <= stamp(self._now())

    def _down(self, connector: Connector, code: str) -> None:
        before = self._store.read(partial(store.line, connector=connector.name))
        wait = min(LONGEST, FIRST * 2 ** min(before.failures, 10))
        next_at = stamp(self._now() + timedelta(seconds=wait))
        how = replace(before, failures=before.failures + 1, next_at=next_at, code=code[:32])
        self._store.write(partial(store.set_line, connector=connector.name, how=how))
        if before.failures == 0:  # once when it is lost, once when it is back
            log.event("connector.down", connector=connector.name, code=code[:32])

    def _went(self, connector: Connector) -> None:
        before = self._store.read(partial(store.line, connector=connector.name))
        now = self._now()
        if before.failures == 0 and before.went_at > stamp(now - timedelta(minutes=1)):
            return  # not a row for every letter
        self._store.write(partial(store.set_line, connector=connector.name, how=store.Line(went_at=stamp(now))))
        if before.failures:
            log.event("connector.back", connector=connector.name, failures=before.failures)

    # -- for the operator

    def gauges(self) -> dict[str, int]:
        """For /metrics: one row of each for every connector."""
        now = self._now()
        found: dict[str, dict[str, int]] = {}
        for name in sorted(self.all):
            figures, results, line = self._store.read(partial(_figures, name=name))
            lag = int((now - datetime.fromisoformat(figures.oldest)).total_seconds()) if figures.oldest else 0
            for kind, value in (
                ("waiting", figures.waiting), ("dead", figures.dead),
                ("lag_seconds", max(0, lag)), ("aside", results.get("aside", 0)), ("failures", line.failures),
            ):  # fmt: skip
                found.setdefault(kind, {})[name] = value
        return {
            f'kiosk_connector_{kind}{{connector="{name}"}}': value
            for kind, named in found.items()
            for name, value in named.items()
        }


def _figures(connection: Connection, name: str) -> tuple[store.Figures, dict[str, int], store.Line]:
    """What is open alone: nobody's scrape counts what was sent in years."""
    return (
        store.figures(connection, name, whole=False), connector_results.figures(connection, name, whole=False),
        store.line(connection, name),
    )  # fmt: skip
