"""A child process may be killed, hang or talk nonsense at any time: it is always reaped, and usable again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.child import STUCK, ChildProcess
from tests.patience import BUSY

ROOT = Path(__file__).resolve().parents[2]
ECHO = """
    import os, signal, subprocess, sys, time
    from devices.transports.child import attach
    channel = attach()
    while True:
        message = channel.receive()
        match message.head.get("do"):
            case "echo":
                channel.send(message.head, message.body)
            case "garbage":
                channel._socket.send(b"no message at all")
            case "print":
                print(message.head["text"], flush=True)
                channel.send({"done": True})
            case "exit":
                os._exit(7)
            case "hang":
                signal.pause()
            case "tidy":
                channel.send({"ready": True})
                try:
                    channel.receive()
                except EOFError:
                    time.sleep(message.head["seconds"])
                    open(message.head["file"], "w").close()
                    os._exit(0)
            case "grandchild":
                child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
                channel.send({"pid": child.pid})
"""


@pytest.fixture
def make_child(tmp_path: Path) -> Iterator[Callable[[], ChildProcess]]:
    (tmp_path / "echo_for_test.py").write_text(textwrap.dedent(ECHO), encoding="utf-8")
    made: list[ChildProcess] = []

    def make() -> ChildProcess:
        path = os.pathsep.join((str(ROOT), str(tmp_path)))
        made.append(ChildProcess("echo_for_test", environment={"PYTHONPATH": path}))
        return made[-1]

    yield make
    for child in made:
        child.kill()


@pytest.fixture
def child(make_child: Callable[[], ChildProcess]) -> ChildProcess:
    return make_child()


def soon() -> Deadline:
    return Deadline.after(10)


def echoes(child: ChildProcess) -> bool:
    child.send({"do": "echo", "n": 3}, b"body", deadline=soon())
    message = child.receive(soon())
    return message.head["n"] == 3 and message.body == b"body"


def ended(pid: int) -> bool:
    """No process has this id, not even a zombie (or one that merely waits for init to collect it)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z" and not Path(f"/proc/self/task/{os.getpid()}/children").read_text().count(f"{pid} ")


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline, tick = Deadline.after(seconds), threading.Event()
    while not condition():
        if deadline.expired:
            return False
        tick.wait(0.01)
    return True


def test_killed_twenty_times_in_a_row_it_is_reaped_and_usable_again(child: ChildProcess) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        child.start()
        pid = child.pid
        assert pid is not None
        assert echoes(child)
        child.kill()
        assert not child.running
        assert not Path(f"/proc/{pid}").exists()
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # nothing leaks (the spawner thread owns no descriptor)
    assert child.starts == 20


def test_a_child_that_hangs_is_silent_at_the_deadline_and_can_be_killed(child: ChildProcess) -> None:
    child.start()
    assert echoes(child)
    child.send({"do": "hang"}, deadline=soon())
    begun = time.monotonic()
    with pytest.raises(DeviceError) as silent:
        child.receive(Deadline.after(0.2))
    child.kill()
    assert time.monotonic() - begun < 2 + BUSY
    assert silent.value.code == "child-silent"
    assert silent.value.retryable
    child.start()
    assert echoes(child)


def test_a_stopped_child_is_killed_all_the_same(child: ChildProcess) -> None:
    child.start()
    assert echoes(child)
    pid = child.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    child.kill()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("how", ["exit", "signal"])
def test_the_death_of_a_child_is_named(child: ChildProcess, how: str) -> None:
    child.start()
    assert echoes(child)
    pid = child.pid
    assert pid is not None
    if how == "exit":
        child.send({"do": "exit"}, deadline=soon())
    else:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(DeviceError, match="status 7" if how == "exit" else "status -9") as died:
        child.receive(soon())
    assert died.value.code == "child-died"
    child.start()
    assert echoes(child)


def test_garbage_ends_the_child(child: ChildProcess) -> None:
    child.start()
    child.send({"do": "garbage"}, deadline=soon())
    with pytest.raises(DeviceError) as garbage:
        child.receive(soon())
    assert garbage.value.code == "child-garbage"
    assert until(lambda: not child.running)


def test_a_child_that_does_not_exist_is_named() -> None:
    child = ChildProcess("no_such_module_anywhere")
    child.start()
    with pytest.raises(DeviceError) as died:
        child.receive(soon())
    assert died.value.code == "child-died"
    child.kill()
    assert "No module named" in child.last_words()


def test_a_child_not_started_is_named(child: ChildProcess) -> None:
    with pytest.raises(DeviceError) as died:
        child.send({}, deadline=soon())
    assert died.value.code == "child-died"


