"""Is the chime in a recording? Goertzel's algorithm at its two tones, against what the room has beside them.

Standard library only. G. Goertzel, An algorithm for the evaluation of finite trigonometric series, 1958.
"""

from __future__ import annotations

import array
import math
import sys

from devices.contracts.listening import CHIME
from devices.contracts.sound import LOUDEST, Pcm
from devices.drivers.alsa.tone import RATE, beep

LISTEN_RATE = 16_000  # frames a second, one channel, 16 bit
SECONDS = 2.0  # of recording: 64,000 bytes, which a pipe holds
TONE_SECONDS = 0.35
LEAST = 12.0  # dB over the room: noise and slamming doors reach 4 (test_alsa_listening.py)
_WINDOW = 1600  # 0.1 s
_BESIDE = (0.86, 0.93, 1.07, 1.15)  # of a tone: where the room is measured


def chime() -> Pcm:
    """Two tones, one after the other."""
    return Pcm(RATE, 2, b"".join(beep(LOUDEST, hertz=hertz, seconds=TONE_SECONDS).data for hertz in CHIME))


def over_room(recording: bytes) -> float | None:
    """By how many decibels the fainter tone stands, at its loudest, over the room beside it. None: nothing was recorded
    at all, not even noise."""
    samples = array.array("h")
    samples.frombytes(recording[: len(recording) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    if len(samples) < _WINDOW or not any(samples):
        return None
    windows = [samples[at : at + _WINDOW] for at in range(0, len(samples) - _WINDOW + 1, _WINDOW // 2)]
    return min(_over(windows, hertz) for hertz in CHIME)


def _over(windows: list[array.array[int]], hertz: float) -> float:
    """The loudest window of a tone against the loudest beside it: a door that slams is loud at all of them."""
    tone = max(power(window, hertz) for window in windows)
    room = max(sum(power(window, hertz * share) for share in _BESIDE) / len(_BESIDE) for window in windows)
    return 10 * math.log10((tone + 1.0) / (room + 1.0))


def power(window: array.array[int], hertz: float, rate: int = LISTEN_RATE) -> float:
    """Of one frequency in a window, as the square of an amplitude; a raised cosine keeps its neighbours out."""
    turn = 2 * math.cos(2 * math.pi * hertz / rate)
    one = two = 0.0
    for sample, weight in zip(window, _weights(len(window)), strict=True):
        one, two = sample * weight + turn * one - two, one
    return (one * one + two * two - turn * one * two) * 16 / (len(window) * len(window))


_KNOWN: dict[int, list[float]] = {}


def _weights(count: int) -> list[float]:
    if count not in _KNOWN:
        _KNOWN[count] = [0.5 - 0.5 * math.cos(2 * math.pi * n / count) for n in range(count)]
    return _KNOWN[count]
