"""The terminal's own key, which signs: made once, of its suite, kept by the profile's source (kiosk/keystore)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk import suites, wire
from kiosk.durable import sync_path
from kiosk.keystore import store
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import Source, beside
from kiosk.sync.policy import Failure, SyncFailure

FILE = "terminal.key"
NEXT = "terminal.key.next"  # made by begin_change, promoted when the backend has taken it
ANEW = "Enrol the terminal anew, in a new data folder, once everything that waits has been sent."


@dataclass(frozen=True, slots=True, repr=False)
class TerminalKey:
    """``private`` is a signing key of its suite; it never leaves this terminal. ``folder``: where its file lies."""

    private: bytes
    folder: Path | None = None

    @classmethod
    def load_or_create(cls, folder: Path, suite: str = "", wanted: Source = store.USUAL) -> TerminalKey:
        """The key in ``folder``; made of ``suite`` and by ``wanted`` where there is none. No suite: whatever is there.

        Raises SyncFailure when it cannot be had, others may read it, it is damaged or of another suite: a person has
        to judge.
        """
        if not store.forms(folder / FILE):
            _create(folder / FILE, suites.by_name(suite or suites.DEFAULT), wanted)
        key = cls._load(folder / FILE)
        if suite and key.suite != suite:
            raise SyncFailure(
                Failure.SERVER,
                "suite-differs",
                f"this terminal's key is of the crypto suite {key.suite}, the profile says {suite}: correct "
                f"keys.suite. To change the suite: {ANEW}",
            )
        return key

    @classmethod
    def _load(cls, path: Path) -> TerminalKey:
        if path.exists() and path.stat().st_mode & 0o077:
            raise SyncFailure(Failure.SERVER, "key-exposed", "others may read the terminal's key: enrol it anew")
        try:
            private = store.load(path) or b""
        except KeyUnavailable as error:
            raise SyncFailure(Failure.SERVER, error.code, f"{error}. {error.advice}") from error
        if len(private) not in {suites.by_name(name).PRIVATE_BYTES for name in suites.NAMES}:
            raise SyncFailure(Failure.SERVER, "key-damaged", "the terminal's key is damaged: remove it and enrol anew")
        return cls(private, path.parent)

    @property
    def suite(self) -> str:
        return suites.of_key(self.private).NAME

    def begin_change(self) -> TerminalKey:
        """The key that is to follow this one, on the disk, of the same suite and by the same source.

        The same one until `complete_change`. Raises SyncFailure.
        """
        if self.folder is None:
            raise SyncFailure(Failure.SERVER, "key-damaged", "this key has no file: it cannot be changed")
        path = self.folder / NEXT
        if not store.forms(path):
            _create(path, suites.of_key(self.private), None)
        return self._load(path)

    def pending(self) -> TerminalKey | None:
        """The key whose change was begun and not completed."""
        found = self.folder is not None and store.forms(self.folder / NEXT)
        return self.begin_change() if found else None

    def complete_change(self) -> None:
        """The key that was begun is the terminal's from here on: on the disk when this returns."""
        if self.folder is None:
            return
        try:
            form = store.source_of(self.folder / NEXT)
            for name in (NEXT, FILE):  # a move of the two to another form was cut short: one form each, the same
                if [one.name for one in store.forms(self.folder / name)] != [form.name]:
                    store.move(self.folder / name, form)
        except KeyUnavailable as error:
            raise SyncFailure(Failure.SERVER, error.code, f"{error}. {error.advice}") from error
        os.replace(beside(self.folder / NEXT, form), beside(self.folder / FILE, form))
        sync_path(self.folder)

    def drop_change(self) -> None:
        if self.folder is not None:
            for form in store.forms(self.folder / NEXT):
                form.remove(self.folder / NEXT)

    @property
    def public(self) -> bytes:
        return wire.public_of(self.private)


def public_key_in(folder: Path) -> bytes | None:
    """The public half of the terminal's key; None where there is none to be read. Makes nothing."""
    try:
        private = store.load(folder / FILE)
    except (OSError, KeyUnavailable):
        return None
    return wire.public_of(private) if private is not None and suites.suite_name(private) else None


def _create(path: Path, suite: suites.Suite, wanted: Source | None) -> None:
    """``wanted`` None: where the key lies that this one is to follow, bound as that one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.create(path, lambda: suite.new_signing_pair()[0], wanted or store.source_of(path.with_name(FILE)))
    except (KeyUnavailable, suites.SuiteMissing) as error:
        raise SyncFailure(Failure.SERVER, error.code, f"{error}. {error.advice}") from error
