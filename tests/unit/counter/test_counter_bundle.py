"""One form, one signature, one transaction: a case for every item of a bundle, each decided by its own table."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.printing import Printed
from kiosk import wire
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.drafts import DraftDesk
from kiosk.counter.shelf import Shelf
from kiosk.domain.decision import Outcome, Verification
from kiosk.domain.unfinished import Unfinished
from kiosk.health import failpoints
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block
from kiosk.journal.sealing import item_info, new_sealing_pair, unseal
from kiosk.services import replay
from kiosk.services.loader import builtin
from kiosk.visit import events as ev
from kiosk.visit.effects import Commit, KeepDraft, SaveRating
from kiosk.visit.events import CommitFailed, Committed
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from kiosk.wire import CasePayload
from tests.unit.bundle_world import BUNDLE, PLACE, BundleWorld, holder

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
SHOP, FOOD, WATER, SIGN = "individual_business", "small_catering_filing", "utility_connection", "shop_sign_filing"


@dataclass
class Counter:
    """A real journal with the desk above it, and the key that opens what is sealed."""

    journal: Journal
    desk: CommitDesk
    private: bytes

    def cases(self) -> dict[str, CasePayload]:
        """Every committed case by its service, as the backend reads it."""
        found = {}
        for item in self.journal.due(NOW, 50, 1 << 24):
            plain = unseal(item.sealed, self.private, item_info("t-1", item.id))
            case = wire.read_case(plain)
            found[case.service_id] = case
        return found

    def done(self, asked: Commit) -> Committed:
        event = self.desk.commit(asked)
        assert isinstance(event, Committed)
        return event


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    private, public = new_sealing_pair()
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False) as journal:
        journal.add_block(Block("case", 1, 20))
        journal.add_block(Block("uscc", 1, 20))
        standing = Standing("t-1", public, "k1")
        desk = CommitDesk(journal, Shelf(journal, lambda: NOW), PLACE, lambda: standing, lambda: NOW, test=False)
        yield Counter(journal, desk, private)


@cache
def usual() -> Commit:
    """All four items wanted, both promises made: what the visit asks for. Immutable, so made once."""
    return BundleWorld().through().committing()


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """What was filled in is not left to other tests of this process, which look whether anything is."""
    yield
    usual.cache_clear()


def outcomes(event: Committed) -> dict[str, str]:
    return {one.item.pack_id: one.draft.decision.outcome.value if one.draft else "" for one in event.parts}


def test_every_item_is_a_case_of_its_own_and_all_know_each_other(counter: Counter) -> None:
    event = counter.done(usual())
    assert outcomes(event) == {SHOP: "approved", FOOD: "referred", WATER: "referred", SIGN: "approved"}
    cases = counter.cases()
    assert list(cases) == [SHOP, FOOD, WATER, SIGN]
    links = [case.bundle for case in cases.values()]
    assert links[0] is not None
    assert all(link == links[0] for link in links)
    assert links[0].pack_id == BUNDLE
    assert links[0].case_nos == [case.case_no for case in cases.values()]
    assert len(set(links[0].case_nos)) == 4
    assert counter.journal.verify().ok
    assert (counter.journal.numbers_left("case"), counter.journal.numbers_left("uscc")) == (16, 19)


def test_what_the_first_is_given_the_next_one_takes(counter: Counter) -> None:
    event = counter.done(usual())
    cases = counter.cases()
    fields = {field.key: field for field in cases[FOOD].fields}
    assert event.credit_code
    assert (fields["code"].value, fields["code"].origin, fields["code"].trust) == (event.credit_code, "licence", "A")
    assert [paper.kind for paper in cases[WATER].materials if paper.trust == "A"] == ["shop_licence"]
    assert "U-06" not in [rule.rule_id for rule in cases[WATER].rules], "nobody brings the licence that was just given"
    assert {field.key: field.value for field in cases[WATER].fields}["address"] == "南关街18号"


def test_every_case_replays_equal_by_the_pack_of_its_item(counter: Counter) -> None:
    counter.done(BundleWorld().through(declines=frozenset({"sign_picture"})).committing())
    for service, case in counter.cases().items():
        assert replay.place_of(case) == PLACE
        assert replay.differences(builtin(service, PLACE), case) == ()


def test_a_case_has_only_what_its_own_form_would_have_asked(counter: Counter) -> None:
    counter.done(usual())
    for service, case in counter.cases().items():
        pack = builtin(service)
        keys = {part.key for part in (*pack.prefill, *pack.questions, *pack.derived, *pack.materials)}
        keys |= {terms.replaces for terms in pack.commitments}
        assert {field.key for field in case.fields} <= keys


def test_the_first_with_a_person_the_others_go_on_and_wait(counter: Counter) -> None:
    asked = BundleWorld().through(declines=frozenset({"premises_proof"})).committing()
    event = counter.done(asked)
    assert outcomes(event) == {SHOP: "referred", FOOD: "referred", WATER: "referred", SIGN: "approved"}
    assert [one.item.pack_id for one in event.parts if one.waits] == [FOOD, SIGN]
    assert "code" not in {field.key for field in counter.cases()[FOOD].fields}, (
        "nothing is passed on that does not hold"
    )
    assert event.credit_code == ""


def test_the_first_refused_stops_what_rests_on_it_and_nothing_else(counter: Counter) -> None:
    young = holder(date(2010, 12, 1))  # 15: the card's own limit is the bundle's, so this commit is asked for by hand
    asked = replace(usual(), document=young)
    event = counter.done(asked)
    assert outcomes(event) == {SHOP: "refused", FOOD: "", WATER: "refused", SIGN: ""}
    assert list(counter.cases()) == [SHOP, WATER]
    assert all(one.told.zh for one in event.parts if one.draft is None), "whoever is not taken is told what to do"


def test_off_line_each_stands_on_its_own_rung_and_nothing_is_passed_on(counter: Counter) -> None:
    event = counter.done(BundleWorld(online=False).through().committing())
    assert outcomes(event) == {SHOP: "approved", FOOD: "referred", WATER: "referred", SIGN: "approved"}
    cases = counter.cases()
    assert {name: case.rung for name, case in cases.items()} == {
        SHOP: "provisional", FOOD: "receipt", WATER: "receipt", SIGN: "provisional"
    }  # fmt: skip
    assert "code" not in {field.key for field in cases[FOOD].fields}
    assert not any(paper.trust == "A" for paper in cases[WATER].materials)
    assert [paper.kind for paper in event.papers] == ["receipt"], "no licence before it is confirmed"


def test_one_joint_receipt_names_every_item_and_the_licence_comes_with_it(counter: Counter) -> None:
    event = counter.done(usual())
    assert [(paper.paper_id, paper.kind) for paper in event.papers] == [
        ("licence", "certificate"),
        ("receipt", "receipt"),
    ]
    receipt = event.papers[-1]
    told = "\n".join(f"{label} {value}" for label, value in receipt.rows)
    for one in event.parts:
        assert one.item.whole.short_name.zh in told
        assert one.case_no[-4:] in told.replace(" ", "")
    assert receipt.mark["service"] == BUNDLE
    assert receipt.case_id == event.draft.case_id


def test_without_the_optional_items_there_are_two_cases(counter: Counter) -> None:
    event = counter.done(BundleWorld().through(wants_utility="done", wants_sign="no").committing())
    assert list(outcomes(event)) == [SHOP, FOOD]
    assert len(counter.cases()) == 2


def test_a_paper_that_two_items_ask_for_is_scanned_once_and_lies_in_both(counter: Counter) -> None:
    world = BundleWorld(document_camera=True)
    asked = world.through(declines=frozenset({"premises_proof"}), scans=frozenset({"house_proof"})).committing()
    assert world.asked.papers.count("house_proof") == 1
    assert "premises_proof" not in world.asked.papers
    counter.done(asked)
    cases = counter.cases()
    kinds = {name: [paper.kind for paper in case.materials if paper.trust == "C"] for name, case in cases.items()}
    assert kinds[SHOP] == ["premises_proof"]
    assert kinds[WATER] == ["house_proof"]


def test_numbers_that_do_not_reach_for_all_save_nothing(tmp_path: Path) -> None:
    public = new_sealing_pair()[1]
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False) as journal:
        journal.add_block(Block("case", 1, 3))
        journal.add_block(Block("uscc", 1, 3))
        standing = Standing("t-1", public, "k1")
        desk = CommitDesk(journal, Shelf(journal, lambda: NOW), PLACE, lambda: standing, lambda: NOW, test=False)
        assert desk.commit(usual()) == CommitFailed("numbers_exhausted")
        assert journal.counts().committed == 0
        assert (journal.numbers_left("case"), journal.numbers_left("uscc")) == (3, 3)


@pytest.mark.parametrize("where", ["journal.middle=raise@3", "journal.before_commit=raise"])
def test_what_fails_between_two_cases_leaves_none(counter: Counter, where: str) -> None:
    asked = usual()
    failpoints.arm(where)
    try:
        with pytest.raises(failpoints.FailpointError):
            counter.desk.commit(asked)
    finally:
        failpoints.arm("")
    assert counter.journal.counts().committed == 0
    assert counter.journal.numbers_left("case") == 20
    assert len(counter.done(asked).parts) == 4
    assert counter.journal.verify().ok


def commit_and_die(folder: Path, where: str) -> None:
    """In a process of its own, which the failpoint kills at the commit."""
    standing = Standing("t-1", new_sealing_pair()[1], "k1")
    asked = usual()
    with Journal.open(folder, bytes(range(32)), clock=lambda: NOW) as journal:
        journal.add_block(Block("case", 1, 20))
        journal.add_block(Block("uscc", 1, 20))
        shelf = Shelf(journal, lambda: NOW)
        shelf.person(asked.document.number)  # what it writes for the first person is none of the commit's
        desk = CommitDesk(journal, shelf, PLACE, lambda: standing, lambda: NOW, test=False)
        failpoints.arm(where)
        desk.commit(asked)


@pytest.mark.parametrize(
    ("where", "cases"),
    [("journal.middle=kill@2", 0), ("journal.before_commit=kill", 0), ("journal.after_commit=kill", 4)],
)
def test_a_process_that_dies_in_it_leaves_all_cases_or_none(tmp_path: Path, where: str, cases: int) -> None:
    folder = tmp_path / "journal"
    dying = multiprocessing.get_context("fork").Process(target=commit_and_die, args=(folder, where))
    dying.start()
    dying.join(60)
    assert dying.exitcode == -signal.SIGKILL
    with Journal.open(folder, bytes(range(32)), clock=lambda: NOW) as journal:
        assert journal.counts().committed == cases
        assert journal.verify().ok


def test_the_outcome_page_tells_of_every_item_and_the_visit_is_rated_once(counter: Counter) -> None:
    world = BundleWorld().through()
    event = counter.done(world.committing())
    world.do(event)
    assert world.state is State.OUTCOME
    body: Any = screen_of(world.visit, 1, world.now).body
    assert [item.tone for item in body.items] == ["granted", "waits", "waits", "granted"]
    assert [item.case_no.replace(" ", "") for item in body.items] == [one.case_no for one in event.parts]
    assert {text.partition("：")[0] for text, _ in body.reasons} == {
        one.item.whole.short_name.zh for one in event.parts
    }
    for paper in event.papers:
        world.do(ev.PaperEnded(paper.paper_id, Printed(1)))
    world.do(ev.NextPressed(), ev.LevelChosen(5), ev.RatingSubmitted())
    rated = [effect for effect in world.effects if isinstance(effect, SaveRating)]
    assert [rating.case_id for rating in rated] == [event.draft.case_id]


def test_a_person_compared_later_gets_nothing_decided(counter: Counter) -> None:
    asked = replace(usual(), verification=Verification.LATER)
    event = counter.done(asked)
    assert {one.draft.decision.outcome for one in event.parts if one.draft} == {Outcome.REFERRED}


def test_the_draft_that_a_bundle_began_as_ends_with_its_commit(tmp_path: Path) -> None:
    standing = Standing("t-1", new_sealing_pair()[1], "k1")
    with Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False) as journal:
        journal.add_block(Block("case", 1, 20))
        journal.add_block(Block("uscc", 1, 20))
        shelf = Shelf(journal, lambda: NOW)
        drafts = DraftDesk(journal, shelf, lambda: NOW)
        desk = CommitDesk(
            journal, shelf, PLACE, lambda: standing, lambda: NOW, test=False, drafts=drafts
        )  # fmt: skip
        asked = usual()
        drafts.keep(KeepDraft(asked.document, Unfinished(BUNDLE, {"shop_name": "小面馆"}), 7))
        person = shelf.person(asked.document.number)
        assert drafts.find(asked.document, person) is not None
        desk.commit(replace(asked, draft=True))
        assert drafts.find(asked.document, person) is None
        assert journal.counts().committed == 4
