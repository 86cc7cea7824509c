"""A terminal in a process of its own, to be killed: the real core without a window, played by the robot.

``python -m tests.crash.terminal_child '{...}'`` with the cabinet's ports and the world's folder. It says what it shows
as JSON lines: ``{"page": ...}`` from the core's own thread, so that nothing said is later than what happened, and
``{"done": ...}`` after each order. Orders come as JSON lines on stdin; the end of stdin stops it in good order.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.simulators.control import Control
from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk.demo.cabinet import profile
from kiosk.domain.life import May
from kiosk.profile import Profile
from kiosk.running import _crash
from kiosk.terminal import Terminal
from kiosk.visit import events as ev
from kiosk.visit.delays import Delays
from kiosk.visit.screen import FormBody, Screen
from kiosk.visit.states import NEEDS_CARD, State
from kiosk.visit.visit import Now
from tests.robot import ANSWERS, Robot


def say(**words: Any) -> None:
    """One line, written at once and whole."""
    os.write(1, json.dumps(words).encode() + b"\n")


class Clock:
    """The machine's clocks, which a test may put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> Now:
        return Now(time.monotonic() + self._ahead, datetime.now().astimezone())

    def forward(self, seconds: float) -> None:
        self._ahead += seconds


class Citizen(Robot):
    """A robot that takes a moment for each page, so that there are moments on each page."""

    pace = 0.0

    def _answer(self, screen: Screen, service: str, card: str, way: str) -> None:
        threading.Event().wait(self.pace)
        super()._answer(screen, service, card, way)


def profile_of(given: dict[str, Any]) -> Profile:
    """Of a terminal in front of the cabinet whose ports are given."""
    return profile(
        given["ports"], Path(given["folder"]), enrolment_code=given["enrolment_code"], size=(1080, 1920),
        language="zh_CN",
    )  # fmt: skip


