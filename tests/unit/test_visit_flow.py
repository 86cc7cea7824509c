"""The walk of one visit: review, then commit, then print, then rate; another way where a face check cannot be."""

from __future__ import annotations

from datetime import date

import pytest

from devices.contracts.camera import FaceDiffers, FaceHint, FaceMatched, FaceUnclear, ReferenceUnusable
from devices.contracts.device import Action, Fault
from devices.contracts.identity import DocumentKind
from devices.contracts.printing import NotPrinted
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Origin
from kiosk.services.model import Ability, Verdict
from kiosk.visit import events as ev
from kiosk.visit.effects import CallHelp, CheckFace, Commit, PrintPapers, SaveRating, StopCamera, Wipe
from kiosk.visit.screen import FormBody, IdentifyBody, OtherWayBody, OutcomeBody, RateBody, ReviewBody, TroubleBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import BUSINESS, NOT_PRINTED, PENSION, PICTURE, PRINTED, SIGNATURE, UNKNOWN, World, person


def body(world: World) -> object:
    return screen_of(world.visit, 1, world.now).body


def test_a_business_is_registered_page_by_page() -> None:
    world = World().at_rate().do(ev.LevelChosen(5), ev.RatingSubmitted(), ev.RatingSaved(), ev.Wiped())
    world.do(ev.NextPressed())
    assert [state.value for state in dict.fromkeys(world.passed)] == [
        "recovering", "attract", "home", "guide", "identify", "consent", "face", "form", "commitment", "review",
        "sign", "committing", "outcome", "rate", "farewell",
    ]  # fmt: skip
    assert world.state is State.ATTRACT


def test_being_there_is_the_whole_matter_of_a_pension_verification() -> None:
    world = World().at_consent(PENSION).do(ev.FaceAgreed(), ev.FaceChecked(FaceMatched(0.3, 0.5)))
    assert world.state is State.REVIEW
    world.do(ev.NextPressed())
    assert world.state is State.COMMITTING
    asked = world.last(Commit)
    assert isinstance(asked, Commit)
    assert asked.verification is Verification.FACE


def test_nothing_is_printed_before_the_case_is_on_the_disk() -> None:
    world = World().at_committing()
    assert world.started(Commit) == 1
    assert world.started(PrintPapers) == 0
    world.do(world.committed("licence", "receipt"))
    assert world.started(PrintPapers) == 1


def test_when_saving_fails_what_was_typed_is_still_there() -> None:
    world = World().at_committing().do(ev.CommitFailed("save_failed"))
    shown = body(world)
    assert isinstance(shown, ReviewBody)
    assert shown.problem == "save_failed"
    assert any(line.value == "小面" or "小面" in line.value for line in shown.lines)


def test_a_card_shown_first_is_not_asked_for_again() -> None:
    world = World().do(ev.Recovered(), ev.CardShown(person(), PICTURE), ev.ServiceChosen(BUSINESS), ev.NextPressed())
    assert world.state is State.CONSENT
    assert State.IDENTIFY not in world.passed


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (person(valid_to=date(2026, 11, 21)), "card_expired"),
        (person(kind=DocumentKind.FOREIGNER_2023), "card_kind"),
        (person(birth=date(2011, 1, 1)), "under_age"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_with_its_reason_and_forgotten(document: object, problem: str) -> None:
    world = World().at_identify().do(ev.CardShown(document, PICTURE))  # type: ignore[arg-type]
    shown = body(world)
    assert isinstance(shown, IdentifyBody)
    assert shown.problem == problem
    assert world.visit.document is None


def test_a_document_is_good_on_its_last_day() -> None:
    world = World().at_identify().do(ev.CardShown(person(valid_to=date(2026, 11, 22)), PICTURE))
    assert world.state is State.CONSENT


@pytest.mark.parametrize(
    ("world", "picture", "reason"),
    [
        (World(), None, "photo"),
        (World(camera=False), PICTURE, "camera"),
        (World(face_check=False), PICTURE, "off"),
    ],
)
def test_where_no_face_check_can_be_another_way_is_offered_at_once(
    world: World, picture: bytes | None, reason: str
) -> None:
    world.at_identify().do(ev.CardShown(person(), picture))
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert (shown.reason, shown.face_possible) == (reason, False)
    assert world.started(CheckFace) == 0


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (FaceDiffers(0.9, 0.5), "differs"),
        (FaceUnclear(FaceHint.TOO_DARK), "unclear"),
        (ReferenceUnusable("no face"), "photo"),
    ],
)
def test_a_face_check_that_fails_leads_to_another_way_and_ends_the_camera(outcome: object, reason: str) -> None:
    world = World().at_consent().do(ev.FaceAgreed(), ev.FaceChecked(outcome))  # type: ignore[arg-type]
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert shown.reason == reason
    assert isinstance(world.effects[-1], object)
    assert world.started(StopCamera) == 1


