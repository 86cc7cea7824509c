"""Preview frames over the wire: small, few, newest only; and a camera server that we did not write."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.camera import FaceMatched, Frame
from devices.contracts.deadline import Deadline
from devices.drivers.camera.driver import CameraDriver, Limits
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import camera_picture, card_portrait, swaying
from devices.simulators.twin import UnknownAction
from devices.vision.parameters import CaptureParameters

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def twin() -> Iterator[CameraTwin]:
    twin = CameraTwin("camera", rate=30)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def camera(twin: CameraTwin) -> Iterator[CameraDriver]:
    camera = CameraDriver(twin.port, capture=CaptureParameters(linger=0.2))
    yield camera
    camera.close()


class Viewer:
    """Collects frames and lets a test wait for the n-th."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._news = threading.Condition()

    def __call__(self, frame: Frame) -> None:
        with self._news:
            self.frames.append(frame)
            self._news.notify_all()

    def wait_for(self, count: int) -> list[Frame]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.frames) >= count, 10)
            return list(self.frames)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline, tick = Deadline.after(seconds), threading.Event()
    while not condition():
        if deadline.expired:
            return False
        tick.wait(0.02)
    return True


def test_frames_are_jpeg_of_the_stated_size_in_order_and_stamped(camera: CameraDriver) -> None:
    viewer = Viewer()
    begun = time.monotonic()
    camera.start_preview(viewer)
    frames = viewer.wait_for(10)
    assert all(frame.jpeg[:2] == b"\xff\xd8" and frame.width <= 640 for frame in frames)
    numbers, stamps = [frame.sequence for frame in frames], [frame.captured_at for frame in frames]
    assert numbers == sorted(set(numbers))
    assert stamps == sorted(stamps)
    assert begun < stamps[0] <= stamps[-1] < time.monotonic()


def test_at_most_fifteen_frames_a_second_come_from_a_faster_camera(camera: CameraDriver) -> None:
    viewer = Viewer()
    camera.start_preview(viewer)
    frames = viewer.wait_for(31)[1:31]
    assert 29 / (frames[-1].captured_at - frames[0].captured_at) < 16.5


def test_a_slow_listener_gets_the_newest_frame_not_a_queue(camera: CameraDriver) -> None:
    taken: list[tuple[Frame, float]] = []
    go, done = threading.Event(), threading.Event()

    def slow(frame: Frame) -> None:
        taken.append((frame, time.monotonic()))
        if len(taken) == 1:
            go.wait(10)
        if len(taken) == 3:
            done.set()

    camera.start_preview(slow)
    assert eventually(lambda: len(taken) == 1)
    assert not done.wait(1.0)  # the camera runs on meanwhile
    go.set()
    assert done.wait(10)
    # The second may have been on its way; the third was captured after the wait.
    assert taken[2][0].sequence - taken[0][0].sequence >= 8
    assert taken[2][1] - taken[2][0].captured_at < 0.5


def test_after_stop_no_frame_comes_and_the_camera_is_left_alone(twin: CameraTwin, camera: CameraDriver) -> None:
    viewer = Viewer()
    camera.start_preview(viewer)
    viewer.wait_for(2)
    camera.stop_preview()
    count = len(viewer.frames)
    assert eventually(lambda: twin.clients == 0)  # nobody reads: nothing is captured
    assert len(viewer.frames) == count


def test_nothing_runs_until_it_is_needed_and_release_ends_all(twin: CameraTwin, camera: CameraDriver) -> None:
    camera.open(Deadline.after(2))
    assert camera.poll(Deadline.after(2)).usable
    assert camera.child_pid() is None
    assert twin.frames_sent == 0
    camera.prepare(Deadline.after(10))
    pid = camera.child_pid()
    assert pid is not None
    assert twin.clients == 0
    camera.release()
    assert camera.child_pid() is None
    assert not Path(f"/proc/{pid}").exists()


def test_a_child_at_rest_is_ended_by_the_poll(twin: CameraTwin) -> None:
    camera = CameraDriver(twin.port, limits=Limits(rest=0.0))
    try:
        camera.prepare(Deadline.after(10))
        assert camera.poll(Deadline.after(2)).usable
        assert camera.child_pid() is None
    finally:
        camera.close()