class Child:
    """The terminal, its citizen, and the orders they follow."""

    def __init__(
        self, given: dict[str, Any], ready: Callable[[], None] = lambda: None, terminal: Terminal | None = None
    ) -> None:
        folder = Path(given["folder"])
        self._ready = ready
        self.control = Control(folder / "control.sock", 60.0)  # a twin may draw a paper first
        self.clock = Clock()
        self.delays = Delays.load()
        self.terminal = terminal or Terminal(
            profile_of(given), decoder=SimulatedPhotoDecoder(), failed=_failed, clock=self.clock
        )
        self._fields: dict[str, str] = {}
        self._shown = ""
        self.terminal.subscribe(self._hear)  # before the robot: a page is said before anyone answers it
        self.robot = Citizen(self.terminal, self._put, self._take)

    def _hear(self, screen: Screen) -> None:
        if screen.page != self._shown:
            self._shown = screen.page
            say(page=screen.page)

    def _put(self, card: str) -> None:
        _until(lambda: not self._machine_has_card(), 20)  # the same card again within a second would not be a new one
        self.control.do("id_reader", "put", card=card, fields={**self._fields})

    def _take(self) -> None:
        self.control.do("id_reader", "take")

    def ready(self) -> None:
        self.terminal.start()
        self.stand()

    def stand(self) -> None:
        """Until the start screen takes a touch and this machine can commit a case."""
        self.robot.page("attract")
        assert self.terminal.wait_ready(30)
        _until(lambda: self.terminal.supplied, 30)
        self._ready()
        say(ready=True)

    def visit(
        self, service: str, card: str, way: str, stop: str = "attract", pace: float = 0.0, remember: bool = False,
        **fields: str,
    ) -> None:  # fmt: skip
        """Play a visit up to page ``stop``; ``attract`` plays it to its end. ``pace``: seconds on each page.

        ``remember``: the citizen has their answers kept for a later visit.
        """
        self.robot.pace, self.robot.remember = pace, remember
        self._fields = fields
        self.robot.passed.clear()
        self.robot.until(stop, service, card, way)
        say(done="visit")

    def visit_over(self) -> None:
        """From farewell to the free start page."""
        self._take()
        self.terminal.post(ev.NextPressed())
        self.robot.page("attract")
        say(done="visit_over")

    def show_first(self, card: str, stop: str, service: str, **fields: str) -> None:
        """The card lies there before anything is touched; so the person is known on home and guide already."""
        self._fields = fields
        self.robot.page("attract")
        self._put(card)
        self.robot.page("home")
        if stop == "guide":
            self.terminal.post(ev.ServiceChosen(service))
            self.robot.page("guide")
        say(done="show_first")

    def refused(self, card: str, service: str, **fields: str) -> None:
        """On the identify page, with a card that this service does not take."""
        self._fields = fields
        self.robot.until("identify", service, card)
        self._put(card)
        self.robot.wait(lambda screen: screen.page == "identify" and bool(screen.body.problem))  # type: ignore[union-attr]  # identify's body
        say(done="refused")

    def fill(self) -> None:
        """From the first question to the last; that one is typed and not yet left."""
        while True:
            screen = self.robot.page("form")
            body = screen.body
            assert isinstance(body, FormBody)
            if body.index == body.total:
                break
            self.robot._answer(screen, "", "", "")
            self.robot.wait(lambda new, index=body.index: new.body.index != index)  # type: ignore[misc]  # bound at once
        self.terminal.post(ev.AnswerChanged(body.key, ANSWERS[body.key]))
        self.robot.wait(lambda new: bool(new.body.value))  # type: ignore[union-attr]  # form's body
        say(done="fill")

    def scan(self, paper: str, seed: int) -> None:
        """On the form, to the question that can be read from a paper; that paper is laid down and scanned. It is still
        being read when this says done."""
        while not self.robot.page("form").body.scan:  # type: ignore[union-attr]  # form's body
            self.robot._answer(self.robot.page("form"), "", "", "")
            index = self.robot.page("form").body.index  # type: ignore[union-attr]
            self.robot.wait(lambda new, index=index: new.body.index != index)  # type: ignore[misc]  # bound at once
        self.control.do("document_camera", "lay", paper=paper, seed=seed)
        self.terminal.post(ev.ScanPressed())
        while self.robot.page("material").body.stage != "taken":  # type: ignore[union-attr]  # material's body
            self.terminal.post(ev.TakePressed())
            self.robot.wait(lambda new: new.body.stage == "taking" or bool(new.body.problem))  # type: ignore[union-attr]
            self.robot.wait(lambda new: new.body.stage != "taking", 60)  # type: ignore[union-attr]
        say(done="scan")

    def cases(self, card: str, **fields: str) -> None:
        """The cases of a person whose face was checked; of one that is not decided, to the page that asks once more
        whether it is to be withdrawn."""
        self._fields = fields
        self.robot.page("attract")
        self.terminal.post(ev.Started())
        self.robot.page("home")
        self.terminal.post(ev.CasesPressed())
        self.robot.page("identify")
        self._put(card)
        self.robot.page("consent")
        self.terminal.post(ev.FaceAgreed())
        told = self.robot.wait(lambda new: new.page == "cases" and new.body.asked == "told", 60).body  # type: ignore[union-attr]
        open_one = next(line for line in told.lines if line.turn)  # type: ignore[union-attr]  # the body of cases
        self.terminal.post(ev.CaseChosen(open_one.case_id))
        self.robot.page("case")
        self.terminal.post(ev.ErrandPressed(May.WITHDRAW))
        self.robot.page("withdraw")
        say(done="cases")

    def end(self, manner: str) -> None:
        """Leave as ``quit``, ``keep``, ``timeout`` or ``card``; until nothing is in memory and the page is free."""
        page, knew = self._shown, self._person_known()
        if manner in ("quit", "keep"):
            self.terminal.post(ev.QuitPressed())
            if self.robot.wait(lambda screen: screen.page in ("keep", "farewell")).page == "keep":
                self.terminal.post(ev.KeepChosen(manner == "keep"))
                self.robot.page("farewell")
        elif manner == "timeout":
            self._forward(self.delays.quiet[State(page)])
            self.robot.wait(lambda screen: screen.chrome.warning)
            self._forward(self.delays.grace)
        elif State(page) in NEEDS_CARD:
            self._take()
            self.robot.wait(lambda screen: screen.chrome.card_missing)
            self._forward(self.delays.card_missing)
        else:  # where no card is needed, taking it away makes its person unknown; then the citizen goes
            self._take()
            _until(lambda: not self._person_known() and not self._machine_has_card(), 20)
            self.terminal.post(ev.QuitPressed())
        screen = self.robot.wait(lambda new: new.page in ("keep", "farewell"))
        if screen.page == "keep":
            self.terminal.post(ev.KeepChosen(False))
            screen = self.robot.page("farewell")
        said = {"reason": screen.body.reason, "saved": screen.body.saved}  # type: ignore[union-attr]  # farewell's body
        self._take()
        self.terminal.post(ev.NextPressed())
        self.robot.page("attract")
        say(done="end", left=page, knew=knew, knows=self._person_known(), **said)

    def _person_known(self) -> bool:
        runner = self.terminal._runner
        return runner is not None and runner._visit.document is not None

    def _machine_has_card(self) -> bool:
        runner = self.terminal._runner
        return runner is not None and runner._visit.machine.card_on_reader

    def _forward(self, seconds: float) -> None:
        self.clock.forward(seconds + 0.001)
        self.terminal.post(ev.TimerFired("look at the clock"))  # a timer that nobody set: the loop looks at its own


def _failed(error: BaseException) -> None:
    say(failed=f"{type(error).__name__} {getattr(error, 'code', '')}")
    os._exit(78)


def _until(true: Any, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            raise TimeoutError("it did not come about")
        time.sleep(0.01)


def main(given: dict[str, Any], ready: Callable[[], None] = lambda: None) -> None:
    """``ready`` is called before it is said that it stands."""
    threading.excepthook = _crash
    child = Child(given, ready)
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
