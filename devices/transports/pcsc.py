"""A slot of a reader behind pcscd (PC/SC): a CardSlot whose every call ends by its deadline.

Calls are made by a worker that can be left behind (see ``worker``). When a deadline passes, the slot counts as closed
and is opened anew with a context of its own. Whether card or daemon is silent is then asked of pcscd by a second
context; for that, an exchange keeps back a small part of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.pcsc_session import PROTOCOL_T0, Session
from devices.transports.slot import CardMute, CardPulled, Look, NoAnswer
from devices.transports.stream import StreamError, Unplugged
from devices.transports.worker import Worker, WorkerLost

PROBE = 0.25  # seconds kept back to ask who is silent, or a fifth of the time where there is less than 1.25 s
TURN = 0.05  # seconds between pcscd's time-out and ours
CLOSE = 0.3  # seconds for tidying up, at most; a power-down takes far less

_T = TypeVar("_T")


class PcscSlot:
    """``port`` is a reader's name as pcscd lists it, or its beginning, or nothing where there is one reader."""

    def __init__(self, port: str = "") -> None:
        self._port = port
        self._session = Session(port)
        self._worker: Worker | None = None
        self._stuck: Worker | None = None  # has an exchange under way that did not come back: pcscd's reader is locked

    @property
    def port(self) -> str:
        """The whole name once it is known."""
        return self._session.reader or self._port

    @property
    def is_open(self) -> bool:
        return self._worker is not None

    def open(self, deadline: Deadline) -> None:
        self._let_go(deadline.sooner(CLOSE))
        self._session = session = Session(self._port)
        self._worker = self._hire("pcsc", session)
        try:
            self._call(session.establish, deadline)
        except DeviceError:
            self._let_go(deadline.sooner(CLOSE))
            raise

    def close(self) -> None:
        self._let_go(Deadline.after(CLOSE))

    def look(self, deadline: Deadline, known: Look | None = None) -> Look:
        session = self._session
        seconds = max(0.0, deadline.remaining() - TURN)
        return self._call(lambda: session.look(known, seconds), deadline)

    def power(self, deadline: Deadline) -> PcscChannel | None:
        if self._jammed():
            raise CardMute(self.port)
        atr = self._patiently(self._session.connect, deadline)
        if atr is None:
            return None
        return PcscChannel(self._patiently, self._session, atr)

    def release(self) -> None:
        session = self._session
        with suppress(DeviceError):  # closed or lost: the power goes with the context
            self._call(session.disconnect, Deadline.after(CLOSE))

    def _let_go(self, deadline: Deadline) -> None:
        worker, self._worker = self._worker, None
        if worker is not None and not worker.lost:
            worker.stop(deadline)

    def _jammed(self) -> bool:
        """Whether an exchange that was given up still keeps pcscd's reader from everything else."""
        return self._stuck is not None and self._stuck.pending

    def _call(self, function: Callable[[], _T], deadline: Deadline) -> _T:
        worker = self._worker
        if worker is None:
            raise Unplugged(self.port)
        try:
            return worker.call(function, deadline)
        except WorkerLost:
            self._worker = None
            raise NoAnswer(self.port) from None

    def _patiently(self, function: Callable[[], _T], deadline: Deadline) -> _T:
        """A call that waits for the card itself: where it does not come back, say who is silent."""
        worker, left = self._worker, deadline.remaining()
        try:
            return self._call(function, Deadline(deadline.at - min(PROBE, left / 5)))
        except NoAnswer:
            if worker is not None and worker.lost:
                self._stuck = worker
            raise self._silent(deadline) from None

    def _silent(self, deadline: Deadline) -> StreamError:
        """A silent exchange explained: by pcscd where it answers somebody else, NoAnswer where it does not."""
        session = Session(self.port)
        probe = None
        try:
            probe = self._hire("pcsc-probe", session)
            probe.call(session.establish, deadline)
            look = probe.call(lambda: session.look(None, 0), deadline)
        except (WorkerLost, NoAnswer):
            return NoAnswer(self.port)
        except StreamError as error:
            return error
        finally:
            if probe is not None and not probe.lost:
                probe.stop(deadline)
        return CardMute(self.port) if look.present else CardPulled(self.port)

    def _hire(self, name: str, session: Session) -> Worker:
        try:
            return Worker(name, session.release)
        except WorkerLost:
            raise NoAnswer(self.port) from None


class PcscChannel:
    """A card that is powered and held by this program alone."""

    def __init__(self, call: Callable[[Callable[[], bytes], Deadline], bytes], session: Session, atr: bytes) -> None:
        self._call = call
        self._session = session
        self._atr = atr

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def character_wise(self) -> bool:
        return self._session.protocol == PROTOCOL_T0

    def exchange(self, command: bytes, deadline: Deadline) -> bytes:
        return self._call(lambda: self._session.transmit(command), deadline)
