"""Partitions, crashes, slow links, captive portals and wrong clocks, by seed: afterwards everything is there, once.

Each seed plays one story with the real journal, client and backend: citizens come, the weather on the line changes,
clocks jump to 1970 and 2100, either side dies at a named point. Then the line heals, and by the timer alone, without a
new case, the queue has to empty within minutes. What either side holds is compared with what citizens were told.

``KIOSK_CRASH_SEEDS=500`` plays so many, from KIOSK_CRASH_SEED on; ``KIOSK_CRASH_LOST=10000`` loses so many answers.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.counter.results import outcome_of
from kiosk.journal import store
from kiosk.sync import Policy, client
from tests.faults.sync_weather import WEATHER, Line
from tests.faults.sync_world import AREA, Died, Fuse, House, Terminal, Time

SEEDS = int(os.environ.get("KIOSK_CRASH_SEEDS", "10"))
FIRST = int(os.environ.get("KIOSK_CRASH_SEED", "1"))
LOST = int(os.environ.get("KIOSK_CRASH_LOST", "200"))
POLICY = Policy(batch=8, block=40, low_water=10)
HEALED_WITHIN = timedelta(minutes=20)  # no item waits for longer than eleven, whatever clock has set its wait
YEARS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class Story:
    """One terminal, one backend, one line, and what befalls them."""

    def __init__(self, folder: Path, seed: int, fuse: Fuse) -> None:
        self.rng = random.Random(seed)
        self.fuse = fuse
        self.time = Time()
        self.house = House(folder, self.time)
        self.line = Line(self.house, self.time, self.rng)
        code = self.house.backend.issue_code(AREA, "East Gate")
        self.terminal = Terminal(folder / "terminal", self.time, self.line, code, self.rng, POLICY)
        self.told: Counter[str] = Counter()

    def close(self) -> None:
        self.terminal.close()
        self.house.close()

    def play(self, steps: int) -> None:
        for _ in range(steps):
            act = self.rng.choices(
                (self.citizens, self.rate, self.cycle, self.hurry, self.change_weather, self.set_clocks, self.crash,
                 self.restart),
                (6, 2, 8, 2, 4, 2, 3, 1),
            )[0]  # fmt: skip
            try:
                act()
            except Died:
                self.told["deaths"] += 1
                self.fuse.arm("", 0)
                self.terminal.die()
                self.look_for_doubtful()

    # -- what befalls them

    def citizens(self) -> None:
        for _ in range(self.rng.randrange(1, 5)):
            if self.terminal.can_commit():
                largest = self.rng.choice((2000, 2000, 2000, 200_000))  # some are more than one part
                self.terminal.commit(*(self.rng.randrange(largest) for _ in range(self.rng.randrange(3))))

    def rate(self) -> None:
        cases = [item for item, kind in self.terminal.certain.items() if kind == "case"]
        rated = self.terminal.journal.meta("test.rated") or ""
        if cases and (case_id := self.rng.choice(cases)) not in rated:
            self.terminal.journal.set_meta("test.rated", f"{rated} {case_id}")
            self.terminal.rate(case_id)

    def cycle(self, *, urgent: bool = False) -> None:
        report = self.terminal.client.cycle(urgent=urgent)
        self.told[report.cause or "online"] += 1
        wait = (report.next_at - self.time.terminal()).total_seconds() if report.next_at else 0.0
        self.time.move(max(0.05, min(wait, POLICY.idle)) * self.rng.random())

    def hurry(self) -> None:
        self.cycle(urgent=True)

    def change_weather(self) -> None:
        self.line.weather = WEATHER[self.rng.choice(sorted(WEATHER))]

    def set_clocks(self) -> None:
        where = self.rng.random()
        if where < 0.4:
            self.time.terminal_off = self.rng.choice(YEARS) - self.time.true
        elif where < 0.6:
            self.time.terminal_off = timedelta(seconds=self.rng.uniform(-90_000, 90_000))
        elif where < 0.7:
            self.time.backend_off = self.rng.choice(YEARS) - self.time.true
        elif where < 0.8:
            self.time.backend_off = timedelta(seconds=self.rng.uniform(-90_000, 90_000))
        else:
            self.time.terminal_off = self.time.backend_off = timedelta()

    def crash(self) -> None:
        """The terminal will die at the n-th time that it comes by one of its points, in whatever it does then."""
        point = self.rng.choice(self.rng.choice((store.FAILPOINTS, client.FAILPOINTS)))
        self.fuse.arm(point, self.rng.randrange(1, 8 if point in store.FAILPOINTS else 3))

    def restart(self) -> None:
        self.fuse.arm("", 0)
        self.terminal.restart()

    def look_for_doubtful(self) -> None:
        """What was being saved as the process died is there whole, or not at all: the journal tells which."""
        there = {row.case_id for row in self.terminal.journal.cases()}
        for item, kind in list(self.terminal.doubtful.items()):
            if kind == "case" and item in there:
                self.terminal.certain[item] = self.terminal.doubtful.pop(item)

    # -- afterwards

    def heal(self) -> timedelta:
        """The line is good, clocks are right, nothing new comes: how long until the queue is empty."""
        self.fuse.arm("", 0)
        self.line.weather = {}
        self.time.terminal_off = self.time.backend_off = timedelta()
        begun = self.time.true
        while self.time.true - begun < HEALED_WITHIN:
            report = self.terminal.client.cycle()
            if report.online and not (report.counts.queued or report.counts.others_unsent or report.cause):
                break
            wait = (report.next_at - self.time.terminal()).total_seconds()
            self.time.move(max(0.05, min(wait, POLICY.idle)))  # as the sync thread waits
        taken = self.time.true - begun
        self.line.settle()
        return taken

    def check(self) -> None:
        """The model: what citizens were told, what the journal holds and what the backend holds are the same."""
        journal, terminal, house = self.terminal.journal, self.terminal, self.house
        counts = journal.counts()
        assert (counts.queued, counts.others_unsent, counts.rejected, counts.quarantined) == (0, 0, 0, 0)
        report = journal.verify()
        assert report.ok, report.problems
        arrived = house.rows("SELECT id, kind, hash FROM items")
        sent = journal._connection.execute("SELECT id, kind, hash FROM sending").fetchall()
        assert sorted(arrived) == sorted(tuple(row) for row in sent), "both ends hold the same items, each once"
        kinds = {row[0]: row[1] for row in arrived}
        assert terminal.certain.items() <= kinds.items(), "what a citizen was told is done is done"
        assert kinds.items() <= (terminal.certain | terminal.doubtful).items()
        assert house.rows("SELECT count(*) FROM alarms") == [(0,)]
        states = house.rows("SELECT case_id, case_no, state FROM cases")
        assert {state for _, _, state in states} <= {"confirmed"}
        assert len({number for _, number, _ in states}) == len(states) == counts.committed
        assert {outcome_of(journal, case_id) for case_id, _, _ in states} <= {"confirmed"}
        assert house.rows("SELECT count(*) FROM results") == [(len(states),)]
        assert house.rows("SELECT count(*) FROM terminals") == [(1,)]
        ours = journal._connection.execute("SELECT kind, first, last FROM blocks").fetchall()
        theirs = house.rows("SELECT kind, first, last FROM blocks")
        assert sorted(map(tuple, ours)) == sorted(theirs), "no numbers were reserved that the terminal does not hold"
        for (digest,) in house.rows("SELECT DISTINCT hash FROM item_materials"):
            assert house.backend._blobs.get(digest)


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Fuse:
    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # processes die here, the disk stays
    made = Fuse()
    made.into_failpoints(monkeypatch)
    return made


@pytest.fixture
def make_story(tmp_path: Path, fuse: Fuse) -> Iterator[type[Story]]:
    stories: list[Story] = []

    def make(seed: int) -> Story:
        folder = tmp_path / str(seed)
        folder.mkdir()
        stories.append(Story(folder, seed, fuse))
        return stories[-1]

    yield make
    for story in stories:
        story.close()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_after_any_story_both_ends_agree_and_nothing_waits(make_story, seed):
    story = make_story(seed)
    story.play(60)
    taken = story.heal()
    assert taken < HEALED_WITHIN, (story.terminal.client.cycle(), story.told)
    story.check()


@pytest.mark.timeout(3600 if LOST > 1000 else 60)
def test_answers_that_are_lost_again_and_again_double_nothing(make_story):
    story = make_story(724)
    story.cycle()
    story.line.weather = {"lost-answer": 0.6, "half-answer": 0.2}
    while story.line.traffic.lost_answers < LOST:
        if story.rng.random() < 0.2:
            story.citizens()
        if story.rng.random() < 0.05:
            story.rate()
        report = story.terminal.client.cycle()
        story.time.move(max(0.0, (report.next_at - story.time.terminal()).total_seconds()))
    assert story.heal() < HEALED_WITHIN
    story.check()
    assert len(story.terminal.certain) > LOST / 30
