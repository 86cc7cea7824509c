"""What the overview tells beside the devices: gathered on a worker's thread, because journal and disk are asked."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from kiosk.health.proofs import Proof
    from kiosk.journal.supplies import Supply
    from kiosk.maintenance.house import House


@dataclass(frozen=True, slots=True)
class Facts:
    """``waiting``: items not acknowledged, of every kind; ``aside``: rejected or quarantined. ``clock_off``: whole
    tenths of a second between this clock and the backend's, None before a first answer. ``trust``: what is believed of
    the clock. ``proofs``: the last of each (subject, test).
    """

    waiting: int
    aside: int
    oldest: datetime | None
    disk_free: int
    disk: Literal["ok", "attention", "broken"]
    online: bool
    trust: str
    clock_off: int | None
    proofs: Mapping[tuple[str, str], Proof]
    supplies: Mapping[str, Supply]


def gather(house: House) -> Facts:
    """Raises JournalError where the journal cannot be read."""
    from kiosk.health import machine

    counts = house.journal.counts()
    data, least = house.profile.data, house.profile.least_free_mb << 20
    trust = house.client.time.trust.value
    return Facts(
        waiting=counts.queued + counts.others_unsent,
        aside=counts.rejected + counts.quarantined,
        oldest=counts.oldest_unsent_at,
        disk_free=shutil.disk_usage(data).free,
        disk=machine.disk(data, least).state,
        online=house.online(),
        trust=trust,
        clock_off=round(abs(house.client.clock_offset.total_seconds()) * 10) if trust == "confirmed" else None,
        proofs={(one.subject, one.test): one for one in house.journal.latest_proofs()},
        supplies={one.name: one for one in house.journal.supplies()},
    )
