"""What most rooms have in common: a name, one tile, what one must be allowed to do, and a question before a deed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from kiosk.access.roles import Deed
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.maintenance.room import Desk, Path, Session
from kiosk.maintenance.screen import Ask, Button, Notice, Said, Tile, Tone

NO = "no"  # the act that closes a question
YES = ".yes"  # the end of the act that answers it: ``reject.yes`` is asked for by ``reject``


class BareRoom:
    """A room says ``name``, ``opens`` (what its pages need) and ``deeds`` (what its acts need beyond that).

    ``ask`` is the question on the page, ``notice`` how the last act ended; both are forgotten when the page is left.
    """

    name = ""
    opens: Deed = Deed.LOOK
    deeds: ClassVar[Mapping[str, Deed]] = {}

    def __init__(self) -> None:
        self._made_for: Desk | None = None
        self.ask: Ask | None = None
        self.notice: Notice | None = None
        self._carried: Notice | None = None

    @property
    def desk(self) -> Desk:
        assert self._made_for is not None  # noqa: S101 (bound before anything is shown)
        return self._made_for

    def bind(self, desk: Desk) -> None:
        self._made_for = desk

    def tone(self) -> Tone:
        """The worst of what is in there, as far as is known without looking."""
        return "plain"

    def tiles(self, session: Session) -> tuple[Tile, ...]:
        return (Tile(self.name, Said(f"maint.{self.name}.tile"), self.tone()),)

    def needs(self, path: Path) -> Deed:
        return self.opens

    def deed(self, path: Path, act: str) -> Deed | None:
        return self.deeds.get(act.removesuffix(YES))

    def enter(self, path: Path, session: Session) -> None:
        self.ask, self.notice, self._carried = None, self._carried, None

    def leave(self, path: Path) -> None:
        self.ask = self.notice = None

    def question(self, act: str, text: Said, label: Said, value: str = "") -> Ask:
        """Is ``act`` really to be done? Its yes is the act ``ACT.yes``, which needs what ``act`` needs."""
        yes = Button(f"{act}{YES}", label, value, weight="danger")
        return Ask(text, yes, Button(NO, Said("maint.common.cancel")))

    def say(self, what: str, *values: str | int | Said, tone: Tone = "plain") -> None:
        """How an act ended, in the room's own words."""
        self.notice = Notice(Said(f"maint.{self.name}.{what}", values), tone)

    def read(self, job: Callable[[], None]) -> None:
        """In a worker's thread, of the journal: what keeps it from being read is told on the page."""

        def guarded() -> None:
            try:
                job()
            except JournalError as error:
                if error.code in ONLY_A_RESTART_TELLS:
                    raise
                self.notice = Notice(Said("maint.common.journal_trouble", (error.code,)), "broken")
                self.desk.changed()

        self.desk.work(guarded)

    def go(self, path: str) -> None:
        """To another page of the same room, which says how the act ended."""
        self._carried = self.notice
        self.desk.open(path)
