"""Migrations: numbered SQL files, applied in order, each in one transaction, with a copy of the file made before.

A file is never reset; one that is newer than this program is refused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.durable import sync_path
from kiosk.journal.connection import FILE, database, dbapi
from kiosk.journal.errors import JournalDamaged, JournalError

if TYPE_CHECKING:
    from sqlite3 import Connection

_FOLDER = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step. ``number`` counts from 1 without holes."""

    number: int
    name: str
    sql: str


def shipped() -> tuple[Migration, ...]:
    """The migrations of this program."""
    return tuple(
        Migration(int(file.stem[:4]), file.stem[5:], file.read_text("utf-8")) for file in sorted(_FOLDER.glob("*.sql"))
    )


LATEST = max(int(file.stem[:4]) for file in _FOLDER.glob("*.sql"))


def version(connection: Connection) -> int:
    """The number of the last migration applied; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(
    connection: Connection, folder: Path, now: str, migrations: Sequence[Migration] | None = None
) -> tuple[int, ...]:
    """Bring the file up to date; returns the numbers applied. JournalError ``journal-newer``, ``migration-failed``."""
    have = version(connection)
    latest = LATEST if migrations is None else migrations[-1].number
    if have > latest:
        raise JournalError(
            "journal-newer",
            f"the journal has schema {have}, this program knows {latest}",
            advice="Install the newer program again. The journal was not touched.",
        )
    if have == latest:
        return ()
    if have:
        _copy_aside(connection, folder, have)
    db = database(connection)
    applied = []
    for step in shipped() if migrations is None else migrations:
        if step.number <= have:
            continue
        try:
            with db.atomic():
                db.executescript(step.sql)
                db["schema_version"].insert({"number": step.number, "name": step.name, "applied_at": now})  # type: ignore[union-attr]  # a table, not a view
                db.execute(f"PRAGMA user_version = {step.number}")
        except dbapi.Error as error:
            raise JournalError(
                "migration-failed",
                f"step {step.number} ({step.name}) failed, the journal is as it was: {error}",
                advice="Install the program that ran before, and report this.",
            ) from error
        applied.append(step.number)
    return tuple(applied)


def _copy_aside(connection: Connection, folder: Path, have: int) -> None:
    """A copy of the whole file beside it, encrypted as it is, durable before the first change."""
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise JournalError("journal-busy", "somebody reads the journal while it must be migrated", retryable=True)
    source, target = folder / FILE, folder / f"{FILE}.schema-{have}"
    part = target.with_name(target.name + ".part")
    with source.open("rb") as read, open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
        write.flush()
        os.fsync(write.fileno())
    if part.stat().st_size != source.stat().st_size:
        raise JournalDamaged("journal-damaged", "the copy made before migrating is not as long as the journal")
    part.replace(target)
    sync_path(folder)
