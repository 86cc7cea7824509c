"""What is promised at this moment: the hours of a service, and the start page's line about what still works."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest

from kiosk.domain.text import Text
from kiosk.domain.window import Window
from kiosk.services.check import check_document
from kiosk.services.document import read_document
from kiosk.services.loader import load_builtin
from kiosk.services.model import Ability, Verdict
from kiosk.visit import events as ev
from kiosk.visit.able import ability, notice
from kiosk.visit.screen import AttractBody, GuideBody, HomeBody, SearchBody
from kiosk.visit.states import State
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Machine
from tests.unit.visit_world import BUSINESS, CHINA, PENSION, World

DAY = Window(time(8, 30), time(17, 30))
NIGHT = Window(time(22), time(6))
GOOD = ("hours", "reader", "network")


def world(hour: int, minute: int = 0, *hours: Window, **machine: object) -> World:
    packs = load_builtin()
    packs[PENSION] = replace(packs[PENSION], hours=hours or (DAY,))
    able = {name: Ability(Verdict.CAN, GOOD, ()) for name in packs}
    made = World(**({"packs": packs, "abilities": able} | machine))
    made.now = replace(made.now, wall=datetime(2026, 11, 23, hour, minute, tzinfo=CHINA))
    return made


def body(made: World) -> Any:
    return screen_of(made.visit, 1, made.now).body


INSIDE, OUTSIDE = [(8, 30), (17, 29)], [(8, 29), (17, 30), (2, 0)]


@pytest.mark.parametrize(("hour", "minute"), OUTSIDE)
def test_outside_its_hours_a_service_is_promised_nowhere_and_its_hours_are_told(hour: int, minute: int) -> None:
    made = world(hour, minute).at_home()
    home = body(made)
    assert isinstance(home, HomeBody)
    card = next(each for each in home.services if each.service_id == PENSION)
    assert (card.verdict, card.hours) == ("cannot", "08:30-17:30")
    assert all(each.verdict == "can" and not each.hours for each in home.services if each.service_id != PENSION)
    made.do(ev.SearchPressed(), ev.SearchTyped("yanglao"))
    search = body(made)
    assert isinstance(search, SearchBody)
    assert next(each for each in search.services if each.service_id == PENSION).hours == "08:30-17:30"
    made.do(ev.ServiceChosen(PENSION))
    guide = body(made)
    assert isinstance(guide, GuideBody)
    assert guide.ability.verdict is Verdict.CANNOT
    assert guide.ability.lacking[0] == "hours"
    assert "hours" not in guide.ability.good
    assert guide.ability.hours == "08:30-17:30"
    assert made.do(ev.NextPressed()).state is State.GUIDE


@pytest.mark.parametrize(("hour", "minute"), INSIDE)
def test_within_its_hours_it_can_be_begun_and_is_not_said_to_be_open_day_and_night(hour: int, minute: int) -> None:
    made = world(hour, minute).at_home().do(ev.ServiceChosen(PENSION))
    assert body(made).ability == Ability(Verdict.CAN, ("hours_now", "reader", "network"), (), "08:30-17:30")
    assert made.do(ev.NextPressed()).state is State.IDENTIFY


def test_a_page_that_is_looked_at_when_the_hours_end_takes_no_touch_any_more() -> None:
    made = world(17, 29).at_home().do(ev.ServiceChosen(PENSION))
    made.now = replace(made.now, wall=made.now.wall.replace(minute=30))
    assert made.do(ev.NextPressed()).state is State.GUIDE


def test_who_has_begun_in_time_is_served_to_the_end() -> None:
    made = world(17, 29).at_identify(PENSION)
    made.now = replace(made.now, wall=made.now.wall.replace(hour=18))
    made.do(ev.CardShown(_holder(), b"picture"))
    assert made.state is State.CONSENT


def _holder() -> Any:
    from tests.unit.visit_world import person

    return person()


@pytest.mark.parametrize(("hour", "open_"), [(23, True), (5, True), (6, False), (21, False)])
def test_hours_may_pass_midnight(hour: int, open_: bool) -> None:
    made = world(hour, 0, NIGHT)
    found = ability(made.visit.machine, made.visit.machine.packs[PENSION], made.now)
    assert (found.verdict is Verdict.CAN) == open_


def test_of_a_bundle_every_item_has_to_be_open() -> None:
    made = world(9, 0, DAY, NIGHT)
    found = ability(made.visit.machine, made.visit.machine.packs[PENSION], made.now)
    assert (found.verdict, found.hours) == (Verdict.CANNOT, "08:30-17:30 / 22:00-06:00")


def test_a_terminal_that_closes_at_night_does_not_say_that_it_is_open_at_all_hours() -> None:
    made = world(9, 0, day_and_night=False)
    found = ability(made.visit.machine, made.visit.machine.packs[BUSINESS], made.now)
    assert found.good == ("reader", "network")


@pytest.mark.parametrize(("hours", "well"), [('"08:30-17:30"', True), ('"22:00-06:00"', True), ('"8:30-17:30"', False),
                                             ('"08:30-08:30"', False), ('"24:00-06:00"', False)])  # fmt: skip
def test_a_pack_says_its_hours_or_is_refused(tmp_path: Any, hours: str, well: bool) -> None:
    from importlib.resources import files

    text = (files("kiosk.services") / "builtin" / "pension_verification.yaml").read_text("utf-8")
    file = tmp_path / "pension_verification.yaml"
    file.write_text(f"{text}\nhours: {hours}\n", "utf-8")
    problems = check_document(read_document(file))
    assert (not problems) == well, problems
    if not well:
        assert any("hours" in str(problem) for problem in problems)


# -- the start page ------------------------------------------------------------------------------------


def told(made: World) -> tuple[str, int]:
    shown = body(made.do(ev.Recovered()))
    assert isinstance(shown, AttractBody)
    return shown.notice, shown.able


def test_when_all_is_well_nothing_is_said() -> None:
    assert told(World()) == ("", 0)
    assert told(World(abilities={})) == ("", 0), "and before anything was asked"


@pytest.mark.parametrize(
    ("machine", "verdict", "lacking", "key"),
    [
        ({"online": False}, Verdict.LIMITED, "network", "line"),
        ({"receipt_printer": False}, Verdict.RECEIPT_LATER, "receipt_printer", "receipt"),
        ({"page_printer": False}, Verdict.CERTIFICATE_LATER, "page_printer", "page"),
        ({"page_printer": False, "receipt_printer": False}, Verdict.CERTIFICATE_LATER, "receipt_printer", "paper"),
        ({"camera": False}, Verdict.CAN, "camera", "camera"),
    ],
)
def test_one_line_says_what_still_works(machine: Any, verdict: Verdict, lacking: str, key: str) -> None:
    packs = load_builtin()
    able = {name: Ability(verdict, (), (lacking,)) for name in packs}
    assert told(World(abilities=able, **machine)) == (key, len(packs))


def test_no_word_of_a_printer_that_nothing_here_needs() -> None:
    assert told(World(page_printer=False))[0] == "", "no service here prints on sheets"
    assert told(World(camera=False, face_check=False))[0] == "", "nobody's face is checked here"


@pytest.mark.parametrize("why", ["reader", "room", "clock", "enrolled", "numbers", "line", "document_camera_required"])
def test_where_nothing_can_be_begun_it_says_why_and_where_else(why: str) -> None:
    packs = load_builtin()
    able = {name: Ability(Verdict.CANNOT, (), ("receipt_printer", why)) for name in packs}
    made = World(abilities=able, nearest=Text("大厅", "Hall"), online=why != "line")
    assert told(made) == (f"none_{why}", 0)
    assert body(made).nearest == "大厅"
    assert body(World(abilities=able).do(ev.Recovered())).nearest == ""


def test_some_that_cannot_be_begun_are_counted() -> None:
    made = world(2)
    able = len(made.visit.machine.packs) - 1
    assert told(made) == ("some", able)
    assert body(made).lights[0].count == able


def test_only_what_is_offered_today_is_counted() -> None:
    machine = Machine(packs={}, delays=World().visit.machine.delays, abilities={"x": Ability(Verdict.CAN, (), ())})
    assert notice(machine, []).key == ""
