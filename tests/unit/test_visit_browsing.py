"""Looking for a matter: categories, words, and the way back to where it was found."""

from __future__ import annotations

from kiosk.visit import events as ev
from kiosk.visit.screen import HomeBody, SearchBody
from kiosk.visit.states import State
from kiosk.visit.view import FOUND_AT_ONCE, screen_of
from tests.unit.visit_world import BUSINESS, PENSION, PICTURE, World, person


def _search(world: World) -> SearchBody:
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, SearchBody)
    return body


def _home(world: World) -> HomeBody:
    body = screen_of(world.visit, 1, world.now).body
    assert isinstance(body, HomeBody)
    return body


def _found(world: World, typed: str) -> list[str]:
    return [card.service_id for card in _search(world.do(ev.SearchTyped(typed))).services]


def test_a_category_is_opened_closed_and_come_back_to() -> None:
    world = World().at_home().do(ev.CategoryChosen("business"))
    assert (world.state, _home(world).category) == (State.HOME, "business")
    world.do(ev.ServiceChosen(BUSINESS), ev.BackPressed())
    assert (world.state, _home(world).category) == (State.HOME, "business")
    assert _home(world.do(ev.BackPressed())).category == ""


def test_a_category_without_services_is_not_opened() -> None:
    assert _home(World().at_home().do(ev.CategoryChosen("no-such"))).category == ""


def test_words_find_a_matter_and_the_way_back_leads_to_them() -> None:
    world = World().at_home().do(ev.SearchPressed())
    assert _search(world).services == ()
    assert _found(world, "gtgsh")[0] == BUSINESS
    world.do(ev.ServiceChosen(BUSINESS))
    assert world.state is State.GUIDE
    world.do(ev.BackPressed())
    assert (world.state, _search(world).query) == (State.SEARCH, "gtgsh")
    world.do(ev.BackPressed())
    assert (world.state, world.visit.query) == (State.HOME, "")


def test_who_finds_nothing_sees_all_categories_and_the_help_line() -> None:
    world = World(help_phone="0352-12345").at_home().do(ev.SearchPressed())
    assert _found(world, "zzzz") == []
    body = _search(world)
    assert body.phone == "0352-12345"
    assert sum(count for _, count in body.categories) == len(world.visit.machine.packs)
    world.do(ev.CategoryChosen(body.categories[0][0]))
    assert (world.state, world.visit.query) == (State.HOME, "")


def test_no_more_than_a_page_of_results_is_shown_and_the_rest_is_counted() -> None:
    world = World().at_home().do(ev.SearchPressed(), ev.SearchTyped("d"))
    body = _search(world)
    assert len(body.services) == FOUND_AT_ONCE
    assert body.more > 0
    assert len(body.services) + body.more <= len(world.visit.machine.packs)


def test_what_was_typed_outlives_the_card_that_comes_and_not_the_one_that_goes() -> None:
    world = World().at_home().do(ev.SearchPressed(), ev.SearchTyped("yanglao"))
    world.do(ev.CardShown(person(), PICTURE))
    assert _search(world).query == "yanglao"
    world.do(ev.CardGone())
    assert (world.state, _search(world).query) == (State.SEARCH, "")
    world.do(ev.SearchTyped("yanglao"), ev.CardShown(person(), PICTURE))
    world.do(ev.CardShown(person(number="140213199001010018"), PICTURE))  # another person
    assert _search(world).query == ""


def test_a_matter_of_another_day_is_found_by_nobody() -> None:
    from dataclasses import replace

    from kiosk.services.model import Effective

    world = World()
    packs = dict(world.visit.machine.packs)
    packs[PENSION] = replace(packs[PENSION], effective=Effective("2027-01-01"))
    world = World(packs=packs).at_home().do(ev.SearchPressed())
    assert PENSION not in _found(world, "yanglao")


def test_an_answer_never_names_what_was_typed() -> None:
    event = ev.SearchTyped("wangyangli")
    world = World().at_home().do(ev.SearchPressed(), event)
    assert "wangyangli" not in f"{event} {world.visit} {_search(world)}"
