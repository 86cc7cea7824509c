"""However a visit ends, nothing of the citizen is left in the machine's memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.contracts.camera import FaceMatched
from devices.contracts.printing import NotPrinted, Printed
from kiosk.domain.life import May
from kiosk.domain.unfinished import Unfinished
from kiosk.visit import events as ev
from kiosk.visit.delays import Delays
from kiosk.visit.effects import SetTimer, Wipe
from kiosk.visit.screen import FarewellBody
from kiosk.visit.states import BEFORE_COMMIT, NEEDS_CARD, State
from kiosk.visit.view import screen_of
from tests.unit.case_world import lacking, to_case, to_cases, to_errand
from tests.unit.visit_world import JAM, PICTURE, World, person

MATCHED = ev.FaceChecked(FaceMatched(0.3, 0.5))
PHONE = ev.PhonePressed()
FOUND = ev.DraftFound(person().number, Unfinished("individual_business", {"shop_name": "小面"}))


def at_licence() -> World:
    """On the page that asks whether an electronic licence may be asked for."""
    world = World().at_consent("residence_permit_renewal").do(ev.FaceAgreed(), MATCHED)
    world.do(ev.AnswerChanged("applicant.role", "self"), ev.NextPressed())
    return world.do(ev.AnswerChanged("situation", "same"), ev.NextPressed())


def at_desk(world: World) -> World:
    """On the page on which the proof of the premises is scanned."""
    world.at_form().do(ev.AnswerChanged("trade", "groceries"), ev.NextPressed())
    return world.do(ev.AnswerChanged("shop_name", "小面"), ev.NextPressed(), ev.ScanPressed())


REACH: dict[State, Callable[[World], World]] = {
    State.HOME: World.at_home,
    State.SEARCH: lambda world: world.at_home().do(ev.SearchPressed(), ev.SearchTyped("yang")),
    State.GUIDE: lambda world: world.at_home().do(ev.ServiceChosen("individual_business")),
    State.IDENTIFY: World.at_identify,
    State.CONSENT: World.at_consent,
    State.FACE: lambda world: world.at_consent().do(ev.FaceAgreed()),
    State.OTHER_WAY: lambda world: world.at_consent().do(ev.OtherWayChosen()),
    State.COLLECT: World.at_collect,
    State.QUERY: lambda world: world.at_consent("no_housing_record").do(ev.FaceAgreed(), MATCHED),
    State.LICENCE: lambda _: at_licence(),
    State.FORM: World.at_form,
    State.MATERIAL: lambda _: at_desk(World(document_camera=True, page_reader=True)),
    State.UPLOAD: lambda _: at_desk(World(document_camera=True, page_reader=True, phone_pages=True)).do(PHONE),
    State.COMMITMENT: lambda world: world.at_form().answer_all(),
    State.REVIEW: World.at_review,
    State.SIGN: World.at_sign,
    State.RESUME: lambda world: world.at_consent().do(FOUND, ev.FaceAgreed(), MATCHED),
    State.KEEP: lambda world: world.at_review().do(ev.QuitPressed()),
    State.CASES: lambda world: to_cases(world, lacking()),
    State.CASE: lambda world: to_case(world, lacking()),
    State.SUPPLEMENT: lambda world: to_errand(world, May.SUPPLEMENT),
    State.WITHDRAW: lambda world: to_errand(world, May.WITHDRAW),
    State.HELPER: lambda world: world.at_form().do(ev.HelperPressed()),
}
EARLY = sorted(BEFORE_COMMIT, key=lambda state: state.value)


def names(states: list[State]) -> list[str]:
    return [state.value for state in states]


def assert_nothing_is_left(world: World, reason: str) -> None:
    blank = world.visit.fresh(world.visit.state)
    left = {name for name in blank.__slots__ if getattr(blank, name) != getattr(world.visit, name)}
    assert left <= {"reason", "expires_at", "wiped"}
    assert world.visit.reason == reason
    wipe = world.last(Wipe)
    assert isinstance(wipe, Wipe)
    assert (wipe.reason, wipe.committed) == (reason, False)


def test_there_is_a_way_to_every_page() -> None:
    assert set(REACH) == BEFORE_COMMIT


@pytest.mark.parametrize("state", EARLY, ids=names(EARLY))
def test_quitting_leaves_nothing(state: State) -> None:
    world = REACH[state](World())
    assert world.state is state
    world.do(ev.QuitPressed())
    if world.state is State.KEEP:  # something was entered: it is asked for, and not wanted
        world.do(ev.KeepChosen(keep=False))
    assert_nothing_is_left(world, "quit")


@pytest.mark.parametrize("state", EARLY, ids=names(EARLY))
def test_time_running_out_warns_first_and_then_leaves_nothing(state: State) -> None:
    world = REACH[state](World()).do(ev.TimerFired("quiet"))
    chrome = screen_of(world.visit, 1, world.now).chrome
    assert chrome.warning
    grace = world.last(SetTimer)
    assert isinstance(grace, SetTimer)
    assert grace.seconds >= 20
    assert_nothing_is_left(world.do(ev.TimerFired("grace")), "timeout")


@pytest.mark.parametrize("state", EARLY, ids=names(EARLY))
def test_the_warning_can_be_answered_again_and_again(state: State) -> None:
    world = REACH[state](World())
    for _ in range(12):
        world.do(ev.TimerFired("quiet"), ev.StillHere())
        assert world.state is state
        assert not screen_of(world.visit, 1, world.now).chrome.warning


CARD = sorted(NEEDS_CARD, key=lambda state: state.value)


@pytest.mark.parametrize("state", CARD, ids=names(CARD))
def test_a_card_taken_away_is_asked_for_and_then_leaves_nothing(state: State) -> None:
    world = REACH[state](World()).do(ev.CardGone())
    assert screen_of(world.visit, 1, world.now).chrome.card_missing
    assert_nothing_is_left(world.do(ev.TimerFired("card_missing")), "card_gone")


@pytest.mark.parametrize("state", CARD, ids=names(CARD))
def test_the_same_card_put_back_goes_on_where_it_was(state: State) -> None:
    world = REACH[state](World()).do(ev.CardGone(), ev.CardShown(person(), PICTURE))
    assert world.state is state
    assert not screen_of(world.visit, 1, world.now).chrome.card_missing
    world.do(ev.TimerFired("card_missing"))
    assert world.state is state


@pytest.mark.parametrize("state", CARD, ids=names(CARD))
def test_another_persons_card_ends_the_first_ones_visit(state: State) -> None:
    other = person(number="140213199001010034")
    assert_nothing_is_left(REACH[state](World()).do(ev.CardGone(), ev.CardShown(other, PICTURE)), "card_changed")


def test_after_the_commit_a_time_out_ends_as_done_and_saved() -> None:
    world = World().at_rate().do(ev.TimerFired("quiet"), ev.TimerFired("grace"))
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, FarewellBody)
    assert (shown.reason, shown.saved) == ("done", True)


def test_the_farewell_reminds_of_a_card_that_still_lies_there() -> None:
    world = World().at_rate().do(ev.RatingSkipped())
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, FarewellBody)
    assert shown.card_on_reader
    world.do(ev.CardGone())
    after = screen_of(world.visit, 1, world.now).body
    assert isinstance(after, FarewellBody)
    assert not after.card_on_reader


def test_the_farewell_names_the_papers_that_came_out_and_no_others() -> None:
    world = World().at_outcome()
    papers = [line.paper_id for line in world.visit.papers]
    first, *rest = papers
    world.do(ev.PaperEnded(first, Printed(1)), *(ev.PaperEnded(paper, NotPrinted(JAM)) for paper in rest))
    titles = {spec.paper_id: spec.title.zh for spec in world.visit.pack.papers}
    world.do(ev.TroubleChosen("later") if rest else ev.NextPressed(), ev.RatingSkipped())
    shown = screen_of(world.visit, 1, world.now).body
    assert isinstance(shown, FarewellBody)
    assert shown.papers == (titles[first],)


def test_the_attract_page_waits_for_the_wipe() -> None:
    world = World().at_rate().do(ev.RatingSkipped(), ev.TimerFired("farewell"))
    assert world.state is State.WIPING
    world.do(ev.Wiped())
    assert world.state is State.ATTRACT


def test_the_terminal_starts_by_recovering_and_says_when_it_is_not_whole() -> None:
    world = World()
    assert world.state is State.RECOVERING
    world.do(ev.Started(), ev.Recovered("journal_damaged"))
    assert world.state is State.OUT_OF_SERVICE
    world.do(ev.TimerFired("look_again"), ev.Recovered())
    assert world.state is State.ATTRACT


def test_every_delay_that_warns_gives_at_least_twenty_seconds() -> None:
    delays = Delays.load()
    assert delays.grace >= 20
    assert set(delays.quiet) >= BEFORE_COMMIT


def known_of(world: World) -> dict[str, object]:
    """What is known of a person, whoever it is."""
    visit, blank = world.visit, world.visit.of_nobody()
    return {name: getattr(visit, name) for name in visit.__slots__ if getattr(visit, name) != getattr(blank, name)}


@pytest.mark.parametrize("leave", [ev.CardGone(), ev.CardShown(person(number="140213199001010034"), PICTURE)])
def test_whoever_comes_to_a_page_that_was_left_finds_nothing_of_the_one_before(leave: ev.Event) -> None:
    world = World().at_form().answer_all()
    while world.state is not State.GUIDE:
        world.do(ev.BackPressed())
    assert world.visit.envelope.value("phone")
    world.do(leave)
    assert set(known_of(world)) <= {"document", "picture"}
    assert world.visit.envelope.fields == ()


@pytest.mark.parametrize("state", CARD, ids=names(CARD))
def test_while_the_card_is_missing_no_touch_goes_on_as_its_holder(state: State) -> None:
    world = REACH[state](World()).do(ev.CardGone())
    touches = (ev.BackPressed(), ev.NextPressed(), ev.Signed((((0.1, 0.1), (0.9, 0.9)),)), ev.OtherWayChosen("later"))
    world.do(*touches)
    assert world.state is state
    assert world.visit.card_missing


def test_a_card_taken_while_the_case_is_being_saved_is_asked_for_when_saving_failed() -> None:
    world = World().at_committing().do(ev.CardGone(), ev.CommitFailed("save_failed"))
    assert world.state is State.REVIEW
    assert screen_of(world.visit, 1, world.now).chrome.card_missing
    assert_nothing_is_left(world.do(ev.TimerFired("card_missing")), "card_gone")


def test_the_panel_for_a_missing_card_tells_the_time_of_the_card() -> None:
    world = World().at_form().do(ev.CardGone())
    chrome = screen_of(world.visit, 1, world.now).chrome
    assert chrome.expires_at == world.now.monotonic + world.visit.machine.delays.card_missing


def test_a_word_about_a_paper_whose_end_was_told_has_come_too_late() -> None:
    from tests.unit.visit_world import PRINTED, UNKNOWN

    world = World().at_outcome().do(ev.PaperEnded("licence", UNKNOWN), ev.PaperProgressed("licence", 0, 1))
    world.do(ev.PaperEnded("receipt", PRINTED))
    assert world.state is State.TROUBLE
