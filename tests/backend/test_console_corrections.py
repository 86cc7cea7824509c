"""A certificate that was issued is put right (更正) from the console: new version, old one told as replaced, why, by
whom, what the citizen sees; and nothing of it twice or without a reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from kiosk import wire
from kiosk.backend.console.roles import Role
from kiosk.backend.public.pages import routes as public_routes
from kiosk.backend.web.site import Site
from kiosk.domain import licence_id
from kiosk.domain.codes import credit_code
from kiosk.domain.life import Deed
from kiosk.seals.checking import check
from tests.backend.conftest import AREA, Terminal
from tests.backend.console_room import Browser, Room, act, arrived, console_fixture, console_routes, taken
from tests.backend.test_backend_certificates import Here, text_of
from tests.backend.test_backend_replay import PLACE, SHOP, YOUNG, decided, push

__all__ = ["console_fixture"]
REPLACED = "已有更正后的新版本"
RIGHT, WHY = "春风小店", "受理时把店名打错了一个字。"


@pytest.fixture(scope="module")
def terminal(room: Room) -> Terminal:
    backend = room.server.backend
    room.site = Site(backend, [*console_routes(backend), *public_routes(backend)])
    backend.certificates._documents = Here()  # type: ignore[assignment]  # drawn in this process: a child takes a second
    backend.seals.make(PLACE.registrar)
    return room.terminal()


@pytest.fixture
def licence(room: Room, terminal: Terminal) -> wire.CasePayload:
    """A business licence that a rule has granted."""
    case = decided(terminal.number(), "individual_business", YOUNG, SHOP, promised=True)
    case = replace(case, uscc=credit_code(AREA, terminal.reserve("uscc").first))
    assert push(terminal, case) == ["accepted"]
    room.server.backend.lives.open_waiting()
    return case


def correct(browser: Browser, case: wire.CasePayload, value: str, reason: str = WHY) -> Any:
    return act(browser, case.case_id, "corrected", correct="shop_name", value=value, reason=reason)


def mark_of(room: Room, pdf: bytes) -> str:
    """What the code on the paper holds."""
    return check(pdf, room.clock(), vouched=room.server.backend.seals.public()).mark


def checked(room: Room, mark: str) -> str:
    """What the citizens' page says of a paper with this code."""
    phone = room.browser()
    phone.get("/p/check")
    return str(phone.client.post("/p/check", data={"csrf": token(phone), "code": mark}, files=NO_FILE).text)


NO_FILE = [("none", ("", b""))]


def token(browser: Browser) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.page.text)
    assert found is not None
    return found[1]


def test_from_the_mistake_to_the_citizens_hand(room: Room, licence: wire.CasePayload) -> None:
    office = room.server.backend
    first = office.certificates.of(licence.case_id)
    assert "春风小铺" in text_of(first.pdf)
    department = room.staff(Role.DEPARTMENT)
    page = taken(department, licence.case_id)
    assert 'value="shop_name"' in page.text, "what the case has typed may be put right"
    room.clock.move(minutes=5)
    done = correct(department, licence, RIGHT)
    assert done.status_code == 200
    second = office.certificates.of(licence.case_id)
    assert (second.version, licence_id.parse(second.licence_id)) == (2, licence_id.parse(first.licence_id).corrected())
    assert RIGHT in text_of(second.pdf)
    assert "春风小铺" not in text_of(second.pdf)
    assert department.get(f"/console/cases/{licence.case_id}/certificate").content == second.pdf
    event = office.lives.known(licence.case_id).events[-1]
    assert (event.deed, event.reason.zh) == (Deed.CORRECTED, WHY)
    history = department.get(f"/console/cases/{licence.case_id}").text.partition('id="h-history"')[2]
    assert event.who
    assert all(word in history for word in ("更正", WHY, event.who))
    room.clock.move(minutes=1)
    assert REPLACED in checked(room, mark_of(room, first.pdf))
    assert REPLACED not in checked(room, mark_of(room, second.pdf))
    phone = room.browser()
    phone.get("/p/progress")
    number = next(each.value for each in licence.fields if each.key == "applicant.number")
    seen = phone.post("/p/progress", {"number": licence.case_no, "ending": number[-6:]})
    assert seen.url.path == "/p/case"
    assert "第 2 版" in seen.text
    assert WHY in seen.text


def test_a_correction_that_broke_off_is_finished_and_not_made_twice(room: Room, licence: wire.CasePayload) -> None:
    """Killed between the paper and the word: whoever does it again ends with one new version."""
    office = room.server.backend
    office.certificates.of(licence.case_id)
    office.certificates.correct(licence.case_id, {"shop_name": RIGHT}, "clerical-error")
    department = room.staff(Role.DEPARTMENT)
    taken(department, licence.case_id)
    assert correct(department, licence, RIGHT).status_code == 200
    assert office.certificates.of(licence.case_id).version == 2
    assert office.lives.known(licence.case_id).events[-1].deed is Deed.CORRECTED


def test_who_may_not_what_may_not_and_nothing_without_a_reason(
    room: Room, terminal: Terminal, licence: wire.CasePayload
) -> None:
    office, department = room.server.backend, room.staff(Role.DEPARTMENT)
    community = room.staff(Role.COMMUNITY)
    taken(community, licence.case_id)
    assert 'value="corrected"' not in community.page.text
    assert correct(community, licence, RIGHT).status_code == 409
    community.get(f"/console/cases/{licence.case_id}")
    community.post(f"/console/cases/{licence.case_id}/release", {})
    department.get(f"/console/cases/{licence.case_id}")
    assert correct(department, licence, RIGHT).status_code == 409, "it is not in this hand"
    taken(department, licence.case_id)
    for key in ("applicant.name", "licence_name", "no_such"):
        department.get(f"/console/cases/{licence.case_id}")
        assert act(department, licence.case_id, "corrected", correct=key, value="x", reason=WHY).status_code == 400
    department.get(f"/console/cases/{licence.case_id}")
    refused = correct(department, licence, RIGHT, reason="")
    assert (refused.status_code, "请写明理由" in refused.text) == (409, True)
    assert 'value="春风小店"' in refused.text, "what was typed is not lost"
    assert office.certificates.of(licence.case_id).version == 1
    waits = arrived(room, terminal)
    taken(department, waits)
    assert 'value="corrected"' not in department.page.text, "nothing was issued yet"
