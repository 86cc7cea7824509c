"""Both suites behind one interface: what signs, what opens, and that neither is ever taken for the other."""

from __future__ import annotations

import re
import subprocess
from base64 import b64decode, b64encode
from dataclasses import replace

import gmssl_pyx
import pytest
from gmssl import sm2, sm3

from kiosk import suites, wire
from kiosk.journal.errors import JournalError
from kiosk.journal.person import PersonKey
from kiosk.journal.sealing import item_info, new_sealing_pair, seal, unseal
from kiosk.suites import shangmi

BOTH = [suites.by_name(name) for name in suites.NAMES]
INFO = item_info("t-1", "case-1")
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")  # of a point on SM2's curve
SEC1 = bytes.fromhex("30770201010420"), bytes.fromhex("a00a06082a811ccf5501822da144034200")


@pytest.fixture(params=BOTH, ids=[suite.NAME for suite in BOTH])
def suite(request):
    return request.param


def other(suite):
    return next(one for one in BOTH if one is not suite)


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# -- signatures


def test_a_signature_is_its_messages_and_its_keys_alone(suite):
    private, public = suite.new_signing_pair()
    assert (len(private), len(public)) == (suite.PRIVATE_BYTES, suite.PUBLIC_BYTES)
    assert suites.of_key(private) is suites.of_key(public) is suite
    assert wire.public_of(private) == public
    signature = suites.sign(private, b"message")
    assert re.fullmatch(r"[A-Za-z0-9+/]{86}==", signature), "64 bytes in either suite"
    suites.verify(public, b"message", signature)
    stranger = suite.new_signing_pair()[1]
    for key, message, given in (
        (public, b"messagf", signature), (public, b"", signature), (stranger, b"message", signature),
        (public, b"message", ""), (public, b"message", signature[:-4]), (public, b"message", "§"),
        (public, b"message", b64encode(bytes(64)).decode()), (public, b"message", b64encode(b"\xff" * 64).decode()),
        (public[:-1], b"message", signature), (b"", b"message", signature),
    ):  # fmt: skip
        with pytest.raises(suites.BadSignature):
            suites.verify(key, message, given)


def test_every_bit_of_a_signature_counts(suite):
    private, public = suite.new_signing_pair()
    raw = suite.sign(private, b"message")
    for bit in range(0, 512, 7):
        with pytest.raises(suites.BadSignature):
            suite.verify(public, b"message", flipped(raw, bit))


def test_a_key_that_is_no_point_of_the_curve_verifies_nothing_and_seals_nothing():
    private, public = shangmi.new_signing_pair()
    signature = suites.sign(private, b"message")
    for wrong in (flipped(public, 100), b"\x04" + bytes(64), b"\x02" + public[1:], b"\x04" + b"\xff" * 64):
        with pytest.raises(suites.BadSignature):
            suites.verify(wrong, b"message", signature)
        with pytest.raises(ValueError, match="not an SM2 public key"):
            seal(b"plain", wrong, INFO)


def test_a_signature_of_one_suite_is_none_of_the_other(suite):
    """The same message, the same form of signature; the key decides, and there is nothing else to be talked into."""
    private, _ = suite.new_signing_pair()
    signature = suites.sign(private, b"message")
    with pytest.raises(suites.BadSignature):
        suites.verify(other(suite).new_signing_pair()[1], b"message", signature)


def test_the_suites_name_is_under_the_signature():
    """Who gets a terminal to sign under one name has nothing that holds under another, with the very same key."""
    private, public = shangmi.new_signing_pair()
    for name in (b"", b"13:international,"):
        der = gmssl_pyx.sm2_sign(private[:32], public[1:], name + b"message")
        with pytest.raises(suites.BadSignature):
            suites.verify(public, b"message", b64encode(shangmi.sm.raw_signature(der)).decode())
    der = gmssl_pyx.sm2_sign(private[:32], public[1:], b"7:shangmi," + b"message")
    suites.verify(public, b"message", b64encode(shangmi.sm.raw_signature(der)).decode())


