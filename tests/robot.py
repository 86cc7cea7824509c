"""A citizen without a window: answers each page of a real terminal by the events that touches would give."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any, Protocol

from kiosk.visit import events as ev
from kiosk.visit.screen import FormBody, RateBody, Screen

SIGNATURE = (((0.1, 0.1), (0.5, 0.6), (0.8, 0.2)),)
ANSWERS = {"shop_name": "晨光小面馆", "premises": "南关街18号底商", "phone": "13800000000"}


class Terminal(Protocol):
    def post(self, event: Any) -> None: ...

    def subscribe(self, listener: Callable[[Screen], None]) -> Callable[[], None]: ...


class Stuck(AssertionError):
    """The visit did not go on."""


class Robot:
    """``put`` lays a card on the reader; ``way`` is ``face`` or ``later``."""

    remember = False  # whether the answers are to be remembered for a later visit

    def __init__(self, terminal: Terminal, put: Callable[[str], None], take: Callable[[], None]) -> None:
        self._terminal, self._put, self._take = terminal, put, take
        self._screens: queue.SimpleQueue[Screen] = queue.SimpleQueue()
        self._unsubscribe = terminal.subscribe(self._screens.put)
        self.last: Screen | None = None
        self.passed: list[str] = []

    def close(self) -> None:
        self._unsubscribe()

    def wait(self, true: Callable[[Screen], bool], seconds: float = 30.0) -> Screen:
        """The first screen from now on (the one on show included) that is so."""
        limit = time.monotonic() + seconds
        while self.last is None or not true(self.last):
            try:
                self.last = self._screens.get(timeout=max(0.0, limit - time.monotonic()))
            except queue.Empty:
                page = self.last.page if self.last else "none"
                raise Stuck(f"on page {page} after {seconds:g} s; passed {self.passed}") from None
            if not self.passed or self.passed[-1] != self.last.page:
                self.passed.append(self.last.page)
        return self.last

    def page(self, name: str, seconds: float = 30.0) -> Screen:
        return self.wait(lambda screen: screen.page == name, seconds)

    def until(self, stop: str, service: str, card: str, way: str = "face") -> Screen:
        """Play a whole good visit, but stop on page ``stop``; ``attract`` plays it to its end."""
        self.page("attract")
        self._terminal.post(ev.Started())
        return self.go_on("attract", stop, service, card, way)

    def go_on(self, shown: str, stop: str, service: str, card: str, way: str = "face") -> Screen:
        """Answer whatever comes after the place ``shown``, up to page ``stop``."""
        while True:
            screen = self.wait(lambda new, old=shown: _place(new) != old)  # type: ignore[misc]  # bound at once
            shown = _place(screen)
            if screen.page == stop:
                return screen
            self._answer(screen, service, card, way)

    def _answer(self, screen: Screen, service: str, card: str, way: str) -> None:
        post = self._terminal.post
        match screen.page:
            case "home":
                post(ev.ServiceChosen(service))
            case "guide":
                self.wait(lambda new: new.page != "guide" or new.body.ability.verdict.value != "cannot")  # type: ignore[union-attr]
                post(ev.NextPressed())
            case "identify":
                self._put(card)
            case "consent":
                post(ev.FaceAgreed() if way == "face" else ev.OtherWayChosen())
            case "other_way":
                post(ev.OtherWayChosen("later"))
            case "form":
                body = screen.body
                assert isinstance(body, FormBody)
                value = body.options[0].value if body.options else ANSWERS[body.key]
                post(ev.AnswerChanged(body.key, value))
                post(ev.NextPressed())
            case "commitment":
                for index in range(len(screen.body.clauses)):  # type: ignore[union-attr]
                    post(ev.ClauseToggled(index))
                post(ev.NextPressed())
            case "review":
                if self.remember:
                    post(ev.RememberToggled())
                post(ev.NextPressed())
            case "sign":
                post(ev.Signed(SIGNATURE))
            case "outcome":
                self.wait(lambda new: new.page != "outcome" or not new.body.printing, 60)  # type: ignore[union-attr]
                post(ev.NextPressed())
            case "trouble":
                post(ev.TroubleChosen("later"))
            case "rate":
                body = screen.body
                assert isinstance(body, RateBody)
                post(ev.LevelChosen(5))
                post(ev.RatingSubmitted())
            case "farewell":
                self._take()
                post(ev.NextPressed())


def _place(screen: Screen) -> str:
    body = screen.body
    return f"{screen.page}-{body.index}" if isinstance(body, FormBody) else screen.page
