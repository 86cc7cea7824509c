"""A staff card's twin: the PIV application as far as a terminal uses it, with a generated number and certificate.

For demonstrations, and for what the third-party card in the tests (jcecard) cannot do: RSA keys, answers in parts, a
copied card. Source: NIST SP 800-73-4.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID

from devices.drivers import tlv
from devices.drivers.staff_card import protocol
from devices.simulators.applets import commands
from devices.simulators.applets.commands import Command, Parts, parse
from devices.simulators.deck import DEFAULT_TODAY, years_after

ATR = bytes.fromhex("3B8D80015457494E204F462050495620204E")
DEFAULT_PIN = "246810"
TRIES = 3
VALID_YEARS = 5
CURVES = {0x11: (ec.SECP256R1(), hashes.SHA256()), 0x14: (ec.SECP384R1(), hashes.SHA384())}
RSA_SIZES = {0x07: 2048}
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class PivApplet:
    """``keys`` are references ("9E", "9A") that the card has. A ``copied`` card has the certificates and other keys."""

    def __init__(
        self,
        number: int = 1,
        *,
        algorithm: int = 0x11,
        keys: tuple[str, ...] = ("9E", "9A"),
        pin: str = DEFAULT_PIN,
        copied: bool = False,
        today: date = DEFAULT_TODAY,
    ) -> None:
        self.atr = ATR
        self._pin = pin.encode().ljust(protocol.PIN_BYTES, protocol.PIN_FILL)
        self.tries_left = TRIES
        self.verifications = 0  # commands with a PIN that came in
        self._algorithm = algorithm
        self._keys: dict[int, PrivateKey] = {}
        self._objects = {protocol.CHUID: _chuid(number, today)}
        for key in (protocol.CARD_KEY, protocol.HOLDER_KEY):
            if key.name in keys:
                secret = _key(f"{number}:{key.name}", algorithm)
                self._keys[key.reference] = _key("copy", algorithm) if copied else secret
                self._objects[key.certificate] = _certified(secret, number, today)
        self._parts = Parts()
        self.reset()

    def reset(self) -> None:
        self._selected = self._verified = False
        self._chained = b""
        self._parts.forget()

    def held(self, name: bytes) -> bytes:
        """What it holds under that name; empty: nothing."""
        return self._objects.get(name, b"")

    def answer(self, apdu: bytes) -> bytes:
        try:
            command = parse(apdu)
        except ValueError:
            return commands.WRONG_LENGTH
        if command.ins == 0xC0:
            return self._parts.more(command.le)
        if command.ins == 0xA4:
            return self._select(command)
        if not self._selected:
            return commands.NO_CONDITION
        if command.cla & 0x10:
            self._chained += command.data
            return commands.OK
        handlers = {0xCB: self._get_data, 0x20: self._verify, 0x87: self._authenticate}
        handler = handlers.get(command.ins)
        return handler(command) if handler else commands.UNKNOWN_INS

    def _select(self, command: Command) -> bytes:
        whole = protocol.AID + b"\x01\x00"
        if len(command.data) < len(protocol.RID) or not whole.startswith(command.data):
            return commands.NOT_FOUND
        self._selected, self._verified = True, False
        about = tlv.encode(0x4F, whole[5:]) + tlv.encode(0x79, tlv.encode(0x4F, protocol.RID))
        return self._parts.answer(tlv.encode(0x61, about), command.le)

    def _get_data(self, command: Command) -> bytes:
        found = self._objects.get(command.data[2:]) if command.data[:2] == b"\x5c\x03" else None
        if found is None:
            return commands.NOT_FOUND
        return self._parts.answer(tlv.encode(protocol.OBJECT, found), command.le)

    def _verify(self, command: Command) -> bytes:
        if command.p2 != 0x80:
            return commands.NO_REFERENCE
        if not command.data:
            return commands.OK if self._verified else self._tries()
        self.verifications += 1
        if not self.tries_left:
            return self._tries()
        self._verified = command.data == self._pin
        self.tries_left = TRIES if self._verified else self.tries_left - 1
        return commands.OK if self._verified else self._tries()

    def _tries(self) -> bytes:
        return bytes([0x63, 0xC0 | self.tries_left]) if self.tries_left else b"\x69\x83"

    def _authenticate(self, command: Command) -> bytes:
        data, self._chained = self._chained + command.data, b""
        key = self._keys.get(command.p2)
        if key is None:
            return commands.NO_REFERENCE
        if command.p1 != self._algorithm:
            return commands.WRONG_P1_P2
        if command.p2 == protocol.HOLDER_KEY.reference and not self._verified:
            return commands.NOT_ALLOWED
        block = tlv.seek(data, protocol.CHALLENGE, depth=1)
        if not block:
            return commands.WRONG_DATA
        signed = tlv.encode(protocol.TEMPLATE, tlv.encode(protocol.RESPONSE, _sign(key, block, self._algorithm)))
        return self._parts.answer(signed, command.le)


def _sign(key: PrivateKey, block: bytes, algorithm: int) -> bytes:
    """What a card does: ECDSA over the digest it is given, or the bare RSA operation on the block it is given."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(block, ec.ECDSA(utils.Prehashed(CURVES[algorithm][1])))
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(int.from_bytes(block, "big"), numbers.d, modulus).to_bytes(key.key_size // 8, "big")


@cache
def _key(name: str, algorithm: int) -> PrivateKey:
    """The same key for the same name in every process where it is an elliptic one; RSA keys are new each time."""
    if algorithm in RSA_SIZES:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_SIZES[algorithm])
    secret = int.from_bytes(hashlib.sha256(f"twin:{name}".encode()).digest(), "big") >> 1  # below both groups' order
    return ec.derive_private_key(secret, CURVES[algorithm][0])


