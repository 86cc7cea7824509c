"""The countries that are trusted here: a folder of CSCA certificates (and their revocation lists), read once.

Who puts a certificate into the folder decides whom this terminal believes: it comes by the operator's own way (a
country's web page, the ICAO download service), never from a chip. Files: one certificate each, DER or PEM
(``.cer .crt .der .pem``), and revocation lists (``.crl``). A country may have several, old and new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import crl, pem, x509

from devices.drivers.emrtd import signatures

MAX_FILES = 5000
MAX_BYTES = 64 * 1024
MAX_LIST_BYTES = 4 * 1024 * 1024
CERTIFICATE_ENDINGS = frozenset({".cer", ".crt", ".der", ".pem"})
LIST_ENDING = ".crl"
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True, repr=False)
class Anchor:
    """One trusted certificate. ``country`` is its subject's, upper case."""

    certificate: x509.Certificate
    name: str  # of the subject, as names are compared (RFC 5280 section 7.1)
    country: str
    key_identifier: bytes

    def __repr__(self) -> str:
        return f"Anchor({self.country})"


class CscaStore:
    """Trusted certificates by name and key. ``unreadable`` names files that are no certificate one could use."""

    def __init__(
        self,
        certificates: Iterable[x509.Certificate] = (),
        lists: Iterable[crl.CertificateList] = (),
        unreadable: Iterable[str] = (),
    ) -> None:
        self._anchors = tuple(_anchor(certificate) for certificate in certificates)
        self._lists = tuple(lists)
        self.unreadable = tuple(unreadable)

    @classmethod
    def load(cls, folder: Path | None) -> CscaStore:
        """All usable files of a folder; an empty store for None or a folder that is not there."""
        certificates: list[x509.Certificate] = []
        lists: list[crl.CertificateList] = []
        unreadable: list[str] = []
        for file in sorted(folder.iterdir())[:MAX_FILES] if folder is not None and folder.is_dir() else ():
            try:
                if file.suffix.lower() in CERTIFICATE_ENDINGS:
                    certificate = x509.Certificate.load(_der(file, MAX_BYTES), strict=True)
                    _anchor(certificate)
                    certificates.append(certificate)
                elif file.suffix.lower() == LIST_ENDING:
                    lists.append(_list(_der(file, MAX_LIST_BYTES)))
            except (OSError, *_MALFORMED):
                unreadable.append(file.name)
        return cls(certificates, lists, unreadable)

    def __len__(self) -> int:
        return len(self._anchors)

    @property
    def countries(self) -> tuple[str, ...]:
        return tuple(sorted({anchor.country for anchor in self._anchors}))

    def candidates(self, certificate: x509.Certificate) -> Iterator[Anchor]:
        """Anchors that may have issued it: same name as its issuer, or the key that it names."""
        name, key = certificate.issuer.hashable, certificate.authority_key_identifier
        for anchor in self._anchors:
            if anchor.name == name or (key and anchor.key_identifier == key):
                yield anchor

    def revoked(self, certificate: x509.Certificate, issuer: Anchor) -> bool:
        """Whether a list that this issuer signed names it. A list with a wrong signature counts for nothing."""
        for revocations in self._lists:
            contents = revocations["tbs_cert_list"]
            if contents["issuer"].hashable != issuer.name:
                continue
            entries = contents["revoked_certificates"]
            serials = {int(entry["user_certificate"].native) for entry in entries} if entries.native else set()
            if certificate.serial_number in serials and _signed_by(revocations, issuer):
                return True
        return False


def _anchor(certificate: x509.Certificate) -> Anchor:
    """ValueError where this may not sign certificates, or has no country."""
    usage = certificate.key_usage_value
    if not certificate.ca or (usage is not None and "key_cert_sign" not in usage.native):
        raise ValueError("not a certification authority")
    country = certificate.subject.native.get("country_name")
    if not isinstance(country, str):
        raise ValueError("no country")
    return Anchor(certificate, certificate.subject.hashable, country.upper(), certificate.key_identifier or b"")


def _list(der: bytes) -> crl.CertificateList:
    parsed = crl.CertificateList.load(der, strict=True)
    _ = parsed["tbs_cert_list"]["issuer"].native, parsed["tbs_cert_list"]["revoked_certificates"].native
    return parsed


def _signed_by(revocations: crl.CertificateList, issuer: Anchor) -> bool:
    try:
        signatures.verify(
            issuer.certificate.public_key,
            revocations["signature_algorithm"],
            revocations["signature"].native,
            revocations["tbs_cert_list"].dump(),
            "",
        )
    except (signatures.BadSignature, signatures.UnknownAlgorithm):
        return False
    return True


def _der(file: Path, limit: int) -> bytes:
    if file.stat().st_size > limit:
        raise ValueError("too large")
    data = file.read_bytes()
    return pem.unarmor(data)[2] if pem.detect(data) else data
