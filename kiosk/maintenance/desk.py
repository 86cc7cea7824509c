"""The desk: who works here now, which page is shown, and what a touch does. One thread; nothing here knows Qt.

Every step is in the audit log: begun, locked, taken up again, each act that changes something, refused, ended and why.
Where the journal takes nothing any more (a full disk) the session ends: nobody works here without its being written
down.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from kiosk.access.roles import Deed
from kiosk.domain.text import Language
from kiosk.journal.errors import JournalError
from kiosk.maintenance.barring import barred, menu, not_for
from kiosk.maintenance.keeping import FULL
from kiosk.maintenance.room import Path, Room, Session
from kiosk.maintenance.screen import Bar, Notice, Snapshot

LOCK_SECONDS = 180.0  # without a touch
END_SECONDS = 3600.0  # from the entry on, whatever is done
WAIT_SECONDS = 900.0  # that a locked session may be taken up again
START = "overview"
UNNOTED = "journal"  # why a session ended: what is done could not be written down
_log = logging.getLogger("kiosk.maintenance")


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
    public that work is going on). ``bar`` says what stands around every page, for a session; ``language``: the
    terminal's first, in which every session begins.
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
        language: Language = "zh_CN",
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
        self._first_language = self._language = language
        self._ends_at = self._locks_at = 0.0
        self._notice: Notice | None = None
        self._stopping = False
        self._worker = threading.local()
        self._jobs = ThreadPoolExecutor(max_workers=4, thread_name_prefix="maintenance-work")
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
        for room in rooms:
            room.bind(self)

    # -- from any thread -----------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End; what is under way is waited for, but not for ever."""
        self._stopping = True
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
        asked_by = self._whose

        def done() -> None:
            self._worker.session = asked_by
            try:
                job()
            finally:
                self._worker.session = None

        try:
            begun = self._jobs.submit(done)
        except RuntimeError:  # it is ending
            return
        begun.add_done_callback(self._ended)

    def open(self, path: str) -> None:
        self._queue.put(Open(path))

    def leave(self) -> None:
        self._queue.put(Leave())

    def audit(self, event: str, **details: str | int) -> None:
        session = self._whose
        who = {"staff": session.who} if session is not None and session.who else {}
        self._log.audit(event, **who, **details)

    @property
    def _whose(self) -> Session | None:
        """Who does what is done now; on a worker's thread whoever has asked for it, though another be here by now."""
        return getattr(self._worker, "session", None) or self._session

    def _ended(self, job: Future[None]) -> None:
        error = None if job.cancelled() else job.exception()
        if error is None or self._stopping:  # what it stood on is being taken away
            return
        if _unnoted(error):
            self._queue.put(_End(UNNOTED))
        else:
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
            self._noting(self._look_at_clock)
            return block
        if isinstance(item, _Stop):
            self._finish("stopped", tell=False)
            return False
        self._noting(self._look_at_clock)
        self._noting(lambda: self._take(item))
        return True

    def _noting(self, do: Callable[[], None]) -> None:
        try:
            do()
        except JournalError as error:
            if not _unnoted(error):
                raise
            self._finish(UNNOTED)

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
        try:
            self.audit("maintenance.ended", reason=reason)
        except JournalError as error:  # it ends all the same
            if not _unnoted(error):
                raise
            _log.error("the end of maintenance (%s) could not be noted: %s", reason, error.code)
        self._session, self._locked, self._path, self._notice = None, False, (), None
        self._trail.clear()
        self._language = self._first_language
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
        self._notice = Notice(not_for(self._session.role), "attention")
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
        self._tell(
            Snapshot(bar, barred(page, self._rooms, self._path, self._session), menu(self._rooms, self._session))
        )

    def _tell(self, snapshot: Snapshot | None) -> None:
        with self._guard:
            if snapshot == self._last:
                return
            self._last = snapshot
            listeners = self._listeners
        for listener in listeners:
            listener(snapshot)


def _unnoted(error: BaseException) -> bool:
    """Whether it says that the journal takes nothing now; every other error ends the process."""
    return isinstance(error, JournalError) and error.code in FULL
