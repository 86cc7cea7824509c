"""The manager with a real driver on a real wire: cards, a pulled plug, and the way back."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from devices.actor import Spec
from devices.backoff import Backoff
from devices.contracts.device import DeviceError, Level, State
from devices.contracts.identity import CardGone, CardRead
from devices.drivers.sdt.driver import SdtReader
from devices.drivers.sdt.link import Patience
from devices.manager import Manager
from devices.simulators.sdt import SdtTwin

SECONDS = 10
QUICK = Patience(command=0.5, frame=0.2, noise=0.2, settle=0.02)


@pytest.fixture
def twin() -> Iterator[SdtTwin]:
    twin = SdtTwin("id_reader", baud=0)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def manager(twin: SdtTwin) -> Iterator[Manager]:
    reader = SdtReader(twin.port, patience=QUICK)
    manager = Manager([Spec("id_reader", reader, poll_interval=0.1, backoff=Backoff(0.02, limit=0.1))])
    yield manager
    manager.stop()


def test_cards_come_and_go_as_events(twin: SdtTwin, manager: Manager) -> None:
    events: queue.Queue[Any] = queue.Queue()
    manager["id_reader"].watch_cards(events.put, interval=0.01)
    manager.start()
    for role in ("resident", "elder"):
        twin.act("put", {"card": role})
        read = events.get(timeout=SECONDS)
        assert isinstance(read, CardRead)
        assert read.document.number == twin.deck[role].document.number
        twin.act("take", {})
        assert events.get(timeout=SECONDS) == CardGone()


def test_a_card_changed_between_two_looks_is_told_as_gone_and_come(twin: SdtTwin, manager: Manager) -> None:
    events: queue.Queue[Any] = queue.Queue()
    manager["id_reader"].watch_cards(events.put, interval=0.01)
    manager.start()
    twin.act("put", {"card": "resident"})
    assert isinstance(events.get(timeout=SECONDS), CardRead)
    twin.act("put", {"card": "elder"})
    assert events.get(timeout=SECONDS) == CardGone()
    read = events.get(timeout=SECONDS)
    assert isinstance(read, CardRead)
    assert read.document.number == twin.deck["elder"].document.number


def test_a_pulled_plug_is_told_and_the_reader_returns_by_itself(twin: SdtTwin, manager: Manager) -> None:
    states: queue.Queue[State] = queue.Queue()
    actor = manager["id_reader"]
    actor.subscribe(lambda status: states.put(status.state))
    manager.start()
    assert states.get(timeout=SECONDS) is State.ONLINE
    twin.act("unplug", {})
    assert states.get(timeout=SECONDS) is State.NO_DEVICE
    assert actor.status.faults[0].code == "unplugged"
    with pytest.raises(DeviceError, match="unplugged"):
        actor.submit(lambda device, deadline: device.reset(deadline), SECONDS).result(SECONDS)
    twin.act("replug", {})
    assert states.get(timeout=SECONDS) is State.ONLINE
    test = actor.submit(lambda device, deadline: device.self_test(Level.INTERNAL, deadline), SECONDS)
    assert test.result(SECONDS).passed is True


def test_a_reader_that_falls_silent_is_unknown_not_well(twin: SdtTwin, manager: Manager) -> None:
    states: queue.Queue[State] = queue.Queue()
    manager["id_reader"].subscribe(lambda status: states.put(status.state))
    manager.start()
    assert states.get(timeout=SECONDS) is State.ONLINE
    twin.act("silent", {})
    assert states.get(timeout=SECONDS) is State.UNKNOWN
    assert not manager["id_reader"].status.usable
    twin.act("ok", {})
    assert states.get(timeout=SECONDS) is State.ONLINE
