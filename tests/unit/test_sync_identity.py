"""The terminal's key is made once, kept from others, and never silently replaced."""

from __future__ import annotations

import pytest

from kiosk.sync import SyncFailure, TerminalKey


def test_the_key_is_made_once_and_readable_by_the_owner_alone(tmp_path):
    first = TerminalKey.load_or_create(tmp_path / "data")
    assert TerminalKey.load_or_create(tmp_path / "data") == first
    assert (tmp_path / "data" / "terminal.key").stat().st_mode & 0o777 == 0o600
    assert len(first.public) == 32
    assert repr(first).startswith("<")


def test_a_key_others_may_read_is_not_used(tmp_path):
    TerminalKey.load_or_create(tmp_path)
    (tmp_path / "terminal.key").chmod(0o644)
    with pytest.raises(SyncFailure) as caught:
        TerminalKey.load_or_create(tmp_path)
    assert caught.value.cause == "key-exposed"


def test_a_damaged_key_is_not_replaced(tmp_path):
    TerminalKey.load_or_create(tmp_path)
    (tmp_path / "terminal.key").write_bytes(b"short")
    with pytest.raises(SyncFailure) as caught:
        TerminalKey.load_or_create(tmp_path)
    assert caught.value.cause == "key-damaged"
    assert (tmp_path / "terminal.key").read_bytes() == b"short"
