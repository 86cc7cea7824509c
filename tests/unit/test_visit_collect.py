"""Papers of an earlier visit are handed out to the person they belong to, once that is certain, and to nobody else."""

from __future__ import annotations

import pytest

from devices.contracts.camera import FaceDiffers, FaceMatched
from kiosk.domain.waiting import WaitingState
from kiosk.visit import events as ev
from kiosk.visit.effects import PrintPapers, SetTimer
from kiosk.visit.screen import CollectBody, ConsentBody, FarewellBody, HomeBody, IdentifyBody, OtherWayBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from tests.unit.visit_world import (
    BUSINESS,
    NOT_PRINTED,
    PICTURE,
    PRINTED,
    TODAY,
    UNKNOWN,
    World,
    person,
    waiting,
)

MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
PENDING, CONFLICT, OTHER = WaitingState.PENDING, WaitingState.CONFLICT, WaitingState.OTHER


def body(world: World) -> object:
    return screen_of(world.visit, 1, world.now).body


def home(world: World) -> HomeBody:
    shown = body(world)
    assert isinstance(shown, HomeBody)
    return shown


def papers(world: World) -> CollectBody:
    shown = body(world)
    assert isinstance(shown, CollectBody)
    return shown


def copies(world: World) -> list[int]:
    return [effect.papers[0].copy for effect in world.effects if isinstance(effect, PrintPapers)]


# -- what the start page says ------------------------------------------------------------------------


def test_the_start_page_says_that_papers_lie_here_and_not_which() -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting(), waiting("receipt"))
    assert (home(world).collect, home(world).collect_count) == ("ready", 2)
    assert "licence" not in repr(home(world))


@pytest.mark.parametrize("state", [PENDING, CONFLICT, OTHER])
def test_the_start_page_says_how_a_paper_stands_that_cannot_be_handed_out(state: WaitingState) -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting(state=state))
    assert home(world).collect == state.value


def test_what_was_handed_out_before_needs_no_word_but_can_be_printed_again() -> None:
    kept = waiting("receipt", printed=1, taken=True)
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(kept)
    assert home(world).collect == ""
    world.do(ev.CollectPressed(), ev.FaceAgreed(), MATCHED)
    assert [line.printed for line in papers(world).lines] == [1]


def test_a_card_shown_first_opens_the_visit_and_its_papers_are_announced() -> None:
    world = World().do(ev.Recovered(), ev.CardShown(person(), PICTURE)).found(waiting())
    assert world.state is State.HOME
    assert home(world).collect == "ready"


def test_papers_of_another_card_that_was_read_before_are_not_announced() -> None:
    other = person(number="140213199001010034")
    world = World().at_home().do(ev.CardShown(person(), PICTURE), ev.CardGone(), ev.CardShown(other, PICTURE))
    world.found(waiting())
    assert home(world).collect == ""
    assert not world.visit.waiting


def test_with_the_card_the_word_of_its_papers_goes() -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting()).do(ev.CardGone())
    assert home(world).collect == ""
    assert world.visit.waiting is None


# -- who may see and print them ----------------------------------------------------------------------


def test_without_a_card_it_is_asked_for_and_then_the_face() -> None:
    world = World().at_home().do(ev.CollectPressed())
    assert world.state is State.IDENTIFY
    world.do(ev.CardShown(person(), PICTURE))
    assert world.state is State.IDENTIFY  # a moment, until the papers have been looked up
    world.found(waiting())
    assert world.state is State.CONSENT
    world.do(ev.FaceAgreed(), MATCHED)
    assert world.state is State.COLLECT
    assert papers(world).name == "王**"
    assert [(line.title, line.date, line.state) for line in papers(world).lines] == [("licence", "2026-11-21", "ready")]
    assert papers(world).lines[0].case_no == "140213 261122 0000 0318 7"


def test_with_the_card_there_it_is_not_asked_for_again() -> None:
    world = World().at_home().do(ev.CardShown(person(), PICTURE)).found(waiting()).do(ev.CollectPressed())
    assert world.state is State.CONSENT
    assert State.IDENTIFY not in world.passed


