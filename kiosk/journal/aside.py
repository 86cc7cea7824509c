"""A damaged journal is set aside: renamed with the time, never deleted, and the salvaged one takes its place.

The point of no return is one rename: a salvaged file that is whole is called ``journal.db-salvaged-TIME``. Whatever
is killed after that, the next start goes on from there (``finish``); before it, the damaged journal is what it was.

Failpoints: ``aside.ready`` (the point is passed, nothing moved), ``aside.moved`` (the damaged file, not its log),
``aside.logged`` (both), ``aside.done``.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from kiosk.durable import sync_path
from kiosk.health.failpoints import hit
from kiosk.journal import closed
from kiosk.journal.connection import FILE

FAILPOINTS = ("aside.ready", "aside.moved", "aside.logged", "aside.done")
PREFIX = f"{FILE}.damaged-"
"""So begins the name of what was set aside; the time follows, and ``-wal`` for its log."""
_READY = f"{FILE}-salvaged-"
KEPT = f"{FILE}-wal-kept"
_LOG = f"{FILE}-wal"


def keep_log(folder: Path) -> None:
    """A second name for the log, until the journal was looked at.

    SQLite takes the log away when it closes a damaged journal, and rows may stand in it that it could not use.
    """
    log, kept = folder / _LOG, folder / KEPT
    if kept.exists() and not (log.exists() and log.samefile(kept)):
        return  # of an opening that was killed: it is that log that is wanted
    kept.unlink(missing_ok=True)
    if log.exists():
        with contextlib.suppress(OSError):  # a file system without links
            os.link(log, kept)


def let_go(folder: Path) -> None:
    """The journal is whole: its log needs no second name."""
    (folder / KEPT).unlink(missing_ok=True)


def put_back(folder: Path) -> None:
    """The journal was refused: what SQLite took away stands under its own name again. Nobody has it open."""
    if (folder / KEPT).exists():
        (folder / KEPT).replace(folder / _LOG)


def log_of(folder: Path) -> Path:
    """The log as it was before SQLite looked at the journal."""
    kept = folder / KEPT
    return kept if kept.exists() else folder / _LOG


def set_aside(folder: Path) -> list[str]:
    """The damaged journals that lie here, by name, oldest first."""
    return sorted(name for name in os.listdir(folder) if name.startswith(PREFIX) and not name.endswith("-wal"))


def free_name(folder: Path, now: datetime) -> str:
    """What the damaged journal will be called: a second one within the same second gets a number."""
    name = f"{PREFIX}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    while (folder / (full := name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return full


def put_in_place(folder: Path, made: Path, name: str) -> None:
    """``made``, whole and durable, takes the place of the damaged journal, which will be called ``name``."""
    made.replace(folder / f"{_READY}{name.removeprefix(PREFIX)}")
    sync_path(folder)
    finish(folder)


def finish(folder: Path) -> None:
    """Do what ``put_in_place`` began, from wherever it was killed. Nothing where nothing was begun."""
    for found in sorted(name for name in os.listdir(folder) if name.startswith(_READY)):
        ready = folder / found
        hit("aside.ready")
        name = PREFIX + found.removeprefix(_READY)
        if (folder / FILE).exists() and not (folder / name).exists():
            (folder / FILE).rename(folder / name)
        hit("aside.moved")
        log = log_of(folder)
        if log.exists() and not (folder / f"{name}-wal").exists():
            log.rename(folder / f"{name}-wal")
        for rest in (KEPT, _LOG, f"{FILE}-shm", closed.TOLD, closed.ROOM):
            (folder / rest).unlink(missing_ok=True)
        sync_path(folder)
        hit("aside.logged")
        ready.rename(folder / FILE)
        sync_path(folder)
        hit("aside.done")
