"""A state that does not exist (Utopia, UTO) issues electronic travel documents to people who do not exist.

A signing authority (CSCA), a document signer, EF.SOD, EF.COM, DG1 and DG2, written from ICAO Doc 9303 parts 10 (data
groups) and 12 (certificates); certificates are made by ``cryptography``. The same seed gives the same bytes, except
for RSA keys and signatures. Forgeries on request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from devices.simulators.deck import DEFAULT_TODAY, years_after, years_before
from devices.simulators.emrtd_crypto import tlv
from devices.simulators.emrtd_face import drawn_face, face_record, picture_of
from devices.simulators.emrtd_traveller import Traveller, make_travellers, mrz_key, mrz_lines

COM, SOD = 0x011E, 0x011D
ALGORITHMS = ("ecdsa", "rsa", "rsa-pss")
FORGERIES = ("dg1", "dg2", "unknown-csca", "expired-signer", "signature")
LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
DOCUMENT_TYPES = x509.ObjectIdentifier("2.23.136.1.1.6.2")  # of a document signer (part 12, 7.1.1)
_GROUP_TAGS = {1: 0x61, 2: 0x75, 11: 0x6B}

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A personalised document: files of the application by id, and what is printed on it."""

    traveller: Traveller
    files: Mapping[int, bytes]
    mrz: tuple[str, ...]
    mrz_key: bytes
    can: str
    csca: bytes  # the authority's certificate, DER, as a trust store would hold it

    def __repr__(self) -> str:
        return f"Document({self.traveller.role})"


