"""What a role may not do, shown as such: the tile, the button are there, and say why they cannot be touched. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.maintenance.screen import Button, Page, Row, Said, Tile

if TYPE_CHECKING:
    from kiosk.access.roles import Role
    from kiosk.maintenance.room import Path, Room, Session

    Rooms = Mapping[str, Room]


def menu(rooms: Rooms, session: Session) -> tuple[Tile, ...]:
    """Every room's tiles, in the order of the rooms."""
    return tuple(
        replace(tile, allowed=session.may(room.needs(tuple(tile.path.split("/")))))
        for room in rooms.values()
        for tile in room.tiles(session)
    )


def barred(page: Page, rooms: Rooms, path: Path, session: Session) -> Page:
    """The same page; what this role may not do is shown as such. ``path`` is where the page stands."""

    def button(each: Button) -> Button:
        if each.opens:
            there = tuple(each.opens.split("/"))
            room = rooms.get(there[0])
            deed = room.needs(there) if room is not None else None
        else:
            deed = rooms[path[0]].deed(path, each.name)
        if deed is None or session.may(deed):
            return each
        return replace(each, enabled=False, why=not_for(session.role))

    def row(each: Row) -> Row:
        return each if each.button is None else replace(each, button=button(each.button))

    return replace(page, buttons=tuple(map(button, page.buttons)), rows=tuple(map(row, page.rows)))


def not_for(role: Role) -> Said:
    """Whom to ask instead."""
    return Said(f"maint.desk.not_for_{role.value}")
