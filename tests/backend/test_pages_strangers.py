"""Every address of the console against a stranger: another area's staff, and no deed by following a link.

The addresses are taken from the application itself: one that is added later is tried with the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kiosk.backend.console.roles import Role
from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.store import oversight_found as found
from kiosk.backend.web.site import Site
from kiosk.backend.web.turn import Page
from tests.backend.conftest import NOON
from tests.backend.console_room import Room, arrived, console_fixture, token_in
from tests.backend.test_backend_ratings import rate
from tests.backend.test_console_cases import PNG

__all__ = ["console_fixture"]
OWN = "330102001002"


@pytest.fixture(scope="module")
def whole(room: Room) -> Iterator[Room]:
    """The same backend with the pages of every room."""
    made = Room(room.server, room.clock, Site(room.server.backend))
    yield made
    for browser in made.browsers:
        browser.client.__exit__(None, None, None)


def console_pages(room: Room) -> list[Page]:
    return [each for each in room.site._router.routes if isinstance(each, Page) and each.path.startswith("/console/")]


SUSPICION = {
    "id": "f" * 16, "kind": "copied", "terminal_id": "", "area_code": OWN, "first_at": NOON.isoformat(),
    "last_at": NOON.isoformat(), "cases": 8, "tries": 8, "expected": 0.1, "chance": 1e-9,
    "more": '{"persons": 8, "terminals": 1, "usual_fall": 0.3}', "case_ids": "[]", "found_at": NOON.isoformat(),
    "verdict": "", "verdict_by": "", "verdict_at": "",
}  # fmt: skip


SENT = {"deed": "approved", "seen": "1", "found": "flaw", "verdict": "honest"}


@pytest.fixture(scope="module")
def addresses(whole: Room) -> dict[str, Page]:
    """Each address of one thing of this area, filled in: a case with a page, rated, suspected, drawn in a sample."""
    terminal = whole.terminal(OWN)
    case_id = arrived(whole, terminal, ("register", PNG, "image/png"))
    terminal.push(rate(terminal, case_id, 1))
    day = NOON.date().isoformat()
    whole.clock.move(days=1)
    oversight = Oversight.of(whole.server.backend)
    assert [row.case_id for row in oversight.draw(day)] == [case_id]
    whole.server.backend._store.write(lambda connection: found.keep_suspicions(connection, [SUSPICION]))
    parts = {"{case_id}": case_id, "{case}": case_id, "{day}": day, "{id}": SUSPICION["id"], "{number:int}": "1",
             "{number}": "1"}  # fmt: skip
    made = {}
    for page in console_pages(whole):
        path = page.path
        for name, value in parts.items():
            path = path.replace(name, str(value))
        path = re.sub(r"\{\w+\}", "none", path)
        if path != page.path and "/static/" not in path:
            made[path + (" GET" if "GET" in (page.methods or ()) else " POST")] = page
    assert len(made) >= 14
    return made


@pytest.mark.parametrize("role", [Role.COMMUNITY, Role.SUPERVISOR])
def test_a_guessed_address_of_another_area_is_as_if_there_were_nothing(
    whole: Room, addresses: dict[str, Page], role: Role
) -> None:
    own, stranger, narrow = (
        whole.staff(role, "330102"), whole.staff(role, "340102"), whole.staff(role, "330102", services=("none",)),
    )  # fmt: skip
    tokens = {id(browser): token_in(browser.get("/console/queue").text) for browser in (stranger, narrow)}
    seen = 0
    for address, page in addresses.items():
        path, method = address.split(" ")
        for browser, answers in ((stranger, {403, 404}), (narrow, {403, 404}), (own, set[int]())):
            if browser is narrow and "/oversight/" in path:
                continue  # supervision is by area
            if method == "GET":
                status = browser.client.get(path, follow_redirects=False).status_code
                seen += browser is own and status == 200
            elif browser is not own:
                sent = {"csrf": tokens[id(browser)], **SENT}
                status = browser.client.post(path, data=sent, follow_redirects=False).status_code
            assert not answers or status in answers, (address, page.methods)
    if role is Role.COMMUNITY:  # not for want of a form's token
        (take,) = (address.split(" ")[0] for address in addresses if "/take " in address)
        found = {}
        for browser in (own, stranger, narrow):
            sent = {"csrf": token_in(browser.get("/console/queue").text)}
            found[browser.login] = browser.client.post(take, data=sent, follow_redirects=False).status_code
        assert list(found.values()) == [303, 404, 404]
    assert seen >= 3, "of its own area it is shown, or nothing was tried here"


def test_no_deed_is_done_by_following_a_link(whole: Room, addresses: dict[str, Page]) -> None:
    own = whole.staff(Role.COMMUNITY, "330102")
    refused = [
        own.client.get(address.removesuffix(" POST"), follow_redirects=False).status_code
        for address in addresses if address.endswith(" POST")
    ]  # fmt: skip
    assert len(refused) >= 8
    assert set(refused) == {405}


def test_no_page_with_somebody_on_it_is_kept_by_a_browser_or_told_to_the_next_site(
    whole: Room, addresses: dict[str, Page]
) -> None:
    own = whole.staff(Role.SUPERVISOR, "330102")
    for address in addresses:
        path = address.split(" ")[0]
        headers = own.client.get(path, follow_redirects=False).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["x-content-type-options"] == "nosniff", path


def test_what_was_found_elsewhere_is_counted_for_nobody_here(whole: Room, addresses: dict[str, Page]) -> None:
    own, stranger = whole.staff(Role.SUPERVISOR, "330102"), whole.staff(Role.SUPERVISOR, "340102")
    sample = next(each.split(" ")[0] for each in addresses if "/samples/2" in each)
    verdict = next(each.split(" ")[0] for each in addresses if each.endswith("/verdict POST"))
    own.get("/console/oversight/samples")
    assert "已核查 1 件" in own.post(sample, SENT).text
    assert "属实 1" in own.post(verdict, SENT).text
    assert "已核查" not in stranger.get("/console/oversight/samples").text
    assert "属实 0" in stranger.get("/console/oversight/suspicions").text