def test_request_and_reply_are_hashed_by_the_keys_suite(suite):
    private, public = suite.new_signing_pair()
    headers = wire.signed_headers(private, "POST", "/v1/items", "t-1", 1, "0" * 32, b"body")
    digest = {"international": "sha256", "shangmi": "sm3"}[suite.NAME]
    command = ["openssl", "dgst", f"-{digest}", "-r"]
    hashed = subprocess.run(command, input=b"body", capture_output=True, check=True).stdout.split()[0].decode()
    message = wire.canonical("kiosk-request-v1", "POST", "/v1/items", "t-1", "1", "0" * 32, hashed)
    suites.verify(public, message, headers[wire.SIGNATURE_HEADER])


def test_names_and_keys_that_are_none(suite):
    with pytest.raises(ValueError, match="no suite"):
        suites.by_name("Shangmi")
    with pytest.raises(ValueError, match="not a key"):
        suites.of_key(bytes(33))
    assert suites.suite_name(b"") == ""
    assert wire.key_id(suite.new_signing_pair()[1]) != wire.key_id(suite.new_signing_pair()[1])


# -- sealing


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096, 300_000])
def test_what_is_sealed_opens_for_its_key_and_place_alone(suite, size):
    private, public = new_sealing_pair(suite)
    plain = bytes(range(256)) * (size // 256) + bytes(size % 256)
    sealed = seal(plain, public, INFO)
    assert len(sealed) == size + suite.OVERHEAD
    assert unseal(sealed, private, INFO) == plain
    assert size < 16 or plain not in sealed
    assert seal(plain, public, INFO) != sealed, "a fresh key each time"
    for key, place in (
        (new_sealing_pair(suite)[0], INFO), (private, item_info("t-1", "case-1", 1)), (private, b""),
        (new_sealing_pair(other(suite))[0], INFO), (private[:-1], INFO),
    ):  # fmt: skip
        with pytest.raises(JournalError, match="not sealed") as caught:
            unseal(sealed, key, place)
        assert caught.value.code == "not-sealed-for-this"


def test_every_bit_of_what_is_sealed_counts(suite):
    private, public = new_sealing_pair(suite)
    sealed = seal(b"plain text", public, INFO)
    for bit in range(0, len(sealed) * 8, 3):
        with pytest.raises(JournalError):
            unseal(flipped(sealed, bit), private, INFO)
    for cut in (0, 1, suite.OVERHEAD - 1, len(sealed) - 1):
        with pytest.raises(JournalError):
            unseal(sealed[:cut], private, INFO)
    with pytest.raises(JournalError):
        unseal(sealed + b"\0", private, INFO)


def test_what_is_encrypted_under_a_shared_secret(suite):
    secret, other_secret = b"s" * 32, b"t" * 32
    encrypted = suite.encrypt(b"plain text", secret, b"claim")
    assert len(encrypted) == 12 + len(b"plain text") + 16
    assert encrypted != suite.encrypt(b"plain text", secret, b"claim")
    assert suite.decrypt(encrypted, secret, b"claim") == b"plain text"
    wrongs = [(encrypted, other_secret, b"claim"), (encrypted, secret, b"claim2"), (b"", secret, b"claim")]
    wrongs += [(flipped(encrypted, bit), secret, b"claim") for bit in range(0, len(encrypted) * 8, 5)]
    for wrong in wrongs:
        with pytest.raises(suites.NotOpened):
            suite.decrypt(*wrong)
    with pytest.raises(suites.NotOpened):
        other(suite).decrypt(encrypted, secret, b"claim")


def test_papers_for_a_person_are_sealed_by_the_terminals_suite(suite):
    person = PersonKey.derive(b"p" * 32, "11010519491231002X", suite.NAME)
    paper = person.seal(b"paper")
    assert suite.decrypt(paper, person.key, person.claim) == b"paper"
    assert person.open(paper) == b"paper"
    card = person.with_card(b"all that the chip says")
    assert suite.decrypt(card.seal(b"draft"), card.key, card.claim) == b"draft"
    with pytest.raises(JournalError):
        replace(person, suite=other(suite).NAME).open(paper)


# -- independent implementations


def test_the_pure_python_gmssl_verifies_what_is_signed():
    private, public = shangmi.new_signing_pair()
    raw = shangmi.sign(private, b"message")
    point = public[1:].hex()
    checker = sm2.CryptSM2(private_key=None, public_key="04" + point)
    checker.public_key = point  # its own lstrip eats the zeros of some keys
    assert checker.verify_with_sm3(raw.hex(), b"7:shangmi,message")
    assert not checker.verify_with_sm3(raw.hex(), b"7:shangmi,messagf")


@pytest.fixture
def pair(tmp_path):
    """An SM2 pair of ours, as files that openssl reads."""
    private, public = shangmi.new_signing_pair()
    (tmp_path / "public.der").write_bytes(SPKI + public)
    (tmp_path / "private.der").write_bytes(SEC1[0] + private[:32] + SEC1[1] + public)
    return private, public


def openssl(folder, *arguments):
    return subprocess.run(["openssl", "pkeyutl", *arguments], cwd=folder, capture_output=True, check=False)


DIGEST = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")


def test_openssl_verifies_what_is_signed_and_the_other_way_round(pair, tmp_path):
    private, public = pair
    (tmp_path / "message").write_bytes(b"7:shangmi," + b"message")
    (tmp_path / "ours").write_bytes(shangmi.sm.der_signature(shangmi.sign(private, b"message")))
    asked = ("-verify", "-pubin", "-keyform", "DER", "-inkey", "public.der", "-in", "message", "-sigfile")
    assert openssl(tmp_path, *asked, "ours", *DIGEST).returncode == 0
    signed = openssl(tmp_path, "-sign", "-keyform", "DER", "-inkey", "private.der", "-in", "message", *DIGEST)
    assert signed.returncode == 0, signed.stderr
    shangmi.verify(public, b"message", shangmi.sm.raw_signature(signed.stdout))


def test_an_envelope_opens_by_its_description_alone(pair, tmp_path):
    """SM2 by openssl, the KDF by the pure-Python gmssl, SM4-GCM by GmSSL: nothing of ours but what is written down."""
    _, public = pair
    sealed = seal(b"plain text", public, INFO)
    c, body, tag = sealed[:129], sealed[129:-16], sealed[-16:]
    (tmp_path / "c").write_bytes(shangmi.sm.der_ciphertext(c))
    opened = openssl(tmp_path, "-decrypt", "-keyform", "DER", "-inkey", "private.der", "-in", "c")
    assert opened.returncode == 0, opened.stderr
    bound = b"".join(b"%d:%b," % (len(part), part) for part in (b"kiosk-seal-shangmi-v1", public, c, INFO))
    keys = bytes.fromhex(sm3.sm3_kdf((opened.stdout + bound).hex().encode(), 28))
    assert gmssl_pyx.sm4_gcm_decrypt(keys[:16], keys[16:], INFO, body, tag) == b"plain text"


def test_an_envelope_that_openssl_encrypts_is_opened(pair, tmp_path):
    private, public = pair
    (tmp_path / "seed").write_bytes(b"s" * 32)
    made = openssl(tmp_path, "-encrypt", "-pubin", "-keyform", "DER", "-inkey", "public.der", "-in", "seed")
    c = shangmi.sm.raw_ciphertext(made.stdout)
    bound = b"".join(b"%d:%b," % (len(part), part) for part in (b"kiosk-seal-shangmi-v1", public, c, INFO))
    keys = bytes.fromhex(sm3.sm3_kdf((b"s" * 32 + bound).hex().encode(), 28))
    body, tag = gmssl_pyx.sm4_gcm_encrypt(keys[:16], keys[16:], INFO, b"plain text")
    assert unseal(c + body + tag, private, INFO) == b"plain text"


def test_without_its_package_the_suite_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gmssl_pyx", None)
    shangmi._gmssl.cache_clear()
    try:
        with pytest.raises(suites.SuiteMissing) as caught:
            shangmi.new_signing_pair()
    finally:
        shangmi._gmssl.cache_clear()
    assert "gmssl-pyx" in caught.value.advice


def test_signatures_are_text_that_decodes_strictly():
    private, public = shangmi.new_signing_pair()
    signature = suites.sign(private, b"message")
    assert len(b64decode(signature)) == 64
    with pytest.raises(suites.BadSignature):
        suites.verify(public, b"message", signature + "\n")
    same = f"{signature[:-3]}{chr(ord(signature[-3]) + 1)}=="  # bits that count nothing
    assert b64decode(same) == b64decode(signature)
    with pytest.raises(suites.BadSignature):
        suites.verify(public, b"message", same)
