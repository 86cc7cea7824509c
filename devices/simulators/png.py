"""A packed raster as a PNG file, with zlib alone: the cabinet of twins stays small."""

from __future__ import annotations

import struct
import zlib

from devices.contracts.printing import Raster

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(raster: Raster, *, dots_per_metre: int = 7992) -> bytes:
    """1-bit greyscale PNG (ISO/IEC 15948); black dots are black. 7992 dots a metre is 203 dpi."""
    across = (raster.width + 7) // 8
    light = bytes(range(255, -1, -1))
    rows = raster.rows.translate(light)  # in PNG 0 is black
    lines = b"".join(b"\0" + rows[start : start + across] for start in range(0, len(rows), across))
    header = struct.pack(">IIBBBBB", raster.width, raster.height, 1, 0, 0, 0, 0)
    physical = struct.pack(">IIB", dots_per_metre, dots_per_metre, 1)
    parts = ((b"IHDR", header), (b"pHYs", physical), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
