"""Whatever happens between reader and chip has a name, ends in time, and spoils nothing for the next document."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import NoCard
from devices.contracts.travel_document import Authentic, TravelDocument
from devices.drivers.emrtd.driver import EmrtdReader
from devices.drivers.pcsc.driver import PcscReader
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.emrtd_chip import EmrtdChip
from tests.wire import travel_papers

PASSPORT = travel_papers.document("passport")
KEY = travel_papers.key(PASSPORT)
ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "1"))
ACCESS: dict[str, dict[str, Any]] = {"BAC": {}, "PACE": {"pace": "AES-128"}, "extended": {"extended": True}}
NAMED = {
    "access-denied",
    "card-refused",
    "file-content",
    "file-missing",
    "file-too-long",
    "file-truncated",
    "no-application",
    "secure-messaging",
    "short-answer",
    "wrong-key",
}


class Meddler:
    """Between reader and chip: lets ``meddle(n, answer)`` change the answer to the n-th command."""

    atr = EmrtdChip(PASSPORT).atr

    def __init__(self, options: dict[str, Any]) -> None:
        self.chip = EmrtdChip(PASSPORT, **options)
        self.meddle: Callable[[int, bytes], bytes] = lambda n, answer: answer
        self.count = 0

    def reset(self) -> None:
        self.chip.reset()

    def answer(self, apdu: bytes) -> bytes:
        self.count += 1
        return self.meddle(self.count - 1, self.chip.answer(apdu))


class World:
    def __init__(self, options: dict[str, Any]) -> None:
        self.applet = Meddler(options)
        self.slot = AppletSlot(self.applet)
        self.reader = EmrtdReader(PcscReader(slot=self.slot), travel_papers.store(PASSPORT))
        self.reader.open(Deadline.after(5))
        self.first = self.good()
        self.commands = self.applet.count

    def good(self) -> TravelDocument:
        outcome = self.reader.read(KEY, Deadline.after(20))
        assert isinstance(outcome, TravelDocument)
        assert outcome.authenticity == Authentic("UT")
        return outcome

    def error(self, seconds: float = 10.0) -> DeviceError:
        deadline = Deadline.after(seconds)
        with pytest.raises(DeviceError) as caught:
            self.reader.read(KEY, deadline)
        assert caught.value.advice
        return caught.value


@pytest.fixture(params=ACCESS)
def world(request: pytest.FixtureRequest) -> World:
    return World(ACCESS[request.param])


def moments(world: World, count: int = 8) -> list[int]:
    """Commands spread over the whole of a read, all of its beginning among them."""
    return sorted({*range(min(count, world.commands)), *range(0, world.commands, max(1, world.commands // count))})


def test_pulled_at_any_command_is_told_and_the_next_read_is_whole(world: World) -> None:
    for moment in moments(world):
        world.slot.act("pull-at-apdu", {"n": moment})
        assert world.error().code == "card-pulled", moment
        assert world.reader.read(KEY, Deadline.after(5)) == NoCard()
        world.slot.act("insert")
    assert world.good() == world.first


def test_silence_at_any_command_ends_by_the_deadline(world: World) -> None:
    for moment in moments(world, 4):
        world.slot.act("mute", {"n": moment})
        deadline = Deadline.after(0.1)
        with pytest.raises(DeviceError) as caught:
            world.reader.read(KEY, deadline)
        assert caught.value.code in ("card-mute", "no-answer", "read-timeout"), moment
        assert Deadline.after(0).at - deadline.at < 0.3
        world.slot.act("ok")
        assert world.good() == world.first


@pytest.mark.timeout(60 + 5 * ROUNDS)
def test_a_changed_bit_in_any_answer_never_yields_another_document(world: World) -> None:
    """A named error, or the very same document where a detour was taken. KIOSK_PEER_ROUNDS bits at each moment."""
    random = Random(9303)
    for moment in moments(world):
        for _ in range(ROUNDS):
            world.applet.count = 0
            place, bit = random.random(), 1 << random.randrange(8)

            def flip(n: int, answer: bytes, moment: int = moment, place: float = place, bit: int = bit) -> bytes:
                if n != moment:
                    return answer
                at = int(place * len(answer))
                return answer[:at] + bytes([answer[at] ^ bit]) + answer[at + 1 :]

            world.applet.meddle = flip
            try:
                outcome = world.reader.read(KEY, Deadline.after(20))
            except DeviceError as error:
                known = error.code in NAMED
                assert known, f"{error.code} at {moment}"  # noqa: PT017 - a document is as good an end
            else:
                assert outcome == world.first
            world.applet.meddle = lambda n, answer: answer
    assert world.good() == world.first


@pytest.mark.parametrize(
    ("name", "torn"),
    [
        ("cut off in the middle", lambda answer: answer[: len(answer) // 2]),
        ("one byte short", lambda answer: answer[:-3] + answer[-2:]),
        ("nothing but its status", lambda answer: answer[-2:]),
        ("one byte alone", lambda answer: answer[:1]),
        ("too long", lambda answer: answer[:-2] + bytes(40) + answer[-2:]),
    ],
)
def test_torn_answers_in_a_session_are_named(world: World, name: str, torn: Callable[[bytes], bytes]) -> None:
    moment = world.commands - 3  # in the middle of DG2
    world.applet.count = 0
    world.applet.meddle = lambda n, answer: torn(answer) if n == moment else answer
    assert world.error().code in ("secure-messaging", "short-answer"), name
    world.applet.meddle = lambda n, answer: answer
    assert world.good() == world.first


@pytest.mark.parametrize("fault", ["wrong-mac", "torn"])
def test_faults_of_the_chip_in_a_session_are_named(world: World, fault: str) -> None:
    world.applet.chip.act(fault, {"at": world.commands - 4})
    assert world.error().code == "secure-messaging"
    assert world.good() == world.first


def test_a_chip_that_refuses_everything_is_named(world: World) -> None:
    for sw, code in (("6D00", "card-refused"), ("6982", "access-denied"), ("6A82", "no-application")):
        world.slot.act("wrong-status", {"sw": sw, "times": 0})
        assert world.error().code == code
        world.slot.act("ok")
    assert world.good() == world.first


def test_an_answer_of_an_earlier_session_is_not_taken(world: World) -> None:
    """Replay: the recorded answers of one read, played into another."""
    recorded: list[bytes] = []
    world.applet.meddle = lambda n, answer: recorded.append(answer) or answer  # type: ignore[func-returns-value]
    world.applet.count = 0
    world.good()
    world.applet.count = 0
    last = world.commands - 1
    world.applet.meddle = lambda n, answer: recorded[n] if n == last else answer
    assert world.error().code == "secure-messaging"


def test_the_readers_plug_and_pcscd_are_told_apart_and_come_back(world: World) -> None:
    for action, code in (("unplug", {"unplugged", "port-missing"}), ("daemon-gone", {"pcscd-gone"})):
        world.slot.act(action)
        assert world.error().code in code
        world.slot.act("replug")
        world.reader.open(Deadline.after(5))
        assert world.good() == world.first


def test_a_slow_chip_is_waited_for_and_a_deadline_ends_it(world: World) -> None:
    world.slot.act("slow", {"milliseconds": 2})
    assert world.good() == world.first
    assert world.error(0.03).code in ("read-timeout", "card-mute", "no-answer")
