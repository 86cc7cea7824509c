"""The inbox of a visit: opened while its page is shown, looked into every moment, closed with the page.

Closing makes every later answer void: no picture reaches another page, or the next citizen. Imported when a citizen
wants to send something by telephone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

from kiosk.sync.inbox import News, Opened
from kiosk.sync.policy import SyncFailure
from kiosk.visit.events import InboxFailed, InboxOpened, PhoneSeen, PictureSent
from kiosk.visit.ports import Post

LOOKS = 1.5  # seconds between two looks
PATIENCE = 4  # looks in a row without an answer until that is told
NOT_HERE = ("no-inbox", "not-found", "not-enrolled")  # the backend offers none
BUSY = ("too-many-requests", "http-503")  # it is there, and takes no more just now


def _why(failure: SyncFailure) -> str:
    """What the citizen is told: InboxFailed.why. A backend that has answered is no network that is gone."""
    if failure.cause in NOT_HERE:
        return "closed"
    return "busy" if failure.cause in BUSY else "line"


class Line(Protocol):
    """The part of kiosk.sync.inbox.Inboxes used here."""

    def open(self) -> Opened: ...

    def news(self, opened: Opened, after: int) -> News: ...

    def shut(self, opened: Opened) -> None: ...


class InboxDesk:
    """No method waits but ``settle`` and ``close``. ``crashed`` is told of every bug."""

    def __init__(self, line: Line, post: Post, crashed: Callable[[BaseException], None], looks: float = LOOKS) -> None:
        self._line, self._post, self._crashed, self._looks = line, post, crashed, looks
        self._telling = threading.Lock()
        self._over = threading.Event()  # of the inbox that is open
        self._over.set()
        self._job: Future[None] | None = None
        self._jobs = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inbox")  # the old one is shut before

    def open(self, turn: int) -> None:
        self.shut()
        over = self._over = threading.Event()
        self._job = self._jobs.submit(self._keep, turn, over)
        self._job.add_done_callback(self._ended)

    def shut(self) -> None:
        """No answer any more; it is erased at the backend as soon as that can be done."""
        with self._telling:
            self._over.set()

    def settle(self, seconds: float) -> None:
        """Shut, and wait until it is erased at the backend, or nobody answers."""
        self.shut()
        if self._job is not None:
            wait([self._job], seconds)

    def close(self) -> None:
        self.shut()
        self._jobs.shutdown(wait=True, cancel_futures=True)

    # -- on its own thread ----------------------------------------------------------------------------

    def _keep(self, turn: int, over: threading.Event) -> None:
        if over.is_set():
            return
        try:
            opened = self._line.open()
        except SyncFailure as failure:
            self._tell(over, InboxFailed(turn, _why(failure)))
            return
        try:
            self._tell(over, InboxOpened(turn, opened.url))
            self._watch(turn, over, opened)
        finally:
            self._line.shut(opened)

    def _watch(self, turn: int, over: threading.Event, opened: Opened) -> None:
        last, missed = 0, 0
        wait = self._looks
        while not over.wait(wait):
            wait = self._looks
            try:
                news = self._line.news(opened, last)
            except SyncFailure as failure:
                missed += 1
                if missed >= PATIENCE:
                    self._tell(over, InboxFailed(turn, _why(failure)))
                    return
                continue
            missed = 0
            if not news.open:
                self._tell(over, InboxFailed(turn, "over"))
                return
            if news.jpeg:
                last, wait = news.seq, 0.0  # there may be more
                self._tell(over, PictureSent(turn, news.number, news.jpeg))
            elif news.active:
                self._tell(over, PhoneSeen(turn))

    def _tell(self, over: threading.Event, event: InboxOpened | InboxFailed | PhoneSeen | PictureSent) -> None:
        with self._telling:
            if not over.is_set():
                self._post(event)

    def _ended(self, job: Future[None]) -> None:
        error = None if job.cancelled() else job.exception()
        if error is not None:
            self._crashed(error)
