"""Notes of the downloads in the journal's meta table, which are JSON: read, or put aside where they cannot be.

A newer program, which an older one follows, may have written one. That must not keep the sync from beginning: what the
note said is as if it had never been said, its text is kept under another key, and the log tells.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from kiosk.sync.notices import AuditLog
from kiosk.sync.state import Meta

T = TypeVar("T")
PREFIX = "downloads."
ASIDE = "downloads.aside."


class Journal(Meta, AuditLog, Protocol):
    """The part of the journal used here."""

    def record(self, key: str, value: str, event: str, /, **details: str | int) -> None: ...


def read(meta: Meta, key: str, kind: type[T]) -> T | None:
    """The note; None where there is none, or none that can be read."""
    text = meta.meta(key)
    try:
        return msgspec.json.decode(text, type=kind) if text else None
    except (msgspec.MsgspecError, RecursionError):
        return None


def unreadable(meta: Meta, key: str, kind: type[T]) -> bool:
    return bool(meta.meta(key)) and read(meta, key, kind) is None


def mend(journal: Journal, key: str, kind: type[T], instead: str = "") -> None:
    """Puts aside what cannot be read; ``instead`` takes its place. Killed in between, it is done again."""
    if unreadable(journal, key, kind):
        name = key.removeprefix(PREFIX)
        journal.record(f"{ASIDE}{name}", journal.meta(key) or "", "downloads.set_aside", note=name)
        journal.set_meta(key, instead)
