"""The operator's pages of accounts, and that whatever an account may do less by them ends its sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from kiosk.backend import BackendError
from kiosk.backend.console.accounts import NewStaff
from kiosk.backend.console.people import Account
from kiosk.backend.console.roles import AccountDeed, Role
from kiosk.backend.store.account_tables import account_log
from kiosk.backend.store.staff_tables import staff
from tests.backend.conftest import AREA
from tests.backend.console_room import PASSWORD, Browser, Room, console_fixture, token_in  # noqa: F401
from tests.backend.lives_room import rows

OTHER = "ink paper seal and four words"
NEW = {"login": "", "name": "李七", "role": "street", "areas": "330102001, 330102002000", "services": ""}


@pytest.fixture(scope="module")
def operator(room: Room) -> Browser:
    """Of all tests: the one that lets days go by is the last."""
    return room.staff(Role.OPERATOR)


def account(room: Room, login: str) -> Account:
    return next(each for each in room.console.accounts.everybody() if each.login == login)


def page_of(room: Room, login: str) -> str:
    return f"/console/staff/{account(room, login).staff.staff_id}"


def do(room: Room, operator: Browser, login: str, deed: str, **fields: str) -> Any:
    operator.get(page_of(room, login))
    return operator.post(f"{page_of(room, login)}/{deed}", fields)


def shown_password(page: Any) -> str:
    found = re.search(r'<p class="code">([a-z0-9-]{19})</p>', page.text)
    assert found is not None, page.text
    return found[1]


def is_in(browser: Browser) -> bool:
    return browser.get("/console/queue").url.path == "/console/queue"


def test_a_first_password_is_shown_once_and_replaced_by_its_owner(room: Room, operator: Browser) -> None:
    operator.get("/console/staff/new")
    page = operator.post("/console/staff/new", {**NEW, "login": "li-qi"})
    password = shown_password(page)
    assert password not in operator.get(page_of(room, "li-qi")).text
    assert account(room, "li-qi").staff.areas == ("330102001", "330102002")
    browser = room.browser()
    browser.login = "li-qi"
    browser.sign_in(password, code="")
    browser.secret = re.search(r'class="code">([A-Z2-7 ]+)<', browser.page.text)[1].replace(" ", "")  # type: ignore[index]
    code = browser.code()
    wrong = (
        (OTHER, "another", "不一样"),
        ("short", "short", "至少 10"),
        ("li-qi, well", "li-qi, well", "不要有登录名"),
    )
    for chosen, again, said in wrong:
        browser.post("/console/second-factor", {"code": code, "password": chosen, "again": again})
        assert said in browser.page.text
    browser.post("/console/second-factor", {"code": code, "password": OTHER, "again": OTHER})
    assert browser.page.url.path == "/console/queue"
    assert not account(room, "li-qi").first
    browser.post("/console/sign-out", {})
    assert browser.sign_in(password).status_code == 403
    assert browser.sign_in(OTHER).url.path == "/console/queue"


def test_a_new_first_password_keeps_the_second_factor_and_asks_for_another(room: Room, operator: Browser) -> None:
    browser = room.staff(Role.STREET)
    password = shown_password(do(room, operator, browser.login, "password"))
    assert not is_in(browser)
    assert browser.sign_in().status_code == 403  # the old one
    browser.sign_in(password)
    assert browser.page.url.path == "/console/second-factor"
    assert 'class="qr"' not in browser.page.text
    assert 'name="code"' not in browser.page.text
    assert not is_in(browser)
    assert browser.post("/console/second-factor", {"password": OTHER, "again": OTHER}).url.path == "/console/queue"
    assert browser.sign_in(OTHER).url.path == "/console/queue"


def test_who_began_with_a_first_password_has_nothing_of_it_once_its_owner_is_in(room: Room, operator: Browser) -> None:
    operator.get("/console/staff/new")
    password = shown_password(operator.post("/console/staff/new", {**NEW, "login": "owner"}))
    thief, owner = room.browser(), room.browser()
    thief.login = owner.login = "owner"
    thief.sign_in(password, code="")
    owner.sign_in(password, code="")
    owner.secret = re.search(r'class="code">([A-Z2-7 ]+)<', owner.page.text)[1].replace(" ", "")  # type: ignore[index]
    owner.post("/console/second-factor", {"code": owner.code(), "password": OTHER, "again": OTHER})
    assert is_in(owner)
    assert thief.get("/console/second-factor").url.path == "/console/sign-in"


def test_who_began_before_sees_nothing_of_the_second_factor_that_its_owner_sets_up(room: Room) -> None:
    room.console.accounts.add(NewStaff("watched", Role.STREET, (AREA,), (), "", PASSWORD))
    thief, owner = room.browser(), room.browser()
    thief.login = owner.login = "watched"
    thief.sign_in(code="")
    owner.sign_in(code="")
    page = thief.get("/console/second-factor")
    assert page.url.path == "/console/sign-in"
    assert 'class="qr"' not in page.text
    assert 'class="qr"' in owner.page.text


def test_an_account_that_cannot_be_read_hides_no_other_one_and_can_be_locked(room: Room, operator: Browser) -> None:
    accounts = room.console.accounts
    one, other = (
        accounts.add(NewStaff(login, Role.STREET, (AREA,), (), name, PASSWORD))
        for login, name in (("damaged", "赵六"), ("whole", "钱八"))
    )
    of_one = staff.c.staff_id == one
    room.server.backend._store.write(lambda c: c.execute(update(staff).where(of_one).values(profile=b"damaged")))
    assert "钱八" in operator.get("/console/staff").text
    assert accounts.names([one, other]) == {one: "—", other: "钱八"}
    operator.get(f"/console/staff/{one}")
    assert operator.post(f"/console/staff/{one}/lock", {}).status_code == 200
    found = accounts.account(one)
    assert found is not None
    assert found.locked


@pytest.mark.parametrize("deed", ["lock", "sessions", "change"])
def test_every_deed_ends_the_sessions_and_is_recorded(room: Room, operator: Browser, deed: str) -> None:
    browser = room.staff(Role.STREET)
    assert is_in(browser)
    do(room, operator, browser.login, deed, role="department", areas="330102")
    assert not is_in(browser)
    one = account(room, browser.login)
    by = account(room, operator.login).staff.staff_id
    found = [row for row in rows(room.server, account_log) if row.staff_id == one.staff.staff_id]
    assert [(row.what, row.by_id) for row in found] == [("add", ""), (deed, by)]
    assert found[-1].role == ("department" if deed == "change" else "street")
    if deed == "lock":
        assert browser.sign_in().status_code == 403
        do(room, operator, browser.login, "unlock")
        assert browser.sign_in().url.path == "/console/queue"


def test_the_record_of_deeds_is_only_added_to(room: Room, operator: Browser) -> None:
    from sqlalchemy import delete
    from sqlalchemy.exc import DBAPIError

    room.staff(Role.STREET)
    with pytest.raises(DBAPIError, match="only added to"), room.server.backend._store.engine.begin() as connection:
        connection.execute(delete(account_log))


def test_what_is_typed_wrong_is_said_beside_the_form_and_kept_in_it(room: Room, operator: Browser) -> None:
    operator.get("/console/staff/new")
    for change, said in (
        ({"login": "x"}, "2 到 64"), ({"login": operator.login}, "已经有人用了"), ({"areas": ""}, "请填辖区代码"),
        ({"areas": "3x"}, "位数字"), ({"role": "king"}, "请选岗位"),
    ):  # fmt: skip
        page = operator.post("/console/staff/new", {**NEW, "login": "typed", **change})
        assert page.status_code == 409
        assert len(re.findall(f'class="error"[^>]*>[^<]*{said}', page.text)) == 1  # beside its field
        assert 'value="李七"' in page.text
    assert "typed" not in [each.login for each in room.console.accounts.everybody()]
    browser = room.staff(Role.STREET)
    assert "位数字" in do(room, operator, browser.login, "change", role="street", areas="1").text
    assert is_in(browser)  # nothing was done


def test_an_operator_does_nothing_to_the_own_account_but_end_its_sessions(room: Room) -> None:
    operator = room.staff(Role.OPERATOR)
    operator.get(page_of(room, operator.login))
    assert "另一位管理员" in operator.page.text
    token, one = token_in(operator.page.text), page_of(room, operator.login)
    for deed in AccountDeed:
        if deed not in (AccountDeed.SESSIONS, AccountDeed.ADD):
            assert operator.post(f"{one}/{deed.value}", {"csrf": token}).status_code == 403
    assert operator.post(f"{one}/sessions", {"csrf": token}).url.path == "/console/sign-in"


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.OPERATOR])
def test_nobody_else_comes_to_these_pages(room: Room, role: Role) -> None:
    other, browser = room.staff(Role.COMMUNITY), room.staff(role)
    one = page_of(room, other.login)
    assert [browser.client.get(path).status_code for path in ("/console/staff", "/console/staff/new", one)] == [403] * 3
    token = token_in(browser.page.text)
    for path in ("/console/staff/new", f"{one}/lock"):  # all deeds are one address
        assert browser.post(path, {**NEW, "login": "theirs", "csrf": token}).status_code == 403
    assert is_in(other)


@pytest.mark.parametrize("path", ["/nobody", "/nobody/lock", "/{one}/add", "/{one}/dance"])
def test_what_there_is_not(room: Room, operator: Browser, path: str) -> None:
    one = account(room, operator.login).staff.staff_id
    operator.get("/console/staff/new")  # for the token of its form
    method: Callable[..., Any] = operator.get if path == "/nobody" else lambda url: operator.post(url, {})
    assert method("/console/staff" + path.format(one=one)).status_code == 404


def test_a_subject_is_of_one_account_and_without_an_issuer_of_none(room: Room) -> None:
    accounts = room.console.accounts
    first = accounts.add(NewStaff("outside-1", Role.STREET, (AREA,), (), "", "", "u-1", "https://sso.example"))
    with pytest.raises(BackendError, match="subject-taken"):
        accounts.add(NewStaff("outside-2", Role.STREET, (AREA,), (), "", "", "u-1", "https://sso.example"))
    accounts.add(NewStaff("outside-3", Role.STREET, (AREA,), (), "", "", "u-1", "https://other.example"))
    with pytest.raises(BackendError, match="no-issuer"):
        accounts.add(NewStaff("outside-4", Role.STREET, (AREA,), subject="u-4"))
    with pytest.raises(BackendError, match="no-way-in"):
        accounts.bind(first, "", "")
    accounts.set_password(first, PASSWORD)
    accounts.bind(first, "", "")
    accounts.add(NewStaff("outside-5", Role.STREET, (AREA,), (), "", "", "u-1", "https://sso.example"))


def test_a_first_password_runs_out(room: Room, operator: Browser) -> None:
    operator.get("/console/staff/new")
    password = shown_password(operator.post("/console/staff/new", {**NEW, "login": "late"}))
    browser = room.browser()
    browser.login = "late"
    room.clock.move(hours=72)
    assert browser.sign_in(password, code="").status_code == 403
