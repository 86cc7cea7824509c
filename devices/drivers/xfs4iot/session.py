"""One client's conversation with one service: requests, their events and completions, and what comes unasked.

A request goes command -> acknowledge -> events -> completion. Messages of several requests may be mixed; whatever
comes is sorted by its request id. Used by one thread; unsolicited events reach their listeners while that thread is
in ``request``, ``wait`` or ``pump``.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.drivers.xfs4iot.codes import CommandFailed, failure, refusal
from devices.drivers.xfs4iot.protocol import (
    ACCEPTED,
    LATER_VERSION,
    LATER_VERSIONS,
    SUCCESS,
    BadMessage,
    Edition,
    Kind,
    Message,
    decode,
    encode,
)
from devices.transports.websocket import MessageLine

EventListener = Callable[[Message], None]
NOW = Deadline(0.0)
MAX_WAITING = 200  # messages taken in one look: a service that talks without end must not hold the device's thread
CANCELLED = "canceled"  # the completion code
_NONE: Mapping[str, Any] = {}
_NOT_UNDERSTOOD = frozenset({"command-unsupported", "command-unknown", "command-refused"})


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, all inside the caller's deadline."""

    acknowledge: float = 5.0  # until a command is acknowledged; services do that before they touch the device
    noise: float = 3.0  # after a message nobody could read: it may have been the completion
    cancel: float = 0.5  # kept at the end of a deadline for calling the command off


