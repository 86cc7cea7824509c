"""Signatures as travel documents carry them (ICAO Doc 9303-12 section 4.4): RSA PKCS#1 v1.5 and PSS, ECDSA; SHA-1 to
SHA-512.

Keys are built from their numbers, because issuers write out their curves in full, which `cryptography` refuses to load.
"""

from __future__ import annotations

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from devices.drivers.emrtd import curves
from devices.drivers.emrtd.curves import Curve

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolp256r1": ec.BrainpoolP256R1,
    "brainpoolp384r1": ec.BrainpoolP384R1,
    "brainpoolp512r1": ec.BrainpoolP512R1,
}
_PLAIN_RSA = "rsassa_pkcs1v15"


class UnknownAlgorithm(Exception):
    """A signature, hash or curve that is not known here: nothing can be said, neither good nor bad."""


class BadSignature(Exception):
    """The signature is not of this key over these bytes."""


def digest(name: str, data: bytes) -> bytes:
    """UnknownAlgorithm for a hash that the standard does not allow."""
    summer = hashes.Hash(_hash(name))
    summer.update(data)
    return summer.finalize()


def verify(
    key: keys.PublicKeyInfo, algorithm: algos.SignedDigestAlgorithm, signature: bytes, message: bytes, digest_name: str
) -> None:
    """Raises BadSignature or UnknownAlgorithm. ``digest_name`` holds where the algorithm names no hash of its own."""
    try:
        kind = algorithm.signature_algo
    except ValueError as error:
        raise UnknownAlgorithm(algorithm["algorithm"].dotted) from error
    try:
        if kind == "ecdsa":
            _ec_key(key).verify(signature, message, ec.ECDSA(_hash(_named_hash(algorithm, digest_name))))
        elif kind == "rsassa_pss":
            parameters = algorithm["parameters"]
            hash_name = parameters["hash_algorithm"]["algorithm"].native
            mask_name = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
            salt = int(parameters["salt_length"].native)
            scheme = padding.PSS(padding.MGF1(_hash(mask_name)), salt)
            _rsa_key(key).verify(signature, message, scheme, _hash(hash_name))
        elif kind == _PLAIN_RSA:
            scheme_v15 = padding.PKCS1v15()
            _rsa_key(key).verify(signature, message, scheme_v15, _hash(_named_hash(algorithm, digest_name)))
        else:
            raise UnknownAlgorithm(kind)
    except InvalidSignature as error:
        raise BadSignature(kind) from error
    except UnsupportedAlgorithm as error:
        raise UnknownAlgorithm(kind) from error


def _named_hash(algorithm: algos.SignedDigestAlgorithm, otherwise: str) -> str:
    try:
        return str(algorithm.hash_algo)
    except ValueError:  # rsaEncryption and bare ecdsa name none
        return otherwise


def _hash(name: str) -> hashes.HashAlgorithm:
    if name not in HASHES:
        raise UnknownAlgorithm(f"hash {name}")
    return HASHES[name]()


def _rsa_key(key: keys.PublicKeyInfo) -> rsa.RSAPublicKey:
    if key.algorithm not in ("rsa", "rsassa_pss"):
        raise BadSignature("an RSA signature with a key of another kind")
    numbers = key["public_key"].parsed
    try:
        return rsa.RSAPublicNumbers(int(numbers["public_exponent"].native), int(numbers["modulus"].native)).public_key()
    except ValueError as error:  # shorter than anything that is secure
        raise UnknownAlgorithm("RSA key size") from error


def _ec_key(key: keys.PublicKeyInfo) -> ec.EllipticCurvePublicKey:
    if key.algorithm != "ec":
        raise BadSignature("an ECDSA signature with a key of another kind")
    curve = _curve_of(key["algorithm"]["parameters"])
    if curve is None or curve.name not in _CURVES:
        raise UnknownAlgorithm("curve")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve.name](), key["public_key"].native)
    except ValueError as error:
        raise BadSignature("the key is no point of its curve") from error


def _curve_of(parameters: keys.ECDomainParameters) -> Curve | None:
    if parameters.name == "named":
        return curves.by_name(str(parameters.native))
    if parameters.name != "specified":
        return None
    chosen = parameters.chosen
    if chosen["field_id"]["field_type"].native != "prime_field":
        return None
    return curves.by_parameters(
        int(chosen["field_id"]["parameters"].native),
        int.from_bytes(chosen["curve"]["a"].native, "big"),
        int.from_bytes(chosen["curve"]["b"].native, "big"),
        chosen["base"].native,
        int(chosen["order"].native),
    )
