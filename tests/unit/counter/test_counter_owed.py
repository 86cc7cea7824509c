"""What is owed is done once: at once, or when the device is back; never for somebody who wants it no more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State, Status
from kiosk.counter.owed import Owed

AWAY = DeviceError("unplugged", "it is away", advice="Plug it in.", retryable=True)


class Device:
    """An actor that runs commands where they are submitted; away, it refuses them with the cause."""

    def __init__(self) -> None:
        self.away = False
        self.listeners: list[Callable[[Status], None]] = []
        self.status = Status(State.ONLINE)

    def subscribe(self, listener: Callable[[Status], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def refresh(self) -> None: ...

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            if self.away:
                raise AWAY
            future.set_result(command(self, Deadline.after(timeout)))
        except Exception as error:
            future.set_exception(error)
        return future

    def changes(self) -> None:
        for listener in self.listeners:
            listener(self.status)


class Book:
    def __init__(self) -> None:
        self.device = Device()
        self.done = 0
        self.crashes: list[BaseException] = []
        self.error: Exception | None = None
        self.owed = Owed(self.device, self._deed, 5.0, self.crashes.append)

    def _deed(self, device: Any, deadline: Deadline) -> None:
        if self.error is not None:
            raise self.error
        self.done += 1


@pytest.fixture
def book() -> Book:
    return Book()


def test_it_is_done_at_once_and_not_again(book: Book) -> None:
    book.owed.ask()
    book.device.changes()
    assert book.done == 1
    assert book.owed.settle(0)


def test_nothing_is_done_that_nobody_asked_for(book: Book) -> None:
    book.device.changes()
    assert book.done == 0
    assert book.owed.settle(0)


def test_a_device_that_is_away_does_it_on_its_return(book: Book) -> None:
    book.device.away = True
    book.owed.ask()
    assert not book.owed.settle(0)
    book.device.away = False
    book.device.changes()
    book.device.changes()
    assert book.done == 1
    assert not book.owed.due


def test_it_is_tried_again_when_it_failed(book: Book) -> None:
    book.error = AWAY
    book.owed.ask()
    book.error = None
    book.device.changes()
    assert book.done == 1
    assert book.crashes == []


def test_what_is_called_off_is_not_done_later(book: Book) -> None:
    book.device.away = True
    book.owed.ask()
    book.owed.call_off()
    book.device.away = False
    book.device.changes()
    assert book.done == 0
    assert book.owed.settle(0)


def test_asked_again_it_is_done_again(book: Book) -> None:
    book.owed.ask()
    book.owed.ask()
    assert book.done == 2


def test_a_bug_is_not_passed_over(book: Book) -> None:
    book.error = ZeroDivisionError()
    book.owed.ask()
    assert [type(error) for error in book.crashes] == [ZeroDivisionError]
