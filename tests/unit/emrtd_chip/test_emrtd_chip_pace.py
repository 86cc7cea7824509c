"""The simulated chip's PACE: every suite on every curve, and what it refuses."""

from __future__ import annotations

import pytest

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import CURVES
from devices.simulators.emrtd_issuer import COM, Document
from devices.simulators.emrtd_pace import MRZ, Pace, mrz_password
from devices.simulators.emrtd_session import parse
from tests.unit.emrtd_chip.chip_room import G_STEPS, SELECT, h, plain, read_all, run_pace


class TestPace:
    """PACE with generic mapping (part 11, 4.4)."""

    @pytest.mark.parametrize("suite", ["AES-128", "AES-192", "AES-256"])
    @pytest.mark.parametrize("parameters", sorted(CURVES))
    def test_every_suite_on_every_curve_opens_the_files(self, document: Document, suite: str, parameters: int) -> None:
        chip = EmrtdChip(document, pace=suite, parameters=parameters)
        terminal = run_pace(chip, document.can.encode(), suite=suite, parameters=parameters)
        assert terminal.send(SELECT) == (b"", 0x9000)
        assert read_all(terminal, COM) == document.files[COM]
        assert read_all(terminal, 0x0101) == document.files[0x0101]

    def test_by_the_machine_readable_zone(self, document: Document) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        terminal = run_pace(chip, mrz_password(document.mrz_key), reference=MRZ)
        assert terminal.send(SELECT) == (b"", 0x9000)

    def test_a_wrong_number_is_6300_and_begins_anew(self, document: Document) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        with pytest.raises(AssertionError, match="6300"):
            run_pace(chip, b"000000")
        assert plain(chip, G_STEPS[4][0]) == "6985"
        run_pace(chip, document.can.encode())

    @pytest.mark.parametrize(
        ("data", "sw"),
        [
            ("800A04007F00070202040202830104", "6A88"),  # a PIN: this document has none
            ("800A04007F00070202040204830101", "6A80"),  # a suite that it does not offer
            ("800A04007F0007020204020283010184010C", "6A80"),  # parameters that it does not offer
            ("800A04007F00070202040202", "6A80"),
            ("80", "6A80"),
        ],
    )
    def test_what_it_does_not_offer_is_refused(self, document: Document, data: str, sw: str) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        assert plain(chip, f"0022C1A4{len(data) // 2:02X}{data}") == sw
        assert plain(chip, "10860000027C0000") == "6985"

    def test_a_point_off_the_curve_is_refused(self, document: Document) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        plain(chip, G_STEPS[0][0])
        plain(chip, G_STEPS[1][0])
        assert plain(chip, "10860000457C43814104" + "11" * 64 + "00") == "6A80"

    def test_steps_out_of_turn_are_refused(self) -> None:
        pace = Pace("AES-128", 13, {MRZ: b"x"}, lambda count: bytes(count))
        assert pace.set_at(h("800A04007F00070202040202830101")) == 0x9000
        with pytest.raises(Exception, match="6A80"):
            pace.authenticate(parse(h(G_STEPS[3][0])))
