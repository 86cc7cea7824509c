"""Supervision as a whole: facts gathered, figures kept, suspicions found, samples drawn, verdicts put down.

Nothing here changes a case. `refresh` is for a timer (once a night, or oftener), beside a backend that serves; pages
read what it kept. With few cases (`FEW`) the pages ask for it themselves.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from kiosk.backend import log
from kiosk.backend.keys import BackendKeys
from kiosk.backend.oversight import sampling
from kiosk.backend.oversight.gathering import Gathering
from kiosk.backend.oversight.sampling import Design
from kiosk.backend.settings import BackendError
from kiosk.backend.store import oversight_facts as facts
from kiosk.backend.store import oversight_found as found
from kiosk.backend.store import rating_rows
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.oversight_tables import prepare
from kiosk.domain.beijing import CHINA

if TYPE_CHECKING:
    from kiosk.backend.core import Backend
    from kiosk.backend.oversight.figures import Overview
    from kiosk.backend.oversight.finding import Finding
    from kiosk.backend.oversight.frames import Loaded
    from kiosk.backend.oversight.urgency import One

SPAN = 90  # days that the figures are of, and back to a Monday
LOOK_BACK = 365  # days that the detectors look at
PREFIXES = (0, 2, 4, 6, 9)  # of area codes: whole, province, city, county, street
LEVELS = (12, *reversed(PREFIXES))
FEW = 5000  # cases up to which a page that finds old figures has them made anew
FRESH = timedelta(minutes=10)
SETTLED = timedelta(minutes=10)  # after a day's end, until what came in its last moment is in the store
VERDICTS = ("made_up", "honest", "unclear")
FOUND = ("in_order", "flaw", "made_up", "unreachable")
OVERVIEW, STATE, PUBLISHED = "overview", "state", "published"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """``gathered``: cases and ratings whose facts are new. ``fresh``: suspicions that are."""

    gathered: int
    cases: int
    areas: int
    suspicions: int
    fresh: int


class Oversight:
    """Thread-safe: every call is its own transaction; one refresh at a time."""

    def __init__(self, rows: Store, keys: BackendKeys, now: Callable[[], datetime]) -> None:
        self._store, self._keys, self._now = rows, keys, now
        self._gathering = Gathering(rows, keys)
        self._turn = threading.Lock()
        rows.write(prepare)

    @classmethod
    def of(cls, backend: Backend) -> Oversight:
        return cls(backend._store, backend.keys, backend.now)

    # -- reckoning ------------------------------------------------------------------------------------

    def gather(self, until: Callable[[], bool] = bool) -> int:
        return self._gathering.run(until)

    def refresh(self) -> Refreshed:
        """Everything anew. Minutes for a million cases; raises StoreBusy, what is done stays."""
        with self._turn:
            gathered = self.gather()
            fresh, suspicions = self._look_for_made_up()
            cases, areas = self._reckon()
        log.event("oversight.refreshed", cases=cases, suspicions=suspicions, fresh=fresh)
        return Refreshed(gathered, cases, areas, suspicions, fresh)

    def _reckon(self) -> tuple[int, int]:
        from kiosk.backend.oversight import breaks, figures, names

        now = self._now().astimezone(UTC)
        today = now.astimezone(CHINA).date().isoformat()
        first = now.astimezone(CHINA).date() - timedelta(days=SPAN)
        since = datetime.fromisoformat(_midnight(first - timedelta(days=first.weekday())))  # whole weeks
        begins, ends = _text(since), _text(now + timedelta(days=1))
        rows = self._store.read(lambda c: facts.in_parts(facts.outcomes, c, begins, ends))
        ones = self._store.read(partial(self._ones, today=today))
        said = self._store.read(lambda c: facts.reports(c, begins))
        called = self._store.read(names.names)
        cases = figures.Cases(rows, today)
        areas = sorted({row.area_code[:length] for row in rows for length in PREFIXES} | {""})
        made: dict[str, Overview] = {}
        for area in areas:
            part = cases if not area else cases.take(_starts(rows, area))
            made[area] = _overview(area, since, now, part, called, ones, breaks.read(said, called, area))
        self._store.write(partial(_keep, made=made, at=now.isoformat()))
        return len(rows), len(areas)

    def _ones(self, connection: Connection, today: str) -> list[One]:
        """All single problems that stand."""
        from kiosk.backend.oversight.urgency import One

        now = self._now()

        def since(text: str) -> float:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
            return (now - moment).total_seconds() / 86_400

        late = facts.overdue(connection, today)
        made = [One("overdue", row.area_code, row.service_id, since(row.due)) for row in late]
        made += [
            One(f"rating_{task.level}", task.area_code, task.service_id, since(task.opened_at))
            for task in rating_rows.tasks(connection) if task.level in (1, 2) and not task.test
        ]  # fmt: skip
        for row in facts.open_findings(connection):
            made.append(
                One("replay" if row.cause == "replay" else "late", row.area_code, row.service_id, since(row.at))
            )
        made += [
            One("after_check", row.area_code, row.service_id, since(row.since)) for row in facts.open_checks(connection)
        ]
        month_ago = _text(now.astimezone(UTC) - timedelta(days=30))
        made += [One("alarm", row.area_code, "", since(row.at)) for row in facts.recent_alarms(connection, month_ago)]
        made += [
            One("suspicion", row.area_code, "", since(row.found_at))
            for row in found.suspected(connection, only_open=True)
        ]
        for row in found.sampled(connection, only_open=True, limit=5000):
            made.append(One("sample", row.area_code, row.service_id, since(row.day)))
        return made

    def _look_for_made_up(self) -> tuple[int, int]:
        from kiosk.backend.oversight.detecting import detect
        from kiosk.backend.oversight.frames import load

        now = self._now().astimezone(UTC)
        begins, ends = _text(now - timedelta(days=LOOK_BACK)), _text(now + timedelta(days=1))
        loaded = load(self._store.read(lambda c: facts.in_parts(facts.visits, c, begins, ends)))
        rows = [_suspicion(each, loaded, now) for each in detect(loaded.frame)]
        unique = {row["id"]: row for row in rows}
        return self._store.write(lambda c: found.keep_suspicions(c, list(unique.values()))), len(unique)

    # -- reading --------------------------------------------------------------------------------------

    def overview(self, area: str = "") -> Overview | None:
        """The figures of an area (the beginning of a code) as they were kept last; None where there are none."""
        from kiosk.backend.oversight.figures import Overview

        kept = self._store.read(lambda c: found.snapshot(c, f"{OVERVIEW} {area}"))
        return None if kept is None else msgspec.json.decode(kept[1], type=Overview)

    def shown(self, area: str = "") -> Overview | None:
        """For a page: made anew first where that is quick and the last figures are old."""
        state = self._store.read(lambda c: found.snapshot(c, STATE))
        old = state is None or self._now() - datetime.fromisoformat(state[0]) > FRESH
        if old and not self._turn.locked() and not self._store.read(lambda c: facts.more_than(c, FEW)):
            self.refresh()
        return self.overview(area)

    def suspected(self, areas: Sequence[str] = ("",), limit: int = 500) -> list[Any]:
        return self._store.read(lambda c: found.suspected(c, areas, limit=limit))

    def suspicion(self, id_: str, areas: Sequence[str] = ("",)) -> Any:
        return self._store.read(lambda c: found.suspicion(c, id_, areas))

    def evidence(self, case_ids: Sequence[str]) -> list[Any]:
        """Facts of these cases, in the order of their commits: what a suspicion is seen by."""
        return self._store.read(lambda c: facts.of_cases(c, case_ids))

    def verdicts(self, areas: Sequence[str] = ("",)) -> list[tuple[str, str, int]]:
        return self._store.read(lambda c: found.verdicts(c, areas))

    def judge(self, id_: str, verdict: str, by: str, areas: Sequence[str] = ("",)) -> None:
        """Raises BackendError."""
        if verdict not in VERDICTS:
            raise BackendError("bad-verdict", f"say one of {', '.join(VERDICTS)}")
        at = self._now().isoformat()

        def work(connection: Connection) -> bool:
            return found.suspicion(connection, id_, areas) is not None and found.give_verdict(
                connection, id_, verdict, by[:64], at
            )

        if not self._store.write(work):
            raise BackendError("no-such-suspicion", "nothing of this id waits for a verdict: look at the list")
        log.event("oversight.verdict", suspicion=id_, verdict=verdict)

    # -- sampling -------------------------------------------------------------------------------------

    def commitments(self, days: int = 31) -> list[tuple[str, str]]:
        """Day and hash of its seed, from today on: to be published."""
        today = self._now().astimezone(CHINA).date()
        names = [(today + timedelta(days=number)).isoformat() for number in range(days)]
        return [(name, sampling.commitment(self._seed(name))) for name in names]

    def draw(self, day: str, design: Design | None = None) -> list[Any]:
        """The sample of what came on a day that is over, drawn now or before. Raises BackendError.

        By when a case came, not by when it says that it was made: a case that is held back until the seed of its own
        day is known would be drawn on no day.
        """
        begins, ends = self._bounds(day)
        chosen = design or Design()
        self.gather()
        known = self._store.read(lambda c: found.draw_of(c, day))
        if known is None:
            rows = self._store.read(lambda c: facts.arrived(c, begins, ends))
            where = {row.case_id: row for row in rows}
            listed = [(row.case_id, row.terminal_id) for row in rows]
            seed = self._seed(day)
            drawn = sampling.draw(seed, day, listed, chosen)
            row = {
                "day": day, "seed": seed, "design": json.dumps(asdict(chosen)), "cases": len(listed),
                "population": sampling.population(listed), "drawn_at": self._now().isoformat(),
            }  # fmt: skip
            samples = [
                {
                    "day": day, "case_id": each.case_id, "stratum": each.stratum, "number": each.number, "of": each.of,
                    "area_code": where[each.case_id].area_code, "service_id": where[each.case_id].service_id,
                    "found": "", "found_by": "", "found_at": "",
                }
                for each in drawn
            ]  # fmt: skip
            if self._store.write(lambda c: found.keep_draw(c, row, samples)):
                log.event("oversight.drawn", day=day, cases=len(samples))
        return self._store.read(lambda c: found.sampled(c, day=day, limit=100_000))

    def drawn_of(self, day: str) -> Any:
        return self._store.read(lambda c: found.draw_of(c, day))

    def draws(self, limit: int = 60) -> list[Any]:
        return self._store.read(lambda c: found.all_draws(c, limit))

    def sampled(self, areas: Sequence[str] = ("",), limit: int = 500) -> list[Any]:
        return self._store.read(lambda c: found.sampled(c, areas, limit=limit))

    def sample(self, day: str, case_id: str, areas: Sequence[str] = ("",)) -> Any:
        return self._store.read(lambda c: found.sample(c, day, case_id, areas))

    def found_counts(self, areas: Sequence[str] = ("",)) -> dict[str, int]:
        return self._store.read(lambda c: found.found_counts(c, areas))

    def put_down(self, day: str, case_id: str, word: str, by: str, areas: Sequence[str] = ("",)) -> None:
        """What came of looking at a sampled case; the first word stays. Raises BackendError."""
        if word not in FOUND:
            raise BackendError("bad-finding", f"say one of {', '.join(FOUND)}")
        at = self._now().isoformat()

        def work(connection: Connection) -> bool:
            return found.sample(connection, day, case_id, areas) is not None and found.put_down(
                connection, day, case_id, word, by[:64], at
            )

        if not self._store.write(work):
            raise BackendError("no-such-sample", "no case of this id waits in the sample of this day")
        log.event("oversight.sample", day=day, found=word)

    # -- for everybody -------------------------------------------------------------------------------

    def publish(self, month: str, make: Callable[[list[Any]], str]) -> str:
        """The open table of a month (YYYY-MM) as it was published first; ``make`` makes it of the month's cases where
        it never was. What comes later changes nothing of it: two editions could be subtracted. Raises BackendError.
        """
        name = f"{PUBLISHED} {month}"
        kept = self._store.read(lambda c: found.snapshot(c, name))
        if kept is None:
            rows, at = self.of_month(month), self._now().isoformat()
            text = make(rows)
            kept = self._store.write(lambda c: found.keep_first(c, name, at, text))
        return kept[1]

    # -- for reports and exports ------------------------------------------------------------------------

    def of_month(self, month: str) -> list[Any]:
        """Cases of a month (YYYY-MM) that is over: id, terminal, area, item. Raises BackendError."""
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError:
            raise BackendError("bad-month", "say a month as YYYY-MM") from None
        after = (first + timedelta(days=32)).replace(day=1)
        if after > self._now().astimezone(CHINA).date():
            raise BackendError("not-over", "this month is not over yet: what is published stays as it was published")
        self.gather()
        return self._store.read(lambda c: facts.of_day(c, _midnight(first), _midnight(after)))

    def names(self) -> Mapping[str, Mapping[str, str]]:
        from kiosk.backend.oversight import names

        return self._store.read(names.names)

    def _seed(self, day: str) -> str:
        return sampling.seed_of(self._keys.epochs[0].sealing_private, day)

    def _bounds(self, day: str) -> tuple[str, str]:
        try:
            first = date.fromisoformat(day)
        except ValueError:
            raise BackendError("bad-day", "say a day as YYYY-MM-DD") from None
        if (self._now() - SETTLED).astimezone(CHINA).date() <= first:
            raise BackendError("not-over", "this day is not over: who knew the draw could arrange for it")
        return _midnight(first), _midnight(first + timedelta(days=1))


def _overview(
    area: str, since: datetime, until: datetime, cases: Any, called: Mapping[str, Mapping[str, str]],
    ones: Iterable[One], told: tuple[list[Any], int],
) -> Overview:  # fmt: skip
    from kiosk.backend.oversight import figures, urgency

    tables = {by: figures.lines(cases, cases.keys[by], called[by]) for by in ("item", *figures.LEVELS)}
    mine = [one for one in ones if one.area.startswith(area)]
    inside = [each for each in called["area"].values() if each.startswith(area)]
    return figures.Overview(
        area, since.astimezone(CHINA).isoformat(), until.astimezone(CHINA).isoformat(), until.isoformat(),
        figures.whole(cases), tables, figures.weeks(cases),
        figures.rankings(cases, called), urgency.ordered(mine)[:200], told[0], figures.reasons(cases.rows), told[1],
        len(inside),
    )  # fmt: skip


def _starts(rows: Sequence[Any], area: str) -> Any:
    import numpy as np

    return np.array([row.area_code.startswith(area) for row in rows], dtype=np.bool_)


def _keep(connection: Connection, made: Mapping[str, Overview], at: str) -> None:
    for area, overview in made.items():
        found.keep_snapshot(connection, f"{OVERVIEW} {area}", at, msgspec.json.encode(overview).decode())
    found.keep_snapshot(connection, STATE, at, "{}")


def _suspicion(each: Finding, loaded: Loaded, now: datetime) -> dict[str, Any]:
    """Of several streets it is for whoever is over all of them: none of them reads of another's."""
    from kiosk.backend.oversight.frames import moment

    ids = [loaded.cases[int(case)] for case in loaded.frame.case[each.places]]
    places = loaded.frame.terminal[each.places]
    more: dict[str, Any] = {name: round(float(value), 4) for name, value in each.more.items()}
    if each.kind == "uniform":
        more["reasons"] = loaded.reasons[int(each.more["said"])]
    return {
        "id": hashlib.sha256(f"{each.kind}\n{ids[0]}".encode()).hexdigest()[:16], "kind": each.kind,
        "terminal_id": loaded.terminals[each.terminal] if each.terminal >= 0 else "",
        "area_code": _over(loaded.areas[place] for place in places.tolist()),
        "first_at": moment(each.first).isoformat(),
        "last_at": moment(each.last).isoformat(), "cases": len(ids), "tries": each.tries,
        "expected": round(each.expected, 3), "chance": each.chance, "more": json.dumps(more),
        "case_ids": json.dumps(ids), "found_at": now.isoformat(), "verdict": "", "verdict_by": "", "verdict_at": "",
    }  # fmt: skip


def _over(areas: Iterable[str]) -> str:
    """The smallest area in which all of these lie."""
    found = set(areas)
    whole = max(found, key=len)
    return next(whole[:size] for size in LEVELS if all(each.startswith(whole[:size]) for each in found))


def _text(moment: datetime) -> str:
    """As `cases.committed_at` is written, so that texts compare as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _midnight(day: date) -> str:
    """The beginning of a day in China."""
    return _text(datetime(day.year, day.month, day.day, tzinfo=CHINA))