def test_without_consent_no_picture_is_compared() -> None:
    world = World().at_consent().do(ev.OtherWayChosen())
    assert world.state is State.OTHER_WAY
    assert world.started(CheckFace) == 0


def test_the_staffs_code_verifies_the_person() -> None:
    world = World().at_consent().do(ev.OtherWayChosen(), ev.OtherWayChosen("staff"), ev.StaffCodeEntered("123456"))
    world.do(ev.StaffCodeChecked(False, 4, 0.0))
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert (shown.problem, shown.attempts_left) == ("code_wrong", 4)
    world.do(ev.StaffCodeEntered("654321"), ev.StaffCodeChecked(True, 5, 0.0))
    assert world.state is State.FORM
    assert world.visit.verification is Verification.STAFF


def test_a_reviewer_may_compare_later() -> None:
    world = World().at_consent(PENSION).do(ev.OtherWayChosen(), ev.OtherWayChosen("later"))
    assert world.state is State.REVIEW
    assert world.visit.verification is Verification.LATER


def test_a_wrong_answer_stays_on_its_page_and_says_why() -> None:
    world = World().at_form()
    trade = world.visit.pack.questions[0]
    world.do(ev.NextPressed())
    shown = body(world)
    assert isinstance(shown, FormBody)
    assert shown.index == 1
    assert shown.complaint
    world.do(ev.AnswerChanged(trade.key, trade.options[0].value), ev.NextPressed())
    assert world.visit.question == 1


def test_an_answer_to_a_page_that_was_left_is_not_taken() -> None:
    world = World().at_form().do(ev.AnswerChanged("phone", "13800000000"))
    assert world.visit.answer == ""


def test_a_touch_on_a_row_of_the_review_leads_to_its_question_and_back() -> None:
    world = World().at_review().do(ev.EditPressed("phone"))
    shown = body(world)
    assert isinstance(shown, FormBody)
    assert (shown.key, shown.editing) == ("phone", True)
    world.do(ev.AnswerChanged("phone", "13900000000"), ev.NextPressed())
    assert world.state is State.REVIEW
    assert world.visit.envelope.value("phone") == "13900000000"


def test_the_review_tells_where_each_value_came_from() -> None:
    shown = body(World().at_review())
    assert isinstance(shown, ReviewBody)
    origins = {line.origin for line in shown.lines}
    assert origins == {"card", "typed", "chosen", "committed", "derived"}
    assert not any("140213195804030017" in line.value for line in shown.lines)


def test_one_clause_left_out_is_no_commitment() -> None:
    world = World().at_form().answer_all().do(ev.ClauseToggled(0), ev.NextPressed())
    assert world.state is State.COMMITMENT
    assert world.visit.commitment is None


def test_the_applicant_may_choose_not_to_commit() -> None:
    world = World().at_form().answer_all().do(ev.CommitmentDeclined())
    assert world.state is State.REVIEW
    terms = world.visit.pack.commitment
    assert terms is not None
    field = world.visit.envelope.get(terms.replaces)
    assert field is not None
    assert field.origin is Origin.CHOSEN
    assert world.visit.commitment is None


def test_a_slip_of_the_finger_is_no_signature() -> None:
    world = World().at_sign().do(ev.Signed((((0.5, 0.5), (0.52, 0.5)),)))
    assert world.state is State.SIGN
    world.do(ev.Signed(SIGNATURE))
    assert world.state is State.COMMITTING


def test_a_jam_leaves_the_case_whole_and_offers_to_print_again_as_a_copy() -> None:
    world = World().at_trouble()
    shown = body(world)
    assert isinstance(shown, TroubleBody)
    assert (shown.reason, shown.certain) == ("media-jam", True)
    world.do(ev.TroubleChosen("retry"))
    again = world.last(PrintPapers)
    assert isinstance(again, PrintPapers)
    assert [(paper.paper_id, paper.copy) for paper in again.papers] == [("licence", 1)]
    world.do(ev.PaperEnded("licence", PRINTED))
    assert world.state is State.OUTCOME
    assert world.started(Commit) == 1


