"""What every command of the backend does: open it, run, close it, and print one object."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from kiosk.backend.core import Backend
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store.engine import StoreBusy

T = TypeVar("T")


def with_backend(settings: Settings, work: Callable[[Backend], T]) -> T:
    """Raises BackendError, ``store-busy`` where the database does not answer."""
    backend = Backend(settings)
    try:
        return work(backend)
    except StoreBusy as error:
        raise BackendError("store-busy", "the database does not answer: try again", retryable=True) from error
    finally:
        backend.close()


def say(**what: object) -> None:
    """One line of JSON, UTF-8 as it is."""
    print(json.dumps(what, ensure_ascii=False))
