"""kill -9 of the whole terminal at seeded random moments of a visit: no case or a whole one, and it stands up again.

Rounds by KIOSK_CRASH_ROUNDS (30), seed by KIOSK_CRASH_SEED. Twins and backend are started once and stay; the data
folder is kept, so every life of the terminal recovers from the one before. The kill is aimed at a page and falls at a
random moment after it was shown; the pages are drawn so that the whole visit has its share, the commit and the papers
more.
"""

from __future__ import annotations

import os
import random
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest

from kiosk.demo.report import backend_counts
from kiosk.demo.run import Demo
from kiosk.journal.store import FAILPOINTS
from tests.crash.fork_client import ForkServer
from tests.crash.terminal_world import TerminalProcess, look, marked, unsent, until, world

ROUNDS = int(os.environ.get("KIOSK_CRASH_ROUNDS", "30"))
SEED = int(os.environ.get("KIOSK_CRASH_SEED", "724"))

SECONDS = {"start": 1.2, "identify": 1.0, "face": 2.5, "committing": 0.03, "outcome": 1.2}
"""How long after a page was shown the kill may fall; others 0.09 s. ``start`` counts from the birth of the process."""
PACE = 0.09  # s that the robot spends on each page
SHORT = (
    "start", "attract", "home", "guide", "identify", "consent", "other_way", "review", "committing", "committing",
    "outcome", "outcome", "rate", "farewell",
)  # fmt: skip
LONG = ("face", "form", "commitment", "sign", "committing", "outcome")
PENSION, BUSINESS = ("pension_verification", "elder"), ("individual_business", "resident")


@dataclass
class Ledger:
    """What the lives so far have left, and what every new life must find."""

    demo: Demo
    folder: Path
    server: ForkServer
    cases: int = 0
    lives: int = 0
    killed_on: Counter[str] = field(default_factory=Counter)
    children_seen: set[str] = field(default_factory=set)

    def begin(self, failpoints: str = "") -> TerminalProcess:
        self.lives += 1
        return TerminalProcess(self.demo, self.folder, failpoints, server=self.server)

    def stands(self, life: TerminalProcess) -> None:
        """It has recovered: the start screen is there, and nothing of the visit before."""
        assert life.wait(lambda words: "ready" in words), f"it did not stand up; it said {life.said}"
        assert life.pages == ["recovering", "attract"]
        assert list((self.folder / "data" / "scratch").iterdir()) == []
        assert list(life.private.iterdir()) == []
        assert not list((self.folder / "data").rglob("*.webp"))

    def dead(self, life: TerminalProcess, seen: dict[int, str]) -> None:
        """After a kill: whole cases only, as many as were promised, no child left; then dirt for the next to find."""
        assert life.process.returncode == -signal.SIGKILL, f"it ended by itself: {life.errors.read_text()[-2000:]}"
        pages = life.pages
        self.killed_on[pages[-1] if pages else "start"] += 1
        self.children_seen |= {command.split(" -m ")[-1].split()[0] for command in seen.values() if " -m " in command}
        assert until(lambda: not marked(life.mark), 10), f"orphans: {marked(life.mark)}"
        if not (self.folder / "data" / "journal" / "journal.made").exists():
            return  # the very first life did not get as far as a journal
        report, rows, acknowledged = look(self.folder)
        assert report.problems == ()
        new = len(rows) - self.cases
        visits = max(1, pages.count("home"))
        assert 0 <= new <= visits
        assert new >= pages.count("outcome"), "a case that was shown as saved is gone"
        assert new <= pages.count("committing"), "a case came about before it was asked for"
        numbers = [row.case_no for row in rows]
        assert len(set(numbers)) == len(numbers)
        assert max(Counter(acknowledged).values(), default=1) == 1
        self.cases = len(rows)
        self._soil()

    def _soil(self) -> None:
        """As if the visit had been killed while it was writing."""
        scratch = self.folder / "data" / "scratch"
        (scratch / "rest").mkdir(parents=True, exist_ok=True)
        (scratch / "picture.webp").write_bytes(b"RIFF")
        (scratch / "rest" / "paper.pdf").write_bytes(b"%PDF-")

    def settle(self) -> None:
        """A last life with no new visit: what was committed arrives exactly once."""
        life = self.begin()
        try:
            self.stands(life)
            assert until(lambda: unsent(self.folder) == 0, 60), f"{unsent(self.folder)} items were not acknowledged"
            report, rows, acknowledged = look(self.folder)
            assert report.problems == ()
            assert Counter(acknowledged)[""] == 0
            assert sorted(row.case_id for row in rows) == sorted(set(acknowledged) & {row.case_id for row in rows})
            assert max(Counter(acknowledged).values()) == 1
            assert len(rows) == self.cases
            assert {row.state for row in rows} == {"acknowledged"}
            assert backend_counts(self.demo.backend_url).cases == self.cases
            assert _conflicts(self.demo.backend_url) == 0
            life.forget()
            life.order("visit", service=PENSION[0], card="rare_name", way="later", stop="home")
            assert life.wait(lambda words: words.get("done") == "visit")
            assert life.pages == ["home"]
            status = life.stop()
        finally:
            if life.process.poll() is None:
                life.kill()
        assert status == 0
        assert not marked(life.mark)


pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 20 * ROUNDS)]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("terminal")
    server = ForkServer("tests.crash.terminal_zygote")
    try:
        with world(folder) as demo:
            yield Ledger(demo, folder, server)
    finally:
        server.close()


def test_killed_at_random_moments_of_a_visit_it_stands_up_with_whole_cases_only(ledger: Ledger) -> None:
    chance = random.Random(SEED)
    began = time.monotonic()
    plan: list[tuple[str, tuple[str, str], str]] = []
    while len(plan) < ROUNDS:
        part = [(page, PENSION, "later") for page in SHORT]
        part += [(page, BUSINESS, "face" if page == "face" else "later") for page in LONG]
        chance.shuffle(part)
        plan += part
    for page, (service, card), way in plan[:ROUNDS]:
        life = ledger.begin()
        try:
            if page != "start":
                ledger.stands(life)
                if page != "attract":
                    life.order("visit", service=service, card=card, way=way, pace=PACE)
                    assert life.wait(lambda words, page=page: words.get("page") == page), f"{page}: {life.said}"  # type: ignore[misc]  # bound at once
            moment = time.monotonic() + chance.uniform(0, SECONDS.get(page, PACE))
            while life.hear(moment):
                pass
            seen = marked(life.mark)
        finally:
            life.kill()
            ledger.demo.control.do("id_reader", "take")
        ledger.dead(life, seen)
    ledger.settle()
    print(
        f"\nseed {SEED}: {ROUNDS} kills in {time.monotonic() - began:.0f} s, {ledger.cases} cases; "
        f"killed on {dict(ledger.killed_on.most_common())}; children alive at a kill: {sorted(ledger.children_seen)}"
    )
    if ROUNDS >= 30:  # or the kills did not spread over the visit, and the test says less than it promises
        assert len(ledger.killed_on) >= 9
        assert ledger.killed_on["committing"] + ledger.killed_on["outcome"] >= 4
        assert {"devices.drivers.camera.child", "kiosk.documents.worker"} <= ledger.children_seen


def test_killed_at_each_failpoint_of_the_journal_it_stands_up_with_whole_cases_only(ledger: Ledger) -> None:
    chance = random.Random(SEED)
    for point in FAILPOINTS:
        hits = (
            [1] if point in ("journal.middle", "journal.checkpoint") else [chance.randint(1, 3), chance.randint(4, 14)]
        )
        for hit in hits:
            life = ledger.begin(f"{point}=kill@{hit}")
            try:
                play_until_it_dies(life, f"{point}@{hit}")
            finally:
                life.kill()
                ledger.demo.control.do("id_reader", "take")
            ledger.dead(life, {})
    ledger.settle()


def play_until_it_dies(life: TerminalProcess, where: str, most: int = 8) -> None:
    """One visit after another, until the failpoint is met."""
    if life.wait(lambda words: "ready" in words) is None:
        return
    people = cycle((PENSION, ("individual_business", "hmt")))
    for visit in range(most):
        service, card = next(people)
        life.order("visit", service=service, card=card, way="later")
        if life.wait(lambda words: "done" in words, count=visit + 1) is None:
            return
    raise AssertionError(f"{where} was never reached")


def _conflicts(url: str) -> int:
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    values = [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith(("kiosk_case_conflicts", 'kiosk_items_total{status="conflict"'))
    ]
    return int(sum(values))
