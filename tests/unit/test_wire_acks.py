"""Acknowledgements signed together can each be checked alone, and nothing else can be taken for one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import suites, wire

PRIVATE, PUBLIC = wire.new_signing_pair()


def acks(count: int) -> list[wire.Ack]:
    return [
        wire.Ack(f"item-{n}", hashlib.sha256(b"%d" % n).hexdigest(), "330102-ABCDEF", "2026-06-01T12:00:00+00:00", "k")
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 500])
def test_each_of_a_batch_can_be_checked_alone(count):
    made = wire.sign_acks(PRIVATE, acks(count))
    assert [replace(ack, signature="", path="") for ack in made] == acks(count)
    assert len({ack.signature for ack in made}) == 1
    for ack in made:
        wire.verify_ack(PUBLIC, ack)
    assert max(len(ack.path) for ack in made) == 44 * (count - 1).bit_length()


def test_none_makes_none():
    assert wire.sign_acks(PRIVATE, []) == []


def test_one_alone_is_signed_itself():
    (ack,) = wire.sign_acks(PRIVATE, acks(1))
    assert ack.path == ""
    wire.verify(PUBLIC, ack.canonical(), ack.signature)


@pytest.mark.parametrize("name", suites.NAMES)
def test_in_every_suite(name):
    suite = suites.by_name(name)
    try:
        private, public = suite.new_signing_pair()
    except suites.SuiteMissing as error:
        pytest.skip(str(error))
    for ack in wire.sign_acks(private, acks(6)):
        wire.verify_ack(public, ack)
        with pytest.raises(wire.BadSignature):
            wire.verify_ack(public, replace(ack, hash="0" * 64))


def test_the_root_is_the_one_of_rfc_9162():
    """Reckoned here by the standard's own recursion (2.1.1), over this house's leaves."""
    leaves = [ack.canonical() for ack in acks(7)]

    def root(entries: list[bytes]) -> bytes:
        if len(entries) == 1:
            return hashlib.sha256(b"\x00" + entries[0]).digest()
        half = 1 << (len(entries) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + root(entries[:half]) + root(entries[half:])).digest()

    made = wire.sign_acks(PRIVATE, acks(7))
    wire.verify(PUBLIC, wire.canonical("kiosk-acks-v1", root(leaves).hex()), made[0].signature)


BATCH = wire.sign_acks(PRIVATE, acks(13))
CHANGES = st.one_of(
    st.tuples(st.just("id"), st.just("other")), st.tuples(st.just("hash"), st.just("0" * 64)),
    st.tuples(st.just("terminal_id"), st.just("other")), st.tuples(st.just("received_at"), st.just("later")),
    st.tuples(st.just("key_id"), st.just("other")), st.tuples(st.just("signature"), st.just("")),
    st.tuples(st.just("path"), st.text(max_size=50)),
    st.tuples(st.just("path"), st.binary(max_size=33 * 5).map(lambda data: base64.b64encode(data).decode())),
)  # fmt: skip


@given(st.sampled_from(BATCH), CHANGES)
def test_whatever_is_changed_it_holds_no_more(ack, change):
    other = replace(ack, **dict([change]))
    if other == ack:
        return
    with pytest.raises(wire.BadSignature):
        wire.verify_ack(PUBLIC, other)


def test_no_other_ones_path_serves():
    for ack in BATCH:
        for other in BATCH:
            if other.path != ack.path:
                with pytest.raises(wire.BadSignature):
                    wire.verify_ack(PUBLIC, replace(ack, path=other.path))


def test_a_longer_or_a_shorter_path_serves_nobody():
    for path in (BATCH[0].path + BATCH[0].path[:44], BATCH[0].path[44:], BATCH[0].path[:-44], BATCH[0].path * 9):
        with pytest.raises(wire.BadSignature):
            wire.verify_ack(PUBLIC, replace(BATCH[0], path=path))


@pytest.mark.parametrize("tail", ["=", "==", "====", "=" * 1000, "\n"])
def test_a_path_has_one_spelling(tail):
    with pytest.raises(wire.BadSignature):
        wire.verify_ack(PUBLIC, replace(BATCH[0], path=BATCH[0].path + tail))


def test_a_node_of_the_tree_is_no_acknowledgement():
    """What was signed for two is not the signature of one, whose hash would be theirs."""
    first, second = wire.sign_acks(PRIVATE, acks(2))
    with pytest.raises(wire.BadSignature):
        wire.verify_ack(PUBLIC, replace(first, path=""))
    with pytest.raises(wire.BadSignature):
        wire.verify_ack(wire.new_signing_pair()[1], second)


def test_a_verifier_that_has_seen_a_good_one_takes_no_bad_one():
    verifier = wire.AckVerifier(PUBLIC)
    for ack in BATCH:
        verifier.check(ack)
        with pytest.raises(wire.BadSignature):
            verifier.check(replace(ack, received_at="later"))
        with pytest.raises(wire.BadSignature):
            verifier.check(replace(ack, signature=wire.sign(wire.new_signing_pair()[0], b"")))
