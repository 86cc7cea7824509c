"""What this terminal can finish now, by service, at this moment; and in one line what still works where something does
not.

Abilities are told when a device or the line changes (kiosk.counter.abilities). The hours of a service pass without
anybody saying so: they are looked at whenever something is promised. Whoever has begun in time is served to the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kiosk.services.model import Ability, ServicePack, Verdict
from kiosk.visit.visit import Machine, Now

NOTHING = Ability(Verdict.CANNOT, (), ("starting",))
HOURS, NOW = "hours", "hours_now"  # open day and night; within its hours
STOPS = ("clock", "room", "enrolled", "numbers", "reader", "line", "document_camera_required", HOURS)
"""What keeps every service from being begun: the first of them that is lacking is told."""


def ability(machine: Machine, pack: ServicePack, now: Now) -> Ability:
    """Whether it can be finished if it is begun at this moment."""
    found = machine.abilities.get(pack.pack_id, NOTHING)
    if found is NOTHING:
        return found
    hours = pack.hours_told
    if not all(window.holds(now.wall) for window in pack.hours):
        good = tuple(key for key in found.good if key != HOURS)
        return Ability(Verdict.CANNOT, good, (HOURS, *found.lacking), hours)
    if not pack.hours and machine.day_and_night:
        return found
    good = tuple(NOW if key == HOURS and pack.hours else key for key in found.good)
    if not machine.day_and_night:
        good = tuple(key for key in good if key != HOURS)
    return replace(found, good=good, hours=hours)


def able(machine: Machine, packs: Iterable[ServicePack], now: Now) -> list[Ability]:
    return [ability(machine, pack, now) for pack in packs]


@dataclass(frozen=True, slots=True)
class Notice:
    """``key``: "" (all is well, or nothing is known yet), ``none_WHY`` (nothing can be begun), or what is not well:
    ``line``, ``paper`` (both printers), ``receipt``, ``page``, ``camera``, ``some``. ``able``: how many can be begun.
    """

    key: str = ""
    able: int = 0


def notice(machine: Machine, abilities: list[Ability]) -> Notice:
    """What still works, where a fault or a lost line keeps something from being finished here and now."""
    if not machine.abilities or not abilities:
        return Notice()
    lacking = {key for each in abilities for key in each.lacking}
    can = sum(each.verdict is not Verdict.CANNOT for each in abilities)
    if not can:
        return Notice(f"none_{next((key for key in STOPS if key in lacking), 'other')}")
    verdicts = {each.verdict for each in abilities}
    if not machine.online:
        return Notice("line", can)
    receipt, page = machine.receipt_printer, Verdict.CERTIFICATE_LATER not in verdicts
    if not (receipt and page):
        return Notice("receipt" if page else "page" if receipt else "paper", can)
    if machine.face_check and not machine.camera:
        return Notice("camera", can)
    return Notice("some", can) if can < len(abilities) else Notice()
