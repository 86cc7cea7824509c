"""Whatever a camera does, the driver says what is wrong within its deadline and works again afterwards."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.camera import FaceHint, FaceMatched, FaceOutcome, FaceUnavailable, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.drivers.camera.driver import CameraDriver, Limits
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait
from devices.vision.parameters import CaptureParameters
from tests.patience import BUSY

QUICK = CaptureParameters(stale_after=0.8, identical_after=0.8, covered_after=0.4, open_seconds=2.0, linger=0.5)


@pytest.fixture
def twin() -> Iterator[CameraTwin]:
    twin = CameraTwin("camera")
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def open_camera() -> Iterator[Callable[..., CameraDriver]]:
    opened: list[CameraDriver] = []

    def make(source: str, limits: Limits | None = None) -> CameraDriver:
        opened.append(CameraDriver(source, capture=QUICK, limits=limits))
        return opened[-1]

    yield make
    for camera in opened:
        camera.close()


@pytest.fixture
def camera(twin: CameraTwin, open_camera: Callable[..., CameraDriver]) -> CameraDriver:
    return open_camera(twin.port)


def code_of(outcome: FaceOutcome) -> str:
    assert isinstance(outcome, FaceUnavailable), outcome
    return outcome.reason.code


def match(camera: CameraDriver, seconds: float = 8) -> FaceOutcome:
    return camera.match_face(card_portrait(), deadline=Deadline.after(seconds))


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline, tick = Deadline.after(seconds), threading.Event()
    while not condition():
        if deadline.expired:
            return False
        tick.wait(0.02)
    return True


def hang(pid: int) -> None:
    """Stop the process; a busy machine takes its time to stop every thread of it."""
    os.kill(pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{pid}/task")
    assert eventually(
        lambda: all(t.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "T" for t in tasks.iterdir())
    )


@pytest.mark.parametrize(
    ("action", "arguments", "code"),
    [
        ("covered", {}, "covered"),
        ("frozen", {"how": "same"}, "frozen"),
        ("frozen", {"how": "silent"}, "gone"),  # opened, but not one picture: OpenCV does not open it
        ("gone", {}, "gone"),
    ],
    ids=["covered", "frozen-same", "silent", "gone"],
)
def test_a_check_says_what_is_wrong_and_the_next_one_works(
    twin: CameraTwin, camera: CameraDriver, action: str, arguments: dict[str, str], code: str
) -> None:
    camera.prepare(Deadline.after(20))  # the networks are loaded: what is timed is the check
    twin.act(action, arguments)
    begun = time.monotonic()
    assert code_of(match(camera, 5)) == code
    assert time.monotonic() - begun < 5 + BUSY
    twin.act("ok", {})
    assert isinstance(match(camera), FaceMatched)


def test_a_camera_that_freezes_in_the_middle_of_a_check_never_matches(twin: CameraTwin, camera: CameraDriver) -> None:
    twin.act("person", {"who": "none"})

    def freeze_with_the_person_in_it(hint: FaceHint) -> None:
        twin.act("person", {"who": "same"})
        twin.act("frozen", {"how": "same"})

    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(6), hint=freeze_with_the_person_in_it)
    assert code_of(outcome) == "frozen"


@pytest.mark.parametrize(
    ("action", "arguments", "code", "state"),
    [
        ("covered", {}, "covered", State.USER_ERROR),
        ("frozen", {"how": "same"}, "frozen", State.HARDWARE_ERROR),
        ("frozen", {"how": "silent"}, "frozen", State.HARDWARE_ERROR),
        ("gone", {}, "gone", State.OFFLINE),
    ],
    ids=["covered", "frozen-same", "frozen-silent", "gone"],
)
def test_a_fault_during_the_preview_shows_in_the_status_and_the_preview_comes_back(
    twin: CameraTwin, camera: CameraDriver, action: str, arguments: dict[str, str], code: str, state: State
) -> None:
    frames: list[Frame] = []
    camera.start_preview(frames.append)
    assert eventually(lambda: len(frames) > 3)
    twin.act(action, arguments)

    def says() -> bool:
        status = camera.poll(Deadline.after(3))
        return status.state is state and [fault.code for fault in status.faults] == [code]

    assert eventually(says)
    twin.act("ok", {})
    frames.clear()
    assert eventually(lambda: camera.poll(Deadline.after(3)).usable and len(frames) > 3)


def test_a_read_that_blocks_for_ever_is_killed_within_the_deadline(
    tmp_path: Path, twin: CameraTwin, open_camera: Callable[..., CameraDriver]
) -> None:
    pipe = tmp_path / "camera"
    os.mkfifo(pipe)  # opening it blocks inside OpenCV until a writer comes: never
    camera = open_camera(str(pipe))
    camera.prepare(Deadline.after(20))
    begun = time.monotonic()
    assert code_of(match(camera, 4)) == "gone"
    assert time.monotonic() - begun < 4 + BUSY
    assert camera.child_pid() is None  # a thread that hangs inside OpenCV cannot be ended in any other way


def test_a_child_that_cannot_answer_a_look_is_killed_at_the_deadline(camera: CameraDriver) -> None:
    camera.prepare(Deadline.after(10))
    pid = camera.child_pid()
    assert pid is not None
    hang(pid)
    begun = time.monotonic()
    with pytest.raises(DeviceError) as error:
        camera.look(Deadline.after(0.5))
    assert time.monotonic() - begun < 0.5 + BUSY
    assert error.value.code == "child-silent"
    assert not Path(f"/proc/{pid}").exists()


def test_a_child_killed_in_the_middle_of_a_check_is_started_again_and_the_check_succeeds(
    twin: CameraTwin, camera: CameraDriver
) -> None:
    twin.act("person", {"who": "none"})
    killed: list[int] = []

    def kill_once(hint: FaceHint) -> None:
        if not killed:
            pid = camera.child_pid()
            assert pid is not None
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
            twin.act("ok", {})

    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(12), hint=kill_once)
    assert killed
    assert isinstance(outcome, FaceMatched)
    assert camera.statistics()["child-starts"] == 2


def test_a_child_that_hangs_in_the_middle_of_a_check_is_ended_within_the_deadline(
    twin: CameraTwin, open_camera: Callable[..., CameraDriver]
) -> None:
    camera = open_camera(twin.port, Limits(silence=1.0, retry=60.0))
    twin.act("person", {"who": "none"})
    stopped: list[int] = []

    def stop(hint: FaceHint) -> None:
        pid = camera.child_pid()
        assert pid is not None
        stopped.append(pid)
        hang(pid)

    camera.prepare(Deadline.after(20))
    begun = time.monotonic()
    outcome = camera.match_face(card_portrait(), deadline=Deadline.after(6), hint=stop)
    assert code_of(outcome) == "child-silent"
    assert time.monotonic() - begun < 5  # the silence, not the deadline, gave it away
    assert not Path(f"/proc/{stopped[0]}").exists()
    twin.act("ok", {})
    assert isinstance(match(camera), FaceMatched)


@pytest.mark.slow
def test_killed_again_and_again_in_a_preview_it_comes_back_each_time(twin: CameraTwin, camera: CameraDriver) -> None:
    frames: list[Frame] = []
    camera.start_preview(frames.append)
    kills = int(os.environ.get("KIOSK_PEER_ROUNDS", "6"))
    for _ in range(kills):
        pid = camera.child_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: camera.child_pid() is None)
        frames.clear()
        camera.poll(Deadline.after(8))
        assert eventually(lambda: len(frames) > 0)
    assert camera.statistics()["child-starts"] == kills + 1


def test_a_child_that_hangs_during_the_preview_is_replaced_by_the_poll(
    camera: CameraDriver,
) -> None:
    frames: list[Frame] = []
    camera.start_preview(frames.append)
    assert eventually(lambda: len(frames) > 0)
    pid = camera.child_pid()
    assert pid is not None
    hang(pid)
    status = camera.poll(Deadline.after(1))
    assert status.state is State.UNKNOWN
    assert [fault.code for fault in status.faults] == ["child-silent"]
    frames.clear()
    assert not camera.poll(Deadline.after(8)).usable  # it starts: nothing was seen yet
    assert eventually(lambda: camera.poll(Deadline.after(8)).usable and len(frames) > 0)


@pytest.mark.parametrize("package", ["dlib", "yuface"])
def test_without_the_matcher_the_check_is_unavailable_and_the_preview_works(
    package: str, twin: CameraTwin, camera: CameraDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{package}.py").write_text("raise ImportError('not installed')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert code_of(match(camera)) == "matcher-missing"
    assert camera.prepare(Deadline.after(5)) == {"missing": f"package {package} is not installed"}
    frames: list[Frame] = []
    camera.start_preview(frames.append)
    assert eventually(lambda: len(frames) > 0)
