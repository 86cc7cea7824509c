"""What every document camera promises (devices/contracts/document_camera.py, device.py): on a twin's wire, on a
recorded film, on a still picture, and on a real device.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.code_scanner import CodeScanner, NoCode, ScannedCode, Symbology
from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.document_camera import (
    DocumentCamera,
    DocumentFrame,
    DocumentHint,
    NotCaptured,
    Page,
    PageSize,
)
from devices.drivers.document_camera.driver import DocumentCameraDriver
from devices.simulators.desk import Lying, Scene, jpegs
from devices.simulators.document_camera import DocumentCameraTwin
from devices.simulators.papers import A4

ROOT = Path(__file__).resolve().parents[2]
WANTED = {"min_dpi": 60.0, "steady_seconds": 0.3}
CODE = "政务服务 受理编号 20261126"
SCENE = Scene((Lying(A4, 1, 3, -2, 92, CODE),), size=(1280, 960), seed=1)


class DocumentCameraContract:
    """Run against every document camera, with an A4 sheet under it; subclasses give the fixture ``camera``."""

    def test_it_is_a_device_and_says_what_it_does_not_know(self, camera: DocumentCamera) -> None:
        assert isinstance(camera, Device)
        assert camera.info.kind == "document_camera"
        assert camera.capabilities["gates"] == "not calibrated"

    def test_it_opens_polls_and_closes_twice_over(self, camera: DocumentCamera) -> None:
        for _ in range(2):
            camera.open(Deadline.after(3))
            assert camera.poll(Deadline.after(3)).usable
            camera.close()
            camera.close()

    def test_a_page_comes_by_itself_and_the_same_page_is_not_taken_again(self, camera: DocumentCamera) -> None:
        heard: list[DocumentHint] = []
        page = camera.capture(Deadline.after(20), hint=heard.append)
        assert isinstance(page, Page)
        assert page.jpeg[:2] == b"\xff\xd8"
        assert (page.size, page.measured) == (PageSize.A4, True)
        assert 0.6 < page.height / page.width < 0.8  # it lay across
        assert heard == [DocumentHint.HOLD_STILL]
        again = camera.capture(Deadline.after(3), next_page=True)
        assert again == NotCaptured(DocumentHint.NEXT_PAGE)
        assert isinstance(camera.capture(Deadline.after(20)), Page)  # but it may be asked for
        counts = camera.statistics()
        assert (counts["captures"], counts["pages"], counts["not-captured"]) == (3, 2, 1)

    def test_a_deadline_that_has_passed_says_nothing_of_the_page(self, camera: DocumentCamera) -> None:
        assert not isinstance(camera.capture(Deadline.after(0)), Page)
        off = threading.Event()
        off.set()
        assert isinstance(camera.capture(Deadline.after(5), called_off=off), NotCaptured)

    def test_frames_carry_the_outline(self, camera: DocumentCamera) -> None:
        frames: list[DocumentFrame] = []
        outlined = threading.Event()

        def see(frame: DocumentFrame) -> None:
            frames.append(frame)
            if frame.outline is not None and frame.hint is None:
                outlined.set()

        camera.start_preview(see)
        assert outlined.wait(20)
        camera.stop_preview()
        last = next(frame for frame in reversed(frames) if frame.outline is not None)
        assert last.width <= 960
        assert last.outline is not None
        assert all(0 < x < last.width and 0 < y < last.height for x, y in last.outline)

    def test_codes_under_it_are_scanned_once_each(self, camera: CodeScanner) -> None:
        camera.begin(Deadline.after(10))
        code = camera.scan(Deadline.after(15))
        assert isinstance(code, ScannedCode)
        assert (code.text, code.symbology) == (CODE, Symbology.QR)
        assert isinstance(camera.scan(Deadline.after(2)), NoCode)  # it still lies there, and was given
        camera.end(Deadline.after(1))

    @pytest.mark.parametrize("level", [Level.INTERNAL, Level.EXTERNAL, Level.INTERACTIVE])
    def test_self_tests_report(self, camera: DocumentCamera, level: Level) -> None:
        result = camera.self_test(level, Deadline.after(20))
        assert result.level is level
        assert result.passed is (None if level is Level.INTERACTIVE else True)
        assert "not calibrated" in result.report

    def test_reset_and_release_may_be_repeated(self, camera: DocumentCamera) -> None:
        camera.prepare(Deadline.after(15))
        for _ in range(2):
            camera.reset(Deadline.after(10))
            camera.release()

    def test_pages_and_frames_do_not_show_themselves(self, camera: DocumentCamera) -> None:
        page = camera.capture(Deadline.after(20))
        assert isinstance(page, Page)
        assert len(repr(page)) < 60


def driver(source: str) -> DocumentCameraDriver:
    return DocumentCameraDriver(source, mm_per_pixel=SCENE.mm_per_pixel, document=WANTED)


@pytest.fixture(scope="module")
def twin() -> Iterator[DocumentCameraTwin]:
    twin = DocumentCameraTwin("desk", width=1280)
    twin.act("lay", {"code": CODE})
    yield twin
    twin.stop()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    film = tmp_path_factory.mktemp("film") / "desk.mjpeg"
    film.write_bytes(b"".join(jpegs(SCENE, 6)))
    return str(film)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> str:
    still = tmp_path_factory.mktemp("still") / "desk.jpg"
    still.write_bytes(jpegs(SCENE)[0])
    return str(still)


class TestTwinOnTheWire(DocumentCameraContract):
    @pytest.fixture
    def camera(self, twin: DocumentCameraTwin) -> Iterator[DocumentCameraDriver]:
        camera = driver(twin.port)
        yield camera
        camera.close()

    def test_no_picture_is_left_on_disk(
        self, twin: DocumentCameraTwin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME"):
            monkeypatch.setenv(name, str(tmp_path))
        monkeypatch.chdir(tmp_path)
        camera = driver(twin.port)
        try:
            assert isinstance(camera.capture(Deadline.after(20)), Page)
            assert files_open_for_writing(camera.child_pid()) == []
        finally:
            camera.close()
        assert list(tmp_path.rglob("*")) == []


class TestRecordedFilm(DocumentCameraContract):
    """A recording of a camera's stream (JPEG after JPEG), played back."""

    @pytest.fixture
    def camera(self, film: str) -> Iterator[DocumentCameraDriver]:
        camera = driver(film)
        yield camera
        camera.close()


