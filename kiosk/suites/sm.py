"""The parts that the ShangMi suite is made of, as the standards write them: SM3, its KDF, SM4-GCM, Z, raw encodings.

Hash and cipher are the cryptography package's. What it does not have is SM2: gmssl-pyx (GmSSL 3.2) does that, in DER;
the encodings here are the standards' own, of one length each.
"""

from __future__ import annotations

CIPHERTEXT = 65 + 32  # C1 and C3; C2 is as long as the plaintext

# Curve parameters recommended by GB/T 32918.5, clause 4
A = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFC
B = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
GX = 0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7
GY = 0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0
_PARAMETERS = b"".join(number.to_bytes(32, "big") for number in (A, B, GX, GY))

USER_ID = b"1234567812345678"
"""The default user id (GM/T 0009, clause 10)."""


class BadTag(Exception):
    """The tag does not fit key, nonce, associated data and ciphertext."""


def sm3(data: bytes) -> bytes:
    """GB/T 32905: 32 bytes."""
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def kdf(z: bytes, length: int) -> bytes:
    """GB/T 32918.4, clause 5.4.3: SM3(z || counter) for counters from 1. It is X9.63's KDF without shared info."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

    return X963KDF(hashes.SM3(), length, None).derive(z)


def z(point: bytes, user_id: bytes = USER_ID) -> bytes:
    """GB/T 32918.2, clause 5.5: who signs. ``point``: x and y of the public key, 64 bytes."""
    return sm3((len(user_id) * 8).to_bytes(2, "big") + user_id + _PARAMETERS + point)


def sm4_gcm_encrypt(key: bytes, iv: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """SM4 (GB/T 32907) in GCM: the ciphertext and its tag of 16 bytes. ``key`` 16 bytes, ``iv`` 12."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.SM4(key), modes.GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def sm4_gcm_decrypt(key: bytes, iv: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Raises BadTag."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(sealed) < 16:
        raise BadTag
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(iv, sealed[-16:])).decryptor()
    decryptor.authenticate_additional_data(associated)
    plaintext = decryptor.update(sealed[:-16])
    try:
        return plaintext + decryptor.finalize()
    except InvalidTag:
        raise BadTag from None


def raw_signature(der: bytes) -> bytes:
    """r and s, 32 bytes each."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def der_signature(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def raw_ciphertext(der: bytes) -> bytes:
    """C1 || C3 || C2 (GB/T 32918.4, 6.1) of a GM/T 0009 ciphertext: SEQUENCE of x, y, hash, ciphertext."""
    _, body, end = _element(der, 0)
    if end != len(der):
        raise ValueError("bytes behind the ciphertext")
    parts, at = [], 0
    while at < len(body):
        _, part, at = _element(body, at)
        parts.append(part)
    x, y, c3, c2 = parts
    return b"\x04" + b"".join(int.from_bytes(n, "big").to_bytes(32, "big") for n in (x, y)) + c3 + c2


def der_ciphertext(raw: bytes) -> bytes:
    """The other way round; ``raw`` has at least ``CIPHERTEXT`` bytes."""
    x, y, c3, c2 = raw[1:33], raw[33:65], raw[65:97], raw[97:]
    numbers = b"".join(_der(2, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in map(_number, (x, y)))
    return _der(0x30, numbers + _der(4, c3) + _der(4, c2))


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag, content and end of the DER element at ``at``; lengths below 256, as an envelope's are."""
    tag, length, begin = data[at], data[at + 1], at + 2
    if length == 0x81:
        length, begin = data[begin], begin + 1
    return tag, data[begin : begin + length], begin + length


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    return bytes([tag, length] if length < 128 else [tag, 0x81, length]) + content
