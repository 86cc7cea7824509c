"""A card that says anything at all: every driver comes to an outcome or a named error, in a bounded conversation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level
from devices.contracts.staff_card import Genuine
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard.driver import SocialCardSlot
from devices.drivers.staff_card.driver import StaffCardSlot
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.applets import piv, social_security
from devices.simulators.applets.social_security import SampleAuthority
from devices.simulators.cabinet import SpecError, make_twin
from devices.simulators.card import SimulatedCard, make_applet
from devices.simulators.twin import UnknownAction
from devices.simulators.vpcd import VpcdTwin
from devices.transports.apdu import PARTS_LIMIT

STATUS = st.sampled_from(
    [b"\x90\x00", b"\x6a\x82", b"\x6a\x83", b"\x69\x82", b"\x61\x10", b"\x6c\x10", b"\x63\xc1", b"\x69\x83"]
)
ANSWERS = st.lists(
    st.one_of(st.binary(max_size=60), st.builds(lambda data, sw: data + sw, st.binary(max_size=60), STATUS))
)
STAFF_APDUS = 5  # SELECT, CHUID, certificate in two parts, GENERAL AUTHENTICATE
MOST_COMMANDS = 5 * 20 * PARTS_LIMIT  # so many calls, of so many commands each


def soon() -> Deadline:
    return Deadline.after(30)


class Liar:
    """Answers from a list, over and over, whatever it is asked."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers or [b"\x6f\x00"]
        self.asked = 0

    def answer(self, apdu: bytes) -> bytes:
        self.asked += 1
        return self.answers[self.asked % len(self.answers)]


def social(slot: AppletSlot) -> list[Callable[[], object]]:
    device = SocialCardSlot(PcscReader(slot=slot), SampleAuthority())
    return [lambda: device.read(soon()), lambda: device.self_test(Level.INTERACTIVE, soon())]


def staff(slot: AppletSlot) -> list[Callable[[], object]]:
    device = StaffCardSlot(PcscReader(slot=slot))
    return [
        lambda: device.identify(soon()),
        lambda: device.prove(soon()),
        lambda: device.tries_left(soon()),
        lambda: device.verify_pin("123456", soon()),
        lambda: device.self_test(Level.EXTERNAL, soon()),
    ]


@pytest.mark.parametrize("driver", [social, staff])
@given(answers=ANSWERS)
def test_no_answer_of_a_card_does_more_than_fail(
    driver: Callable[[AppletSlot], list[Callable[[], object]]], answers: list[bytes]
) -> None:
    liar = Liar(answers)
    for call in driver(AppletSlot(liar)):
        try:
            call()
        except DeviceError as error:
            told = str(error) + error.advice
            assert not any(answer.hex() in told for answer in answers if len(answer) > 8)
    assert liar.asked < MOST_COMMANDS


class Bent:
    """A well card, one of whose answers has one byte changed."""

    def __init__(self, applet: piv.PivApplet | social_security.SocialSecurityApplet, number: int, at: int) -> None:
        self.applet, self.number, self.at = applet, number, at
        self.asked = 0

    def reset(self) -> None:
        self.applet.reset()

    def answer(self, apdu: bytes) -> bytes:
        answer = bytearray(self.applet.answer(apdu))
        if self.asked == self.number:
            answer[self.at % len(answer)] ^= 0x01
        self.asked += 1
        return bytes(answer)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("at", [0, 1, 7, 40, -1, -2])
def test_a_changed_bit_never_makes_a_copy_genuine(number: int, at: int) -> None:
    device = StaffCardSlot(PcscReader(slot=AppletSlot(Bent(piv.copied(), number, at))))
    try:
        proof = device.prove(soon())
    except DeviceError:
        return
    assert type(proof).__name__ in ("Copied", "Unproven")


@pytest.mark.parametrize("apdu", range(6))
@pytest.mark.parametrize(("fault", "code"), [("pull-at-apdu", "card-pulled"), ("mute", "card-mute")])
def test_a_staff_card_lost_at_any_command_proves_nothing(fault: str, code: str, apdu: int) -> None:
    slot = AppletSlot(piv.staff())
    device = StaffCardSlot(PcscReader(slot=slot))
    slot.act(fault, {"n": apdu})
    if apdu >= STAFF_APDUS:
        assert isinstance(device.prove(soon()), Genuine)
        return
    with pytest.raises(DeviceError) as caught:
        device.prove(Deadline.after(0.05) if code == "card-mute" else soon())
    assert caught.value.code == code
    slot.act("ok", {})
    slot.act("insert", {})
    assert isinstance(device.prove(soon()), Genuine)


# ---- the twin itself ----


@pytest.mark.parametrize(
    ("action", "arguments", "says"),
    [
        ("explode", {}, "there are insert, pull"),
        ("pull-at-apdu", {"n": "two"}, "whole number"),
        ("wrong-status", {"sw": "ok"}, "hexadecimal"),
        ("insert", {"applet": "no.such:card"}, "no card can be made"),
        ("insert", {"applet": "devices.simulators.applets.piv:staff", "options": {"colour": 1}}, "no card can be made"),
        ("insert", {"options": [1]}, "options must be an object"),
    ],
)
def test_what_the_twin_cannot_do_is_refused_with_what_it_can(action: str, arguments: dict, says: str) -> None:  # type: ignore[type-arg]
    twin = VpcdTwin("card", inserted=False)
    with pytest.raises(UnknownAction, match=says):
        twin.act(action, arguments)


def test_the_cabinet_makes_the_twin_with_its_options() -> None:
    options = {"applet": "devices.simulators.applets.piv:staff", "options": {"number": 7}, "inserted": False}
    twin = make_twin("card", "vpcd", options)
    assert (twin.port, twin.state()["inserted"], twin.state()["atr"]) == ("Virtual PCD 00 00", False, piv.ATR.hex())
    with pytest.raises(SpecError, match="colour"):
        make_twin("card", "vpcd", {"colour": "red"})


def test_the_twins_state_names_nobody() -> None:
    twin = VpcdTwin("card", options={"role": "minority"}, inserted=False)
    person = social_security.holder("minority", "2.00")
    assert not any(secret in str(twin.state()) for secret in (person.name, person.number, person.card_id))


def test_every_fault_shows_in_the_state_until_ok() -> None:
    card = SimulatedCard(make_applet("devices.simulators.applets.piv:staff"))
    for fault in ("pull-at-apdu", "mute", "slow", "wrong-status"):
        card.act(fault, {})
        assert card.state()["fault"] == fault
    card.act("ok", {})
    assert card.state()["fault"] is None


def test_sample_people_are_the_same_in_every_run_and_differ_by_role() -> None:
    assert social_security.holder("elder", "2.00") == social_security.holder("elder", "2.00")
    assert social_security.holder("elder", "2.00").number != social_security.holder("minor", "2.00").number
