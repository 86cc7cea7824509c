"""A scanned page as PNG (ISO/IEC 15948), with its resolution: for storing and sending. Standard library only."""

from __future__ import annotations

import struct
import zlib

from devices.contracts.document_scanner import Mode, Page
from devices.drivers.sane.protocol import pnm_head

INCH = 0.0254
KINDS = {Mode.LINEART: (1, 0), Mode.GREY: (8, 0), Mode.COLOUR: (8, 2)}  # bits a sample, colour type


def png(page: Page) -> bytes:
    """The same dots. PBM counts 1 as black, PNG as white."""
    head = pnm_head(page.data)
    if head is None or len(page.data) != head.length + head.size:
        raise ValueError("no whole page")
    dots = page.data[head.length :]
    if page.mode is Mode.LINEART:
        dots = bytes(byte ^ 0xFF for byte in dots)
    row = head.size // head.height
    lines = b"".join(b"\0" + dots[start : start + row] for start in range(0, head.size, row))
    per_metre = round(page.dpi / INCH)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", page.width, page.height, *KINDS[page.mode], 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(lines, 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
