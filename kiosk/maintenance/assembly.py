"""The rooms of maintenance put into one house, when the first member of staff is let in and not before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kiosk import testmode
from kiosk.maintenance.desk import MaintenanceDesk
from kiosk.maintenance.log_room import LogRoom
from kiosk.maintenance.network import NetworkRoom
from kiosk.maintenance.overview import Overview
from kiosk.maintenance.power import PowerRoom
from kiosk.maintenance.queue_room import QueueRoom
from kiosk.maintenance.repairs import Repairs
from kiosk.maintenance.report_room import ReportRoom
from kiosk.maintenance.screen import Bar
from kiosk.maintenance.settings import SettingsRoom
from kiosk.maintenance.software import SoftwareRoom
from kiosk.maintenance.supplies import Supplies
from kiosk.maintenance.tests_room import Tests

if TYPE_CHECKING:
    from kiosk.domain.papers import PaperContent
    from kiosk.health.loops import Loop
    from kiosk.health.readiness import Check
    from kiosk.maintenance.counting import SupplyCounter
    from kiosk.maintenance.house import House
    from kiosk.maintenance.room import Room, Session
    from kiosk.maintenance.since import Since
    from kiosk.trial import Standing

Speak = Callable[[str, Sequence[Any]], str]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the terminal has made for the rooms. ``speak``: words of papers, None where nobody knows any (no report).

    ``doctor``: what `kiosk doctor` says of this terminal; ``marked``: a paper with the terminal's signature in it.
    """

    since: Since
    supplies: SupplyCounter
    loops: Iterable[Loop]
    trial: Standing
    speak: Speak | None
    marked: Callable[[PaperContent], PaperContent]
    doctor: Callable[[], list[Check]]


def rooms(house: House, parts: Parts) -> tuple[Room, ...]:
    """In the order of the menu."""
    loops = tuple(parts.loops)
    data = house.profile.data
    found: list[Room] = [
        Overview(house, parts.since),
        Repairs(house, loops),
        Tests(house, loops),
        Supplies(house, parts.supplies),
        QueueRoom(house),
        NetworkRoom(house),
        LogRoom(house),
    ]
    if parts.speak is not None:
        found.append(ReportRoom(house, parts.speak, marked=parts.marked, doctor=parts.doctor))
    found += [
        SettingsRoom(house, parts.trial),
        SoftwareRoom(house),
        PowerRoom(house, (lambda: testmode.is_on(data), lambda on: testmode.switch(data, on=on))),
    ]
    return tuple(found)


def desk(
    house: House,
    parts: Parts,
    *,
    left: Callable[[str], None],
    locked: Callable[[], None],
    crashed: Callable[[BaseException], None],
) -> MaintenanceDesk:
    """Not started."""

    def bar(session: Session) -> Bar:
        return Bar(terminal=house.profile.terminal, who=session.who, role=session.role, test=house.profile.test)

    return MaintenanceDesk(
        rooms(house, parts), house.journal, bar=bar, left=left, locked=locked, crashed=crashed, clock=house.clock
    )
