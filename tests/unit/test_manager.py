"""The actor of a device: opening, losing, returning, commands with deadlines, cards watched; on an injected clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from datetime import date
from random import Random
from typing import Any

import pytest

from devices.actor import Actor, Spec
from devices.backoff import Backoff
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Level, State, Status, TestResult
from devices.contracts.identity import CardGone, CardRead, DocumentKind, IdentityDocument, NoCard
from devices.jobs import Job, Reaper
from devices.manager import Manager

DOCUMENT = IdentityDocument(
    DocumentKind.RESIDENT, "11010519491231002X", "王样例", "2", date(1949, 12, 31), date(2019, 1, 1), None
)


def error(code: str, action: Action = Action.RESET) -> DeviceError:
    return DeviceError(code, f"{code} happened", advice="Look.", retryable=True, action=action)


class FakeDevice:
    """A device that fails as it is told."""

    info = DeviceInfo("id_reader", "fake", "nowhere")
    capabilities: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.fails: DeviceError | None = None
        self.status = Status(State.ONLINE, observed_at=0.0)
        self.card: IdentityDocument | None = None
        self.calls: list[str] = []

    def _do(self, call: str) -> None:
        self.calls.append(call)
        if self.fails is not None:
            raise self.fails

    def open(self, deadline: Deadline) -> None:
        self._do("open")

    def close(self) -> None:
        self.calls.append("close")

    def poll(self, deadline: Deadline) -> Status:
        self._do("poll")
        return self.status

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        return TestResult(level, True, "")

    def reset(self, deadline: Deadline) -> None:
        self._do("reset")

    def statistics(self) -> Mapping[str, int]:
        return {}

    def read(self, deadline: Deadline) -> CardRead | NoCard:
        self._do("read")
        return CardRead(self.card) if self.card else NoCard()

    def present(self, deadline: Deadline) -> bool:
        self._do("present")
        return self.card is not None


class Bench:
    """An actor driven turn by turn on a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.device = FakeDevice()
        self.reaper = Reaper()
        spec = Spec("reader", self.device, poll_interval=3.0, backoff=Backoff(1.0, 2.0, 8.0, jitter=0.0))
        self.actor = Actor(spec, self.reaper, lambda: self.now, Random(1))
        self.seen: list[State] = []
        self.actor.subscribe(lambda status: self.seen.append(status.state))

    def settle(self) -> float | None:
        """Do all that is due now; how long until the next thing is."""
        while (wait := self.actor.turn()) == 0.0:
            pass
        return wait

    def after(self, seconds: float) -> float | None:
        self.now += seconds
        return self.settle()

    def calls(self) -> list[str]:
        calls, self.device.calls = self.device.calls, []
        return calls


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_opens_asks_and_then_sleeps_until_the_next_heartbeat(bench: Bench) -> None:
    assert bench.actor.status.state is State.STARTING
    assert bench.settle() == 3.0
    assert bench.calls() == ["open", "poll"]
    assert bench.seen == [State.ONLINE]
    assert bench.after(1.0) == 2.0
    assert bench.calls() == []
    bench.after(2.0)
    assert bench.calls() == ["poll"]


def test_an_unchanged_status_is_not_told_again_but_on_request(bench: Bench) -> None:
    bench.settle()
    bench.after(3.0)
    assert bench.seen == [State.ONLINE]
    bench.actor.refresh()
    bench.settle()
    assert bench.seen == [State.ONLINE, State.ONLINE]


def test_a_lost_device_is_tried_again_after_doubling_waits_up_to_the_limit(bench: Bench) -> None:
    bench.settle()
    bench.device.fails = error("unplugged")
    waits = [bench.after(3.0)]
    for _ in range(5):
        waits.append(bench.after(waits[-1] or 0.0))
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert bench.seen == [State.ONLINE, State.NO_DEVICE]


def test_how_often_it_came_back_is_counted_and_the_first_opening_is_no_return(bench: Bench) -> None:
    bench.device.fails = error("unplugged")
    bench.settle()  # it was not there when the terminal was switched on
    bench.device.fails = None
    bench.after(1.0)
    assert (bench.actor.status.state, bench.actor.returns) == (State.ONLINE, 0)
    for _ in range(2):
        bench.device.fails = error("no-answer")
        bench.after(3.0)
        bench.device.fails = None
        bench.after(1.0)
    assert bench.actor.returns == 2


def test_jitter_stays_within_its_share() -> None:
    delays = {Backoff(1.0, jitter=0.2).delay(1, Random(seed)) for seed in range(50)}
    assert 0.8 <= min(delays) < 0.9 < 1.1 < max(delays) <= 1.2


def test_the_first_cause_is_kept_and_loss_and_return_are_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "devices.actor")
    bench.settle()
    bench.device.fails = error("checksum")
    bench.after(3.0)
    bench.device.fails = error("port-missing")
    bench.after(1.0)
    bench.after(2.0)
    assert [fault.code for fault in bench.actor.status.faults] == ["checksum"]
    bench.device.fails = None
    bench.after(4.0)
    assert bench.actor.status.state is State.ONLINE
    assert [record.getMessage() for record in caplog.records] == [
        "reader is lost: checksum",
        "reader is back after 7 s (checksum)",
    ]


