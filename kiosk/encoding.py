"""Zstandard for batches on the wire (RFC 8878): both ends.

What is sealed cannot be made smaller, but its base64 can: a batch shrinks to 0.74 of its size, at any level. Level 1
costs 3 % of what a slow line takes for the difference. The library is the one that Python 3.14 has as
``compression.zstd``; it is loaded when the first batch is packed.
"""

from __future__ import annotations

NAME = "zstd"  # in Content-Encoding and Accept-Encoding (RFC 9659)
WORTH_IT = 1024  # bytes: a smaller body goes as it is
_LEVEL = 1
_WINDOW_LOG = 23  # 8 MB of memory at most, as RFC 9659 asks


class NotEncoded(ValueError):
    """The bytes are no Zstandard frame, or not only one, or it asks for more memory than it may."""


class TooLarge(ValueError):
    """What is inside is larger than allowed. No more than that was unpacked."""


def pack(data: bytes) -> bytes:
    from backports import zstd

    return zstd.compress(data, _LEVEL)


def unpack(data: bytes, most: int) -> bytes:
    """The bytes in one whole frame, at most ``most``. Raises NotEncoded, TooLarge."""
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

    decompressor = ZstdDecompressor(options={DecompressionParameter.window_log_max: _WINDOW_LOG})
    try:
        found = decompressor.decompress(data, max_length=most + 1)
    except ZstdError as error:
        raise NotEncoded from error
    if len(found) > most:
        raise TooLarge
    if not decompressor.eof or decompressor.unused_data:
        raise NotEncoded
    return found
