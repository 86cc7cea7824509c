"""Takes PINs out of messages before they are written down."""

from __future__ import annotations

import json

from devices.drivers.xfs4iot.shapes import dig, pack, unpack, word
from devices.transports.apdu import HEADER, has_secret


def hide_pins(text: str) -> str:
    """The message with asterisks for the PIN, where it is a ChipIO command that carries one; else as it is."""
    message = json.loads(text)
    if word(message, "header", "name") != "CardReader.ChipIO":
        return text
    apdu = unpack(dig(message, "payload", "chipData")) or b""
    if not has_secret(apdu):
        return text
    message["payload"]["chipData"] = pack(apdu[: HEADER + 1] + b"*" * len(apdu[HEADER + 1 :]))
    return json.dumps(message, ensure_ascii=False)