def test_a_silent_device_that_is_unplugged_is_seen_to_be_and_so_is_one_that_is_silent_when_it_is_back(
    bench: Bench,
) -> None:
    bench.settle()
    told = []
    for code in ("no-answer", "port-missing", "no-answer"):
        bench.device.fails = error(code)
        bench.after(4.0)
        told += [(bench.actor.status.state, *(fault.code for fault in bench.actor.status.faults))]
    assert told == [
        (State.UNKNOWN, "no-answer"), (State.NO_DEVICE, "port-missing"), (State.UNKNOWN, "no-answer"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "state"),
    [
        (error("port-missing"), State.NO_DEVICE),
        (error("unplugged"), State.NO_DEVICE),
        (error("no-answer"), State.UNKNOWN),
        (error("port-busy"), State.OFFLINE),
        (error("sam-self-test", Action.CALL_TECHNICIAN), State.HARDWARE_ERROR),
    ],
)
def test_the_state_of_a_lost_device_says_why(bench: Bench, cause: DeviceError, state: State) -> None:
    bench.device.fails = cause
    bench.settle()
    assert bench.actor.status.state is state
    assert not bench.actor.status.usable


def test_a_command_runs_in_the_actor_and_answers(bench: Bench) -> None:
    future = bench.actor.submit(lambda device, deadline: device.info.driver, 1.0)
    assert not future.done()
    bench.settle()
    assert future.result(0) == "fake"


def test_a_command_for_a_lost_device_fails_at_once_with_the_cause(bench: Bench) -> None:
    bench.device.fails = error("unplugged")
    waiting: Future[None] = bench.actor.submit(lambda device, deadline: None, 60.0)
    bench.settle()
    for future in (waiting, bench.actor.submit(lambda device, deadline: None, 60.0)):
        with pytest.raises(DeviceError) as caught:
            future.result(0)
        assert caught.value.code == "unplugged"


def test_a_failed_command_has_the_device_looked_after_at_once(bench: Bench) -> None:
    bench.settle()
    bench.calls()
    bench.device.fails = error("unplugged")
    future = bench.actor.submit(lambda device, deadline: device.reset(deadline), 1.0)
    bench.settle()
    assert bench.calls() == ["reset", "poll", "close"]
    assert future.exception(0) is not None
    assert bench.seen[-1] is State.NO_DEVICE


def test_a_bug_in_a_command_goes_to_its_caller_and_leaves_the_actor_alone(bench: Bench) -> None:
    future = bench.actor.submit(lambda device, deadline: device.no_such_method(), 1.0)
    bench.settle()
    assert isinstance(future.exception(0), AttributeError)
    assert bench.actor.status.state is State.ONLINE


def test_an_overdue_command_that_never_began_is_not_begun(bench: Bench) -> None:
    ran: list[str] = []
    job: Job[None] = Job(lambda device, deadline: ran.append("ran"), Deadline.after(0))
    job.run(bench.device)
    failure = job.future.exception(0)
    assert isinstance(failure, DeviceError)
    assert failure.code == "device-busy"
    assert ran == []


def test_cards_are_told_by_events_and_only_while_watching(bench: Bench) -> None:
    events: list[Any] = []
    bench.actor.watch_cards(events.append, interval=0.5)
    assert bench.settle() == 0.5
    bench.device.card = DOCUMENT
    bench.after(0.5)
    bench.after(0.5)
    bench.device.card = None
    bench.after(0.5)
    assert events == [CardRead(DOCUMENT)], "one missed look is a nudge, not a card taken away"
    bench.after(0.5)
    assert events == [CardRead(DOCUMENT), CardGone()]
    bench.actor.unwatch()
    bench.calls()
    bench.device.card = DOCUMENT
    bench.after(0.9)
    assert bench.calls() == []
    assert len(events) == 2


def test_changing_the_interval_forgets_nothing(bench: Bench) -> None:
    events: list[Any] = []
    bench.device.card = DOCUMENT
    bench.actor.watch_cards(events.append, interval=1.0)
    bench.settle()
    bench.actor.watch_cards(events.append, interval=0.3)
    bench.after(0.3)
    assert events == [CardRead(DOCUMENT)]


def test_a_device_that_reads_no_identity_cards_cannot_be_watched() -> None:
    device = FakeDevice()
    device.info = DeviceInfo("social_card", "fake", "nowhere")  # it has methods of the same names
    with pytest.raises(TypeError, match="reads no identity cards"):
        Actor(Spec("social_card", device), Reaper(), lambda: 0.0, Random(1)).watch_cards(lambda event: None)


# With real threads


