"""The messages between terminal and backend, one definition for both ends, and the bytes their signatures cover.

Simple types only: binary values travel as standard base64 text, times as ISO 8601 with offset, hashes as lower-case
SHA-256 hex. Nothing in ``meta`` may be personal data: it is what the backend indexes in clear.

A request carries the headers ``Kiosk-Terminal``, ``Kiosk-Timestamp`` (unix seconds), ``Kiosk-Nonce`` and
``Kiosk-Signature`` (Ed25519, RFC 8032), and may name with ``Kiosk-Key`` which of the backend's keys it goes by. A
reply carries ``Kiosk-Time`` and ``Kiosk-Reply-Signature``, bound to the nonce of its request: whatever else answers on
the way (a captive portal, a proxy) cannot be taken for the backend.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TERMINAL_HEADER = "Kiosk-Terminal"
TIMESTAMP_HEADER = "Kiosk-Timestamp"
NONCE_HEADER = "Kiosk-Nonce"
SIGNATURE_HEADER = "Kiosk-Signature"
KEY_HEADER = "Kiosk-Key"  # the backend's signing key that the terminal goes by; the reply is signed with it
REPLY_TIME_HEADER = "Kiosk-Time"
REPLY_SIGNATURE_HEADER = "Kiosk-Reply-Signature"
NEWEST_KEY_HEADER = "Kiosk-Newest-Key"  # a hint, not signed: there are newer keys, to be had from /v1/keys

MAX_BATCH = 500  # items in one push
MAX_PUSH_BYTES = 8 * 1024 * 1024  # body of one push
MAX_MATERIAL_BYTES = 16 * 1024 * 1024  # one sealed material
RESUMABLE_FROM = 64 * 1024  # bytes: up to here a material is one PUT; a larger one may come in parts
MAX_BLOCK = 10_000  # numbers in one block

ItemKind = Literal["case", "rating"]
BlockKind = Literal["case", "uscc"]
Status = Literal["accepted", "duplicate", "rejected", "conflict", "retry"]

ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]{0,63}")  # terminal, item, case, service and request ids
HASH = re.compile(r"[0-9a-f]{64}")
NONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class EnrolRequest:
    """One-time code as handed out, and the terminal's Ed25519 public key (base64 of 32 bytes)."""

    code: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who the terminal is. ``sealing_key`` (X25519) and ``signing_key`` (Ed25519) are the backend's, base64."""

    terminal_id: str
    area_code: str
    sealing_key: str
    sealing_key_id: str
    signing_key: str
    signing_key_id: str
    server_time: str


@dataclass(frozen=True, slots=True, repr=False)
class SealedItem:
    """One outbox item: ``sealed`` is HPKE output (base64), ``hash`` the SHA-256 of the sealed bytes.

    ``meta``: service_id, outcome, rung, case_no, committed_at, test (``1`` or ``0``); it must agree with the payload,
    and is not kept. ``attachments``: hashes of sealed materials,
    uploaded before with PUT /v1/materials/{hash}.
    """

    id: str
    kind: str
    hash: str
    sealed: str
    attachments: list[str] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PushRequest:
    items: list[SealedItem]