def test_killing_a_child_ends_what_it_started(child: ChildProcess) -> None:
    child.start()
    child.send({"do": "grandchild"}, deadline=soon())
    grandchild = int(child.receive(soon()).head["pid"])
    child.kill()
    assert until(lambda: ended(grandchild))


def test_the_number_of_a_child_that_ended_is_kept_until_its_group_was_killed(child: ChildProcess) -> None:
    child.start()
    pid = child.pid
    child.send({"do": "grandchild"}, deadline=soon())
    grandchild = int(child.receive(soon()).head["pid"])
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: not child.running)
    assert Path(f"/proc/{pid}").exists(), "from here on the number may be another's"
    child.kill()
    assert not Path(f"/proc/{pid}").exists()
    assert until(lambda: ended(grandchild))


def test_a_well_child_ends_by_itself_when_asked(child: ChildProcess) -> None:
    child.start()
    assert echoes(child)
    child.stop(soon())
    assert not child.running


def test_a_child_that_is_asked_to_end_has_until_the_deadline_though_somebody_listens(
    tmp_path: Path, make_child: Callable[[], ChildProcess]
) -> None:
    """It tidies up after the end of its channel, which a listening thread sees first."""
    child = make_child()
    child.start()
    child.send({"do": "tidy", "file": str(tmp_path / "tidied"), "seconds": 0.8}, deadline=soon())
    assert child.receive(soon()).head["ready"]
    heard: list[str] = []

    def listen() -> None:
        try:
            child.receive(None)
        except DeviceError as error:
            heard.append(error.code)

    listener = threading.Thread(target=listen)
    listener.start()
    child.stop(soon())
    listener.join(10)
    assert heard == ["child-died"]
    assert (tmp_path / "tidied").exists()


TRACER = """
    import ctypes, sys
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = (ctypes.c_long,) * 4
    seized = libc.ptrace(0x4206, int(sys.argv[1]), 0, 0)  # PTRACE_SEIZE
    print("seized" if seized == 0 else "refused", flush=True)
    sys.stdin.read()
"""


def test_children_that_cannot_be_reaped_are_left_behind_but_not_without_end(
    make_child: Callable[[], ChildProcess],
) -> None:
    """A traced process that was killed stays until its tracer looks: to its parent it is one that hangs in the
    kernel."""
    child, tracers = make_child(), list[subprocess.Popen[bytes]]()
    try:
        for _ in range(STUCK):
            child.start()
            assert echoes(child)
            command = [sys.executable, "-c", textwrap.dedent(TRACER), str(child.pid)]
            tracers.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            assert tracers[-1].stdout is not None
            if tracers[-1].stdout.readline() != b"seized\n":
                pytest.skip("this user may not trace processes")
            child.kill()
            assert not child.running
        with pytest.raises(DeviceError) as caught:
            child.start()
        assert caught.value.code == "child-stuck"
    finally:
        for tracer in tracers:
            tracer.communicate()  # its end lets go of what it traces

    def starts() -> bool:
        try:
            child.start()
        except DeviceError:
            return False
        return True

    assert until(starts)
    assert echoes(child)


def test_a_child_may_be_started_by_a_thread_that_ends(child: ChildProcess) -> None:
    thread = threading.Thread(target=child.start)
    thread.start()
    thread.join()
    assert echoes(child)
    assert echoes(child)


def test_a_child_dies_with_its_parent(tmp_path: Path, child: ChildProcess) -> None:
    path = os.pathsep.join((str(ROOT), str(tmp_path)))
    program = f"""
        import sys
        sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]
        from devices.contracts.deadline import Deadline
        from devices.transports.child import STUCK, ChildProcess
        child = ChildProcess("echo_for_test", environment={{"PYTHONPATH": {path!r}}})
        child.start()
        child.send({{"do": "echo"}}, deadline=Deadline.after(10))
        child.receive(Deadline.after(10))
        child.send({{"do": "hang"}}, deadline=Deadline.after(10))
        print(child.pid, flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
    assert until(lambda: ended(pid))


def test_what_a_child_says_is_kept_short_and_without_personal_data(child: ChildProcess) -> None:
    child.start()
    text = "x" * 9000 + " open rtsp://admin:geheim@10.0.0.9/1 for 11010519491231002X 张三"
    child.send({"do": "print", "text": text}, deadline=soon())
    child.receive(soon())
    child.kill()
    words = child.last_words()
    assert len(words) <= 4200
    assert "open rtsp://***@10.0.0.9/1" in words
    assert not any(secret in words for secret in ("geheim", "19491231", "张三"))
