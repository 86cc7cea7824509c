"""The desk of the card slot before a motorised reader (XFS4IoT): admitted, given back, kept; whatever comes between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.actor import Spec
from devices.contracts.deadline import Deadline
from devices.contracts.device import State
from devices.drivers.sscard.driver import SocialCardSlot
from devices.drivers.xfs4iot.cards import XfsCardReader
from devices.manager import Manager
from devices.simulators.xfs4iot import XfsTwin
from kiosk.counter.slot import SlotDesk
from kiosk.visit.events import Event, SlotChanged

SECONDS = 15.0


class Cabinet:
    """A machine, its manager, the desk before it, and what the desk has said."""

    def __init__(self, *, rider: bool = False, holding: bool = False) -> None:
        self.twin = XfsTwin("machine", service="CardReader1")
        self.twin.start()
        if holding:  # a program that crashed has left a card inside
            self.twin.reader.put(self.twin._chip, {})
            self.twin.reader.place = "present"
        reader = XfsCardReader(self.twin.port)
        specs = [Spec("card_reader", reader, poll_interval=0.1)]
        if rider:
            specs.append(Spec("social_card", SocialCardSlot(reader), on="card_reader"))
        self.manager = Manager(specs)
        self.changed = threading.Condition()
        self.told: list[str] = []
        self.kept = 0
        self.crashes: list[BaseException] = []
        self.manager["card_reader"].subscribe(lambda status: self._wake())
        self.manager.start()
        actors = {name: self.manager[name] for name in self.manager}
        self.desk = SlotDesk(actors, self._hear, self._keep, self.crashes.append)
        self.desk.listen()

    def until(self, true: Callable[[], object]) -> bool:
        """Wait for what the machine does; the twin tells nobody, so it is looked at again and again."""
        end = Deadline.after(SECONDS)
        while not true():
            if end.expired:
                return False
            with self.changed:
                self.changed.wait(0.02)
        return True

    def close(self) -> None:
        self.manager.stop()
        self.twin.stop()
        assert self.crashes == []

    def _hear(self, event: Event) -> None:
        assert isinstance(event, SlotChanged)
        self.told.append(event.slot)
        self._wake()

    def _keep(self) -> None:
        self.kept += 1
        self._wake()

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify_all()


@pytest.fixture
def make() -> Iterator[Callable[..., Cabinet]]:
    made: list[Cabinet] = []

    def one(**options: Any) -> Cabinet:
        made.append(Cabinet(**options))
        return made[-1]

    yield one
    for cabinet in made:
        cabinet.close()


def put(cabinet: Cabinet) -> None:
    cabinet.twin.act("put", {})


def test_a_card_is_let_in_only_while_it_is_admitted(make: Callable[..., Cabinet]) -> None:
    cabinet = make(rider=True)
    cabinet.desk.admit()
    assert cabinet.until(lambda: cabinet.twin.reader.armed)
    put(cabinet)
    assert cabinet.until(lambda: cabinet.told == ["inside"])
    cabinet.desk.dismiss()
    assert cabinet.until(lambda: cabinet.told == ["inside", "offered"])
    cabinet.twin.act("take", {})
    assert cabinet.until(lambda: cabinet.told == ["inside", "offered", ""])
    assert not cabinet.twin.reader.armed
    assert cabinet.twin.reader.retained == 0


def test_a_slot_that_nobody_used_is_closed_again(make: Callable[..., Cabinet]) -> None:
    cabinet = make()
    cabinet.desk.admit()
    assert cabinet.until(lambda: cabinet.twin.reader.armed)
    cabinet.desk.dismiss()
    assert cabinet.until(lambda: not cabinet.twin.reader.armed)
    assert cabinet.told == []


def test_a_card_left_by_a_program_that_crashed_is_given_back_at_the_start(make: Callable[..., Cabinet]) -> None:
    cabinet = make(holding=True)
    cabinet.desk.dismiss()
    assert cabinet.until(lambda: cabinet.told[-1:] == ["offered"])
    assert cabinet.twin.reader.retained == 0


def test_a_card_that_nobody_took_is_kept_and_told_as_such_until_another_one_is_seen(
    make: Callable[..., Cabinet],
) -> None:
    cabinet = make(holding=True)
    cabinet.desk.dismiss()
    assert cabinet.until(lambda: cabinet.told[-1:] == ["offered"])
    cabinet.desk.keep()
    assert cabinet.until(lambda: cabinet.kept == 1)
    assert cabinet.twin.reader.retained == 1
    assert cabinet.until(lambda: cabinet.manager["card_reader"].status.details["card"] == "none")
    assert cabinet.told[-1] == "kept"
    cabinet.desk.admit()
    assert cabinet.until(lambda: cabinet.twin.reader.armed)
    put(cabinet)
    assert cabinet.until(lambda: cabinet.told[-1] == "inside")


def test_a_card_taken_in_the_last_moment_is_not_told_as_kept(make: Callable[..., Cabinet]) -> None:
    cabinet = make(holding=True)
    cabinet.desk.dismiss()
    assert cabinet.until(lambda: cabinet.told[-1:] == ["offered"])
    cabinet.twin.act("take", {})
    cabinet.desk.keep()
    assert cabinet.until(lambda: cabinet.told[-1:] == [""])
    assert (cabinet.kept, cabinet.twin.reader.retained) == (0, 0)


def test_a_reader_that_was_away_when_the_visit_ended_gives_the_card_back_on_its_return(
    make: Callable[..., Cabinet],
) -> None:
    cabinet = make()
    cabinet.desk.admit()
    assert cabinet.until(lambda: cabinet.twin.reader.armed)
    put(cabinet)
    assert cabinet.until(lambda: cabinet.told == ["inside"])
    cabinet.twin.act("unplug", {})
    assert cabinet.until(lambda: cabinet.manager["card_reader"].status.state is not State.ONLINE)
    cabinet.desk.dismiss()
    cabinet.twin.act("plug", {})
    cabinet.manager["card_reader"].refresh()
    assert cabinet.until(lambda: cabinet.told[-1] == "offered")


def test_a_reader_that_comes_back_while_cards_are_wanted_lets_them_in_again(make: Callable[..., Cabinet]) -> None:
    cabinet = make()
    cabinet.desk.admit()
    assert cabinet.until(lambda: cabinet.twin.reader.armed)
    cabinet.twin.act("unplug", {})
    assert cabinet.until(lambda: cabinet.manager["card_reader"].status.state is not State.ONLINE)
    assert cabinet.until(lambda: not cabinet.twin.reader.armed)
    cabinet.twin.act("plug", {})
    cabinet.manager["card_reader"].refresh()
    assert cabinet.until(lambda: cabinet.twin.reader.armed)


def test_without_a_slot_nothing_is_asked_of_anybody() -> None:
    told: list[Event] = []
    desk = SlotDesk({}, told.append, lambda: None, lambda error: None)
    for deed in (desk.listen, desk.admit, desk.dismiss, desk.keep):
        deed()
    desk.settle(0)
    assert told == []
