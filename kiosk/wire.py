"""The messages between terminal and backend, one definition for both ends, and the bytes their signatures cover.

Simple types only: binary values travel as standard base64 text, times as ISO 8601 with offset, hashes as lower-case
SHA-256 hex in both suites (kiosk/suites): they are names. What a signature covers is hashed by the terminal's suite.
Nothing in ``meta`` may be personal data: it is what the backend indexes in clear.

A request carries the headers ``Kiosk-Terminal``, ``Kiosk-Timestamp`` (unix seconds), ``Kiosk-Nonce`` and
``Kiosk-Signature`` (by the key's suite), and may name with ``Kiosk-Key`` which of the backend's keys it goes by. A
reply carries ``Kiosk-Time`` and ``Kiosk-Reply-Signature``, bound to the nonce of its request: whatever else answers on
the way (a captive portal, a proxy) cannot be taken for the backend.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kiosk import suites
from kiosk.suites import BadSignature as BadSignature
from kiosk.suites import sign as sign
from kiosk.suites import verify as verify

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
MAX_ARTEFACT_BYTES = 16 * 1024 * 1024  # a pack or a policy
MAX_ARTEFACT_PART = 1024 * 1024  # of it in one reply
MAX_ARTEFACTS = 64  # in one manifest
MAX_COMMANDS = 32
MAX_REPORT_DETAILS = 64  # of a command report, and each at most
MAX_REPORT_TEXT = 256  # characters

ItemKind = Literal["case", "rating"]
BlockKind = Literal["case", "uscc"]
Status = Literal["accepted", "duplicate", "rejected", "conflict", "retry"]

ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]{0,63}")  # terminal, item, case, service and request ids
HASH = re.compile(r"[0-9a-f]{64}")
NONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class EnrolRequest:
    """One-time code as handed out, and the terminal's public key (base64), which says its suite by its form."""

    code: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who the terminal is. ``sealing_key`` and ``signing_key`` are the backend's, base64, both of ``suite``."""

    terminal_id: str
    area_code: str
    sealing_key: str
    sealing_key_id: str
    signing_key: str
    signing_key_id: str
    server_time: str
    suite: str = suites.DEFAULT


@dataclass(frozen=True, slots=True, repr=False)
class SealedItem:
    """One outbox item: ``sealed`` bytes (kiosk/journal/sealing.py) in base64, ``hash`` their SHA-256.

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
    """A terminal's new public key (base64), of the suite that it has.

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


ArtefactKind = Literal["pack", "policy"]
CommandOutcome = Literal["done", "refused", "failed", "expired", "unknown"]


@dataclass(frozen=True, slots=True)
class Artefact:
    """Bytes that a publisher stands for: these are ``name`` in ``version``. ``sha256`` and ``size`` are of the bytes.

    ``key_id``: of the publishing key that has signed (kiosk/services/signing.py), which is none of the backend's.
    """

    kind: ArtefactKind
    name: str
    version: str
    sha256: str
    size: int
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        return canonical(
            "kiosk-artefact-v1", self.kind, self.name, self.version, self.sha256, str(self.size), self.key_id
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One deed of the closed list of kiosk/sync/orders.py, done at most once by each terminal of the manifest's scope.

    ``not_before`` and ``expires_at`` are ISO 8601 with offset.
    """

    id: str
    name: str
    not_before: str
    expires_at: str
    arguments: dict[str, str] = field(default_factory=dict)

    def texts(self) -> list[str]:
        pairs = [text for pair in sorted(self.arguments.items()) for text in pair]
        return [self.id, self.name, self.not_before, self.expires_at, str(len(self.arguments)), *pairs]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a publisher wants of the terminals of one ``scope``: ``all``, ``area.CODE`` or ``terminal.ID``.

    ``version`` counts up within the scope. What is not named here any more is not used any more. Nothing of it is
    taken up before ``not_before`` or from ``expires_at`` on (ISO 8601 with offset).
    """

    scope: str
    version: int
    issued_at: str
    not_before: str
    expires_at: str
    artefacts: list[Artefact]
    commands: list[Command]
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        named = [text for each in self.artefacts for text in (each.canonical().decode(), each.signature)]
        ordered = [text for each in self.commands for text in each.texts()]
        return canonical(
            "kiosk-manifest-v1", self.scope, str(self.version), self.issued_at, self.not_before, self.expires_at,
            self.key_id, str(len(self.artefacts)), *named, str(len(self.commands)), *ordered,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ManifestsReply:
    """The newest manifest of each of the terminal's scopes that is not the version it said that it has."""

    manifests: list[Manifest]


@dataclass(frozen=True, slots=True)
class CommandReport:
    """What became of a command on one terminal, signed by it. ``code``: why, a word; ``at``: the terminal's clock.

    ``details``: what was asked for (collect-diagnostics), never personal data.
    """

    id: str
    terminal_id: str
    outcome: CommandOutcome
    code: str
    at: str
    details: dict[str, str] = field(default_factory=dict)
    signature: str = ""

    def canonical(self) -> bytes:
        pairs = [text for pair in sorted(self.details.items()) for text in pair]
        return canonical(
            "kiosk-command-report-v1", self.id, self.terminal_id, self.outcome, self.code, self.at,
            str(len(self.details)), *pairs,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CommandReceipt:
    """``unknown``: no manifest for this terminal has ever named such a command; nothing was kept."""

    id: str
    status: Literal["accepted", "duplicate", "unknown"]


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
    once: int = 0  # months within which one person gets this matter once (the pack's word); 0: as often as wanted
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
# `sign(private_key, message)` and `verify(public_key, message, signature)` are those of kiosk.suites: a key says by its
# form which suite it belongs to, so both ends use one call for whatever key is at hand.

_USUAL = suites.by_name(suites.DEFAULT)


def canonical(label: str, *values: str) -> bytes:
    """One unambiguous byte string for a list of texts: netstrings, so that no value can reach into the next."""
    parts = [value.encode() for value in (label, *values)]
    return b"".join(b"%d:%b," % (len(part), part) for part in parts)


def request_bytes(
    method: str, target: str, terminal_id: str, timestamp: str, nonce: str, body: bytes, suite: suites.Suite = _USUAL
) -> bytes:
    """What a request's signature covers; ``target`` is path and query as sent, ``suite`` the terminal's."""
    return canonical("kiosk-request-v1", method, target, terminal_id, timestamp, nonce, suite.digest(body))


def reply_bytes(nonce: str, status: int, server_time: str, body: bytes, suite: suites.Suite = _USUAL) -> bytes:
    """What a reply's signature covers."""
    return canonical("kiosk-reply-v1", nonce, str(status), server_time, suite.digest(body))


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
    message = request_bytes(method, target, terminal_id, str(timestamp), nonce, body, suite)
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
    suite = suites.by_name(suites.suite_name(public_key) or suites.DEFAULT)
    message = reply_bytes(nonce, status, server_time, body, suite)
    verify(public_key, message, headers.get(REPLY_SIGNATURE_HEADER.lower(), ""))
    return server_time