def test_a_member_of_staff_may_compare_instead() -> None:
    world = World(camera=False).at_home().do(ev.CollectPressed(), ev.CardShown(person(), PICTURE)).found(waiting())
    assert world.state is State.OTHER_WAY
    world.do(ev.OtherWayChosen("staff"), ev.StaffCodeEntered("123456"), ev.StaffCodeChecked(True, 3, 0.0))
    assert world.state is State.COLLECT


def test_compared_later_is_not_offered_and_not_taken() -> None:
    world = World().at_home().do(ev.CollectPressed(), ev.CardShown(person(), PICTURE)).found(waiting())
    consent = body(world)
    assert isinstance(consent, ConsentBody)
    assert not consent.later_possible
    world.do(ev.FaceAgreed(), ev.FaceChecked(FaceDiffers(0.1, 0.5)))
    shown = body(world)
    assert isinstance(shown, OtherWayBody)
    assert not shown.later_possible
    world.do(ev.OtherWayChosen("later"))
    assert world.state is State.OTHER_WAY


def test_one_who_is_to_be_compared_later_in_a_matter_is_compared_now_for_papers() -> None:
    world = World().at_consent().do(ev.OtherWayChosen(), ev.OtherWayChosen("later")).found(waiting())
    assert world.state is State.FORM
    world.do(ev.BackPressed(), ev.BackPressed(), ev.CollectPressed())
    assert world.state is State.CONSENT


def test_who_was_compared_in_this_visit_is_not_compared_again() -> None:
    world = World().at_form().found(waiting()).do(ev.BackPressed(), ev.BackPressed(), ev.CollectPressed())
    assert world.state is State.COLLECT


def test_another_card_is_another_person_even_if_nobody_saw_the_first_one_go() -> None:
    world = World().at_form().found(waiting()).do(ev.BackPressed(), ev.BackPressed())
    world.do(ev.CardShown(person(number="140213199001010034"), PICTURE))
    assert world.visit.verification is None
    assert world.visit.waiting is None


def test_where_nothing_lies_here_that_is_said_and_nobody_is_compared_for_it() -> None:
    world = World().at_home().do(ev.CollectPressed(), ev.CardShown(person(), PICTURE)).found()
    assert world.state is State.COLLECT
    assert papers(world).lines == ()


def test_a_card_that_has_run_out_is_refused() -> None:
    expired = person(valid_to=TODAY.date().replace(day=1))
    world = World().at_home().do(ev.CollectPressed(), ev.CardShown(expired, PICTURE))
    shown = body(world)
    assert isinstance(shown, IdentifyBody)
    assert shown.problem == "card_expired"
    assert world.visit.document is None


def test_a_card_taken_while_its_papers_are_looked_up_goes_no_further() -> None:
    world = World().at_home().do(ev.CollectPressed(), ev.CardShown(person(), PICTURE), ev.CardGone()).found(waiting())
    assert world.state is State.IDENTIFY
    assert world.visit.document is None


@pytest.mark.parametrize("back", [State.IDENTIFY, State.CONSENT, State.OTHER_WAY])
def test_the_way_back_leads_to_the_start_page(back: State) -> None:
    world = World(camera=back is not State.OTHER_WAY).at_home().do(ev.CollectPressed())
    if back is not State.IDENTIFY:
        world.do(ev.CardShown(person(), PICTURE)).found(waiting())
    assert world.state is back
    world.do(ev.BackPressed())
    assert world.state is State.HOME
    world.do(ev.ServiceChosen(BUSINESS))
    assert not world.visit.collecting


# -- printing ----------------------------------------------------------------------------------------


def test_an_original_first_and_then_copies() -> None:
    world = World().at_collect()
    for _ in range(3):
        world.do(ev.PaperChosen(0), ev.PaperEnded("licence", PRINTED))
    assert copies(world) == [0, 1, 2]


def test_what_was_printed_at_the_earlier_visit_is_a_copy_now() -> None:
    assert copies(World().at_collect(waiting("receipt", printed=2)).do(ev.PaperChosen(0))) == [2]


