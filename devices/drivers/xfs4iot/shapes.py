"""What stands in the payloads of the messages that this client sends and reads, as a table. No I/O.

Every property may be absent (the editions differ in what they demand), none may be of another type. Properties that
are not named here are left alone: services add their own.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")

# "text" | "flag" | "number" | "base64" | "list" | "object" | a tuple of the words allowed
Field = str | tuple[str, ...]
Shape = Mapping[str, Field]

CHIP_PROTOCOLS = (
    "chipT0", "chipT1", "chipProtocolNotRequired", "chipTypeAPart3", "chipTypeAPart4", "chipTypeB", "chipTypeNFC",
)  # fmt: skip
CHIP_POWER = ("cold", "warm", "off")
CAMERAS = ("room", "person", "exitSlot")
TRACKS = ("track1", "track2", "track3")
RESET_CARD = ("exit", "retain", "currentPosition")
RESET_PAPER = ("eject", "retract", "expel")
_STATE: Shape = {
    "common": "object", "cardReader": "object", "printer": "object", "camera": "object", "lights": "object",
    "vendorMode": "object",
}  # fmt: skip
_WADS: Shape = {"wadIndex": "number", "totalWads": "number"}

# (kind, name) -> shape. An acknowledge has the same shape whatever its name: status alone.
SHAPES: Mapping[tuple[str, str], Shape] = {
    ("completion", "ServicePublisher.GetServices"): {"services": "list", "vendorName": "text"},
    ("event", "ServicePublisher.ServiceDetailEvent"): {"services": "list", "vendorName": "text"},
    ("completion", "Common.Status"): _STATE,
    ("completion", "Common.Capabilities"): {**_STATE, "interfaces": "list"},
    ("command", "Common.Cancel"): {"requestIds": "list"},
    ("unsolicited", "Common.StatusChangedEvent"): {"device": "text"},
    ("unsolicited", "Common.ErrorEvent"): {"eventId": "text", "action": "text"},
    ("command", "CardReader.ReadRawData"): {**dict.fromkeys(TRACKS, "flag"), "chip": "flag"},
    ("completion", "CardReader.ReadRawData"): {**dict.fromkeys(TRACKS, "object"), "chip": "list"},
    ("command", "CardReader.ChipPower"): {"chipPower": CHIP_POWER},
    ("completion", "CardReader.ChipPower"): {"chipData": "base64"},
    ("command", "CardReader.ChipIO"): {"chipProtocol": CHIP_PROTOCOLS, "chipData": "base64"},
    ("completion", "CardReader.ChipIO"): {"chipProtocol": "text", "chipData": "base64"},
    ("command", "CardReader.Move"): {"from": "text", "to": "text"},
    ("command", "CardReader.Reset"): {"to": RESET_CARD, "storageId": "text"},
    ("command", "Printer.PrintRaw"): {"inputData": ("no", "yes"), "data": "base64"},
    ("completion", "Printer.PrintRaw"): {"data": "base64"},
    ("command", "Printer.PrintNative"): {"data": "base64", "mediaControl": "object", "paperSource": "text"},
    ("command", "Printer.ControlMedia"): {"mediaControl": "object"},
    ("command", "Printer.Reset"): {"mediaControl": RESET_PAPER, "retractBinNumber": "number"},
    ("event", "Printer.MediaPresentedEvent"): _WADS,
    ("unsolicited", "Printer.MediaPresentedUnsolicitedEvent"): _WADS,
    ("unsolicited", "Printer.PaperThresholdEvent"): {"paperSource": "text", "threshold": "text"},
    ("event", "Printer.PaperThresholdEvent"): {"paperSource": "text", "threshold": "text"},
    ("command", "Camera.TakePicture"): {"camera": CAMERAS, "camData": "text"},
    ("completion", "Camera.TakePicture"): {"pictureFile": "base64"},
    ("command", "VendorMode.Register"): {"appName": "text"},
}


def misfit(name: str, kind: str, payload: Mapping[str, Any]) -> str:
    """What in a payload is of the wrong type; empty where nothing is. Says names of properties, never values."""
    for key, field in SHAPES.get((kind, name), {}).items():
        if key in payload and not _fits(payload[key], field):
            return f"{key} is not what it should be"
    return ""


def unpack(text: object) -> bytes | None:
    """Bytes from strict base64; None where it is none. Absent or empty is b""."""
    if text is None:
        return b""
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def pack(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def dig(value: object, *keys: str) -> object:
    """The item at ``keys`` inside nested objects; None where the way ends."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def word(value: object, *keys: str) -> str:
    """A short word inside nested objects; empty where there is none."""
    found = dig(value, *keys)
    return found if isinstance(found, str) and len(found) <= 40 and found.isascii() and found.isprintable() else ""


def _fits(value: object, field: Field) -> bool:
    if isinstance(field, tuple):
        return value in field if isinstance(value, str) else False
    if field == "number":
        return isinstance(value, int) and not isinstance(value, bool)
    if field == "base64":
        return unpack(value) is not None
    wanted = {"text": str, "flag": bool, "list": list, "object": dict}[field]
    return isinstance(value, wanted)
