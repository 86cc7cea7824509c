"""The SDT / SAM-V protocol: commands, answers, payloads. No I/O.

Frames stand in ``frames``, the 256 bytes of card text in ``layouts``, check digits in ``numbers``; this module is
what a driver or a twin needs of them, with the command table and the table of SW3 as named errors.
Source: public descriptions of the SAM-V serial interface, checked against literal frames.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from devices.contracts.device import Action, DeviceError
from devices.contracts.identity import CardPhoto, IdentityDocument
from devices.drivers.sdt.frames import encode_frame
from devices.drivers.sdt.layouts import TEXT_BYTES, CardContent, decode_text, encode_text, trimmed

__all__ = ["BAUD_CODES", "COMMANDS", "PHOTO_BYTES", "SW3", "CardContent", "Command", "Payload", "decode_payload"]
__all__ += ["decode_text", "encode_answer", "encode_payload", "encode_text", "refusal", "sam_id", "sam_id_bytes"]

PHOTO_BYTES = 1024
FINGERPRINT_SIZES = (0, 512, 1024)
SAM_ID = struct.Struct("<HHIII")
BAUD_CODES = {115_200: 0x00, 57_600: 0x01, 38_400: 0x02, 19_200: 0x03, 9_600: 0x04}


@dataclass(frozen=True, slots=True)
class Command:
    """One request: CMD, Para and data, and whether its answer carries data beyond SW3."""

    name: str
    body: bytes

    @property
    def frame(self) -> bytes:
        return encode_frame(self.body)


class SW3(IntEnum):
    """Third status byte of an answer. SW1 and SW2 are 00 00."""

    OK = 0x90
    CARD_FOUND = 0x9F
    BAD_CHECKSUM = 0x10
    BAD_LENGTH = 0x11
    BAD_COMMAND = 0x21
    UNRECOGNISED = 0x24
    CARD_REJECTS_SAM = 0x31
    SAM_REJECTS_CARD = 0x32
    CHECK_ERROR = 0x33
    WRONG_CARD = 0x40
    READ_FAILED = 0x41
    RANDOM_FAILED = 0x47
    SELF_TEST_FAILED = 0x60
    NOT_AUTHORISED = 0x66
    FIND_FAILED = 0x80
    SELECT_FAILED = 0x81
    NO_SUCH_ITEM = 0x91


RESET = Command("reset", b"\x10\xff")
SAM_STATUS = Command("sam-status", b"\x11\xff")
READ_SAM_ID = Command("sam-id", b"\x12\xff")
FIND = Command("find", b"\x20\x01")
SELECT = Command("select", b"\x20\x02")
READ = Command("read", b"\x30\x01")
READ_FINGERPRINT = Command("read-fingerprint", b"\x30\x10")
READ_NEWEST_ADDRESS = Command("newest-address", b"\x30\x03")
MAX_RF_BYTES = Command("max-rf-bytes", b"\x61\xff\x50")
COMMANDS = (
    RESET,
    SAM_STATUS,
    READ_SAM_ID,
    FIND,
    SELECT,
    READ,
    READ_FINGERPRINT,
    READ_NEWEST_ADDRESS,
    MAX_RF_BYTES,
    *(Command(f"baud-{baud}", bytes([0x60, code])) for baud, code in BAUD_CODES.items()),
)


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: str
    message: str
    advice: str
    retryable: bool
    action: Action


_AGAIN = "Lay the card flat on the reader and leave it there until it has been read."
_TECHNICIAN = "Call the technician: the security module of the reader has to be looked at."
_REFUSALS = {
    SW3.BAD_CHECKSUM: _Refusal("line-checksum", "the reader got a damaged command", _AGAIN, True, Action.RESET),
    SW3.BAD_LENGTH: _Refusal("line-length", "the reader got a command of wrong length", _AGAIN, True, Action.RESET),
    SW3.BAD_COMMAND: _Refusal("command-refused", "the reader refuses the command", _TECHNICIAN, False, Action.RESET),
    SW3.UNRECOGNISED: _Refusal("command-unknown", "the reader knows no such command", _TECHNICIAN, False, Action.RESET),
    SW3.CARD_REJECTS_SAM: _Refusal(
        "card-rejects-sam", "the card does not accept the reader's security module", _AGAIN, True, Action.NONE
    ),
    SW3.SAM_REJECTS_CARD: _Refusal(
        "sam-rejects-card",
        "the security module does not accept the card",
        "Lay the card down again; if it stays so, the card has to be checked by a member of staff.",
        True,
        Action.NONE,
    ),
    SW3.CHECK_ERROR: _Refusal("card-check", "the card's data failed the module's check", _AGAIN, True, Action.NONE),
    SW3.WRONG_CARD: _Refusal(
        "wrong-card", "this is not a card of a kind that the reader reads", "Use the ID card.", False, Action.NONE
    ),
    SW3.READ_FAILED: _Refusal("card-read", "the card was moved or cannot be read", _AGAIN, True, Action.NONE),
    SW3.RANDOM_FAILED: _Refusal("sam-random", "the module has no random number", _TECHNICIAN, True, Action.RESET),
    SW3.SELF_TEST_FAILED: _Refusal(
        "sam-self-test", "the security module failed its self-test", _TECHNICIAN, False, Action.CALL_TECHNICIAN
    ),
    SW3.NOT_AUTHORISED: _Refusal(
        "sam-not-authorised",
        "the security module is not authorised",
        "Have the module authorised by its supplier; until then no card can be read.",
        False,
        Action.CALL_TECHNICIAN,
    ),
    SW3.FIND_FAILED: _Refusal("no-card", "there is no card on the reader", _AGAIN, True, Action.NONE),
    SW3.SELECT_FAILED: _Refusal("card-select", "the card left before it was selected", _AGAIN, True, Action.NONE),
    SW3.NO_SUCH_ITEM: _Refusal("no-such-item", "the card holds no such item", "Nothing to do.", False, Action.NONE),
}


def refusal(status: int, command: str) -> DeviceError:
    """The named error of an SW3 that is not success."""
    known = _REFUSALS.get(SW3(status)) if status in SW3._value2member_map_ else None
    if known is None:
        message = f"the reader answered {command} with {status:02X}"
        return DeviceError("unexpected-answer", message, advice=_AGAIN, retryable=True)
    message = f"{known.message} ({command}: {status:02X})"
    return DeviceError(known.code, message, advice=known.advice, retryable=known.retryable, action=known.action)


def encode_answer(status: int, data: bytes = b"") -> bytes:
    """A reader's whole frame; for twins and tests."""
    return encode_frame(bytes([0, 0, status]) + data)


