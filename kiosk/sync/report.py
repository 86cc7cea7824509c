"""What one pass did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kiosk.journal.records import Counts
from kiosk.sync.clock import Trust


@dataclass(slots=True)
class CycleReport:
    """What one pass did. ``online``: the backend itself answered. ``next_at``: when the next pass is due."""

    online: bool = False
    attempted: bool = False
    acknowledged: int = 0
    set_aside: int = 0
    retried: int = 0
    blocks: int = 0
    results: int = 0
    cause: str = ""
    advice: str = ""
    next_at: datetime | None = None
    clock: Trust = Trust.PLAUSIBLE  # whether this machine's clock may be believed
    overdue: bool = False  # something has waited for longer than policy.overdue
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0, 0, 0, None))
