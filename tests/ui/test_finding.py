"""Many services: by category, among the first, by name. Two touches reach each, whatever language, type or screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from kiosk.visit import events as ev
from kiosk.visit.screen import HomeBody
from ui.samples import samples, snapshot
from ui.viewmodels.home import OFTEN
from ui.words import word

LANGUAGES, SIZES = ("zh_CN", "en"), (False, True)


def _pages(language: Any) -> dict[str, Any]:
    return {one.name: one for one in samples(language)}


def _targets(stage: Any, prefix: str) -> list[str]:
    """What can be touched, scrolled out of sight or not."""
    return [item.objectName().removeprefix(prefix) for item in stage.targets() if item.objectName().startswith(prefix)]


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_two_touches_reach_every_service(request: Any, orientation: str) -> None:
    stage = request.getfixturevalue("stage" if orientation == "portrait" else "wide_stage")
    for language, elder in product(LANGUAGES, SIZES):
        page = _pages(language)["home-lots"]
        body: HomeBody = page.body
        stage.show(page, language, elder)
        first = _targets(stage, "home-service-")
        able = [card.service_id for card in body.services if card.verdict != "cannot"]
        assert sorted(first) == sorted(able[: len(first)])  # in the order of the profile, none that cannot be done
        assert len(first) == (OFTEN if elder or orientation == "portrait" else 3)
        assert Counter(_targets(stage, "home-category-")) == Counter({card.category for card in body.services})
        reached = set(first)
        for category in dict.fromkeys(card.category for card in body.services):
            stage.show(replace(page, body=replace(body, category=category)), language, elder)
            reached |= set(_targets(stage, "home-service-"))
            assert not _targets(stage, "home-category-")
        assert reached == {card.service_id for card in body.services}


def test_each_touch_says_what_it_means(stage: Any) -> None:
    pages = _pages("zh_CN")
    cases = [
        ("home-lots", "home-category-business", ev.CategoryChosen("business")),
        ("home-lots", "home-search", ev.SearchPressed()),
        ("home-lots", "home-service-service-0", ev.ServiceChosen("service-0")),
        ("home-lots", "home-cases", ev.CasesPressed()),
        ("home-category", "home-service-service-1", ev.ServiceChosen("service-1")),
        ("home-category", "nav-back", ev.BackPressed()),
        ("search-found", "search-service-service-1", ev.ServiceChosen("service-1")),
        ("search-nothing", "search-category-business", ev.CategoryChosen("business")),
        ("search", "nav-back", ev.BackPressed()),
        ("search", "nav-quit", ev.QuitPressed()),
        ("search", "chrome-help", ev.HelpPressed()),
    ]
    for page, name, event in cases:
        stage.show(pages["recovering"])
        stage.show(pages[page])
        assert stage.tap(name) == [event], (page, name)


def test_what_waits_for_the_citizen_stands_above_all(stage: Any) -> None:
    for elder in SIZES:
        stage.show(_pages("zh_CN")["home-lots-greeting"], elder=elder)
        places = [stage.box(stage.named(name)).top() for name in ("home-waiting", "home-resume")]
        others = [
            item for item in stage.targets() if item.objectName().startswith(("home-service", "home-cat", "home-s"))
        ]
        assert places == sorted(places)
        assert all(stage.box(item).top() > places[-1] for item in others)


def test_large_type_begins_with_four_and_the_first_are_in_sight(stage: Any, wide_stage: Any) -> None:
    for window in (stage, wide_stage):
        window.show(_pages("zh_CN")["home-lots"], elder=True)
        tops = [window.box(item).top() for item in window.targets() if item.objectName().startswith("home-service-")]
        assert len(tops) == 4
        assert max(tops) < window.view.height() - 400
        assert max(tops) < window.box(window.named("home-search")).top()


def test_cards_of_one_row_are_equally_high_when_the_list_changes(stage: Any) -> None:
    page = _pages("en")["home-lots"]
    for count in (16, 8, 12, 16):
        stage.show(replace(page, body=replace(page.body, services=page.body.services[:count])), "en")
        rows: dict[float, set[float]] = {}
        for item in stage.targets():
            if item.objectName().startswith("home-category-"):
                box = stage.box(item)
                rows.setdefault(box.top(), set()).add(box.height())
        assert rows
        assert all(len(heights) == 1 and min(heights) >= 104 for heights in rows.values())


def test_every_key_asks_and_a_late_answer_takes_nothing_back(stage: Any) -> None:
    page = _pages("zh_CN")["search"]
    stage.show(page)
    assert [stage.tap(f"key-{letter}") for letter in "yl"] == [[ev.SearchTyped("y")], [ev.SearchTyped("yl")]]
    stage.show(replace(page, body=replace(page.body, query="y")))  # the answer to the first key
    assert stage.tap("key-r") == [ev.SearchTyped("ylr")]
    assert stage.tap("key-delete") == [ev.SearchTyped("yl")]
    (event,) = stage.tap("candidate-0")
    assert event.text
    assert not event.text.isascii()
    assert stage.named("form-text").property("text") == event.text


def test_a_search_that_was_found_goes_on_after_the_guide(stage: Any) -> None:
    pages = _pages("zh_CN")
    stage.show(pages["search-found"])
    stage.show(pages["guide"])
    stage.show(pages["search-found"])
    assert stage.named("form-text").property("text") == "gtgsh"
    assert stage.tap("key-delete") == [ev.SearchTyped("gtgs")]


def test_a_long_list_comes_in_parts_and_whole(stage: Any) -> None:
    page = _pages("zh_CN")["home-lots"]
    cards = [replace(page.body.services[1], service_id=f"made-{number}") for number in range(60)]
    listed = stage.bridge.model("home").services
    stage.show(page)
    stage.bridge._show(snapshot(replace(page, body=replace(page.body, services=tuple(cards), category="business"))))
    assert 0 < len(listed.rows) < 12
    stage.until(lambda: len(listed.rows) == 60)
    assert [row["serviceId"] for row in listed.rows] == [card.service_id for card in cards]
    stage.show(page)
    stage.settle()
    assert listed.rows == ()


def test_who_finds_nothing_is_told_whom_to_ask(stage: Any) -> None:
    for language in LANGUAGES:
        pages = _pages(language)
        for name, key, values in (("search-nothing", "call", ("0352-5550000",)), ("search-nobody", "ask", ())):
            stage.show(pages[name], language)
            texts = [item.property("text") for item in stage.items() if item.inherits("QQuickText")]
            assert word(language, "search.none") in texts
            assert word(language, f"search.{key}", values) in texts


def test_what_was_typed_is_gone_with_the_page_and_with_the_card(stage: Any) -> None:
    pages = _pages("zh_CN")
    stage.show(pages["search"])
    for letter in "yanglao":
        stage.tap(f"key-{letter}")
    stage.show(replace(pages["search"], body=replace(pages["search"].body, query="yanglao")))
    model = stage.bridge.model("search")
    assert model.input.typed == "yanglao"
    stage.show(pages["search"])  # whoever took the card away took the words along
    assert model.input.typed == ""
    stage.tap("key-y")
    stage.show(pages["wiping"])
    assert model.input.typed == ""
    assert model.services.rows == ()