def sam_id(data: bytes) -> str:
    """The module's number as it is printed on the reader: %02d.%02d-%08d-%010d-%010d."""
    if len(data) < SAM_ID.size:
        raise ShortAnswer(SAM_ID.size, len(data))
    return "{:02d}.{:02d}-{:08d}-{:010d}-{:010d}".format(*SAM_ID.unpack_from(data))


def sam_id_bytes(printed: str) -> bytes:
    """The 16 bytes of a printed module number."""
    head, second, third, fourth = printed.split("-")
    first, version = head.split(".")
    return SAM_ID.pack(int(first), int(version), int(second), int(third), int(fourth))


class Truncated(DeviceError):
    """The answer stopped before the end that it announced."""

    def __init__(self, wanted: int, received: int) -> None:
        super().__init__(
            "truncated",
            f"the answer ended after {received} of {wanted} bytes",
            advice="Lay the card down again; if it stays so, check the cable of the reader.",
            retryable=True,
        )


class ShortAnswer(DeviceError):
    """A sound frame that holds less than an answer of its kind must."""

    def __init__(self, wanted: int, received: int) -> None:
        super().__init__(
            "short-answer",
            f"the answer holds {received} bytes where {wanted} are needed",
            advice="Lay the card down again; if it stays so, reset the reader.",
            retryable=True,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Payload:
    """What 30 01 (text, photo) and 30 10 (and fingerprint) deliver."""

    text: bytes
    photo: bytes
    fingerprint: bytes = b""

    def document(self) -> IdentityDocument:
        """Decoded; CardContent where it cannot be."""
        return decode_text(self.text, _photo(self.photo))


def decode_payload(data: bytes, parts: int = 2) -> Payload:
    """Split the data after SW3: ``parts`` lengths (u16, big endian), then as many blocks.

    Raises ShortAnswer, and CardContent for a fingerprint of impossible size.
    """
    header = 2 * parts
    if len(data) < header:
        raise ShortAnswer(header, len(data))
    lengths = struct.unpack_from(f">{parts}H", data)
    if len(data) < header + sum(lengths):
        raise ShortAnswer(header + sum(lengths), len(data))
    blocks: list[bytes] = []
    offset = header
    for length in lengths:
        blocks.append(data[offset : offset + length])
        offset += length
    if len(blocks[0]) != TEXT_BYTES:
        raise ShortAnswer(TEXT_BYTES, len(blocks[0]))
    payload = Payload(*blocks)
    if len(payload.fingerprint) not in FINGERPRINT_SIZES:
        raise CardContent("fingerprint", f"has {len(payload.fingerprint)} bytes")
    return payload


def encode_payload(payload: Payload, parts: int = 2) -> bytes:
    """The data after SW3; for twins and tests."""
    blocks = (payload.text, payload.photo, payload.fingerprint)[:parts]
    return struct.pack(f">{parts}H", *map(len, blocks)) + b"".join(blocks)


def decode_address(data: bytes) -> str:
    """The newest address (30 03): up to 70 bytes of UTF-16LE; some readers put a u16 length before it."""
    if len(data) >= 2 and int.from_bytes(data[:2], "big") == len(data) - 2:
        data = data[2:]
    try:
        text = data.decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise CardContent("newest address", "is not text") from error
    return trimmed("newest address", text)


def _photo(data: bytes) -> CardPhoto | None:
    if not data:
        return None
    if data[:2] == b"BM":
        return CardPhoto("bmp", data)
    return CardPhoto("jpeg" if data[:3] == b"\xff\xd8\xff" else "wlt", data)
