"""One JSON object per line on standard error. Values are codes, ids and numbers: nothing a citizen said or showed."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from datetime import UTC, datetime

_lock = threading.Lock()


def event(name: str, **details: str | int | float | None) -> None:
    line = json.dumps({"t": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": name, **details})
    with _lock:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def fault(error: BaseException) -> None:
    """Where a bug is, without the error's message: it may hold what was sent."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    event("backend.fault", error=type(error).__name__, where=where)
