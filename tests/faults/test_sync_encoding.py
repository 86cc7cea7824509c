"""Batches are packed where the backend takes that, and what is packed to do harm is not unpacked."""

from __future__ import annotations

import random
import secrets
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from backports import zstd

from kiosk import encoding, wire
from kiosk.sync.transport import Reply
from tests.faults.sync_room import SyncRoom


class Room(SyncRoom):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.encodings: list[str] = []
        self.line.fate = self._note

    def _note(self, method: str, target: str, headers: dict[str, str], _body: bytes) -> str:
        if (method, target) == ("POST", "/v1/items"):
            self.encodings.append(headers.get("Content-Encoding", "plain"))
        return "arrives"

    def post(self, body: bytes, name: str = "zstd", target: str = "/v1/items") -> tuple[int, str]:
        """A request that is signed as it should be, with this body; status and code."""
        terminal, nonce = self.terminal.client.enrolment, secrets.token_hex(16)
        key = self.terminal.client._exchange._key.private
        stamp = int(self.time.true.timestamp())
        headers = wire.signed_headers(key, "POST", target, terminal.terminal_id, stamp, nonce, body)
        headers |= {"Content-Encoding": name, "Content-Type": "application/json"}
        reply = self.house.answer("POST", target, headers, body)
        return reply.status, msgspec.json.decode(reply.body).get("code", "")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Room(tmp_path) as made:
        yield made


def test_a_batch_is_packed_once_the_backend_has_said_that_it_takes_that(room):
    for _ in range(50):
        room.terminal.commit()
    before = room.line.traffic.sent["POST"]
    assert room.terminal.client.cycle().acknowledged == 50
    assert room.encodings == ["zstd"]
    sealed = sum(len(row[0]) for row in room.house.rows("SELECT sealed FROM items"))
    assert sealed < room.line.traffic.sent["POST"] - before < 1.34 * sealed  # base64 alone makes 1.33 of it, and more


def test_a_small_batch_goes_as_it_is(room):
    body = msgspec.json.encode(wire.PushRequest([]))
    assert len(body) < encoding.WORTH_IT
    assert room.post(body, "identity")[0] == 200


def test_a_backend_that_takes_no_packed_batch_gets_it_plain(room, monkeypatch):
    monkeypatch.setattr(encoding, "NAME", "zstd-of-tomorrow")  # what the terminal packs with
    room.terminal.client._exchange._packs = True

    def refusing(method, target, headers, body, real=room.house.answer) -> Reply:
        name = headers.pop("Content-Encoding", "")
        return real(method, target, headers | {"Content-Encoding": "br"} if name else headers, body)

    monkeypatch.setattr(room.house, "answer", refusing)
    for _ in range(10):
        room.terminal.commit()
    assert room.terminal.client.cycle().acknowledged == 10
    room.terminal.commit()
    assert room.terminal.client.cycle().acknowledged == 1
    assert room.encodings == ["zstd-of-tomorrow", "plain", "plain"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (zstd.compress(b'{"items": []}'), (200, "")),
        (zstd.compress(b'{"items": []}')[:-3], (400, "bad-request")),
        (zstd.compress(b'{"items": []}') + b"more", (400, "bad-request")),
        (zstd.compress(b'{"items": []}') * 2, (400, "bad-request")),
        (b"not packed at all", (400, "bad-request")),
        (b"", (400, "bad-request")),
        (zstd.compress(b'{"items": 7}'), (422, "bad-fields")),
    ],
)
def test_what_is_no_one_whole_frame_is_refused(room, body, answer):
    assert room.post(body) == answer


def test_a_bomb_is_refused_before_it_has_been_unpacked(room):
    bomb = zstd.compress(bytes(500_000_000), 1)
    assert len(bomb) < 500_000
    tracemalloc.start()
    try:
        assert room.post(bomb) == (413, "too-large")
        assert tracemalloc.get_traced_memory()[1] < 4 * wire.MAX_PUSH_BYTES
    finally:
        tracemalloc.stop()


def test_a_frame_that_wants_a_gigabyte_of_memory_is_refused():
    options = {zstd.CompressionParameter.window_log: 30, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=options)
    data = compressor.compress(b"x" * 100) + compressor.flush()
    with pytest.raises(encoding.NotEncoded):
        encoding.unpack(data, 1000)


@pytest.mark.parametrize(
    ("name", "target"), [("gzip", "/v1/items"), ("br, zstd", "/v1/items"), ("zstd", "/v1/blocks"), ("", "/v1/items")]
)
def test_other_encodings_and_other_places_are_refused(room, name, target):
    assert room.post(zstd.compress(b"{}"), name, target) == (415, "bad-encoding")


def test_what_is_packed_comes_out_the_same():
    for size in (0, 1, 1000, wire.MAX_PUSH_BYTES):
        data = random.Random(size).randbytes(size)
        assert encoding.unpack(encoding.pack(data), size) == data
        if size:
            with pytest.raises(encoding.TooLarge):
                encoding.unpack(encoding.pack(data), size - 1)
