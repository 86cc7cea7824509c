"""What every staff card reader promises: a PIV card of our own, and one that nobody here wrote (jcecard)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.identity import NoCard
from devices.contracts.social_card import SocialCardRead
from devices.contracts.staff_card import (
    Copied,
    Genuine,
    PinAccepted,
    PinBlocked,
    PinMalformed,
    PinWrong,
    StaffCard,
    StaffCardReader,
    Unproven,
)
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard.driver import SocialCardSlot
from devices.drivers.staff_card.driver import StaffCardSlot
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.applets import piv, social_security
from devices.simulators.card import Applet
from devices.transports.apdu_capture import CapturingSlot, ReplaySlot
from tests.wire import jcecard_cards

PINS = {"twin": piv.DEFAULT_PIN, "jcecard": jcecard_cards.PIN}
WRONG = "975310"


def soon() -> Deadline:
    return Deadline.after(5)


def twin_card(*, keys: tuple[str, ...] = ("9E", "9A"), copy: bool = False) -> Applet:
    return piv.PivApplet(keys=keys, copied=copy)


def foreign_card(**options: Any) -> Applet:
    pytest.importorskip("jcecard", reason="needs PyPI jcecard")
    return jcecard_cards.JceCard(**options)


MAKERS: dict[str, Callable[..., Applet]] = {"twin": twin_card, "jcecard": foreign_card}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[..., AppletSlot]:
    return lambda **options: AppletSlot(MAKERS[request.param](**options))


@pytest.fixture
def pin(request: pytest.FixtureRequest) -> str:
    return PINS[request.node.callspec.params["make"]]


@pytest.fixture
def slot(make: Callable[..., AppletSlot]) -> AppletSlot:
    return make()


@pytest.fixture
def reader(slot: AppletSlot) -> Iterator[StaffCardReader]:
    reader = StaffCardSlot(PcscReader(slot=slot))
    reader.open(soon())
    yield reader
    reader.close()


def sent(slot: AppletSlot) -> int:
    return slot.card.commands


def test_it_is_a_device_and_says_who_it_is(reader: StaffCardReader) -> None:
    assert isinstance(reader, Device)
    assert reader.info.kind == "staff_card"
    assert reader.poll(soon()).state is State.ONLINE


def test_a_card_is_known_by_its_number_and_certificate(reader: StaffCardReader) -> None:
    card = reader.identify(soon())
    assert isinstance(card, StaffCard)
    assert (len(card.card_id), len(card.certificate), card.key) == (32, 64, "9E")
    assert card.expires is not None
    assert reader.identify(soon()) == card


def test_a_genuine_card_proves_itself_without_a_pin(reader: StaffCardReader) -> None:
    proof = reader.prove(soon())
    assert isinstance(proof, Genuine)
    assert proof.card == reader.identify(soon())


def test_a_copy_is_found_out(make: Callable[..., AppletSlot]) -> None:
    reader = StaffCardSlot(PcscReader(slot=make(copy=True)))
    assert isinstance(reader.prove(soon()), Copied)
    assert reader.statistics()["copied"] == 1


def test_a_card_whose_key_needs_the_pin_proves_itself_after_it(make: Callable[..., AppletSlot], pin: str) -> None:
    reader = StaffCardSlot(PcscReader(slot=make(keys=("9A",))))
    before = reader.prove(soon())
    assert isinstance(before, Unproven)
    assert (before.reason.code, before.card.key) == ("pin-required", "9A")
    assert reader.verify_pin(pin, soon()) == PinAccepted()
    assert isinstance(reader.prove(soon()), Genuine)


def test_after_the_pin_the_key_that_needs_it_is_the_one_that_is_proved(reader: StaffCardReader, pin: str) -> None:
    assert reader.verify_pin(pin, soon()) == PinAccepted()
    proof = reader.prove(soon())
    assert isinstance(proof, Genuine)
    assert proof.card.key == "9A"


def test_tries_are_counted_down_to_blocked_and_each_pin_is_sent_once(
    slot: AppletSlot, reader: StaffCardReader, pin: str
) -> None:
    assert reader.tries_left(soon()) == 3
    before = sent(slot)
    assert reader.verify_pin(WRONG, soon()) == PinWrong(2)
    assert sent(slot) - before == 2  # how many are left, and the one PIN
    assert reader.tries_left(soon()) == 2
    assert reader.verify_pin(WRONG, soon()) == PinWrong(1)
    assert reader.verify_pin(WRONG, soon()) == PinBlocked()
    assert reader.tries_left(soon()) == 0
    before = sent(slot)
    assert reader.verify_pin(pin, soon()) == PinBlocked()
    assert sent(slot) - before == 1, "a blocked card was sent a PIN"


def test_a_right_pin_gives_the_tries_back(reader: StaffCardReader, pin: str) -> None:
    assert reader.verify_pin(WRONG, soon()) == PinWrong(2)
    assert reader.verify_pin(pin, soon()) == PinAccepted()
    reader.disconnect()
    assert reader.tries_left(soon()) == 3


class TwoApplications:
    """A card with both applications: SELECT by name decides which of them answers, as on a real one."""

    def __init__(self) -> None:
        self.piv, self.social = piv.PivApplet(), social_security.v2()
        self._current: Applet = self.social
        self.pins_elsewhere = 0

    def answer(self, apdu: bytes) -> bytes:
        if apdu[1:3] == b"\xa4\x04":
            self._current = self.piv if apdu[5:10] == bytes.fromhex("A000000308") else self.social
        self.pins_elsewhere += apdu[1] == 0x20 and self._current is not self.piv
        return self._current.answer(apdu)


def test_a_pin_reaches_no_application_that_another_driver_has_selected_on_the_same_card() -> None:
    card = TwoApplications()
    slot = PcscReader(slot=AppletSlot(card))
    staff, social = StaffCardSlot(slot), SocialCardSlot(slot)
    staff.identify(soon())
    assert isinstance(social.read(soon()), SocialCardRead)
    assert staff.verify_pin(piv.DEFAULT_PIN, soon()) == PinAccepted()
    assert (card.piv.verifications, card.pins_elsewhere) == (1, 0)


def test_a_pin_that_was_accepted_no_longer_holds_once_another_application_was_selected() -> None:
    piv_alone = TwoApplications()
    piv_alone.piv = piv.PivApplet(keys=("9A",))
    slot = PcscReader(slot=AppletSlot(piv_alone))
    staff, social = StaffCardSlot(slot), SocialCardSlot(slot)
    assert staff.verify_pin(piv.DEFAULT_PIN, soon()) == PinAccepted()
    assert isinstance(staff.prove(soon()), Genuine)
    social.read(soon())
    proof = staff.prove(soon())
    assert isinstance(proof, Unproven)
    assert proof.reason.code == "pin-required"


@pytest.mark.parametrize("bad", ["", "1234", "123456789", "abcdef"])
def test_what_is_no_pin_is_not_sent(slot: AppletSlot, reader: StaffCardReader, bad: str) -> None:
    before = sent(slot)
    assert reader.verify_pin(bad, soon()) == PinMalformed()
    assert sent(slot) == before


def test_an_accepted_pin_is_forgotten_with_the_card_and_on_letting_go(
    make: Callable[..., AppletSlot], pin: str
) -> None:
    slot = make(keys=("9A",))
    reader = StaffCardSlot(PcscReader(slot=slot))

    def pull() -> None:
        slot.act("pull")
        slot.act("insert")

    for forget in (reader.disconnect, pull):
        assert reader.verify_pin(pin, soon()) == PinAccepted()
        forget()
        assert isinstance(reader.prove(soon()), Unproven)


@pytest.mark.parametrize("fault", ["pull-at-apdu", "mute"])
def test_a_pin_whose_answer_is_lost_is_not_sent_again(
    slot: AppletSlot, reader: StaffCardReader, pin: str, fault: str
) -> None:
    reader.identify(soon())
    before = sent(slot)
    slot.act(fault, {"n": 1})
    with pytest.raises(DeviceError) as caught:
        reader.verify_pin(pin, Deadline.after(0.3))
    assert caught.value.code == {"pull-at-apdu": "card-pulled", "mute": "card-mute"}[fault]
    assert sent(slot) - before == 2
    assert pin not in str(caught.value) + caught.value.advice


def test_an_empty_slot_is_no_card(make: Callable[..., AppletSlot]) -> None:
    slot = make()
    slot.act("pull")
    reader = StaffCardSlot(PcscReader(slot=slot))
    outcomes = [reader.identify(soon()), reader.prove(soon()), reader.tries_left(soon())]
    assert [*outcomes, reader.verify_pin(WRONG, soon())] == [NoCard()] * 4


def test_a_card_of_another_kind_is_a_wrong_card() -> None:
    reader = StaffCardSlot(PcscReader(slot=AppletSlot(social_security.v2())))
    with pytest.raises(DeviceError) as caught:
        reader.identify(soon())
    assert caught.value.code == "wrong-card"


def test_a_card_without_certificate_is_unproven(make: Callable[..., AppletSlot]) -> None:
    reader = StaffCardSlot(PcscReader(slot=make(keys=())))
    proof = reader.prove(soon())
    assert isinstance(proof, Unproven)
    assert proof.reason.code == "no-certificate"


def test_self_tests_at_three_levels(slot: AppletSlot, reader: StaffCardReader) -> None:
    assert reader.self_test(Level.INTERNAL, soon()).passed is True
    assert reader.self_test(Level.EXTERNAL, soon()).passed is True
    slot.act("pull")
    assert reader.self_test(Level.EXTERNAL, soon()).passed is None
    assert reader.self_test(Level.INTERACTIVE, Deadline.after(0.2)).passed is False


def test_the_pin_is_in_no_log_capture_or_repr(
    make: Callable[..., AppletSlot], pin: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="devices")
    path = tmp_path / "staff.jsonl"
    slot = PcscReader(slot=CapturingSlot(make(), path))
    reader = StaffCardSlot(slot)
    outcome = reader.verify_pin(pin, soon())
    assert outcome == PinAccepted()
    slot.close()
    written = path.read_text(encoding="ascii") + caplog.text + repr(outcome) + repr(reader) + str(reader.statistics())
    assert pin not in written
    assert pin.encode().hex() not in written


def test_a_captured_conversation_replays(make: Callable[..., AppletSlot], pin: str, tmp_path: Path) -> None:
    path = tmp_path / "staff.jsonl"
    recorder = PcscReader(slot=CapturingSlot(make(), path))
    live = StaffCardSlot(recorder)
    card, accepted = live.identify(soon()), live.verify_pin(pin, soon())
    recorder.close()
    slot = ReplaySlot.load(path)
    replayed = StaffCardSlot(PcscReader(slot=slot))
    assert (replayed.identify(soon()), replayed.verify_pin(pin, soon())) == (card, accepted)
    assert slot.finished


@pytest.mark.parametrize("algorithm", [0x07, 0x14])
def test_keys_that_the_foreign_card_cannot_do_are_proved_by_our_own(algorithm: int) -> None:
    for copied, kind in ((False, Genuine), (True, Copied)):
        applet = piv.PivApplet(2, algorithm=algorithm, copied=copied)
        assert isinstance(StaffCardSlot(PcscReader(slot=AppletSlot(applet))).prove(soon()), kind)
