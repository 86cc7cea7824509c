"""The whole terminal with a profile that asks for a sign of life: from the card on the reader to the form, or another
way. The person is one photograph bent to turn and blink: nothing is shown here of real people."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devices.drivers.camera.driver import missing_liveness, missing_packages
from devices.simulators import motion
from devices.simulators.control import Control
from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk.demo.cabinet import profile
from kiosk.demo.run import Demo, Wanted
from kiosk.terminal import Terminal
from kiosk.visit.screen import FaceBody, OtherWayBody, Screen
from tests.robot import Robot

BUSINESS = "individual_business"
pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(missing_packages() + missing_liveness()), reason="needs the extras 'face' and 'liveness'"),
]


class Person:
    """Before the camera: reads the face page and does what it says, where ``obeys``."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.obeys = True
        self.asked: list[tuple[int, str]] = []

    def read(self, screen: Screen) -> None:
        body = screen.body
        if not isinstance(body, FaceBody) or body.move in ("", "straight") or (body.number, body.move) in self.asked:
            return
        self.asked.append((body.number, body.move))
        if self.obeys:
            threading.Timer(0.4, self._control.do, ("camera", "gesture"), {"what": body.move}).start()


class World:
    def __init__(self, folder: Path, demo: Demo) -> None:
        self.control = Control(folder / "control.sock", timeout=30.0)
        for gesture in motion.GESTURES:
            self.control.do("camera", "gesture", what=gesture)  # drawn now, not while the clock runs
        self.control.do("camera", "ok")
        made = profile(demo.ports, folder, enrolment_code=demo.enrolment_code, size=(1080, 1920), language="zh_CN")
        self.bugs: list[BaseException] = []
        self.terminal = Terminal(
            replace(made, face_liveness=True), decoder=SimulatedPhotoDecoder(), failed=self.bugs.append
        )
        self.person = Person(self.control)
        self.terminal.subscribe(self.person.read)
        self.robot = Robot(self.terminal, self._put, self._take)
        self.terminal.start()
        self.robot.page("attract")
        assert self.terminal.wait_ready(60)

    def _put(self, card: str) -> None:
        self.control.do("id_reader", "put", card=card)

    def _take(self) -> None:
        self.control.do("id_reader", "take")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Demo(Wanted(tmp_path, True, (), False, (1080, 1920), "zh_CN")) as demo:
        world = World(tmp_path, demo)
        try:
            yield world
        finally:
            world.robot.close()
            world.terminal.stop()
            world.control.close()
        assert not world.bugs


def test_who_does_what_the_page_says_goes_on_to_the_form(world: World) -> None:
    world.robot.until("face", BUSINESS, "resident")
    world.robot.page("form", 120)
    assert [number for number, _ in world.person.asked] == [1, 2, 3]
    assert world.robot.passed[-2:] == ["face", "form"]


def test_who_does_not_is_offered_another_way_and_another_try(world: World) -> None:
    world.person.obeys = False
    world.robot.until("face", BUSINESS, "resident")
    shown = world.robot.page("other_way", 120).body
    assert isinstance(shown, OtherWayBody)
    assert shown.reason in ("not_live", "unclear")
    assert shown.face_possible
    assert shown.later_possible
    assert world.person.asked, "nothing was asked, so nothing could be refused"
