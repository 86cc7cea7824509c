"""The whole terminal with a vendor's decoder that takes its time: the name does not wait, the check does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.identity import CardPhoto, PhotoUndecodable
from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk.demo.run import Demo, Wanted
from kiosk.visit import events as ev
from kiosk.visit.screen import FaceBody, OtherWayBody
from tests.robot import Robot

SECONDS = 40.0
pytestmark = pytest.mark.timeout(180)


class SlowDecoder(SimulatedPhotoDecoder):
    """Answers when it is let go; ``able`` False: it cannot, after all."""

    def __init__(self) -> None:
        self.go_on, self.able = threading.Event(), True

    def decode(self, photo: CardPhoto) -> bytes:
        assert self.go_on.wait(SECONDS)
        if not self.able:
            raise PhotoUndecodable("the vendor's library failed")
        return super().decode(photo)


@pytest.fixture
def decoder() -> SlowDecoder:
    return SlowDecoder()


@pytest.fixture
def robot(tmp_path: Path, decoder: SlowDecoder) -> Iterator[Robot]:
    wanted = Wanted(out=tmp_path, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN")
    with Demo(wanted) as demo:
        terminal = demo.make_terminal(decoder=decoder)

        def put(card: str) -> None:
            demo.control.do("id_reader", "put", card=card)

        def take() -> None:
            demo.control.do("id_reader", "take")

        made = Robot(terminal, put, take)
        terminal.start()
        try:
            yield made
        finally:
            decoder.go_on.set()
            made.close()
            terminal.stop()


def test_the_name_is_shown_and_the_check_begins_when_the_photograph_is_there(
    robot: Robot, decoder: SlowDecoder
) -> None:
    screen = robot.until("consent", "pension_verification", "elder")
    assert screen.body.name  # type: ignore[union-attr]  # consent's body
    robot._terminal.post(ev.FaceAgreed())
    robot.wait(lambda new: new.body == FaceBody("reading_photo"), SECONDS)
    decoder.go_on.set()
    robot.wait(lambda new: new.page not in ("consent", "face"), SECONDS)
    assert robot.last is not None
    assert robot.last.page == "review", "the face on the card is the one before the camera"


def test_one_that_cannot_be_decoded_after_all_leads_to_the_other_way(robot: Robot, decoder: SlowDecoder) -> None:
    robot.until("consent", "pension_verification", "elder")
    robot._terminal.post(ev.FaceAgreed())
    robot.page("face")
    decoder.able = False
    decoder.go_on.set()
    body = robot.page("other_way", SECONDS).body
    assert isinstance(body, OtherWayBody)
    assert (body.reason, body.face_possible) == ("photo", False)


def test_a_card_taken_away_is_noticed_while_its_photograph_is_being_decoded(robot: Robot, decoder: SlowDecoder) -> None:
    robot.until("consent", "pension_verification", "elder")
    robot._take()
    robot.wait(lambda new: new.chrome.card_missing, SECONDS)
