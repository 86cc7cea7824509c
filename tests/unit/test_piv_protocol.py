"""A staff card's bytes as NIST SP 800-73-4 has them."""

from __future__ import annotations

import gzip
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.staff_card import StaffCard
from devices.drivers import tlv
from devices.drivers.staff_card import proof, protocol
from devices.drivers.staff_card.protocol import CARD_KEY, HOLDER_KEY
from devices.drivers.tlv import BadTlv
from devices.simulators.applets import piv

CHUID = bytes.fromhex(
    "533B 3019 D4E739DA739CED39CE739D836858210842108421C84210C3EB 3410 0123456789ABCDEF0123456789ABCDEF"
    "3508 3230333230313031 3E00 FE00".replace(" ", "")
)


def test_the_commands_are_the_literal_ones() -> None:
    assert protocol.SELECTS[0] == bytes.fromhex("00A4040009A0000003080000100000")
    assert protocol.SELECTS[1] == bytes.fromhex("00A4040005A00000030800")
    assert protocol.get_data(protocol.CHUID) == bytes.fromhex("00CB3FFF055C035FC10200")
    assert protocol.get_data(CARD_KEY.certificate) == bytes.fromhex("00CB3FFF055C035FC10100")
    assert protocol.get_data(HOLDER_KEY.certificate) == bytes.fromhex("00CB3FFF055C035FC10500")
    assert protocol.verify("123456") == bytes.fromhex("0020008008313233343536FFFF")
    assert bytes.fromhex("00200080") == protocol.ASK_TRIES
    challenge = bytes(range(32))
    (one,) = protocol.authenticate(0x11, CARD_KEY, challenge)
    assert one == bytes.fromhex("0087119E267C2482008120") + challenge + b"\x00"
    first, second = protocol.authenticate(0x07, HOLDER_KEY, bytes(256))
    assert first[:14] == bytes.fromhex("1087079AFF7C820106820081820100")[:14]
    assert (second[:5].hex(), second[-1], len(second)) == ("0087079a0b", 0, 17)


def test_the_card_holder_unique_identifier_is_read() -> None:
    found = protocol.chuid(CHUID)
    assert found.uuid.hex() == "0123456789abcdef0123456789abcdef"
    assert found.expires == date(2032, 1, 1)
    empty = protocol.chuid(bytes.fromhex("5300"))
    assert (empty.uuid, empty.expires) == (b"", None)
    zeros = tlv.encode(0x53, tlv.encode(0x34, bytes(16)) + tlv.encode(0x35, b"00000000"))
    assert protocol.chuid(zeros) == protocol.Chuid(b"", None), "a UUID of zeros is none"


def test_a_certificate_is_taken_plain_or_packed_and_never_without_end() -> None:
    der = b"\x30\x03\x02\x01\x01"
    for held, info in ((der, b"\0"), (gzip.compress(der), b"\1")):
        data = tlv.encode(0x53, tlv.encode(0x70, held) + tlv.encode(0x71, info) + tlv.encode(0xFE, b""))
        assert protocol.certificate(data) == der
    bomb = tlv.encode(0x53, tlv.encode(0x70, gzip.compress(bytes(10_000_000))) + tlv.encode(0x71, b"\1"))
    noise = tlv.encode(0x53, tlv.encode(0x70, b"not packed") + tlv.encode(0x71, b"\1"))
    for bad in (bomb, noise):
        with pytest.raises(BadTlv):
            protocol.certificate(bad)


@pytest.mark.parametrize(
    ("sw", "tries"), [(0x63C3, 3), (0x63C0, 0), (0x6983, 0), (0x9000, None), (0x6A82, None), (0x6300, None)]
)
def test_tries_are_read_from_the_status_word(sw: int, tries: int | None) -> None:
    assert protocol.tries(sw) == tries


@pytest.mark.parametrize("pin", ["", "12345", "123456789", "12345a", "１２３４５６", "123456\n", " 123456"])
def test_what_no_card_can_hold_is_no_pin(pin: str) -> None:
    assert not protocol.well_formed(pin)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_object_or_refused(data: bytes) -> None:
    for read in (protocol.chuid, protocol.certificate, protocol.signature):
        try:
            read(data)  # type: ignore[operator]  # three readers of bytes
        except BadTlv:
            continue


# ---- the proof ----


def holder_of(applet: piv.PivApplet) -> proof.Holder:
    data = tlv.encode(0x53, applet._objects[CARD_KEY.certificate])
    return proof.read_certificate(protocol.certificate(data))


@pytest.mark.parametrize(("algorithm", "size"), [(0x11, 32), (0x14, 48), (0x07, 256)])
def test_a_challenge_is_fresh_and_has_the_form_that_the_key_needs(algorithm: int, size: int) -> None:
    holder = holder_of(piv.staff(5, algorithm=algorithm))
    one, other = proof.challenge(holder), proof.challenge(holder)
    assert (one.algorithm, len(one.block)) == (algorithm, size)
    assert one.block != other.block
    if algorithm == 0x07:
        assert one.block.startswith(b"\x00\x01\xff\xff")
        assert one.block.endswith(proof.DIGEST_INFO + one.digest)


@given(st.binary(max_size=100))
def test_no_bytes_but_the_right_ones_answer_a_challenge(data: bytes) -> None:
    assert not CHALLENGE.answered_by(data)


CHALLENGE = proof.challenge(holder_of(piv.staff(6)))


@given(st.binary(max_size=200))
def test_any_certificate_is_read_or_unusable(data: bytes) -> None:
    with pytest.raises(proof.Unusable):
        proof.read_certificate(data)


def test_neither_person_nor_number_shows_in_a_repr() -> None:
    assert repr(StaffCard("0123456789ABCDEF", "ff" * 32, "9E")) == "StaffCard(key 9E, …)"


def test_a_card_expires_after_its_last_day() -> None:
    card = StaffCard("", "", "", date(2026, 11, 26))
    assert not card.expired(date(2026, 11, 26))
    assert card.expired(date(2026, 11, 27))
    assert not StaffCard("", "", "").expired(date(2099, 1, 1))
