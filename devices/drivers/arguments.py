"""Types of bench tool arguments: what argparse calls, and says in words when it is not so."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError


def seconds(text: str) -> float:
    """A time to wait: more than nothing, and an end."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value
