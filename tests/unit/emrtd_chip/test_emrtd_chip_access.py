"""Access to the simulated chip: nothing before its key is known, and a session that forgives nothing."""

from __future__ import annotations

import pytest

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import Suite3Des
from devices.simulators.emrtd_issuer import COM, Document
from devices.simulators.emrtd_session import Session, parse
from tests.unit.emrtd_chip.chip_room import D_SESSION_ENC, D_SESSION_MAC, SELECT, Terminal, bac, h, plain, read_all


class TestAccess:
    """Nothing personal before access control; the session is strict."""

    @pytest.mark.parametrize(
        "apdu", ["00A4020C02011E", "00A4020C020101", "00B0810004", "00B0820004", "00B1010104540100 04"]
    )
    def test_files_are_refused_before_access_control(self, chip: EmrtdChip, apdu: str) -> None:
        assert plain(chip, SELECT) == "9000"
        assert plain(chip, apdu) == "6982" if apdu[2:4] != "B1" else plain(chip, "00B1010103540100FF") == "6982"

    def test_a_chip_may_refuse_the_reading_only(self, document: Document) -> None:
        chip = EmrtdChip(document, refuse_at="read")
        plain(chip, SELECT)
        assert plain(chip, "00A4020C02011E") == "9000"
        assert plain(chip, "00B0000004") == "6982"
        assert plain(chip, "00A4020C02010F") == "6A82"

    def test_basic_access_opens_every_file(self, terminal: Terminal, document: Document) -> None:
        for file, content in document.files.items():
            assert read_all(terminal, file) == content

    def test_a_wrong_key_is_6300_and_waits_longer_each_time(self, document: Document) -> None:
        waits: list[float] = []
        chip = EmrtdChip(document, wrong_key_seconds=0.5, sleep=waits.append)
        for _ in range(3):
            plain(chip, SELECT)
            plain(chip, "0084000008")
            assert plain(chip, "0082000028" + "11" * 40 + "28") == "6300"
        assert waits == [0.5, 1.0, 1.5]
        assert plain(chip, "00A4020C02011E") == "6982"
        assert read_all(bac(chip, document.mrz_key), COM) == document.files[COM]

    def test_a_challenge_serves_once_and_is_needed(self, chip: EmrtdChip) -> None:
        assert plain(chip, "0084000008") == "6985"  # the application is not selected
        plain(chip, SELECT)
        assert plain(chip, "0082000028" + "11" * 40 + "28") == "6985"
        plain(chip, "0084000008")
        assert plain(chip, "0082000028" + "11" * 40 + "28") == "6300"
        assert plain(chip, "0082000028" + "11" * 40 + "28") == "6985"

    def test_a_wrong_mac_is_6988_and_ends_the_session(self, chip: EmrtdChip, terminal: Terminal) -> None:
        command = terminal.wrap(parse(h("00A4020C02011E")))
        assert chip.answer(command[:-2] + bytes([command[-2] ^ 1]) + command[-1:]) == h("6988")
        assert chip.answer(terminal.wrap(parse(h("00A4020C02011E")))) == h("6982")
        assert plain(chip, "00A4020C02011E") == "6982"

    def test_a_repeated_or_skipped_command_is_6988(self, document: Document) -> None:
        for repeated in (True, False):
            chip = EmrtdChip(document)
            terminal = bac(chip, document.mrz_key)
            command = terminal.wrap(parse(h("00A4020C02011E")))
            if repeated:
                chip.answer(command)
            else:
                command = terminal.wrap(parse(h("00A4020C02011E")))
            assert chip.answer(command) == h("6988")

    def test_missing_objects_and_plain_commands_are_6987_and_end_the_session(self, document: Document) -> None:
        for apdu in ("0CB0000003970104 00", "0CB0000000", "00B0000004", "00A4020C02011E"):
            chip = EmrtdChip(document)
            bac(chip, document.mrz_key)
            assert plain(chip, apdu) == "6987"
            assert plain(chip, "00B0000004") == "6982"

    def test_a_chip_may_process_the_plain_command_that_ends_the_session(self, document: Document) -> None:
        chip = EmrtdChip(document, plain="process")
        bac(chip, document.mrz_key)
        assert plain(chip, SELECT) == "9000"
        assert plain(chip, "00A4020C02011E") == "6982"

    def test_errors_in_a_session_are_protected_and_leave_it_alive(self, terminal: Terminal, document: Document) -> None:
        assert terminal.send("00A4020C02010F") == (b"", 0x6A82)
        assert terminal.send("00CA000004") == (b"", 0x6D00)
        assert read_all(terminal, COM) == document.files[COM]

    def test_power_ends_a_session(self, chip: EmrtdChip, terminal: Terminal) -> None:
        chip.reset()
        assert chip.answer(terminal.wrap(parse(h("00A4020C02011E")))) == h("6982")

    @pytest.mark.parametrize(
        ("apdu", "sw"),
        [
            ("", "6700"),
            ("00A404", "6700"),
            ("00A4040C08A000000247", "6700"),
            ("80A4040C00", "6E00"),
            ("00FF0000", "6D00"),
            ("00A4040C07A0000002471002", "6A82"),
            ("00A4050C02011E", "6A86"),
            ("00B0000004", "6986"),
            ("00B0E00004", "6A86"),
            ("00A40000023F00", "6F0483023F009000"),
            ("00A4000C02011C", "6A82"),
            ("00C0000004", "6D00"),
            ("00A4040C000007A0000002471001", "6700"),
        ],
    )
    def test_commands_that_a_chip_does_not_take(self, chip: EmrtdChip, apdu: str, sw: str) -> None:
        assert plain(chip, apdu) == sw


def test_a_session_counts_over_its_end() -> None:
    session = Session(Suite3Des(D_SESSION_ENC, D_SESSION_MAC), b"\xff" * 8)
    session.protect(b"", 0x9000, 0xA4)
    assert session.counter == 0
