"""What every command of the backend does: open it, run, close it, and print one object."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TypeVar

from kiosk.backend.core import Backend
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store.engine import StoreBusy

T = TypeVar("T")


def with_backend(settings: Settings, work: Callable[[Backend], T]) -> T:
    """Raises BackendError, ``store-busy`` where the database does not answer.

    A database that was not there is made, and that is said: a mistyped --db shows.
    """
    path = settings.sqlite_path()
    new = path is not None and not path.exists()
    backend = Backend(settings)
    if new:
        print(f"made a new, empty database: {path} (with its keys beside it). Is --db right?", file=sys.stderr)
    try:
        return work(backend)
    except StoreBusy as error:
        raise BackendError("store-busy", "the database does not answer: try again", retryable=True) from error
    finally:
        backend.close()


def say(**what: object) -> None:
    """One line of JSON, UTF-8 as it is."""
    print(json.dumps(what, ensure_ascii=False))
