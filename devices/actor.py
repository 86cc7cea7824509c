"""One device and the thread that owns it: opens it, asks it how it is, opens it again when it was lost, runs commands.

Nothing crosses threads but immutable snapshots and futures. A command ends by its deadline for whoever waits for it,
even when the driver hangs. A thread with nothing to do sleeps; there is no polling but the device's own heartbeat.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from devices.backoff import Backoff
from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, Device, DeviceError, Fault, State, Status, StatusListener
from devices.jobs import Guard, Job, Reaper
from devices.watch import CardListener, CardWatch

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_GONE = frozenset({"port-missing", "unplugged"})
_SILENT = frozenset({"no-answer"})
CLOSE_SECONDS = 1.0  # for a turn on the line to close a device in
_HANGS = Fault("no-answer", Action.RESET, "the driver does not come back from the device")


@dataclass(frozen=True, slots=True)
class Spec:
    """A device under management. Times are seconds.

    ``on`` names the device whose line this one uses (a card application on its reader, a locker on the bus of the IO
    board): the two take turns on it, and this one is lost and comes back with it.
    """

    name: str
    device: Device
    on: str = ""
    poll_interval: float = 1.2
    open_timeout: float = 8.0
    poll_timeout: float = 5.0
    watch_timeout: float = 6.0
    backoff: Backoff = field(default_factory=Backoff)


class Actor:
    """One device and the thread that owns it. All public methods may be called from any thread."""

    def __init__(
        self, spec: Spec, reaper: Reaper, clock: Callable[[], float], random: Random, carrier: Actor | None = None
    ) -> None:
        self.name = spec.name
        self._spec = spec
        self._carrier = carrier
        self._riders: list[Actor] = []
        self._line: threading.Lock = (
            carrier._line if carrier else threading.Lock()
        )  # one call at a time on what several share
        if carrier is not None:
            carrier._riders.append(self)
        self._reaper = reaper
        self._clock = clock
        self._random = random
        self._changed = threading.Condition()
        self._jobs: deque[Job[Any]] = deque()
        self._listeners: list[StatusListener] = []
        self._status = Status(State.STARTING)
        self._cause: DeviceError | None = None  # of the loss that lasts; None while up or not yet tried
        self._cause_stands = (
            True  # False: it was the carrier's, or the port has come anew; the next one takes its place
        )
        self._lost_at = 0.0
        self._failures = 0
        self._returns = 0
        self._was_up = False
        self._up = False
        self._next_open = self._next_poll = self._next_look = clock()
        self._publish_anyway = False
        self._guard: Guard | None = None  # over the call of the driver's that is under way
        self._watch: tuple[CardWatch, CardListener, float] | None = None
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def device(self) -> Device:
        """For ``info``, ``capabilities`` and ``statistics``, which only look; everything else goes by ``submit``."""
        return self._spec.device

    @property
    def status(self) -> Status:
        """What was last learned; ``status.age()`` says how long ago."""
        return self._status

    @property
    def returns(self) -> int:
        """How often it was lost and came back, since it was started."""
        return self._returns

    def subscribe(self, listener: StatusListener) -> Callable[[], None]:
        """Call ``listener`` whenever the status changes; returns how to end that.

        It is called from the actor's thread, or from the one that minds all deadlines when the actor hangs: it must
        not block."""
        with self._changed:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def refresh(self) -> None:
        """Ask the device now and publish the answer even when nothing changed. A lost device is tried at once."""
        with self._changed:
            self._publish_anyway = True
            self._next_open = self._next_poll = self._clock()
            self._changed.notify()

    def look_again(self, *, anew: bool = False) -> None:
        """Its port has come, gone or changed: see at once, and without the patience that earlier failures taught.

        ``anew``: it is there again, so that what may be wrong now is another matter than what was."""
        with self._changed:
            self._failures = 0
            self._cause_stands = self._cause_stands and not anew
            self._next_open = self._next_poll = self._clock()
            self._changed.notify()

    def submit(self, command: Callable[[Any, Deadline], _T], timeout: float) -> Future[_T]:
        """Run ``command(device, deadline)`` in the actor's thread.

        The future ends by ``timeout`` seconds at the latest: with the result, with what the command raised, with
        DeviceError ``device-busy`` when it could not begin in time, or ``no-answer`` when it began and did not come
        back (its outcome is then unknown). While the device is lost it fails at once with the cause of the loss.
        """
        job = Job(command, Deadline.after(timeout))
        with self._changed:
            cause = _stopped() if self._stopping else self._cause
            if cause is None:
                self._jobs.append(job)
                self._changed.notify()
        if cause is not None:
            job.fail(_again(cause))
        else:
            self._reaper.mind(job)
        return job.future

    def watch_cards(self, listener: CardListener, interval: float = 0.3) -> None:
        """Look for cards every ``interval`` seconds and tell ``listener``, from the actor's thread, what happens.

        CardRead once per card, CardGone when it is taken, DeviceError when one cannot be read. Called again while
        watching it only changes listener and interval, and forgets nothing. TypeError where this is no reader.
        """
        if self._spec.device.info.kind != "id_reader":  # others have methods of these names that mean something else
            raise TypeError(f"{self.name} reads no identity cards")
        with self._changed:
            watch = self._watch[0] if self._watch else CardWatch()
            self._watch = (watch, listener, interval)
            self._next_look = self._clock()
            self._changed.notify()

    def unwatch(self) -> None:
        """Stop looking for cards. A look that is under way may still tell its outcome to nobody."""
        with self._changed:
            self._watch = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"device-{self.name}", daemon=True)
        self._thread.start()

    def request_stop(self) -> None:
        """End after the call that is under way; commands that wait fail at once, in case it does not come back."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._fail_jobs(_stopped())

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; False when a driver hangs (the thread is a daemon and ends with the process)."""
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def turn(self) -> float | None:
        """Do the one thing that is due. Returns seconds until the next is, None for never; tests call this directly."""
        with self._changed:
            job = self._jobs.popleft() if self._runnable() else None
        if job is not None:
            self._run_job(job)
            return 0.0
        if self._carrier is not None and not self._carrier._up:
            self._fall_with(self._carrier._cause)
            return None
        now = self._clock()
        if not self._up:
            if now >= self._next_open:
                self._open()
                return 0.0
            return self._next_open - now
        if now >= self._next_poll:
            self._poll()
            return 0.0
        watch = self._watch
        if watch is not None and now >= self._next_look:
            self._look(*watch)
            return 0.0
        return min(self._next_poll, self._next_look if watch else self._next_poll) - now

    def _runnable(self) -> bool:
        """Whether there is a command to be run or refused now. Before it is known whether the device is there none is;
        those whose time is over meanwhile are dropped."""
        while self._jobs and self._jobs[0].finished:
            self._jobs.popleft()
        return bool(self._jobs) and (self._up or self._cause is not None)

    def _run(self) -> None:
        try:
            while not self._stopping:
                wait = self.turn()
                if wait != 0.0:
                    self._sleep(wait)
        except BaseException:  # a bug, not a fault of the device: say so, let nobody wait, and let it be seen
            self._crashed()
            raise
        finally:
            self._fail_jobs(_stopped())
            self._close_device()

    def _close_device(self) -> None:
        """In its turn on the line, so that nobody's call is cut; without it where another one does not give it back."""
        turn = self._line.acquire(timeout=CLOSE_SECONDS)
        try:
            self._spec.device.close()
        finally:
            if turn:
                self._line.release()

    def _sleep(self, wait: float | None) -> None:
        with self._changed:
            if wait is None:  # until its carrier says something
                if not self._runnable() and not self._stopping and not self._carrier_up():
                    self._changed.wait()
                return
            now = self._clock()
            due = [self._next_poll if self._up else self._next_open]
            due += [self._next_look] if self._up and self._watch else []
            if not self._runnable() and not self._stopping and min(due) > now:
                self._changed.wait(min(wait, min(due) - now))

    def _open(self) -> None:
        deadline = Deadline.after(self._spec.open_timeout)
        try:
            with self._guarded(deadline):
                self._spec.device.open(deadline)
        except _LineBusy:
            self._next_open = self._clock() + self._spec.backoff.first
            return
        except DeviceError as error:
            self._lost(error)
            return
        with self._changed:
            self._up, self._failures = True, 0
            cause, self._cause = self._cause, None
            self._returns += cause is not None and self._was_up
            self._was_up = True
        if cause is not None:
            _log.info("%s is back after %.0f s (%s)", self.name, self._clock() - self._lost_at, cause.code)
        self._poll()
        for rider in self._riders:
            rider.look_again(anew=True)

    def _poll(self) -> None:
        with self._changed:
            self._next_poll = self._clock() + self._spec.poll_interval
        deadline = Deadline.after(self._spec.poll_timeout)
        try:
            with self._guarded(deadline):
                try:
                    status = self._spec.device.poll(deadline)
                except DeviceError:
                    self._spec.device.close()  # before the line is given back
                    raise
        except _LineBusy:
            return  # no news: the status grows older meanwhile
        except DeviceError as error:
            self._lost(error)
            return
        self._publish(status)

    def _lost(self, error: DeviceError) -> None:
        """Keep the first cause, wait longer each time, let nobody wait for a device that is not there.

        Another takes its place where one that was silent is gone now, or one that was gone is silent: whoever unplugs a
        reader that answers nothing sees that it is unplugged.
        """
        now = self._clock()
        with self._changed:
            self._up = False
            self._failures += 1
            self._next_open = now + self._spec.backoff.delay(self._failures, self._random)
            first = self._cause is None
            known = self._cause if self._cause_stands else None
            cause = error if known is None or _unplugged_or_back(known, error) else known
            self._cause, self._cause_stands = cause, True
        if first:
            self._lost_at = now
            _log.warning("%s is lost: %s", self.name, error.code)
        self._publish(Status(_state_of(cause), (cause.fault(),)))
        self._fail_jobs(cause)
        for rider in self._riders:
            rider.look_again()

    def _carrier_up(self) -> bool:
        return self._carrier is None or self._carrier._up

    def _fall_with(self, cause: DeviceError | None) -> None:
        """What carries this device is lost: so is this one, with the same cause, told once."""
        if self._up:
            self._close_device()
        if cause is not None and (self._up or self._cause is None):
            with self._changed:
                self._up, self._cause, self._lost_at = False, cause, self._clock()
                self._cause_stands = False
            self._publish(Status(_state_of(cause), (cause.fault(),)))
            self._fail_jobs(cause)

    def _run_job(self, job: Job[Any]) -> None:
        if self._cause is not None:
            job.fail(_again(self._cause))
            return
        try:
            with self._guarded(job.deadline):
                well = job.run(self._spec.device)
        except _LineBusy as busy:
            job.fail(busy)
            return
        if not well:  # it failed: see at once whether the device is still there
            with self._changed:
                self._next_poll = self._clock()

    def _look(self, watch: CardWatch, listener: CardListener, interval: float) -> None:
        device: Any = self._spec.device  # watch_cards has seen that it reads cards
        deadline = Deadline.after(self._spec.watch_timeout)
        try:
            with self._guarded(deadline):
                events = watch.look(device, deadline)
        except _LineBusy:
            events = []
        with self._changed:
            self._next_look = self._clock() + interval
            if any(isinstance(event, DeviceError) for event in events):
                self._next_poll = self._clock()
            current = self._watch
        for event in events:
            if current is not None and current[0] is watch:
                current[1](event)

    @contextmanager
    def _guarded(self, deadline: Deadline) -> Iterator[None]:
        """Around every call that may hang: the status says so while it does."""
        if not self._line.acquire(timeout=deadline.remaining()):
            raise _LineBusy()
        guard = Guard(deadline, self._overran)
        with self._changed:
            self._guard = guard
        try:
            with self._reaper.guarding(guard):
                yield
        finally:
            with self._changed:
                self._guard = None
            self._line.release()

    def _overran(self, guard: Guard) -> None:
        with self._changed:
            self._next_poll = self._clock()  # once it is back, ask at once
        self._publish(Status(State.UNKNOWN, (_HANGS,)), during=guard)
        for other in (self._carrier, *self._riders, *(self._carrier._riders if self._carrier else ())):
            if other is not None and other is not self:  # they wait for the same line
                other._held_up(guard, self)

    def _held_up(self, guard: Guard, by: Actor) -> None:
        """Nobody can say how a device is whose line another one's call does not give back."""
        with self._changed:
            self._next_poll = self._clock()
            told = self._cause is not None  # that it is lost, and why
        if not told and by._guard is guard:
            self._publish(Status(State.UNKNOWN, (_HANGS,)))

    def _publish(self, status: Status, *, during: Guard | None = None) -> None:
        """``during``: only while this call is still under way, else the actor itself has something newer to say."""
        with self._changed:
            if during is not None and during is not self._guard:
                return
            tell = self._publish_anyway or not status.same_as(self._status)
            self._status, self._publish_anyway = status, False
            listeners = tuple(self._listeners) if tell else ()
        for listener in listeners:
            listener(status)

    def _crashed(self) -> None:
        fault = Fault("driver-crashed", Action.CALL_TECHNICIAN, "the driver has a bug; restart the terminal's software")
        with self._changed:
            self._stopping = True
        self._publish(Status(State.UNKNOWN, (fault,)))

    def _fail_jobs(self, cause: DeviceError) -> None:
        with self._changed:
            jobs, self._jobs = list(self._jobs), deque()
        for job in jobs:
            job.fail(_again(cause))


class _LineBusy(DeviceError):
    """Another device kept the line they share to itself until the deadline."""

    def __init__(self) -> None:
        super().__init__(
            "device-busy",
            "the line was in use by another device the whole time",
            advice="Wait until it has finished what it does, then try again.",
            retryable=True,
        )


def _state_of(cause: DeviceError) -> State:
    if cause.code in _GONE:
        return State.NO_DEVICE
    if cause.code in _SILENT:
        return State.UNKNOWN
    return State.HARDWARE_ERROR if cause.action is Action.CALL_TECHNICIAN else State.OFFLINE


def _unplugged_or_back(known: DeviceError, error: DeviceError) -> bool:
    codes = {known.code, error.code}
    return bool(codes & _GONE and codes & _SILENT)


def _again(cause: DeviceError) -> DeviceError:
    """A fresh exception of the same content: one exception object must not be raised in several threads."""
    return DeviceError(cause.code, str(cause), advice=cause.advice, retryable=cause.retryable, action=cause.action)


def _stopped() -> DeviceError:
    return DeviceError("stopped", "the device is not in service", advice="Start the terminal again.", retryable=False)
