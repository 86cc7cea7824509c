"""Batches travel as MessagePack, sealed bytes as they are; whatever else comes under that name harms nobody."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from kiosk import wire
from tests.faults.sync_room import SyncRoom


class Room(SyncRoom):
    def post(self, body: bytes, target: str = "/v1/items", **headers: str) -> tuple[int, str]:
        """A request that is signed as it should be, with this body; status and code."""
        terminal, nonce = self.terminal.client.enrolment, secrets.token_hex(16)
        assert terminal is not None
        key = self.terminal.client._exchange._key.private
        stamp = int(self.time.true.timestamp())
        signed = wire.signed_headers(key, "POST", target, terminal.terminal_id, stamp, nonce, body)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.house.answer("POST", target, signed | {"Content-Type": wire.PACKED} | more, body)
        return reply.status, msgspec.json.decode(reply.body).get("code", "")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Room(tmp_path) as made:
        yield made


def test_a_batch_costs_the_line_little_more_than_what_is_sealed(room):
    for _ in range(50):
        room.terminal.commit()
    before = room.line.traffic.sent["POST"]
    assert room.terminal.client.cycle().acknowledged == 50
    rows = room.house.rows("SELECT sealed FROM items")
    sealed = sum(len(row[0]) for row in rows)
    assert len(rows) == 50
    assert sealed < room.line.traffic.sent["POST"] - before < sealed + 600 * 50


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (msgspec.msgpack.encode(wire.PackedPush([])), (200, "")),
        (msgspec.msgpack.encode(wire.PackedPush([]))[:-1], (422, "bad-fields")),
        (msgspec.msgpack.encode({"items": 7}), (422, "bad-fields")),
        (msgspec.msgpack.encode({"items": [{"id": "a", "kind": "case", "hash": "b", "sealed": "text"}]}),
         (422, "bad-fields")),
        (msgspec.json.encode(wire.PushRequest([])), (422, "bad-fields")),
        (b"\xdd\xff\xff\xff\xff" * 50_000, (422, "bad-fields")),  # lists of four thousand million, in each other
        (b"\x91" * 500_000, (422, "bad-fields")),
        (b"", (422, "bad-fields")),
    ],
)  # fmt: skip
def test_what_is_no_packed_batch_is_refused(room, body, answer):
    assert room.post(body) == answer


@pytest.mark.parametrize("said", ["application/json", "text/plain", ""])
def test_what_a_proxy_says_it_is_changes_nothing(room, said):
    """The type is signed by nobody: a refusal that hangs on it would be signed, and set good cases aside."""
    room.terminal.commit()
    (item,) = room.terminal.journal.due(room.time.true, 1, 1 << 20)
    packed = wire.PackedItem(item.id, item.kind, item.hash, item.sealed, meta=dict(item.meta))
    assert room.post(msgspec.msgpack.encode(wire.PackedPush([packed])), Content_Type=said)[0] == 200
    assert room.house.rows("SELECT id FROM items") == [(item.id,)]


def test_one_that_is_not_in_order_does_not_stop_the_rest(room):
    for _ in range(3):
        room.terminal.commit()
    good = [
        wire.PackedItem(item.id, item.kind, item.hash, item.sealed, meta=dict(item.meta))
        for item in room.terminal.journal.due(room.time.true, 3, 1 << 20)
    ]
    spoilt = replace(good[1], sealed=good[1].sealed[:-1])
    assert room.post(msgspec.msgpack.encode(wire.PackedPush([good[0], spoilt, good[2]])))[0] == 200
    assert {row[0] for row in room.house.rows("SELECT id FROM items")} == {good[0].id, good[2].id}


@pytest.mark.parametrize("name", ["gzip", "br, zstd", "zstd", ""])
@pytest.mark.parametrize("target", ["/v1/items", "/v1/blocks"])
def test_encoded_bodies_are_refused(room, name, target):
    assert room.post(b"{}", target, Content_Encoding=name) == (415, "bad-encoding")
