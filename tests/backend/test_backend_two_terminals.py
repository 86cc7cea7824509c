"""One person, one matter, two terminals without a line: from the commits to the papers that anyone can check."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.results import keep_results
from kiosk.counter.shelf import Shelf
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.waiting import WaitingState
from kiosk.journal.journal import Journal
from kiosk.papers import listing
from kiosk.papers.judging import Verdict, judge
from kiosk.papers.mark import marked
from kiosk.services import forms
from kiosk.services.loader import load_builtin
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.transport import HttpTransport
from kiosk.visit.effects import Commit
from kiosk.visit.events import Committed
from tests.backend.conftest import AREA, Clock, Server

PLACE = Place(
    AREA, "浙江省", "杭州市", "上城区", "某街道", "1 号机", "某局", "0571-0000000", "https://office.example/p"
)
FIRST17 = "33010219580301002"
DOCUMENT = IdentityDocument(
    DocumentKind.RESIDENT, FIRST17 + id_check_digit(FIRST17), "王某某", "2", date(1958, 3, 1), date(2015, 1, 1), None
)


class Machine:
    """A terminal's journal, counter and line. ``pass_by`` is one pass of its sync."""

    def __init__(self, folder: Path, server: Server, clock: Clock) -> None:
        self.clock = clock
        self.journal = Journal.open(folder, secrets.token_bytes(32), clock=clock, durable=False)
        self.shelf = Shelf(self.journal, clock)
        self.client = SyncClient(
            self.journal, HttpTransport(server.url), TerminalKey.load_or_create(folder), policy=Policy(attempt=10.0),
            clock=clock, rng=random.Random(1), on_results=partial(keep_results, self.journal),
        )  # fmt: skip
        self.client.enrol(server.backend.issue_code(AREA, "somewhere"))
        assert self.client.cycle().online

    def close(self) -> None:
        self.client.close()
        self.journal.close()

    def commit(self, *, once: int = 12) -> tuple[Committed, PaperContent]:
        """The pension check as a matter that one person gets once, without a line; and its receipt as printed."""
        enrolment = self.client.enrolment
        assert enrolment is not None
        pack = replace(load_builtin(PLACE)["pension_verification"], once=once)
        standing = Standing(enrolment.terminal_id, wire.unb64(enrolment.sealing_key), enrolment.sealing_key_id)
        desk = CommitDesk(self.journal, self.shelf, PLACE, lambda: standing, self.clock, test=False)
        envelope = Envelope().with_fields(forms.prefill(pack, DOCUMENT))
        made = desk.commit(
            Commit(pack, DOCUMENT, envelope, Verification.FACE, None, (), self.clock(), "zh_CN", online=False)
        )
        assert isinstance(made, Committed)
        (receipt,) = made.papers
        self.journal.forget_paper(receipt.case_id, receipt.paper_id)  # it lies in the tray
        return made, marked(receipt, self.client.key.private, self.clock())

    def told(self) -> list[PaperContent]:
        """What the next read of the card shows."""
        found = self.shelf.waiting(self.shelf.recognise(DOCUMENT.number, self.shelf.expect()))
        assert all(one.state is WaitingState.NOTICE for one in found)
        return [one.paper for one in found]


@pytest.fixture
def machine(tmp_path: Path, server: Server, clock: Clock) -> Iterator[Callable[[], Machine]]:
    made: list[Machine] = []

    def make() -> Machine:
        made.append(Machine(tmp_path / f"terminal{len(made)}", server, clock))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_second_of_two_is_told_and_its_paper_is_revoked(
    machine: Callable[[], Machine], server: Server, clock: Clock
) -> None:
    here, there = machine(), machine()
    (_, first), _ = here.commit(), clock.move(minutes=5)
    second_case, second = there.commit()

    def verdict(paper: PaperContent) -> Verdict:
        signed, _ = server.backend.late.published()
        return judge(paper.qr, listing.read(signed, server.backend.keys.epochs[0].signing_public), clock()).verdict

    assert [verdict(first), verdict(second)] == [Verdict.GENUINE, Verdict.GENUINE], "nobody can know yet"
    assert here.client.cycle().acknowledged == 1
    assert there.client.cycle().acknowledged == 1
    assert there.journal.result_of(second_case.draft.case_id) == "conflict.elsewhere"
    assert here.told() == []
    (notice,) = there.told()
    assert notice.title == "撤销告知"
    assert "您已经在别处办过了" in notice.values["heading"]
    assert [verdict(first), verdict(second)] == [Verdict.GENUINE, Verdict.REVOKED]
    printed = marked(notice, there.client.key.private, clock())
    assert verdict(printed) is Verdict.GENUINE, "the notice itself can be checked too"


def test_a_matter_that_may_be_done_again_harms_nobody(
    machine: Callable[[], Machine], server: Server, clock: Clock
) -> None:
    here, there = machine(), machine()
    here.commit(once=0)
    there.commit(once=0)
    here.client.cycle()
    there.client.cycle()
    assert here.told() == there.told() == []
    assert server.backend.replays.run().equal == 2, "decided again from what the two have sealed"


def test_what_the_office_settles_reaches_the_citizen_and_a_word_taken_back_does_too(
    machine: Callable[[], Machine], server: Server, clock: Clock
) -> None:
    here = machine()
    made, paper = here.commit()
    here.client.cycle()
    server.backend.late.settle(made.draft.case_id, "otherwise")
    here.client.cycle()
    (notice,) = here.told()
    assert "已经生效的决定现在还有效" in notice.extra["现在有效的 What holds now"], (
        "a final decision is checked, not taken back"
    )
    clock.move(minutes=1)
    signed, made_list = server.backend.late.published()
    assert made_list.revoked == []
    server.backend.late.settle(made.draft.case_id, "confirmed")
    here.client.cycle()
    assert here.told() == []
    old = judge(paper.qr, listing.read(signed), clock() + timedelta(days=2))
    assert (old.verdict, old.notes) == (Verdict.GENUINE, ("list-old",))
