"""The chip's side of PACE with generic mapping over elliptic curves and AES (ICAO Doc 9303 part 11, 4.4).

Ephemeral keys and nonces are drawn by the caller's random source, so that the worked example of appendix G.1 can be
played byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.simulators.emrtd_crypto import (
    CURVES,
    ENC,
    MAC,
    PACE,
    BadTlv,
    Curve,
    Point,
    SuiteAes,
    derive,
    nonce_cipher,
    objects,
    tlv,
)
from devices.simulators.emrtd_session import Command, Session

GENERIC_MAPPING = bytes.fromhex("04007F000702020402")  # id-PACE-ECDH-GM; one more byte names the suite
SUITES = {GENERIC_MAPPING + bytes([2 + n]): f"AES-{128 + 64 * n}" for n in range(3)}
MRZ, CAN = 1, 2  # password references (4.4.4.1)

Draw = Callable[[int], bytes]


class Refused(Exception):
    """A step failed; PACE begins anew. ``sw`` is the answer."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


def pace_info(suite: str, parameters: int) -> bytes:
    """PACEInfo (9.2.1): protocol, version 2, number of the domain parameters."""
    oid = next(oid for oid, name in SUITES.items() if name == suite)
    return tlv(0x30, tlv(0x06, oid), tlv(0x02, b"\x02"), tlv(0x02, bytes([parameters])))


def mrz_password(mrz_key: bytes) -> bytes:
    """K of the MRZ: SHA-1 over document number, birth and expiry, each with its check digit (9.7.2)."""
    return hashlib.sha1(mrz_key, usedforsecurity=False).digest()


def token(key: bytes, oid: bytes, curve: Curve, point: Point) -> bytes:
    """The authentication token over the other side's public key (4.4.3.5)."""
    return SuiteAes(b"", key).mac(tlv(0x7F49, tlv(0x06, oid), tlv(0x86, curve.encode(point))))


@dataclass(slots=True)
class _State:
    """What has been agreed so far."""

    oid: bytes
    curve: Curve
    password: bytes
    step: int = 0
    nonce: bytes = b""
    base: Point = None
    ours: Point = None
    theirs: Point = None
    secret: bytes = b""


class Pace:
    """One chip's PACE. ``passwords`` maps references (MRZ, CAN) to what the keys are derived from."""

    def __init__(self, suite: str, parameters: int, passwords: Mapping[int, bytes], draw: Draw) -> None:
        self.suite, self.parameters = suite, parameters
        self._passwords, self._draw = dict(passwords), draw
        self._state: _State | None = None

    def forget(self) -> None:
        self._state = None

    def set_at(self, data: bytes) -> int:
        """MSE:Set AT: 80 protocol, 83 password, 84 parameters. The status word."""
        self._state = None
        try:
            parts = dict(objects(data))
        except BadTlv:
            return 0x6A80
        oid, reference = parts.get(0x80, b""), parts.get(0x83, b"")
        if SUITES.get(oid) != self.suite or len(reference) != 1:
            return 0x6A80
        if parts.get(0x84, bytes([self.parameters])) != bytes([self.parameters]):
            return 0x6A80
        if reference[0] not in self._passwords:
            return 0x6A88  # referenced data not found
        self._state = _State(oid, CURVES[self.parameters], self._passwords[reference[0]])
        return 0x9000

    def authenticate(self, command: Command) -> tuple[bytes, Session | None]:
        """One GENERAL AUTHENTICATE: the answer's data, and the session after the fourth. Raises Refused."""
        state, self._state = self._state, None
        if state is None:
            raise Refused(0x6985)
        try:
            ((tag, inner),) = objects(command.data)
            parts = list(objects(inner))
        except ValueError:
            raise Refused(0x6A80) from None
        wanted = (None, 0x81, 0x83, 0x85)[state.step]
        given = [t for t, _ in parts]
        if tag != 0x7C or given != ([] if wanted is None else [wanted]) or (command.cla == 0x10) != (state.step < 3):
            raise Refused(0x6A80)
        value = parts[0][1] if parts else b""
        answer, session = (self._nonce, self._map, self._agree, self._prove)[state.step](state, value)
        state.step += 1
        self._state = None if session else state
        return tlv(0x7C, answer), session

    def _nonce(self, state: _State, _: bytes) -> tuple[bytes, Session | None]:
        state.nonce = self._draw(16)
        key = derive(state.password, PACE, self.suite)
        return tlv(0x80, nonce_cipher(key, state.nonce)), None

    def _map(self, state: _State, value: bytes) -> tuple[bytes, Session | None]:
        curve, theirs = state.curve, self._point(state, value)
        private = self._private(curve)
        shared = curve.multiply(private, theirs)
        state.base = curve.add(curve.multiply(int.from_bytes(state.nonce, "big"), curve.g), shared)
        return tlv(0x82, curve.encode(curve.multiply(private, curve.g))), None

    def _agree(self, state: _State, value: bytes) -> tuple[bytes, Session | None]:
        curve, state.theirs = state.curve, self._point(state, value)
        private = self._private(curve)
        state.ours = curve.multiply(private, state.base)
        shared = curve.multiply(private, state.theirs)
        if shared is None or state.ours == state.theirs:
            raise Refused(0x6300)
        state.secret = shared[0].to_bytes(curve.size, "big")
        return tlv(0x84, curve.encode(state.ours)), None

    def _prove(self, state: _State, value: bytes) -> tuple[bytes, Session | None]:
        key_enc, key_mac = derive(state.secret, ENC, self.suite), derive(state.secret, MAC, self.suite)
        if not hmac.compare_digest(token(key_mac, state.oid, state.curve, state.ours), value):
            raise Refused(0x6300)
        ours = token(key_mac, state.oid, state.curve, state.theirs)
        return tlv(0x86, ours), Session(SuiteAes(key_enc, key_mac), bytes(16))

    @staticmethod
    def _point(state: _State, value: bytes) -> Point:
        try:
            return state.curve.decode(value)
        except ValueError:
            raise Refused(0x6A80) from None

    def _private(self, curve: Curve) -> int:
        return int.from_bytes(self._draw(curve.size), "big") % (curve.n - 1) + 1