def test_the_printer_says_how_far_it_is() -> None:
    world = World().at_collect(waiting(), waiting("receipt")).do(ev.PaperChosen(1))
    assert [line.stage for line in papers(world).lines] == ["idle", "waiting"]
    world.do(ev.PaperProgressed("receipt", 0, 1))
    assert papers(world).printing
    world.do(ev.PaperEnded("receipt", PRINTED))
    assert [line.stage for line in papers(world).lines] == ["idle", "done"]
    assert not papers(world).printing


@pytest.mark.parametrize(("outcome", "stage"), [(NOT_PRINTED, "failed"), (UNKNOWN, "unknown")])
def test_a_paper_that_did_not_come_out_can_be_printed_again_as_a_copy(outcome: object, stage: str) -> None:
    world = World().at_collect().do(ev.PaperChosen(0), ev.PaperEnded("licence", outcome))  # type: ignore[arg-type]
    assert (papers(world).lines[0].stage, papers(world).lines[0].reason) == (stage, "media-jam")
    assert copies(world.do(ev.PaperChosen(0))) == [0, 1]


@pytest.mark.parametrize("state", [PENDING, CONFLICT, OTHER])
def test_only_what_may_be_handed_out_is_printed(state: WaitingState) -> None:
    world = World().at_collect(waiting(state=state)).do(ev.PaperChosen(0), ev.PaperChosen(1), ev.PaperChosen(-1))
    assert world.started(PrintPapers) == 0


def test_one_paper_at_a_time() -> None:
    world = World().at_collect(waiting(), waiting("receipt")).do(ev.PaperChosen(0), ev.PaperChosen(1))
    assert world.started(PrintPapers) == 1


def test_two_receipts_of_two_cases_are_told_apart() -> None:
    world = World().at_collect(waiting("receipt"), waiting("receipt", case_no="140213261121000003156"))
    world.do(ev.PaperChosen(1), ev.PaperEnded("receipt", PRINTED))
    assert [line.stage for line in papers(world).lines] == ["idle", "done"]


# -- the end -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("touch", [ev.QuitPressed(), ev.NextPressed(), ev.BackPressed()])
def test_paper_that_is_coming_out_is_waited_for(touch: ev.Event) -> None:
    world = World().at_collect().do(ev.PaperChosen(0), touch)
    assert world.state is State.COLLECT


def test_no_time_runs_out_while_paper_is_coming_out() -> None:
    world = World().at_collect().do(ev.PaperChosen(0))
    assert world.visit.expires_at is None
    world.do(ev.PaperEnded("licence", PRINTED))
    assert world.visit.expires_at is not None


def test_with_the_paper_in_the_hand_the_visit_is_done() -> None:
    for end in (ev.NextPressed(), ev.QuitPressed(), ev.CardGone()):
        world = World().at_collect().do(ev.PaperChosen(0), ev.PaperEnded("licence", PRINTED), end)
        shown = body(world)
        assert isinstance(shown, FarewellBody)
        assert (shown.reason, shown.saved) == ("done", False)
        assert shown.papers == ("licence",), "what lies in the tray is named"
        assert world.visit.waiting is None


def test_a_card_taken_with_the_paper_ends_the_visit_when_the_paper_is_out() -> None:
    world = World().at_collect().do(ev.PaperChosen(0), ev.CardGone())
    assert not screen_of(world.visit, 1, world.now).chrome.card_missing  # the progress is not covered
    world.do(ev.TimerFired("card_missing"))
    assert world.state is State.COLLECT
    world.do(ev.PaperEnded("licence", PRINTED))
    assert world.state is State.FAREWELL


def test_a_card_taken_before_a_paper_that_fails_is_asked_for() -> None:
    world = World().at_collect().do(ev.PaperChosen(0), ev.CardGone(), ev.PaperEnded("licence", NOT_PRINTED))
    assert screen_of(world.visit, 1, world.now).chrome.card_missing
    assert isinstance(world.last(SetTimer), SetTimer)
    world.do(ev.TimerFired("card_missing"))
    assert world.visit.reason == "card_gone"


def test_from_the_papers_back_to_other_matters_without_being_compared_again() -> None:
    world = World().at_collect().do(ev.PaperChosen(0), ev.PaperEnded("licence", PRINTED), ev.BackPressed())
    assert home(world).collect == ""  # it was handed out
    world.do(ev.ServiceChosen(BUSINESS), ev.NextPressed())
    assert world.state is State.FORM
