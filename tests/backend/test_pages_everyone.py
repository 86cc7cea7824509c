"""Every page of the backend in a real Chromium: usable by everybody, on a telephone and at a desk, by finger and by
keyboard, with large type, without a script, without colours, on paper.

Only with KIOSK_PEER_PAGES=1 (Chromium, axe-core; about ten minutes). KIOSK_PEER_PAGES_PICTURES=DIR: a picture of every
page at three sizes. WCAG 2.2 by its numbers where one is meant.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.life import Deed, Lack, State
from kiosk.domain.text import Text
from tests.backend.console_room import PASSWORD, state
from tests.backend.pages_browser import CHROMIUM, Hands, Windows, axe_source, shoot
from tests.backend.pages_list import BY_NAME, Faults
from tests.backend.pages_world import GUARANTEE, World, made_world, number_of, paper

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
AXE = axe_source() if os.environ.get("KIOSK_PEER_PAGES") else ""
pytestmark = [
    pytest.mark.skipif(not os.environ.get("KIOSK_PEER_PAGES"), reason="KIOSK_PEER_PAGES looks at every page"),
    pytest.mark.skipif(not CHROMIUM, reason="a browser is missing: apt-get install chromium"),
    pytest.mark.timeout(300),
]
SIZES = ((360, 640), (768, 1024), (1280, 800))
PHONE, DESK = SIZES[0], SIZES[2]
FINGER, POINTER = 44, 24  # CSS px: of what citizens touch (2.5.5), of what staff point at (2.5.8)
READABLE = 11.5  # px, of words in a chart
PAPER = 718  # CSS px that A4 leaves between its margins
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = made_world(tmp_path_factory.mktemp("pages"), serve=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def windows(world: World) -> Iterator[Windows]:
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield Windows(browser, world)
        browser.close()


def sized(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


# -- as it is seen ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_is_cut_off_or_too_small_at_any_size(windows: Windows, name: str) -> None:
    """1.4.4, 1.4.10, 2.5.8: telephone, tablet and desk, with letters as they are and twice as large."""
    one, found = BY_NAME[name], Faults()
    least = FINGER if one.public else POINTER
    for language in one.languages:
        with windows.open(one.who, language) as page:
            sized(page, PHONE)
            windows.show(page, one)
            for size in SIZES:
                sized(page, size)
                where = f"{language} {size[0]}"
                shoot(page, f"{name}-{language}-{size[0]}")
                found.add(where, page.evaluate("[...probe.wide(), ...probe.cut()]"))
                found.add(where, page.evaluate("least => probe.small(least)", least))
                found.add(where, page.evaluate("least => probe.fine(least)", READABLE))
                page.evaluate("probe.enlarge('200%')")
                found.add(f"{where} large", page.evaluate("[...probe.wide(), ...probe.cut()]"))
                page.evaluate("probe.enlarge('')")
            assert page.problems == []
    found.none()


@pytest.mark.parametrize("name", BY_NAME)
def test_axe_finds_no_serious_fault(windows: Windows, name: str) -> None:
    assert AXE, "axe-core is missing: pip install axe-playwright-python"
    one, found = BY_NAME[name], Faults()
    for language in one.languages:
        with windows.open(one.who, language) as page:
            sized(page, PHONE)
            windows.show(page, one)
            for size in (PHONE, DESK):
                sized(page, size)
                page.evaluate(AXE)
                told = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
                found.add(f"{language} {size[0]}", [
                    f"{each['impact']} {each['id']}: {node['target']} {node.get('failureSummary', '')[:160]}"
                    for each in told["violations"] for node in each["nodes"][:3] if each["impact"] in SERIOUS
                ])  # fmt: skip
    found.none()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_key_leads_on_and_one_sees_where(windows: Windows, name: str) -> None:
    """2.1.1, 2.1.2, 2.4.1, 2.4.3, 2.4.7, 2.4.11: Tab stops at everything once, in the order of the page."""
    one, found = BY_NAME[name], Faults()
    with windows.open(one.who, reduced_motion="reduce") as page:  # else it is still scrolling when it is looked at
        sized(page, PHONE if one.public else DESK)
        windows.show(page, one)
        many = page.evaluate("probe.begin()")
        places = []
        for step in range(many):
            page.keyboard.press("Tab")
            here = page.evaluate("probe.here()")
            places.append(here["place"])
            if here["place"] < 0:
                found.add(name, [f"after {step} keys the focus is nowhere, or where none is meant: {here.get('what')}"])
                break
            if not (here["seen"] and here["inside"]) or here["covered"]:
                found.add(name, [f"the focus is not seen on {here['what']} {here}"])
        if places != list(range(many)):
            found.add(name, [f"in another order than the page: {places}"])
        page.keyboard.press("Tab")
        if page.evaluate("probe.here()")["place"] == many - 1:
            found.add(name, ["no key leads out of the last one"])
        page.evaluate("probe.begin()")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        if page.evaluate("document.activeElement.id") != "content":
            found.add(name, ["the skip link does not lead to the content"])
    found.none()


@pytest.mark.parametrize("name", BY_NAME)
def test_without_colours_motion_or_screen_it_still_tells(windows: Windows, name: str) -> None:
    """Forced colours, a dark preference (not offered, so nothing changes), reduced motion, paper."""
    one, found = BY_NAME[name], Faults()
    with windows.open(one.who, reduced_motion="reduce") as page:
        sized(page, DESK)
        windows.show(page, one)
        found.add("motion", page.evaluate("probe.moving()"))
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        page.emulate_media(color_scheme="dark")
        found.add("dark", [] if page.evaluate(ground) == light else ["half of it turns dark"])
        page.emulate_media(color_scheme="dark", forced_colors="active")
        found.add("forced colours", page.evaluate("probe.chosen()"))
        found.add("forced colours", page.evaluate("probe.dark('svg.chart, .qr')"))
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        found.add("forced colours", [] if outline != "none" else ["the focus is not seen"])
        page.emulate_media(media="print", color_scheme="light", forced_colors="none")
        sized(page, (PAPER, 1000))
        found.add("paper", page.evaluate("[...probe.wide(), ...probe.cut()]"))
        found.add("paper", ["the bar is printed"] if page.locator("header.bar").is_visible() else [])
        shoot(page, f"{name}-paper")
    found.none()


# -- as it is done: by keyboard alone, with scripts and without ----------------------------------------


@pytest.mark.parametrize("scripts", [True, False])
def test_a_reviewer_needs_no_mouse(world: World, windows: Windows, scripts: bool) -> None:
    """From signing in to a decision of two: queue, case, checklist, sentence, decision; and its confirmation."""
    name = f"keys-{scripts}"
    case_id = world.case(name, 700 + scripts, **GUARANTEE)
    with windows.open("", scripts=scripts) as page:
        hands, one = Hands(page), world.staff["department"]
        page.goto("/console/")
        hands.type("#f-name", one.login)
        hands.type("#f-password", PASSWORD)
        hands.type("#f-code", one.code())
        hands.go("#f-code")
        hands.go(".tabs a[href*='desk=street']")
        hands.type("#f-number", world.room.server.backend.lives.known(case_id).life.case_no)
        hands.go("#f-number")
        hands.go("form[action$='/take'] button")
        hands.press("a[href='#deeds']")
        hands.press("details:has([value=approved]) > summary", "Space")
        for point in range(3):
            hands.press(f"#c-{point + 1}", "Space")
        hands.press("#p-approved-1", "Space")
        hands.type("#r-approved", "同意。")
        hands.go("form:has([value=approved]) button")
        page.get_by_text("等另一个人确认").first.wait_for()
        assert page.problems == []
    assert state(world.room, case_id) is State.RECEIVED, "one alone decides nothing here"
    with windows.open("second", scripts=scripts) as page:
        hands = Hands(page)
        page.goto(f"/console/cases/{case_id}")
        hands.go("form[action$='/take'] button", "Space")
        hands.go("form[action$='/confirm'] button")
    assert state(world.room, case_id) is State.APPROVED


@pytest.mark.parametrize("scripts", [True, False])
def test_a_citizen_needs_no_mouse(world: World, windows: Windows, tmp_path: Path, scripts: bool) -> None:
    """Progress, papers that were lacking with a file each, and one word more about a rating."""
    name, serial = f"citizen-{scripts}", 710 + scripts
    case_id = world.case(name, serial)
    world.rated(name)
    world.act(name, Deed.SUPPLEMENT_ASKED, reason=Text("请补。", "Please."), lacking=(
        Lack(Text("户口簿", "Register"), "household"), Lack(Text("银行卡", "Bank card"))))  # fmt: skip
    file = tmp_path / "paper.jpg"
    file.write_bytes(paper())
    with windows.open("", scripts=scripts, viewport={"width": PHONE[0], "height": PHONE[1]}) as page:
        hands = Hands(page)
        page.goto("/p/")
        hands.go("a[href='/p/progress']")
        hands.type("#f-number", world.room.server.backend.lives.known(case_id).life.case_no)
        hands.type("#f-ending", number_of(serial)[-6:])
        hands.go("#f-ending")
        hands.go("a[href='/p/case/supplement']")
        for field in ("#f-paper0", "#f-paper1"):
            hands.bring(field, file, scripts=scripts)
        hands.type("#f-note", "辛苦了")
        hands.press("#f-true", "Space")
        hands.go("main form[enctype] button")
        page.get_by_text("材料已经收下").wait_for()
        hands.go("a[href='/p/case/rating']")
        hands.press("input[name=level]", "Space")
        hands.page.keyboard.press("ArrowDown")
        hands.type("#f-said", "后来办好了")
        hands.go("form[action='/p/case/rating'] button")
        page.get_by_text("您的追评已经收下").wait_for()
        hands.go("form[action='/p/case/leave'] button")
        assert page.problems == []
    assert state(world.room, case_id) is State.RECEIVED
    assert world.room.server.backend.ratings.said_of(case_id)[-1].words == "后来办好了"


@pytest.mark.parametrize("scripts", [True, False])
def test_an_overseer_needs_no_mouse(world: World, windows: Windows, scripts: bool) -> None:
    """A bad rating called back; a suspicion judged; a sample put down; the report fetched."""
    name = f"oversight-{scripts}"
    case_id = world.case(name, 720 + scripts)
    world.rated(name)
    with windows.open("supervisor", scripts=scripts) as page:
        hands = Hands(page)
        page.goto(f"/console/ratings/{case_id}/1")
        hands.press("input[name=deed]", "Space")
        while not page.evaluate("document.activeElement.id === 'f-called'"):
            page.keyboard.press("ArrowDown")
        hands.to("#f-choice-called")
        page.keyboard.press("ArrowDown")
        hands.type("#f-words", "打过电话，问清楚了。")
        hands.go("form.card button")
        page.get_by_text("打过电话，问清楚了。").wait_for()
        page.goto("/console/oversight/samples")
        hands.to("main select[name=found]")
        page.keyboard.press("ArrowDown")
        hands.go("main select[name=found] ~ button")
        which = "{suspicion}" if scripts else "{other}"  # a verdict stays
        page.goto(world.path(f"/console/oversight/suspicions/{which}"))
        hands.press("input[name=verdict]", "Space")
        hands.go("form:has([name=verdict]) button")
        page.goto("/console/oversight?area=33")
        hands.to("a[href*='report.pdf']")
        with page.expect_download() as loading:
            page.keyboard.press("Enter")
        assert loading.value.suggested_filename == "report.pdf"
    assert world.room.server.backend.ratings.task(case_id, 1).stands.reached
