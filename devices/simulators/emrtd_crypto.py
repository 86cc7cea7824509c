"""What the simulated travel document computes with: key derivation, 3DES and AES with their MACs, curves, TLV.

Written from ICAO Doc 9303 part 11 (9.7 key derivation, 9.8.6 and 9.8.7 algorithms) and ISO/IEC 7816-4 (BER-TLV), and
from nothing else: the reader has code of its own, so that each checks the other. For twins only, never constant-time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

ENC, MAC, PACE = 1, 2, 3  # counters of the key derivation (9.7.1)


class BadTlv(ValueError):
    """Bytes that are no BER-TLV."""


def tlv(tag: int, *parts: bytes) -> bytes:
    """One BER-TLV object: tag of any length, definite length, value."""
    value = b"".join(parts)
    head = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    if len(value) < 0x80:
        return head + bytes([len(value)]) + value
    size = (len(value).bit_length() + 7) // 8
    return head + bytes([0x80 | size]) + len(value).to_bytes(size, "big") + value


def objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, value) one after the other. Raises BadTlv."""
    at = 0
    while at < len(data):
        start = at
        at += 1
        if data[start] & 0x1F == 0x1F:
            while at < len(data) and data[at] & 0x80:
                at += 1
            at += 1
        tag = int.from_bytes(data[start:at], "big")
        if at >= len(data):
            raise BadTlv("no length")
        size, at = data[at], at + 1
        if size >= 0x80:
            more = size & 0x7F
            if not 1 <= more <= 4 or at + more > len(data):
                raise BadTlv("no definite length")
            size, at = int.from_bytes(data[at : at + more], "big"), at + more
        if at + size > len(data):
            raise BadTlv("value cut off")
        yield tag, data[at : at + size]
        at += size


