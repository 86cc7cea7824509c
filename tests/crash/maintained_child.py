"""A terminal in a process of its own whose staff come and go: the orders of terminal_child.py, and those of staff.

Its profile is a file that stays, as at an office, and what is on trial is taken up as a start takes it up. ``entry``
shows the entry page, ``wrong`` types codes that fit it and are not right, ``enter`` is let in, ``goes`` opens a page of
maintenance, ``acts`` does something on it, ``locks`` lets the time pass after which it locks by itself, ``leaves``
ends it. What is said of maintenance: ``{"room": PATH}`` for each page, ``{"restart": true}`` where it would begin anew.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk import trial
from kiosk.access.challenge import Shown, code_for
from kiosk.access.roles import Role
from kiosk.demo import cabinet
from kiosk.durable import put
from kiosk.health import failpoints
from kiosk.maintenance.desk import Act, Leave, MaintenanceDesk, Open
from kiosk.maintenance.screen import Page, Row, Said, Snapshot
from kiosk.running import _crash
from kiosk.terminal import Terminal
from kiosk.visit import events as ev
from kiosk.visit.screen import EntryBody, Screen
from tests.crash.terminal_child import Child, _failed, _until, profile_of, say
from ui.words import word

STAFF = "0417"
PROFILE = "office.toml"
FOREIGN = b"the secret of another terminal"
SETTLES_WITHIN = 60.0  # s: a page that prints something first


def terminal_of(given: dict[str, Any]) -> Terminal:
    """Behind its own profile, which is written once. Without the sign of a test: that is turned at the terminal."""
    file = Path(given["folder"]) / PROFILE
    if not file.exists():
        profile_of(given)
        written = file.with_name(cabinet.PROFILE).read_text("utf-8")
        assert "test = true" in written
        put(file, written.replace("test = true", "test = false").encode())
    found, standing = trial.load(file)
    return Terminal(
        found, decoder=SimulatedPhotoDecoder(), failed=failed, restart=lambda: say(restart=True), file=file,
        trial=standing, speak=partial(word, "zh_CN"),
    )  # fmt: skip


def failed(error: BaseException) -> None:
    """As in any other child, and why."""
    traceback.print_exception(error)
    sys.stderr.flush()
    _failed(error)


def at_entry(screen: Screen) -> EntryBody:
    assert isinstance(screen.body, EntryBody)
    return screen.body


def words_of(value: Any) -> Iterator[Said]:
    """Every text of a snapshot, in whatever part of it."""
    if isinstance(value, Said):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from words_of(each)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from words_of(getattr(value, name))


def spoken(said: Said, language: str) -> str:
    values = [spoken(each, language) if isinstance(each, Said) else each for each in said.values]
    return word(language, said.key, values) if said.key else "".join(map(str, values))


def ways_from(page: Page) -> Iterator[str]:
    """The pages that a touch leads to."""
    for button in (*page.buttons, *(row.button for row in _rows(page) if row.button is not None)):
        if button.opens and button.enabled:
            yield button.opens


def _rows(page: Page) -> tuple[Row, ...]:
    return (*page.rows, *(page.step.live if page.step is not None else ()))


class Staffed(Child):
    """``look`` is called after every page that was walked to, with its path and each language in turn."""

    def __init__(self, given: dict[str, Any], ready: Callable[[], None] = lambda: None) -> None:
        terminal = terminal_of(given)
        super().__init__(given, ready, terminal)
        terminal._clock = self.clock
        self._snapshots: list[Snapshot] = []
        self._now: Snapshot | None = None
        self._moved = threading.Condition()
        self._followed: MaintenanceDesk | None = None
        self._told_room = ""

    # -- who comes in

    def entry(self, foreign: bool = False, role: str = "administrator") -> str:
        """The entry page; the code that the operator's side (or another terminal's) answers with."""
        self.robot.page("attract")
        secret = self.terminal._entry_secret
        _until(lambda: secret is not None and secret.told, 30)
        self.terminal.post(ev.EntryAsked())
        return self._answer_to_page(foreign, role)

    def _answer_to_page(self, foreign: bool, role: str) -> str:
        body = at_entry(self.robot.wait(lambda new: new.page == "entry" and bool(at_entry(new).challenge)))
        shown = Shown(body.terminal, body.hour, body.challenge)
        assert self.terminal._entry_secret is not None
        secret = FOREIGN if foreign else self.terminal._entry_secret.value()
        return code_for(secret, shown, Role(role), STAFF)

    def _judged(self, code: str) -> Screen:
        """What is shown once this code was typed and looked at."""
        self.terminal.post(ev.EntryTyped(code))
        self.robot.wait(lambda new: new.page != "entry" or at_entry(new).checking or bool(at_entry(new).problem))
        return self.robot.wait(lambda new: new.page != "entry" or not at_entry(new).checking)

    def enter(self, role: str = "administrator", told: bool = True) -> None:
        self.terminal.post(ev.EntryTyped(self.entry(role=role)))
        self.robot.page("maintenance")
        self._follow()
        self._settled()
        if told:
            say(done="enter")

    def unlocks(self, role: str = "administrator") -> None:
        """Takes up again what has locked by itself."""
        self.robot.page("under_work")
        self.terminal.post(ev.EntryAsked())
        self.terminal.post(ev.EntryTyped(self._answer_to_page(foreign=False, role=role)))
        self.robot.page("maintenance")
        say(done="unlocks")

    def wrong(self, count: int) -> None:
        """So many codes of another terminal, with check digits that fit this page. Says what came of each."""
        said: list[str] = []
        for turn in range(count):
            code = self._answer_to_page(foreign=True, role="administrator") if turn else self.entry(foreign=True)
            said.append(at_entry(self._judged(code)).problem)
        self.terminal.post(ev.EntryCancelled())
        self.robot.page("attract")
        say(done="wrong", said=said)

    def standing(self) -> None:
        """How the counters of the entry stand."""
        journal = self.terminal.journal
        assert journal is not None
        period = journal.meta("access.entry.period") or "0"
        numbers = (journal.meta("access.entry.numbers") or "x 0").split(" ")[1]
        wrong = journal.meta(f"access.entry.{period}.code") or "0"
        told = self.terminal.maintenance is not None and self.terminal.maintenance._last is not None
        say(done="standing", wrong=int(wrong), numbers=int(numbers), inside=told)

    def arms(self, points: str) -> None:
        """Failpoints, from now on."""
        failpoints.arm(points)
        say(done="arms")

    def types(self) -> None:
        """The right code. Whoever listens may hear nothing more."""
        code = self.entry()
        say(shown=code)
        self._judged(code)
        say(done="types")

    def replays(self, code: str) -> None:
        """A code from before, on the page that is shown now."""
        self.entry()
        screen = self._judged(code)
        assert screen.page == "entry", "it has let somebody in"
        self.terminal.post(ev.EntryCancelled())
        self.robot.page("attract")
        say(done="replays", problem=at_entry(screen).problem)

    def tests(self) -> None:
        """Whether this life is one of test mode."""
        say(done="tests", on=self.terminal._profile.test)

    # -- inside

    def _follow(self) -> None:
        desk = self.terminal.maintenance
        assert desk is not None
        if desk is not self._followed:
            self._followed = desk
            desk.subscribe(self._shown_to_staff)

    def _shown_to_staff(self, snapshot: Snapshot | None) -> None:
        with self._moved:
            self._now = snapshot
            if snapshot is not None:
                self._snapshots.append(snapshot)
                if snapshot.page.path != self._told_room:
                    self._told_room = snapshot.page.path
                    say(room=snapshot.page.path)
            self._moved.notify_all()

    def _settled(self, path: str = "", quiet: float = 0.06) -> Page | None:
        """The page of this path once nothing is under way on it; None where it did not come."""
        limit = time.monotonic() + SETTLES_WITHIN
        with self._moved:
            while True:
                now = self._now
                here = now is not None and (not path or now.page.path == path)
                waits = quiet if here and now is not None and now.page.busy is None else 1.0
                if not self._moved.wait_for(lambda now=now: self._now is not now, waits):  # type: ignore[misc]
                    if waits == quiet:
                        return now.page if now is not None else None
                    if time.monotonic() > limit or not here:
                        return None

    def _go(self, path: str) -> Page | None:
        desk = self._followed
        assert desk is not None
        desk.post(Open(path))
        return self._settled(path)

    def goes(self, path: str) -> None:
        page = self._go(path)
        say(done="goes", path=page.path if page is not None else "")

    def acts(self, name: str, value: str = "") -> None:
        """As a touch: what was asked first is answered with yes by ``NAME.yes``."""
        assert self._followed is not None
        self._followed.post(Act(name, value))
        self._settled()
        say(done="acts")

    def tries(self, key: str, value: str) -> None:
        """A value of the profile is put on trial, as by touches."""
        assert self._followed is not None
        self._go("settings")
        self._go(f"settings/{key}")
        for act in (Act("typed", value), Act("keep")):
            self._followed.post(act)
        self._settled("settings")
        for act in (Act("try"), Act("try.yes")):
            self._followed.post(act)
        self.robot.page("attract")  # it would begin anew
        say(done="tries")

    def rolls_back(self) -> None:
        assert self._followed is not None
        self._go("settings")
        for act in (Act("roll_back"), Act("roll_back.yes")):
            self._followed.post(act)
        self.robot.page("attract")
        say(done="rolls_back")

    def locks(self) -> None:
        """The desk's own clock cannot be put forward: what it would do is done."""
        assert self._followed is not None
        self._followed._locks_at = 0.0
        self._followed.post(Act("nothing of this name"))
        self.robot.page("under_work")
        say(done="locks")

    def leaves(self, told: bool = True) -> None:
        assert self._followed is not None
        self._followed.post(Leave())
        self.robot.page("attract")
        if told:
            say(done="leaves")


def main(given: dict[str, Any], ready: Callable[[], None] = lambda: None) -> None:
    """``ready`` is called before it is said that it stands."""
    threading.excepthook = _crash
    child = Staffed(given, ready)
    try:
        child.ready()
        for line in sys.stdin:
            order = json.loads(line)
            getattr(child, order.pop("do"))(**order)
    finally:
        child.terminal.stop()
    say(stopped=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
