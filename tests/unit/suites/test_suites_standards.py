"""The parts of the ShangMi suite against the examples that its standards print."""

from __future__ import annotations

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kiosk.suites import sm

# GB/T 32918.5-2017, Annexes A and C: the curve of clause 4, user id 1234567812345678
D = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
POINT = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
Z = bytes.fromhex("B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3")
E = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
C1 = bytes.fromhex(
    "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
)
C2 = bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA")
C3 = bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766")
SHARED = bytes.fromhex(
    "335E18D751E51F040E27D468138B7AB1DC86AD7F981D7D416222FD6AB3ED230D"
    "AB743EBCFB22D64F7B6AB791F70658F25B48FA93E54064FDBFBED3F0BD847AC9"
)


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gb_t_32905_annex_a(message, digest):
    assert sm.sm3(message).hex() == digest


def test_sm4_gb_t_32907_annex_a():
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert encryptor.update(key).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_rfc_8998_appendix_a_1():
    key, iv = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("00001234567800000000ABCD")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    associated = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert sm.sm4_gcm_encrypt(key, iv, plain, associated) == sealed
    assert sm.sm4_gcm_decrypt(key, iv, sealed, associated) == plain


def test_z_and_e_gb_t_32918_5_annex_a():
    assert sm.z(POINT) == Z
    assert sm.sm3(Z + b"message digest") == E


def test_a_signature_gb_t_32918_5_annex_a():
    assert gmssl_pyx.sm2_verify_sm3_digest(POINT, E, sm.der_signature(SIGNATURE))
    assert sm.raw_signature(sm.der_signature(SIGNATURE)) == SIGNATURE


def test_the_kdf_gb_t_32918_5_annex_c():
    stream = sm.kdf(SHARED, len(C2))
    assert bytes(a ^ b for a, b in zip(stream, C2, strict=True)) == b"encryption standard"


def test_a_ciphertext_gb_t_32918_5_annex_c():
    raw = C1 + C3 + C2
    assert gmssl_pyx.sm2_decrypt(D, sm.der_ciphertext(raw)) == b"encryption standard"
    assert sm.raw_ciphertext(sm.der_ciphertext(raw)) == raw


@pytest.mark.parametrize("x", [0, 1, 127, 128, 255, 256, 2**255 - 1, 2**255, 2**256 - 1])
def test_der_and_the_standards_own_form_say_the_same_of_every_size(x):
    raw = b"\x04" + x.to_bytes(32, "big") + (2**256 - 1 - x).to_bytes(32, "big") + bytes(32) + b"seed" * 8
    assert sm.raw_ciphertext(sm.der_ciphertext(raw)) == raw