def pad(data: bytes, block: int) -> bytes:
    """ISO/IEC 9797-1 padding method 2."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """The inverse; ValueError where there is no padding."""
    bare = data.rstrip(b"\0")
    if bare[-1:] != b"\x80":
        raise ValueError("no padding")
    return bare[:-1]


def with_parity(key: bytes) -> bytes:
    """A DES key with odd parity in the lowest bit of each byte."""
    return bytes((byte & 0xFE) | (byte >> 1).bit_count() % 2 ^ 1 for byte in key)


def derive(secret: bytes, counter: int, suite: str = "3DES") -> bytes:
    """The key derivation function of 9.7.1: SHA-1 for 3DES and AES-128, SHA-256 for the longer keys."""
    material = secret + counter.to_bytes(4, "big")
    if suite == "3DES":
        return with_parity(hashlib.sha1(material, usedforsecurity=False).digest()[:16])
    if suite == "AES-128":
        return hashlib.sha1(material, usedforsecurity=False).digest()[:16]
    return hashlib.sha256(material).digest()[: {"AES-192": 24, "AES-256": 32}[suite]]


class Suite3Des:
    """3DES in CBC with a zero IV, and the retail MAC (ISO/IEC 9797-1 algorithm 3): 9.8.6."""

    block = 8

    def __init__(self, key_enc: bytes, key_mac: bytes) -> None:
        self._enc, self._mac = key_enc, key_mac

    def encrypt(self, data: bytes, counter: bytes) -> bytes:
        return _cbc(TripleDES(self._enc + self._enc[:8]), bytes(8), data)

    def decrypt(self, data: bytes, counter: bytes) -> bytes:
        return _cbc(TripleDES(self._enc + self._enc[:8]), bytes(8), data, decrypt=True)

    def mac(self, padded: bytes) -> bytes:
        """8 bytes over data that are padded already."""
        first, second = self._mac[:8], self._mac[8:]
        last = _cbc(TripleDES(first * 3), bytes(8), padded)[-8:]  # three equal keys are single DES
        last = _cbc(TripleDES(second * 3), bytes(8), last, decrypt=True)
        return _cbc(TripleDES(first * 3), bytes(8), last)


class SuiteAes:
    """AES in CBC whose IV is the encrypted counter, and CMAC cut to 8 bytes: 9.8.7."""

    block = 16

    def __init__(self, key_enc: bytes, key_mac: bytes) -> None:
        self._enc, self._mac = key_enc, key_mac

    def encrypt(self, data: bytes, counter: bytes) -> bytes:
        return _cbc(AES(self._enc), self._iv(counter), data)

    def decrypt(self, data: bytes, counter: bytes) -> bytes:
        return _cbc(AES(self._enc), self._iv(counter), data, decrypt=True)

    def mac(self, padded: bytes) -> bytes:
        cmac = CMAC(AES(self._mac))
        cmac.update(padded)
        return cmac.finalize()[:8]

    def _iv(self, counter: bytes) -> bytes:
        return _cbc(AES(self._enc), bytes(16), counter)


Suite = Suite3Des | SuiteAes


def _cbc(algorithm: TripleDES | AES, start: bytes, data: bytes, *, decrypt: bool = False) -> bytes:
    cipher = Cipher(algorithm, modes.CBC(start))
    worker = cipher.decryptor() if decrypt else cipher.encryptor()
    return worker.update(data) + worker.finalize()


def nonce_cipher(key: bytes, data: bytes, *, decrypt: bool = False) -> bytes:
    """E(K_pi, s) of PACE: AES in CBC with a zero IV, no padding (4.4.3.4)."""
    return _cbc(AES(key), bytes(16), data, decrypt=decrypt)


Point = tuple[int, int] | None  # None is the point at infinity


@dataclass(frozen=True, slots=True)
class Curve:
    """A prime curve y^2 = x^3 + ax + b with its generator; affine arithmetic, for the mapping of PACE."""

    p: int
    a: int
    b: int
    g: tuple[int, int]
    n: int

    @property
    def size(self) -> int:
        return (self.p.bit_length() + 7) // 8

    def holds(self, point: Point) -> bool:
        if point is None:
            return False
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x - self.a * x - self.b) % self.p == 0

    def add(self, one: Point, other: Point) -> Point:
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2:
            if (y1 + y2) % self.p == 0:
                return None
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x3 = (slope * slope - x1 - x2) % self.p
        return x3, (slope * (x1 - x3) - y1) % self.p

    def multiply(self, factor: int, point: Point) -> Point:
        result: Point = None
        for bit in bin(factor % self.n)[2:]:
            result = self.add(result, result)
            if bit == "1":
                result = self.add(result, point)
        return result

    def encode(self, point: Point) -> bytes:
        """Uncompressed: 04, x, y."""
        if point is None:
            raise ValueError("the point at infinity has no coordinates")
        return b"\x04" + b"".join(value.to_bytes(self.size, "big") for value in point)

    def decode(self, data: bytes) -> tuple[int, int]:
        """A point of this curve; ValueError otherwise."""
        if len(data) != 1 + 2 * self.size or data[0] != 4:
            raise ValueError("no uncompressed point")
        point = int.from_bytes(data[1 : 1 + self.size], "big"), int.from_bytes(data[1 + self.size :], "big")
        if not self.holds(point):
            raise ValueError("not a point of the curve")
        return point


def _curve(p: str, a: str, b: str, x: str, y: str, n: str) -> Curve:
    return Curve(int(p, 16), int(a, 16), int(b, 16), (int(x, 16), int(y, 16)), int(n, 16))


# Standardised domain parameters by their number (9.5.1, table of parameter identifiers): FIPS 186-4 and RFC 5639.
CURVES = {
    12: _curve(  # NIST P-256
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
        "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
        "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
        "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
        "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
    ),
    13: _curve(  # BrainpoolP256r1
        "A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377",
        "7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9",
        "26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6",
        "8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262",
        "547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997",
        "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
    ),
    15: _curve(  # NIST P-384
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFC",
        "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF",
        "AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7",
        "3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
    ),
    16: _curve(  # BrainpoolP384r1
        "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53",
        "7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826",
        "04A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC9943AB78696FA504C11",
        "1D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646AAEF87B2E247D4AF1E",
        "8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129280E4646217791811142820341263C5315",
        "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565",
    ),
}
