"""Command and answer APDUs (ISO/IEC 7816-4): the one place where 61xx, 6Cxx and command chaining are handled.

command   CLA INS P1 P2 [Lc data] [Le]        answer   [data] SW1 SW2
"""

from __future__ import annotations

from collections.abc import Iterator

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.smart_card import Response
from devices.transports.slot import REINSERT, CardChannel

HEADER = 4  # CLA INS P1 P2
GET_RESPONSE = 0xC0
SELECT = 0xA4
CHAINED = 0x10  # CLA bit 5: more of this command follows
SHORT_LIMIT = 255
PARTS_LIMIT = 300  # parts of one answer: 64 KB in whole ones, and some to spare
SECRETS = frozenset({0x20, 0x21, 0x24, 0x2C})  # VERIFY (even, odd), CHANGE REFERENCE DATA, RESET RETRY COUNTER


class ShortAnswer(DeviceError):
    """An answer without a whole status word, or one that never ends."""

    def __init__(self, what: str) -> None:
        super().__init__("short-answer", f"the card's answer {what}", advice=REINSERT, retryable=True)


def command(ins: int, p1: int, p2: int, data: bytes = b"", le: int | None = None, cla: int = 0x00) -> bytes:
    """A short command APDU. ``le`` is the number of bytes wanted: None for none, 0 or 256 for all there are."""
    if len(data) > SHORT_LIMIT:
        raise ValueError(f"{len(data)} bytes need command chaining")
    body = bytes([len(data)]) + data if data else b""
    return bytes([cla, ins, p1, p2]) + body + (b"" if le is None else bytes([le & 0xFF]))


def chain(ins: int, p1: int, p2: int, data: bytes, le: int | None = None) -> Iterator[bytes]:
    """The same for data of any length (ISO/IEC 7816-4, 5.1.1): all but the last have CLA bit 5 set and no Le."""
    parts = [data[at : at + SHORT_LIMIT] for at in range(0, len(data), SHORT_LIMIT)] or [b""]
    for part in parts[:-1]:
        yield command(ins, p1, p2, part, cla=CHAINED)
    yield command(ins, p1, p2, parts[-1], le)


def follow(channel: CardChannel, apdu: bytes, deadline: Deadline) -> Response:
    """Send ``apdu`` and collect the whole answer.

    61xx: the rest is fetched by GET RESPONSE. 6Cxx: the command is sent once more with the length that the card
    named, and only where it had an Le at all: a command that carries a PIN has none and is never sent twice.
    """
    if len(apdu) < HEADER:
        raise ValueError("a command has at least four bytes")
    if channel.character_wise and _has_data_both_ways(apdu):
        apdu = apdu[:-1]  # T=0: the card says 61xx and is asked
    data, sw = _split(channel.exchange(apdu, deadline))
    if sw >> 8 == 0x6C and has_le(apdu):
        data, sw = _split(channel.exchange(apdu[:-1] + bytes([sw & 0xFF]), deadline))
    whole = bytearray(data)
    for _ in range(PARTS_LIMIT):
        if sw >> 8 != 0x61:
            return Response(bytes(whole), sw)
        ask = bytes([apdu[0] & ~CHAINED, GET_RESPONSE, 0, 0, sw & 0xFF])
        data, sw = _split(channel.exchange(ask, deadline))
        if sw >> 8 == 0x6C:
            data, sw = _split(channel.exchange(ask[:-1] + bytes([sw & 0xFF]), deadline))
        whole += data
    raise ShortAnswer("does not come to an end")


def has_le(apdu: bytes) -> bool:
    """Whether a short command asks for data (cases 2 and 4)."""
    return len(apdu) == HEADER + 1 or _has_data_both_ways(apdu)


def is_select(apdu: bytes) -> bool:
    """Whether a command selects an application or a file, under secure messaging too."""
    return len(apdu) >= HEADER and apdu[1] == SELECT


def has_secret(apdu: bytes) -> bool:
    """Whether a command carries a PIN: never to be written down."""
    return len(apdu) > HEADER + 1 and apdu[1] in SECRETS


def _has_data_both_ways(apdu: bytes) -> bool:
    """Case 4, short form: Lc, that many bytes, Le."""
    return len(apdu) > HEADER + 1 and apdu[HEADER] != 0 and len(apdu) == HEADER + 1 + apdu[HEADER] + 1


def _split(answer: bytes) -> tuple[bytes, int]:
    if len(answer) < 2:
        raise ShortAnswer("has no status word")
    return answer[:-2], int.from_bytes(answer[-2:], "big")
