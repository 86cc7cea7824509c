"""Who keeps house when: folding the log back waits until nobody writes, unless it cannot wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from kiosk.journal import writer
from kiosk.journal.errors import JournalError
from kiosk.journal.writer import Writer


class House:
    """A writer, what it wants, and whether it has rested."""

    def __init__(self) -> None:
        self.wants = self.needs = False
        self.rested = threading.Event()
        self.writer = Writer(lambda: self.wants, lambda: self.needs, self._rest)

    def _rest(self) -> None:
        self.wants = self.needs = False
        self.rested.set()

    def write(self) -> None:
        self.writer.run(lambda: None)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.writer.stop()


def test_rest_that_is_wanted_comes_when_the_journal_is_idle(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUIET", 0.01)
    house.wants = True
    house.write()
    assert house.rested.wait(20)


def test_rest_waits_while_the_last_write_is_recent_and_comes_at_once_when_it_is_needed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUIET", 3600)
    house.wants = True
    for _ in range(3):
        house.write()
    assert not house.rested.is_set()
    house.needs = True
    house.write()
    assert house.rested.wait(20)


def test_without_a_wish_there_is_no_rest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUIET", 0)
    house.write()
    house.writer.stop()
    assert not house.rested.is_set()


def test_a_stopped_writer_ends_its_thread_though_rest_is_wanted_and_takes_no_more_work(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUIET", 3600)
    house.wants = True
    house.write()
    house.writer.stop()
    assert not house.rested.is_set()
    with pytest.raises(JournalError):
        house.write()
