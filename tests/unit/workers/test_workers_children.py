"""A child never holds the terminal up, never outlives it, and comes back after any end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.transports.child_channel import MAX_HEAD
from kiosk.workers import Worker, WorkerDied, WorkerOverran, WorkerRefused

ROOT = Path(__file__).parents[3]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{Path(__file__).parent}")
    one = Worker("worker_child")
    yield one
    one.release()


def gone(pid: int, within: float = 10.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        threading.Event().wait(0.01)
    return False


def test_nothing_is_started_before_the_first_call(worker: Worker) -> None:
    assert worker.pid is None
    assert worker.call({"do": "echo", "say": "您好 𠮷"}, b"\x00\xff", deadline_s=20) == (
        {"said": "您好 𠮷"},
        b"\x00\xff",
    )
    assert worker.pid is not None


def test_one_child_serves_many_calls_and_large_bodies(worker: Worker) -> None:
    body = os.urandom(3 << 20)
    for number in range(5):
        head, back = worker.call({"do": "echo", "say": number}, body, deadline_s=20)
        assert (head["said"], back) == (number, body)
    assert worker.starts == 1


def test_a_call_that_overruns_is_killed_and_the_next_one_is_served(worker: Worker) -> None:
    worker.call({"do": "echo", "say": 1}, deadline_s=20)
    hung = worker.pid
    assert hung is not None
    started = time.monotonic()
    with pytest.raises(WorkerOverran):
        worker.call({"do": "hang"}, deadline_s=0.3)
    assert time.monotonic() - started < 5
    assert gone(hung)
    assert worker.call({"do": "echo", "say": 2}, deadline_s=20)[0] == {"said": 2}
    assert worker.starts == 2


@pytest.mark.parametrize("end", ["exit", "bug"])
def test_a_child_that_ends_is_replaced(worker: Worker, end: str) -> None:
    with pytest.raises(WorkerDied):
        worker.call({"do": end}, deadline_s=20)
    assert worker.call({"do": "echo", "say": 1}, deadline_s=20)[0] == {"said": 1}


def test_a_child_killed_from_outside_is_replaced(worker: Worker) -> None:
    worker.call({"do": "echo", "say": 1}, deadline_s=20)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while worker.pid is not None and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert worker.call({"do": "echo", "say": 2}, deadline_s=20)[0] == {"said": 2}


def test_an_expected_error_is_an_answer_and_the_child_lives_on(worker: Worker) -> None:
    with pytest.raises(WorkerRefused) as caught:
        worker.call({"do": "refuse"}, deadline_s=20)
    assert (caught.value.code, caught.value.details) == ("not-found", {"where": "here"})
    worker.call({"do": "echo", "say": 1}, deadline_s=20)
    assert worker.starts == 1


def test_a_message_that_is_too_large_is_refused_and_the_next_one_is_served(worker: Worker) -> None:
    with pytest.raises(WorkerRefused, match="worker-message"):
        worker.call({"do": "echo", "say": "x" * (MAX_HEAD + 1)}, deadline_s=20)
    assert worker.call({"do": "echo", "say": 1}, deadline_s=20)[0] == {"said": 1}


def test_a_stray_print_does_not_look_like_an_answer(worker: Worker) -> None:
    assert worker.call({"do": "print"}, deadline_s=20)[0] == {"printed": True}
    assert worker.call({"do": "echo", "say": 1}, deadline_s=20)[0] == {"said": 1}


def test_an_answer_without_sense_ends_the_child(worker: Worker) -> None:
    with pytest.raises(WorkerDied):
        worker.call({"do": "garbage"}, deadline_s=20)


def test_released_means_gone(worker: Worker) -> None:
    worker.call({"do": "echo", "say": 1}, deadline_s=20)
    pid = worker.pid
    assert pid is not None
    worker.release()
    assert gone(pid)
    assert worker.pid is None
    worker.release()


def test_threads_take_turns(worker: Worker) -> None:
    said: list[int] = []
    threads = [
        threading.Thread(
            target=lambda n=n: said.append(worker.call({"do": "echo", "say": n}, deadline_s=30)[0]["said"])
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(said) == list(range(6))
    assert worker.starts == 1


def test_a_child_outlives_the_thread_that_called_first(worker: Worker) -> None:
    first = threading.Thread(target=lambda: worker.call({"do": "echo", "say": 1}, deadline_s=20))
    first.start()
    first.join(20)
    worker.call({"do": "echo", "say": 2}, deadline_s=20)
    assert worker.starts == 1


def test_nothing_personal_is_in_its_arguments_and_no_core_is_left(worker: Worker) -> None:
    head, _ = worker.call({"do": "where", "say": "王某某"}, deadline_s=20)
    assert "王" not in head["arguments"]
    assert head["parent"] == os.getpid()
    assert worker.call({"do": "core"}, deadline_s=20)[0] == {"core": 0}


@pytest.mark.parametrize("doing", ["echo", "hang"])
def test_a_child_dies_with_its_parent(worker: Worker, doing: str) -> None:
    code = (
        "import threading\n"
        "from kiosk.workers import Worker\n"
        "w = Worker('worker_child'); w.call({'do': 'echo', 'say': 1}, deadline_s=20); print(w.pid, flush=True)\n"
        f"w.call({{'do': {doing!r}, 'say': 1}}, deadline_s=60)\n"
        "threading.Event().wait(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait(10)
    assert gone(pid)
