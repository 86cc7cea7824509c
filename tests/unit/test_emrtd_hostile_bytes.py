"""Whatever a chip sends: a value or a named error, and never more read than a bound allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.smart_card import Response
from devices.drivers import tlv
from devices.drivers.emrtd import lds, pace, protocol
from devices.drivers.emrtd.capacity import MOST, announced, chunks
from devices.drivers.emrtd.channel import SHORT_CHUNKS, Channel, SmallerChunk
from devices.drivers.emrtd.protocol import COM, File
from devices.drivers.emrtd.secure_messaging import AesSuite, Session, SessionLost, Suite, TripleDesSuite, pad

UNHURRIED = settings(deadline=None)  # a machine that is busy elsewhere is no failure
KEY = bytes(range(16))
SUITES: dict[str, Callable[[], Suite]] = {
    "3DES": lambda: TripleDesSuite(KEY, KEY[::-1]),
    "AES": lambda: AesSuite(KEY, KEY[::-1]),
}
COUNTER = 0xFFFF
WANTED = protocol.read_binary(0, 64)


def sealed(suite: Suite, data: bytes, sw: int = 0x9000, counter: int = COUNTER + 2, tag: int = 0x87) -> bytes:
    """What a chip sends back, by ICAO Doc 9303-11 section 9.8, without status word."""
    number = counter.to_bytes(suite.block, "big")
    body = b""
    if data:
        cipher = suite.encrypt(number, pad(data, suite.block))
        body += tlv.encode(tag, b"\x01" + cipher if tag == 0x87 else cipher)
    body += tlv.encode(0x99, sw.to_bytes(2, "big"))
    return body + tlv.encode(0x8E, suite.seal(pad(number + body, suite.block)))


def code_of(call: Callable[[], object]) -> str:
    try:
        call()
    except DeviceError as error:
        return error.code
    return ""


def session(suite: Suite) -> Session:
    opened = Session(suite, COUNTER)
    opened.protect(WANTED)
    return opened


@UNHURRIED
@given(st.sampled_from(sorted(SUITES)), st.binary(max_size=300), st.sampled_from((0x9000, 0x6282, 0x6A82)))
def test_what_a_chip_seals_is_revealed(name: str, data: bytes, sw: int) -> None:
    suite = SUITES[name]()
    for tag in (0x87, 0x85):
        answer = Response(sealed(suite, data, sw, tag=tag), sw)
        assert session(suite).reveal(answer) == Response(data, sw)


@UNHURRIED
@given(st.sampled_from(sorted(SUITES)), st.binary(max_size=40), st.data())
def test_any_change_to_a_sealed_answer_ends_the_session(name: str, data: bytes, draw: st.DataObject) -> None:
    suite = SUITES[name]()
    good = sealed(suite, data)
    place = draw.draw(st.integers(0, len(good) - 1))
    bit = 1 << draw.draw(st.integers(0, 7))
    bad = good[:place] + bytes([good[place] ^ bit]) + good[place + 1 :]
    with pytest.raises(SessionLost):
        session(suite).reveal(Response(bad, 0x9000))


@UNHURRIED
@given(st.sampled_from(sorted(SUITES)), st.binary(max_size=200), st.integers(0, 0xFFFF))
def test_any_bytes_for_an_answer_end_the_session(name: str, data: bytes, sw: int) -> None:
    with pytest.raises(SessionLost) as caught:
        session(SUITES[name]()).reveal(Response(data, sw))
    assert caught.value.code == "secure-messaging"
    assert caught.value.sw == (0 if data else sw)


@pytest.mark.parametrize("name", SUITES)
def test_torn_repeated_reordered_and_doubled_objects_end_the_session(name: str) -> None:
    suite = SUITES[name]()
    good = sealed(suite, b"content")
    first, status, seal = (found.raw for found in tlv.objects(good))
    for bad in (good[:-1], good[:5], status + first + seal, first + seal, status + status + seal, good + seal):
        with pytest.raises(SessionLost):
            session(suite).reveal(Response(bad, 0x9000))
    with pytest.raises(SessionLost):
        session(suite).reveal(Response(sealed(suite, b"content", counter=COUNTER + 4), 0x9000))
    with pytest.raises(SessionLost):
        session(suite).reveal(Response(good, 0x6282))  # another status word than the sealed one


@UNHURRIED
@given(st.binary(max_size=200))
def test_any_bytes_are_objects_or_a_named_error(data: bytes) -> None:
    try:
        found = list(tlv.objects(data))
    except tlv.BadTlv:
        return
    assert b"".join(part.raw for part in found) == data


@UNHURRIED
@given(st.sampled_from((0x60, 0x87, 0x5F1F, 0x7F61)), st.binary(max_size=70_000))
def test_objects_written_are_read_again(tag: int, value: bytes) -> None:
    assert tlv.only(tlv.encode(tag, value), tag) == value


@pytest.mark.parametrize(
    "literal", ["", "1F", "1FFFFFFF01", "30", "3080", "3084", "308400000001", "3085FFFFFFFFFF", "3082FF", "3003FFFF"]
)
def test_lengths_that_are_indefinite_cut_off_or_too_long_are_refused(literal: str) -> None:
    with pytest.raises(tlv.BadTlv):
        tlv.only(bytes.fromhex(literal), 0x30)


def test_more_objects_than_a_file_can_need_are_refused() -> None:
    with pytest.raises(tlv.BadTlv):
        list(tlv.objects(b"\x30\x00" * (tlv.MAX_OBJECTS + 1)))


# ---- contents ----

CONTENTS: dict[str, Callable[[bytes], object]] = {
    "EF.COM": lds.groups_present,
    "DG1": lds.zone,
    "DG11": lds.native_name,
    "EF.CardAccess": pace.offers,
}
OUTER = {"EF.COM": 0x60, "DG1": 0x61, "DG11": 0x6B, "EF.CardAccess": 0x31}
INNER = {"EF.COM": 0x5C, "DG1": 0x5F1F, "DG11": 0x5F0E, "EF.CardAccess": 0x30}


@UNHURRIED
@given(st.sampled_from(sorted(CONTENTS)), st.binary(max_size=150), st.integers(0, 2))
def test_any_content_is_understood_or_a_named_error(name: str, data: bytes, depth: int) -> None:
    if depth == 2:
        data = tlv.encode(INNER[name], data)
    if depth >= 1:
        data = tlv.encode(OUTER[name], data)
    assert code_of(lambda: CONTENTS[name](data)) in ("", "file-content")


@UNHURRIED
@given(st.binary(max_size=200), st.integers(0, 4), st.booleans())
def test_any_dg2_is_a_picture_or_none(data: bytes, depth: int, face: bool) -> None:
    if face:
        data = b"FAC\x00010\x00" + (14 + len(data)).to_bytes(4, "big") + b"\0\x01" + data
    for tag in (0x5F2E, 0x7F60, 0x7F61, 0x75)[4 - depth :]:
        data = tlv.encode(tag, data)
    try:
        picture = lds.picture(data)
    except lds.NoPicture:
        return
    assert len(picture.data) <= len(data)


# ---- files ----


class OneFile:
    """A card that answers every READ BINARY with ``answer(offset, count)`` and takes every SELECT."""

    atr = b""
    selections = 0

    def __init__(self, answer: Callable[[int, int], tuple[bytes, int]]) -> None:
        self._answer = answer
        self.reads: list[tuple[int, int]] = []

    def transmit(self, apdu: bytes, deadline: Deadline) -> Response:
        if apdu[1] == 0xA4:
            return Response(b"", 0x9000)
        if apdu[1] == 0xB0:
            offset, count = int.from_bytes(apdu[2:4], "big"), apdu[4] or 256
            if len(apdu) == 7:
                count = int.from_bytes(apdu[5:7], "big") or 65_536
            self.reads.append((offset, count))
            return Response(*self._answer(offset, count))
        short = apdu[4] != 0
        body = apdu[5 : 5 + apdu[4]] if short else apdu[7 : 7 + int.from_bytes(apdu[5:7], "big")]
        offset = int.from_bytes(tlv.only(body, 0x54), "big")
        asked = (apdu[-1] or 256) if short else int.from_bytes(apdu[-2:], "big")
        count = asked - (2 if asked < 0x80 + 2 else 3 if asked < 0x100 + 3 else 4)
        self.reads.append((offset, count))
        data, sw = self._answer(offset, count)
        return Response(tlv.encode(0x53, data), sw)


def read(card: OneFile, file: File = COM, chunk: int = SHORT_CHUNKS[0], seconds: float = 5.0) -> bytes:
    channel = Channel(card, Deadline.after(seconds), Counter())
    channel.chunk = chunk
    return channel.read(file)


def holding(content: bytes, at_most: int = 65_536) -> OneFile:
    return OneFile(lambda offset, count: (content[offset : offset + min(count, at_most)], 0x9000))


@settings(deadline=None, max_examples=40)
@given(st.integers(4, 70_000), st.sampled_from((MOST, *SHORT_CHUNKS)), st.sampled_from((7, 100, 65_536)))
def test_a_file_of_any_size_is_read_whole_across_the_offset_of_odd_instructions(
    size: int, chunk: int, at_most: int
) -> None:
    content = tlv.encode(0x75, bytes(i % 251 for i in range(size)))
    if at_most == 7 and size > 2000:
        at_most = 1000
    card = holding(content + b"padding of the file", at_most)
    assert read(card, protocol.data_group(2), chunk) == content
    assert all(count <= max(chunk, 6) for _, count in card.reads)
    assert card.reads[-1][0] + card.reads[-1][1] == len(content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x60\x82\xff\xff" + bytes(100), "file-too-long"),
        (b"\x60\x83\xff\xff\xff" + bytes(100), "file-too-long"),
        (b"\x60\x84\xff\xff\xff\xff" + bytes(100), "file-content"),
        (b"\x60\x80" + bytes(100), "file-content"),
        (b"\x61\x10" + bytes(100), "file-content"),
        (b"\x60\x20" + bytes(10), "file-truncated"),
        (b"", "file-truncated"),
    ],
)
def test_a_length_that_a_file_cannot_have_is_refused_after_its_header(content: bytes, code: str) -> None:
    card = holding(content)
    with pytest.raises(DeviceError) as caught:
        read(card)
    assert caught.value.code == code
    assert len(card.reads) <= 3


def test_a_chip_that_sends_more_than_was_asked_for_is_refused() -> None:
    with pytest.raises(DeviceError) as caught:
        read(OneFile(lambda offset, count: (b"\x60\x20" + bytes(count), 0x9000)))
    assert caught.value.code == "short-answer"


def test_a_chip_that_dribbles_ends_at_the_deadline() -> None:
    with pytest.raises(DeviceError) as caught:
        read(OneFile(lambda offset, count: ((b"\x75\x83\x03\xff\x00\x00" + bytes(9))[:1], 0x9000)), seconds=0.0)
    assert caught.value.code == "read-timeout"


@pytest.mark.parametrize(
    ("sw", "code"),
    [
        (0x6A82, "file-missing"),
        (0x6982, "access-denied"),
        (0x6983, "access-blocked"),
        (0x6B00, "file-truncated"),
        (0x6282, "file-truncated"),
        (0x6F00, "card-refused"),
        (0x6D00, "card-refused"),
    ],
)
def test_status_words_have_their_names(sw: int, code: str) -> None:
    with pytest.raises(DeviceError) as caught:
        read(OneFile(lambda offset, count: (b"", sw)))
    assert (caught.value.code, bool(caught.value.advice)) == (code, True)


@pytest.mark.parametrize("sw", [0x6700, 0x6C00, 0x6C40])
def test_a_chip_that_takes_less_at_once_is_asked_for_less(sw: int) -> None:
    with pytest.raises(SmallerChunk):
        read(OneFile(lambda offset, count: (b"", sw)))


def test_the_end_of_file_warning_with_data_is_no_failure() -> None:
    content = tlv.encode(0x60, bytes(20))
    card = OneFile(lambda offset, count: (content[offset : offset + count], 0x6282 if offset else 0x9000))
    assert read(card) == content


@pytest.mark.parametrize(
    ("atr", "extended"),
    [
        ("", None),
        ("3B", None),
        ("3B80800101", None),  # no historical bytes at all
        ("3B8880010000000000000000", None),
        ("3B88800180318065B0850300", None),  # 31 80, 65 B0 85 03 00: no card capabilities among them
        ("3B8780018073002140009000", True),
        ("3B8780018073002100009000", False),
        ("3B8F80018031C073C00140" + "00" * 8, True),
    ],
)
def test_historical_bytes_tell_whether_extended_commands_are_taken(atr: str, extended: bool | None) -> None:
    assert announced(bytes.fromhex(atr)) is extended


@pytest.mark.parametrize(
    ("atr", "info", "largest"),
    [
        ("3B80800101", "", SHORT_CHUNKS[0]),
        ("3B80800101", "7F66080202FFFF0202FFFF", MOST),
        ("3B80800101", "7F66080202FFFF020203E8", 1000 - 48),
        ("3B80800101", "7F660802020105020200FF", SHORT_CHUNKS[0]),
        ("3B80800101", "7F66040202FFFF", SHORT_CHUNKS[0]),
        ("3B80800101", "7F66FF", SHORT_CHUNKS[0]),
        ("3B8780018073002140009000", "", MOST),
        ("3B8780018073002140009000", "43010047037300217F6608020203E8020203E8", 1000 - 48),
        ("3B8780018073002100009000", "7F66080202FFFF0202FFFF", SHORT_CHUNKS[0]),
    ],
)
def test_the_largest_answer_is_what_the_chip_says_it_takes(atr: str, info: str, largest: int) -> None:
    card = OneFile(lambda offset, count: (bytes.fromhex(info)[:count], 0x9000 if info else 0x6A82))
    assert chunks(Channel(card, Deadline.after(5), Counter()), bytes.fromhex(atr))[0] == largest


@UNHURRIED
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_any_answer_to_reset_and_any_information_file_is_understood(atr: bytes, info: bytes) -> None:
    card = OneFile(lambda offset, count: (info[:count], 0x9000))
    sizes = chunks(Channel(card, Deadline.after(5), Counter()), atr)
    assert all(SHORT_CHUNKS[-1] <= size <= MOST for size in sizes)
