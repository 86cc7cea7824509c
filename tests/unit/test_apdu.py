"""One place follows what a card says about its answer: more of it (61xx), another length (6Cxx), parts of a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.deadline import Deadline
from devices.transports import apdu
from devices.transports.apdu import ShortAnswer

NOW = Deadline.after(60)


class Script:
    """A card that knows what it will be asked, in order."""

    atr = b"\x3b\x00"

    def __init__(self, *exchanges: tuple[str, str], t0: bool = False) -> None:
        self.exchanges = [(bytes.fromhex(sent), bytes.fromhex(answer)) for sent, answer in exchanges]
        self.character_wise = t0

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        sent, answer = self.exchanges.pop(0)
        assert command.hex() == sent.hex()
        return answer


def test_an_answer_in_parts_is_collected_with_get_response() -> None:
    card = Script(
        ("00B2010012", "AABB6103"), ("00C0000003", "CCDDEE6101"), ("00C0000001", "FF9000")
    )  # fmt: skip
    answer = apdu.follow(card, bytes.fromhex("00B2010012"), NOW)
    assert (answer.data.hex(), answer.ok) == ("aabbccddeeff", True)
    assert card.exchanges == []


def test_a_wrong_length_is_asked_again_with_the_right_one() -> None:
    card = Script(("00B2090020", "6C16"), ("00B2090016", "01029000"))
    assert apdu.follow(card, bytes.fromhex("00B2090020"), NOW).data == b"\x01\x02"


def test_a_command_with_a_pin_is_never_sent_twice_whatever_the_card_says() -> None:
    verify = bytes.fromhex("0020008008313233343536FFFF")
    for status in ("6C08", "6700", "63C2"):
        card = Script((verify.hex(), status))
        assert apdu.follow(card, verify, NOW).sw == int(status, 16)


def test_get_response_goes_out_without_the_chaining_bit_and_in_the_same_class() -> None:
    card = Script(("1CCB3FFF00", "6102"), ("0CC0000002", "01029000"))
    assert apdu.follow(card, bytes.fromhex("1CCB3FFF00"), NOW).data == b"\x01\x02"


def test_a_t0_card_gets_no_le_behind_data() -> None:
    card = Script(("00A4040002AABB", "6102"), ("00C0000002", "6F009000"), t0=True)
    assert apdu.follow(card, bytes.fromhex("00A4040002AABB00"), NOW).data == b"\x6f\x00"
    card = Script(("00B2010010", "9000"), t0=True)
    assert apdu.follow(card, bytes.fromhex("00B2010010"), NOW).ok


@pytest.mark.parametrize("answer", ["", "90"])
def test_an_answer_without_a_status_word_is_none(answer: str) -> None:
    with pytest.raises(ShortAnswer) as caught:
        apdu.follow(Script(("00B0000000", answer)), bytes.fromhex("00B0000000"), NOW)
    assert caught.value.code == "short-answer"


class Endless:
    """A card that always has more."""

    atr = b""
    character_wise = False

    def __init__(self, part: bytes) -> None:
        self.part = part
        self.asked = 0

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        self.asked += 1
        return self.part + b"\x61\x10"


@pytest.mark.parametrize("part", [b"", b"1", bytes(255)])
def test_an_answer_that_never_ends_is_given_up(part: bytes) -> None:
    card = Endless(part)
    with pytest.raises(ShortAnswer, match="does not come to an end"):
        apdu.follow(card, bytes.fromhex("00B0000000"), NOW)
    assert card.asked == apdu.PARTS_LIMIT + 1


def test_literal_commands_of_all_four_cases() -> None:
    assert apdu.command(0xA4, 0, 0).hex() == "00a40000"
    assert apdu.command(0xB0, 0, 4, le=16).hex() == "00b0000410"
    assert apdu.command(0x20, 0, 0x80, b"1234").hex() == "002000800431323334"
    assert apdu.command(0xCB, 0x3F, 0xFF, bytes.fromhex("5C035FC102"), le=256).hex() == "00cb3fff055c035fc10200"
    with pytest.raises(ValueError, match="chaining"):
        apdu.command(0x87, 0, 0, bytes(256))


@given(st.binary(max_size=2000))
def test_a_chain_carries_all_data_once_and_only_its_last_part_ends_it(data: bytes) -> None:
    parts = list(apdu.chain(0x87, 0x07, 0x9A, data, le=0))
    assert b"".join(part[5 : 5 + part[4]] for part in parts if len(part) > 5) == data
    assert [part[0] for part in parts] == [0x10] * (len(parts) - 1) + [0x00]
    assert all(len(part) <= 261 for part in parts)


def test_what_carries_a_secret_is_known_by_its_instruction() -> None:
    assert apdu.has_secret(bytes.fromhex("0020008008313233343536FFFF"))
    assert apdu.has_secret(bytes.fromhex("0C24000010" + "31" * 16))
    assert apdu.has_secret(bytes.fromhex("002C008010" + "31" * 16))
    assert not apdu.has_secret(bytes.fromhex("00200080"))  # asks how many tries are left
    assert not apdu.has_secret(bytes.fromhex("00A404000531323334350"[:-1]))
