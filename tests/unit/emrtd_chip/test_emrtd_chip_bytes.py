"""Whatever bytes come, the simulated chip has a status word; what is written is read back the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import objects, pad, tlv, unpad
from devices.simulators.emrtd_session import parse
from devices.simulators.emrtd_traveller import mrz_key
from tests.unit.emrtd_chip.chip_room import SPECIMEN, Personalised, bac


@given(st.binary(max_size=80))
def test_any_bytes_get_a_status_word(apdu: bytes) -> None:
    chip = EmrtdChip(Personalised(), pace="AES-128", get_response=True)
    assert len(chip.answer(apdu)) >= 2


@given(st.lists(st.binary(max_size=60), max_size=6))
@settings(max_examples=50)
def test_any_bytes_in_a_session_get_a_status_word(apdus: list[bytes]) -> None:
    chip = EmrtdChip(Personalised(), eof="6c")
    bac(chip, mrz_key(SPECIMEN))
    for apdu in apdus:
        assert len(chip.answer(b"\x0c" + apdu)) >= 2


@given(st.binary(max_size=400), st.integers(1, 2**16 - 1))
def test_objects_are_read_as_they_are_written(value: bytes, tag: int) -> None:
    tag = 0x5F00 | tag & 0x7F if tag > 0xFF or tag & 0x1F == 0x1F else tag
    assert list(objects(tlv(tag, value))) == [(tag, value)]
    assert unpad(pad(value, 16)) == value


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=300), st.sampled_from((None, 1, 256, 300, 65_536)))
def test_commands_are_read_in_every_length(header: bytes, data: bytes, le: int | None) -> None:
    extended = len(data) > 255 or (le or 0) > 256
    body = b""
    if extended:
        body += (b"\0" + len(data).to_bytes(2, "big") + data) if data else b""
        body += (b"" if data else b"\0") + (le % 65_536).to_bytes(2, "big") if le else b""
    else:
        body += bytes([len(data)]) + data if data else b""
        body += bytes([le % 256]) if le else b""
    command = parse(header + body)
    assert (command.data, command.le, command.extended) == (data, le, extended and bool(body))
