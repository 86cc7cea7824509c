"""Lines of a scanner: terminators, AIM identifiers, Chinese text, and whatever else may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.code_scanner import ScannedCode, Symbology
from devices.contracts.device import Fault
from devices.drivers.code_scanner.protocol import (
    COMMANDS,
    LIMIT,
    TERMINATORS,
    TOO_LONG,
    TORN,
    BadFraming,
    Commands,
    Framing,
    Line,
    LineDecoder,
    decode_line,
    decode_text,
    encode_line,
    terminators,
)


def lines(data: bytes, framing: Framing) -> list[bytes | str]:
    return [item.data if isinstance(item, Line) else item.code for item in LineDecoder(framing).feed(data)]


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("auto", b"ab\rcd\nef\r\ngh", [b"ab", b"cd", b"ef"]),
        ("cr", b"ab\ncd\r", [b"ab\ncd"]),
        ("lf", b"ab\rcd\n", [b"ab\rcd"]),
        ("crlf", b"ab\rcd\r\n\r\n", [b"ab\rcd"]),
        ("etx", b"ab\r\ncd\x03", [b"ab\r\ncd"]),
        ("hex:0A0D", b"ab\r\ncd\n\r", [b"ab\r\ncd"]),
    ],
)
def test_each_terminator_ends_a_code_and_nothing_else_does(name: str, data: bytes, found: list[bytes]) -> None:
    framing = Framing(terminators(name))
    assert lines(data, framing) == found
    byte_by_byte = LineDecoder(framing)
    assert [item.data for byte in data for item in byte_by_byte.feed(bytes([byte])) if isinstance(item, Line)] == found


@pytest.mark.parametrize("name", ["", "none", "hex:", "hex:0G", "tab"])
def test_there_is_no_code_without_an_end(name: str) -> None:
    with pytest.raises(BadFraming) as caught:
        terminators(name)
    assert caught.value.code == "profile"


@pytest.mark.parametrize(
    ("prefix", "symbology"),
    [
        ("]Q3", Symbology.QR),
        ("]d2", Symbology.DATA_MATRIX),
        ("]L0", Symbology.PDF417),
        ("]C1", Symbology.CODE_128),
        ("]E0", Symbology.EAN),
        ("]z0", Symbology.AZTEC),
        ("]h0", Symbology.HAN_XIN),
        ("]X0", Symbology.NOT_SUPPORTED),
    ],
)
def test_the_aim_identifier_says_what_kind_of_code_it_was(prefix: str, symbology: Symbology) -> None:
    code = decode_line(Line(prefix.encode() + b"6901234567892"), Framing(aim=True))
    assert isinstance(code, ScannedCode)
    assert (code.aim, code.symbology, code.text) == (prefix, symbology, "6901234567892")


def test_without_the_setting_a_bracket_is_data_and_with_it_its_lack_is_a_lost_head() -> None:
    plain = decode_line(Line(b"]Q3abc"), Framing())
    assert isinstance(plain, ScannedCode)
    assert (plain.text, plain.aim, plain.symbology) == ("]Q3abc", "", Symbology.UNKNOWN)
    for torn in (b"Q3abc", b"3abc", b"abc", b"]", b"]Q"):
        lost = decode_line(Line(torn), Framing(aim=True))
        assert isinstance(lost, Fault)
        assert lost.code == "no-prefix"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("个体工商户".encode(), "个体工商户"),
        ("个体工商户".encode("gb18030"), "个体工商户"),
        ("𠮷野家".encode("gb18030"), "𠮷野家"),
        (bytes.fromhex("B9A4C9CC"), "工商"),  # GB 2312 as printed in the standard's table
        (b"\x1dGS1\x1edata", "\x1dGS1\x1edata"),
        (b"https://example.cn/?a=1", "https://example.cn/?a=1"),
        (b"", ""),
        (b"\x80\xff", None),
        (b"a\x00b", None),
        (b"a\x1b[2Jb", None),
        (b"a\xc2\x9bb", "a聸b"),  # as UTF-8 it would hold a control character
    ],
)
def test_text_is_utf_8_or_gb18030_or_none(data: bytes, text: str | None) -> None:
    assert decode_text(data) == text


def test_a_profile_may_know_one_encoding_only() -> None:
    assert decode_text("工商".encode("gb18030"), ("utf-8",)) is None


def test_nothing_of_a_code_shows() -> None:
    code = decode_line(Line("持证人张三".encode()), Framing())
    shown = f"{code!r} {Line(b'secret')!r}"
    assert shown == "ScannedCode(unknown, 15 bytes, 5 characters) Line(6 bytes)"


def test_a_line_that_never_ends_costs_a_bounded_memory_and_is_told_once() -> None:
    decoder = LineDecoder(Framing())
    for _ in range(100):
        assert decoder.feed(b"x" * 1000) == []
        assert len(decoder._buffer) <= LIMIT + 1000
    assert decoder.pending
    assert decoder.feed(b"x\rnext\r") == [TOO_LONG, Line(b"next")]
    assert not decoder.pending


def test_the_longest_code_passes_and_one_byte_more_does_not() -> None:
    assert lines(b"x" * LIMIT + b"\r", Framing()) == [b"x" * LIMIT]
    assert lines(b"x" * (LIMIT + 1) + b"\r", Framing()) == ["too-long"]


def test_a_broken_off_line_is_torn_and_the_next_one_whole() -> None:
    decoder = LineDecoder(Framing())
    decoder.feed(b"half")
    fault = decoder.abandon()
    assert fault is not None
    assert fault.code == "torn-code"
    assert decoder.abandon() is None
    assert decoder.feed(b"whole\r") == [Line(b"whole")]


def test_a_spoilt_line_is_torn_up_to_its_end_and_the_next_one_whole() -> None:
    decoder = LineDecoder(Framing())
    decoder.spoil()  # nothing has begun: nothing is spoilt
    assert decoder.feed(b"one\rtwo") == [Line(b"one")]
    decoder.spoil()
    assert decoder.feed(b"three\rfour\r") == [TORN, Line(b"four")]


def test_the_serial_trigger_is_the_published_three_bytes() -> None:
    assert (COMMANDS["syn"].trigger_on, COMMANDS["syn"].trigger_off) == (
        bytes.fromhex("16540D"),
        bytes.fromhex("16550D"),
    )


TEXTS = st.lists(st.text(st.sampled_from("aZ09 ]Q中𠮷é\x1d"), min_size=1))


@given(st.sampled_from(sorted(TERMINATORS)), TEXTS)
def test_what_a_scanner_says_is_read_again(name: str, texts: list[str]) -> None:
    framing = Framing(TERMINATORS[name], aim=True)
    found = LineDecoder(framing).feed(b"".join(encode_line(text, framing, "]Q1") for text in texts))
    codes = [decode_line(line, framing) for line in found if isinstance(line, Line)]
    assert [code.text for code in codes if isinstance(code, ScannedCode)] == texts


@given(st.booleans(), st.lists(st.binary(max_size=80)))
def test_no_bytes_whatsoever_do_more_than_become_codes_or_named_faults(aim: bool, parts: list[bytes]) -> None:
    framing = Framing(aim=aim, limit=50)
    decoder = LineDecoder(framing)
    for part in parts:
        for item in decoder.feed(part):
            code = decode_line(item, framing) if isinstance(item, Line) else item
            assert isinstance(code, ScannedCode) or code.code in {"too-long", "no-prefix"}
        assert len(decoder._buffer) <= 50 + 80


@pytest.mark.parametrize("half", [{"ask": b"\x05"}, {"answer": b"\x06"}])
def test_a_question_without_its_answer_is_refused(half: dict[str, bytes]) -> None:
    with pytest.raises(BadFraming, match="go together"):
        Commands(**half)
