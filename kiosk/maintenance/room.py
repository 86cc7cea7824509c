"""What a room of the maintenance house is: a few pages and what can be done on them.

``page`` and ``act`` are called in the desk's one thread and return at once; what takes time is given to ``Desk.work``
and tells the desk by ``changed`` that there is something new to see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kiosk.access.roles import Deed, Role, may
from kiosk.maintenance.screen import Page, Tile

Path = tuple[str, ...]
"""``queue/3`` is ("queue", "3"); the first part names the room."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who works here now: role and number. Never a name."""

    role: Role
    who: str = ""

    def may(self, deed: Deed) -> bool:
        return may(self.role, deed)


class Desk(Protocol):
    """What a room may ask of the desk it belongs to. From any thread."""

    def changed(self) -> None:
        """There is something new to see: the page is asked for once more."""
        ...

    def work(self, job: Callable[[], None]) -> None:
        """Do it on a worker's thread. What it raises is a bug and ends the process."""
        ...

    def open(self, path: str) -> None:
        """Show another page."""
        ...

    def leave(self) -> None:
        """End maintenance: wipe, and the start page."""
        ...

    def audit(self, event: str, **details: str | int) -> None: ...


class Room(Protocol):
    """``name`` is the first part of its paths. ``needs`` says what one must be allowed to do to open a path; the desk
    refuses before it asks the room. ``deed`` says the same of an act, None where opening the page was enough.
    """

    name: str

    def bind(self, desk: Desk) -> None: ...

    def tiles(self, session: Session) -> tuple[Tile, ...]:
        """Its places in the menu."""
        ...

    def needs(self, path: Path) -> Deed: ...

    def deed(self, path: Path, act: str) -> Deed | None: ...

    def enter(self, path: Path, session: Session) -> None:
        """The page is about to be shown: begin what is live on it."""
        ...

    def leave(self, path: Path) -> None:
        """Another page is shown, or the session has ended: end what was live, forget what was typed."""
        ...

    def page(self, path: Path, session: Session) -> Page: ...

    def act(self, path: Path, name: str, value: str, session: Session) -> None: ...
