"""kill -9 wherever staff are: at the entry, inside, in a trial of a profile, in the turn of test mode.

What follows is always a clean start page: nobody is inside, no wrong try is forgotten, no number is shown twice, the
profile is the old one or the new one and never a third, and of the cases none is lost. Twins and backend stay; each
life is a fork (maintained_zygote.py) over one data folder, so each recovers from the one before. All of the points with
KIOSK_PEER_MAINTENANCE=1.
"""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kiosk import testmode, trial
from kiosk.demo.run import Demo
from tests.crash.fork_client import ForkServer
from tests.crash.maintained_child import PROFILE
from tests.crash.terminal_world import TerminalProcess, look, marked, until, world

PHONE, OTHER_PHONE = "0352-12345", "0352-54321"
POINTS = ("journal.begin", "journal.before_commit", "journal.after_commit")
WRONG = [(point, 1) for point in POINTS]
RIGHT = [("journal.before_commit", 2), ("journal.after_commit", 3), ("journal.after_commit", 4)]
"""The point, and at which of its hits after the code was typed."""
INSIDE: tuple[str, ...] = ("repairs/roll/receipt_printer", "tests/camera", "locked")
DURABLE = [("durable.written", 2), ("durable.named", 3)]
"""Of a trial's three files: the old profile, the marker, the new one."""
BACK = [("durable.written", 2)]
"""Of the two of a roll back: the marker, the old profile."""
if os.environ.get("KIOSK_PEER_MAINTENANCE"):
    WRONG = [(point, hit) for point in POINTS for hit in (1, 2, 3)]
    RIGHT = [(point, hit) for point in POINTS for hit in range(1, 8)]
    INSIDE = (*INSIDE, "overview", "queue", "log", "settings", "report", "power", "network", "software")
    DURABLE = [(point, hit) for point in ("durable.written", "durable.named") for hit in (1, 2, 3)]
    BACK = [(point, hit) for point in ("durable.written", "durable.named") for hit in (1, 2)]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@dataclass
class House:
    """What the lives so far have left."""

    demo: Demo
    folder: Path
    server: ForkServer
    wrong: int = 0  # as the counter stood at the last look
    numbers: int = 0
    shown: set[str] = field(default_factory=set)
    life: TerminalProcess | None = None

    @property
    def profile(self) -> Path:
        return self.folder / PROFILE

    def begin(self) -> TerminalProcess:
        """A start: a clean start page, nobody inside, and what counted before counts still."""
        self.life = life = TerminalProcess(self.demo, self.folder, server=self.server)
        assert life.wait(lambda words: "ready" in words), f"{life.said} {life.errors.read_text()[-3000:]}"
        assert life.pages == ["recovering", "attract"]
        assert list((self.folder / "data" / "scratch").iterdir()) == []
        told = self.do("standing")
        assert told["inside"] is False
        assert told["numbers"] >= self.numbers, "numbers that were shown may be shown again"
        self.wrong, self.numbers = told["wrong"], told["numbers"]
        return life

    def do(self, order: str, **words: Any) -> dict[str, Any]:
        said = self.ask(order, **words)
        assert said is not None, f"the terminal ended: {self.life and self.life.errors.read_text()[-3000:]}"
        return said

    def ask(self, order: str, **words: Any) -> dict[str, Any] | None:
        """None where it died of it."""
        assert self.life is not None
        self.life.forget()
        self.life.order(order, **words)
        return self.life.wait(lambda words: words.get("done") == order)

    def die(self) -> None:
        life = self.life
        assert life is not None
        life.kill()
        assert life.process.returncode == -signal.SIGKILL, life.errors.read_text()[-3000:]
        assert until(lambda: not marked(life.mark), 10), "orphans"
        report, rows, _ = look(self.folder)
        assert report.problems == ()
        assert len(rows) == 1, "the citizen's case is gone, or another one came about"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("staffed")
    server = ForkServer("tests.crash.maintained_zygote")
    try:
        with world(folder) as demo:
            made = House(demo, folder, server)
            made.begin()  # the life that learns; and a citizen whose case must outlive all of this
            made.do("visit", service="pension_verification", card="elder", way="later", stop="farewell")
            made.do("visit_over")
            made.die()
            yield made
            if made.life is not None and made.life.process.poll() is None:
                made.life.kill()
    finally:
        server.close()


