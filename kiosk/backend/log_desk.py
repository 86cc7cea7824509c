"""The operator's two deeds about a terminal's audit log, beside a running backend: its heads, and leave for another."""

from __future__ import annotations

import msgspec

from kiosk.backend.commanding import with_backend
from kiosk.backend.settings import BackendError, Settings


def heads(settings: Settings, terminal_id: str) -> list[str]:
    """Every confirmed head as a line of JSON, oldest first: a file for `kiosk log verify --checkpoints`.

    Raises BackendError ``no-such-log``.
    """
    receipts = with_backend(settings, lambda backend: backend.logs.receipts(terminal_id))
    if not receipts:
        raise _none(terminal_id)
    return [msgspec.json.encode(receipt).decode() for receipt in receipts]


def allow_another(settings: Settings, terminal_id: str) -> None:
    """The terminal's next checkpoint may begin another log. Raises BackendError ``no-such-log``."""
    if not with_backend(settings, lambda backend: backend.logs.allow_another(terminal_id)):
        raise _none(terminal_id)


def _none(terminal_id: str) -> BackendError:
    return BackendError("no-such-log", f"no log of terminal {terminal_id} is known here: check its id and --db")
