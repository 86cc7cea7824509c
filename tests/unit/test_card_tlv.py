"""Data objects of cards (BER-TLV): the same bytes in both directions, and no bytes that could harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers import tlv

FCI = bytes.fromhex("6F1B840F7378312E73682EC9E7BBE1B1A3D5CFA5089F0C058601010000")  # with two bytes of padding inside


def told(data: bytes) -> list[tuple[int, bytes]]:
    return [(found.tag, found.value) for found in tlv.objects(data, padded=True)]


def test_an_object_is_found_at_any_depth() -> None:
    assert tlv.seek(FCI, 0x9F0C) == bytes.fromhex("8601010000")
    assert tlv.seek(FCI, 0x84) == bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
    assert tlv.seek(FCI, 0x5A) is None
    assert tlv.seek(FCI, 0x9F0C, depth=1) is None


@pytest.mark.parametrize(
    ("tag", "size", "head"),
    [(0x82, 0, "8200"), (0x82, 127, "827f"), (0x82, 128, "828180"), (0x53, 300, "5382012c"), (0x7F49, 3, "7f4903")],
)
def test_lengths_take_their_shortest_form(tag: int, size: int, head: str) -> None:
    encoded = tlv.encode(tag, bytes(size))
    assert encoded[: len(head) // 2].hex() == head
    assert told(encoded) == [(tag, bytes(size))]


@pytest.mark.parametrize("bad", ["82", "8205AA", "8280", "82FF0000", "9F", "9FFFFF", "5F8182", "5382"])
def test_what_breaks_off_is_refused(bad: str) -> None:
    with pytest.raises(tlv.BadTlv):
        told(bytes.fromhex(bad))


def test_padding_between_objects_is_passed_over() -> None:
    assert told(bytes.fromhex("0000820101FFFF8301020000")) == [(0x82, b"\x01"), (0x83, b"\x02")]


@given(st.binary(max_size=300), st.sampled_from([0x9F0C, 0x70, 0x82, 0x53]))
def test_any_bytes_are_objects_or_refused(data: bytes, tag: int) -> None:
    try:
        found = tlv.seek(data, tag)
    except tlv.BadTlv:
        return
    assert found is None or found in data


@given(st.lists(st.tuples(st.sampled_from([0x53, 0x82, 0x7F49, 0x9F0C, 0x5FC105]), st.binary(max_size=300))))
def test_what_is_written_is_read(items: list[tuple[int, bytes]]) -> None:
    assert told(b"".join(tlv.encode(tag, value) for tag, value in items)) == items