@pytest.mark.parametrize(("point", "hit"), WRONG)
def test_a_wrong_code_that_was_judged_has_cost_its_try(house: House, point: str, hit: int) -> None:
    house.begin()
    if house.wrong >= 3:
        house.do("enter")
        house.do("leaves")
        house.wrong = 0
    house.do("arms", points=f"{point}=kill@{hit}")
    answered = house.ask("wrong", count=1)
    house.die()
    before = house.wrong
    house.begin()
    assert before <= house.wrong <= before + 1, "a try was forgotten, or counted twice"
    if answered is not None:
        assert house.wrong == before + 1
    house.die()


@pytest.mark.parametrize(("point", "hit"), RIGHT)
def test_the_right_code_in_a_power_cut_lets_nobody_in_and_is_good_no_more(house: House, point: str, hit: int) -> None:
    house.begin()
    house.do("arms", points=f"{point}=kill@{hit}")
    house.ask("types")
    assert house.life is not None
    codes = [words["shown"] for words in house.life.said if "shown" in words]
    house.die()
    before = house.wrong
    house.begin()
    assert house.wrong in (0, before, before + 1)
    for code in codes:
        house.do("replays", code=code)  # the very code that was typed when the power went
        assert "maintenance" not in (house.life.pages if house.life else ())
    assert house.do("standing")["inside"] is False
    house.die()


@pytest.mark.parametrize("where", INSIDE)
def test_inside_a_power_cut_ends_on_a_clean_start_page(house: House, where: str) -> None:
    house.begin()
    house.do("enter")
    if where == "locked":
        house.do("locks")
    else:
        assert house.do("goes", path=where)["path"] == where
    house.die()
    house.begin()
    house.die()


@pytest.mark.parametrize(("point", "hit"), DURABLE)
def test_a_profile_is_the_old_or_the_new_one_wherever_a_trial_was_cut_off(house: House, point: str, hit: int) -> None:
    old = house.profile.read_bytes()
    assert _phone(house.profile) == PHONE
    house.begin()
    house.do("enter")
    house.do("arms", points=f"{point}=kill@{hit}")
    assert house.ask("tries", key="terminal.phone", value=OTHER_PHONE) is None, "it was to die of it"
    house.die()
    assert house.profile.read_bytes() == old or _phone(house.profile) == OTHER_PHONE
    for _ in range(trial.STARTS + 1):  # nobody confirms: two starts are tried, the third has the old one back
        house.begin()
        house.die()
    assert house.profile.read_bytes() == old
    assert trial.standing_of(house.profile).trial is None


@pytest.mark.parametrize(("point", "hit"), BACK)
def test_a_power_cut_while_it_is_rolled_back_leaves_the_old_one(house: House, point: str, hit: int) -> None:
    old = house.profile.read_bytes()
    house.begin()
    house.do("enter")
    house.do("tries", key="terminal.phone", value=OTHER_PHONE)
    house.die()
    assert _phone(house.profile) == OTHER_PHONE
    house.begin()
    house.do("enter")
    house.do("arms", points=f"{point}=kill@{hit}")
    assert house.ask("rolls_back") is None, "it was to die of it"
    house.die()
    for _ in range(trial.STARTS):
        house.begin()
        house.die()
    assert house.profile.read_bytes() == old


@pytest.mark.parametrize("point", ["durable.written", "durable.named"])
def test_test_mode_is_on_or_off_and_never_between(house: House, point: str) -> None:
    data = house.folder / "data"
    house.begin()
    house.do("enter")
    house.do("goes", path="power")
    house.do("arms", points=f"{point}=kill")
    house.do("acts", name="test_on")
    assert house.ask("acts", name="test_on.yes") is None, "it was to die of it"
    house.die()
    assert testmode.is_on(data) is (point == "durable.named")
    house.begin()
    assert house.do("tests")["on"] is (point == "durable.named"), "the terminal is not what its folder says"
    house.die()
    if testmode.is_on(data):
        testmode.switch(data, on=False)


def _phone(file: Path) -> str:
    return str(tomllib.loads(file.read_text("utf-8"))["terminal"]["phone"])
