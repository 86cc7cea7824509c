"""Withdrawals and supplements from terminal to backend: without a line, with lost answers, at another terminal; and the
question for a person's cases as a terminal asks it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from kiosk import wire
from kiosk.backend.lives import Act
from kiosk.backend.store.life_tables import deeds as deed_rows
from kiosk.domain.case import Material
from kiosk.domain.envelope import Trust
from kiosk.domain.life import Deed, May, Role, State
from kiosk.domain.text import Text
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.sync import Policy, SyncClient, TerminalKey, deeds
from kiosk.sync.asking import Asking, Cases, NotAsked, keep_words, kept
from kiosk.sync.transport import HttpTransport
from tests.backend.conftest import Clock, FaultyWire, Server
from tests.backend.lives_room import LACKING, NUMBER, OTHER, PACK, SECRET, case, person, rows


@dataclass
class Standing:
    terminal_id: str
    sealing_key: bytes
    sealing_key_id: str


class Room:
    """A terminal: journal, sync and the line for questions."""

    def __init__(self, folder: Path, url: str, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.journal = Journal.open(folder, bytes(32), clock=clock, durable=False)
        self.client = SyncClient(
            self.journal, HttpTransport(url), TerminalKey.load_or_create(folder), policy=Policy(attempt=10.0),
            clock=clock, rng=random.Random(1), on_progress=lambda told: keep_words(self.journal, told),
        )  # fmt: skip
        self.asking = Asking(HttpTransport(url), self.client)

    @property
    def standing(self) -> Standing:
        known = self.client.enrolment
        assert known is not None
        return Standing(known.terminal_id, wire.unb64(known.sealing_key), known.sealing_key_id)

    def withdraw(self, case_id: str, number: str = NUMBER) -> str:
        record = deeds.withdrawal(self.standing, case_id, number, "不办了", self.clock())
        self.journal.commit_deed(record)
        return record.deed_id

    def supplement(self, case_id: str, *pages: bytes) -> str:
        materials = [Material("register", "image/jpeg", page, Trust.C) for page in pages]
        record = deeds.supplement(self.standing, case_id, NUMBER, materials, "都在这里", self.clock())
        self.journal.commit_deed(record)
        return record.deed_id

    def answers(self, case_id: str) -> list[str]:
        return [row.answer for row in self.journal.deeds_of(case_id)]


@pytest.fixture
def room(tmp_path: Path, server: Server, clock: Clock) -> Iterator[Callable[[str], Room]]:
    made: list[Room] = []

    def make(url: str) -> Room:
        one = Room(tmp_path / f"terminal{len(made)}", url, clock)
        one.client.enrol(server.backend.issue_code("330102", "East Gate"))
        one.client.cycle()
        made.append(one)
        return one

    yield make
    for one in made:
        one.asking.close()
        one.client.close()
        one.journal.close()


@pytest.fixture
def case_id(terminal: object) -> str:
    """A case of the person, made at some other terminal and waiting for staff."""
    item = case(terminal)  # type: ignore[arg-type]
    terminal.push(item)  # type: ignore[attr-defined]
    return item.id


def test_without_a_line_it_is_saved_and_goes_once_when_there_is_one(
    room: Callable[[str], Room], server: Server, faulty_wire: FaultyWire, case_id: str
) -> None:  # fmt: skip
    """Made at another terminal, withdrawn here while every answer is lost; then each answer comes, and is the same."""
    here = room(faulty_wire.url)
    faulty_wire.fault = lambda _method, _target, _answer: None
    assert isinstance(here.asking.cases(NUMBER), NotAsked)
    deed_id = here.withdraw(case_id)
    with pytest.raises(JournalError, match="under way"):
        here.withdraw(case_id)
    for _ in range(3):
        assert not here.client.cycle(urgent=True).online
        here.clock.move(minutes=10)  # type: ignore[attr-defined]
    assert here.answers(case_id) == [""], "it did come, three times, and nobody here knows"
    faulty_wire.fault = lambda _method, _target, answer: answer
    report = here.client.cycle(urgent=True)
    assert (report.online, report.acknowledged, here.answers(case_id)) == (True, 1, ["done"])
    assert [row.answer for row in rows(server, deed_rows)] == ["done"]
    assert [event.deed for event in server.backend.lives.known(case_id).events] == [Deed.RECEIVED, Deed.WITHDRAWN]
    assert here.journal.word_of(case_id).state == "withdrawn"  # type: ignore[union-attr]
    assert here.journal.deeds_of(case_id)[0].deed_id == deed_id
    assert here.journal.verify().ok


def test_withdrawn_too_late_is_told(room: Callable[[str], Room], server: Server, case_id: str) -> None:
    here = room(server.url)
    here.withdraw(case_id)
    server.backend.lives.act(case_id, Act(Deed.APPROVED, Role.STREET, "李工"))
    here.client.cycle()
    assert here.answers(case_id) == ["too_late"]
    assert here.journal.word_of(case_id).state == "approved"  # type: ignore[union-attr]


def test_another_persons_case_is_neither_seen_nor_withdrawn(
    room: Callable[[str], Room], server: Server, case_id: str
) -> None:  # fmt: skip
    here = room(server.url)
    found = here.asking.cases(OTHER)
    assert isinstance(found, Cases)
    assert found.progress == ()
    here.withdraw(case_id, OTHER)
    here.client.cycle()
    assert here.answers(case_id) == ["not_theirs"]
    assert here.journal.word_of(case_id) is None
    assert server.backend.lives.known(case_id).life.state == "received"


def test_from_what_is_lacking_to_its_supplement_and_the_decision(
    room: Callable[[str], Room], server: Server, case_id: str
) -> None:  # fmt: skip
    here = room(server.url)
    server.backend.lives.act(case_id, Act(Deed.SUPPLEMENT_ASKED, Role.STREET, "李工", lacking=LACKING))
    found = here.asking.cases(NUMBER)
    assert isinstance(found, Cases)
    (shown,) = found.progress
    assert (shown.state, shown.may, shown.here, shown.whole) == (
        State.SUPPLEMENTING, {May.SUPPLEMENT, May.WITHDRAW}, False, True,
    )  # fmt: skip
    assert [(lack.text.zh, lack.material) for lack in shown.lacking] == [(SECRET, ""), ("户口簿", "register")]
    here.supplement(case_id, b"page 1" * 50, b"page 2" * 20_000)
    report = here.client.cycle()
    assert report.cause == ""
    assert here.answers(case_id) == ["done"]
    server.backend.lives.act(case_id, Act(Deed.REFUSED, Role.STREET, "李工", Text("年龄不够", "Too young")))
    found = here.asking.cases(NUMBER)
    assert isinstance(found, Cases)
    (shown,) = found.progress
    assert (shown.state, shown.reason, shown.may) == (State.REFUSED, Text("年龄不够", "Too young"), frozenset())
    assert "行政复议" in shown.remedy.zh
    assert shown.name.zh
    assert shown.word.zh == "没有批准"


def test_the_terminals_own_cases_are_told_here_too(room: Callable[[str], Room], server: Server, clock: Clock) -> None:
    from kiosk.domain import codes
    from kiosk.domain.case import new_case_id
    from kiosk.journal.records import CaseRecord, Numbers
    from kiosk.journal.sealing import item_info, seal
    from tests.backend.conftest import case_payload

    here = room(server.url)

    def build(numbers: Numbers) -> CaseRecord:
        number = codes.case_no("330102", clock.now.date(), numbers.take("case"))
        made = case_payload(number, case_id=new_case_id(), outcome="referred", rung="final", fields=person(NUMBER),
                            committed_at=clock.now.isoformat(), **PACK)  # fmt: skip
        import msgspec

        sealed = seal(
            msgspec.json.encode(made), here.standing.sealing_key, item_info(here.standing.terminal_id, made.case_id)
        )
        return CaseRecord(
            made.case_id, number, made.service_id, "1.0.0", "referred", "final", "face", clock.now, False, sealed
        )

    own = here.journal.commit(build).case_id
    here.withdraw(own)  # before its case was ever sent: both go in one pass, in their order
    local = kept(here.journal, own)
    assert local is not None
    assert local.state is State.RECEIVED
    report = here.client.cycle()
    assert report.acknowledged == 2
    assert here.answers(own) == ["done"]
    found = here.asking.cases(NUMBER)
    assert isinstance(found, Cases)
    assert [(each.case_id, each.here) for each in found.progress] == [(own, True)]
    local = kept(here.journal, own)
    assert local is not None
    assert local.state is State.WITHDRAWN
