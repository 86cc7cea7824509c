"""The pages of supervision: for supervisors and operators, each in his area; forms of ours alone; plain charts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from kiosk.backend import Settings
from kiosk.backend.console.pages import routes as console_routes
from kiosk.backend.console.roles import Role
from kiosk.backend.oversight.pages import routes
from kiosk.backend.web.site import Site
from kiosk.domain.codes import id_check_digit
from tests.backend.conftest import AREA, NOON, Clock, Server
from tests.backend.console_room import Room, console_of
from tests.backend.html_basics import faults
from tests.backend.lives_room import PACK
from tests.backend.test_oversight_facts import PHONE, filled, season

HOME = "/console/oversight"
PAGES = ("", "/ranking", "/problems", "/samples", "/suspicions")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder, clock = tmp_path_factory.mktemp("oversight"), Clock()
    server = Server(Settings(f"sqlite:///{folder}/backend.db", str(folder / "blobs"), clock=clock))
    backend = server.backend
    console_of(backend)
    made = Room(server, clock, Site(backend, [*console_routes(backend), *routes(backend)]))
    terminal = made.terminal()
    terminal.push(*season(terminal))
    for number in range(20):  # one telephone and one address for twenty persons
        who, ended = f"1101011950010{number + 10}12", NOON - timedelta(days=number, minutes=7 * number)
        started = (ended - timedelta(minutes=5 + number % 3)).isoformat()
        fields = filled(who + id_check_digit(who), PHONE, "某街道某号")
        terminal.push(
            terminal.case(started_at=started, committed_at=ended.isoformat(), fields=fields, rung="final", **PACK)
        )
    backend.lives.open_waiting()
    yield made
    for browser in made.browsers:
        browser.client.close()
    server.stop()


def test_only_supervisors_and_operators_see_them(room: Room) -> None:
    for role in (Role.COMMUNITY, Role.STREET, Role.DEPARTMENT):
        browser = room.staff(role)
        assert {browser.get(HOME + path).status_code for path in PAGES} == {403}
    assert room.browser().get(HOME).url.path == "/console/sign-in"
    for role, language in ((Role.SUPERVISOR, "zh_CN"), (Role.OPERATOR, "en")):
        browser = room.staff(role)
        assert {browser.get(f"{HOME}{path}?lang={language}").status_code for path in PAGES} == {200}


def test_they_are_whole_without_a_script_and_without_a_style(room: Room) -> None:
    """As all pages are (test_pages_basics.py), in both languages."""
    browser = room.staff(Role.SUPERVISOR)
    (first, *_) = re.findall(HOME + r"(/suspicions/[0-9a-f]{16})", browser.get(f"{HOME}/suspicions").text)
    for path in (*PAGES, first):
        for language in ("zh_CN", "en"):
            assert faults(browser.get(f"{HOME}{path}?lang={language}").text, language) == [], path


def test_nobody_sees_beyond_his_area(room: Room) -> None:
    elsewhere = room.staff(Role.SUPERVISOR, "440305")
    assert elsewhere.get(f"{HOME}?area={AREA}").status_code == 403
    assert elsewhere.get(f"{HOME}/ranking?area=").status_code == 403
    assert elsewhere.get(f"{HOME}/suspicions").status_code == 200
    assert "/suspicions/" not in elsewhere.page.text
    here = room.staff(Role.SUPERVISOR)
    found = re.findall(HOME + r"/suspicions/([0-9a-f]{16})", here.get(f"{HOME}/suspicions").text)
    assert found
    assert elsewhere.get(f"{HOME}/suspicions/{found[0]}").status_code == 404
    elsewhere.get(f"{HOME}/samples")
    assert elsewhere.post(f"{HOME}/suspicions/{found[0]}/verdict", {"verdict": "honest"}).status_code == 404


def test_a_suspicion_shows_its_evidence_and_how_often_it_is_wrong(room: Room) -> None:
    browser = room.staff(Role.SUPERVISOR)
    text = browser.get(f"{HOME}/suspicions").text
    assert "20 个不同的人" in text
    assert "每报 100 次约有" in text
    assert PHONE not in text
    (id_,) = set(re.findall(HOME + r"/suspicions/([0-9a-f]{16})", text))
    text = browser.get(f"{HOME}/suspicions/{id_}").text
    assert "这一类检测器" in text
    assert text.count("/console/cases/") == 20, "what was seen of each case, and a way to it"
    assert PHONE not in text
    assert browser.post(f"{HOME}/suspicions/{id_}/verdict", {"verdict": "guilty"}).status_code == 400
    assert browser.post(f"{HOME}/suspicions/{id_}/verdict", {"verdict": "made_up", "csrf": "x"}).status_code == 403
    browser.get(f"{HOME}/suspicions/{id_}")
    assert browser.post(f"{HOME}/suspicions/{id_}/verdict", {"verdict": "made_up"}).url.path == f"{HOME}/suspicions"
    assert "认定不实 1" in browser.page.text
    assert "verdict" not in re.findall(r'name="(\w+)"', browser.get(f"{HOME}/suspicions/{id_}").text), "it stands"


def test_a_sample_is_drawn_looked_at_and_put_down(room: Room) -> None:
    room.clock.move(days=1)  # what came on a day is drawn when it is over
    browser = room.staff(Role.SUPERVISOR)
    text = browser.get(f"{HOME}/samples").text
    assert len(set(re.findall(r">([0-9a-f]{64})<", text))) == 31, "hashes of the coming days' seeds"
    text = browser.post(f"{HOME}/samples/draw", {}).text
    day, case_id = re.search(r'action="/console/oversight/samples/([0-9-]+)/([^"]+)"', text).groups()  # type: ignore[union-attr]
    assert (day, browser.post(f"{HOME}/samples/{day}/{case_id}", {"found": "flaw"}).status_code) == ("2026-06-01", 200)
    assert "真实，有瑕疵" in browser.page.text
    assert browser.post(f"{HOME}/samples/{day}/{case_id}", {"found": "in_order"}).status_code == 404


def test_charts_are_whole_and_bring_no_style_of_their_own(room: Room) -> None:
    browser = room.staff(Role.SUPERVISOR)
    for path in ("", "/ranking?level=terminal"):
        text = browser.get(HOME + path).text
        assert " style=" not in text
        assert "<style" not in text
        for picture in re.findall(r"<svg.*?</svg>", text, re.S):
            assert ElementTree.fromstring(picture).get("aria-label")
    assert "Marshall 1991" in text
    assert browser.get(f"{HOME}/ranking?level=person").status_code == 404


def test_the_report_is_a_file(room: Room) -> None:
    browser = room.staff(Role.SUPERVISOR)
    pdf = browser.get(f"{HOME}/report.pdf?area=330102")
    assert browser.get(f"{HOME}/report.pdf?area=33").status_code == 403, "beyond his area"
    assert browser.get(f"{HOME}/report.pdf?area={AREA}001001").status_code == 404, "no figures below a street"
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
