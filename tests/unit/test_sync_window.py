"""The hours in which pictures may go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.domain.window import Window

MIDNIGHT = datetime(2026, 6, 1, 16, tzinfo=UTC)  # in Beijing


def hours(text: str) -> list[int]:
    window = Window.parse(text)
    return [hour for hour in range(24) if window.holds(MIDNIGHT + timedelta(hours=hour))]


def test_a_window_may_go_past_midnight():
    assert hours("22:00-06:00") == [0, 1, 2, 3, 4, 5, 22, 23]
    assert hours("01:00-05:00") == [1, 2, 3, 4]
    assert hours("23:30-00:30") == [0]


def test_its_end_is_outside():
    window = Window.parse("22:00-06:00")
    assert window.holds(MIDNIGHT + timedelta(hours=5, minutes=59, seconds=59))
    assert not window.holds(MIDNIGHT + timedelta(hours=6))


@pytest.mark.parametrize("text", ["", "22-06", "22:00", "24:00-06:00", "22:60-06:00", "22:00-22:00", "22:00 - 06:00", "２２:00-06:00"])  # fmt: skip  # noqa: E501
def test_what_is_no_window_is_told_with_the_cure(text):
    with pytest.raises(ValueError, match='write "HH:MM-HH:MM"'):
        Window.parse(text)
