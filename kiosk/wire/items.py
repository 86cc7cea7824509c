"""Enrolment, items and materials, reserved numbers, results, inboxes of visits; what every refusal looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from kiosk import suites
from kiosk.wire.lives import CaseWord
from kiosk.wire.signing import canonical

MAX_BATCH = 500  # items in one push
MAX_PUSH_BYTES = 8 * 1024 * 1024  # body of one push
MAX_MATERIAL_BYTES = 16 * 1024 * 1024  # one sealed material
RESUMABLE_FROM = 64 * 1024  # bytes: up to here a material is one PUT; a larger one may come in parts
MAX_BLOCK = 10_000  # numbers in one block

JSON, BYTES = "application/json", "application/octet-stream"
PACKED = "application/msgpack"  # of a batch (MessagePack): the same names and values, binary ones as they are

ItemKind = Literal["case", "rating", "withdrawal", "supplement", "delivery", "followup"]
BlockKind = Literal["case", "uscc", "tcase", "tuscc"]  # the last two: of tests (kiosk.domain.codes)
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


@dataclass(frozen=True, slots=True, repr=False)
class PackedItem:
    """The same with its bytes as they are, in a body of the type ``PACKED``: what terminals send.

    What is sealed cannot be made smaller, and base64 makes it larger by a third, which somebody has to pack again.
    """

    id: str
    kind: str
    hash: str
    sealed: bytes
    attachments: list[str] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PackedPush:
    items: list[PackedItem]


@dataclass(frozen=True, slots=True)
class Ack:
    """The backend has this item with this hash on its disk. Signed: it may be kept as evidence.

    ``path``: of one that was signed together with others, from it to what the signature covers (acks.py).
    """

    id: str
    hash: str
    terminal_id: str
    received_at: str
    key_id: str
    signature: str = ""
    path: str = ""

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
    """Results after the asked cursor, oldest first; ask again from ``cursor``.

    ``progress``: how cases stand since (kiosk/wire/lives.py), oldest first, under the same cursor.
    """

    cursor: str
    results: list[CaseResult]
    more: bool = False
    progress: list[CaseWord] = field(default_factory=list)


@dataclass(frozen=True, slots=True, repr=False)
class InboxRequest:
    """A visit waits for pictures of a telephone (`POST /v1/inboxes`). ``inbox``: the SHA-256 of a token of 128 bits of
    chance, which stands in the code on the screen and nowhere at the backend. ``reply_key``: base64, a sealing key of
    the terminal's suite made for this one inbox: whatever arrives is sealed to it, and forgotten with it.
    """

    inbox: str
    reply_key: str


@dataclass(frozen=True, slots=True)
class InboxReply:
    """``seconds``: for how long it is open."""

    seconds: int


@dataclass(frozen=True, slots=True, repr=False)
class InboxNews:
    """How it stands with an inbox. ``number``: what the telephone shows that sends into it, two digits; 0 before one
    has. ``active``: a telephone has just asked for its page, or sends. ``waiting``: pictures that were not fetched.

    ``sealed``: the first of them, a JPEG sealed with ``inbox_info``, in base64, and ``seq`` its number; 0 for none.
    """

    open: bool
    number: int = 0
    active: bool = False
    waiting: int = 0
    seq: int = 0
    sealed: str = ""


def inbox_info(inbox: str, seq: int) -> bytes:
    """What binds a picture to its inbox and its place in it."""
    return b"kiosk inbox 1\0" + f"{inbox} {seq}".encode()


@dataclass(frozen=True, slots=True)
class Problem:
    """What every refusal looks like (RFC 9457 style). Never repeats what was sent."""

    code: str
    message: str
    advice: str
    retryable: bool
    server_time: str
