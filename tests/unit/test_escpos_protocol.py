"""ESC/POS bytes: commands as the reference has them, status bytes as an independent emulator sends them."""

from __future__ import annotations

import pytest

from devices.contracts.printing import Paper, Raster
from devices.drivers.escpos import protocol, testpattern
from devices.drivers.escpos.protocol import Ask, Kind, Look

# DLE EOT 1 2 3 4, read off the emulator emupos 0.4
TRUTH = [
    ("12 12 12 12", [], Paper.FULL),
    ("12 12 12 1E", ["media-low"], Paper.LOW),
    ("1A 32 12 7E", ["media-empty"], Paper.OUT),
    ("1A 16 12 12", ["cover-open"], Paper.FULL),
    ("1A 12 12 12", ["offline"], Paper.FULL),
]


@pytest.mark.parametrize(
    ("answers", "codes", "paper"), TRUTH, ids=["ok", "near end", "paper out", "cover open", "offline"]
)
def test_the_truth_table_of_dle_eot(answers: str, codes: list[str], paper: Paper) -> None:
    look = Look(*bytes.fromhex(answers))
    assert [fault.code for fault in look.faults] == codes
    assert look.paper is paper
    assert (look.blocking is None) == (codes in ([], ["media-low"]))


def test_automatic_status_says_the_same() -> None:
    assert protocol.asb_faults(bytes.fromhex("10000000")) == ()
    assert [f.code for f in protocol.asb_faults(bytes.fromhex("18000F00"))] == ["media-empty"]


@pytest.mark.parametrize(
    ("block", "codes", "paper"),
    [
        ("10 00 00 00", [], Paper.FULL),
        ("18 00 0F 00", ["media-empty"], Paper.OUT),
        ("10 00 03 00", ["media-low"], Paper.LOW),
        ("38 00 00 00", ["cover-open"], Paper.FULL),
        ("18 00 00 00", ["offline"], Paper.FULL),
        ("18 08 00 00", ["cutter"], Paper.FULL),
        ("18 20 03 00", ["hardware-error", "media-low"], Paper.LOW),
        ("50 00 00 00", ["feeding"], Paper.FULL),
    ],
)
def test_an_automatic_status_is_a_look(block: str, codes: list[str], paper: Paper) -> None:
    data = bytes.fromhex(block)
    assert protocol.is_asb(data)
    look = protocol.AsbLook(data)
    assert ([fault.code for fault in look.faults], look.paper) == (codes, paper)
    assert (look.blocking is None) == (codes in ([], ["media-low"]))


@pytest.mark.parametrize("block", ["12 00 00 00", "10 10 00 00", "10 00 00 80", "10 00 00"])
def test_what_has_not_the_fixed_bits_is_no_automatic_status(block: str) -> None:
    assert not protocol.is_asb(bytes.fromhex(block))


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ("12 12 16 12", "mechanism"),
        ("1A 52 1A 12", "cutter"),
        ("1A 52 32 12", "hardware-error"),
        ("12 12 52 12", "head-hot"),
    ],
)
def test_errors_of_the_mechanism_are_named(answers: str, code: str) -> None:
    fault = Look(*bytes.fromhex(answers)).blocking
    assert fault is not None
    assert fault.code == code


def test_commands_are_byte_exact() -> None:
    assert protocol.INITIALISE == b"\x1b@"
    assert [protocol.ask(n) for n in Ask] == [b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x03", b"\x10\x04\x04"]
    assert protocol.cut() == b"\x1dVB\x00"
    assert protocol.feed(3) == b"\x1bd\x03"
    assert protocol.ASK_PAPER == b"\x1dr\x01"
    assert protocol.ASB_ON == b"\x1da\xff"
    assert protocol.band(16, b"\x80\x01\xff\xff\x00\x00") == bytes.fromhex("1D763000 0200 0300 8001FFFF0000")


def test_a_raster_goes_out_in_bands_that_make_it_up_again() -> None:
    raster = testpattern.pattern(576, 200)
    parts = list(protocol.bands(raster))
    assert [int.from_bytes(part[6:8], "little") for part in parts] == [64, 64, 64, 8]
    assert b"".join(part[8:] for part in parts) == raster.rows


@pytest.mark.parametrize("second", [0x04, 0x05, 0x14])
def test_dots_never_look_like_a_real_time_command(second: int) -> None:
    raster = Raster(32, 1, bytes((0x10, second, 0x10, second)))
    (part,) = protocol.bands(raster)
    assert bytes((0x10, second)) not in part
    assert part[8:] == bytes((0x11, second, 0x11, second))


@pytest.mark.parametrize(
    ("byte", "kind"),
    [
        (0x12, Kind.REALTIME),
        (0x7E, Kind.REALTIME),
        (0x10, Kind.ASB),
        (0x38, Kind.ASB),
        (0x00, Kind.PAPER),
        (0x0F, Kind.PAPER),
        (0x11, Kind.XON),
        (0x13, Kind.XOFF),
        (0xFF, Kind.STRANGE),
    ],
)
def test_an_answer_is_told_by_its_fixed_bits(byte: int, kind: Kind) -> None:
    assert protocol.kind_of(byte) is kind


@pytest.mark.parametrize(
    ("byte", "paper"), [(0x00, Paper.FULL), (0x03, Paper.LOW), (0x0C, Paper.OUT), (0x0F, Paper.OUT)]
)
def test_the_answer_to_gs_r(byte: int, paper: Paper) -> None:
    assert protocol.paper_answer(byte) is paper
