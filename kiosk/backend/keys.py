"""The backend's private keys by epoch: one file, mode 0600.

The first epoch is made at the first start, a later one by `rotate`. No epoch is ever removed: what was sealed under it
must stay readable, and a terminal that has been away goes by it until it has learnt the next. The newest seals; each
terminal is answered with the signing key that it knows. A running backend sees a change of the file by itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.settings import BackendError
from kiosk.durable import sync_path, write_new
from kiosk.journal.sealing import new_sealing_pair


@dataclass(frozen=True, slots=True, repr=False)
class Epoch:
    """Sealing (X25519) and signing (Ed25519) pairs, raw 32-byte values, and what is said of them in public."""

    public: wire.KeyEpoch
    sealing_private: bytes
    signing_private: bytes

    @property
    def sealing_public(self) -> bytes:
        return wire.unb64(self.public.sealing_key)

    @property
    def signing_public(self) -> bytes:
        return wire.unb64(self.public.signing_key)

    @property
    def sealing_id(self) -> str:
        return wire.key_id(self.sealing_public)

    @property
    def signing_id(self) -> str:
        return wire.key_id(self.signing_public)


class BackendKeys:
    """The epochs of one key file. Thread-safe."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Raises BackendError. A missing file is made; one that is damaged or that others may read stops the start."""
        self._path = path
        if not path.exists():
            _create(path, [_new_epoch(1, clock(), None)])
        self._lock = threading.Lock()
        self._seen = _stamp(path)
        self._epochs = _load(path)
        self._by_id = {epoch.signing_id: epoch for epoch in self._epochs}

    @property
    def epochs(self) -> Sequence[Epoch]:
        """Oldest first."""
        self._look()
        return self._epochs

    @property
    def current(self) -> Epoch:
        return self.epochs[-1]

    def signer(self, known: str) -> Epoch:
        """The epoch whose signing key has the id ``known``; the current one for any other."""
        current = self.current
        return self._by_id.get(known, current)

    def _look(self) -> None:
        """Reads the file again if it is another one: an operator has rotated. Unreadable, the keys at hand go on."""
        try:
            stamp = _stamp(self._path)
        except OSError:
            return
        if stamp == self._seen:
            return
        with self._lock:
            try:
                epochs = _load(self._path)
            except BackendError as error:
                log.event("keys.not-read", code=error.code)
            else:
                self._by_id = {epoch.signing_id: epoch for epoch in epochs}
                self._epochs = epochs
                log.event("keys.read", epoch=epochs[-1].public.epoch)
            self._seen = stamp

    # the current epoch's values, by their short names

    @property
    def sealing_public(self) -> bytes:
        return self.current.sealing_public

    @property
    def signing_private(self) -> bytes:
        return self.current.signing_private

    @property
    def signing_public(self) -> bytes:
        return self.current.signing_public

    @property
    def sealing_id(self) -> str:
        return self.current.sealing_id

    @property
    def signing_id(self) -> str:
        return self.current.signing_id


def rotate(path: Path, now: datetime) -> Epoch:
    """A new epoch, endorsed by the one before, on the disk when this returns. Raises BackendError.

    Backends that run take it up with their next request. Two operators at once make two epochs.
    """
    if not path.exists():
        raise BackendError("keys-missing", f"there is no {path.name}: the backend makes it at its first start")
    guard = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        epochs = _load(path)
        made = _new_epoch(len(epochs) + 1, now, epochs[-1])
        draft = _write_draft(path, [*epochs, made])
        os.replace(draft, path)
        sync_path(path.parent)
    finally:
        os.close(guard)
    log.event("keys.rotated", epoch=made.public.epoch, key=made.sealing_id)
    return made


def _new_epoch(number: int, now: datetime, before: Epoch | None) -> Epoch:
    sealing_private, sealing_public = new_sealing_pair()
    signing_private, signing_public = wire.new_signing_pair()
    public = wire.KeyEpoch(number, wire.b64(sealing_public), wire.b64(signing_public), now.isoformat())
    if before is not None:
        endorsement = wire.sign(before.signing_private, public.canonical())
        public = wire.KeyEpoch(public.epoch, public.sealing_key, public.signing_key, public.since, endorsement)
    return Epoch(public, sealing_private, signing_private)


def _load(path: Path) -> list[Epoch]:
    if path.stat().st_mode & 0o077:
        raise BackendError("keys-exposed", f"others may read {path.name}: chmod 600, then judge whether to renew keys")
    try:
        found = json.loads(path.read_text("ascii"))
        entries = found["epochs"] if "epochs" in found else [_first_form(found)]
        epochs = [_epoch(number, entry) for number, entry in enumerate(entries, 1)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackendError("keys-damaged", f"{path.name} cannot be read: restore it from the backup") from error
    if not epochs or not all(_fits(epoch, before) for epoch, before in zip(epochs, [None, *epochs], strict=False)):
        raise BackendError("keys-damaged", f"{path.name} does not fit together: restore it from the backup")
    return epochs


def _epoch(number: int, entry: dict[str, Any]) -> Epoch:
    public = wire.KeyEpoch(**entry["public"])
    if public.epoch != number:
        raise ValueError("epochs out of order")
    return Epoch(public, wire.unb64(entry["sealing_private"]), wire.unb64(entry["signing_private"]))


def _first_form(found: dict[str, str]) -> dict[str, Any]:
    """A file of the time before there were epochs: four keys, which are the first epoch."""
    public = {"epoch": 1, "sealing_key": found["sealing_public"], "signing_key": found["signing_public"], "since": ""}
    return {"public": public, "sealing_private": found["sealing_private"], "signing_private": found["signing_private"]}


def _fits(epoch: Epoch, before: Epoch | None) -> bool:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    values = (epoch.sealing_private, epoch.sealing_public, epoch.signing_private, epoch.signing_public)
    if any(len(value) != 32 for value in values) or wire.public_of(epoch.signing_private) != epoch.signing_public:
        return False
    sealing = X25519PrivateKey.from_private_bytes(epoch.sealing_private).public_key().public_bytes_raw()
    if sealing != epoch.sealing_public:
        return False
    if before is None:
        return True
    try:
        wire.verify(before.signing_public, epoch.public.canonical(), epoch.public.endorsement)
    except wire.BadSignature:
        return False
    return True


def _create(path: Path, epochs: list[Epoch]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # written aside and linked into place: two starting processes cannot end up with different keys
    draft = _write_draft(path, epochs)
    try:
        os.link(draft, path)
        sync_path(path.parent)
    except FileExistsError:
        return  # another process was first: its keys count
    finally:
        draft.unlink(missing_ok=True)


def _write_draft(path: Path, epochs: Sequence[Epoch]) -> Path:
    entries = [
        {
            "public": asdict(epoch.public),
            "sealing_private": wire.b64(epoch.sealing_private),
            "signing_private": wire.b64(epoch.signing_private),
        }
        for epoch in epochs
    ]
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    write_new(draft, json.dumps({"format": 1, "epochs": entries}, indent=1).encode("ascii"))
    return draft


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
