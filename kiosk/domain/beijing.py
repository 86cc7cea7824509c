"""Beijing time (UTC+8): what screens, papers and ages go by, wherever the machine's own zone is set."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def beijing_now() -> datetime:
    """The wall clock, aware, in Beijing time."""
    return datetime.now(CHINA)


def day_of(moment: date | datetime | None) -> str:
    """The day there, YYYY-MM-DD, of an aware moment or a day; "" for None."""
    if isinstance(moment, datetime):
        moment = moment.astimezone(CHINA).date()
    return "" if moment is None else moment.isoformat()
