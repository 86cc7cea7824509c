"""Words that several rooms use: names of devices, faults, since when, what a proof says."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from kiosk.domain.beijing import CHINA
from kiosk.maintenance.screen import PLACES, Said, Tone, plain

if TYPE_CHECKING:
    from devices.contracts.device import Action
    from kiosk.health.proofs import Proof

DEVICE_FAULT = "device-trouble"
"""Code of a proof whose first value is a fault of the device: told by the fault's own words."""


def device(kind: str) -> Said:
    return Said(f"maint.device.{kind}")


_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_LONG_NUMBER = re.compile(r"\d{6}")
_PLACES = {
    "social_card": "card_reader", "travel_document": "card_reader", "staff_card": "card_reader", "lights": "sensors",
    "sound": "speaker", "touch": "screen", "power": "ups",
}  # fmt: skip


def place(kind: str) -> str:
    """The picture of where it sits in the cabinet (screen.PLACES)."""
    name = _PLACES.get(kind, kind)
    return name if name in PLACES else "computer"


def fault(code: str) -> Said:
    """In plain words; one that no word is known for is "a fault", and its code stands beside it anyway."""
    return Said(f"maint.fault.{code}")


def fault_value(code: str) -> str:
    """A fault as a proof may name it; a word of a device's own that is none of ours could be anything."""
    return code if _CODE.fullmatch(code) and not _LONG_NUMBER.search(code) else "other"


def todo(action: Action) -> Said:
    """What mends it, where nobody knows more than what the device says."""
    return Said(f"maint.common.do.{action.value}")


def dots(*parts: Said | None) -> Said:
    """``a · b · c``; what is None is left out."""
    there = [part for part in parts if part is not None]
    row: list[str | int | Said] = []
    for part in there:
        row += [" · ", part] if row else [part]
    return plain(*row)


def day(moment: date) -> Said:
    return Said("maint.common.day", (moment.month, moment.day, moment.year))


def told_at(then: datetime, now: datetime) -> Said:
    """``14:02`` of today, ``昨天 14:02``, else the day."""
    then, now = then.astimezone(CHINA), now.astimezone(CHINA)
    clock = f"{then:%H:%M}"
    if then.date() == now.date():
        return plain(clock)
    if then.date() == now.date() - timedelta(1):
        return Said("maint.common.yesterday", (clock,))
    return day(then.date())


def since(then: datetime | None, now: datetime) -> Said:
    """Since when it is so; what was so before the program's start is since nobody knows when."""
    return Said("maint.common.since_unknown") if then is None else Said("maint.common.since", (told_at(then, now),))


def proof(one: Proof) -> Said:
    if one.code == DEVICE_FAULT and one.values:
        return Said(f"maint.proof.{DEVICE_FAULT}", (fault(one.values[0]),))
    return Said(f"maint.proof.{one.code}", one.values)


def proved(one: Proof | None, now: datetime) -> Said:
    """When it was tested last and how it came out."""
    if one is None:
        return Said("maint.common.never_tested")
    return dots(Said(f"maint.common.outcome.{one.outcome}"), told_at(one.at, now), proof(one))


def tone(one: Proof | None) -> Tone:
    """``unsure`` is never well."""
    if one is None:
        return "plain"
    return {"passed": "ok", "failed": "broken", "unsure": "attention"}[one.outcome]  # type: ignore[return-value]
