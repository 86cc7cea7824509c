"""What a terminal consists of once it stands: handed by kiosk/terminal.py, in one piece, to whatever keeps it well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kiosk.counter.actors import Actor
from kiosk.sync.clock import Trust
from kiosk.visit.maintaining import STAFFS
from kiosk.visit.states import State

if TYPE_CHECKING:
    from pathlib import Path

    from devices.contracts.camera import Frame
    from devices.contracts.device import Status
    from devices.contracts.document_camera import DocumentFrame
    from devices.contracts.reading import PageReader
    from kiosk.afar import Afar
    from kiosk.counter.committing import Standing
    from kiosk.counter.speaking import Speaking
    from kiosk.documents.worker import DocumentsWorker
    from kiosk.domain.papers import PaperContent
    from kiosk.journal.journal import Journal
    from kiosk.maintenance.since import Since
    from kiosk.profile import Profile
    from kiosk.services.model import ServicePack
    from kiosk.sync.client import SyncClient
    from kiosk.sync.loop import SyncLoop
    from kiosk.trial import Standing as TrialStanding
    from kiosk.visit.runner import Runner

Speak = Callable[[str, Sequence[Any]], str]
"""Words of papers for staff: a message key and its values to the text."""


class Returning(Actor, Protocol):
    @property
    def returns(self) -> int:
        """How often the device came back since the start."""
        ...


class Devices(Protocol):
    """devices.manager.Manager."""

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, name: str) -> Returning: ...

    def statuses(self) -> Mapping[str, Status]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """``profile`` is what holds now, ``file`` where it was read from (None: made in memory), ``trial`` what this start
    found of a change of it. ``reader`` and ``speaking`` are None where there are none.

    ``packs``, ``standing`` and ``known_as`` (the terminal's id) change with time. ``marked``: a paper with the
    terminal's signature in it. ``changed`` is told that other services can be done now, ``crashed`` of a bug;
    ``shut_down`` ends the terminal for good. ``speak``: None where nobody knows words (then there is no report).
    """

    profile: Profile
    file: Path | None
    trial: TrialStanding
    journal: Journal
    manager: Devices
    since: Since
    documents: DocumentsWorker
    reader: PageReader | None
    speaking: Speaking | None
    client: SyncClient
    sync: SyncLoop
    afar: Afar
    runner: Runner
    packs: Callable[[], Mapping[str, ServicePack]]
    standing: Callable[[], Standing | None]
    known_as: Callable[[], str]
    marked: Callable[[PaperContent], PaperContent]
    show_frame: Callable[[Frame | DocumentFrame | None], None]
    changed: Callable[[], None]
    crashed: Callable[[BaseException], None]
    shut_down: Callable[[], None]
    speak: Speak | None

    def actors(self) -> dict[str, Actor]:
        return {name: self.manager[name] for name in self.manager}

    def believed(self) -> bool:
        """Whether the clock is not known to be wrong."""
        return self.client.time.trust is not Trust.WRONG

    def staff_here(self) -> bool:
        """Whether staff are let in, or being let in."""
        return self.runner.state in STAFFS

    def nobody_here(self) -> bool:
        """Neither a citizen nor staff."""
        return self.runner.state in (State.RECOVERING, State.ATTRACT, State.OUT_OF_SERVICE)
