"""A driver's end of one child process after another: starts it, sorts what it sends, asks and waits.

A thread takes messages in as they come, so that preview frames flow while an answer is waited for. Frames are handed
to the listener by a thread of their own, one at a time: the child sends the next, then the newest, when the last was
taken. What a frame is, the driver says (``frame_of``).

From the child (``is``): ``ready`` first, ``frame`` and ``fault`` (``code``) unasked, and answers that echo ``id``. To
the child (``do``): its configuration first, ``preview`` on, ``more`` (the last frame was taken), ``status``, requests.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.transports.child import ChildProcess
from devices.transports.child_channel import Message

FrameT = TypeVar("FrameT")
Answer = Message | DeviceError | None  # None: nothing came, but whoever waits is to look up


class Session(Generic[FrameT]):
    """One child at a time. Its methods belong to the actor's thread, ``wake`` and ``abandon`` to any.

    ``frame_of`` makes a frame of a ``frame`` message; KeyError, TypeError or ValueError from it count as garbage."""

    def __init__(
        self,
        module: str,
        configuration: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        frame_of: Callable[[Message], FrameT],
        on_fault: Callable[[str | None], None],
    ) -> None:
        self._configuration = configuration
        self._frame_of = frame_of
        self._on_fault = on_fault
        self._child = ChildProcess(module, environment=environment)
        self._pump: threading.Thread | None = None
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._delivery: Delivery[FrameT] | None = None
        self._heard = 0.0
        self._request = 0
        self.opencv = ""
        self.frames = 0

    @property
    def running(self) -> bool:
        return self._pump is not None and self._pump.is_alive() and self._child.running

    @property
    def pid(self) -> int | None:
        return self._child.pid

    @property
    def starts(self) -> int:
        return self._child.starts

    def resident_bytes(self) -> int:
        return self._child.resident_bytes()

    def last_words(self) -> str:
        return self._child.last_words()

    def start(self, deadline: Deadline) -> None:
        """Child started, ready and configured; preview resumed if one was on. Nothing when it runs already."""
        if self.running:
            return
        self.kill()
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._answers = answers
        self._child.start()
        self._pump = threading.Thread(target=self._take_in, args=(answers,), name="child-messages", daemon=True)
        self._pump.start()
        try:
            ready = self._await(lambda head: head.get("is") == "ready", deadline)
            self.opencv = str(ready.head.get("opencv", ""))
            self._child.send(self._configuration, deadline=deadline)
            if self._delivery is not None:
                self._child.send({"do": "preview", "on": True}, deadline=deadline)
        except DeviceError:
            self.kill()
            raise

    def kill(self) -> None:
        self._child.kill()
        if self._pump is not None:
            self._pump.join()
            self._pump = None

    def abandon(self) -> None:
        """Kill the child; ``running`` is False as soon as that is seen."""
        self._child.abandon()

    def wake(self) -> None:
        """Have a request under way call its ``look_up``."""
        self._answers.put(None)

    def stop(self, deadline: Deadline) -> None:
        self._child.stop(deadline)
        self.kill()

    def ask(
        self,
        head: Mapping[str, Any],
        body: bytes = b"",
        *,
        deadline: Deadline,
        silence: float,
        meanwhile: Callable[[Message], None] | None = None,
        look_up: Callable[[int], None] = lambda number: None,
    ) -> Message:
        """Send a request and wait for its answer; ``child-silent`` at the deadline, or earlier when the child does
        not even answer ``status`` for ``silence`` seconds (it hangs with the interpreter locked). ``look_up`` is
        called with the request's number once it is sent, and again after every ``wake``."""
        self._request += 1
        number = self._request
        self._child.send({**head, "id": number}, body, deadline=deadline)
        look_up(number)
        self._heard = time.monotonic()
        while True:
            step = deadline.sooner(min(1.0, silence / 2))
            try:
                return self._await(lambda answer: answer.get("id") == number, step, meanwhile, partial(look_up, number))
            except DeviceError as error:
                if error.code != "child-silent" or deadline.expired or time.monotonic() - self._heard > silence:
                    raise
                self._child.send({"do": "status", "id": 0}, deadline=deadline)

    def post(self, head: Mapping[str, Any], deadline: Deadline) -> None:
        """Send a command that has no answer."""
        self._child.send(head, deadline=deadline)

    def deliver_to(self, listener: Callable[[FrameT], None] | None) -> None:
        """Where preview frames go; with None nothing is delivered any more when this returns."""
        if self._delivery is not None:
            self._delivery.end()
            self._delivery = None
        if listener is not None:
            self._delivery = Delivery(listener, self._more)

    def _more(self) -> None:
        try:
            self._child.send({"do": "more"}, deadline=Deadline.after(1.0))
        except DeviceError:
            return  # the actor learns of the child's end by its own way and starts it again

    def _take_in(self, answers: queue.SimpleQueue[Answer]) -> None:
        while True:
            try:
                message = self._child.receive(None)
                self._heard = time.monotonic()
                kind = message.head.get("is")
                if kind == "frame":
                    frame = self._frame_of(message)
                    if (delivery := self._delivery) is not None:
                        self.frames += 1
                        delivery.offer(frame)
                elif kind == "fault":
                    code = message.head.get("code")
                    self._on_fault(None if code is None else str(code))
                else:
                    answers.put(message)
            except DeviceError as error:
                answers.put(error)
                return
            except (KeyError, TypeError, ValueError):
                answers.put(garbage("a frame without its measures"))
                return

    def _await(
        self,
        wanted: Callable[[Mapping[str, Any]], bool],
        deadline: Deadline,
        meanwhile: Callable[[Message], None] | None = None,
        woken: Callable[[], None] = lambda: None,
    ) -> Message:
        while True:
            try:
                answer = self._answers.get(timeout=deadline.remaining())
            except queue.Empty:
                raise DeviceError(
                    "child-silent",
                    "the child process did not answer in time",
                    advice="it is ended and started again",
                    retryable=True,
                ) from None
            if answer is None:
                woken()
                continue
            if isinstance(answer, DeviceError):
                raise answer
            if wanted(answer.head):
                return answer
            if meanwhile is not None:
                meanwhile(answer)


class Delivery(Generic[FrameT]):
    """Hands frames to a listener, the newest only, from its own thread."""

    def __init__(self, listener: Callable[[FrameT], None], taken: Callable[[], None]) -> None:
        self._listener, self._taken = listener, taken
        self._news = threading.Condition()
        self._frame: FrameT | None = None
        self._on = True
        self._thread = threading.Thread(target=self._run, name="child-frames", daemon=True)
        self._thread.start()

    def offer(self, frame: FrameT) -> None:
        with self._news:
            self._frame = frame
            self._news.notify_all()

    def end(self) -> None:
        """After this returns the listener is not called any more (a listener that calls this itself excepted)."""
        with self._news:
            self._on = False
            self._news.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._frame is not None or not self._on)
                frame, self._frame = self._frame, None
                if not self._on or frame is None:
                    return
            self._listener(frame)
            self._taken()


def garbage(what: str) -> DeviceError:
    return DeviceError(
        "child-garbage",
        f"the child process sent {what}",
        advice="it is ended and started again; update the software if it happens again",
        retryable=True,
    )
