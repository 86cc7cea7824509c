"""Scanning in the visit: pages are looked at, what is read is offered, never taken; a promise makes papers needless."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.contracts.device import Action, Fault
from devices.contracts.document_camera import DocumentHint, DocumentUnavailable, NotCaptured, Page, PageSize
from kiosk.domain.envelope import Origin, Trust
from kiosk.domain.text import Text
from kiosk.services import rules
from kiosk.services.model import MaterialSpec
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.screen import FormBody, MaterialBody
from kiosk.visit.states import State
from kiosk.visit.unfinished import answers
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, World, person

READ = "大同市平城区云中路204号"
GONE = DocumentUnavailable(Fault("gone", Action.CALL_TECHNICIAN))


def page(number: int = 1) -> ev.PageTaken:
    return ev.PageTaken(Page(b"page %d" % number, 800, 600, PageSize.OTHER, 0, 0, 0, False, 0.0))


def read(found: dict[str, str], number: int = 1) -> ev.PageRead:
    return ev.PageRead("premises_proof", found, b"page %d" % number)


class Desk(World):
    """A terminal with a document camera that can read."""

    def __init__(self, **machine: object) -> None:
        super().__init__(**({"document_camera": True, "page_reader": True} | machine))

    def at_place(self) -> Desk:
        """On the question about the place of business."""
        self.at_form()
        self.do(ev.AnswerChanged("trade", "groceries"), ev.NextPressed())
        self.do(ev.AnswerChanged("shop_name", "小面"), ev.NextPressed())
        return self

    def scanned(self) -> Desk:
        self.at_place().do(ev.ScanPressed(), ev.TakePressed(), page())
        return self

    def offered(self) -> Desk:
        self.scanned().do(read({"address": READ}), ev.NextPressed())
        return self

    def rest_of_form(self) -> Desk:
        self.do(ev.AnswerChanged("staff", "1"), ev.NextPressed())
        self.do(ev.AnswerChanged("phone", "13800000000"), ev.NextPressed())
        return self

    @property
    def form(self) -> FormBody:
        body = screen_of(self.visit, 1, self.now).body
        assert isinstance(body, FormBody)
        return body

    @property
    def desk(self) -> MaterialBody:
        body = screen_of(self.visit, 1, self.now).body
        assert isinstance(body, MaterialBody)
        return body

    @property
    def place(self) -> tuple[str, Origin] | None:
        field = self.visit.envelope.get("premises")
        return None if field is None else (field.value, field.origin)


def test_what_was_read_is_offered_and_counts_only_once_confirmed() -> None:
    world = Desk().offered()
    assert (world.form.value, world.form.read, world.form.complete) == (READ, "offered", False)
    world.do(ev.NextPressed())
    assert (world.form.read, world.place) == ("unconfirmed", None)
    world.do(ev.ValueConfirmed())
    assert (world.form.read, world.form.complete) == ("confirmed", True)
    world.do(ev.NextPressed())
    assert world.place == (READ, Origin.OCR)
    assert world.form.key == "staff"


def test_what_was_changed_by_hand_is_typed() -> None:
    world = Desk().offered().do(ev.AnswerChanged("premises", READ + "底商"))
    assert world.form.read == ""
    world.do(ev.NextPressed())
    assert world.place == (READ + "底商", Origin.TYPED)


def test_a_confirmation_can_be_taken_back_and_does_not_outlive_a_change() -> None:
    world = Desk().offered().do(ev.ValueConfirmed(), ev.ValueConfirmed(False))
    assert world.form.read == "offered"
    world.do(ev.ValueConfirmed(), ev.AnswerChanged("premises", "南关街18号"), ev.AnswerChanged("premises", READ))
    assert world.form.read == "", "it was typed again: that the same stands there now does not make it read"


def test_an_echo_of_the_window_is_no_change() -> None:
    assert Desk().offered().do(ev.ValueConfirmed(), ev.AnswerChanged("premises", READ)).form.read == "confirmed"


def test_the_review_tells_that_it_was_read_and_an_edit_need_not_confirm_again() -> None:
    world = Desk().offered().do(ev.ValueConfirmed(), ev.NextPressed()).rest_of_form()
    world.agree_all()
    lines = {line.key: line for line in screen_of(world.visit, 1, world.now).body.lines}  # type: ignore[union-attr]
    assert (lines["premises"].value, lines["premises"].origin) == (READ, "ocr")
    world.do(ev.EditPressed("premises"))
    assert world.form.read == "confirmed"
    world.do(ev.NextPressed())
    assert world.place == (READ, Origin.OCR)


def test_a_reading_that_comes_late_fills_an_empty_field_and_no_other() -> None:
    world = Desk().scanned().do(ev.NextPressed())
    assert (world.form.value, world.form.reading) == ("", True)
    world.do(read({"address": READ}))
    assert (world.form.value, world.form.read, world.form.reading) == (READ, "offered", False)
    typed = Desk().scanned().do(ev.NextPressed(), ev.AnswerChanged("premises", "南关街18号"))
    typed.do(read({"address": READ}))
    assert (typed.form.value, typed.form.read) == ("南关街18号", "")


@pytest.mark.parametrize("found", [{}, {"address": "云"}, {"address": "没有门牌的路上"}, {"owner": READ}])
def test_what_does_not_fit_its_question_is_not_offered(found: dict[str, str]) -> None:
    world = Desk().scanned().do(read(found), ev.NextPressed())
    assert (world.form.value, world.form.read) == ("", "")


def test_nothing_unconfirmed_is_kept_for_another_day() -> None:
    assert "premises" not in answers(Desk().offered().visit)
    assert answers(Desk().offered().do(ev.ValueConfirmed()).visit)["premises"] == READ


def test_a_page_is_read_as_it_is_taken_and_a_retaken_one_is_forgotten() -> None:
    world = Desk().scanned()
    asked = world.last(fx.ReadPage)
    assert isinstance(asked, fx.ReadPage)
    assert (asked.document, asked.page) == ("premises_proof", b"page 1")
    world.do(read({"address": READ}), ev.RetakePressed())
    assert (world.desk.pages, world.desk.stage, world.visit.offers) == ((), "", {})
    world.do(ev.TakePressed(), page(2), ev.AnotherPagePressed(), ev.TakePressed(), page(3))
    assert world.desk.pages == (b"page 2", b"page 3")


def test_what_is_read_late_of_a_page_that_was_retaken_is_no_offer() -> None:
    world = Desk().scanned().do(ev.RetakePressed(), ev.TakePressed(), page(2))
    world.do(read({"address": "别人家1号"}))
    assert world.visit.offers == {}
    world.do(read({"address": READ}, 2), ev.NextPressed())
    assert (world.form.value, world.form.read) == (READ, "offered")


def test_no_more_pages_are_taken_than_the_material_has() -> None:
    world = Desk().scanned()
    for number in range(2, 12):
        world.do(ev.AnotherPagePressed(), ev.TakePressed(), page(number))
    assert len(world.desk.pages) == world.desk.most == 8


def test_a_page_that_was_not_asked_for_is_nobodys() -> None:
    assert Desk().at_place().do(ev.ScanPressed(), page()).desk.pages == ()
    assert Desk().at_place().do(page()).state is State.FORM


def test_what_kept_a_page_from_being_taken_is_told_and_can_be_tried_again() -> None:
    world = Desk().at_place().do(ev.ScanPressed(), ev.TakePressed(), ev.PageTaken(NotCaptured(DocumentHint.GLARE)))
    assert (world.desk.problem, world.desk.stage) == ("glare", "")
    world.do(ev.TakePressed(), page())
    assert (world.desk.problem, world.desk.stage) == ("", "taken")


def test_a_camera_that_is_lost_is_told_and_leaves_the_other_ways() -> None:
    world = Desk().at_place().do(ev.ScanPressed(), ev.TakePressed(), ev.PageTaken(GONE))
    assert world.desk.problem == "lost"
    assert world.do(ev.BackPressed()).form.key == "premises"


def test_a_camera_that_is_slow_is_waited_for_with_nothing_lost() -> None:
    world = Desk().at_place().do(ev.ScanPressed(), ev.DeskOpensAgain())
    assert world.desk.problem == "slow"
    world.do(ev.TakePressed())
    assert (world.desk.problem, world.desk.stage) == ("", "taking")
    late = DocumentUnavailable(Fault("child-silent", Action.RESET))
    world.do(ev.PageTaken(late))
    assert (world.desk.problem, world.desk.stage, world.started(fx.ShowDesk)) == ("slow", "", 2)
    assert world.do(ev.PageTaken(late)).desk.problem == "lost", "opened in vain: that is not said for ever"
    assert Desk().at_place().do(ev.DeskOpensAgain()).state is State.FORM, "too late: the page was left"


def test_the_desk_is_in_sight_while_its_page_is_however_it_is_left() -> None:
    world = Desk().at_place().do(ev.ScanPressed())
    assert (world.started(fx.ShowDesk), world.started(fx.HideDesk)) == (1, 0)
    world.do(ev.TakePressed(), ev.QuitPressed())
    assert world.started(fx.HideDesk) == 1
    if world.state is State.KEEP:  # asked whether to keep what was entered
        world.do(ev.BackPressed())
        assert (world.started(fx.ShowDesk), world.desk.stage) == (2, "")


def test_without_a_camera_or_without_reading_nothing_is_promised_on_the_form() -> None:
    for missing in ("document_camera", "page_reader"):
        world = Desk(**{missing: False}).at_place()
        assert not world.form.scan
        assert world.do(ev.ScanPressed()).state is State.FORM


def declined(world: Desk) -> Desk:
    world.do(ev.AnswerChanged("premises", "南关街18号"), ev.NextPressed())
    world.rest_of_form().do(ev.CommitmentDeclined())
    return world


def test_who_does_not_promise_scans_and_a_person_decides() -> None:
    world = declined(Desk(page_reader=False).at_place())
    assert world.state is State.MATERIAL
    world.do(ev.TakePressed(), page())
    assert world.started(fx.ReadPage) == 0, "nothing reads here"
    world.do(ev.NextPressed())
    field = world.visit.envelope.get("premises_proof")
    assert field is not None
    assert (field.value, field.origin, field.trust) == ("已扫描 1 页", Origin.SCANNED, Trust.C)
    world.do(ev.NextPressed(), ev.Signed((((0.1, 0.1), (0.5, 0.6), (0.8, 0.2)),)))
    commit = world.last(fx.Commit)
    assert isinstance(commit, fx.Commit)
    ahead = world.last(fx.PreparePapers)
    assert isinstance(ahead, fx.PreparePapers)
    assert ahead.materials == commit.materials, "the review had other pages sealed ahead"
    assert [(one.kind, one.media_type, one.data, one.trust) for one in commit.materials] == [
        ("premises_proof", "image/jpeg", b"page 1", Trust.C)
    ]
    facts = rules.facts_of(
        commit.document, commit.envelope, commit.verification, None, online=True, today=world.now.wall.date(),
        materials=("premises_proof",),
    )  # fmt: skip
    decision = rules.decide(commit.pack, facts)
    fired = {rule.rule_id for rule in decision.rules}
    assert decision.outcome.value == "referred"
    assert "B-10" in fired
    assert "B-08" not in fired, "nothing that was handed in is asked for again"


@pytest.mark.parametrize("camera", [True, False])
def test_who_neither_promises_nor_scans_brings_it_to_the_counter(camera: bool) -> None:
    world = declined(Desk(document_camera=camera).at_place())
    if camera:
        world.do(ev.TakePressed(), page(), ev.RetakePressed(), ev.MaterialSkipped())
    assert world.state is State.REVIEW
    assert world.visit.envelope.value("premises_proof") == "到窗口提交"
    assert not any(world.visit.pages.values())


def test_a_promise_makes_the_scan_needless_and_hands_none_in() -> None:
    world = Desk().offered().do(ev.ValueConfirmed(), ev.NextPressed()).rest_of_form().agree_all()
    assert world.state is State.REVIEW
    assert not any(world.visit.pages.values())
    assert world.visit.envelope.value("premises_proof") == "不用提交"


def test_the_page_that_was_read_is_the_proof_as_well() -> None:
    world = Desk().offered().do(ev.ValueConfirmed(), ev.NextPressed()).rest_of_form().do(ev.CommitmentDeclined())
    assert (world.state, world.desk.stage, len(world.desk.pages)) == (State.MATERIAL, "taken", 1)
    assert world.do(ev.NextPressed()).visit.envelope.value("premises_proof") == "已扫描 1 页"


def test_going_back_from_the_scan_leads_to_the_promise() -> None:
    world = declined(Desk().at_place()).do(ev.BackPressed())
    assert world.state is State.COMMITMENT
    assert world.started(fx.HideDesk) == 1


def test_no_page_outlives_its_visit() -> None:
    world = Desk().offered()
    assert world.visit.pages
    assert world.visit.offers
    world.do(ev.CardShown(person(number="140213195804030025"), None))
    assert world.state is State.FAREWELL
    assert not world.visit.pages
    assert not world.visit.offers
    world.do(read({"address": READ}))
    assert not world.visit.offers


# -- a paper that everybody hands in ------------------------------------------------------------------

PROOF = MaterialSpec("lease", Text("合同", "Lease"), Text("每一页", "Each page"), 2)


def needing(**changes: object) -> Desk:
    world = Desk()
    pack = world.visit.machine.packs[BUSINESS]
    pack = replace(pack, materials=(*pack.materials, replace(PROOF, **changes)))  # type: ignore[arg-type]
    world.visit = replace(world.visit, machine=replace(world.visit.machine, packs={BUSINESS: pack}))
    world.at_place().do(ev.AnswerChanged("premises", "南关街18号"), ev.NextPressed()).rest_of_form()
    return world


def test_a_paper_for_which_no_promise_stands_is_asked_for_after_the_questions() -> None:
    world = needing()
    assert (world.state, world.desk.label) == (State.MATERIAL, "合同")
    world.do(ev.TakePressed(), page(), ev.NextPressed())
    assert world.state is State.COMMITMENT
    world.agree_all().do(ev.EditPressed("lease"))
    assert world.state is State.MATERIAL
    world.do(ev.AnotherPagePressed(), ev.TakePressed(), page(2), ev.NextPressed())
    assert (world.state, world.visit.envelope.value("lease")) == (State.REVIEW, "已扫描 2 页")


def test_a_required_paper_cannot_be_skipped() -> None:
    world = needing(required=True).do(ev.MaterialSkipped())
    assert (world.state, world.desk.skippable) == (State.MATERIAL, False)
    assert needing().do(ev.MaterialSkipped()).state is State.COMMITMENT


def test_going_back_from_it_leads_to_the_last_question() -> None:
    assert needing().do(ev.BackPressed()).form.key == "phone"