def _certified(key: PrivateKey, number: int, today: date) -> bytes:
    """A self-signed certificate as a card holds it: 70 certificate, 71 not packed, FE. The same in every process where
    the key is an elliptic one, so that a list of staff cards can name it.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Sample staff card {number:04d}")])
    start = datetime(today.year - 1, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    builder = builder.serial_number(number).not_valid_before(start).not_valid_after(start.replace(year=today.year + 4))
    hashing: Any = hashes.SHA256()
    same = True if isinstance(key, ec.EllipticCurvePrivateKey) else None
    der = builder.sign(key, hashing, ecdsa_deterministic=same).public_bytes(serialization.Encoding.DER)
    return tlv.encode(0x70, der) + tlv.encode(0x71, b"\0") + tlv.encode(0xFE, b"")


def _chuid(number: int, today: date) -> bytes:
    uuid = hashlib.sha256(f"twin:card:{number}".encode()).digest()[:16]
    expires = f"{years_after(today, VALID_YEARS):%Y%m%d}".encode()
    fields = ((0x30, bytes(25)), (0x34, uuid), (0x35, expires), (0x3E, b""), (0xFE, b""))
    return b"".join(tlv.encode(tag, value) for tag, value in fields)


def certificates(card: PivApplet) -> tuple[str, ...]:
    """The SHA-256 of its certificates, as a list of staff cards names them."""
    keys = (protocol.CARD_KEY, protocol.HOLDER_KEY)
    held = (tlv.encode(protocol.OBJECT, card.held(key.certificate)) for key in keys if card.held(key.certificate))
    return tuple(hashlib.sha256(protocol.certificate(data)).hexdigest() for data in held)


def staff(number: int = 1, **options: Any) -> PivApplet:
    """A card of the member of staff with that number, P-256."""
    return PivApplet(number, **options)


def copied(number: int = 1) -> PivApplet:
    """A card with somebody else's number and certificate, but not the keys."""
    return PivApplet(number, copied=True)
