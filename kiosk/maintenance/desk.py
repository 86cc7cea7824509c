"""The desk: who works here now, which page is shown, and what a touch does. One thread; nothing here knows Qt.

Every step is in the audit log: begun, locked, taken up again, each act that changes something, refused, ended and why.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from kiosk.access.roles import Deed
from kiosk.domain.text import Language
from kiosk.maintenance.room import Path, Room, Session
from kiosk.maintenance.screen import Bar, Button, Notice, Page, Row, Said, Snapshot, Tile

LOCK_SECONDS = 180.0  # without a touch
END_SECONDS = 3600.0  # from the entry on, whatever is done
WAIT_SECONDS = 900.0  # that a locked session may be taken up again
START = "overview"
NOT_FOR_YOU = Said("maint.desk.not_for_role")


@dataclass(frozen=True, slots=True)
class Open:
    """Show this page."""

    path: str


@dataclass(frozen=True, slots=True)
class Act:
    """A button of the page that is shown, or something that its template reports."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """To the page before."""


@dataclass(frozen=True, slots=True)
class Leave:
    """退出维护."""


@dataclass(frozen=True, slots=True)
class Speak:
    """The other language."""

    language: Language


@dataclass(frozen=True, slots=True)
class Stir:
    """Somebody touches the screen: the session does not lock."""


Intent = Open | Act | Back | Leave | Speak | Stir
Listener = Callable[[Snapshot | None], None]


class Log(Protocol):
    """The journal."""

    def audit(self, event: str, /, **details: str | int) -> None: ...


@dataclass(frozen=True, slots=True)
class _Begin:
    session: Session


@dataclass(frozen=True, slots=True)
class _End:
    reason: str


@dataclass(frozen=True, slots=True)
class _Changed:
    pass


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


class MaintenanceDesk:
    """``left`` is called with why a session has ended, ``locked`` when it locks by itself (the visit then shows the
    public that work is going on). ``bar`` says what stands around every page, for a session.
    """

    def __init__(
        self,
        rooms: Sequence[Room],
        log: Log,
        *,
        bar: Callable[[Session], Bar],
        left: Callable[[str], None],
        locked: Callable[[], None],
        crashed: Callable[[BaseException], None],
        clock: Callable[[], float],
        lock_seconds: float = LOCK_SECONDS,
        end_seconds: float = END_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._rooms: Mapping[str, Room] = {room.name: room for room in rooms}
        self._log, self._bar, self._left, self._locked_told = log, bar, left, locked
        self._crashed, self._clock = crashed, clock
        self._lock_seconds, self._end_seconds, self._wait_seconds = lock_seconds, end_seconds, wait_seconds
        self._queue: queue.SimpleQueue[Intent | _Begin | _End | _Changed | _Stop] = queue.SimpleQueue()
        self._listeners: tuple[Listener, ...] = ()
        self._guard = threading.Lock()
        self._last: Snapshot | None = None
        self._session: Session | None = None
        self._locked = False
        self._path: Path = ()
        self._trail: list[Path] = []
        self._language: Language = "zh_CN"
        self._ends_at = self._locks_at = 0.0
        self._notice: Notice | None = None
        self._jobs = ThreadPoolExecutor(max_workers=4, thread_name_prefix="maintenance-work")
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
        for room in rooms:
            room.bind(self)

    # -- from any thread -----------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End; what is under way is waited for, but not for ever."""
        self._queue.put(_Stop())
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._jobs.shutdown(wait=False, cancel_futures=True)

    def begin(self, session: Session) -> None:
        """Somebody was let in. Whoever comes back to a session that had locked goes on where they were."""
        self._queue.put(_Begin(session))

    def end(self, reason: str) -> None:
        """From outside: the battery, the operator. Without a session nothing happens."""
        self._queue.put(_End(reason))

    def post(self, intent: Intent) -> None:
        self._queue.put(intent)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Every snapshot from now on, the last one at once; None when there is no session to be shown."""
        with self._guard:
            self._listeners = (*self._listeners, listener)
            last = self._last
        listener(last)

        def unsubscribe() -> None:
            with self._guard:
                self._listeners = tuple(known for known in self._listeners if known is not listener)

        return unsubscribe

    # -- what rooms ask for (kiosk.maintenance.room.Desk) --------------------------------------------

    def changed(self) -> None:
        self._queue.put(_Changed())

    def work(self, job: Callable[[], None]) -> None:
        try:
            begun = self._jobs.submit(job)
        except RuntimeError:  # it is ending
            return
        begun.add_done_callback(self._ended)

    def open(self, path: str) -> None:
        self._queue.put(Open(path))

    def leave(self) -> None:
        self._queue.put(Leave())

    def audit(self, event: str, **details: str | int) -> None:
        who = {"staff": self._session.who} if self._session is not None and self._session.who else {}
        self._log.audit(event, **who, **details)

    def _ended(self, job: Future[None]) -> None:
        error = None if job.cancelled() else job.exception()
        if error is not None:
            self._crashed(error)

    # -- the desk's thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self.turn():
                pass
        except BaseException as error:
            self._crashed(error)

    def turn(self, block: bool = True) -> bool:
        """Take one thing and do it, or do what is due. False when stopped, or when there is nothing to take."""
        try:
            item = self._queue.get(block, self._pause() if block else None)
        except queue.Empty:
            self._look_at_clock()
            return block
        if isinstance(item, _Stop):
            self._finish("stopped", tell=False)
            return False
        self._look_at_clock()
        self._take(item)
        return True

    def _pause(self) -> float | None:
        if self._session is None:
            return None
        return max(0.0, min(self._locks_at, self._ends_at) - self._clock())

    def _look_at_clock(self) -> None:
        if self._session is None:
            return
        now = self._clock()
        if now >= self._ends_at:
            self._finish("time")
        elif now >= self._locks_at:
            if self._locked:
                self._finish("abandoned")
            else:
                self._lock()

    def _take(self, item: Intent | _Begin | _End | _Changed) -> None:
        match item:
            case _Begin(session):
                self._begin(session)
            case _End(reason):
                self._finish(reason)
            case _Changed():
                self._show()
            case Leave():
                self._finish("left")
            case _ if self._session is None or self._locked:
                return  # a touch that comes too late
            case Stir():
                self._stir()
                self._show()  # the bar tells when the session locks
            case Speak(language):
                self._stir()
                self._language = language
                self._show()
            case Open(path):
                self._stir()
                self._open(tuple(path.split("/")))
            case Back():
                self._stir()
                self._go(self._trail.pop() if self._trail else (START,))
            case Act(name, value):
                self._stir()
                self._act(name, value)

    def _begin(self, session: Session) -> None:
        if self._session == session and self._locked:
            self.audit("maintenance.resumed")
            self._locked = False
            self._stir()
            self._room(self._path).enter(self._path, session)
            self._show()
            return
        if self._session is not None:
            self._finish("another", tell=False)
        self._session, self._locked = session, False
        self._ends_at = self._clock() + self._end_seconds
        self._stir()
        self.audit("maintenance.begun", role=session.role.value)
        self._trail.clear()
        self._go((START,))

    def _lock(self) -> None:
        assert self._session is not None  # noqa: S101 (looked at before)
        self._locked = True
        self._locks_at = self._clock() + self._wait_seconds
        self._room(self._path).leave(self._path)
        self.audit("maintenance.locked")
        self._tell(None)
        self._locked_told()

    def _finish(self, reason: str, *, tell: bool = True) -> None:
        if self._session is None:
            return
        if not self._locked and self._path:
            self._room(self._path).leave(self._path)
        self.audit("maintenance.ended", reason=reason)
        self._session, self._locked, self._path, self._notice = None, False, (), None
        self._trail.clear()
        self._language = "zh_CN"
        self._tell(None)
        if tell:
            self._left(reason)

    def _stir(self) -> None:
        self._locks_at = self._clock() + self._lock_seconds

    def _room(self, path: Path) -> Room:
        return self._rooms[path[0]]

    def _open(self, path: Path) -> None:
        assert self._session is not None  # noqa: S101
        room = self._rooms.get(path[0])
        if room is None or path == self._path:
            return
        if not self._allowed(room.needs(path), "/".join(path)):
            return
        if self._path:
            self._trail.append(self._path)
            del self._trail[:-8]
        self._go(path)

    def _go(self, path: Path) -> None:
        assert self._session is not None  # noqa: S101
        if self._path:
            self._room(self._path).leave(self._path)
        self._path, self._notice = path, None
        self._room(path).enter(path, self._session)
        self._show()

    def _act(self, name: str, value: str) -> None:
        assert self._session is not None  # noqa: S101
        room = self._room(self._path)
        deed = room.deed(self._path, name)
        if deed is not None and not self._allowed(deed, name):
            return
        self._notice = None
        room.act(self._path, name, value, self._session)
        if self._session is not None:
            self._show()

    def _allowed(self, deed: Deed, what: str) -> bool:
        assert self._session is not None  # noqa: S101
        if self._session.may(deed):
            return True
        self.audit("maintenance.refused", deed=deed.value)
        self._notice = Notice(NOT_FOR_YOU, "attention")
        self._show()
        return False

    # -- what is shown -------------------------------------------------------------------------------

    def _show(self) -> None:
        if self._session is None or self._locked:
            return
        page = self._room(self._path).page(self._path, self._session)
        if self._notice is not None:
            page = replace(page, notice=self._notice)
        bar = replace(self._bar(self._session), language=self._language, ends_at=self._ends_at, locks_at=self._locks_at)
        self._tell(Snapshot(bar, self._barred(page), self._menu()))

    def _menu(self) -> tuple[Tile, ...]:
        assert self._session is not None  # noqa: S101
        session = self._session
        tiles = [(room, tile) for room in self._rooms.values() for tile in room.tiles(session)]
        return tuple(
            replace(tile, allowed=session.may(room.needs(tuple(tile.path.split("/"))))) for room, tile in tiles
        )

    def _barred(self, page: Page) -> Page:
        """The same page; what this role may not do is shown as such."""
        return replace(
            page,
            buttons=tuple(map(self._barred_button, page.buttons)),
            rows=tuple(self._barred_row(row) for row in page.rows),
        )

    def _barred_row(self, row: Row) -> Row:
        return row if row.button is None else replace(row, button=self._barred_button(row.button))

    def _barred_button(self, button: Button) -> Button:
        assert self._session is not None  # noqa: S101
        if button.opens:
            path = tuple(button.opens.split("/"))
            room = self._rooms.get(path[0])
            deed = room.needs(path) if room is not None else None
        else:
            deed = self._room(self._path).deed(self._path, button.name)
        if deed is None or self._session.may(deed):
            return button
        return replace(button, enabled=False, why=NOT_FOR_YOU)

    def _tell(self, snapshot: Snapshot | None) -> None:
        with self._guard:
            if snapshot == self._last:
                return
            self._last = snapshot
            listeners = self._listeners
        for listener in listeners:
            listener(snapshot)
