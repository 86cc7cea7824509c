"""The rooms of maintenance put into one house, when the first member of staff is let in and not before."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from kiosk import suites, testmode
from kiosk.domain.beijing import beijing_now
from kiosk.health.loops_machine import of_machine
from kiosk.health.loops_of_cabinet import for_staff, of_terminal
from kiosk.maintenance.desk import MaintenanceDesk
from kiosk.maintenance.house import House
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
from kiosk.visit.events import MaintenanceLeft, MaintenanceLocked

if TYPE_CHECKING:
    from kiosk.health.readiness import Check
    from kiosk.maintenance.counting import SupplyCounter
    from kiosk.maintenance.room import Room, Session
    from kiosk.parts import Parts
    from kiosk.profile import Profile


def house(parts: Parts) -> House:
    """What the rooms may use of this terminal."""
    client, sync = parts.client, parts.sync
    return House(
        profile=parts.profile,
        profile_file=parts.file,
        journal=parts.journal,
        actors=parts.actors(),
        statuses=parts.manager.statuses,
        documents=parts.documents,
        client=client,
        afar=parts.afar,
        packs=parts.packs,
        online=lambda: sync.online,
        kick=sync.kick,
        now=beijing_now,
        clock=time.monotonic,
        sign=lambda data: suites.of_key(client.key.private).sign(client.key.private, data),
        show_frame=parts.show_frame,
        power_down=parts.shut_down,
    )


def rooms(house: House, parts: Parts, supplies: SupplyCounter) -> tuple[Room, ...]:
    """In the order of the menu."""
    profile = house.profile
    data, least_free = profile.data, profile.least_free_mb << 20
    machine = of_machine(house.journal, least_free, house.client.time.look, house.now)
    loops = (*of_terminal(parts, for_staff, parts.staff_here), *machine)
    found: list[Room] = [
        Overview(house, parts.since),
        Repairs(house, loops),
        Tests(house, loops),
        Supplies(house, supplies),
        QueueRoom(house),
        NetworkRoom(house),
        LogRoom(house),
    ]
    if parts.speak is not None:
        doctor = partial(_examined, house.profile)
        found.append(ReportRoom(house, parts.speak, marked=parts.marked, doctor=doctor))
    found += [
        SettingsRoom(house, parts.trial),
        SoftwareRoom(house),
        PowerRoom(house, (lambda: testmode.is_on(data), lambda on: testmode.switch(data, on=on))),
    ]
    return tuple(found)


def desk(parts: Parts, supplies: SupplyCounter) -> MaintenanceDesk:
    """Not started."""
    made, post = house(parts), parts.runner.post

    def bar(session: Session) -> Bar:
        return Bar(terminal=made.profile.terminal, who=session.who, role=session.role, test=made.profile.test)

    return MaintenanceDesk(
        rooms(made, parts, supplies),
        made.journal,
        bar=bar,
        left=lambda reason: post(MaintenanceLeft(reason)),
        locked=lambda: post(MaintenanceLocked()),
        crashed=parts.crashed,
        clock=made.clock,
        language=made.profile.language,
    )


def _examined(profile: Profile) -> list[Check]:
    """What `kiosk doctor` says of this terminal."""
    from kiosk.doctor import of_terminal as examined

    return examined(profile)
