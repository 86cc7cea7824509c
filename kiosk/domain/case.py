"""A case (办件): one matter of one person, made once at commit."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from kiosk.domain.decision import Decision, Verification
from kiosk.domain.envelope import Envelope, Trust


@dataclass(frozen=True, repr=False)
class Material:
    """A thing handed in: signature, scan, signed commitment. ``kind`` is the pack's material key."""

    kind: str
    media_type: str
    data: bytes
    trust: Trust

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def __repr__(self) -> str:
        return f"Material({self.kind}, {self.media_type}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Commitment:
    """A commitment as it was made (告知承诺): which clauses, of which version, agreed one by one."""

    commitment_id: str
    version: str
    clauses: tuple[str, ...]  # the Chinese text agreed to
    agreed_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class CaseDraft:
    """Everything that goes into a case at commit. ``case_id`` was made once, for good."""

    case_id: str
    service_id: str
    item_code: str
    envelope: Envelope
    verification: Verification
    decision: Decision
    materials: tuple[Material, ...]
    commitment: Commitment | None
    started_at: datetime
    test: bool = False
    helped: tuple[str, ...] = ()  # the members of staff who helped at the terminal (帮办), by their number

    def __repr__(self) -> str:
        return f"CaseDraft({self.case_id}, {self.service_id})"


def new_case_id() -> str:
    """A UUIDv7 (RFC 9562): unique everywhere, ordered by time, made on the terminal at commit."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
