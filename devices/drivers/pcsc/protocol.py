"""The answer to reset (ATR) of a smart card, and the applications by which its kind is told. No I/O.

    TS T0 [TA1 TB1 TC1 TD1 [TA2 …]] historical bytes [TCK]

Sources: ISO/IEC 7816-3 (2006) clause 8.2; the application identifiers of ISO/IEC 7816-5 registrations, each named.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.device import DeviceError

DIRECT, INVERSE = 0x3B, 0x3F
MAX_ATR = 33


class BadAtr(DeviceError):
    """What the card said when it was powered is no answer to reset."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "bad-atr",
            f"the card's answer to reset {what}",
            advice="Put the card in again, the chip first; if it stays so, the card or the reader's contacts are bad.",
            retryable=True,
        )


@dataclass(frozen=True, slots=True)
class Atr:
    """A parsed answer to reset.

    ``first`` is Y1, which says whether TA1, TB1, TC1, TD1 (bits 1 to 4) are there; ``protocols`` are the T=n offered,
    in order; ``interface`` the bytes TA1, TB1, … as they stand.
    """

    convention: int
    first: int
    protocols: tuple[int, ...]
    interface: bytes
    historical: bytes

    @property
    def contactless(self) -> bool:
        """Built by the reader for a contactless card (PC/SC part 3, 3.1.3.2.3): 3B 8n 80 01 …"""
        return self.convention == DIRECT and self.protocols[:2] == (0, 1) and self.interface == b"\x80\x01"


def parse_atr(data: bytes) -> Atr:
    """Raises BadAtr: too short or long, broken off, wrong check byte."""
    if len(data) < 2 or len(data) > MAX_ATR:
        raise BadAtr(f"has {len(data)} bytes")
    if data[0] not in (DIRECT, INVERSE):
        raise BadAtr(f"begins with {data[0]:02X}")
    protocols: list[int] = []
    at, marks, interface = 2, data[1] >> 4, bytearray()
    while True:
        count = marks.bit_count()
        interface += data[at : at + count]
        at += count
        if at > len(data):
            raise BadAtr("breaks off")
        if not marks & 0x8:
            break
        protocols.append(data[at - 1] & 0x0F)
        marks = data[at - 1] >> 4
    end = at + (data[1] & 0x0F)
    checked = any(protocols)  # TCK is there as soon as anything but T=0 is offered
    if len(data) != end + checked:
        raise BadAtr(f"has {len(data)} bytes where {end + checked} are announced")
    if checked and _xor(data[1:]):
        raise BadAtr("fails its check byte")
    return Atr(data[0], data[1] >> 4, tuple(protocols) or (0,), bytes(interface), data[at:end])


def build_atr(atr: Atr) -> bytes:
    """The bytes of an ATR; for twins and tests."""
    body = bytes([atr.first << 4 | len(atr.historical)]) + atr.interface + atr.historical
    return bytes([atr.convention]) + body + (bytes([_xor(body)]) if any(atr.protocols) else b"")


def _xor(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
    return value


@dataclass(frozen=True, slots=True)
class Application:
    """A kind of card, told by an application that can be selected on it."""

    kind: str
    title: str
    aid: bytes


APPLICATIONS = (
    Application("social_security", "社保卡", bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")),  # SSSE: sx1.sh.社会保障
    Application("piv", "PIV card (NIST SP 800-73-4)", bytes.fromhex("A000000308")),
    Application("emrtd", "travel document (ICAO 9303)", bytes.fromhex("A0000002471001")),
    Application("openpgp", "OpenPGP card", bytes.fromhex("D27600012401")),
)
