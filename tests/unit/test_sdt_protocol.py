"""The codec against the literal frames of the protocol's descriptions, in both directions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.identity import DocumentKind
from devices.drivers.sdt import numbers, protocol
from devices.drivers.sdt.frames import (
    MAX_LENGTH,
    MIN_COMMAND,
    PREAMBLE,
    BadFrame,
    Frame,
    FrameDecoder,
    check_byte,
    encode_frame,
)
from devices.drivers.sdt.layouts import LAYOUTS, TEXT_BYTES, CardContent, Layout, decode_text, encode_text
from devices.drivers.sdt.protocol import SW3
from devices.simulators.deck import make_deck

COMMANDS = {
    "reset": "AAAAAA9669 0003 10FFEC",
    "sam-status": "AAAAAA9669 0003 11FFED",
    "sam-id": "AAAAAA9669 0003 12FFEE",
    "find": "AAAAAA9669 0003 200122",
    "select": "AAAAAA9669 0003 200221",
    "read": "AAAAAA9669 0003 300132",
    "read-fingerprint": "AAAAAA9669 0003 301023",
    "newest-address": "AAAAAA9669 0003 300330",
    "max-rf-bytes": "AAAAAA9669 0004 61FF50CA",
}
ANSWERS = {
    "AAAAAA9669 0008 00009F 00000000 97": (SW3.CARD_FOUND, bytes(4)),
    "AAAAAA9669 000C 000090 0000000000000000 9C": (SW3.OK, bytes(8)),
    "AAAAAA9669 0004 000080 84": (SW3.FIND_FAILED, b""),
    "AAAAAA9669 0004 000041 45": (SW3.READ_FAILED, b""),
    "AAAAAA9669 0004 000032 36": (SW3.SAM_REJECTS_CARD, b""),
}
GOOD_NUMBERS = ("11010519491231002X", "440308199901101512", "810000199408230021", "830000199201300022")
GOOD_NUMBERS += ("932682198501010017", "KAZ110090123105")


def one(data: bytes) -> Frame:
    (frame,) = FrameDecoder().feed(data)
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize(("name", "literal"), COMMANDS.items())
def test_commands_are_the_literal_bytes_and_decode_again(name: str, literal: str) -> None:
    command = next(command for command in protocol.COMMANDS if command.name == name)
    assert command.frame == bytes.fromhex(literal)
    assert FrameDecoder(MIN_COMMAND, lead=b"").feed(bytes.fromhex(literal)) == [Frame(command.body)]


@pytest.mark.parametrize(("literal", "meaning"), ANSWERS.items())
def test_answers_are_read_from_and_written_to_the_literal_bytes(literal: str, meaning: tuple[int, bytes]) -> None:
    frame = one(bytes.fromhex(literal))
    assert (frame.status, frame.data) == meaning
    assert protocol.encode_answer(*meaning) == bytes.fromhex(literal)


@pytest.mark.parametrize(("fingerprint", "size"), [(1024, 2321), (512, 1809), (0, 1297)])
def test_a_card_with_fingerprint_has_the_published_sizes(fingerprint: int, size: int) -> None:
    payload = protocol.Payload(bytes(256), bytes(1024), bytes(fingerprint))
    frame = protocol.encode_answer(SW3.OK, protocol.encode_payload(payload, 3))
    assert len(frame) == size
    assert protocol.decode_payload(one(frame).data, 3) == payload


def test_a_card_without_fingerprint_has_1295_bytes_and_lengths_in_front() -> None:
    frame = protocol.encode_answer(SW3.OK, protocol.encode_payload(protocol.Payload(bytes(256), bytes(1024))))
    assert len(frame) == 1295
    assert one(frame).data[:4] == bytes.fromhex("01000400")


def test_module_number_is_printed_as_on_the_reader() -> None:
    raw = bytes.fromhex("0500 0100 45233501 0a000000 4e61bc00")
    assert protocol.sam_id(raw) == "05.01-20259653-0000000010-0012345678"
    assert protocol.sam_id_bytes(protocol.sam_id(raw)) == raw


@pytest.mark.parametrize("number", GOOD_NUMBERS)
def test_good_numbers_pass_and_every_changed_digit_fails(number: str) -> None:
    assert numbers.valid_number(number)
    last = "0123456789X".replace(number[-1], "")
    assert not any(numbers.valid_number(number[:-1] + digit) for digit in last)


def test_former_number_is_rebuilt_from_the_link() -> None:
    former = numbers.former_number("SAU", "911682198501010017", "001")
    assert former[:14] == "SAU11008501011"
    assert numbers.valid_number(former)
    assert numbers.link_to(former) == "001"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.kind.value)
def test_every_layout_covers_the_text_without_gap_or_overlap(layout: Layout) -> None:
    position = 0
    for field in layout.fields:
        assert field.offset == position, field.name
        position += field.length
    assert position == TEXT_BYTES


@pytest.mark.parametrize("role", make_deck())
def test_every_generated_card_says_again_what_was_written(role: str) -> None:
    card = make_deck()[role]
    assert decode_text(card.text) == card.document


def test_a_resident_text_written_by_hand_is_read_at_the_published_offsets() -> None:
    text = bytearray(" ".encode("utf-16-le") * 128)
    for offset, content in {
        0: "王样例", 30: "2", 32: "11", 36: "19491231", 52: "北京市朝阳区样例路1号", 122: "11010519491231002X",
        158: "北京市公安局朝阳分局", 188: "20190102", 204: "长期",
    }.items():  # fmt: skip
        raw = content.encode("utf-16-le")
        text[offset : offset + len(raw)] = raw
    document = decode_text(bytes(text))
    assert (document.kind, document.name, document.sex, document.ethnic) == (DocumentKind.RESIDENT, "王样例", "2", "11")
    assert (document.birth, document.valid_from, document.valid_to) == (date(1949, 12, 31), date(2019, 1, 2), None)
    assert (document.number, document.issuer) == ("11010519491231002X", "北京市公安局朝阳分局")


def test_english_name_over_35_letters_goes_on_in_the_second_field() -> None:
    document = make_deck()["foreigner_2023"].document
    name = "A" * 34 + " " + "B" * 11
    assert decode_text(encode_text(replace(document, english_name=name))).english_name == name


def test_a_year_is_written_with_four_digits_however_early() -> None:
    document = replace(make_deck()["resident"].document, valid_from=date(7, 1, 2))
    assert decode_text(encode_text(document)).valid_from == date(7, 1, 2)


def changed(offset: int, content: str, role: str = "resident") -> bytes:
    text = bytearray(make_deck()[role].text)
    raw = content.encode("utf-16-le", "surrogatepass")
    text[offset : offset + len(raw)] = raw
    return bytes(text)


@pytest.mark.parametrize(
    ("offset", "content", "item"),
    [
        (36, "20230230", "birth"),
        (188, "2023AB01", "valid_from"),
        (122, "110105194912310021", "number"),
        (30, "7", "sex"),
        (0, "\ud800", "name"),
        (0, "\x07", "name"),
        (32, "ZZ", "ethnic"),
        (248, "Q", "type"),
    ],
)
def test_impossible_content_is_named_by_item_and_never_quoted(offset: int, content: str, item: str) -> None:
    with pytest.raises(CardContent) as caught:
        decode_text(changed(offset, content))
    assert (caught.value.code, caught.value.item) == ("card-content", item)
    assert make_deck()["resident"].document.number not in str(caught.value)


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\ufeff", "\u2028", "\u2029", "\u00ad"])
def test_marks_that_nobody_sees_and_no_font_has_are_no_part_of_a_name(mark: str) -> None:
    assert decode_text(changed(0, f"{mark}王{mark}某{mark}".ljust(15))).name == "王某"
    with pytest.raises(CardContent):
        decode_text(changed(0, mark.ljust(15)))


def test_documents_and_frames_do_not_show_personal_data() -> None:
    card = make_deck()["resident"]
    frame = one(protocol.encode_answer(SW3.OK, card.text))
    for shown in (repr(card), repr(card.document), repr(frame), repr(protocol.Payload(card.text, b""))):
        assert card.document.name not in shown
        assert card.document.number not in shown


def test_every_refusal_has_its_own_code() -> None:
    refused = [status for status in SW3 if status not in (SW3.OK, SW3.CARD_FOUND)]
    assert len({protocol.refusal(status, "x").code for status in refused}) == len(refused)
    assert protocol.refusal(0x55, "read").code == "unexpected-answer"


@given(st.binary(max_size=60), st.binary(min_size=3, max_size=400), st.lists(st.integers(1, 40), max_size=40))
def test_a_frame_is_found_after_any_noise_however_it_is_cut(noise: bytes, body: bytes, cuts: list[int]) -> None:
    # noise that holds a preamble of its own may rightly swallow what follows: that is the torn frame, tested elsewhere
    noise = noise.replace(PREAMBLE[:1], b"\x00")
    data = noise + encode_frame(body)
    decoder, found, position = FrameDecoder(lead=b""), [], 0
    for size in [*cuts, len(data)]:
        found += decoder.feed(data[position : position + size])
        position += size
    assert found == [Frame(body, len(noise))]
    assert decoder.pending == 0


@given(st.binary(max_size=3000))
def test_no_input_makes_the_decoder_fail_or_grow(data: bytes) -> None:
    decoder = FrameDecoder()
    for start in range(0, len(data), 100):
        decoder.feed(data[start : start + 100])
        assert decoder.pending <= MAX_LENGTH + 7
        assert decoder.wanted > 0


def test_reading_what_is_wanted_never_goes_past_the_frame() -> None:
    data = encode_frame(bytes(20)) + b"next"
    decoder, position, found = FrameDecoder(), 0, []
    while not found:
        size = decoder.wanted
        found = decoder.feed(data[position : position + size])
        position += size
    assert data[position:] == b"next"


def test_a_wrong_check_byte_is_told_and_the_next_frame_is_read() -> None:
    good = encode_frame(b"\0\0\x90")
    assert FrameDecoder().feed(good[:-1] + b"\0" + good) == [BadFrame(torn=False), Frame(b"\0\0\x90", len(good))]


def test_a_frame_that_begins_inside_a_torn_one_is_saved() -> None:
    whole = encode_frame(bytes(3) + bytes(range(40)))
    found = FrameDecoder().feed(whole[:30] + whole)
    assert found[0] == BadFrame(torn=True)
    assert found[1] == Frame(bytes(3) + bytes(range(40)), 30)


@given(st.binary(min_size=1, max_size=50))
def test_check_byte_cancels_itself_out(data: bytes) -> None:
    assert check_byte(data + bytes([check_byte(data)])) == 0
    assert encode_frame(data)[-1] == check_byte(encode_frame(data)[5:-1])
