"""The Modbus codec against the literal frames of the specifications, in both directions, and against whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.device import Action
from devices.drivers.modbus_io import protocol
from devices.drivers.modbus_io.protocol import Exc, Function, Refused, Request, WrongAnswer

# MODBUS Application Protocol V1.1b3: the examples of chapter 6, request and answer, with the values they speak of.
EXAMPLES = {
    "6.1 read coils": (
        Request(Function.READ_COILS, 19, 19),
        "01 00 13 00 13",
        "01 03 CD 6B 05",
        (1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1),
    ),
    "6.2 read discrete inputs": (
        Request(Function.READ_DISCRETE_INPUTS, 196, 22),
        "02 00 C4 00 16",
        "02 03 AC DB 35",
        (0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1),
    ),
    "6.3 read holding registers": (
        Request(Function.READ_HOLDING_REGISTERS, 107, 3),
        "03 00 6B 00 03",
        "03 06 02 2B 00 00 00 64",
        (555, 0, 100),
    ),
    "6.5 write single coil": (
        Request(Function.WRITE_SINGLE_COIL, 172, values=(1,)),
        "05 00 AC FF 00",
        "05 00 AC FF 00",
        (),
    ),
    "6.6 write single register": (
        Request(Function.WRITE_SINGLE_REGISTER, 1, values=(3,)),
        "06 00 01 00 03",
        "06 00 01 00 03",
        (),
    ),
    "6.11 write multiple coils": (
        Request(Function.WRITE_MULTIPLE_COILS, 19, 10, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)),
        "0F 00 13 00 0A 02 CD 01",
        "0F 00 13 00 0A",
        (),
    ),
    "6.12 write multiple registers": (
        Request(Function.WRITE_MULTIPLE_REGISTERS, 1, 2, (10, 258)),
        "10 00 01 00 02 04 00 0A 01 02",
        "10 00 01 00 02",
        (),
    ),
}


@pytest.mark.parametrize(("request_", "asked", "answered", "values"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_the_standard_hold_in_both_directions(
    request_: Request, asked: str, answered: str, values: tuple[int, ...]
) -> None:
    assert protocol.encode_request(request_) == bytes.fromhex(asked)
    assert protocol.decode_request(bytes.fromhex(asked)) == request_
    assert protocol.decode_answer(request_, bytes.fromhex(answered)) == values
    assert protocol.encode_answer(request_, values) == bytes.fromhex(answered)
    assert protocol.answer_bytes(request_) == 1 + len(bytes.fromhex(answered)) + 2
    frame = protocol.frame(17, bytes.fromhex(asked))
    assert protocol.request_bytes(frame[:7]) == len(frame)


@pytest.mark.parametrize(
    "literal",
    [
        "02 07 41 12",  # serial line V1.02, 6.2: the standard's own example
        "11 03 00 6B 00 03 76 87",
        "01 03 00 00 00 0A C5 CD",
        "01 05 00 00 FF 00 8C 3A",
    ],
)
def test_the_crc_is_the_standards_low_byte_first(literal: str) -> None:
    whole = bytes.fromhex(literal)
    assert protocol.sound(whole)
    assert protocol.frame(whole[0], whole[1:-2]) == whole
    assert not protocol.sound(whole[:-2] + whole[:-3:-1])


def test_an_exception_has_its_name_and_says_what_mends_it() -> None:
    with pytest.raises(Refused) as caught:  # V1.1b3, chapter 7: 01 04 A1 00 01 -> 81 02
        protocol.decode_answer(Request(Function.READ_COILS, 0x04A1), bytes.fromhex("81 02"))
    assert (caught.value.code, caught.value.action) == ("illegal-data-address", Action.CONFIGURE)
    assert not caught.value.retryable
    assert protocol.encode_exception(Function.READ_COILS, Exc.ILLEGAL_DATA_ADDRESS) == bytes.fromhex("81 02")


def test_an_exception_that_no_standard_names_is_told_by_its_number() -> None:
    with pytest.raises(Refused, match="exception 63") as caught:
        protocol.decode_answer(Request(Function.READ_COILS, 0), bytes.fromhex("81 63"))
    assert caught.value.code == "modbus-exception"


@pytest.mark.parametrize("answer", ["05 00 AC 00 00", "05 00 AD FF 00", "05 00 AC FF", "01 01 01", "06 00 AC FF 00"])
def test_a_confirmation_of_something_else_is_no_confirmation(answer: str) -> None:
    with pytest.raises(WrongAnswer):
        protocol.decode_answer(EXAMPLES["6.5 write single coil"][0], bytes.fromhex(answer))


@pytest.mark.parametrize("answer", ["", "01", "01 03 CD 6B", "01 02 CD 6B", "02 03 CD 6B 05", "01 03 CD 6B 05 00"])
def test_values_of_another_size_or_function_are_no_answer(answer: str) -> None:
    with pytest.raises(WrongAnswer):
        protocol.decode_answer(EXAMPLES["6.1 read coils"][0], bytes.fromhex(answer))


@pytest.mark.parametrize(
    ("asked", "exception"),
    [
        ("2B 0E 01 00", Exc.ILLEGAL_FUNCTION),
        ("01 00 00 00 00", Exc.ILLEGAL_DATA_VALUE),
        ("01 00 00 07 D1", Exc.ILLEGAL_DATA_VALUE),
        ("01 FF FF 00 02", Exc.ILLEGAL_DATA_ADDRESS),
        ("05 00 00 12 34", Exc.ILLEGAL_DATA_VALUE),
        ("0F 00 00 00 0A 01 FF", Exc.ILLEGAL_DATA_VALUE),
        ("03 00", Exc.ILLEGAL_DATA_VALUE),
    ],
)
def test_a_board_refuses_what_cannot_be_asked_with_the_prescribed_exception(asked: str, exception: Exc) -> None:
    with pytest.raises(Refused) as caught:
        protocol.decode_request(bytes.fromhex(asked))
    assert caught.value.exception == exception


@pytest.mark.parametrize(
    "wrong",
    [
        {"function": Function.READ_COILS, "address": 0, "count": 2001},
        {"function": Function.READ_COILS, "address": 65535, "count": 2},
        {"function": Function.READ_COILS, "address": -1},
        {"function": Function.READ_COILS, "address": 0, "values": (1,)},
        {"function": Function.WRITE_SINGLE_COIL, "address": 0},
        {"function": Function.WRITE_SINGLE_COIL, "address": 0, "values": (2,)},
        {"function": Function.WRITE_MULTIPLE_REGISTERS, "address": 0, "count": 2, "values": (1, 65536)},
    ],
)
def test_a_request_that_cannot_be_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Request(**wrong)  # type: ignore[arg-type]


def requests() -> st.SearchStrategy[Request]:
    def with_values(function: Function, address: int, values: list[int]) -> Request:
        if function in protocol.READS:
            return Request(function, address, len(values))
        if function in protocol.SINGLE:
            values = values[:1]
        bits = function in (Function.WRITE_SINGLE_COIL, Function.WRITE_MULTIPLE_COILS)
        return Request(function, address, len(values), tuple(value & 1 if bits else value for value in values))

    some = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123)
    return st.builds(with_values, st.sampled_from(Function), st.integers(0, 0xFFFF - 123), some)


@given(requests(), st.integers(1, 247))
def test_every_request_survives_the_wire(request: Request, unit: int) -> None:
    frame = protocol.frame(unit, protocol.encode_request(request))
    assert len(frame) <= protocol.MAX_ADU
    assert protocol.sound(frame)
    assert protocol.request_bytes(frame) == len(frame)
    assert protocol.decode_request(frame[1:-2]) == request


@given(requests(), st.binary(max_size=300))
def test_no_answer_whatsoever_does_more_than_raise_a_named_error(request: Request, pdu: bytes) -> None:
    try:
        values = protocol.decode_answer(request, pdu)
    except (WrongAnswer, Refused):
        return
    assert len(values) == (request.count if request.function in protocol.READS else 0)


@given(st.binary(max_size=300))
def test_no_request_whatsoever_does_more_than_be_refused(pdu: bytes) -> None:
    try:
        request = protocol.decode_request(pdu)
    except Refused:
        return
    assert protocol.decode_request(protocol.encode_request(request)) == request


@given(st.binary(min_size=2, max_size=200), st.integers(0, 10_000))
def test_a_single_changed_bit_never_passes_the_crc(body: bytes, place: int) -> None:
    frame = bytearray(protocol.frame(1, body))
    frame[place // 8 % len(frame)] ^= 1 << place % 8
    assert not protocol.sound(bytes(frame))
