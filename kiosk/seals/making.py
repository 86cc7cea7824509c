"""Keys and certificates of seals: a sample that nobody else vouches for, a request to a CA, and what a CA has made.

ECDSA on P-256: what readers of PDF check everywhere, and a key that a TPM can keep. A CA may give another kind (RSA).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kiosk.seals.errors import SealError
from kiosk.seals.sealer import load_certificate, load_key

if TYPE_CHECKING:
    from cryptography.x509 import KeyUsage, NameAttribute, ObjectIdentifier

SAMPLE = "样章 SAMPLE"  # in the name of whoever is vouched for by nobody
_NO_P12 = "Look at the file and the password; it holds the key, its certificate and the CA's."


def new_key() -> bytes:
    """PKCS#8, DER."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def sample_certificate(authority: str, key: bytes, since: datetime, days: int) -> bytes:
    """Signed by its own key, DER; its subject says that it is a sample."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    private = load_key(key)
    name = x509.Name([*_name(authority), x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, SAMPLE)])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(x509.random_serial_number())
        .not_valid_before(since).not_valid_after(since + timedelta(days=days))
        .public_key(private.public_key())  # type: ignore[arg-type]  # ours are ECDSA
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_document_signing()]), critical=False)
    )  # fmt: skip
    made = builder.sign(private, hashes.SHA256())  # type: ignore[arg-type]
    return made.public_bytes(Encoding.DER)


def request(authority: str, key: bytes) -> bytes:
    """A request for a certificate (PKCS#10, PEM), for the CA that vouches for the office's seals."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(_name(authority)))
    builder = builder.add_extension(_usage(), critical=True)
    return builder.sign(load_key(key), hashes.SHA256()).public_bytes(Encoding.PEM)  # type: ignore[arg-type]


def certificates_in(pem: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file, the seal's own first, DER. Raises SealError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise SealError("seal-damaged", "there is no certificate in this file", "Name the CA's PEM file.") from error
    return tuple(each.public_bytes(Encoding.DER) for each in found)


def from_pkcs12(data: bytes, password: bytes | None) -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """Key, certificate and chain of a PKCS#12 file, DER. Raises SealError."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    try:
        key, certificate, more = load_key_and_certificates(data, password)
    except ValueError as error:
        raise SealError("seal-damaged", "this PKCS#12 file does not open", _NO_P12) from error
    if key is None or certificate is None:
        raise SealError("seal-damaged", "this PKCS#12 file holds no key with a certificate", _NO_P12)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    chain = tuple(each.public_bytes(Encoding.DER) for each in more)
    return private, certificate.public_bytes(Encoding.DER), chain


def fits(key: bytes, certificate: bytes) -> bool:
    """Whether this certificate is of this key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    mine, theirs = load_key(key).public_key(), load_certificate(certificate).public_key()
    return mine.public_bytes(*form) == theirs.public_bytes(*form)


def sample(certificate: bytes) -> bool:
    """Whether nobody but itself vouches for it."""
    found = load_certificate(certificate)
    return found.subject == found.issuer


def _name(authority: str) -> list[NameAttribute[str]]:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, authority),
        x509.NameAttribute(NameOID.COMMON_NAME, authority),
    ]


def _usage() -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _document_signing() -> ObjectIdentifier:
    from cryptography import x509

    return x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # id-kp-documentSigning (RFC 9336)
