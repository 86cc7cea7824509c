"""Papers that may still come out are called back, and stopping neither begins a paper nor waits long for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, Fault, State, Status
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Unknown
from kiosk import suites
from kiosk.counter import counter as counter_module
from kiosk.counter import printing
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.counter import Counter
from kiosk.domain.decision import Rung
from kiosk.domain.papers import PaperContent, RenderedPaper
from kiosk.domain.place import Place
from kiosk.domain.waiting import OFFICE
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.visit.effects import PrintPapers, SaveRating, Wipe
from kiosk.visit.events import CommitFailed, PaperEnded, Recovered, Wiped
from kiosk.wire import CaseWord
from tests.unit.counter.test_counter_cases import sent

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_, KEY = suites.by_name(suites.DEFAULT).new_sealing_pair()
PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "审批局", "")
WELL, GONE = Status(State.ONLINE), Status(State.NO_DEVICE)
LOST = Unknown(Fault("no-answer", Action.RESET))


def paper(kind: str, name: str = "") -> PaperContent:
    return PaperContent(name or kind, kind, kind, "", "case-1", "", {}, (), (), "")


class Printer:
    """A printer and its actor in one: commands run at once in the caller's thread, or hang until let go."""

    def __init__(self) -> None:
        self.status = WELL
        self.listener: Callable[[Status], object] = lambda status: None
        self.outcome: PrintOutcome = Printed(1)
        self.done: list[str] = []
        self.fails: DeviceError | None = None
        self.hangs = threading.Event()
        self.hangs.set()
        self.began = threading.Event()

    def subscribe(self, listener: Callable[[Status], object]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    def refresh(self) -> None: ...

    def submit(self, command: Callable[[Any, Deadline], Any], timeout: float) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(command(self, Deadline.after(timeout)))
            except DeviceError as error:
                future.set_exception(error)

        def late() -> None:
            self.began.set()
            self.hangs.wait(30)
            run()

        if self.hangs.is_set():
            run()
        else:
            threading.Thread(target=late, daemon=True).start()
        return future

    def reset(self, deadline: Deadline) -> None:
        if self.fails is not None:
            raise self.fails
        self.done.append("reset")

    def print_pdf(self, pdf: bytes, *, title: str, **_: Any) -> PrintOutcome:
        self.done.append(title)
        return self.outcome

    def print_raster(self, raster: Any, **_: Any) -> PrintOutcome:
        self.done.append("receipt")
        return self.outcome


class Documents:
    def render(self, content: PaperContent, deadline_s: float) -> RenderedPaper:
        return RenderedPaper(content.paper_id, content.kind, 1, b"%PDF", 8, 1, b"\0")

    def prewarm(self) -> None: ...

    def release(self) -> None: ...


class Room:
    """A counter with two printers, what it posted, and what crashed it."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self.page, self.receipt = Printer(), Printer()
        self.events: list[object] = []
        self.heard = threading.Condition()
        self.crashes: list[BaseException] = []
        self.counter = Counter(
            journal=journal, actors={"page_printer": self.page, "receipt_printer": self.receipt},
            documents=Documents(), decoder=None, staff=None, place=PLACE,  # type: ignore[arg-type]  # not used here
            standing=lambda: Standing("t-1", KEY, "k"), clock=lambda: NOW, scratch=folder / "scratch",
            show_frame=lambda frame: None, saved=lambda: None, watch=lambda hear: None, face_seconds=1.0,
            crashed=self.crashes.append, print_seconds=20.0,
        )  # fmt: skip
        self.counter.bind(self._hear)

    def _hear(self, event: object) -> None:
        with self.heard:
            self.events.append(event)
            self.heard.notify_all()

    def until(self, kind: type, count: int = 1) -> bool:
        with self.heard:
            return self.heard.wait_for(lambda: sum(isinstance(event, kind) for event in self.events) >= count, 10)

    def prints(self, *papers: PaperContent) -> None:
        self.counter.print_papers(PrintPapers(papers))

    def wipes(self) -> None:
        before = sum(isinstance(event, Wiped) for event in self.events)
        self.counter.wipe(Wipe("done", "outcome", True))
        assert self.until(Wiped, before + 1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", bytes(range(32)), durable=False) as journal:
        yield journal


@pytest.fixture
def room(journal: Journal, tmp_path: Path) -> Iterator[Room]:
    made = Room(journal, tmp_path)
    yield made
    made.page.hangs.set()
    made.counter.close()
    assert made.crashes == []


# -- what may still come out ---------------------------------------------------------------------------


def test_starting_calls_back_what_an_earlier_life_left_in_the_printers(room: Room) -> None:
    room.counter.recover()
    assert room.until(Recovered)
    assert room.page.done == room.receipt.done == ["reset"]


def test_starting_waits_for_no_printer_longer_than_it_may(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "RESET_SECONDS", 0.05)
    room.page.hangs.clear()
    room.counter.recover()
    assert room.until(Recovered)
    assert room.page.done == []


def test_a_visit_whose_papers_have_all_ended_for_certain_resets_nothing(room: Room) -> None:
    room.prints(paper("certificate"), paper("receipt"))
    assert room.until(PaperEnded, 2)
    room.wipes()
    assert room.page.done == ["certificate"]
    assert room.receipt.done == ["receipt"]


def test_a_paper_of_which_nobody_knows_is_called_back_before_the_next_citizen(room: Room) -> None:
    room.page.outcome = LOST
    room.prints(paper("certificate"))
    assert room.until(PaperEnded)
    room.wipes()
    assert (room.page.done, room.receipt.done) == (["certificate", "reset"], ["reset"])
    room.wipes()
    assert room.page.done == ["certificate", "reset"], "it was called back once"


def test_a_printer_that_is_away_is_reset_the_moment_it_is_back(room: Room) -> None:
    room.page.outcome = LOST
    room.page.fails = DeviceError("no-answer", "away", advice="", retryable=True)
    room.prints(paper("certificate"))
    assert room.until(PaperEnded)
    room.wipes()
    assert room.page.done == ["certificate"]
    room.page.fails = None
    room.page.listener(WELL)
    assert room.page.done == ["certificate", "reset"]
    room.page.listener(GONE)
    room.page.listener(WELL)
    assert room.page.done == ["certificate", "reset"]


# -- stopping -------------------------------------------------------------------------------------------


def test_stopping_begins_no_further_paper_and_leaves_one_that_hangs(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "STOP_SECONDS", 0.05)
    room.page.hangs.clear()
    room.prints(paper("certificate", "first"), paper("certificate", "second"), paper("receipt"))
    assert room.page.began.wait(10)
    begun = time.monotonic()
    room.counter.close()
    assert time.monotonic() - begun < 5
    ended = [event for event in room.events if isinstance(event, PaperEnded)]
    assert [(event.paper_id, type(event.outcome)) for event in ended] == [("first", Unknown)]
    assert room.receipt.done == []


def test_a_paper_that_is_nearly_out_when_it_stops_is_waited_for(room: Room) -> None:
    room.page.hangs.clear()
    room.prints(paper("certificate"))
    assert room.page.began.wait(10)
    stopper = threading.Thread(target=room.counter.close)
    stopper.start()
    room.page.hangs.set()
    stopper.join(10)
    assert [event.outcome for event in room.events if isinstance(event, PaperEnded)] == [Printed(1)]


# -- a disk of which nobody knows ------------------------------------------------------------------------


def failing(code: str) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise JournalError(code, "the disk failed", advice="Restart the terminal.")

    return fail


class Desk(CommitDesk):
    """The desk with a draft of no one: only what the journal answers matters here."""

    def _draft(self, *_: Any) -> Any:
        return SimpleNamespace(materials=())


ASKED: Any = SimpleNamespace(
    document=SimpleNamespace(number="1"), pack=SimpleNamespace(offline=Rung.FINAL, bundle=None), online=True,
    draft=False, materials=(),
)  # fmt: skip
SHELF: Any = SimpleNamespace(person=lambda number: None)


def desk(journal: Journal) -> CommitDesk:
    return Desk(journal, SHELF, PLACE, lambda: Standing("t-1", bytes(32), "k"), lambda: NOW, test=False)


@pytest.mark.parametrize("code", ["journal-uncertain", "journal-stopped"])
def test_a_commit_of_which_nobody_knows_ends_the_process_and_is_not_told_as_not_saved(
    journal: Journal, room: Room, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(journal, "commit", failing(code))
    with pytest.raises(JournalError, match="the disk failed"):
        desk(journal).commit(ASKED)
    monkeypatch.setattr(journal, "commit_rating", failing(code))
    monkeypatch.setattr(counter_module, "seal", lambda *_: b"sealed")
    with pytest.raises(JournalError, match="the disk failed"):
        room.counter._rate(SaveRating("case-1", "T-1", "0001", 5, ()), staff_card=False)


@pytest.mark.parametrize("code", ["journal-full", "journal-busy"])
def test_a_commit_that_certainly_failed_is_told(journal: Journal, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(journal, "commit", failing(code))
    assert desk(journal).commit(ASKED) == CommitFailed("save_failed")


def test_wiping_never_follows_a_link_in_the_place_of_the_scratch_folder(room: Room, tmp_path: Path) -> None:
    other = tmp_path / "somebody's"
    other.mkdir()
    (other / "letter").write_text("kept", encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.symlink_to(other, target_is_directory=True)
    room.wipes()
    assert (other / "letter").read_text(encoding="utf-8") == "kept"
    assert scratch.is_dir()
    assert not scratch.is_symlink()
    (scratch / "inside").symlink_to(other, target_is_directory=True)
    room.wipes()
    assert list(scratch.iterdir()) == []
    assert (other / "letter").exists()


# -- what the backend is told ---------------------------------------------------------------------------


def reported(journal: Journal) -> list[tuple[str, str]]:
    return [(row.kind, row.state) for row in journal.deeds_of("case-1")]


def test_that_a_certificate_came_out_is_reported_once_and_a_receipt_is_not(room: Room, journal: Journal) -> None:
    room.prints(paper("certificate"), paper("receipt"))
    assert room.until(PaperEnded, 2)
    assert reported(journal) == [("delivery", "queued")], "on the disk, with or without a line"
    room.prints(paper("certificate"))
    assert room.until(PaperEnded, 3)
    assert reported(journal) == [("delivery", "queued")], "a copy delivers nothing"
    assert journal.counts().others_unsent == 1


def test_a_corrected_one_that_lay_at_the_office_is_reported_as_well(room: Room, journal: Journal) -> None:
    lain = replace(paper("certificate"), template=OFFICE)
    room.counter._note_paper(lain, Printed(1))
    (first,) = journal.deeds_of("case-1")
    room.counter._note_paper(lain, Printed(1))
    assert len(reported(journal)) == 1, "the office has not heard of the first yet"
    sent(journal)
    journal.keep_word(CaseWord("case-1", "N", "approved", NOW.isoformat(), deed=first.deed_id, answer="done"))
    room.counter._note_paper(lain, Printed(1))
    assert len(reported(journal)) == 2


@pytest.mark.parametrize("outcome", [LOST, NotPrinted(Fault("media-empty", Action.REPLENISH))])
def test_what_did_not_come_out_for_certain_is_not_reported(
    room: Room, journal: Journal, outcome: PrintOutcome
) -> None:  # fmt: skip
    room.page.outcome = outcome
    room.prints(paper("certificate"))
    assert room.until(PaperEnded)
    assert reported(journal) == []