def test_the_twin_refuses_what_it_does_not_know(twin: CameraTwin) -> None:
    for action, arguments in (("explode", {}), ("person", {"who": "elvis"}), ("covered", {"how": "same"})):
        with pytest.raises(UnknownAction, match="person who="):
            twin.act(action, arguments)
    assert twin.state()["mode"] == "ok"


def test_a_gone_twin_comes_back_at_the_same_address(twin: CameraTwin) -> None:
    port = twin.port
    twin.act("gone", {})
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port.split(":")[2].split("/")[0])), timeout=2)
    twin.act("ok", {})
    assert twin.port == port
    socket.create_connection(("127.0.0.1", int(port.split(":")[2].split("/")[0])), timeout=2).close()


def bench(*arguments: str) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "devices.drivers.camera", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=False)
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return done.returncode, answer


def test_the_bench_tool_reads_a_frame_and_stores_nothing(twin: CameraTwin, tmp_path: Path) -> None:
    code, answer = bench("read", "--port", twin.port)
    assert code == 0
    assert (answer["width"], answer["height"]) == (640, 480)
    assert isinstance(answer["faces"], list)
    assert len(answer["faces"]) == 1
    saved = tmp_path / "frame.jpg"
    bench("read", "--port", twin.port, "--save", str(saved))
    assert saved.read_bytes()[:2] == b"\xff\xd8"


def test_the_bench_tool_compares_with_a_picture(twin: CameraTwin, tmp_path: Path) -> None:
    card = tmp_path / "card.webp"
    card.write_bytes(card_portrait())
    assert bench("read", "--port", twin.port, "--reference", str(card))[1]["kind"] == "matched"


def test_the_bench_tool_says_that_the_threshold_is_not_calibrated(twin: CameraTwin) -> None:
    code, answer = bench("selftest", "--port", twin.port)
    assert code == 0
    assert "not calibrated" in json.dumps(answer)
    assert "does not check liveness" in json.dumps(answer)


@pytest.mark.parametrize(("action", "code"), [("covered", "covered"), ("gone", "gone")], ids=["covered", "gone"])
def test_the_bench_tool_names_a_fault(twin: CameraTwin, action: str, code: str) -> None:
    twin.act(action, {})
    status, answer = bench("read", "--port", twin.port)
    assert status == 1
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["advice"]


def test_a_log_in_in_the_source_is_never_shown() -> None:
    _, answer = bench("status", "--port", "http://admin:geheim@127.0.0.1:9/video?token=geheim")
    assert "geheim" not in json.dumps(answer)


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[str]:
    """ffmpeg as a camera: a little film of the demonstration's person, served once as multipart JPEG."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    film = make_film(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/video"
    serve = ["ffmpeg", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", str(film)]
    serve += ["-f", "mpjpeg", "-listen", "1", url]
    with subprocess.Popen(serve, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        assert eventually(lambda: listening(port))
        yield url
        server.kill()


def make_film(folder: Path) -> Path:
    """A film of 12 frames, 0.8 s long."""
    film = folder / "film.mkv"
    make = ["ffmpeg", "-loglevel", "error", "-f", "mjpeg", "-framerate", "15", "-i", "-", "-c", "copy", str(film)]
    subprocess.run(make, input=b"".join(swaying(camera_picture())), check=True, timeout=30)
    return film


def listening(port: int) -> bool:
    """Whether somebody listens, without connecting: this server serves one client only."""
    return f"0100007F:{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text(encoding="ascii")


def test_a_foreign_camera_server_is_read_and_its_person_matched(foreign: str) -> None:
    camera = CameraDriver(foreign)
    viewer = Viewer()
    try:
        camera.start_preview(viewer)
        assert viewer.wait_for(3)[0].width == 640
        assert isinstance(camera.match_face(card_portrait(), deadline=Deadline.after(10)), FaceMatched)
    finally:
        camera.close()


def test_a_video_file_serves_as_a_camera_and_starts_again_at_its_end(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    film = make_film(tmp_path)
    camera = CameraDriver(str(film))
    viewer = Viewer()
    try:
        camera.start_preview(viewer)
        assert len(viewer.wait_for(20)) >= 20  # the film has 12 frames
    finally:
        camera.close()
