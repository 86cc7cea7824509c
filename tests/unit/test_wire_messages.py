"""The wire's canonical bytes and signatures."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(TEXT, max_size=4), st.lists(TEXT, max_size=4))
def test_different_values_never_share_their_canonical_bytes(one, other):
    assert (wire.canonical("label", *one) == wire.canonical("label", *other)) == (one == other)


def test_the_canonical_bytes_are_the_ones_written_down():
    assert wire.canonical("kiosk-ack-v1", "a", "", "王") == b"12:kiosk-ack-v1,1:a,0:,3:\xe7\x8e\x8b,"


def test_a_signature_holds_for_its_message_and_key_alone():
    private, public = wire.new_signing_pair()
    signature = wire.sign(private, b"message")
    wire.verify(public, b"message", signature)
    other = wire.new_signing_pair()[1]
    for key, message, given_signature in (
        (public, b"messagf", signature), (other, b"message", signature), (public, b"message", ""),
        (public, b"message", "§"), (b"", b"message", signature), (public, b"message", signature[:-4]),
    ):  # fmt: skip
        with pytest.raises(wire.BadSignature):
            wire.verify(key, message, given_signature)


@pytest.mark.parametrize("name", ["id", "hash", "terminal_id", "received_at", "key_id"])
def test_every_field_of_an_acknowledgement_is_under_its_signature(name):
    ack = wire.Ack("i", "h", "t", "r", "k")
    assert replace(ack, **{name: "other"}).canonical() != ack.canonical()


@pytest.mark.parametrize("name", ["kind", "first", "last", "area_code", "terminal_id", "request_id", "key_id"])
def test_every_field_of_a_block_is_under_its_signature(name):
    block = wire.NumberBlock("case", 1, 2, "330102", "t", "r", "k")
    assert replace(block, **{name: 9 if name in ("first", "last") else "other"}).canonical() != block.canonical()


CHECKPOINT = wire.Checkpoint("t", "l" * 64, 7, "h" * 64, 3, "b" * 64, 1, "at")
RECEIPT = wire.HeadReceipt("t", "l" * 64, 7, "h" * 64, 1, "k", "at", "b")


@pytest.mark.parametrize("message", [CHECKPOINT, RECEIPT])
def test_every_field_of_a_checkpoint_and_of_its_receipt_is_under_its_signature(message):
    for name in set(message.__slots__) - {"signature"}:
        value = getattr(message, name)
        other = replace(message, **{name: value + 1 if isinstance(value, int) else value + "x"})
        assert other.canonical() != message.canonical(), name
    assert CHECKPOINT.canonical() != RECEIPT.canonical()


def test_messages_survive_the_wire():
    ack = wire.Ack("i", "h", "t", "r", "k", "s")
    reply = wire.PushReply([wire.ItemResult("i", "accepted", "", ack), wire.ItemResult("j", "retry", "later")])
    assert msgspec.json.decode(msgspec.json.encode(reply), type=wire.PushReply) == reply


def test_what_may_hold_a_persons_data_does_not_show_it():
    field = wire.PayloadField("applicant.name", "王小明", "card", "A")
    assert "王小明" not in repr(field)
    assert "SECRETCODE" not in repr(wire.EnrolRequest("SECRETCODE", ""))


@pytest.mark.parametrize("text", ["A", "====", "AA==\n", "Ä", "AA==AA==x", "AB==", "AAB=", "A" * 4 + "AAB="])
def test_base64_is_strict(text):
    with pytest.raises(ValueError, match="base64"):
        wire.unb64(text)


def test_base64_has_one_spelling():
    for size in range(70):
        data = bytes(range(size))
        assert wire.unb64(wire.b64(data)) == data
