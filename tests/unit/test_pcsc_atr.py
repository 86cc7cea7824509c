"""The answer to reset: taken apart as ISO/IEC 7816-3 has it, checked against cards that exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.pcsc.protocol import Atr, BadAtr, build_atr, parse_atr
from devices.simulators.applets import piv, social_security
from devices.simulators.card import DEFAULT_ATR

# As published: PC/SC part 3 supplement (a MIFARE Classic 1K on a contactless reader), a YubiKey; and the two shortest
KNOWN = {
    "3B8F8001804F0CA000000306030001000000006A": ((0, 1), "804f0ca00000030603000100000000"),
    "3BF81300008131FE15597562696B657934D4": ((1, 1), "597562696b657934"),
    "3B80800101": ((0, 1), ""),
    "3B00": ((0,), ""),
}


@pytest.mark.parametrize("text", KNOWN)
def test_known_cards_in_both_directions(text: str) -> None:
    atr = parse_atr(bytes.fromhex(text))
    assert (atr.protocols, atr.historical.hex()) == KNOWN[text]
    assert build_atr(atr).hex().upper() == text


def test_a_contactless_card_is_known_by_the_atr_that_its_reader_made_up() -> None:
    assert parse_atr(bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")).contactless
    assert not parse_atr(bytes.fromhex("3BF81300008131FE15597562696B657934D4")).contactless


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 bytes"),
        ("3B", "1 bytes"),
        ("3A00", "begins with 3A"),
        ("3BF8130000", "breaks off"),
        ("3B8F8001804F0CA0000003060300010000000069", "check byte"),
        ("3B8F8001804F0CA00000030603000100000000", "announced"),
        ("3B0000", "announced"),
        ("3B" + "00" * 33, "34 bytes"),
    ],
)
def test_what_is_no_answer_to_reset_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadAtr, match=why) as caught:
        parse_atr(bytes.fromhex(text))
    assert caught.value.advice


def test_the_twins_have_sound_ones() -> None:
    for data in (DEFAULT_ATR, piv.ATR, social_security.ATR):
        assert build_atr(parse_atr(data)) == data


@given(st.binary(max_size=40))
def test_any_bytes_are_an_atr_that_builds_back_or_refused(data: bytes) -> None:
    try:
        atr: Atr = parse_atr(data)
    except BadAtr:
        return
    assert build_atr(atr) == data