@dataclass(frozen=True, slots=True)
class Ack:
    """The backend has this item with this hash on its disk. Signed: it may be kept as evidence."""

    id: str
    hash: str
    terminal_id: str
    received_at: str
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        return canonical("kiosk-ack-v1", self.id, self.hash, self.terminal_id, self.received_at, self.key_id)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item. ``reason`` is a short code; only accepted and duplicate carry an ``ack``."""

    id: str
    status: Status
    reason: str = ""
    ack: Ack | None = None


@dataclass(frozen=True, slots=True)
class PushReply:
    results: list[ItemResult]


@dataclass(frozen=True, slots=True)
class MaterialReply:
    """A sealed material is stored under its hash; or ``partial``: its first ``offset`` bytes are here."""

    hash: str
    status: Literal["accepted", "duplicate", "partial"]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class BlockRequest:
    """Reserve ``count`` numbers. The same ``request_id`` always gets the same block."""

    kind: BlockKind
    count: int
    request_id: str


@dataclass(frozen=True, slots=True)
class NumberBlock:
    """Serials ``first``..``last``, both included, reserved for one terminal; no two blocks of a kind overlap."""

    kind: str
    first: int
    last: int
    area_code: str
    terminal_id: str
    request_id: str
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        return canonical(
            "kiosk-block-v1", self.kind, str(self.first), str(self.last), self.area_code, self.terminal_id,
            self.request_id, self.key_id,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseResult:
    """``outcome``: confirmed or conflict now, later what a reviewer decides. ``text`` is a message key."""

    case_no: str
    case_id: str
    outcome: str
    text: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class ResultsReply:
    """Results after the asked cursor, oldest first; ask again from ``cursor``."""

    cursor: str
    results: list[CaseResult]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the terminal's audit chain, signed by the terminal: up to row ``seq`` the log is what ``head`` says.

    ``log``: the hash of the chain's first row, which tells one log from another. ``base_seq``: the newest row that the
    backend has confirmed to this terminal (0: none), ``base_head``: what stands there in this chain ("" where it is
    shorter): a chain that grew from another root cannot say what the backend knows. ``key_epoch`` counts the terminal's
    signing keys from 1. ``at``: the terminal's clock.
    """

    terminal_id: str
    log: str
    seq: int
    head: str
    base_seq: int
    base_head: str
    key_epoch: int
    at: str
    signature: str = ""

    def canonical(self) -> bytes:
        return canonical(
            "kiosk-checkpoint-v1", self.terminal_id, self.log, str(self.seq), self.head, str(self.base_seq),
            self.base_head, str(self.key_epoch), self.at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeadReceipt:
    """The newest head that the backend knows of a terminal's log. Signed: it may be kept as evidence.

    ``terminal_key``: the id of the key that signed the head; ``key_id``: of the backend's own.
    """

    terminal_id: str
    log: str
    seq: int
    head: str
    key_epoch: int
    terminal_key: str
    received_at: str
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        return canonical(
            "kiosk-head-v1", self.terminal_id, self.log, str(self.seq), self.head, str(self.key_epoch),
            self.terminal_key, self.received_at, self.key_id,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckpointReply:
    """``behind``: the backend knows a newer base; sign again upon ``receipt``, if the chain has that row.

    ``refused``: what was sent does not go with what the backend knows, which is an alarm there; ``reason`` says how.
    """

    status: Literal["accepted", "duplicate", "behind", "refused"]
    reason: str = ""
    receipt: HeadReceipt | None = None


@dataclass(frozen=True, slots=True)
class KeyEpoch:
    """The backend's public keys from one change to the next, base64. ``epoch`` counts from 1, ``since`` is ISO 8601.

    ``endorsement``: the signing key of the epoch before has signed this one; empty for the first, which the enrolment
    vouches for. Who knows one epoch can check every later one, wherever it comes from.
    """

    epoch: int
    sealing_key: str
    signing_key: str
    since: str
    endorsement: str = ""

    def canonical(self) -> bytes:
        return canonical("kiosk-epoch-v1", str(self.epoch), self.sealing_key, self.signing_key, self.since)


@dataclass(frozen=True, slots=True)
class KeysReply:
    """Every epoch of the backend's keys, oldest first; seal with the last one."""

    epochs: list[KeyEpoch]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A terminal's new Ed25519 public key (base64 of 32 bytes).

    Both sign ``key_change_bytes``: ``endorsement`` is the old key's, ``proof`` the new one's.
    """

    public_key: str
    endorsement: str
    proof: str


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """From now on the terminal signs with ``public_key``. ``key_epoch`` counts its keys from 1."""

    terminal_id: str
    public_key: str
    key_epoch: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What every refusal looks like (RFC 9457 style). Never repeats what was sent."""

    code: str
    message: str
    advice: str
    retryable: bool
    server_time: str


# -- what is inside a sealed item (the plain text; sealed with kiosk.journal.sealing.item_info) ----------


@dataclass(frozen=True, slots=True, repr=False)
class PayloadField:
    key: str
    value: str
    origin: str
    trust: str


@dataclass(frozen=True, slots=True)
class PayloadMaterial:
    """``sha256`` of the plain bytes; ``sealed_sha256`` names the attachment that holds it."""

    kind: str
    media_type: str
    sha256: str
    sealed_sha256: str
    trust: str


@dataclass(frozen=True, slots=True)
class PayloadRule:
    rule_id: str
    because: str
    basis: str


@dataclass(frozen=True, slots=True)
class PayloadCommitment:
    commitment_id: str
    version: str
    clauses: list[str]
    agreed_at: str


@dataclass(frozen=True, slots=True, repr=False)
class CasePayload:
    """The plain text of a sealed item of kind ``case`` (JSON, UTF-8)."""

    case_id: str
    case_no: str
    service_id: str
    item_code: str
    pack_id: str
    pack_version: str
    outcome: str
    rung: str
    verification: str
    online: bool
    started_at: str
    committed_at: str
    fields: list[PayloadField]
    uscc: str = ""
    rules: list[PayloadRule] = field(default_factory=list)
    materials: list[PayloadMaterial] = field(default_factory=list)
    commitment: PayloadCommitment | None = None
    test: bool = False
    clock: str = ""  # how far the terminal's clock could be believed: confirmed, plausible, wrong
    format: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class RatingPayload:
    """The plain text of a sealed item of kind ``rating``: 好差评, ``level`` 5 (best) to 1."""

    case_id: str
    case_no: str
    item_code: str
    level: int
    options: list[str]
    rated_at: str
    format: int = 1


# -- canonical bytes and signatures ------------------------------------------------------------------------


class BadSignature(Exception):
    """Signature, key or encoding does not fit. Which of them is nobody's business."""


def canonical(label: str, *values: str) -> bytes:
    """One unambiguous byte string for a list of texts: netstrings, so that no value can reach into the next."""
    parts = [value.encode() for value in (label, *values)]
    return b"".join(b"%d:%b," % (len(part), part) for part in parts)


def request_bytes(method: str, target: str, terminal_id: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a request's signature covers; ``target`` is path and query as sent."""
    digest = hashlib.sha256(body).hexdigest()
    return canonical("kiosk-request-v1", method, target, terminal_id, timestamp, nonce, digest)


def reply_bytes(nonce: str, status: int, server_time: str, body: bytes) -> bytes:
    """What a reply's signature covers."""
    return canonical("kiosk-reply-v1", nonce, str(status), server_time, hashlib.sha256(body).hexdigest())


def key_change_bytes(terminal_id: str, old_key: str, new_key: str) -> bytes:
    """What both keys sign when a terminal changes its own; the keys are base64."""
    return canonical("kiosk-key-change-v1", terminal_id, old_key, new_key)


def key_id(public_key: bytes) -> str:
    """Short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Strict standard base64. Raises ValueError."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64") from error


def new_signing_pair() -> tuple[bytes, bytes]:
    """A fresh Ed25519 pair: private seed and public key, 32 bytes each."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private_key: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def sign(private_key: bytes, message: bytes) -> str:
    """Ed25519 signature, base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return b64(Ed25519PrivateKey.from_private_bytes(private_key).sign(message))


def verify(public_key: bytes, message: bytes, signature: str) -> None:
    """Raises BadSignature unless ``signature`` (base64) is the key's over ``message``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(unb64(signature), message)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature from error


def signed_headers(
    private_key: bytes, method: str, target: str, terminal_id: str, timestamp: int, nonce: str, body: bytes
) -> dict[str, str]:
    """The headers that make a request this terminal's."""
    message = request_bytes(method, target, terminal_id, str(timestamp), nonce, body)
    return {
        TERMINAL_HEADER: terminal_id,
        TIMESTAMP_HEADER: str(timestamp),
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: sign(private_key, message),
    }


def verify_reply(public_key: bytes, nonce: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
    """The server's time (ISO 8601) if the reply is the backend's answer to this nonce. Raises BadSignature.

    ``headers`` has lower-case names.
    """
    server_time = headers.get(REPLY_TIME_HEADER.lower(), "")
    verify(public_key, reply_bytes(nonce, status, server_time, body), headers.get(REPLY_SIGNATURE_HEADER.lower(), ""))
    return server_time
