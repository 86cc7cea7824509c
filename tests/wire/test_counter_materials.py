"""The desk that scans papers, before a document camera on its wire: what it tells, and what nobody is told any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.actor import Spec
from devices.contracts.deadline import Deadline
from devices.contracts.document_camera import DocumentUnavailable, NotCaptured, Page
from devices.drivers.document_camera.driver import DocumentCameraDriver
from devices.manager import Manager
from devices.simulators import documents
from devices.simulators.document_camera import DocumentCameraTwin
from devices.vision.ocr import OcrReader
from kiosk.counter.materials import MaterialDesk
from kiosk.visit.effects import ReadPage
from kiosk.visit.events import PageRead, PageTaken

SECONDS = 60.0
pytestmark = pytest.mark.timeout(200)


class Room:
    """Twin, manager, desk, and all that the desk has said and shown."""

    def __init__(self, port: str = "") -> None:
        self.twin = DocumentCameraTwin("desk", width=1600, rate=5)
        self.twin.start()
        self.twin.act("lay", {"paper": "property", "seed": 3})
        driver = DocumentCameraDriver(port or self.twin.port, document={"min_dpi": 60.0, "steady_seconds": 0.3})
        self.manager = Manager([Spec("document_camera", driver)])
        self.manager.start()
        self.driver, self.reader = driver, OcrReader()
        self.told: list[Any] = []
        self.shown: list[Any] = []
        self.codes: list[str] = []
        self.crashes: list[BaseException] = []
        reader = None if self.reader.missing() else self.reader
        self.desk = MaterialDesk(
            self.manager["document_camera"], reader, self.told.append, self.shown.append, 40.0, self.codes.append,
            self.crashes.append,
        )  # fmt: skip

    def until(self, true: Callable[[], object]) -> bool:
        end = Deadline.after(SECONDS)
        while not true():
            if end.expired:
                return False
            threading.Event().wait(0.02)
        return True

    def taken(self) -> list[Any]:
        return [event.outcome for event in self.told if isinstance(event, PageTaken)]

    def close(self) -> None:
        self.desk.close()
        self.manager.stop()
        self.twin.stop()


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.close()
    assert made.crashes == []


def frames(room: Room) -> int:
    return sum(frame is not None for frame in room.shown)


def test_the_desk_is_shown_a_page_is_taken_and_read_and_then_nothing_is_left(room: Room) -> None:
    room.desk.show()
    assert room.until(lambda: frames(room) > 1)
    room.desk.take()
    assert room.until(room.taken)
    (page,) = room.taken()
    assert isinstance(page, Page)
    room.desk.read(ReadPage("proof", "premises_proof", page.jpeg))
    assert room.until(lambda: isinstance(room.told[-1], PageRead))
    expected = {} if room.reader.missing() else {"address": documents.values("property", 3)["address"]}
    assert dict(room.told[-1].found) == expected
    room.desk.stop()
    assert room.shown[-1] is None, "the last picture is taken back"
    seen = len(room.shown)
    room.desk.await_release(SECONDS)
    assert room.driver.child_pid() is None
    assert room.until(lambda: room.reader.child_pid() is None)
    assert len(room.shown) == seen


def test_one_page_after_the_other_is_taken(room: Room) -> None:
    room.desk.show()
    room.desk.take()
    assert room.until(room.taken)
    room.twin.act("lay", {"paper": "lease", "seed": 4})
    room.desk.take()
    assert room.until(lambda: len(room.taken()) == 2)
    first, second = room.taken()
    assert isinstance(second, Page)
    assert first.jpeg != second.jpeg


def test_what_was_under_way_when_the_page_was_left_is_told_nobody(room: Room) -> None:
    room.twin.act("take", {})
    room.desk.show()
    assert room.until(lambda: frames(room) > 0)
    room.desk.take()
    room.desk.read(ReadPage("proof", "premises_proof", b"no picture"))
    room.desk.stop()
    said = len(room.told)
    room.desk.await_release(SECONDS)
    room.desk.show()  # the next citizen
    room.twin.act("lay", {"paper": "property", "seed": 3})
    room.desk.take()
    assert room.until(lambda: len(room.told) > said)
    assert [type(event) for event in room.told[said:]] == [PageTaken], "the answer to the new question alone"
    assert not isinstance(room.told[-1].outcome, NotCaptured)


def test_a_camera_that_is_not_there_is_told_at_once() -> None:
    room = Room(port="http://127.0.0.1:9/none")
    try:
        room.desk.show()
        assert room.until(room.taken)
        assert isinstance(room.taken()[0], DocumentUnavailable)
    finally:
        room.close()


@pytest.mark.skipif(bool(OcrReader.missing()), reason="the extra 'ocr' is not installed")
def test_a_page_that_cannot_be_read_is_answered_and_noted_for_operators(room: Room) -> None:
    room.desk.read(ReadPage("proof", "premises_proof", b"no picture"))
    assert room.until(lambda: room.told)
    assert room.told == [PageRead("proof", {}, b"no picture")]
    assert room.codes == ["picture-malformed"]
