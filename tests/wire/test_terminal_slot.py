"""The whole terminal with a motorised card slot and sound: a card left behind, a volume left loud."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.cabinet import KEEP_AFTER
from kiosk.demo.run import Demo, Wanted
from kiosk.visit import events as ev
from kiosk.visit.screen import AttractBody, FarewellBody, Screen
from tests.wire.test_terminal_power import SECONDS, World

pytestmark = pytest.mark.timeout(180)
SLOT = {"card_reader": {"kind": "xfs4iot", "service": "CardReader1"}}
SOUND = {"sound": {"kind": "alsa"}} if shutil.which("aplay") else {}


class SlotDemo(Demo):
    """The usual cabinet, a slot, and sound where aplay is here."""

    def _more_twins(self) -> dict[str, dict[str, Any]]:
        return SLOT | SOUND


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    wanted = Wanted(out=tmp_path, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN")
    with SlotDemo(wanted) as made:
        yield made


def start(demo: Demo, folder: Path) -> World:
    return World(folder, demo)


def end(world: World) -> None:
    world.robot.close()
    world.terminal.stop()


def lit(screen: Screen, key: str) -> bool:
    return isinstance(screen.body, AttractBody) and key in [light.key for light in screen.body.lights]


def test_a_card_in_the_slot_is_given_back_called_to_mind_and_at_last_kept(demo: Demo, tmp_path: Path) -> None:
    world = start(demo, tmp_path)
    try:
        world.robot.until("identify", "pension_verification", "elder")
        world.do("card_reader", "put")
        world.robot.wait(lambda screen: screen.page == "identify" and screen.body.problem == "slot_card", SECONDS)  # type: ignore[union-attr]  # identify's body
        world.terminal.post(ev.QuitPressed())
        world.robot.wait(lambda screen: isinstance(screen.body, FarewellBody) and screen.body.card_in_slot, SECONDS)
        world.terminal.post(ev.NextPressed())
        world.robot.wait(lambda screen: lit(screen, "card_left"), SECONDS)
        world.comes(lambda: world.terminal._runner._visit.machine.slot == "offered")  # from when the minute counts
        world.forward(KEEP_AFTER)
        world.robot.wait(lambda screen: lit(screen, "card_kept"), SECONDS)
    finally:
        end(world)
    assert "device.failed" in world.audited(), "operators can see that there is a card in the bin"


def test_a_card_that_lay_at_the_slot_when_the_terminal_started_is_told_until_it_is_taken(
    demo: Demo, tmp_path: Path
) -> None:
    demo.control.do("card_reader", "put")  # ejected by a terminal that crashed, and still at the mouth
    world = start(demo, tmp_path)
    try:
        world.robot.wait(lambda screen: lit(screen, "card_left"), SECONDS)
        world.do("card_reader", "take")
        world.robot.wait(lambda screen: screen.page == "attract" and not lit(screen, "card_left"), SECONDS)
    finally:
        end(world)


@pytest.mark.skipif(not SOUND, reason="needs the Debian package alsa-utils")
def test_the_volume_that_a_citizen_chose_ends_with_the_visit(demo: Demo, tmp_path: Path) -> None:
    world = start(demo, tmp_path)
    try:
        sound = world.terminal._manager["sound"].device
        world.robot.until("identify", "pension_verification", "elder")
        sound.set_volume(100)
        sound.set_muted(True)
        world.terminal.post(ev.QuitPressed())
        world.robot.page("farewell")
        world.terminal.post(ev.NextPressed())
        world.robot.page("attract")
        assert (sound.volume, sound.muted) == (60, False)
    finally:
        end(world)
