"""When large materials may go, where a line is slow or is paid by the byte: "22:00-06:00", Beijing time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time

from kiosk.domain.beijing import CHINA

CURE = 'write "HH:MM-HH:MM" in Beijing time, for example "22:00-06:00"'
_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """From ``begin`` to ``end``, past midnight where the end is the earlier one."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Window:
        """Raises ValueError, which says the cure."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(CURE)
        hour, minute, until_hour, until_minute = (int(part) for part in found.groups())
        begin, end = time(hour, minute), time(until_hour, until_minute)
        if begin == end:
            raise ValueError(f"the window has no end: {CURE}, or leave it out")
        return cls(begin, end)

    def holds(self, moment: datetime) -> bool:
        """Whether it is open at this moment (aware)."""
        now = moment.astimezone(CHINA).time()
        if self.begin < self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end
