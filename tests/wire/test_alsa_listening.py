"""The chime, played and heard: alsa-lib's own player and recorder, with a room between them in the twin."""

from __future__ import annotations

import random
import shutil
from array import array
from collections.abc import Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Fault
from devices.contracts.listening import Listening, LoopHeard, LoopSilent
from devices.drivers.alsa.driver import AlsaSound
from devices.drivers.alsa.listening import LEAST, LISTEN_RATE, chime, over_room
from devices.simulators.alsa import AlsaTwin

tools = pytest.mark.skipif(shutil.which("arecord") is None, reason="needs alsa-utils")


@pytest.fixture
def card() -> Iterator[AlsaTwin]:
    twin = AlsaTwin("sound", microphone=True)
    twin.start()
    yield twin
    twin.stop()


@tools
def test_a_cut_wire_is_silence_and_a_dead_microphone_is_nobodys_word(card: AlsaTwin) -> None:
    sound = AlsaSound(card.output("speaker"), microphone=card.output("microphone"))
    assert isinstance(sound, Listening)
    assert sound.listens
    sound.open(Deadline.after(5))
    told = []
    for planted in ("ok", "dead", "deaf", "unplug", "ok"):
        card.act(planted, {})
        told.append(sound.listen(Deadline.after(10)))
    assert isinstance(told[0], LoopHeard)
    assert told[0].over > 2 * LEAST
    assert isinstance(told[1], LoopSilent)
    assert isinstance(told[2], Fault)
    assert isinstance(told[3], Fault)
    assert (told[2].code, told[3].code) == ("microphone-dead", "port-missing")
    assert isinstance(told[4], LoopHeard)


@tools
def test_a_port_that_is_no_microphone_is_a_dead_one(card: AlsaTwin) -> None:
    sound = AlsaSound(card.output("speaker"), microphone=f"nothere@{card.port.partition('@')[2]}")
    found = sound.listen(Deadline.after(10))
    assert isinstance(found, Fault)
    assert found.code == "microphone-dead"


def test_without_a_microphone_nobody_listens() -> None:
    assert AlsaSound("default").listens is False


def recording(*, seed: int, loud: float = 0.0, noise: float = 300.0, slam: bool = False) -> bytes:
    """Two seconds of a room, with the chime so loud in it (a share), and a door that slams."""
    chance = random.Random(seed)
    played = array("h")
    played.frombytes(chime().data)
    room = array("h", (0,)) * (2 * LISTEN_RATE)
    left = played[::6]
    for at in range(len(room)):
        told = chance.gauss(0, noise) + (chance.gauss(0, 9000) if slam and 9000 < at < 10000 else 0)
        told += loud * left[at - 5000] if 5000 <= at < 5000 + len(left) else 0
        room[at] = max(-32768, min(32767, round(told)))
    return room.tobytes()


def test_a_quiet_chime_in_a_noisy_street_is_heard_and_noise_alone_is_not() -> None:
    quiet = [over_room(recording(seed=seed, loud=0.02)) or 0 for seed in range(3)]
    assert min(quiet) > LEAST
    nothing = [over_room(recording(seed=seed, noise=1500, slam=seed % 2 == 1)) or 0 for seed in range(6)]
    assert max(nothing) < LEAST - 3


def test_zeros_are_no_recording() -> None:
    assert over_room(bytes(64_000)) is None
    assert over_room(b"") is None
