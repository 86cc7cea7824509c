"""Volume as arithmetic on samples: what the loudspeaker gets is known to the last bit, with or without a mixer."""

from __future__ import annotations

import array
import sys

from devices.contracts.sound import LOUDEST

_ONE = 1 << 15


def gain(percent: int) -> int:
    """Factor of the samples in 1/32768. Squared, because half as loud to the ear is far less than half the swing;
    100 leaves every sample as it is, 0 is silence."""
    return round(_ONE * (percent / LOUDEST) ** 2)


def scale(data: bytes, factor: int) -> bytes:
    """16-bit samples times ``factor``/32768, rounded half up; a factor of at most one cannot overflow."""
    if factor == _ONE:
        return data
    if factor == 0:
        return bytes(len(data))
    samples = array.array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    half = _ONE // 2
    scaled = array.array("h", [(sample * factor + half) >> 15 for sample in samples])
    if sys.byteorder == "big":
        scaled.byteswap()
    return scaled.tobytes()
