"""BER-TLV objects of cards, at every level."""

from __future__ import annotations

from typing import Any


def tree(data: bytes) -> list[Any]:
    """All objects, and a search to the depth that the codec allows."""
    from devices.drivers.tlv import objects, seek

    return [list(objects(data, padded=True)), seek(data, 0x5FFF)]
