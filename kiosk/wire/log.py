"""Ends of the terminals' audit logs with their receipts, and the keys of both ends, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.wire.signing import canonical


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
