"""Uploads that are not whole yet, on the backend's disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.backend.partials import LIFE, OF_ONE_TERMINAL, OffsetDiffers, PartialFolder

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path, clock) -> PartialFolder:
    return PartialFolder(tmp_path / "uploads", clock)


def test_parts_are_added_where_the_bytes_end(folder):
    assert folder.offset("T", "a") == 0
    assert folder.append("T", "a", 0, b"one") == 3
    assert folder.append("T", "a", 3, b"two") == 6
    assert (folder.offset("T", "a"), folder.read("T", "a")) == (6, b"onetwo")
    folder.drop("T", "a")
    folder.drop("T", "a")
    assert (folder.offset("T", "a"), folder.read("T", "a")) == (0, b"")


@pytest.mark.parametrize("offset", [0, 1, 2, 4, 100])
def test_a_part_for_another_place_changes_nothing(folder, offset):
    folder.append("T", "a", 0, b"one")
    with pytest.raises(OffsetDiffers):
        folder.append("T", "a", offset, b"two")
    assert folder.read("T", "a") == b"one"


def test_an_upload_does_not_begin_in_the_middle(folder, tmp_path):
    with pytest.raises(OffsetDiffers):
        folder.append("T", "a", 5, b"two")
    assert not list(tmp_path.glob("uploads/*"))


def test_terminals_do_not_meet_in_one_file(folder):
    folder.append("T", "a", 0, b"one")
    assert folder.offset("S", "a") == 0
    assert folder.append("S", "a", 0, b"other") == 5
    assert folder.read("T", "a") == b"one"


def test_what_nobody_adds_to_is_forgotten(folder, clock):
    folder.append("T", "old", 0, b"one")
    clock.now += LIFE / 2
    folder.append("T", "young", 0, b"two")
    clock.now += LIFE / 2 + timedelta(seconds=1)
    assert folder.forget_expired() == 1
    assert (folder.offset("T", "old"), folder.offset("T", "young")) == (0, 3)


def test_one_terminal_fills_no_disk_with_beginnings(folder, clock, tmp_path):
    folder.append("S", "other", 0, b"other")
    for number in range(OF_ONE_TERMINAL + 5):
        clock.now += timedelta(seconds=1)
        folder.append("T", str(number), 0, b"x")
    assert len(list(tmp_path.glob("uploads/T.*"))) == OF_ONE_TERMINAL
    assert folder.offset("T", "4") == 0
    assert folder.offset("T", "5") == folder.offset("T", str(OF_ONE_TERMINAL + 4)) == 1
    assert folder.offset("S", "other") == 5


def test_files_are_their_owners_alone(folder, tmp_path):
    folder.append("T", "a", 0, b"one")
    assert (tmp_path / "uploads").stat().st_mode & 0o077 == 0
    assert (tmp_path / "uploads/T.a").stat().st_mode & 0o077 == 0
