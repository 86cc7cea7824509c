"""Whatever happens under a document camera, the driver says what it is in time and works again afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.document_camera import (
    CaptureOutcome,
    DocumentFrame,
    DocumentHint,
    DocumentUnavailable,
    NotCaptured,
    Page,
    PageSize,
)
from devices.drivers.capturing import Limits
from devices.drivers.document_camera.driver import DocumentCameraDriver
from devices.drivers.document_camera.protocol import frame_of, outcome_of
from devices.simulators.document_camera import DocumentCameraTwin
from devices.simulators.twin import Twin, UnknownAction
from devices.transports.child_channel import Message
from devices.vision.parameters import CaptureParameters
from devices.vision.steady import Steady
from tests.patience import BUSY

ROOT = Path(__file__).resolve().parents[2]
QUICK = CaptureParameters(
    stale_after=0.8, identical_after=0.8, covered_after=0.4, open_seconds=2.0, linger=0.5, rate=10.0, width=640
)
WANTED = {"min_dpi": 40.0, "steady_seconds": 0.3}


@pytest.fixture(scope="module")
def desk() -> Iterator[DocumentCameraTwin]:
    twin = DocumentCameraTwin("desk", width=960)
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def twin(desk: DocumentCameraTwin) -> DocumentCameraTwin:
    desk.act("ok", {})
    return desk


@pytest.fixture
def open_camera() -> Iterator[Callable[..., DocumentCameraDriver]]:
    opened: list[DocumentCameraDriver] = []

    def make(source: str, limits: Limits | None = None) -> DocumentCameraDriver:
        opened.append(DocumentCameraDriver(source, document=WANTED, capture=QUICK, limits=limits))
        return opened[-1]

    yield make
    for camera in opened:
        camera.close()


@pytest.fixture
def camera(twin: DocumentCameraTwin, open_camera: Callable[..., DocumentCameraDriver]) -> DocumentCameraDriver:
    return open_camera(twin.port)


def code_of(outcome: CaptureOutcome) -> str:
    assert isinstance(outcome, DocumentUnavailable), outcome
    return outcome.reason.code


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline, tick = Deadline.after(seconds), threading.Event()
    while not condition():
        if deadline.expired:
            return False
        tick.wait(0.02)
    return True


@pytest.mark.parametrize(
    ("action", "code"), [("covered", "covered"), ("frozen", "frozen"), ("gone", "gone")], ids=lambda value: value
)
def test_a_capture_says_what_is_wrong_and_the_next_one_works(
    twin: DocumentCameraTwin, camera: DocumentCameraDriver, action: str, code: str
) -> None:
    twin.act(action, {})
    begun = time.monotonic()
    assert code_of(camera.capture(Deadline.after(5))) == code
    assert time.monotonic() - begun < 5 + BUSY
    status = camera.poll(Deadline.after(3))
    assert [fault.code for fault in status.faults] == [code]
    assert not status.usable
    twin.act("ok", {})
    assert isinstance(camera.capture(Deadline.after(15)), Page)


@pytest.mark.parametrize(
    ("action", "arguments", "hint"),
    [
        ("take", {}, DocumentHint.NO_DOCUMENT),
        ("several", {}, DocumentHint.SEVERAL_DOCUMENTS),
        ("lay", {"how": "moving"}, DocumentHint.HOLD_STILL),
        ("lay", {"how": "cut"}, DocumentHint.CUT_OFF),
        ("lay", {"how": "dark"}, DocumentHint.TOO_DARK),
    ],
    ids=["nothing", "several", "moving", "cut", "dark"],
)
def test_a_page_that_is_not_good_is_not_taken_and_the_person_hears_why(
    twin: DocumentCameraTwin, camera: DocumentCameraDriver, action: str, arguments: dict[str, str], hint: DocumentHint
) -> None:
    twin.act(action, arguments)  # type: ignore[arg-type]
    camera.prepare(Deadline.after(10))
    heard: list[DocumentHint] = []
    assert camera.capture(Deadline.after(4), hint=heard.append) == NotCaptured(hint)
    assert heard[-1] is hint


def test_a_page_may_be_laid_down_late_and_several_follow_one_another(
    twin: DocumentCameraTwin, camera: DocumentCameraDriver
) -> None:
    twin.act("take", {})
    laid: list[int] = []

    def lay(hint: DocumentHint) -> None:
        if hint in (DocumentHint.NO_DOCUMENT, DocumentHint.NEXT_PAGE):
            laid.append(len(laid) + 1)
            twin.act("lay", {"seed": len(laid)})

    pages = [camera.capture(Deadline.after(20), next_page=True, hint=lay) for _ in range(2)]
    assert all(isinstance(page, Page) for page in pages)
    assert laid == [1, 2]
    assert pages[0] != pages[1]


def test_a_child_killed_in_the_middle_is_started_again_and_the_page_is_taken(
    twin: DocumentCameraTwin, camera: DocumentCameraDriver
) -> None:
    twin.act("take", {})
    killed: list[int] = []

    def kill_once(hint: DocumentHint) -> None:
        if not killed:
            pid = camera.child_pid()
            assert pid is not None
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
            twin.act("ok", {})

    assert isinstance(camera.capture(Deadline.after(20), hint=kill_once), Page)
    assert camera.statistics()["child-starts"] == 2


def test_a_child_that_hangs_is_ended_within_the_deadline(
    twin: DocumentCameraTwin, open_camera: Callable[..., DocumentCameraDriver]
) -> None:
    camera = open_camera(twin.port, Limits(silence=1.0, retry=60.0))
    twin.act("take", {})
    stopped: list[int] = []

    def stop(hint: DocumentHint) -> None:
        pid = camera.child_pid()
        assert pid is not None
        stopped.append(pid)
        os.kill(pid, signal.SIGSTOP)

    begun = time.monotonic()
    assert code_of(camera.capture(Deadline.after(6), hint=stop)) == "child-silent"
    assert time.monotonic() - begun < 6 + BUSY
    assert not Path(f"/proc/{stopped[0]}").exists()
    twin.act("ok", {})
    assert isinstance(camera.capture(Deadline.after(15)), Page)


def test_a_capture_can_be_called_off_from_another_thread(
    twin: DocumentCameraTwin, camera: DocumentCameraDriver
) -> None:
    twin.act("take", {})

    def call_off(_: DocumentHint) -> None:
        threading.Thread(target=camera.cancel_capture).start()

    begun = time.monotonic()
    assert isinstance(camera.capture(Deadline.after(30), hint=call_off), NotCaptured)
    assert time.monotonic() - begun < 12


def test_a_fault_during_the_preview_shows_in_the_status_and_the_preview_comes_back(
    twin: DocumentCameraTwin, camera: DocumentCameraDriver
) -> None:
    frames: list[DocumentFrame] = []
    camera.start_preview(frames.append)
    assert eventually(lambda: len(frames) > 2)
    twin.act("gone", {})
    assert eventually(lambda: camera.poll(Deadline.after(3)).state is State.OFFLINE)
    twin.act("ok", {})
    frames.clear()
    assert eventually(lambda: camera.poll(Deadline.after(3)).usable and len(frames) > 2)


def test_a_stream_that_is_still_being_opened_is_starting_and_not_well(
    tmp_path: Path, open_camera: Callable[..., DocumentCameraDriver]
) -> None:
    pipe = tmp_path / "camera"
    os.mkfifo(pipe)  # opening it blocks inside OpenCV until a writer comes: never
    camera = open_camera(str(pipe))
    camera.start_preview(lambda frame: None)
    status = camera.poll(Deadline.after(5))
    assert status.state is State.STARTING
    assert not status.usable


def test_scanning_a_camera_that_is_gone_says_so(twin: DocumentCameraTwin, camera: DocumentCameraDriver) -> None:
    twin.act("gone", {})
    with pytest.raises(DeviceError) as gone:
        camera.scan(Deadline.after(4))
    assert gone.value.code == "gone"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ({"kind": "page"}, b"\xff\xd8"),
        ({"kind": "page", "width": 1}, b"no picture"),
        ({"kind": "not-captured", "hint": "elsewhere"}, b""),
        ({"kind": "taken"}, b""),
        ({}, b""),
    ],
)
def test_a_garbled_outcome_is_no_page(head: dict[str, object], body: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        outcome_of(Message(head, body))


@pytest.mark.parametrize("change", [{"outline": [[1, 2]]}, {"outline": 7}, {"hint": "?"}, {"width": None}])
def test_a_garbled_frame_is_no_frame(change: dict[str, object]) -> None:
    head = {"width": 4, "height": 3, "sequence": 1, "captured_at": 2.0, "outline": None, "hint": None, "steady": 0.0}
    assert frame_of(Message(head, b"jpeg")).width == 4
    with pytest.raises((KeyError, TypeError, ValueError)):
        frame_of(Message({**head, **change}, b"jpeg"))


def test_rest_is_told_from_a_slow_drift() -> None:
    def quad(x: float) -> tuple[tuple[float, float], ...]:
        return ((x, 0.0), (x + 10, 0.0), (x + 10, 5.0), (x, 5.0))

    still, drifting = Steady(2.0, 1.0), Steady(2.0, 1.0)
    assert [still.see(quad(step % 2), step / 10) for step in range(11)][-1] == 1.0  # type: ignore[arg-type]
    assert max(drifting.see(quad(step * 0.5), step / 10) for step in range(40)) < 0.7  # type: ignore[arg-type]
    assert still.see(None, 2.0) == 0.0
    assert still.see(quad(0), 3.0) == 0.0  # type: ignore[arg-type]


def test_the_twin_refuses_what_it_does_not_know(desk: DocumentCameraTwin) -> None:
    twin: Twin = desk
    for action, arguments in (("explode", {}), ("lay", {"paper": "stone"}), ("lay", {"seed": "x"}), ("take", {"a": 1})):
        with pytest.raises(UnknownAction, match="lay"):
            twin.act(action, arguments)


def bench(*arguments: str) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "devices.drivers.document_camera", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=40, check=False)
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return done.returncode, answer


def test_the_bench_tool_takes_a_page_scans_and_names_what_is_wrong(twin: DocumentCameraTwin, tmp_path: Path) -> None:
    twin.act("lay", {"code": "受理 1"})
    saved = tmp_path / "page.jpg"
    code, answer = bench("read", "--port", twin.port, "--timeout", "15", "--save", str(saved))
    assert (code, answer["captured"], answer["size"]) == (0, True, PageSize.OTHER.value)  # no distance was given
    assert saved.read_bytes()[:2] == b"\xff\xd8"
    assert "not calibrated" in json.dumps(answer)
    code, answer = bench("scan", "--port", twin.port, "--timeout", "15")
    assert [one["text"] for one in answer["codes"]] == ["受理 1"]  # type: ignore[attr-defined]
    twin.act("take", {})
    code, answer = bench("read", "--port", twin.port, "--timeout", "4")
    assert (code, answer["hint"]) == (1, "no_document")
    twin.act("gone", {})
    code, answer = bench("read", "--port", twin.port, "--timeout", "4")
    assert code == 1
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == "gone"
    assert error["advice"]
