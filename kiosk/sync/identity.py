"""The terminal's own key: Ed25519, one file, mode 0600, made once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk import wire
from kiosk.durable import put, sync_path
from kiosk.sync.policy import Failure, SyncFailure

FILE = "terminal.key"
NEXT = "terminal.key.next"  # made by begin_change, promoted when the backend has taken it


@dataclass(frozen=True, slots=True, repr=False)
class TerminalKey:
    """``private`` is the raw 32-byte seed; it never leaves this terminal. ``folder``: where its file lies."""

    private: bytes
    folder: Path | None = None

    @classmethod
    def load_or_create(cls, folder: Path) -> TerminalKey:
        """The key in ``folder``. Raises SyncFailure when others may read it or it is damaged: a person has to judge."""
        path = folder / FILE
        if not path.exists():
            _create(path)
        return cls._load(path)

    @classmethod
    def _load(cls, path: Path) -> TerminalKey:
        if path.stat().st_mode & 0o077:
            raise SyncFailure(Failure.SERVER, "key-exposed", "others may read the terminal's key: enrol it anew")
        private = path.read_bytes()
        if len(private) != 32:
            raise SyncFailure(Failure.SERVER, "key-damaged", "the terminal's key is damaged: remove it and enrol anew")
        return cls(private, path.parent)

    def begin_change(self) -> TerminalKey:
        """The key that is to follow this one, on the disk; the same one until `complete_change`. Raises SyncFailure."""
        if self.folder is None:
            raise SyncFailure(Failure.SERVER, "key-damaged", "this key has no file: it cannot be changed")
        path = self.folder / NEXT
        if not path.exists():
            _create(path)
        return self._load(path)

    def pending(self) -> TerminalKey | None:
        """The key whose change was begun and not completed."""
        found = self.folder is not None and (self.folder / NEXT).exists()
        return self.begin_change() if found else None

    def complete_change(self) -> None:
        """The key that was begun is the terminal's from here on: on the disk when this returns."""
        if self.folder is not None:
            os.replace(self.folder / NEXT, self.folder / FILE)
            sync_path(self.folder)

    def drop_change(self) -> None:
        if self.folder is not None:
            (self.folder / NEXT).unlink(missing_ok=True)

    @property
    def public(self) -> bytes:
        return wire.public_of(self.private)


def public_key_in(folder: Path) -> bytes | None:
    """The public half of the terminal's key; None where there is none to be read. Makes nothing."""
    try:
        private = (folder / FILE).read_bytes()
    except OSError:
        return None
    return wire.public_of(private) if len(private) == 32 else None


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, wire.new_signing_pair()[0], draft=path.with_name(f"{path.name}.{os.getpid()}.new"))
