"""The whole database as one file and back: SQLite's online backup, or PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from kiosk.backend.ownership import LARGEST
from kiosk.backend.settings import BackendError, sqlite_path
from kiosk.backend.store import certificates, postgres
from kiosk.backend.store.engine import Store
from kiosk.backend.store.tables import item_materials, materials, sequences
from kiosk.durable import sync_path

AHEAD = 100_000  # numbers and results of each kind that may have been given out since the backup was made


def dump(db_url: str, target: Path) -> str:
    """One consistent picture into the new file ``target``, while backends go on. Returns its kind. Raises BackendError.

    ``sqlite``: a database file; ``postgresql``: pg_dump's custom format.
    """
    path = sqlite_path(db_url)
    if path is not None:
        _dump_sqlite(path, target)
        return "sqlite"
    _run(db_url, "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")
    return "postgresql"


def load(db_url: str, kind: str, source: Path) -> None:
    """The file that `dump` has made as the database ``db_url``, of which there is nothing yet. Raises BackendError."""
    path = sqlite_path(db_url)
    if kind != ("postgresql" if path is None else "sqlite"):
        raise BackendError("other-database", f"this backup is of a {kind} database: restore it as one")
    if path is None:
        _run(db_url, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-acl", str(source))
        _go_ahead(db_url)
    else:
        _go_ahead(str(source))  # before it is in its place: nobody gets a number from it that was given out before
        _link(source, path)


def is_there(db_url: str) -> bool:
    """Whether there is a database of ours already. Raises BackendError."""
    path = sqlite_path(db_url)
    if path is not None:
        return path.exists()
    engine = postgres.make_engine(db_url)
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table("schema_version")
    except DBAPIError as error:
        raise BackendError("store-unusable", "the database cannot be opened: check address and rights") from error
    finally:
        engine.dispose()


def material_hashes(db_url: str, dumped: Path) -> dict[str, bool]:
    """The materials that the dumped database knows; of PostgreSQL those of now, which are more, never fewer.

    Of each whether an item needs it: of others the row may be there before the bytes are (`Blobs.keep`).
    """
    store = Store.open(str(dumped) if sqlite_path(db_url) is not None else db_url)
    try:
        needed = set(store.read(lambda c: c.scalars(select(item_materials.c.hash).distinct()).all()))
        known = store.read(lambda c: c.scalars(select(materials.c.hash).distinct().order_by(materials.c.hash)).all())
        made = store.read(certificates.hashes)
    finally:
        store.close()
    return {digest: digest in needed for digest in known} | dict.fromkeys(made, True)


def _dump_sqlite(path: Path, target: Path) -> None:
    from sqlcipher3 import dbapi2

    if not path.exists():
        raise BackendError("no-database", f"there is no {path.name} to back up: check --db")
    source = dbapi2.connect(str(path), timeout=10.0)
    copy = dbapi2.connect(str(target))
    try:
        source.backup(copy)  # all pages in one read transaction: writers go on in the log
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    except dbapi2.Error as error:
        raise BackendError("store-unusable", "the database cannot be read whole: check disk and rights") from error
    finally:
        copy.close()
        source.close()
    if found != "ok":
        raise BackendError("store-damaged", "the database is damaged: keep it, and go back to an earlier backup")


def _go_ahead(db_url: str) -> None:
    """Past what was given out since the backup: no number twice, no result behind a terminal's cursor."""

    def work(connection: Connection) -> None:
        for kind, largest in LARGEST.items():
            known = connection.scalar(select(sequences.c.next).where(sequences.c.kind == kind))
            if known is not None:
                ahead = min(known + AHEAD, largest + 1)
                connection.execute(update(sequences).where(sequences.c.kind == kind).values(next=ahead))
        if connection.dialect.name == "postgresql":
            ahead_of = "SELECT coalesce(max(seq), 0) + :ahead FROM results"
            sequence = "pg_get_serial_sequence('results', 'seq')"
            connection.execute(text(f"SELECT setval({sequence}, ({ahead_of}))"), {"ahead": AHEAD})
        else:
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) SELECT 'results', 0 WHERE NOT EXISTS "
                                    "(SELECT 1 FROM sqlite_sequence WHERE name = 'results')"))  # fmt: skip
            moved = text("UPDATE sqlite_sequence SET seq = seq + :ahead WHERE name = 'results'")
            connection.execute(moved, {"ahead": AHEAD})

    store = Store.open(db_url)
    try:
        store.write(work)
    finally:
        store.close()
    path = sqlite_path(db_url)
    if path is not None:
        _fold(path)


def _fold(path: Path) -> None:
    """Everything in the one file again."""
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(str(path))
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()


def _link(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.restored")
    shutil.copyfile(source, draft)
    os.chmod(draft, 0o600)
    sync_path(draft)
    try:
        os.link(draft, path)  # never over a database that came meanwhile
    except FileExistsError:
        raise BackendError("would-overwrite", f"{path.name} is there already") from None
    finally:
        draft.unlink()


def _run(db_url: str, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackendError("pg-dump-missing", f"{program} is missing: install postgresql-client")
    url = make_url(db_url).set(drivername="postgresql")
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    name = url.set(password=None).render_as_string(hide_password=False)  # a process list shows arguments
    done = subprocess.run(
        [found, f"--dbname={name}", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        raise BackendError("pg-dump-failed", f"{program} says: {last[0]}")
