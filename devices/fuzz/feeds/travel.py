"""Travel documents (eMRTD): files of the chip, its security object, secure messaging, the machine readable zone.

Good files come from the simulated issuer, which shares no code with the reader.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from typing import Any

from devices.simulators.emrtd_crypto import Suite3Des, pad, tlv
from devices.simulators.emrtd_issuer import COM, SOD, Document, issue

_ENC, _MAC = bytes.fromhex("979EC13B1CBFE9DCD01AB0FED307EAE5"), bytes.fromhex("F1CB1F1FB5ADF208806B89DC579DC1F8")

_COUNTER = 0x887022120C06C227  # after the command of part 11, appendix D.4, and before its answer


@cache
def _paper(role: str = "passport", algorithm: str = "ecdsa") -> Document:
    return issue(role, algorithm=algorithm)


def common_files() -> list[bytes]:
    return [_paper().files[COM]]


def zones() -> list[bytes]:
    return ["".join(_paper(role).mrz).encode("ascii") for role in ("passport", "card", "long_number")]


def zone_files() -> list[bytes]:
    return [_paper(role).files[0x0101] for role in ("passport", "card")]


def face_files() -> list[bytes]:
    """DG2 with the picture cut down: its bytes are not read here, and a short file is tried more often."""
    whole = _paper().files[0x0102]
    start = whole.index(b"FAC\0")
    record = whole[start:]
    short = record[:8] + (200).to_bytes(4, "big") + record[12:14] + (186).to_bytes(4, "big") + record[18:200]
    header = whole[whole.index(b"\xa1") : whole.index(b"\x5f\x2e")]
    return [tlv(0x75, tlv(0x7F61, tlv(0x02, b"\x01"), tlv(0x7F60, header, tlv(0x5F2E, short))))]


def native_names() -> list[bytes]:
    return [tlv(0x6B, tlv(0x5C, b"\x5f\x0e"), tlv(0x5F0E, "样例<<文清".encode()))]


def security_objects() -> list[bytes]:
    return [_paper("passport", algorithm).files[SOD] for algorithm in ("ecdsa", "rsa", "rsa-pss")]


def authenticity(data: bytes) -> Any:
    """The whole judgement over a hostile EF.SOD: it never raises."""
    from devices.drivers.emrtd.security_object import authenticity as judge

    groups = {number: _paper().files[0x0100 | number] for number in (1, 2)}
    return judge(data, groups, _store(), datetime(2026, 11, 22, tzinfo=UTC))


@cache
def _store() -> Any:
    from devices.drivers.emrtd.csca import CscaStore

    x509: Any = import_module("asn1crypto.x509")  # ships no types
    return CscaStore([x509.Certificate.load(_paper().csca)])


def revealed(data: bytes) -> Any:
    """An answer of a chip in a session, as it comes."""
    from devices.contracts.smart_card import Response

    return _session().reveal(Response(data[:-2], int.from_bytes(data[-2:], "big")))


def revealed_sealed(data: bytes) -> Any:
    """An answer whose seal is right: what a hostile chip that knows the keys can say."""
    from devices.contracts.smart_card import Response

    seal = Suite3Des(_ENC, _MAC).mac(pad((_COUNTER + 1).to_bytes(8, "big") + data, 8))
    return _session().reveal(Response(data + tlv(0x8E, seal), 0x9000))


def protected_answers() -> list[bytes]:
    """Part 11, appendix D.4: the answer to SELECT, and one with data under the same counter."""
    return [
        bytes.fromhex("990290008E08FA855A5D4C50A8ED9000"),
        bytes.fromhex("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"),
    ]


def sealed_bodies() -> list[bytes]:
    hidden = Suite3Des(_ENC, _MAC).encrypt(pad(b"\x60\x14\x5f\x01", 8), b"")
    return [tlv(0x99, b"\x90\0"), tlv(0x87, b"\x01", hidden) + tlv(0x99, b"\x90\0")]


def _session() -> Any:
    from devices.drivers.emrtd.secure_messaging import Session, TripleDesSuite

    return Session(TripleDesSuite(_ENC, _MAC), _COUNTER)


def point(data: bytes) -> Any:
    """A chip's public key in PACE."""
    from devices.drivers.emrtd.curves import by_pace

    curve: Any = by_pace(13)
    return curve.decode(data)