class HangingDevice(FakeDevice):
    """Its commands hang in native code until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()


@pytest.fixture
def hanging() -> Iterator[tuple[Manager, HangingDevice]]:
    device = HangingDevice()
    manager = Manager([Spec("printer", device)])
    manager.start()
    yield manager, device
    device.let_go.set()
    manager.stop()


def test_nobody_waits_beyond_the_deadline_even_when_the_driver_hangs(hanging: tuple[Manager, HangingDevice]) -> None:
    manager, device = hanging
    begun = threading.Event()

    def hang(_: object, deadline: Deadline) -> None:
        begun.set()
        device.let_go.wait(20)

    first = manager["printer"].submit(hang, 0.1)
    assert begun.wait(5)
    second = manager["printer"].submit(hang, 0.1)
    codes = [getattr(future.exception(5), "code", "") for future in (first, second)]
    assert codes == ["no-answer", "device-busy"]


def wait_for(actor: Actor, wanted: Callable[[Status], bool]) -> None:
    """Block until the status is as wanted."""
    reached = threading.Event()
    end = actor.subscribe(lambda status: reached.set() if wanted(status) else None)
    try:
        assert wanted(actor.status) or reached.wait(5)
    finally:
        end()


@pytest.mark.parametrize("where", ["open", "poll", "read", "command"])
def test_a_driver_that_hangs_is_not_well_while_it_hangs_and_is_again_when_it_returns(where: str) -> None:
    let_go, hangs = threading.Event(), threading.Event()

    class Hanging(FakeDevice):
        def _do(self, call: str) -> None:
            super()._do(call)
            if call == where and not let_go.is_set():
                hangs.set()
                let_go.wait(20)

    manager = Manager([Spec("printer", Hanging(), open_timeout=0.1, poll_timeout=0.1, watch_timeout=0.1)])
    actor = manager["printer"]
    manager.start()
    try:
        if where == "read":
            actor.watch_cards(lambda event: None)
        if where == "command":
            actor.submit(lambda device, deadline: device._do("command"), 0.1)
        assert hangs.wait(5)
        wait_for(actor, lambda status: [fault.code for fault in status.faults] == ["no-answer"])
        assert actor.status.state is State.UNKNOWN
        let_go.set()
        wait_for(actor, lambda status: status.usable)
    finally:
        let_go.set()
        manager.stop()


def test_every_device_has_a_thread_of_its_own_and_all_end(hanging: tuple[Manager, HangingDevice]) -> None:
    devices = [FakeDevice(), FakeDevice()]
    manager = Manager([Spec(f"device{i}", device) for i, device in enumerate(devices)])
    manager.start()
    for name in manager:
        wait_for(manager[name], lambda status: status.usable)
    assert {status.state for status in manager.statuses().values()} == {State.ONLINE}
    threads = [manager[name].submit(lambda device, deadline: threading.current_thread().name, 5) for name in manager]
    assert [thread.result(5) for thread in threads] == ["device-device0", "device-device1"]
    manager.stop()
    assert not {t.name for t in threading.enumerate()} & {"device-device0", "device-device1"}
    assert all(device.calls[-1] == "close" for device in devices)
    with pytest.raises(DeviceError, match="not in service"):
        manager["device0"].submit(lambda device, deadline: None, 1).result(0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_a_driver_is_seen_and_nobody_waits_for_it() -> None:
    class Broken(FakeDevice):
        def poll(self, deadline: Deadline) -> Status:
            raise ZeroDivisionError

    manager = Manager([Spec("broken", Broken())])
    manager.start()
    wait_for(manager["broken"], lambda status: any(fault.code == "driver-crashed" for fault in status.faults))
    assert not manager["broken"].status.usable
    with pytest.raises(DeviceError):
        manager["broken"].submit(lambda device, deadline: None, 5).result(5)
    manager.stop()


def test_stopping_leaves_nobody_waiting_for_a_driver_that_hangs() -> None:
    let_go, hangs = threading.Event(), threading.Event()

    def hang(device: FakeDevice, deadline: Deadline) -> None:
        hangs.set()
        let_go.wait(20)

    manager = Manager([Spec("printer", FakeDevice())])
    manager.start()
    try:
        begun = manager["printer"].submit(hang, 600)
        assert hangs.wait(5)
        waiting = manager["printer"].submit(lambda device, deadline: None, 600)
        manager.stop(0.1)
        assert code_of(begun) == "no-answer"  # it may still do its work: nobody knows
        assert code_of(waiting) == "stopped"
    finally:
        let_go.set()


def code_of(future: Future[Any]) -> str:
    failure = future.exception(5)
    assert isinstance(failure, DeviceError)
    return failure.code


class Overtaken(Deadline):
    """A deadline at which the reaper comes first, in the middle of the question whether it is over."""

    job: Job[Any]

    @property
    def expired(self) -> bool:
        self.job.expire()
        return False


def test_a_command_that_expires_while_it_is_about_to_begin_does_not_begin() -> None:
    begun: list[object] = []
    deadline = Overtaken(0.0)
    job: Job[Any] = Job(lambda device, deadline: begun.append(device), deadline)
    Overtaken.job = job
    assert job.run("device")  # no bug of the device's, no loss of it
    assert code_of(job.future) == "device-busy"
    assert begun == []


def test_a_command_whose_caller_gave_up_neither_begins_nor_disturbs_the_reaper() -> None:
    begun: list[object] = []
    job: Job[Any] = Job(lambda device, deadline: begun.append(device), Deadline.after(60))
    assert job.future.cancel()
    job.expire()
    assert job.run("device")
    assert begun == []
