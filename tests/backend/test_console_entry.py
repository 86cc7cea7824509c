"""The operator's page of maintenance codes: what it makes opens that terminal; nobody else sees it."""

from __future__ import annotations

import re

import pytest

from kiosk import suites, wire
from kiosk.access.challenge import Shown, code_for
from kiosk.access.roles import Role as EntryRole
from kiosk.backend.console.roles import Role
from kiosk.backend.store.entry_tables import entry_codes
from tests.backend.console_room import Browser, Room, console_fixture  # noqa: F401
from tests.backend.lives_room import rows

SECRET = b"s" * 32


@pytest.fixture(scope="module")
def operator(room: Room) -> Browser:
    return room.staff(Role.OPERATOR)


@pytest.fixture(scope="module")
def terminal_id(room: Room) -> str:
    terminal = room.terminal()
    assert terminal.enrolment is not None
    key = wire.unb64(terminal.enrolment.sealing_key)
    sealed = suites.of_key(key).seal(SECRET, key, wire.entry_secret_info(terminal.id))
    assert terminal.send("POST", "/v1/entry-secret", wire.EntrySecretTold(wire.b64(sealed))).status == 200
    return terminal.id


def asked(terminal_id: str, **change: str) -> dict[str, str]:
    return {"terminal": terminal_id, "hour": "2026-06-01 20", "challenge": "123 456", "role": "technician",
            "staff": "0417", **change}  # fmt: skip


def test_the_code_on_the_answer_is_the_one_that_the_terminal_takes_and_it_stands_who_made_it(
    room: Room, operator: Browser, terminal_id: str
) -> None:
    operator.get("/console/entry")
    page = operator.post("/console/entry", asked(terminal_id))
    found = re.search(r'<p class="code">([0-9 ]+)</p>', page.text)
    assert found is not None, page.text
    code = code_for(SECRET, Shown(terminal_id, "2026-06-01 20", "123456"), EntryRole.TECHNICIAN, "0417")
    assert found[1].replace(" ", "") == code
    by = next(each.staff for each in room.console.accounts.everybody() if each.login == operator.login)
    (row,) = room.server.backend.entry_codes.issued(terminal_id)
    assert (row["by"], row["role"], row["staff"]) == (by.name, "technician", "0417")
    assert found[1] not in operator.get("/console/entry").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"terminal": "330102-NONE22"}, "没有这台终端"), ({"hour": "14"}, "2026-11-27 14 这样"),
        ({"challenge": "12345"}, "六位数字"), ({"staff": "x"}, "2 到 6 位"), ({"role": "operator"}, "请选一项"),
    ],
)  # fmt: skip
def test_what_is_typed_wrong_is_said_and_kept_and_nothing_is_issued(
    room: Room, operator: Browser, terminal_id: str, change: dict[str, str], said: str
) -> None:
    before = len(room.server.backend.entry_codes.issued(terminal_id))
    operator.get("/console/entry")
    page = operator.post("/console/entry", asked(terminal_id, **change))
    assert (page.status_code, said in page.text, 'class="code"' in page.text) == (409, True, False)
    assert 'value="0417"' in page.text or "staff" in change
    assert len(room.server.backend.entry_codes.issued(terminal_id)) == before


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_it_is_the_operators_page_alone(room: Room, terminal_id: str, role: Role) -> None:
    browser = room.staff(role)
    assert "/console/entry" not in browser.get("/console/").text
    assert browser.get("/console/entry").status_code == 403
    browser.get("/console/")  # a page of theirs, whose token is good
    assert browser.post("/console/entry", asked(terminal_id)).status_code == 403


def test_without_a_session_or_a_token_nothing_is_made(room: Room, operator: Browser, terminal_id: str) -> None:
    before = len(room.server.backend.entry_codes.issued(terminal_id))
    assert room.browser().get("/console/entry").url.path == "/console/sign-in"
    operator.get("/console/entry")
    assert operator.post("/console/entry", {**asked(terminal_id), "csrf": "x"}).status_code == 403
    assert len(room.server.backend.entry_codes.issued(terminal_id)) == before
    assert rows(room.server, entry_codes)
