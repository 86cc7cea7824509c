"""IPP bytes: RFC 8010's own example both ways, and nothing that is cut, nested too deep or too long gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.ipp.protocol import (
    MAX_DEPTH,
    Attribute,
    AttributeGroup,
    Group,
    IppFormatError,
    Message,
    Operation,
    Range,
    Resolution,
    Tag,
    attribute,
    decode,
    encode,
    request,
)

# RFC 8010 appendix A.1, Print-Job request
RFC_EXAMPLE = (
    b"\x01\x01\x00\x02\x00\x00\x00\x01\x01"
    b"\x47\x00\x12attributes-charset\x00\x05utf-8"
    b"\x48\x00\x1battributes-natural-language\x00\x05en-us"
    b"\x45\x00\x0bprinter-uri\x00\x2cipp://printer.example.com/ipp/print/pinetree"
    b"\x42\x00\x08job-name\x00\x06foobar"
    b"\x22\x00\x16ipp-attribute-fidelity\x00\x01\x01"
    b"\x02"
    b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
    b"\x44\x00\x05sides\x00\x13two-sided-long-edge"
    b"\x03%!PDF..."
)
RFC_MESSAGE = Message(
    Operation.PRINT_JOB,
    1,
    (
        AttributeGroup(
            Group.OPERATION,
            (
                attribute("attributes-charset", Tag.CHARSET, "utf-8"),
                attribute("attributes-natural-language", Tag.LANGUAGE, "en-us"),
                attribute("printer-uri", Tag.URI, "ipp://printer.example.com/ipp/print/pinetree"),
                attribute("job-name", Tag.NAME, "foobar"),
                attribute("ipp-attribute-fidelity", Tag.BOOLEAN, True),
            ),
        ),
        AttributeGroup(
            Group.JOB,
            (attribute("copies", Tag.INTEGER, 20), attribute("sides", Tag.KEYWORD, "two-sided-long-edge")),
        ),
    ),
    b"%!PDF...",
    (1, 1),
)
PLAIN = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: attribute("n", Tag.INTEGER, n)),
    st.booleans().map(lambda b: attribute("b", Tag.BOOLEAN, b)),
    st.lists(st.text(max_size=20), min_size=1, max_size=4).map(lambda t: attribute("t", Tag.TEXT, *t)),
    st.binary(max_size=20).map(lambda d: attribute("o", Tag.OCTETS, d)),
    st.just(attribute("r", Tag.RANGE, Range(1, 99), Range(5, 6))),
    st.just(attribute("q", Tag.RESOLUTION, Resolution(600, 600, 3))),
    st.just(attribute("u", Tag.NO_VALUE, None)),
)
ATTRIBUTES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3).map(lambda m: attribute("c", Tag.BEGIN_COLLECTION, tuple(m))),
    max_leaves=6,
)
MESSAGES = st.builds(
    lambda code, number, items, document: Message(
        code, number, (AttributeGroup(Group.PRINTER, tuple(items)),), document
    ),
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    st.lists(ATTRIBUTES, max_size=5),
    st.binary(max_size=30),
)


def test_the_example_of_the_standard_is_written_byte_for_byte() -> None:
    assert encode(RFC_MESSAGE) == RFC_EXAMPLE


def test_the_example_of_the_standard_is_read_back() -> None:
    assert decode(RFC_EXAMPLE) == RFC_MESSAGE


@given(MESSAGES)
def test_what_is_written_is_read_back(message: Message) -> None:
    assert decode(encode(message)) == message


@given(MESSAGES, st.data())
def test_a_message_cut_anywhere_before_its_end_tag_is_refused(message: Message, data: st.DataObject) -> None:
    whole = encode(Message(message.code, message.request_id, message.groups))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(IppFormatError):
        decode(whole[:cut])


@given(st.binary(max_size=200))
def test_garbage_is_either_a_message_or_a_named_error(garbage: bytes) -> None:
    try:
        decode(garbage)
    except IppFormatError:
        return


def test_collections_nested_without_end_are_refused() -> None:
    item: Attribute = attribute("x", Tag.INTEGER, 1)
    for _ in range(MAX_DEPTH + 1):
        item = attribute("x", Tag.BEGIN_COLLECTION, (item,))
    with pytest.raises(IppFormatError, match="nested"):
        decode(encode(Message(0, 1, (AttributeGroup(Group.JOB, (item,)),))))


@pytest.mark.parametrize(
    "body",
    [
        b"\x02\x00\x00\x00\x00\x00\x00\x01\x21\x00\x01n\x00\x04\x00\x00\x00\x01\x03",
        b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x21\x00\x00\x00\x04\x00\x00\x00\x01\x03",
        b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x21\x00\x01n\x00\x03\x00\x00\x01\x03",
    ],
    ids=["a value outside any group", "a value without a name", "an integer of three bytes"],
)
def test_a_broken_message_is_refused(body: bytes) -> None:
    with pytest.raises(IppFormatError):
        decode(body)


def test_text_with_a_language_is_read_without_it() -> None:
    data = b"\x00\x02zh\x00\x06\xe7\xba\xb8\xe5\xbc\xa0"
    body = b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x35\x00\x01t" + len(data).to_bytes(2, "big") + data + b"\x03"
    assert decode(body).group(Group.PRINTER).words("t") == ("纸张",)


def test_a_request_names_charset_language_and_printer_first() -> None:
    made = request(Operation.GET_PRINTER_ATTRIBUTES, 7, "ipp://h/ipp/print")
    assert [a.name for a in made.groups[0].attributes] == [
        "attributes-charset",
        "attributes-natural-language",
        "printer-uri",
    ]
