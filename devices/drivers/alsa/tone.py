"""A test tone, made by arithmetic."""

from __future__ import annotations

import array
import math
import sys

from devices.contracts.sound import LOUDEST, Pcm

RATE = 48_000


def beep(percent: int, *, hertz: float = 880.0, seconds: float = 0.4) -> Pcm:
    """A sine on both channels, faded in and out so that it does not click; 0 percent is silence."""
    frames = round(RATE * seconds)
    fade = RATE // 50
    top = 20_000 * percent // LOUDEST
    samples = array.array("h")
    for n in range(frames):
        swing = top * min(1.0, n / fade, (frames - 1 - n) / fade)
        value = round(swing * math.sin(2 * math.pi * hertz * n / RATE))
        samples.extend((value, value))
    if sys.byteorder == "big":
        samples.byteswap()
    return Pcm(RATE, 2, samples.tobytes())
