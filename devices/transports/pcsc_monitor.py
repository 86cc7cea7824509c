"""What happens in a slot, told as it happens: card in, card out, reader gone and back, pcscd gone and back.

A thread with a context of its own waits in SCardGetStatusChange and comes up once a heartbeat, so that what it knows
has an age. It outlives pcscd and the reader: it tries again with growing waits, and says so once on loss and once on
return. What it last saw is *unknown* as soon as it is older than three heartbeats, whatever it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.pcsc_session import Session
from devices.transports.slot import Look, NoAnswer

HEARTBEAT = 1.0
FIRST_WAIT, LONGEST_WAIT = 0.1, 1.5  # seconds between attempts: a reader that is back is usable within five


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen last: a look, or why there is none. ``at`` is monotonic seconds."""

    look: Look | None
    error: DeviceError | None
    at: float


Listener = Callable[[Sight], None]


class Monitor:
    """Calls ``listener`` from its own thread, once per change: it must not block (``Actor.look_again`` does not)."""

    def __init__(self, port: str, listener: Listener, heartbeat: float = HEARTBEAT) -> None:
        self._port = port
        self._listener = listener
        self._heartbeat = heartbeat
        self._end = threading.Event()
        self._session: Session | None = None
        self._thread: threading.Thread | None = None
        self._sight = Sight(None, NoAnswer(port), time.monotonic())
        self._failures = 0  # since the last good look

    @property
    def sight(self) -> Sight:
        """What is known now; NoAnswer where the last sight is too old, because pcscd stands still."""
        sight = self._sight
        if sight.error is None and time.monotonic() - sight.at > 3 * self._heartbeat:
            return Sight(None, NoAnswer(self._port), sight.at)
        return sight

    def start(self) -> None:
        self._end.clear()
        self._thread = threading.Thread(target=self._run, name="pcsc-monitor", daemon=True)
        self._thread.start()

    def stop(self, deadline: Deadline) -> bool:
        """End the wait (SCardCancel) and the thread; False where pcscd stands still and the thread is left behind.

        The cancel is a call into pcscd like any other, so it too is made where it may block.
        """
        self._end.set()
        thread, session = self._thread, self._session
        if thread is None:
            return True
        if session is not None:
            threading.Thread(target=session.cancel, name="pcsc-cancel", daemon=True).start()
        thread.join(deadline.remaining())
        return not thread.is_alive()

    def _run(self) -> None:
        self._failures = 0
        while not self._end.is_set():
            session = self._session = Session(self._port)
            try:
                session.establish()
                self._watch(session)
            except DeviceError as error:
                self._tell(Sight(None, error, time.monotonic()))
            finally:
                session.release()
            self._end.wait(min(LONGEST_WAIT, FIRST_WAIT * 2**self._failures))
            self._failures = min(self._failures + 1, 16)

    def _watch(self, session: Session) -> None:
        look = None
        while not self._end.is_set():
            look = session.look(look, self._heartbeat)
            self._failures = 0
            self._tell(Sight(look, None, time.monotonic()))

    def _tell(self, sight: Sight) -> None:
        before, self._sight = self._sight, sight
        if not self._end.is_set() and (_news(before) != _news(sight)):
            self._listener(sight)


def _news(sight: Sight) -> tuple[Look | None, str]:
    """What makes a change worth telling: that another program takes the card is not."""
    look = replace(sight.look, held=False) if sight.look else None
    return look, sight.error.code if sight.error else ""
