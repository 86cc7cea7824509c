"""A card on the reader: its name is on the way to the screen before anything is looked up, and nothing outlasts it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from devices.contracts.identity import CardGone, CardPhoto, CardRead, IdentityDocument, PhotoUndecodable
from kiosk.counter.cards import CardDesk
from kiosk.visit import events
from tests.unit.visit_world import person

SECONDS = 10.0
OTHER = "140213199001010034"


class Decoder:
    """A library that answers when it is let go; at once from the start."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = threading.Semaphore(0)
        self.answers: list[bytes | Exception] = []

    def decode(self, photo: CardPhoto) -> bytes:
        self.begun.release()
        assert self.go_on.wait(SECONDS)
        answer = self.answers.pop(0) if self.answers else PhotoUndecodable("no library")
        if isinstance(answer, Exception):
            raise answer
        return answer


class Desk:
    """A desk and what was heard from it, in order."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.crashes: list[BaseException] = []
        self._changed = threading.Condition()
        self.decoder = Decoder()
        self.desk = CardDesk(
            self.decoder,
            self._note,
            lambda document: self._note(f"known {document.number}"),
            lambda: self._note("forgotten"),
            self._crashed,
        )

    def lay(self, document: IdentityDocument) -> None:
        self.desk.hear(CardRead(document))

    def until(self, true: Callable[[], object]) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(true, SECONDS))

    def kinds(self) -> list[str]:
        return [one if isinstance(one, str) else type(one).__name__ for one in self.heard]

    def _note(self, what: Any) -> None:
        with self._changed:
            self.heard.append(what)
            self._changed.notify_all()

    def _crashed(self, error: BaseException) -> None:
        with self._changed:
            self.crashes.append(error)
            self._changed.notify_all()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.decoder.go_on.set()
    made.desk.close()
    made.desk.settle(SECONDS)


def test_the_name_goes_to_the_screen_before_the_papers_are_looked_up(desk: Desk) -> None:
    desk.lay(person())
    assert desk.until(lambda: len(desk.heard) >= 2)
    assert desk.kinds()[:2] == [events.CardShown.__name__, f"known {person().number}"]


def test_a_card_without_a_photograph_is_looked_up_all_the_same(desk: Desk) -> None:
    desk.lay(replace(person(), photo=None))
    assert desk.heard == [events.CardShown(replace(person(), photo=None), None), f"known {person().number}"]


def test_what_was_derived_from_a_card_is_forgotten_when_it_leaves(desk: Desk) -> None:
    desk.desk.hear(CardGone())
    assert desk.kinds() == ["forgotten", events.CardGone.__name__]


def test_the_name_does_not_wait_for_the_photograph(desk: Desk) -> None:
    desk.decoder.go_on.clear()
    desk.decoder.answers = [b"picture"]
    desk.lay(person())  # comes back while the library is still at work
    assert desk.heard == [events.CardShown(person(), None, photo_due=True), f"known {person().number}"]
    desk.decoder.go_on.set()
    assert desk.until(lambda: len(desk.heard) == 3)
    assert desk.heard[-1] == events.PhotoDecoded(person().number, b"picture")


def test_a_photograph_that_cannot_be_decoded_after_all_is_told_as_such(desk: Desk) -> None:
    desk.decoder.go_on.clear()
    desk.lay(person())
    desk.decoder.go_on.set()
    assert desk.until(lambda: len(desk.heard) == 3)
    assert desk.heard[-1] == events.PhotoDecoded(person().number, None)


def test_the_cards_leaving_is_told_while_its_photograph_is_decoded_and_the_photograph_never(desk: Desk) -> None:
    desk.decoder.go_on.clear()
    desk.decoder.answers = [b"first", b"second"]
    desk.lay(person())
    desk.desk.hear(CardGone())
    assert desk.kinds()[-1] == events.CardGone.__name__
    desk.lay(person(number=OTHER))
    desk.decoder.go_on.set()
    assert desk.until(lambda: desk.kinds()[-1] == events.PhotoDecoded.__name__)
    told = [one for one in desk.heard if isinstance(one, events.PhotoDecoded)]
    assert told == [events.PhotoDecoded(OTHER, b"second")]


def test_nothing_is_told_of_a_photograph_once_the_visit_is_over(desk: Desk) -> None:
    desk.decoder.go_on.clear()
    desk.decoder.answers = [b"picture"]
    desk.lay(person())
    desk.desk.forget()
    desk.decoder.go_on.set()
    desk.desk.settle(SECONDS)
    assert events.PhotoDecoded.__name__ not in desk.kinds()


def test_a_decoders_bug_is_not_passed_over(desk: Desk) -> None:
    desk.decoder.go_on.clear()
    desk.decoder.answers = [ZeroDivisionError()]
    desk.lay(person())
    desk.decoder.go_on.set()
    assert desk.until(lambda: desk.crashes)
    assert isinstance(desk.crashes[0], ZeroDivisionError)


def test_no_picture_is_left_in_the_desk_when_its_card_has_gone(desk: Desk) -> None:
    desk.decoder.answers = [b"a picture that nobody has"]
    desk.lay(person())
    desk.desk.hear(CardGone())
    desk.desk.settle(SECONDS)
    desk.heard.clear()
    kept = [one for one in gc.get_objects() if isinstance(one, Future) and one.done() and not one.exception()]
    assert b"a picture that nobody has" not in [future.result() for future in kept]
