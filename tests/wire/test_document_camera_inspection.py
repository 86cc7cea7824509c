"""The document camera looks at itself and reads a test page back, over its stream: everything planted in the twin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.document_camera import DocumentHint, DocumentUnavailable, NotCaptured
from devices.contracts.inspection import Inspecting, Place, ReadBack, ReadingBack, Third
from devices.drivers.camera.driver import CameraDriver
from devices.drivers.capturing import Limits
from devices.drivers.document_camera.driver import DocumentCameraDriver
from devices.simulators.camera import CameraTwin
from devices.simulators.document_camera import DocumentCameraTwin
from devices.simulators.twin import UnknownAction
from devices.vision.parameters import CaptureParameters, InspectionParameters
from kiosk.documents import render, test_page
from kiosk.domain.place import Place as Site

SITE = Site("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
QUICK = InspectionParameters(pictures=3, pause=0.0)
PATIENT = CaptureParameters(
    rate=10.0, width=960, stale_after=8.0, identical_after=8.0
)  # the twin draws in this process
LIMITS = Limits(start=20.0, silence=15.0)
LONG = 20.0


@pytest.fixture(scope="module")
def test_print(tmp_path_factory: pytest.TempPathFactory) -> Path:
    content = test_page.content(
        SITE, terminal="T-140213-0001", at=datetime(2026, 11, 27, 3, 12), serial="0007", printer="ipp", software="1"
    )
    file = tmp_path_factory.mktemp("print") / "page.pdf"
    file.write_bytes(render.render(content).pdf)
    return file


@pytest.fixture(scope="module")
def desk() -> Iterator[tuple[DocumentCameraTwin, DocumentCameraDriver]]:
    twin = DocumentCameraTwin("desk", width=1120)
    twin.start()
    wanted = {"min_dpi": 60.0, "steady_seconds": 0.3}
    camera = DocumentCameraDriver(
        twin.port, mm_per_pixel=420 / 1120, document=wanted, inspection=QUICK, capture=PATIENT, limits=LIMITS
    )
    camera.open(Deadline.after(5))
    try:
        yield twin, camera
    finally:
        camera.close()
        twin.stop()


def test_dirt_a_knock_and_a_cover_are_each_found_and_mended(
    desk: tuple[DocumentCameraTwin, DocumentCameraDriver],
) -> None:
    twin, camera = desk
    assert isinstance(camera, Inspecting)
    twin.act("ok", {})
    twin.act("take", {})
    reference = camera.take_reference(Deadline.after(LONG))

    def look() -> tuple[bool, bool | None, tuple[Place, ...] | None]:
        found = camera.inspect(reference, Deadline.after(LONG))
        return found.covered, found.moved, found.spots

    def comes(wanted: tuple[bool, bool | None, tuple[Place, ...] | None]) -> bool:
        """A picture of before the deed may be on its way still."""
        return any(look() == wanted for _ in range(4))

    well = (False, False, ())
    assert comes(well)
    twin.act("dirty", {"at": "upper_left"})
    assert comes((False, False, (Place.UPPER_LEFT,)))
    twin.act("dirty", {"at": "lower"})
    assert any(set(look()[2] or ()) == {Place.UPPER_LEFT, Place.LOWER} for _ in range(4))
    twin.act("clean", {})
    assert comes(well)
    twin.act("moved", {})
    assert any(look()[1] is True for _ in range(4))
    twin.act("mount", {})
    twin.act("covered", {})
    assert comes((True, None, None))
    twin.act("ok", {})
    twin.act("take", {})
    assert comes(well)


def test_a_reference_is_taken_of_an_empty_desk_alone(
    desk: tuple[DocumentCameraTwin, DocumentCameraDriver],
) -> None:
    twin, camera = desk
    twin.act("ok", {})  # a sheet lies there
    with pytest.raises(DeviceError, match="lies under") as told:
        camera.take_reference(Deadline.after(LONG))
    assert told.value.code == "occupied"
    with pytest.raises(DeviceError) as told:
        camera.inspect(b"no picture", Deadline.after(LONG))
    assert told.value.code == "bad-reference"


def test_a_printed_page_is_read_back_with_its_streaks(
    desk: tuple[DocumentCameraTwin, DocumentCameraDriver], test_print: Path
) -> None:
    twin, camera = desk
    assert isinstance(camera, ReadingBack)
    for planted, wanted in (
        ({}, ()),
        ({"streak": "left"}, (Third.LEFT,)),
        ({"streak": "middle,right", "kind": "dark"}, (Third.MIDDLE, Third.RIGHT)),
    ):
        twin.act("lay-print", {"file": str(test_print), **planted})
        found = camera.read_back(Deadline.after(LONG))
        assert isinstance(found, ReadBack)
        assert (found.code, found.streaks) == ("KIOSK-TEST T-140213-0001 20261127031200 0007", wanted)


def test_without_a_page_and_without_a_camera_it_says_so(
    desk: tuple[DocumentCameraTwin, DocumentCameraDriver],
) -> None:
    twin, camera = desk
    twin.act("take", {})
    assert camera.read_back(Deadline.after(1.5)) == NotCaptured(DocumentHint.NO_DOCUMENT)
    twin.act("gone", {})
    assert isinstance(camera.read_back(Deadline.after(8)), DocumentUnavailable)
    twin.act("ok", {})


def test_the_twin_refuses_what_it_does_not_know(
    desk: tuple[DocumentCameraTwin, DocumentCameraDriver], test_print: Path
) -> None:
    twin, _ = desk
    for action, arguments in (
        ("dirty", {"at": "nowhere"}),
        ("lay-print", {"file": "/nowhere.pdf"}),
        ("lay-print", {"file": str(test_print), "streak": "everywhere"}),
    ):
        with pytest.raises(UnknownAction):
            twin.act(action, arguments)


def test_the_face_camera_is_covered_or_not_and_keeps_no_person(tmp_path: Path) -> None:
    twin = CameraTwin("face")
    twin.start()
    camera = CameraDriver(twin.port, limits=LIMITS, capture=PATIENT)
    camera.open(Deadline.after(5))
    try:
        assert not camera.inspect(b"", Deadline.after(LONG)).covered
        twin.act("covered", {})
        assert camera.inspect(b"", Deadline.after(LONG)).covered
        twin.act("person", {"who": "none"})
        reference = camera.take_reference(Deadline.after(LONG))
        assert int.from_bytes(reference[16:20], "big") == 64  # the width of its PNG: nobody is known by it
        assert camera.inspect(reference, Deadline.after(LONG)).spots is None
    finally:
        camera.close()
        twin.stop()
