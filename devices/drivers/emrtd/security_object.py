"""Passive authentication (ICAO Doc 9303-11 section 5.1): are the data what a trusted country signed?

EF.SOD is a CMS SignedData (RFC 5652) over the hashes of the data groups (part 10 section 4.6.2). It names its signer's
certificate, which a CSCA of ``csca`` must have issued. Everything in it comes from the chip and is doubted: first the
hashes, then the signature, then the chain. What is known to be wrong is told before what is only not known.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from asn1crypto import algos, cms, core, keys, x509

from devices.contracts.travel_document import Authentic, Authenticity, Forged, Untrusted, Unverifiable
from devices.drivers import tlv
from devices.drivers.emrtd import signatures
from devices.drivers.emrtd.csca import Anchor, CscaStore
from devices.drivers.emrtd.protocol import SOD
from devices.drivers.emrtd.signatures import BadSignature, UnknownAlgorithm

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


class _DataGroupHash(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    _fields: ClassVar = [("number", core.Integer), ("hash", core.OctetString)]


class _DataGroupHashes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _DataGroupHash


class _VersionInfo(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("lds", core.PrintableString), ("unicode", core.PrintableString)]


class _LdsSecurityObject(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("version", core.Integer),
        ("hash_algorithm", algos.DigestAlgorithm),
        ("hashes", _DataGroupHashes),
        ("version_info", _VersionInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True, repr=False)
class SecurityObject:
    """EF.SOD taken apart, nothing believed yet. ``signed`` are the bytes that ``signature`` is over."""

    hash_name: str
    hashes: Mapping[int, bytes]
    content_intact: bool  # the signed attributes name this content, or the signature is over the content itself
    signed: bytes
    signature: bytes
    algorithm: algos.SignedDigestAlgorithm
    digest_name: str
    signer: x509.Certificate | None
    signer_key: keys.PublicKeyInfo | None


def parse(sod: bytes) -> SecurityObject:
    """ValueError where this is no security object; UnknownAlgorithm where a hash in it is not known."""
    try:
        return _parse(tlv.only(sod, SOD.tag))
    except _MALFORMED as error:
        raise ValueError("not a security object") from error


def _parse(der: bytes) -> SecurityObject:
    content = cms.ContentInfo.load(der)
    if content["content_type"].native != "signed_data":
        raise ValueError("not signed data")
    signed_data = content["content"]
    inner = signed_data["encap_content_info"]
    if inner["content_type"].dotted != LDS_SECURITY_OBJECT or len(signed_data["signer_infos"]) != 1:
        raise ValueError("not one signature over a security object")
    octets = bytes(inner["content"])
    listed = _LdsSecurityObject.load(octets, strict=True)
    (info,) = signed_data["signer_infos"]
    signer = _signer(signed_data["certificates"], info["sid"])
    digest_name = str(info["digest_algorithm"]["algorithm"].native)
    intact, signed = _signed(info, octets, digest_name)
    return SecurityObject(
        str(listed["hash_algorithm"]["algorithm"].native),
        {int(entry["number"].native): bytes(entry["hash"].native) for entry in listed["hashes"]},
        intact,
        signed,
        bytes(info["signature"].native),
        info["signature_algorithm"],
        digest_name,
        signer,
        signer.public_key if signer is not None else None,
    )


def _signed(info: cms.SignerInfo, content: bytes, digest_name: str) -> tuple[bool, bytes]:
    """RFC 5652 section 5.4: the signature is over the signed attributes as a SET, which name type and digest."""
    attributes = info["signed_attrs"]
    if not isinstance(attributes, cms.CMSAttributes):
        return True, content
    named: dict[str, list[core.Asn1Value]] = {}
    for attribute in attributes:
        named.setdefault(attribute["type"].dotted, []).extend(attribute["values"])
    (kind,) = named["1.2.840.113549.1.9.3"]
    (summed,) = named["1.2.840.113549.1.9.4"]
    intact = kind.dotted == LDS_SECURITY_OBJECT and hmac.compare_digest(
        signatures.digest(digest_name, content), bytes(summed.native)
    )
    return intact, tlv.encode(0x31, bytes(attributes.contents))


def _signer(certificates: cms.CertificateSet, identifier: cms.SignerIdentifier) -> x509.Certificate | None:
    for choice in certificates if isinstance(certificates, cms.CertificateSet) else ():
        if choice.name != "certificate":
            continue
        certificate = choice.chosen
        if identifier.name == "issuer_and_serial_number":
            named = identifier.chosen
            if certificate.issuer == named["issuer"] and certificate.serial_number == named["serial_number"].native:
                return certificate
        elif certificate.key_identifier == identifier.chosen.native:
            return certificate
    return None


def groups_of(sod: bytes) -> frozenset[int]:
    """The data groups that were signed; none where that cannot be read."""
    try:
        return frozenset(parse(sod).hashes)
    except (ValueError, UnknownAlgorithm):
        return frozenset()


def authenticity(sod: bytes, groups: Mapping[int, bytes], store: CscaStore, now: datetime) -> Authenticity:
    """What can be said of these data groups (whole files, by number). ``now`` is aware; never raises for the chip's
    sake."""
    try:
        found = parse(sod)
    except UnknownAlgorithm:
        return Unverifiable("algorithm")
    except ValueError:
        return Unverifiable("security-object")
    try:
        if changed := _changed(found, groups):
            return Forged(changed)
        if found.signer is None or found.signer_key is None:
            return Untrusted("signer-missing")
        if not found.content_intact:
            return Forged(("signature",))
        signatures.verify(found.signer_key, found.algorithm, found.signature, found.signed, found.digest_name)
        return _chain(found.signer, store, now.astimezone(UTC))
    except BadSignature:
        return Forged(("signature",))
    except UnknownAlgorithm:
        return Unverifiable("algorithm")
    except _MALFORMED:  # the library decodes when asked: what is wrong may show as late as here
        return Unverifiable("security-object")


def _changed(found: SecurityObject, groups: Mapping[int, bytes]) -> tuple[str, ...]:
    """Data groups that are not what was signed, and those that were not signed at all."""
    return tuple(
        f"dg{number}"
        for number, data in sorted(groups.items())
        if not hmac.compare_digest(found.hashes.get(number, b""), signatures.digest(found.hash_name, data))
    )


def _chain(signer: x509.Certificate, store: CscaStore, now: datetime) -> Authenticity:
    """The signer's certificate must have been issued by an anchor, be valid now, and not revoked."""
    try:
        issuer, contradicted = _issuer(signer, store)
    except UnknownAlgorithm:
        return Unverifiable("algorithm")
    if issuer is None:
        return Forged(("signer",)) if contradicted else Untrusted("no-csca")
    if not _signs_documents(signer):
        return Untrusted("signer-not-for-documents")
    if not _valid(signer, now):
        return Untrusted("signer-not-valid-now")
    if not _valid(issuer.certificate, now):
        return Untrusted("csca-not-valid-now")
    if store.revoked(signer, issuer):
        return Untrusted("signer-revoked")
    return Authentic(issuer.country)


def _issuer(signer: x509.Certificate, store: CscaStore) -> tuple[Anchor | None, bool]:
    """The anchor whose signature the certificate bears; and whether one that it names by its key denies it."""
    contradicted, unknown = False, None
    algorithm, signature = signer["signature_algorithm"], bytes(signer["signature_value"].native)
    signed = signer["tbs_certificate"].dump()
    for anchor in store.candidates(signer):
        try:
            signatures.verify(anchor.certificate.public_key, algorithm, signature, signed, "")
        except BadSignature:
            contradicted |= bool(anchor.key_identifier) and anchor.key_identifier == signer.authority_key_identifier
        except UnknownAlgorithm as error:
            unknown = error
        else:
            return anchor, False
    if unknown is not None and not contradicted:
        raise unknown
    return None, contradicted


def _signs_documents(certificate: x509.Certificate) -> bool:
    """Part 12 section 7.1: a document signer signs, and has no other purpose. A CSCA also certifies list signers and
    web servers, whose keys lie in other hands."""
    usage = certificate.key_usage_value
    may_sign = usage is None or "digital_signature" in usage.native
    return may_sign and not certificate.ca and certificate.extended_key_usage_value is None


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return bool(certificate.not_valid_before <= now <= certificate.not_valid_after)
