"""Devices that share a line: turns on it, lost and back together; and ports that come and go."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devices.actor import Spec
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, DeviceInfo, Level, State, Status, TestResult
from devices.hotplug import Hotplug
from devices.manager import Manager

SECONDS = 10.0


class Held:
    """A device whose calls can be held, and that tells when it is inside one."""

    capabilities: Mapping[str, str] = {}

    def __init__(self, port: str = "nowhere", busy: threading.Lock | None = None) -> None:
        self.info = DeviceInfo("io_board", "held", port)
        self.fails: DeviceError | None = None
        self.free = threading.Event()
        self.free.set()
        self.inside = threading.Event()
        self.closed = 0
        self._busy = busy or threading.Lock()
        self.collided = False

    def _call(self) -> None:
        if not self._busy.acquire(blocking=False):
            self.collided = True
            raise AssertionError("two calls at a time on one line")
        try:
            self.inside.set()
            self.free.wait(SECONDS)
            if self.fails is not None:
                raise self.fails
        finally:
            self._busy.release()

    def open(self, deadline: Deadline) -> None:
        self._call()

    def close(self) -> None:
        self.closed += 1

    def poll(self, deadline: Deadline) -> Status:
        self._call()
        return Status(State.ONLINE)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        return TestResult(level, True, "")

    def reset(self, deadline: Deadline) -> None:
        self._call()

    def statistics(self) -> Mapping[str, int]:
        return {}


class Pair:
    """A board, and a locker on its bus."""

    def __init__(self) -> None:
        line = threading.Lock()
        self.board, self.locker = Held(busy=line), Held(busy=line)
        self.manager = Manager(
            [
                Spec("locker", self.locker, on="board", poll_interval=0.02, poll_timeout=0.2),
                Spec("board", self.board, poll_interval=0.02, poll_timeout=0.2),
            ]
        )
        self._changed = threading.Condition()
        for name in self.manager:
            self.manager[name].subscribe(self._tell)

    def _tell(self, _: Status) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, **states: State) -> None:
        def there() -> bool:
            return all(self.manager[name].status.state is state for name, state in states.items())

        with self._changed:
            assert self._changed.wait_for(there, SECONDS), {n: s.state for n, s in self.manager.statuses().items()}


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.board.free.set()
    pair.locker.free.set()
    pair.manager.stop()
    assert [pair.board.collided, pair.locker.collided] == [False, False]


def unplugged() -> DeviceError:
    return DeviceError("unplugged", "it was pulled", advice="Plug it in.", retryable=True)


def test_what_is_on_a_lost_line_is_lost_with_its_cause_and_comes_back_with_it(pair: Pair) -> None:
    pair.manager.start()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)
    pair.board.fails = pair.locker.fails = unplugged()
    pair.wait(board=State.NO_DEVICE, locker=State.NO_DEVICE)
    with pytest.raises(DeviceError, match="pulled"):
        pair.manager["locker"].submit(lambda device, deadline: device.reset(deadline), SECONDS).result(SECONDS)
    pair.board.fails = pair.locker.fails = None
    pair.wait(board=State.ONLINE, locker=State.ONLINE)


def test_a_lost_rider_leaves_its_carrier_alone(pair: Pair) -> None:
    pair.manager.start()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)
    pair.locker.fails = unplugged()
    pair.wait(board=State.ONLINE, locker=State.NO_DEVICE)


def test_nothing_on_the_line_is_opened_before_the_line_is(pair: Pair) -> None:
    pair.board.fails = unplugged()
    pair.manager.start()
    pair.wait(board=State.NO_DEVICE, locker=State.NO_DEVICE)
    assert not pair.locker.inside.is_set()


def test_a_call_that_hangs_makes_all_on_its_line_unknown_until_it_is_back(pair: Pair) -> None:
    pair.manager.start()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)
    pair.board.free.clear()
    pair.wait(board=State.UNKNOWN, locker=State.UNKNOWN)
    busy = pair.manager["locker"].submit(lambda device, deadline: device.reset(deadline), 0.1)
    with pytest.raises(DeviceError) as refused:
        busy.result(SECONDS)
    assert refused.value.code == "device-busy"
    pair.board.free.set()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)


@pytest.mark.parametrize("on", ["nobody", "locker"])
def test_a_line_that_nobody_has_is_refused(on: str) -> None:
    specs = [Spec("board", Held()), Spec("locker", Held(), on="board"), Spec("lamp", Held(), on=on)]
    with pytest.raises(ValueError, match="lamp is on"):
        Manager(specs)


def test_a_port_that_comes_goes_or_becomes_another_is_told_once(tmp_path: Path) -> None:
    port, told = tmp_path / "port", list[bool]()
    watch = Hotplug({"reader": str(port)}, lambda name, there: told.append(there))
    watch.look()
    assert told == []
    port.touch()
    watch.look()
    watch.look()
    assert told == [True]
    other = tmp_path / "other"
    other.touch()
    other.replace(port)
    watch.look()
    assert told == [True, True]
    port.unlink()
    watch.look()
    assert told == [True, True, False]


def test_a_port_that_returns_is_tried_without_the_patience_of_earlier_failures(tmp_path: Path) -> None:
    device = Held(str(tmp_path / "port"))
    device.fails = DeviceError("port-missing", "nothing there", advice="", retryable=True)
    now = 100.0
    manager = Manager([Spec("reader", device)], clock=lambda: now)
    actor = manager["reader"]
    for _ in range(5):  # each failure makes it wait longer
        while (wait := actor.turn()) == 0.0:
            pass
        now += wait or 0.0
    assert wait is not None
    assert wait > 2.0
    device.fails = None
    now -= 1.0
    actor.look_again()
    assert actor.turn() == 0.0
    assert actor.status.state is State.ONLINE
    manager.stop()


def test_a_command_that_waits_for_a_hanging_carrier_costs_nothing_and_all_say_unknown() -> None:
    pair = Pair()
    pair.board.free.clear()
    turns = 0
    locker = pair.manager["locker"]
    turn = locker.turn

    def counted() -> float | None:
        nonlocal turns
        turns += 1
        return turn()

    locker.turn = counted  # type: ignore[method-assign]  # counts how often the thread comes up
    pair.manager.start()
    assert pair.board.inside.wait(SECONDS)
    late = locker.submit(lambda device, deadline: device.reset(deadline), 0.2)
    with pytest.raises(DeviceError, match="busy"):
        late.result(SECONDS)
    assert turns < 10
    pair.board.free.set()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)
    pair.manager.stop()


def test_a_rider_tells_its_own_trouble_once_its_carrier_is_back(pair: Pair) -> None:
    pair.manager.start()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)
    pair.board.fails = unplugged()
    pair.locker.fails = DeviceError("burnt", "its fuse is burnt", advice="Call.", retryable=False)
    pair.wait(board=State.NO_DEVICE)
    pair.board.fails = None
    pair.wait(board=State.ONLINE)

    def told() -> bool:
        return any(fault.code == "burnt" for fault in pair.manager["locker"].status.faults)

    with pair._changed:
        assert pair._changed.wait_for(told, SECONDS), pair.manager["locker"].status


def test_nothing_is_closed_while_another_one_has_its_turn_on_the_line(pair: Pair) -> None:
    pair.manager.start()
    pair.wait(board=State.ONLINE, locker=State.ONLINE)
    closed_inside: list[bool] = []
    close = pair.locker.close
    pair.locker.close = lambda: (closed_inside.append(pair.locker._busy.locked()), close())  # type: ignore[method-assign]
    pair.locker.fails = unplugged()
    pair.wait(locker=State.NO_DEVICE)
    assert closed_inside
    assert not any(closed_inside)


def test_a_watch_that_does_not_end_leaves_the_others_their_time_to_close() -> None:
    class Deaf(Held):
        def watch(self, changed: object) -> Deaf:
            return self

        def start(self) -> None: ...

        def stop(self, deadline: Deadline) -> bool:
            threading.Event().wait(deadline.remaining())
            return False

    deaf, other = Deaf(), Held()
    manager = Manager([Spec("card_reader", deaf), Spec("locker", other)])
    manager.start()
    assert deaf.inside.wait(SECONDS)
    assert other.inside.wait(SECONDS)
    manager.stop(1.0)
    assert (deaf.closed, other.closed) == (1, 1)
