"""What is typed at a bench tool is a time, or said to be none."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from devices.drivers.arguments import seconds


def test_a_time_is_taken() -> None:
    assert (seconds("8"), seconds("0.5")) == (8.0, 0.5)


@pytest.mark.parametrize("text", ["nan", "inf", "0", "-1", "eight", ""])
def test_what_has_no_end_or_no_length_is_no_time(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="no number of seconds above 0"):
        seconds(text)
