"""The backend's private keys by epoch: one file, mode 0600.

The first epoch is made at the first start, a later one by `rotate`. No epoch is ever removed: what was sealed under it
must stay readable, and a terminal that has been away goes by it until it has learnt the next. The newest seals; each
terminal is answered with the signing key that it knows. A running backend sees a change of the file by itself.

Each suite (kiosk/suites) has a line of epochs of its own, counted and endorsed within it: one backend serves terminals
of every suite that its file has keys of. `Settings.suites` adds a line; none is ever taken away.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from kiosk import suites, wire
from kiosk.backend import log
from kiosk.backend.settings import BackendError
from kiosk.durable import sync_path, write_new


@dataclass(frozen=True, repr=False)
class Epoch:
    """A sealing and a signing pair, as bytes of their suite's form, and what is said of them in public.

    What follows from these is reckoned once: every item of a batch asks for it.
    """

    public: wire.KeyEpoch
    sealing_private: bytes
    signing_private: bytes

    @cached_property
    def suite(self) -> str:
        return suites.suite_name(self.signing_public)

    @cached_property
    def sealing_public(self) -> bytes:
        return wire.unb64(self.public.sealing_key)

    @cached_property
    def signing_public(self) -> bytes:
        return wire.unb64(self.public.signing_key)

    @cached_property
    def sealing_id(self) -> str:
        return wire.key_id(self.sealing_public)

    @cached_property
    def signing_id(self) -> str:
        return wire.key_id(self.signing_public)


class BackendKeys:
    """The epochs of one key file. Thread-safe. ``wanted``: suites that it is to have keys of; none: as the file is."""

    def __init__(self, path: Path, clock: Callable[[], datetime], wanted: Sequence[str] = ()) -> None:
        """Raises BackendError. A missing file is made; one that is damaged or that others may read stops the start."""
        self._path = path
        if not path.exists():
            _create(path, [_new_epoch(1, clock(), None, suite) for suite in wanted or (suites.DEFAULT,)])
        _complete(path, wanted, clock())
        self._lock = threading.Lock()
        self._seen = _stamp(path)
        self._epochs = _load(path)
        self._by_id = {epoch.signing_id: epoch for epoch in self._epochs}

    @property
    def epochs(self) -> Sequence[Epoch]:
        """As they were made, oldest first."""
        self._look()
        return self._epochs

    def of(self, suite: str) -> list[Epoch]:
        """Those of one suite, oldest first; none where this backend does not serve it."""
        return [epoch for epoch in self.epochs if epoch.suite == suite]

    @property
    def current(self) -> Epoch:
        """The newest of the suite that this backend began with."""
        epochs = self.epochs
        return _newest(epochs, epochs[0].suite)

    def signer(self, known: str, suite: str = "") -> Epoch:
        """The epoch whose signing key has the id ``known``; for any other the newest of ``suite``, or `current`."""
        epochs = self.epochs
        served = any(epoch.suite == suite for epoch in epochs)
        return self._by_id.get(known) or _newest(epochs, suite if served else epochs[0].suite)

    def newest(self, epoch: Epoch) -> Epoch:
        """What has followed ``epoch`` last; itself where nothing has."""
        return _newest(self.epochs, epoch.suite)

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


def rotate(path: Path, now: datetime) -> list[Epoch]:
    """A new epoch for each suite, endorsed by the one before, on the disk when this returns. Raises BackendError.

    Backends that run take it up with their next request. Two operators at once make two epochs.
    """
    if not path.exists():
        raise BackendError("keys-missing", f"there is no {path.name}: the backend makes it at its first start")

    def follow(epochs: list[Epoch]) -> list[Epoch]:
        last = {epoch.suite: epoch for epoch in epochs}
        return [_new_epoch(one.public.epoch + 1, now, one, suite) for suite, one in last.items()]

    made = _add(path, follow)
    for epoch in made:
        log.event("keys.rotated", epoch=epoch.public.epoch, key=epoch.sealing_id, suite=epoch.suite)
    return made


def _complete(path: Path, wanted: Sequence[str], now: datetime) -> None:
    """A first epoch for every wanted suite that has none."""

    def begin(epochs: list[Epoch]) -> list[Epoch]:
        have = {epoch.suite for epoch in epochs}
        return [_new_epoch(1, now, None, suite) for suite in wanted if suite not in have]

    if begin(_load(path)):
        for epoch in _add(path, begin):
            log.event("keys.begun", key=epoch.sealing_id, suite=epoch.suite)


def _add(path: Path, make: Callable[[list[Epoch]], list[Epoch]]) -> list[Epoch]:
    """What ``make`` adds to the epochs of the file, nobody else adding meanwhile."""
    guard = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        epochs = _load(path)
        made = make(epochs)
        if made:
            draft = _write_draft(path, [*epochs, *made])
            os.replace(draft, path)
            sync_path(path.parent)
    finally:
        os.close(guard)
    return made


def _newest(epochs: Sequence[Epoch], suite: str) -> Epoch:
    return [epoch for epoch in epochs if epoch.suite == suite][-1]


def _new_epoch(number: int, now: datetime, before: Epoch | None, suite: str) -> Epoch:
    try:
        made = suites.by_name(suite)
        sealing_private, sealing_public = made.new_sealing_pair()
        signing_private, signing_public = made.new_signing_pair()
        public = wire.KeyEpoch(number, wire.b64(sealing_public), wire.b64(signing_public), now.isoformat())
        if before is not None:
            public = replace(public, endorsement=wire.sign(before.signing_private, public.canonical()))
    except suites.SuiteMissing as error:
        raise BackendError(error.code, error.advice) from error
    return Epoch(public, sealing_private, signing_private)


def _load(path: Path) -> list[Epoch]:
    if path.stat().st_mode & 0o077:
        raise BackendError("keys-exposed", f"others may read {path.name}: chmod 600, then judge whether to renew keys")
    epochs: list[Epoch] = []
    try:
        found = json.loads(path.read_text("ascii"))
        for entry in found["epochs"] if "epochs" in found else [_first_form(found)]:
            epoch = _epoch(entry)
            before = [one for one in epochs if one.suite == epoch.suite]
            if not _fits(epoch, before):
                raise BackendError("keys-damaged", f"{path.name} does not fit together: restore it from the backup")
            epochs.append(epoch)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackendError("keys-damaged", f"{path.name} cannot be read: restore it from the backup") from error
    except suites.SuiteMissing as error:
        raise BackendError(error.code, error.advice) from error
    if not epochs:
        raise BackendError("keys-damaged", f"{path.name} holds no keys: restore it from the backup")
    return epochs


def _epoch(entry: dict[str, Any]) -> Epoch:
    public = wire.KeyEpoch(**entry["public"])
    return Epoch(public, wire.unb64(entry["sealing_private"]), wire.unb64(entry["signing_private"]))


def _first_form(found: dict[str, str]) -> dict[str, Any]:
    """A file of the time before there were epochs: four keys, which are the first epoch."""
    public = {"epoch": 1, "sealing_key": found["sealing_public"], "signing_key": found["signing_public"], "since": ""}
    return {"public": public, "sealing_private": found["sealing_private"], "signing_private": found["signing_private"]}


def _fits(epoch: Epoch, before: Sequence[Epoch]) -> bool:
    """Whether its four keys are two pairs of one suite, and it follows from those of its suite ``before`` it."""
    keys = (epoch.sealing_private, epoch.sealing_public, epoch.signing_private, epoch.signing_public)
    if not epoch.suite or any(suites.suite_name(key) != epoch.suite for key in keys):
        return False
    if epoch.public.epoch != len(before) + 1:
        return False
    suite, probe = suites.by_name(epoch.suite), b"a pair"
    try:
        wire.verify(epoch.signing_public, probe, wire.sign(epoch.signing_private, probe))
        opened = suite.unseal(suite.seal(probe, epoch.sealing_public, probe), epoch.sealing_private, probe)
        if before:
            wire.verify(before[-1].signing_public, epoch.public.canonical(), epoch.public.endorsement)
    except (wire.BadSignature, suites.NotOpened):
        return False
    return opened == probe


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