class TestStillPicture(DocumentCameraContract):
    """A picture file in place of a camera: a live stream of one picture."""

    @pytest.fixture
    def camera(self, still: str) -> Iterator[DocumentCameraDriver]:
        camera = driver(still)
        yield camera
        camera.close()

    def test_a_missing_file_is_no_device(self) -> None:
        assert DocumentCameraDriver("/nonexistent/desk.jpg").poll(Deadline.after(1)).state is State.NO_DEVICE


@pytest.mark.hardware
class TestDevice(DocumentCameraContract):
    """A real document camera with an A4 sheet and a QR code (CODE) under it: its source in DOCUMENT_CAMERA, and what a
    pixel covers, in millimetres, in DOCUMENT_CAMERA_MM."""

    @pytest.fixture
    def camera(self) -> Iterator[DocumentCameraDriver]:
        source = os.environ.get("DOCUMENT_CAMERA", "/dev/video0")
        camera = DocumentCameraDriver(source, mm_per_pixel=float(os.environ.get("DOCUMENT_CAMERA_MM", "0.13")))
        yield camera
        camera.close()


@pytest.mark.parametrize(
    "options",
    [{"document": {"sharpness": 1.0}}, {"document": {"min_dpi": -1.0}}, {"document": {"shadow": 3.0}}],
    ids=["misspelt", "negative", "no-number"],
)
def test_a_setting_that_means_nothing_is_refused(options: dict[str, dict[str, float]]) -> None:
    with pytest.raises(DeviceError) as error:
        DocumentCameraDriver("/dev/video0", document=options["document"])
    assert error.value.code == "bad-parameter"


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
        from devices.drivers.document_camera.driver import DocumentCameraDriver
        from devices.drivers.document_camera import __main__
        import devices.simulators.document_camera
        camera = DocumentCameraDriver("/dev/null")
        camera.poll(Deadline.after(1))
        camera.prepare(Deadline.after(15))
        camera.close()
        print(sorted({"cv2", "numpy", "PIL", "zxingcpp", "segno"} & set(sys.modules)))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=True)
    assert done.stdout.strip() == "[]"
