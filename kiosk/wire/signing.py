"""Canonical bytes and signatures of requests, replies and key changes; base64 in one spelling.

`sign(private_key, message)` and `verify(public_key, message, signature)` are those of kiosk.suites: a key says by its
form which suite it belongs to, so both ends use one call for whatever key is at hand.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from kiosk import suites
from kiosk.suites import sign, verify

TERMINAL_HEADER = "Kiosk-Terminal"
TIMESTAMP_HEADER = "Kiosk-Timestamp"
NONCE_HEADER = "Kiosk-Nonce"
SIGNATURE_HEADER = "Kiosk-Signature"
KEY_HEADER = "Kiosk-Key"  # the backend's signing key that the terminal goes by; the reply is signed with it
REPLY_TIME_HEADER = "Kiosk-Time"
REPLY_SIGNATURE_HEADER = "Kiosk-Reply-Signature"
NEWEST_KEY_HEADER = "Kiosk-Newest-Key"  # a hint, not signed: there are newer keys, to be had from /v1/keys

_USUAL = suites.by_name(suites.DEFAULT)


def canonical(label: str, *values: str) -> bytes:
    """One unambiguous byte string for a list of texts: netstrings, so that no value can reach into the next."""
    parts = [value.encode() for value in (label, *values)]
    return b"".join(b"%d:%b," % (len(part), part) for part in parts)


def request_bytes(method: str, target: str, terminal_id: str, timestamp: str, nonce: str, digest: str) -> bytes:
    """What a request's signature covers; ``target`` is path and query as sent.

    ``digest``: of the body, by the hash of the terminal's suite.
    """
    return canonical("kiosk-request-v1", method, target, terminal_id, timestamp, nonce, digest)


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a reply answers, as its sender named it; ``target`` is path and query as sent.

    With the nonce alone under a reply, what one terminal was told could be handed on as the answer to another's
    request, or to another request of its own: a nonce is anybody's to use again who has seen it on the way.
    """

    terminal_id: str
    method: str
    target: str
    nonce: str


def reply_bytes(asked: Asked, status: int, server_time: str, body: bytes, suite: suites.Suite = _USUAL) -> bytes:
    """What a reply's signature covers."""
    request = (asked.terminal_id, asked.method, asked.target, asked.nonce)
    return canonical("kiosk-reply-v2", *request, str(status), server_time, suite.digest(body))


def key_change_bytes(terminal_id: str, old_key: str, new_key: str) -> bytes:
    """What both keys sign when a terminal changes its own; the keys are base64."""
    return canonical("kiosk-key-change-v1", terminal_id, old_key, new_key)


def key_id(public_key: bytes) -> str:
    """Short name of a public key: the first 16 hex digits of its suite's hash; of the usual one for no key."""
    return suites.by_name(suites.suite_name(public_key) or suites.DEFAULT).digest(public_key)[:16]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Strict standard base64, of which every value has one spelling: keys are told apart by it. Raises ValueError."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error
    if b64(data[-(len(data) % 3 or 3) :]) != text[-4:]:  # bits of the last letter that count nothing
        raise ValueError("not base64 in its one spelling")
    return data


def new_signing_pair(suite: suites.Suite = _USUAL) -> tuple[bytes, bytes]:
    """A fresh private and public key."""
    return suite.new_signing_pair()


def public_of(private_key: bytes) -> bytes:
    """The public half of a signing key. Raises ValueError for bytes that are no key."""
    return suites.of_key(private_key).public_of(private_key)


def signed_headers(
    private_key: bytes, method: str, target: str, terminal_id: str, timestamp: int, nonce: str, body: bytes
) -> dict[str, str]:
    """The headers that make a request this terminal's."""
    suite = suites.of_key(private_key)
    message = request_bytes(method, target, terminal_id, str(timestamp), nonce, suite.digest(body))
    return {
        TERMINAL_HEADER: terminal_id,
        TIMESTAMP_HEADER: str(timestamp),
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: sign(private_key, message),
    }


def verify_reply(public_key: bytes, asked: Asked, status: int, headers: Mapping[str, str], body: bytes) -> str:
    """The server's time (ISO 8601) if the reply is the backend's answer to this request. Raises BadSignature.

    ``headers`` has lower-case names.
    """
    server_time = headers.get(REPLY_TIME_HEADER.lower(), "")
    suite = suites.by_name(suites.suite_name(public_key) or suites.DEFAULT)
    message = reply_bytes(asked, status, server_time, body, suite)
    verify(public_key, message, headers.get(REPLY_SIGNATURE_HEADER.lower(), ""))
    return server_time