class NoAnswer(DeviceError):
    """The service did not acknowledge, or not complete, in time. What the device did is not known."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(
            "no-answer",
            f"the service did not {what} {name} in time",
            advice="Check that the device's service runs and that the device has power; restart the service.",
            retryable=True,
        )


class Pending:
    """A request under way. ``completion`` is there once it has ended."""

    def __init__(self, number: int, name: str, on_event: EventListener | None) -> None:
        self.number, self.name, self.on_event = number, name, on_event
        self.acknowledged = ""
        self.completion: Message | None = None
        self.trouble: DeviceError | None = None  # it was refused, or its answer was no message


class Session:
    """``edition`` is learnt from the first answer where it is not given."""

    def __init__(self, line: MessageLine, *, edition: Edition | None = None, patience: Patience | None = None) -> None:
        self.line = line
        self.counts: Counter[str] = Counter()
        self.versions: dict[str, str] = {}  # of commands, as the service says in its capabilities
        self._given = self._edition = edition
        self._patience = patience or Patience()
        self._number = 0  # goes on after a reconnection, so that no late answer is taken for a new one
        self._pending: dict[int, Pending] = {}
        self._left: deque[int] = deque(maxlen=64)  # requests given up
        self._listeners: list[EventListener] = []
        self._noise: Deadline | None = None

    @property
    def edition(self) -> Edition | None:
        """What the service speaks; None until it has been heard."""
        return self._edition

    def open(self, deadline: Deadline) -> None:
        self._forget()
        self._edition = self._given
        try:
            self.line.open(deadline)
        except DeviceError as error:
            self.counts[error.code] += 1
            raise

    def close(self) -> None:
        self._forget()
        self.line.close()

    def listen(self, listener: EventListener) -> Callable[[], None]:
        """Get unsolicited events; the function returned ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def request(
        self,
        name: str,
        payload: Mapping[str, Any] = _NONE,
        *,
        deadline: Deadline,
        on_event: EventListener | None = None,
    ) -> Message:
        """Do a command to its end; returns its completion, which is a success.

        Raises CommandFailed (the service said no), NoAnswer, BadMessage, or the line's StreamError. A command that is
        not through shortly before the deadline is called off.
        """
        pending = self.start(name, payload, deadline=deadline, on_event=on_event)
        return self.wait(pending, deadline)

    def introduce(self, name: str, deadline: Deadline, on_event: EventListener | None = None) -> Message:
        """The first command to a service of which neither edition nor versions are known: a service that does not take
        the form of the later editions is asked again in that of 2021-1."""
        try:
            return self.request(name, deadline=deadline, on_event=on_event)
        except CommandFailed as error:
            if self._given is not None or error.code not in _NOT_UNDERSTOOD:
                raise
        self._edition = Edition.PAYLOAD
        return self.request(name, deadline=deadline, on_event=on_event)

    def start(
        self,
        name: str,
        payload: Mapping[str, Any] = _NONE,
        *,
        deadline: Deadline,
        on_event: EventListener | None = None,
        endless: bool = False,
    ) -> Pending:
        """Send a command and return once it is acknowledged. ``endless``: the service is to wait until it is called
        off (a card that somebody may put in), else it is told how long we wait."""
        pending = self.post(name, payload, deadline=deadline, on_event=on_event, endless=endless)
        self.await_acknowledge(pending, deadline)
        return pending

    def post(
        self,
        name: str,
        payload: Mapping[str, Any] = _NONE,
        *,
        deadline: Deadline,
        on_event: EventListener | None = None,
        endless: bool = False,
    ) -> Pending:
        """Only send it. Raises the line's StreamError: WriteTimeout and MessageTooLong of this call, unlike those of a
        later one, say that the service did not get the command whole."""
        self._number += 1
        pending = Pending(self._number, name, on_event)
        timeout = 0 if endless else max(1, int(1000 * self._work(deadline).remaining()))
        version = self.versions.get(name) or LATER_VERSIONS.get(name, LATER_VERSION)
        message = Message(Kind.COMMAND, name, pending.number, payload, timeout=timeout, version=version)
        text = encode(message, self._edition or Edition.HEADER)
        self.counts["commands"] += 1
        try:
            self.line.send(text, deadline)
        except DeviceError as error:
            self._give_up(pending, error)
            raise
        self._pending[pending.number] = pending
        return pending

    def await_acknowledge(self, pending: Pending, deadline: Deadline) -> None:
        """Wait until what was posted is acknowledged. One that is not in time is called off: its service may be busy
        and do it later."""
        patience = self._work(deadline).sooner(self._patience.acknowledge)
        try:
            try:
                self._until(lambda: pending.acknowledged != "", pending, patience)
            except NoAnswer:
                self._call_off(pending, deadline.sooner(self._patience.cancel))
                if pending.completion is not None and pending.completion.completion == CANCELLED:
                    raise  # it did as it was told; that it had not answered remains
        except DeviceError as error:
            self._give_up(pending, error)
            raise

    def wait(self, pending: Pending, deadline: Deadline) -> Message:
        """The completion of a started command, as ``request`` returns it."""
        try:
            try:
                self._until(lambda: pending.completion is not None, pending, self._work(deadline))
            except NoAnswer:
                self._call_off(pending, deadline)
        except DeviceError as error:
            self._give_up(pending, error)
            raise
        return self._success(pending)

    def ended(self, pending: Pending) -> Message | None:
        """The completion where it has come (an unsuccessful one raises); never waits."""
        if pending.trouble is not None:
            raise pending.trouble
        return None if pending.completion is None else self._success(pending)

    def cancel(self, pending: Pending, deadline: Deadline) -> None:
        """Call a command off and wait for its end, whichever that is. Harmless when it has ended."""
        if pending.completion is None and self.line.is_open:
            try:
                self._call_off(pending, deadline)
            except DeviceError as error:
                self._give_up(pending, error)
                raise

    def pump(self, deadline: Deadline = NOW) -> None:
        """Take in what has come; waits for the first message until the deadline, for the others not at all."""
        for _ in range(MAX_WAITING):
            if not self._take(deadline):
                return
            deadline = NOW

    # -- inside --------------------------------------------------------------------------------------

    def _work(self, deadline: Deadline) -> Deadline:
        """The deadline less what calling off may need."""
        return Deadline(deadline.at - min(self._patience.cancel, 0.1 * deadline.remaining()))

    def _until(self, done: Callable[[], bool], pending: Pending, deadline: Deadline) -> None:
        """Sort what comes until ``done``. Raises CommandFailed for a refusal, NoAnswer, BadMessage."""
        self._noise = None
        gone = False
        while True:
            if pending.trouble is not None:
                raise pending.trouble
            if done():
                return
            if gone and self._noise is not None:
                raise BadMessage("it could not be read, and nothing followed")
            if gone:
                raise NoAnswer(pending.name, "complete" if pending.acknowledged else "acknowledge")
            step = deadline if self._noise is None else Deadline(min(deadline.at, self._noise.at))
            gone = not self._take(step) or step.expired

    def _take(self, deadline: Deadline) -> bool:
        """One message off the line, sorted; False when none came in time."""
        text = self.line.receive(deadline)
        if text is None:
            return False
        try:
            self._sort(decode(text))
        except BadMessage as trouble:
            self.counts["unreadable"] += 1
            owner = self._pending.get(trouble.request_id or 0)
            if trouble.request_id is None:
                self._noise = Deadline.after(self._patience.noise)
            elif owner is not None and trouble.kind in (Kind.ACKNOWLEDGE, Kind.COMPLETION):
                owner.trouble = trouble
        return True

    def _sort(self, message: Message) -> None:
        if message.edition is not None and message.kind is not Kind.COMMAND:
            self._edition = self._given or message.edition
        if message.kind is Kind.UNSOLICITED:
            self.counts["unsolicited"] += 1
            for listener in tuple(self._listeners):
                listener(message)
            return
        pending = self._pending.get(message.request_id)
        if pending is None or message.kind is Kind.COMMAND:
            self.counts["late" if message.request_id in self._left else "strange"] += 1
        elif message.kind is Kind.ACKNOWLEDGE:
            self._acknowledged(pending, message)
        elif message.name == pending.name or message.kind is Kind.EVENT:
            self._went_on(pending, message)
        else:
            self.counts["strange"] += 1

    def _acknowledged(self, pending: Pending, message: Message) -> None:
        if pending.acknowledged:
            self.counts["strange"] += 1
            return
        if message.status == ACCEPTED:
            pending.acknowledged = ACCEPTED
            return
        pending.trouble = refusal(pending.name, message.status)
        self._end(pending)

    def _went_on(self, pending: Pending, message: Message) -> None:
        self._noise = None  # what could not be read was not the completion
        if message.kind is Kind.EVENT:
            if pending.on_event is not None:
                pending.on_event(message)
            return
        if not pending.acknowledged:  # it skipped a step; what it says of the outcome is no less true for that
            self.counts["unacknowledged"] += 1
            pending.acknowledged = ACCEPTED
        pending.completion = message
        self._end(pending)

    def _success(self, pending: Pending) -> Message:
        completion = pending.completion
        assert completion is not None  # noqa: S101 - the callers have looked
        if completion.completion != SUCCESS:
            error = failure(completion)
            self.counts[error.code] += 1
            raise error
        return completion

    def _call_off(self, pending: Pending, deadline: Deadline) -> None:
        """Common.Cancel for a command that takes too long; NoAnswer unless it then ends, one way or the other."""
        self._number += 1
        cancel = Pending(self._number, "Common.Cancel", None)
        self._left.append(cancel.number)  # its own answers matter to nobody
        version = self.versions.get(cancel.name, LATER_VERSION)
        message = Message(Kind.COMMAND, cancel.name, cancel.number, {"requestIds": [pending.number]}, version=version)
        self.counts["cancels"] += 1
        self.line.send(encode(message, self._edition or Edition.HEADER), deadline)
        self._until(lambda: pending.completion is not None, pending, deadline)

    def _end(self, pending: Pending) -> None:
        self._pending.pop(pending.number, None)
        self._left.append(pending.number)

    def _give_up(self, pending: Pending, error: DeviceError) -> None:
        self.counts[error.code] += 1
        self._end(pending)

    def _forget(self) -> None:
        self._left.extend(self._pending)
        self._pending.clear()
        self._noise = None
