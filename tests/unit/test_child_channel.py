"""Messages between parent and child: whole, bounded, and never trusted."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from devices.contracts.deadline import Deadline
from devices.transports.child_channel import MAX_HEAD, Channel, Garbage, Message
from tests.patience import BUSY

Ends = tuple[Channel, Channel, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Two channels facing each other, and the raw socket under the first."""
    left, right = socket.socketpair()
    one, other = Channel(left, max_body=1000), Channel(right, max_body=1000)
    yield one, other, left
    one.close()
    other.close()


def soon() -> Deadline:
    return Deadline.after(2)


def test_a_message_arrives_as_it_was_sent(ends: Ends) -> None:
    one, other, _ = ends
    one.send({"do": "看", "n": 1}, b"\x00\xff", deadline=soon())
    assert other.receive(soon()) == Message({"do": "看", "n": 1}, b"\x00\xff")


def test_two_messages_in_one_piece_are_told_apart(ends: Ends) -> None:
    one, other, _ = ends
    one.send({"n": 1}, b"a", deadline=soon())
    one.send({"n": 2}, deadline=soon())
    assert [other.receive(soon()).head["n"] for _ in range(2)] == [1, 2]


def test_a_receive_that_timed_out_inside_a_message_goes_on_where_it_stopped(ends: Ends) -> None:
    _, other, raw = ends
    whole = struct.pack(">2sII", b"\xc7\x24", 7, 3) + b'{"n":5}abc'
    raw.send(whole[:13])
    with pytest.raises(TimeoutError):
        other.receive(Deadline.after(0.05))
    raw.send(whole[13:])
    assert other.receive(soon()) == Message({"n": 5}, b"abc")


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"HTTP/1.1 200 OK\r\n",
        struct.pack(">2sII", b"\xc7\x24", 2, 1001) + b"{}",
        struct.pack(">2sII", b"\xc7\x24", MAX_HEAD + 1, 0),
        struct.pack(">2sII", b"\xc7\x24", 2, 0) + b"[]",
        struct.pack(">2sII", b"\xc7\x24", 2, 0) + b"{x",
    ],
    ids=["no-frame", "body-too-long", "head-too-long", "not-an-object", "not-json"],
)
def test_garbage_is_named(ends: Ends, bytes_sent: bytes) -> None:
    _, other, raw = ends
    raw.send(bytes_sent)
    with pytest.raises(Garbage):
        other.receive(soon())


def test_the_end_of_the_other_side_is_told(ends: Ends) -> None:
    one, other, _ = ends
    one.close()
    with pytest.raises(EOFError):
        other.receive(soon())
    with pytest.raises(EOFError):
        other.send({"n": 1}, deadline=soon())


def test_a_message_beyond_the_bound_is_not_sent(ends: Ends) -> None:
    one, _, _ = ends
    with pytest.raises(ValueError, match="too long"):
        one.send({}, b"x" * 1001, deadline=soon())


def test_sending_to_an_end_that_does_not_read_ends_at_the_deadline() -> None:
    left, right = socket.socketpair()
    one = Channel(left)
    try:
        with pytest.raises(TimeoutError):
            one.send({}, bytes(8_000_000), deadline=Deadline.after(0.1))
    finally:
        one.close()
        right.close()


def test_a_sender_waits_for_another_no_longer_than_its_own_deadline() -> None:
    left, right = socket.socketpair()
    one = Channel(left)

    def send_much() -> None:
        with suppress(EOFError):
            one.send({}, bytes(8_000_000))

    sender = threading.Thread(target=send_much)
    sender.start()
    try:
        assert right.recv(1)  # it has begun, and goes on as far as nobody reads
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            one.send({"do": "more"}, deadline=Deadline.after(0.1))
        assert time.monotonic() - begun < 0.1 + BUSY
    finally:
        one.close()
        right.close()
        sender.join(10)
    assert not sender.is_alive()


def test_after_a_message_that_was_cut_off_no_other_is_taken_for_its_rest() -> None:
    left, right = socket.socketpair()
    one, other = Channel(left), Channel(right)
    try:
        with pytest.raises(TimeoutError):
            one.send({}, bytes(8_000_000), deadline=Deadline.after(0.1))
        with pytest.raises(TimeoutError):
            other.receive(Deadline.after(0.1))  # takes in what there is, and there is room again
        with pytest.raises(EOFError):
            one.send({"do": "status"}, deadline=soon())
    finally:
        one.close()
        other.close()


def test_the_repr_of_a_message_shows_no_content() -> None:
    assert "secret" not in repr(Message({"name": "secret"}, b"secret"))
