"""Times and lengths of time as maintenance pages show them. Beijing time; no words of a language but through keys."""

from __future__ import annotations

from datetime import datetime, timedelta

from kiosk.domain.beijing import CHINA
from kiosk.maintenance.screen import Said

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def moment(at: datetime) -> str:
    """``2026-11-27 09:41``: to be read aloud over a telephone."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def second(at: datetime) -> str:
    """``11-27 09:41:07``, for the log."""
    return f"{at.astimezone(CHINA):%m-%d %H:%M:%S}"


def lasting(length: timedelta) -> Said:
    """How long something takes or has lasted, in its largest fitting unit, never less than nothing."""
    length = max(length, timedelta())
    for unit, name in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if length >= unit:
            return Said(f"maint.common.{name}", (length // unit,))
    return Said("maint.common.seconds", (int(length.total_seconds()),))
