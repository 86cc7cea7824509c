"""What `kiosk keys list|change|move|restore` does. Exit status: 0 done, 1 refused, 2 there is nothing here.

`list` and `change` may run beside a terminal; the others need it stopped. None of them prints a secret.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk import suites, wire
from kiosk.domain.keys import SOURCES
from kiosk.journal.connection import KEY_BYTES
from kiosk.journal.errors import JournalError
from kiosk.keystore import notes, store
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import beside
from kiosk.sync.policy import SyncFailure

NOTHING = KeyUnavailable("no-keys", "there are no keys here", "Name the terminal's data folder with --data.")


def run(data: Path, action: str, to: str, pcrs: str, copy: Path | None, *, as_json: bool) -> int:
    """``to`` and ``pcrs`` are for `move`; ``copy``: what `move` writes besides, and what `restore` reads."""
    try:
        if action == "restore":
            return _restore(data, copy, as_json)
        if not notes.sources_in(data):
            return _refused(NOTHING, 2, as_json)
        if action == "change":
            return _change(data, as_json)
        return _move(data, to, pcrs, copy, as_json) if action == "move" else _list(data, as_json)
    except (KeyUnavailable, JournalError) as error:
        return _refused(error, 1, as_json)
    except SyncFailure as error:
        return _refused(KeyUnavailable(error.cause, error.cause, error.advice), 1, as_json)
    except OSError as error:
        message = f"the keys cannot be read or written: {error.strerror}"
        advice = "Run as the terminal's user, and look at the disk."
        return _refused(KeyUnavailable("unwritable", message, advice), 1, as_json)


def _list(data: Path, as_json: bool) -> int:
    """Each secret, its source, and of the terminal's key its suite and public id."""
    rows: list[dict[str, str]] = []
    here = notes.sources_in(data)
    for path in notes.secrets_in(data):
        if path.name not in here:
            continue
        row = {"name": path.name, "source": here[path.name]}
        if path.name != notes.JOURNAL:
            secret = store.load(path) or b""
            row |= {"suite": suites.suite_name(secret), "id": wire.key_id(wire.public_of(secret))}
        rows.append(row)
    _say({"ok": True, "keys": rows}, "\n".join("  ".join(row.values()) for row in rows), as_json)
    return 0


def _change(data: Path, as_json: bool) -> int:
    """Lay the terminal's next signing key ready; a running terminal takes it to the backend with its next contact."""
    from kiosk.sync.identity import TerminalKey

    folder = notes.secrets_in(data)[-1].parent
    if not store.forms(folder / notes.TERMINAL):
        raise NOTHING
    new = TerminalKey.load_or_create(folder).begin_change()
    name = wire.key_id(new.public)
    text = f"key {name} lies ready; the terminal changes to it when it next reaches its backend"
    _say({"ok": True, "id": name, "suite": new.suite}, text, as_json)
    return 0


def _move(data: Path, to: str, pcrs: str, copy: Path | None, as_json: bool) -> int:
    """Every secret to one source. Killed at any moment, each is in its old form, in the new one or in both."""
    try:
        wanted = store.source(to, pcrs)
    except ValueError as error:
        advice = f"Say --to {'|'.join(SOURCES)}; --pcrs goes with tpm alone."
        raise KeyUnavailable("no-such-source", str(error), advice) from None
    folder = notes.secrets_in(data)[0].parent
    with _stopped(folder):
        if copy is not None:
            _copy(data, copy)
        moved = {path.name: had for path in notes.secrets_in(data) if (had := store.move(path, wanted))}
    _note(folder, data)
    text = "\n".join(f"{name}: {had} -> {to}" for name, had in moved.items()) or f"everything is in {to} already"
    _say({"ok": True, "moved": moved, "source": to}, text, as_json)
    return 0


@contextmanager
def _stopped(folder: Path) -> Iterator[None]:
    """Nobody else has the journal open meanwhile: a terminal that runs has its keys in use. Raises JournalError."""
    from kiosk.journal import opening

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = opening.take_lock(folder)
    try:
        yield
    finally:
        os.close(handle)


def _copy(data: Path, out: Path) -> None:
    """The secrets as they are, for the safe: without it, what a broken TPM has sealed is lost. Never written over."""
    from kiosk.durable import sync_path, write_new

    found = {path.name: store.load(path) for path in notes.secrets_in(data)}
    lines = {name: wire.b64(secret) for name, secret in found.items() if secret is not None}
    try:
        write_new(out, json.dumps(lines, indent=1).encode("ascii"))
    except FileExistsError:
        raise KeyUnavailable("copy-exists", f"{out} is there already", "Name a new file with --copy.") from None
    sync_path(out.parent)


def _note(folder: Path, data: Path) -> None:
    """In the audit log, now that the lock is free; a terminal that starts first says the same."""
    from kiosk.journal.connection import FILE
    from kiosk.journal.journal import Journal
    from kiosk.journal.keys import load_or_create_key

    if (folder / FILE).exists():
        with Journal.open(folder, load_or_create_key(folder)) as journal:
            notes.note_sources(journal, data)


def _restore(data: Path, copy: Path | None, as_json: bool) -> int:
    """Put the secrets of a copy back as files, where their source cannot give them any more.

    Nothing is put over a secret that lies here as a file: it may be all that opens the journal, and in no copy.
    """
    try:
        if copy is None:
            raise ValueError
        found = {str(name): wire.unb64(text) for name, text in json.loads(copy.read_text("ascii")).items()}
        if not found or not all(_is_secret(name, secret) for name, secret in found.items()):
            raise ValueError
    except (OSError, ValueError, AttributeError) as error:
        advice = "Name with --copy the file that kiosk keys move --copy has made."
        raise KeyUnavailable("bad-copy", "there is no copy that can be read", advice) from error
    paths = [path for path in notes.secrets_in(data) if path.name in found]
    with _stopped(notes.secrets_in(data)[0].parent):
        for path in paths:
            there = path.read_bytes() if path.exists() else b""
            if there != found[path.name] and _is_secret(path.name, there):
                message = f"{path.name} is here as a file, and is another one than the copy's"
                advice = "See whose copy it is; where it is the right one, move that file to a safe place first."
                raise KeyUnavailable("key-there", message, advice)
        for path in paths:
            store.USUAL.put(path, found[path.name])
            for one in store.forms(path)[1:]:
                beside(path, one).replace(path.with_name(f"{path.name}{one.suffix}.old"))
    names = [path.name for path in paths]
    _say({"ok": True, "restored": names}, f"put back as files: {', '.join(names)}", as_json)
    return 0


def _is_secret(name: str, secret: bytes) -> bool:
    """Whether it has the form of what lies under this name."""
    if name == notes.JOURNAL:
        return len(secret) == KEY_BYTES
    return len(secret) in {suites.by_name(one).PRIVATE_BYTES for one in suites.NAMES}


def _say(answer: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(answer, ensure_ascii=False) if as_json else text)


def _refused(error: KeyUnavailable | JournalError, status: int, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": False, "error": {"code": error.code, "message": str(error), "advice": error.advice}}))
    else:
        print(f"{error.code}: {error}\n{error.advice}".rstrip(), file=sys.stderr)
    return status
