"""Bad ratings in the console: seen in one's own area, done step by step, judged by a supervisor, hidden from others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kiosk.backend.console.roles import Role
from kiosk.backend.ratings.pages import routes
from kiosk.backend.web.site import Site
from tests.backend.conftest import AREA, Terminal
from tests.backend.console_room import Browser, Room, console_fixture, console_routes
from tests.backend.lives_room import case
from tests.backend.test_backend_ratings import rate

__all__ = ["console_fixture"]
STAFF = ((Role.STREET, AREA), (Role.STREET, "110101"), (Role.SUPERVISOR, AREA))


def rated(room: Room, terminal: Terminal, level: int = 1, *options: str) -> str:
    """The address of the task of a case that was rated so."""
    item = case(terminal)
    terminal.push(item, rate(terminal, item.id, level, *options))
    return f"/console/ratings/{item.id}/1"


def does(browser: Browser, path: str, deed: str, words: str = "说明", **choice: str) -> Any:
    browser.get(path)
    return browser.post(path, {"deed": deed, "words": words, **{f"choice-{deed}": each for each in choice.values()}})


def test_a_bad_rating_goes_its_way_through_the_console(room: Room) -> None:
    room.site = Site(room.server.backend, [*console_routes(room.server.backend), *routes(room.server.backend)])
    terminal = room.terminal()
    path = rated(room, terminal, 1, "109")
    street, elsewhere, supervisor = (room.staff(*who) for who in STAFF)
    assert path in street.get("/console/ratings").text
    assert path not in elsewhere.get("/console/ratings").text
    assert elsewhere.get(path).status_code == 404
    assert room.browser().get(path).url.path == "/console/sign-in"
    assert "需提供办事指南之外的申报材料" in street.get(path).text
    assert 'value="reviewed"' not in street.page.text, "only what the table allows now is offered"
    assert does(street, path, "called").status_code == 422, "what came of the call was not chosen"
    assert does(street, path, "called", choice="missed").status_code == 200
    assert does(street, path, "appealed", "是误评，附登记簿").status_code == 200
    assert does(street, path, "reviewed", choice="mistaken").status_code == 422
    assert 'value="reviewed"' in supervisor.get(path).text
    assert does(supervisor, path, "reviewed", choice="unfounded").status_code == 200
    assert does(street, path, "answered", "").status_code == 422
    assert does(street, path, "answered", "已核实，向您说明如下。").status_code == 200
    assert "没有要办的差评" in street.get("/console/ratings").text
    assert path in street.get("/console/ratings?tab=all").text
    stale = does(street, path, "answered", "再答一次")
    assert (stale.status_code, "已核实，向您说明如下。" in stale.text) == (422, True)


def test_a_list_is_read_on_page_by_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task once, in one order, however many there are; matters of others are not on it."""
    monkeypatch.setattr("kiosk.backend.ratings.pages.PAGE", 2)
    room.site = Site(room.server.backend, [*console_routes(room.server.backend), *routes(room.server.backend)])
    terminal = room.terminal("330102007")
    mine = {rated(room, terminal) for _ in range(5)}
    street, clerk = room.staff(Role.STREET, "330102007"), room.staff(Role.STREET, "330102007", services=("elder_card",))
    found: list[str] = []
    page = street.get("/console/ratings").text
    while True:
        found += re.findall(r'href="(/console/ratings/[^"?]+/1)"', page)
        more = re.search(r'class="button quiet" href="(\?tab=open[^"]+)"', page)
        if more is None:
            break
        page = street.get("/console/ratings" + more[1].replace("&amp;", "&")).text
    assert (len(found), set(found)) == (5, mine)
    assert "没有要办的差评" in clerk.get("/console/ratings").text
    assert street.get("/console/ratings?after=' OR 1").status_code == 200
