"""Faults of the simulated chip: torn, wrong, mute, slow and pulled, and it says nothing of the person."""

from __future__ import annotations

import pytest

from devices.simulators.applets import travel_document
from devices.simulators.card import Pulled, SimulatedCard, make_applet
from devices.simulators.emrtd_chip import CardMute, CardPulled, EmrtdChip
from devices.simulators.emrtd_crypto import BadTlv
from devices.simulators.emrtd_issuer import COM, Document
from devices.simulators.emrtd_session import parse
from devices.simulators.twin import UnknownAction
from tests.unit.emrtd_chip.chip_room import SELECT, Terminal, bac, h, plain, read_all


class TestFaults:
    """A fault comes when it is due, once or until ok."""

    def test_an_answer_with_a_wrong_mac(self, chip: EmrtdChip, terminal: Terminal) -> None:
        chip.act("wrong-mac", {"at": 1})
        assert terminal.send("00A4020C02011E") == (b"", 0x9000)
        with pytest.raises(AssertionError):
            terminal.send("00B0000004")
        assert terminal.send("00B0000004")[1] == 0x9000

    def test_a_torn_answer(self, chip: EmrtdChip, terminal: Terminal) -> None:
        chip.act("torn")
        reply = chip.answer(terminal.wrap(parse(h("00B0810010"))))
        assert reply[-2:] == h("9000")
        with pytest.raises((BadTlv, KeyError)):
            terminal.unwrap(reply, 0xB0)

    def test_pulled_at_an_apdu_and_laid_down_again(self, chip: EmrtdChip, document: Document) -> None:
        chip.act("pulled", {"at": 2})
        plain(chip, SELECT)
        plain(chip, "0084000008")
        for _ in range(2):
            with pytest.raises(CardPulled):
                plain(chip, SELECT)
        chip.act("ok")
        chip.reset()
        assert read_all(bac(chip, document.mrz_key), COM) == document.files[COM]

    def test_mute_and_slow(self, document: Document) -> None:
        waits: list[float] = []
        chip = EmrtdChip(document, sleep=waits.append)
        chip.act("mute", {"times": 1})
        with pytest.raises(CardMute):
            plain(chip, SELECT)
        chip.act("slow", {"seconds": 0.25, "times": 2})
        assert [plain(chip, SELECT) for _ in range(3)] == ["9000"] * 3
        assert waits == [0.25, 0.25]

    def test_in_a_slot_it_can_be_pulled_and_armed_from_plain_options(self) -> None:
        card = SimulatedCard(make_applet("devices.simulators.applets.travel_document:chip", {"role": "card", "at": 1}))
        assert card.reply(h(SELECT)) == h("9000")
        card = SimulatedCard(travel_document.chip("card", fault="pulled", at=1))
        assert card.reply(h(SELECT)) == h("9000")
        with pytest.raises(Pulled):
            card.reply(h(SELECT))
        torn = travel_document.chip("passport", fault="torn", at=3)
        terminal = bac(torn, travel_document.document().mrz_key)
        with pytest.raises((BadTlv, KeyError)):
            terminal.send("00B0810010")

    def test_an_unknown_fault_is_told(self, chip: EmrtdChip) -> None:
        for action, arguments in (("explode", {}), ("torn", {"at": -1}), ("slow", {"seconds": "x"})):
            with pytest.raises(UnknownAction):
                chip.act(action, arguments)

    def test_its_state_says_nothing_of_the_person(
        self, chip: EmrtdChip, terminal: Terminal, document: Document
    ) -> None:
        told = f"{chip.state()} {document!r} {document.traveller!r} {parse(h('00A4020C02011E'))!r}"
        assert chip.state()["session"] is True
        assert document.traveller.surname not in told
        assert document.traveller.number not in told
