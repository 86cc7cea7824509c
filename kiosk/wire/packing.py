"""A case's words as the bytes that are sealed: JSON, made small first, because what is sealed shrinks no more.

Zstandard (RFC 8878), level 1: 4.4 KB of JSON become 1.9 KB on the line and on both disks. What is no frame is taken as
it is: JSON begins with ``{``. The library is the one that Python 3.14 has as ``compression.zstd``; the first case
loads it.
"""

from __future__ import annotations

import msgspec

from kiosk.wire.payload import CasePayload

MOST = 1 << 20
"""Bytes of a case's words before they are packed. Longer ones go as they are, and no frame may hold more."""
_WINDOW_LOG = 20  # memory that a frame may ask for, log2 of bytes
_FRAME = b"\x28\xb5\x2f\xfd"
_read = msgspec.json.Decoder(CasePayload).decode


def write_case(case: CasePayload) -> bytes:
    """The plain text of a case's item."""
    from backports import zstd

    plain = msgspec.json.encode(case)
    return zstd.compress(plain, 1) if len(plain) <= MOST else plain


def read_case(data: bytes) -> CasePayload:
    """What `write_case` was given. Raises msgspec.MsgspecError, also for a frame torn, too large or not alone."""
    return _read(_unpacked(data) if data.startswith(_FRAME) else data)


def _unpacked(data: bytes) -> bytes:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

    tool = ZstdDecompressor(options={DecompressionParameter.window_log_max: _WINDOW_LOG})
    try:
        plain = tool.decompress(data, max_length=MOST + 1)
    except ZstdError as error:
        raise msgspec.DecodeError("no Zstandard frame") from error
    if len(plain) > MOST or not tool.eof or tool.unused_data:
        raise msgspec.DecodeError("a Zstandard frame that is torn, too large or not alone")
    return plain
