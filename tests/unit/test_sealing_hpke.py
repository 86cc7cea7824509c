"""Sealing to the backend and to the person."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.journal.errors import JournalError
from kiosk.journal.person import PersonKey
from kiosk.journal.sealing import item_info, new_sealing_pair, seal, unseal
from kiosk.suites.international import OVERHEAD

PRIVATE, PUBLIC = new_sealing_pair()
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)  # an independent implementation of RFC 9180


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=5000), st.binary(max_size=200))
def test_what_is_sealed_here_another_implementation_opens(plaintext: bytes, info: bytes) -> None:
    sealed = seal(plaintext, PUBLIC, info)
    assert len(sealed) == len(plaintext) + OVERHEAD
    assert SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(PRIVATE), info) == plaintext


def test_what_another_implementation_sealed_is_opened_here() -> None:
    sealed = SUITE.encrypt(b"envelope", X25519PublicKey.from_public_bytes(PUBLIC), b"info")
    assert unseal(sealed, PRIVATE, b"info") == b"envelope"


@pytest.mark.parametrize("case", ["place", "key", "bytes", "short"])
def test_nothing_opens_with_another_key_in_another_place_or_changed(case: str) -> None:
    sealed = seal(b"envelope", PUBLIC, item_info("T-1", "a"))
    key, info = PRIVATE, item_info("T-1", "a")
    if case == "place":
        info = item_info("T-1", "a", 1)
    elif case == "key":
        key = new_sealing_pair()[0]
    elif case == "bytes":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    else:
        sealed = sealed[:20]
    with pytest.raises(JournalError) as caught:
        unseal(sealed, key, info)
    assert caught.value.code == "not-sealed-for-this"


def test_only_the_same_document_opens_what_was_kept_for_a_person() -> None:
    pepper = bytes(range(32))
    person, again = PersonKey.derive(pepper, "11010519491231002X"), PersonKey.derive(pepper, " 11010519491231002x ")
    other = PersonKey.derive(pepper, "440524188001010014")
    assert person == again
    assert (len(person.claim), len(person.key)) == (16, 32)
    assert person.claim != other.claim
    sealed = person.seal(b"paper")
    assert again.open(sealed) == b"paper"
    with pytest.raises(JournalError) as caught:
        other.open(sealed)
    assert caught.value.code == "not-this-person"
    assert PersonKey.derive(bytes(32), "11010519491231002X").claim != person.claim
    assert person.key.hex() not in repr(person)
