"""A call that does not come back costs its caller the deadline, and the process one sleeping thread, not more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.transports.worker import LIMIT, Worker, WorkerLost, left_behind
from tests.patience import BUSY
from tests.wire.pcsc_room import until


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What the calls hang on; opened at the end, whatever the test did."""
    gate = threading.Event()
    yield gate
    gate.set()
    assert until(lambda: left_behind() == 0, 5)


def hang(gate: threading.Event, said: list[str] | None = None) -> Worker:
    worker = Worker("test", lambda: said.append("farewell") if said is not None else None)
    with pytest.raises(WorkerLost):
        worker.call(gate.wait, Deadline.after(0.02))
    return worker


def test_what_a_call_returns_or_raises_is_what_the_caller_gets() -> None:
    worker = Worker("test", lambda: None)
    assert worker.call(lambda: 3, Deadline.after(5)) == 3
    with pytest.raises(ZeroDivisionError):
        worker.call(lambda: 1 // 0, Deadline.after(5))
    with pytest.raises(TimeoutError, match="its own"):
        worker.call(_raise_timeout, Deadline.after(5))
    assert worker.call(threading.get_ident, Deadline.after(5)) != threading.get_ident()
    assert worker.stop(Deadline.after(5))


def _raise_timeout() -> None:
    raise TimeoutError("its own")


def test_the_caller_goes_on_at_the_deadline_and_the_worker_tidies_up_when_it_can(gate: threading.Event) -> None:
    said: list[str] = []
    start = time.monotonic()
    worker = hang(gate, said)
    assert time.monotonic() - start < BUSY
    assert (worker.lost, worker.pending, left_behind(), said) == (True, True, 1, [])
    with pytest.raises(WorkerLost):
        worker.call(lambda: 1, Deadline.after(5))
    gate.set()
    assert until(lambda: not worker.pending, 5)
    assert (said, left_behind()) == (["farewell"], 0)


def test_stopping_waits_no_longer_than_its_deadline(gate: threading.Event) -> None:
    worker = Worker("test", lambda: None)
    threading.Thread(target=lambda: worker.call(gate.wait, Deadline.after(30)), daemon=True).start()
    start = time.monotonic()
    assert not worker.stop(Deadline.after(0.05))
    assert time.monotonic() - start < BUSY


def test_one_that_has_ended_is_not_left_behind_though_its_thread_still_counts_as_alive() -> None:
    worker = Worker("test", lambda: None)
    assert worker.stop(Deadline.after(5))
    worker._thread = threading.current_thread()  # as a thread is in its last moments
    worker._leave()
    assert (worker.lost, left_behind()) == (True, 0)


def test_there_are_never_more_left_behind_than_the_limit(gate: threading.Event) -> None:
    for _ in range(LIMIT):
        hang(gate)
    with pytest.raises(WorkerLost, match="not come back"):
        Worker("one too many", lambda: None)
    gate.set()
    assert until(lambda: left_behind() == 0, 5)
    assert Worker("again", lambda: None).stop(Deadline.after(5))
