"""A case as the bytes that are sealed: smaller, the same words, and no way to make the reader unfold too much."""

from __future__ import annotations

import msgspec
import pytest
from backports import zstd

from kiosk import wire
from kiosk.backend.bench_world import payload
from kiosk.wire import packing

CASE = payload(1, 1)
PLAIN = msgspec.json.encode(CASE)


def test_it_is_less_than_half_and_says_the_same() -> None:
    small = wire.write_case(CASE)
    assert len(small) < len(PLAIN) / 2
    assert wire.read_case(small) == CASE


def test_what_was_never_packed_is_read_too() -> None:
    assert wire.read_case(PLAIN) == CASE


def test_words_too_long_to_be_unpacked_are_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST", len(PLAIN) - 1)
    assert wire.write_case(CASE) == PLAIN
    monkeypatch.setattr(packing, "MOST", len(PLAIN))
    assert wire.read_case(wire.write_case(CASE)) == CASE


BOMB = zstd.compress(b"{" + b" " * (1 << 26), 1)


@pytest.mark.parametrize(
    "data",
    [BOMB, zstd.compress(PLAIN, 1)[:-4], zstd.compress(PLAIN, 1) + b"x", zstd.compress(PLAIN, 1) * 2,
     b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd" + bytes(40), zstd.compress(b"[]"), b"", b"\xff\xfe"],
    ids=["bomb", "torn", "followed", "twice", "magic", "garbage", "another shape", "nothing", "no words"],
)  # fmt: skip
def test_hostile_frames_are_refused(data: bytes) -> None:
    assert len(data) < 10_000
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        wire.read_case(data)