class Authority:
    """A signing authority and its document signer. ``expired``: the signer's time is over on ``today``."""

    def __init__(
        self, seed: int = 724, *, algorithm: str = "ecdsa", today: date = DEFAULT_TODAY, expired: bool = False
    ) -> None:
        if algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}")
        self._algorithm = algorithm
        self._random = Random(f"{seed}:authority")
        root, self._key = self._new_key(), self._new_key()
        begin = years_before(today, 12 if expired else 3)
        self.certificate = self._root(root, begin, years_after(begin, 15))
        end = years_before(today, 0, 20) if expired else years_after(begin, 10)
        self.signer = self._signer(root, begin + timedelta(days=30), end)

    @property
    def csca(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def security_object(self, groups: Mapping[int, bytes], signed_on: date) -> bytes:
        """EF.SOD (part 10, 4.6.2): CMS SignedData over the digests of the data groups."""
        digests = (tlv(0x30, _integer(n), tlv(0x04, hashlib.sha256(groups[n]).digest())) for n in sorted(groups))
        content = tlv(0x30, _integer(0), _SHA256, tlv(0x30, *digests))
        attributes = [
            tlv(0x30, _oid("1.2.840.113549.1.9.3"), tlv(0x31, _oid(LDS_SECURITY_OBJECT))),
            tlv(0x30, _oid("1.2.840.113549.1.9.4"), tlv(0x31, tlv(0x04, hashlib.sha256(content).digest()))),
            tlv(0x30, _oid("1.2.840.113549.1.9.5"), tlv(0x31, tlv(0x17, f"{signed_on:%y%m%d}000000Z".encode()))),
        ]
        attributes.sort()  # DER orders the elements of a SET by their encoding
        certificate = self.signer.public_bytes(serialization.Encoding.DER)
        issuer = self.signer.issuer.public_bytes()
        signer_info = tlv(
            0x30,
            _integer(1),
            tlv(0x30, issuer, _integer(self.signer.serial_number)),
            _SHA256,
            tlv(0xA0, *attributes),
            self._signature_algorithm(),
            tlv(0x04, self._sign(tlv(0x31, *attributes))),
        )
        signed = tlv(
            0x30,
            _integer(3),  # the content is not id-data (RFC 5652, 5.1)
            tlv(0x31, _SHA256),
            tlv(0x30, _oid(LDS_SECURITY_OBJECT), tlv(0xA0, tlv(0x04, content))),
            tlv(0xA0, certificate),
            tlv(0x31, signer_info),
        )
        return tlv(0x77, tlv(0x30, _oid("1.2.840.113549.1.7.2"), tlv(0xA0, signed)))

    def _new_key(self) -> PrivateKey:
        if self._algorithm == "ecdsa":
            return ec.derive_private_key(self._random.randrange(1, 2**255), ec.SECP256R1())
        return rsa.generate_private_key(65_537, 2048)

    def _root(self, key: PrivateKey, begin: date, end: date) -> x509.Certificate:
        name = _name("Utopia Country Signing Authority (specimen)")
        builder = self._builder(name, name, key, begin, end)
        builder = builder.add_extension(x509.BasicConstraints(True, 0), True)
        builder = builder.add_extension(_usage(certificates=True), True)
        return self._certified(builder, key)

    def _signer(self, root: PrivateKey, begin: date, end: date) -> x509.Certificate:
        subject = _name("Utopia Document Signer (specimen)")
        builder = self._builder(self.certificate.subject, subject, self._key, begin, end)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
        builder = builder.add_extension(authority, False).add_extension(_usage(certificates=False), True)
        types = tlv(0x30, _integer(0), tlv(0x31, *(tlv(0x13, code) for code in (b"C", b"I", b"P"))))
        return self._certified(builder.add_extension(x509.UnrecognizedExtension(DOCUMENT_TYPES, types), False), root)

    def _builder(
        self, issuer: x509.Name, subject: x509.Name, key: PrivateKey, begin: date, end: date
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .issuer_name(issuer)
            .subject_name(subject)
            .public_key(key.public_key())
            .serial_number(self._random.randrange(1, 2**120))
            .not_valid_before(datetime.combine(begin, time(), UTC))
            .not_valid_after(datetime.combine(end, time(), UTC))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )

    def _certified(self, builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
        if isinstance(key, rsa.RSAPrivateKey):
            return builder.sign(key, hashes.SHA256())
        return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        if self._algorithm == "rsa":
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())

    def _signature_algorithm(self) -> bytes:
        if self._algorithm == "ecdsa":
            return tlv(0x30, _oid("1.2.840.10045.4.3.2"))
        if self._algorithm == "rsa":
            return tlv(0x30, _oid("1.2.840.113549.1.1.11"), _NULL)
        generator = tlv(0x30, _oid("1.2.840.113549.1.1.8"), _SHA256)
        parameters = tlv(0x30, tlv(0xA0, _SHA256), tlv(0xA1, generator), tlv(0xA2, _integer(32)))
        return tlv(0x30, _oid("1.2.840.113549.1.1.10"), parameters)


def issue(
    person: Traveller | str = "passport",
    *,
    seed: int = 724,
    today: date = DEFAULT_TODAY,
    algorithm: str = "ecdsa",
    image: str = "jpeg",
    picture: str = "",
    can: str = "",
    forged: Sequence[str] = (),
) -> Document:
    """A document for a traveller or a role of ``make_travellers``. Options:

    ``algorithm`` ``ecdsa`` ``rsa`` ``rsa-pss`` · ``image`` ``jpeg`` or ``jpeg2000`` · ``picture`` empty (a drawn face),
    ``portrait`` or ``stranger:N`` (see portrait.py) · ``can`` six digits, or drawn by seed · ``forged`` any of
    ``dg1`` ``dg2`` (content changed after signing), ``unknown-csca`` (signed by another authority of the same name),
    ``expired-signer``, ``signature`` (a bit of it changed).
    """
    if not set(forged) <= set(FORGERIES):
        raise ValueError(f"forged must be of {', '.join(FORGERIES)}")
    who = make_travellers(seed, today)[person] if isinstance(person, str) else person
    honest = Authority(seed, algorithm=algorithm, today=today, expired="expired-signer" in forged)
    signer = Authority(seed + 1, algorithm=algorithm, today=today) if "unknown-csca" in forged else honest
    groups = {1: _group_1(who), 2: _group_2(who, image, picture, seed)}
    if who.native:
        groups[11] = tlv(0x6B, tlv(0x5C, b"\x5f\x0e"), tlv(0x5F0E, who.native.encode()))
    issued = years_before(today, 2) if "expired-signer" not in forged else years_before(today, 11)
    sod = signer.security_object(groups, issued)
    if "dg1" in forged:
        groups[1] = _group_1(replace(who, given="SOMEBODY ELSE"))
    if "dg2" in forged:
        groups[2] = _group_2(who, image, picture, seed + 1)
    if "signature" in forged:
        sod = sod[:-1] + bytes([sod[-1] ^ 0x01])
    return Document(
        traveller=who,
        files={COM: _common(groups), SOD: sod, **{0x0100 | number: data for number, data in groups.items()}},
        mrz=mrz_lines(who),
        mrz_key=mrz_key(who),
        can=can or f"{Random(f'{seed}:{who.role}:can').randrange(10**6):06d}",
        csca=honest.csca,
    )


def _common(groups: Mapping[int, bytes]) -> bytes:
    """EF.COM (part 10, 4.6.1): LDS 1.7, Unicode 4.0.0, tags of the data groups."""
    tags = bytes(_GROUP_TAGS[number] for number in sorted(groups))
    return tlv(0x60, tlv(0x5F01, b"0107"), tlv(0x5F36, b"040000"), tlv(0x5C, tags))


def _group_1(person: Traveller) -> bytes:
    return tlv(0x61, tlv(0x5F1F, "".join(mrz_lines(person)).encode("ascii")))


def _group_2(person: Traveller, image: str, picture: str, seed: int) -> bytes:
    """One biometric template: face, CBEFF format owner 0101 (ISO/IEC JTC 1/SC 37), type 0008 (part 10, 4.7.2)."""
    face = picture_of(picture) if picture else drawn_face(f"{seed}:{person.role}")
    record = face_record(face, image, sex=person.sex)
    header = tlv(0xA1, tlv(0x81, b"\x02"), tlv(0x82, b"\x00"), tlv(0x87, b"\x01\x01"), tlv(0x88, b"\x00\x08"))
    return tlv(0x75, tlv(0x7F61, tlv(0x02, b"\x01"), tlv(0x7F60, header, tlv(0x5F2E, record))))


def _name(common: str) -> x509.Name:
    parts = ((NameOID.COUNTRY_NAME, "UT"), (NameOID.ORGANIZATION_NAME, "Utopia"), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    signs = not certificates
    return x509.KeyUsage(signs, False, False, False, False, certificates, certificates, False, False)


def _integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray()
    for number in (first * 40 + second, *rest):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(0x80 | number & 0x7F)
        out += bytes(reversed(septets))
    return tlv(0x06, bytes(out))


_NULL = tlv(0x05)
_SHA256 = tlv(0x30, _oid("2.16.840.1.101.3.4.2.1"), _NULL)
