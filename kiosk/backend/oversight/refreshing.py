"""``python -m kiosk.backend.oversight.refreshing``: supervision reckoned anew in a process of its own.

A million cases take a minute and two gigabytes: in the backend's own process every page would wait for the interpreter
meanwhile, and the memory would stay. How to reach the database comes through the pipe (kiosk/workers.py), because it
may hold a password. One call, then whoever asked ends the process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kiosk.backend.settings import BackendError, Settings
from kiosk.workers import Head, Worker, serve

LONGEST = 3600.0  # seconds
POLITE = 10  # less urgent than whoever serves, nice(2)
SAID = ("db_url", "blobs", "keys", "suites")


class Refreshing:
    """Thread-safe: one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._said = {name: getattr(settings, name) for name in SAID}
        self._worker = Worker("kiosk.backend.oversight.refreshing")

    def run(self) -> Mapping[str, Any]:
        """What was made (oversight.Refreshed). Raises WorkerError."""
        try:
            return self._worker.call(self._said, deadline_s=LONGEST)[0]
        finally:
            self._worker.release()

    def stop(self) -> None:
        """Whatever is under way ends at once; the next one finds what was done."""
        self._worker.abandon()


def _handle(head: Head, _body: bytes) -> tuple[Mapping[str, Any], bytes]:
    from kiosk.backend.core import Backend
    from kiosk.backend.oversight.oversight import Oversight

    os.nice(POLITE)
    backend = Backend(Settings(**{**head, "suites": tuple(head["suites"])}))
    try:
        return asdict(Oversight.of(backend).refresh()), b""
    finally:
        backend.close()


def _refusal(error: Exception) -> Head | None:
    from kiosk.backend.store.engine import StoreBusy

    if isinstance(error, BackendError):
        return {"error": error.code}
    return {"error": "store-busy"} if isinstance(error, StoreBusy) else None


if __name__ == "__main__":
    serve(_handle, _refusal)
