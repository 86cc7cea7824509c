"""Codes for the entry of maintenance at the command line, for the operator: made, and listed who has had them made.

Prints one JSON object a line, returns the exit status. Raises BackendError.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kiosk.backend.commanding import say, with_backend
from kiosk.backend.entry_codes import Issued, asked, read_file
from kiosk.backend.settings import BackendError, Settings

NOTE = (
    "note: the hour on that page is {} ours. Either that terminal's clock is wrong, or this is not what it shows: ask "
    "before you read the code out."
)


def code(
    settings: Settings, terminal_id: str, hour: str, challenge: str, role: str, staff: str, by: str,
    secret_file: Path | None,
) -> int:  # fmt: skip
    """The code for what a terminal shows now; with ``role`` ``unlock`` the one that opens what is closed there."""
    what = asked(terminal_id, hour, challenge, role, staff)
    secret = None if secret_file is None else _secret(secret_file)
    made = with_backend(settings, lambda backend: backend.entry_codes.issue(what, by=by, secret=secret))
    say(code=made.code, spoken=made.spoken, terminal=terminal_id, role=role, staff=staff, hours_off=made.hours_off)
    if made.hours_off:
        print(NOTE.format(hours(made)), file=sys.stderr)
    return 0


def issued(settings: Settings, terminal_id: str) -> int:
    """The last codes that were made for a terminal, and by whom."""
    for row in with_backend(settings, lambda backend: backend.entry_codes.issued(terminal_id)):
        say(**row)
    return 0


def hours(made: Issued) -> str:
    number = abs(made.hours_off)
    return f"{number} {'hour' if number == 1 else 'hours'} {'behind' if made.hours_off < 0 else 'ahead'}"


def _secret(file: Path) -> bytes:
    try:
        return read_file(file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BackendError("bad-secret-file", f"{file}: {why}") from None