def test_what_no_second_print_can_mend_is_not_offered_again() -> None:
    rare = NotPrinted(Fault("glyph-missing", Action.CALL_TECHNICIAN))
    shown = body(World().at_outcome("licence").do(ev.PaperEnded("licence", rare)))
    assert isinstance(shown, TroubleBody)
    assert shown.choices == ("later", "help")
    jammed = World().at_outcome().do(ev.PaperEnded("licence", rare), ev.PaperEnded("receipt", NOT_PRINTED))
    shown = body(jammed)
    assert isinstance(shown, TroubleBody)
    assert shown.choices == ("retry", "later", "help")


def test_not_knowing_whether_paper_came_out_is_said_as_such() -> None:
    world = World().at_outcome("licence").do(ev.PaperEnded("licence", UNKNOWN))
    shown = body(world)
    assert isinstance(shown, TroubleBody)
    assert not shown.certain


def test_the_other_papers_are_printed_before_trouble_is_told() -> None:
    world = World().at_outcome().do(ev.PaperEnded("licence", NOT_PRINTED))
    assert world.state is State.OUTCOME
    world.do(ev.PaperEnded("receipt", PRINTED))
    assert world.state is State.TROUBLE


def test_success_is_shown_by_the_printer_not_by_a_timer() -> None:
    world = World().at_outcome().do(ev.TimerFired("quiet"), ev.NextPressed(), ev.QuitPressed())
    shown = body(world)
    assert isinstance(shown, OutcomeBody)
    assert shown.printing


def test_no_rating_is_chosen_beforehand_and_options_belong_to_their_level() -> None:
    world = World().at_rate()
    shown = body(world)
    assert isinstance(shown, RateBody)
    assert (shown.level, shown.options) == (0, ())
    world.do(ev.RatingSubmitted())
    assert world.started(SaveRating) == 0
    world.do(ev.LevelChosen(4), ev.OptionToggled("406"), ev.OptionToggled("510"), ev.RatingSubmitted())
    rating = world.last(SaveRating)
    assert isinstance(rating, SaveRating)
    assert (rating.level, rating.options) == (4, ("406",))


def test_a_rating_that_could_not_be_stored_is_not_thanked_for() -> None:
    world = World().at_rate().do(ev.LevelChosen(1), ev.RatingSubmitted(), ev.RatingSaved(ok=False))
    shown = body(world)
    assert isinstance(shown, RateBody)
    assert shown.problem == "rating_failed"


def test_a_service_that_cannot_be_finished_now_is_not_begun() -> None:
    cannot = {BUSINESS: Ability(Verdict.CANNOT, (), ("reader",))}
    world = World(abilities=cannot).at_home().do(ev.ServiceChosen(BUSINESS), ev.NextPressed())
    assert world.state is State.GUIDE


def test_help_is_called_without_leaving_the_page() -> None:
    world = World().at_form().do(ev.HelpPressed())
    assert world.state is State.FORM
    assert world.last(CallHelp) == CallHelp("form")
    assert screen_of(world.visit, 1, world.now).chrome.help_called


def test_language_and_size_change_everywhere_and_are_reset_for_the_next_citizen() -> None:
    world = World().at_form().do(ev.LanguageChosen("en"), ev.ElderChosen(True))
    assert screen_of(world.visit, 1, world.now).chrome.language == "en"
    world.do(ev.QuitPressed(), ev.Wiped(), ev.NextPressed())
    chrome = screen_of(world.visit, 1, world.now).chrome
    assert (chrome.language, chrome.elder) == ("zh_CN", False)
    assert world.started(Wipe) == 1


def test_a_card_left_from_an_earlier_visit_is_to_be_lifted_and_laid_down_again() -> None:
    world = World().at_rate().do(ev.RatingSkipped(), ev.Wiped(), ev.NextPressed())
    world.do(ev.Started(), ev.ServiceChosen(PENSION), ev.NextPressed())
    shown = body(world)
    assert isinstance(shown, IdentifyBody)
    assert shown.problem == "card_lift"
    world.do(ev.CardGone(), ev.CardShown(person(), PICTURE))
    assert world.state is State.CONSENT
