"""Beijing time (UTC+8): what screens, papers and ages go by, wherever the machine's own zone is set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def beijing_now() -> datetime:
    """The wall clock, aware, in Beijing time."""
    return datetime.now(CHINA)
