"""A citizen who made it loud, or muted it, leaves nothing of that to the next one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.actor import Spec
from devices.contracts.sound import Output
from devices.drivers.alsa.driver import AlsaSound
from devices.manager import Manager
from devices.simulators.alsa import AlsaTwin
from kiosk.counter.counter import _forget_user
from kiosk.counter.owed import Owed

pytestmark = pytest.mark.skipif(not shutil.which("aplay"), reason="needs the Debian package alsa-utils")


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[tuple[AlsaSound, Owed]]:
    twin = AlsaTwin("sound", folder=str(tmp_path / "card"))
    twin.start()
    driver = AlsaSound(twin.port, headphone=twin.output("headphone"), volume=60)
    manager = Manager([Spec("sound", driver)])
    manager.start()
    crashes: list[BaseException] = []
    yield driver, Owed(manager["sound"], _forget_user, 15.0, crashes.append)
    manager.stop()
    twin.stop()
    assert crashes == []


def test_volume_mute_and_output_are_the_profiles_again(sound: tuple[AlsaSound, Owed]) -> None:
    driver, owed = sound
    driver.set_volume(100)
    driver.set_muted(True)
    driver.set_output(Output.HEADPHONE)
    owed.ask()
    assert owed.settle(15.0)
    assert (driver.volume, driver.muted, driver.output) == (60, False, Output.SPEAKER)
