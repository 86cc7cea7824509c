"""The terminal's own key: Ed25519, one file, mode 0600, made once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk import wire
from kiosk.sync.policy import Failure, SyncFailure

FILE = "terminal.key"


@dataclass(frozen=True, slots=True, repr=False)
class TerminalKey:
    """``private`` is the raw 32-byte seed; it never leaves this terminal."""

    private: bytes

    @classmethod
    def load_or_create(cls, folder: Path) -> TerminalKey:
        """The key in ``folder``. Raises SyncFailure when others may read it or it is damaged: a person has to judge."""
        path = folder / FILE
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise SyncFailure(Failure.SERVER, "key-exposed", "others may read the terminal's key: enrol it anew")
        private = path.read_bytes()
        if len(private) != 32:
            raise SyncFailure(Failure.SERVER, "key-damaged", "the terminal's key is damaged: remove it and enrol anew")
        return cls(private)

    @property
    def public(self) -> bytes:
        return wire.public_of(self.private)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(wire.new_signing_pair()[0])
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
