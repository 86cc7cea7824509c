"""Files of the simulated chip are read in every way that the standard knows, and end where they end."""

from __future__ import annotations

import pytest

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import tlv
from devices.simulators.emrtd_issuer import COM, Document
from devices.simulators.emrtd_session import parse
from devices.simulators.emrtd_traveller import mrz_key
from tests.unit.emrtd_chip.chip_room import D_COM, SELECT, SPECIMEN, Personalised, Terminal, bac, h, plain, run_pace


class TestReading:
    """READ BINARY in all its forms (part 10, 3.6.3)."""

    def test_by_short_id_and_offset(self, terminal: Terminal, document: Document) -> None:
        com = document.files[COM]
        assert terminal.send("00B09E0004") == (com[:4], 0x9000)
        assert terminal.send("00B0000404") == (com[4:8], 0x9000)
        assert terminal.send("00B0810208") == (document.files[0x0101][2:10], 0x9000)
        assert terminal.send("00B08F0004") == (b"", 0x6A82)

    def test_odd_instruction_with_current_file_short_id_and_file_id(
        self, terminal: Terminal, document: Document
    ) -> None:
        face = document.files[0x0102]
        assert terminal.send("00B10002035401 0A 0A".replace(" ", "")) == (tlv(0x53, face[10:18]), 0x9000)
        assert terminal.send("00B10000045402010006") == (tlv(0x53, face[256:260]), 0x9000)
        assert terminal.send("00B1010204540201000A") == (tlv(0x53, face[256:264]), 0x9000)
        assert terminal.send("00B10102055403010000FF") == (b"", 0x6B00)
        assert terminal.send("00B1010203530100FF") == (b"", 0x6A80)

    @pytest.mark.parametrize(
        ("eof", "expected"),
        [("6282", (D_COM[16:], 0x6282)), ("9000", (D_COM[16:], 0x9000)), ("6c", (b"", 0x6C06))],
    )
    def test_the_end_of_the_file(self, eof: str, expected: tuple[bytes, int]) -> None:
        terminal = bac(EmrtdChip(Personalised(), eof=eof), mrz_key(SPECIMEN))
        assert terminal.send("00A4020C02011E") == (b"", 0x9000)
        assert terminal.send("00B0001010") == expected
        assert terminal.send("00B0001006") == (D_COM[16:], 0x9000)
        assert terminal.send("00B0001610") == (b"", 0x6B00)

    @pytest.mark.parametrize(("pace", "most"), [("", 231), ("AES-128", 223)])
    def test_a_short_answer_holds_what_fits_beside_its_mac(self, pace: str, most: int) -> None:
        chip = EmrtdChip(Personalised(), pace=pace)
        terminal = run_pace(chip, b"123456") if pace else bac(chip, mrz_key(SPECIMEN))
        if pace:
            assert terminal.send(SELECT) == (b"", 0x9000)
        command = terminal.wrap(parse(h("00B0810000")))
        reply = chip.answer(command)
        assert len(reply) <= 258
        assert terminal.unwrap(reply, 0xB0) == ((bytes(range(256)) * 3)[:most], 0x9000)

    def test_a_file_of_more_than_64_kilobytes(self) -> None:
        """A large DG2 (portraits of some states): the second half is out of reach for READ BINARY with an even INS."""
        content = bytes(range(256)) * 300
        chip = EmrtdChip(Personalised(files={COM: D_COM, 0x0102: content}))
        terminal = bac(chip, mrz_key(SPECIMEN))
        assert terminal.send("00A40204020102") == (h("6209800301 2C00 8302 0102"), 0x9000)
        assert terminal.send("00B100000554030111700A") == (tlv(0x53, content[70_000:70_008]), 0x9000)
        assert terminal.send("00B07FFF04") == (content[32_767:32_771], 0x9000)

    def test_extended_length(self) -> None:
        content = (bytes(range(256)) * 3, 0x9000)
        chip = EmrtdChip(Personalised(), extended=True)
        terminal = bac(chip, mrz_key(SPECIMEN))
        reply = chip.answer(terminal.wrap(parse(h("00B08100000400")), extended=True))
        assert terminal.unwrap(reply, 0xB0) == (content[0], 0x6282)
        reply = chip.answer(terminal.wrap(parse(h("00B08100000000")), extended=True))
        assert terminal.unwrap(reply, 0xB0) == content
        assert plain(EmrtdChip(Personalised(), extended=True), "00B0810000") == "7F66080202FFFF0202FFFF9000"

    def test_extended_length_is_refused_where_it_is_off(self, chip: EmrtdChip, terminal: Terminal) -> None:
        assert chip.answer(terminal.wrap(parse(h("00B08100000400")), extended=True)) == h("6700")

    @pytest.mark.parametrize(("over", "expected"), [("short", (bytes(range(100)), 0x9000)), ("refuse", (b"", 0x6700))])
    def test_the_most_that_a_chip_gives_at_once(self, over: str, expected: tuple[bytes, int]) -> None:
        terminal = bac(EmrtdChip(Personalised(), max_le=100, over_le=over), mrz_key(SPECIMEN))
        assert terminal.send("00B08100C8") == expected
        assert terminal.send("00B0810064") == (bytes(range(100)), 0x9000)

    def test_answers_wait_for_get_response_where_the_card_is_of_that_kind(self) -> None:
        chip = EmrtdChip(Personalised(), get_response=True)
        assert plain(chip, "00A4040407A0000002471001") == "610B"
        assert plain(chip, "00C0000020") == "6C0B"
        assert plain(chip, "00C0000005") == "62098407A06106"
        assert plain(chip, "00C0000006") == "0000024710019000"
        assert plain(chip, "00C0000001") == "6985"
