"""A worker that cannot live is left alone for a while, and begun anew when that is over."""

from __future__ import annotations

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.child_channel import Message
from kiosk import workers
from kiosk.workers import FIRST_PAUSE, IN_A_ROW, LONGEST_PAUSE, Worker, WorkerDied, WorkerOverran, WorkerRests


class Child:
    """A child that dies, hangs or answers, as a test wants it."""

    pid, running = 1, True

    def __init__(self, module: str) -> None:
        self.fault, self.starts, self.during = "child-died", 0, lambda: None

    def start(self) -> None:
        self.starts += 1

    def send(self, head: object, body: bytes, *, deadline: Deadline) -> None: ...

    def receive(self, deadline: Deadline) -> Message:
        self.during()
        if self.fault:
            raise DeviceError(self.fault, "it is gone", advice="", retryable=True)
        return Message({"said": 1}, b"")

    def kill(self) -> None: ...

    def abandon(self) -> None: ...


class Room:
    """A worker over such a child, on a clock that stands."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.worker = Worker("nobody", lambda: self.now)
        self.child: Child = self.worker._child  # type: ignore[assignment]  # made by the fixture

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises((WorkerDied, WorkerOverran)):
                self.worker.call({}, deadline_s=5)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(workers, "ChildProcess", Child)
    return Room()


def test_after_failures_in_a_row_no_child_is_started_until_a_pause_is_over(room: Room) -> None:
    room.fail(IN_A_ROW)
    with pytest.raises(WorkerRests):
        room.worker.call({}, deadline_s=5)
    assert room.child.starts == room.worker.failures == IN_A_ROW
    room.now += FIRST_PAUSE
    room.child.fault = ""
    assert room.worker.call({}, deadline_s=5) == ({"said": 1}, b"")
    room.child.fault = "child-silent"
    room.fail(IN_A_ROW - 1)  # after an answer the row begins anew
    assert room.worker.failures == 2 * IN_A_ROW - 1


def test_the_pause_doubles_up_to_a_limit(room: Room) -> None:
    room.fail(IN_A_ROW)
    pauses = []
    for _ in range(9):
        pauses.append(room.worker._rests_until - room.now)
        room.now = room.worker._rests_until
        room.fail()
    assert pauses[:4] == [FIRST_PAUSE * 2**power for power in range(4)]
    assert max(pauses) == pauses[-1] == LONGEST_PAUSE


def test_a_child_that_was_given_up_on_purpose_has_not_failed(room: Room) -> None:
    room.child.during = room.worker.abandon
    room.fail(IN_A_ROW + 2)
    assert room.worker.failures == 0
