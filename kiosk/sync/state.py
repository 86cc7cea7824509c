"""What the sync remembers across restarts, in the journal's meta table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import msgspec

from kiosk.journal.checkpoints import OLD_KEYS, RECEIPT
from kiosk.wire import Enrolment, HeadReceipt

T = TypeVar("T")

ENROLMENT, _LINK, _OFFSET, _CURSOR = "sync.enrolment", "sync.link", "sync.clock_offset", "sync.cursor"
_LOG_TROUBLE = "sync.log_trouble"
_KEY_SINCE, _KEY_BEGUN = "sync.key_since", "sync.key_begun"


LARGEST_OFFSET = timedelta(days=36525)  # a machine thrown back to 1970 is within it; beyond it a clock says nonsense


class Meta(Protocol):
    """The part of the journal used here."""

    def meta(self, key: str) -> str | None: ...

    def set_meta(self, key: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the line was: failures in a row, the last cause, and not to be tried before ``next_at``."""

    failures: int = 0
    cause: str = ""
    next_at: datetime | None = None


class SyncState:
    """Reads once, writes only what has changed: an idle terminal writes nothing."""

    def __init__(self, meta: Meta) -> None:
        self._meta = meta
        self._enrolment = self._load(ENROLMENT, Enrolment)
        self._link = self._load(_LINK, LinkState) or LinkState()
        self._cursor = meta.meta(_CURSOR) or ""
        self._receipt = self._load(RECEIPT, HeadReceipt)
        self._log_trouble = meta.meta(_LOG_TROUBLE) or ""
        self._offset = _sane(float(meta.meta(_OFFSET) or 0))

    @property
    def enrolment(self) -> Enrolment | None:
        return self._enrolment

    @enrolment.setter
    def enrolment(self, value: Enrolment) -> None:
        if self._enrolment is not None and self._enrolment.signing_key != value.signing_key:
            old = self._load(OLD_KEYS, list[str]) or []
            self._store(OLD_KEYS, [*old, self._enrolment.signing_key])  # receipts that it signed still count
        self._store(ENROLMENT, value)
        self._enrolment = value

    @property
    def link(self) -> LinkState:
        return self._link

    @link.setter
    def link(self, value: LinkState) -> None:
        if value != self._link:
            self._store(_LINK, value)
            self._link = value

    @property
    def cursor(self) -> str:
        return self._cursor

    @cursor.setter
    def cursor(self, value: str) -> None:
        if value != self._cursor:
            self._meta.set_meta(_CURSOR, value)
            self._cursor = value

    @property
    def receipt(self) -> HeadReceipt | None:
        """The newest head of this terminal's log that the backend has confirmed."""
        return self._receipt

    @receipt.setter
    def receipt(self, value: HeadReceipt) -> None:
        if value != self._receipt:
            self._store(RECEIPT, value)
            self._receipt = value

    @property
    def log_trouble(self) -> str:
        """Why the backend does not take the end of the log; empty if it does."""
        return self._log_trouble

    @log_trouble.setter
    def log_trouble(self, value: str) -> None:
        if value != self._log_trouble:
            self._meta.set_meta(_LOG_TROUBLE, value)
            self._log_trouble = value

    @property
    def key_since(self) -> tuple[str, datetime] | None:
        """The id of the terminal's key, and since when it is known to be in use."""
        name, _, since = (self._meta.meta(_KEY_SINCE) or "").partition(" ")
        return (name, datetime.fromisoformat(since)) if since else None

    @key_since.setter
    def key_since(self, value: tuple[str, datetime]) -> None:
        self._meta.set_meta(_KEY_SINCE, f"{value[0]} {value[1].isoformat(timespec='seconds')}")

    @property
    def key_begun(self) -> str:
        """The id of the key that is to follow, as the log was told."""
        return self._meta.meta(_KEY_BEGUN) or ""

    @key_begun.setter
    def key_begun(self, value: str) -> None:
        self._meta.set_meta(_KEY_BEGUN, value)

    @property
    def offset(self) -> timedelta:
        return self._offset

    @offset.setter
    def offset(self, value: timedelta) -> None:
        if abs(value - self._offset) > timedelta(seconds=5):  # smaller ones are the network's
            self._meta.set_meta(_OFFSET, str(value.total_seconds()))
            self._offset = value

    def request_of(self, kind: str) -> str:
        """The id of a block request that was begun and not finished; empty if none."""
        return self._meta.meta(f"sync.block.{kind}") or ""

    def set_request(self, kind: str, request_id: str) -> None:
        self._meta.set_meta(f"sync.block.{kind}", request_id)

    def _load(self, key: str, kind: type[T]) -> T | None:
        found = self._meta.meta(key)
        return msgspec.json.decode(found, type=kind) if found else None

    def _store(self, key: str, value: object) -> None:
        self._meta.set_meta(key, msgspec.json.encode(value).decode())


def _sane(seconds: float) -> timedelta:
    """None at all for what no clock can be off by: an earlier version kept whatever it was told."""
    return timedelta(seconds=seconds) if abs(seconds) <= LARGEST_OFFSET.total_seconds() else timedelta()
