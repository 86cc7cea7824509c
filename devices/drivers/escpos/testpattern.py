"""A picture for self-tests: frame, checker fields from fine to coarse, lines of one dot. Same on every machine."""

from __future__ import annotations

from devices.contracts.printing import Raster


def pattern(width: int, height: int = 160) -> Raster:
    """1 bit a dot, ``width`` a multiple of 8."""
    across = width // 8
    rows = bytearray(across * height)
    for y in range(height):
        row = memoryview(rows)[y * across : (y + 1) * across]
        if y in (0, 1, height - 2, height - 1):
            row[:] = b"\xff" * across
            continue
        size = 1 << min(3, y // 40)
        even = {1: 0xAA, 2: 0xCC, 4: 0xF0, 8: 0xFF}[size]
        for x in range(1, across - 1):
            on = (y // size) % 2 == 0
            row[x] = (even if on else even ^ 0xFF) if size < 8 else 0xFF * ((x + y // 8) % 2)
        row[0], row[across - 1] = 0xC0, 0x03
    return Raster(width, height, bytes(rows))
