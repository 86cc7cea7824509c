"""What every camera promises (devices/contracts/camera.py, device.py), tried on the driver and its wire-level twin."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.camera import Camera, FaceMatched, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.drivers.camera.driver import CameraDriver
from devices.simulators.camera import CameraTwin
from devices.simulators.portrait import card_portrait
from devices.simulators.twin import Twin

ROOT = Path(__file__).resolve().parents[2]


class CameraContract:
    """Run against every camera: subclasses give the fixture ``camera``."""

    def test_it_is_a_device(self, camera: Camera) -> None:
        assert isinstance(camera, Device)
        assert camera.info.kind == "camera"
        assert camera.capabilities["liveness"] in ("challenge", "missing")

    def test_it_opens_polls_and_closes_twice_over(self, camera: Camera) -> None:
        for _ in range(2):
            camera.open(Deadline.after(3))
            before = time.monotonic()
            status = camera.poll(Deadline.after(3))
            assert status.usable
            assert status.observed_at >= before
            camera.close()
            camera.close()

    def test_stopping_what_was_not_started_is_harmless(self, camera: Camera) -> None:
        camera.stop_preview()
        camera.stop_preview()

    def test_a_preview_replaces_the_one_before(self, camera: Camera) -> None:
        first: list[Frame] = []
        camera.start_preview(first.append)
        came = threading.Event()
        camera.start_preview(lambda frame: came.set())
        count = len(first)
        assert came.wait(10)
        assert len(first) == count

    @pytest.mark.parametrize("level", [Level.INTERNAL, Level.EXTERNAL, Level.INTERACTIVE])
    def test_self_tests_report(self, camera: Camera, level: Level) -> None:
        result = camera.self_test(level, Deadline.after(10))
        assert result.level is level
        assert result.passed is (None if level is Level.INTERACTIVE else True)
        assert "not calibrated" in result.report

    def test_reset_may_be_repeated_and_keeps_the_preview(self, camera: Camera) -> None:
        came = threading.Event()
        camera.start_preview(lambda frame: came.set())
        assert came.wait(10)
        for _ in range(2):
            camera.reset(Deadline.after(10))
        came.clear()
        assert came.wait(10)

    def test_checks_are_counted_without_naming_anybody(self, camera: Camera) -> None:
        assert isinstance(camera.match_face(card_portrait(), deadline=Deadline.after(10)), FaceMatched)
        counts = camera.statistics()
        assert (counts["checks"], counts["matched"]) == (1, 1)
        assert all(isinstance(value, int) for value in counts.values())


class TestTwinOnTheWire(CameraContract):
    @pytest.fixture
    def twin(self) -> Iterator[CameraTwin]:
        twin = CameraTwin("camera")
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def camera(self, twin: CameraTwin) -> Iterator[Camera]:
        camera = CameraDriver(twin.port)
        yield camera
        camera.close()

    def test_an_absent_camera_does_not_open_and_is_not_well(self, twin: CameraTwin, camera: Camera) -> None:
        twin.act("gone", {})
        with pytest.raises(DeviceError) as gone:
            camera.open(Deadline.after(2))
        assert gone.value.code == "gone"
        status = camera.poll(Deadline.after(2))
        assert status.state is State.OFFLINE
        assert not status.usable

    def test_a_self_test_fails_on_a_frozen_and_on_a_covered_camera(self, twin: CameraTwin, camera: Camera) -> None:
        for action in ("frozen", "covered"):
            twin.act(action, {})
            assert camera.self_test(Level.EXTERNAL, Deadline.after(10)).passed is False
            twin.act("ok", {})

    def test_no_picture_is_left_on_disk(
        self, twin: CameraTwin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME"):
            monkeypatch.setenv(name, str(tmp_path))
        monkeypatch.chdir(tmp_path)
        camera = CameraDriver(twin.port)
        came = threading.Event()
        try:
            camera.start_preview(lambda frame: came.set())
            assert came.wait(10)
            assert isinstance(camera.match_face(card_portrait(), deadline=Deadline.after(10)), FaceMatched)
            assert files_open_for_writing(camera.child_pid()) == []
        finally:
            camera.close()
        assert list(tmp_path.rglob("*")) == []


def test_the_twin_is_a_twin() -> None:
    twin: Twin = CameraTwin("camera")
    assert twin.name == "camera"


class TestStillPicture(CameraContract):
    """A picture file in place of a camera: a live stream of one picture."""

    @pytest.fixture
    def camera(self, tmp_path: Path) -> Iterator[Camera]:
        from devices.simulators.portrait import camera_picture

        picture = tmp_path / "person.jpg"
        picture.write_bytes(camera_picture())
        camera = CameraDriver(str(picture))
        yield camera
        camera.close()

    def test_a_missing_file_is_no_device(self) -> None:
        status = CameraDriver("/nonexistent/camera.jpg").poll(Deadline.after(1))
        assert status.state is State.NO_DEVICE


def files_open_for_writing(pid: int | None) -> list[str]:
    """Regular files a process could write to at this moment."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = Path(os.readlink(entry))
        flags = int(Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().split("flags:")[1].split()[0], 8)
        if target.is_file() and flags & (os.O_WRONLY | os.O_RDWR):
            found.append(str(target))
    return found


def test_the_parent_imports_neither_opencv_nor_numpy_nor_pillow() -> None:
    program = """
        import sys
        from devices.contracts.deadline import Deadline
        from devices.drivers.camera.driver import CameraDriver
        from devices.drivers.camera import __main__
        import devices.simulators.camera
        camera = CameraDriver("/dev/null")
        camera.poll(Deadline.after(1))
        camera.prepare(Deadline.after(15))
        camera.close()
        heavy = {"cv2", "numpy", "PIL", "dlib", "yuface", "skimage"} & set(sys.modules)
        print(sorted(heavy))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=True)
    assert done.stdout.strip() == "[]"
