"""A document camera whose process is slow on a busy machine is opened again, and told so; only a lost one is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, State, Status
from devices.contracts.document_camera import DocumentUnavailable
from kiosk.counter import materials
from kiosk.counter.abilities import abilities
from kiosk.counter.materials import MaterialDesk
from kiosk.services.loader import load_builtin
from kiosk.visit.events import DeskOpensAgain, PageTaken
from tests.unit.visit_world import BUSINESS

SILENT = DeviceError("child-silent", "no answer in time", advice="it is started again", retryable=True)
GONE = DeviceError("gone", "no picture", advice="look at the cable", retryable=True, action=Action.CALL_TECHNICIAN)


class SlowCamera:
    """Fails to open as often as it is told to."""

    def __init__(self, *fails: DeviceError) -> None:
        self.fails, self.opened = list(fails), 0

    def start_preview(self, listener: Callable[[Any], None]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.opened += 1

    def cancel_capture(self) -> None:
        """Nothing is being taken."""

    def release(self) -> None:
        """No child."""


class AtOnce:
    """Its device's actor: what is submitted runs here and now, or waits where ``holding``."""

    def __init__(self, camera: SlowCamera) -> None:
        self.camera, self.holding = camera, False
        self.held: list[Callable[[], None]] = []

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(command(self.camera, Deadline.after(timeout)))
            except DeviceError as error:
                future.set_exception(error)

        self.held.append(run) if self.holding else run()
        return future


def desk_of(camera: SlowCamera) -> tuple[MaterialDesk, AtOnce, list[Any]]:
    actor = AtOnce(camera)
    told: list[Any] = []
    crashes: list[BaseException] = []
    made = MaterialDesk(actor, None, told.append, lambda frame: None, 5.0, lambda code: None, crashes.append)  # type: ignore[arg-type]
    return made, actor, told


@pytest.mark.parametrize("late", range(1, materials.TRIES))
def test_one_that_is_slow_is_opened_again_and_that_is_told(late: int) -> None:
    desk, _, told = desk_of(camera := SlowCamera(*[SILENT] * late))
    desk.show()
    assert told == [DeskOpensAgain()] * late
    assert camera.opened == 1
    desk.close()


def test_one_that_never_opens_is_lost_in_the_end() -> None:
    desk, _, told = desk_of(SlowCamera(*[SILENT] * 99))
    desk.show()
    *again, last = told
    assert again == [DeskOpensAgain()] * (materials.TRIES - 1)
    assert isinstance(last, PageTaken)
    assert isinstance(last.outcome, DocumentUnavailable)
    desk.close()


def test_one_that_is_gone_is_told_at_once() -> None:
    desk, _, told = desk_of(SlowCamera(GONE))
    desk.show()
    assert [type(event) for event in told] == [PageTaken]
    desk.close()


def test_whoever_has_left_the_page_is_told_nothing_and_nothing_is_opened_again() -> None:
    desk, actor, told = desk_of(camera := SlowCamera(SILENT))
    actor.holding = True
    desk.show()
    desk.hide()
    for run in actor.held:
        run()
    assert (told, camera.opened) == ([], 0)
    desk.close()


CHILD = Fault("child-silent", Action.RESET)


@pytest.mark.parametrize(
    ("status", "there"),
    [
        (Status(State.ONLINE), True),
        (Status(State.STARTING), True),
        (Status(State.STARTING, (Fault("covered", Action.RESET),)), False),
        (Status(State.UNKNOWN, (CHILD,), details={"evidence": "child"}), True),
        (Status(State.UNKNOWN, (CHILD,)), False),
        (Status(State.NO_DEVICE, (Fault("gone", Action.CALL_TECHNICIAN),)), False),
    ],
    ids=["well", "opening", "opening, covered", "its process failed", "does not answer", "gone"],
)
def test_papers_go_to_the_counter_only_where_the_camera_itself_is_lost(status: Status, there: bool) -> None:
    """While it was being opened every page after the first went to the counter: the status said neither yes nor no."""
    packs = {BUSINESS: load_builtin()[BUSINESS]}
    found = abilities(packs, {"document_camera": status}, online=True, enrolled=True, numbers_left=lambda kind: 1)
    assert found.document_camera is there
