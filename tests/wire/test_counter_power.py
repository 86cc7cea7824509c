"""The UPS behind its daemon, as the visit and the operators hear of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from devices.actor import Spec
from devices.contracts.device import State
from devices.drivers.nut.driver import NutUps
from devices.manager import Manager
from devices.simulators.nut import NutTwin
from kiosk.counter.power import LOW, ON_BATTERY, PowerDesk
from kiosk.visit.events import Event, PowerChanged

SECONDS = 15.0


class Mains:
    """A UPS, its manager, the desk, and what the desk has said to whom."""

    def __init__(self) -> None:
        self.twin = NutTwin("ups")
        self.twin.start()
        self.manager = Manager([Spec("ups", NutUps(self.twin.port, "kiosk"), poll_interval=0.05)])
        self.visit: list[Event] = []
        self.operators: list[str] = []
        self._changed = threading.Condition()
        self.actor = self.manager["ups"]
        self.actor.subscribe(lambda status: self._wake())
        self.desk = PowerDesk(self.actor, self._hear, self._note)
        self.desk.listen()
        self.manager.start()

    def until(self, true: Callable[[], object]) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(true, SECONDS))

    def fault(self, code: str) -> bool:
        return self.until(lambda: code in [fault.code for fault in self.actor.status.faults])

    def well(self) -> bool:
        return self.until(lambda: self.actor.status.state is State.ONLINE and not self.actor.status.faults)

    def close(self) -> None:
        self.desk.close()
        self.manager.stop()
        self.twin.stop()

    def _hear(self, event: Event) -> None:
        self.visit.append(event)
        self._wake()

    def _note(self, code: str) -> None:
        self.operators.append(code)
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


@pytest.fixture
def mains() -> Iterator[Mains]:
    made = Mains()
    assert made.well()
    yield made
    made.close()


def test_on_battery_but_not_low_is_for_operators_alone(mains: Mains) -> None:
    mains.twin.act("on-battery", {})
    assert mains.fault(ON_BATTERY)
    mains.twin.act("on-line", {})
    assert mains.until(lambda: mains.operators == [ON_BATTERY, ""])
    assert mains.visit == []


def test_a_low_battery_reaches_the_visit_and_the_mains_call_it_off(mains: Mains) -> None:
    mains.twin.act("on-battery", {})
    assert mains.fault(ON_BATTERY)
    mains.twin.act("low", {})
    assert mains.fault(LOW)
    assert mains.until(lambda: mains.visit == [PowerChanged(True)])
    mains.twin.act("on-line", {})
    assert mains.until(lambda: mains.visit == [PowerChanged(True), PowerChanged(False)])
    assert mains.operators == [ON_BATTERY, LOW, ""]


def test_a_battery_that_is_low_while_the_mains_are_there_ends_nothing(mains: Mains) -> None:
    mains.twin.act("low-on-line", {})
    assert mains.fault("battery-low-on-line")
    assert (mains.visit, mains.operators) == ([], [])


@pytest.mark.parametrize("loss", ["stale", "gone"])
def test_a_ups_that_falls_silent_is_neither_a_power_cut_nor_its_end(mains: Mains, loss: str) -> None:
    mains.twin.act(loss, {})
    assert mains.until(lambda: mains.actor.status.state is not State.ONLINE)
    assert (mains.visit, mains.operators) == ([], [])
    mains.twin.act("ok", {})
    mains.actor.refresh()
    assert mains.well()
    mains.twin.act("low", {})
    assert mains.until(lambda: mains.visit == [PowerChanged(True)])
    mains.twin.act(loss, {})
    assert mains.until(lambda: mains.actor.status.state is not State.ONLINE)
    assert mains.visit == [PowerChanged(True)]


def test_what_is_so_already_is_told_to_who_begins_to_listen(mains: Mains) -> None:
    mains.twin.act("low", {})
    assert mains.fault(LOW)
    told: list[Event] = []
    late = PowerDesk(mains.actor, told.append)
    late.listen()
    late.listen()
    assert told == [PowerChanged(True)]
    late.close()


def test_a_terminal_without_a_ups_hears_nothing() -> None:
    told: list[Event] = []
    desk = PowerDesk(None, told.append)
    desk.listen()
    desk.close()
    assert told == []


def test_a_closed_desk_has_nothing_to_say(mains: Mains) -> None:
    mains.desk.close()
    mains.twin.act("low", {})
    assert mains.fault(LOW)
    assert mains.visit == []
