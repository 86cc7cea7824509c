"""The social-security card's bytes, as the sources have them, in both directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.social_card import SocialCardPartly, SocialCardRead, SocialSecurityCard
from devices.drivers.sscard import protocol
from devices.drivers.sscard.driver import REQUIRED
from devices.drivers.sscard.protocol import CARD_FILE, HOLDER_FILE, BadRecord, decode_card, encode_card
from devices.simulators.applets.social_security import LONG_NAME, holder

ITEMS = {item.name: item for item in (*CARD_FILE.items, *HOLDER_FILE.items)}

# name, tag, length as in the sources; a value as it stands on a card, and what it means
LITERAL = {
    "card_id": ("0110 110105D156000005000123456789ABCD", "110105D156000005000123456789ABCD"),
    "card_class": ("0201 31", "31"),
    "version": ("0304 322E3030", "2.00"),
    "organisation": ("040C 915600000211010500000000", "915600000211010500000000"),
    "issued": ("0504 20231017", date(2023, 10, 17)),
    "valid_to": ("0604 20331017", date(2033, 10, 17)),
    "card_number": ("0709 413132333435363738", "A12345678"),
    "number": ("0812 313130313035313934393132333130303258", "11010519491231002X"),
    "name": ("091E D1F9C0FDCEC4C7E5" + "00" * 22, "样例文清"),
    "sex": ("0A01 32", "2"),
    "ethnic": ("0B01 05", "05"),
    "birthplace": ("0C03 110105", "110105"),
    "birth": ("0D04 19491231", date(1949, 12, 31)),
}


def literal_records() -> dict[str, bytes]:
    return {name: bytes.fromhex(text)[2:] for name, (text, _) in LITERAL.items()}


def test_the_commands_are_the_literal_ones() -> None:
    assert bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF") == protocol.SELECT
    assert b"sx1.sh." + "社会保障".encode("gbk") == protocol.SSSE
    assert CARD_FILE.select == bytes.fromhex("00A4020002EF05")
    assert HOLDER_FILE.select == bytes.fromhex("00A4020002EF06")
    assert protocol.read_record(ITEMS["card_id"]) == bytes.fromhex("00B2010012")
    assert protocol.read_record(ITEMS["name_extension"]) == bytes.fromhex("00B24E0016")
    assert protocol.external_authenticate(bytes(16)) == bytes.fromhex("0082000A10") + bytes(16)
    assert protocol.get_challenge() == bytes.fromhex("0084000008")


@pytest.mark.parametrize("name", LITERAL)
def test_each_record_in_both_directions(name: str) -> None:
    text, meaning = LITERAL[name]
    record = bytes.fromhex(text)
    item = ITEMS[name]
    value = protocol.record_value(item, record)
    assert (record[0], record[1], len(value)) == (item.tag, item.length, item.length)
    assert getattr(decode_card({name: value}), name) == meaning
    whole = encode_card(decode_card(literal_records()))
    assert protocol.encode_record(item, whole[name]) == record


def test_the_region_is_the_beginning_of_the_card_id() -> None:
    assert decode_card(literal_records()).region == "110105"


def test_the_algorithm_stands_in_the_answer_to_select() -> None:
    fci = bytes.fromhex("6F19840F7378312E73682EC9E7BBE1B1A3D5CFA5069F0C03860103")
    assert protocol.algorithm(fci) == 3
    assert protocol.algorithm(bytes.fromhex("9F0C03860101")) == 1
    for none in (b"", fci[:-2], bytes.fromhex("9F0C03870101"), bytes.fromhex("9F0C028601")):
        assert protocol.algorithm(none) is None


def test_a_long_name_goes_on_in_its_extension_even_in_the_middle_of_a_character() -> None:
    raw = ("A" + LONG_NAME).encode("gbk")
    records = {"name": raw[:30], "name_extension": raw[30:].ljust(20, b"\0")}
    assert decode_card(records).name == "A" + LONG_NAME
    card = replace(decode_card(literal_records()), name=LONG_NAME)
    assert decode_card(encode_card(card)).name == LONG_NAME


@pytest.mark.parametrize("padding", ["00", "20", "FF"])
def test_cards_pad_as_they_like(padding: str) -> None:
    name = "样例文清".encode("gbk")
    assert decode_card({"name": name.ljust(30, bytes.fromhex(padding))}).name == "样例文清"


@pytest.mark.parametrize(("value", "sex"), [("31", "1"), ("01", "1"), ("39", "9"), ("00", "0"), ("FF", ""), ("", "")])
def test_sex_is_a_digit_in_ascii_or_as_a_number(value: str, sex: str) -> None:
    assert decode_card({"sex": bytes.fromhex(value)}).sex == sex


@pytest.mark.parametrize("value", ["00000000", "FFFFFFFF", ""])
def test_an_empty_date_is_none(value: str) -> None:
    assert decode_card({"birth": bytes.fromhex(value)}).birth is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("birth", "19491331"), ("birth", "19AB1231"), ("sex", "35"), ("number", "C9E7"), ("name", "C9"), ("ethnic", "A1")],
)
def test_what_is_no_such_thing_is_card_content_and_never_quoted(name: str, value: str) -> None:
    with pytest.raises(BadRecord) as caught:
        decode_card({name: bytes.fromhex(value)})
    assert caught.value.code == "card-content"
    assert name in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("data", ["", "08", "0912AA", "0812" + "31" * 17])
def test_a_record_that_is_not_the_one_asked_for_is_refused(data: str) -> None:
    with pytest.raises(BadRecord):
        protocol.record_value(ITEMS["number"], bytes.fromhex(data))


def test_nothing_personal_shows_in_a_repr() -> None:
    card = holder("minority", "2.00")
    shown = repr(card) + repr(SocialCardRead(card)) + repr(SocialCardPartly(card, REQUIRED))
    for secret in (card.name, card.number, card.card_id, card.card_number, str(card.birth)):
        assert secret not in shown
    assert "SocialSecurityCard(2.00, …)" in shown


@given(st.dictionaries(st.sampled_from(sorted(ITEMS)), st.binary(max_size=40)))
def test_any_records_are_a_card_or_refused(records: dict[str, bytes]) -> None:
    try:
        card = decode_card(records)
    except BadRecord:
        return
    assert isinstance(card, SocialSecurityCard)


@given(st.sampled_from(sorted(ITEMS)), st.binary(max_size=300))
def test_any_answer_is_a_record_or_refused(name: str, data: bytes) -> None:
    try:
        value = protocol.record_value(ITEMS[name], data)
    except BadRecord:
        return
    assert value == data[2 : 2 + data[1]]
    assert protocol.algorithm(data) is None or isinstance(protocol.algorithm(data), int)
