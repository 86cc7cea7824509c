"""The backend's private keys: one file, mode 0600, made at the first start and never changed by this program."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from kiosk import wire
from kiosk.backend.settings import BackendError
from kiosk.journal.sealing import new_sealing_pair


@dataclass(frozen=True, slots=True, repr=False)
class BackendKeys:
    """Sealing (X25519) and signing (Ed25519) pairs, raw 32-byte values."""

    sealing_private: bytes
    sealing_public: bytes
    signing_private: bytes
    signing_public: bytes

    @property
    def sealing_id(self) -> str:
        return wire.key_id(self.sealing_public)

    @property
    def signing_id(self) -> str:
        return wire.key_id(self.signing_public)


def load_or_create_keys(path: Path) -> BackendKeys:
    """The keys in ``path``; a missing file is created. A readable-by-others or damaged file stops the start."""
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise BackendError("keys-exposed", f"others may read {path.name}: chmod 600, then judge whether to renew keys")
    try:
        found = json.loads(path.read_text("ascii"))
        values = [wire.unb64(found[name]) for name in _NAMES]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackendError("keys-damaged", f"{path.name} cannot be read: restore it from the backup") from error
    if any(len(value) != 32 for value in values) or wire.public_of(values[2]) != values[3]:
        raise BackendError("keys-damaged", f"{path.name} does not fit together: restore it from the backup")
    return BackendKeys(*values)


_NAMES = ("sealing_private", "sealing_public", "signing_private", "signing_public")


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = (*new_sealing_pair(), *wire.new_signing_pair())
    text = json.dumps({name: wire.b64(value) for name, value in zip(_NAMES, values, strict=True)}, indent=1)
    # written aside and linked into place: two starting processes cannot end up with different keys
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first: its keys count
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink(missing_ok=True)
