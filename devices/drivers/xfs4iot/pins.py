"""Takes PINs out of messages before they are written down."""

from __future__ import annotations

import json

from devices.drivers.xfs4iot.shapes import dig, pack, unpack, word
from devices.transports.apdu import HEADER, has_secret


def hide_pins(text: str) -> str:
    """The message with the command's header alone, where it is a ChipIO command that carries a PIN; else as it is.
    Not even the PIN's length is left."""
    message = json.loads(text)
    if word(message, "header", "name") != "CardReader.ChipIO":
        return text
    apdu = unpack(dig(message, "payload", "chipData")) or b""
    if not has_secret(apdu):
        return text
    message["payload"]["chipData"] = pack(apdu[:HEADER])
    return json.dumps(message, ensure_ascii=False)
