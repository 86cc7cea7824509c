"""Staff sign in by an issuer (OpenID Connect): there and back, what must hold of the answer, what is told if not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt

from kiosk.backend.console.accounts import NewStaff
from kiosk.backend.console.gate import COOKIE
from kiosk.backend.console.roles import Role
from kiosk.backend.oidc.config import Groups, Rule
from kiosk.backend.store.oidc_tables import staff_oidc
from kiosk.backend.store.staff_tables import staff
from tests.backend.conftest import AREA
from tests.backend.console_room import PASSWORD, Browser
from tests.backend.lives_room import rows
from tests.backend.oidc_room import WHERE, OidcRoom, a_key, oidc_room

STRONG = {"acr": ("gold",), "amr": ("otp", "hwk")}


@pytest.fixture(scope="module")
def whole_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcRoom]:
    with oidc_room(tmp_path_factory.mktemp("oidc")) as made:
        yield made


@pytest.fixture
def room(whole_room: OidcRoom) -> OidcRoom:
    """As it was at first; people stay."""
    twin = whole_room.twin
    twin.claims, twin.documents, twin.down, twin.token, twin.answer = {}, {}, "", None, None
    whole_room.configure()
    whole_room.clock.move(hours=2)  # what is kept of the provider's is old
    return whole_room


def person(room: OidcRoom, role: Role = Role.STREET, **more: Any) -> tuple[Browser, str]:
    """A browser, and the subject of somebody who has an account."""
    number = len(room.browsers)
    new = NewStaff(f"{role.value}-{number}", role, (AREA,), (), f"王{number}", "", f"U-{number}", WHERE)
    room.console.accounts.add(replace(new, **more))
    return room.browser(), f"U-{number}"


def told(page: Any) -> str:
    found = re.search(r'role="alert">([^<]+)<', page.text)
    return found[1] if found else ""


def word(room: OidcRoom, code: str) -> str:
    from kiosk.backend.console.console import WORDS

    return WORDS[f"oidc.{code}"].zh


def refused(room: OidcRoom, code: str, page: Any, browser: Browser) -> None:
    assert told(page) == word(room, code)
    assert COOKIE not in browser.client.cookies


def test_somebody_known_signs_in_and_out(room: OidcRoom) -> None:
    browser, subject = person(room)
    assert 'href="/console/oidc/start"' in browser.get("/console/sign-in").text
    page = room.come(browser, subject)
    assert page.headers["refresh"] == "0;url=/console/"  # a page of ours goes on, for the cookie is Strict
    kept = " ".join(page.headers.get_list("set-cookie"))
    assert re.search(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict; Secure", kept)
    assert browser.get("/console/").url.path == "/console/queue"
    assert "王" in browser.page.text
    assert browser.post("/console/sign-out", {}).url.path == "/console/sign-in"
    assert 'href="/console/oidc/out"' in browser.page.text
    away = browser.client.get("/console/oidc/out", follow_redirects=False).headers["location"]
    assert away.startswith(f"{WHERE}/end?client_id=kiosk+console&post_logout_redirect_uri=https%3A%2F%2Ftestserver%2F")
    assert "hint" not in away
    assert browser.get("/console/queue").url.path == "/console/sign-in"


def test_a_provider_that_ends_no_sessions_is_not_asked_to(room: OidcRoom) -> None:
    room.twin.documents = {"end_session_endpoint": None}
    assert told(room.browser().get("/console/oidc/out")) != ""


def test_nothing_of_it_stays_in_the_database(room: OidcRoom) -> None:
    browser, subject = person(room)
    address = room.begun(browser)
    kept = str(rows(room.server, staff_oidc))
    for value in re.findall(r"(?:state|nonce|code_challenge)=([\w-]+)", address):
        assert value not in kept
    assert browser.client.cookies["__Host-kiosk-oidc"] not in kept
    browser.get(room.twin.signed_in(address, subject))
    assert rows(room.server, staff_oidc) == []
    assert subject not in str(rows(room.server, staff))


def test_a_way_back_is_gone_once(room: OidcRoom) -> None:
    browser, subject = person(room)
    back = room.twin.signed_in(room.begun(browser), subject)
    assert "refresh" in browser.get(back).headers
    browser.client.cookies.delete(COOKIE)
    refused(room, "replayed", browser.get(back), browser)


@pytest.mark.parametrize("query", ["", "?state=", "?code=x&state=made-up", "?error=access_denied"])
def test_a_way_back_that_nobody_began(room: OidcRoom, query: str) -> None:
    browser = room.browser()
    refused(room, "replayed", browser.get("/console/oidc/back" + query), browser)


def test_a_way_back_that_took_too_long(room: OidcRoom) -> None:
    browser, subject = person(room)
    back = room.twin.signed_in(room.begun(browser), subject)
    room.clock.move(minutes=11)
    refused(room, "replayed", browser.get(back), browser)


def test_nobody_is_signed_in_to_somebody_elses_account(room: OidcRoom) -> None:
    """A link with an attacker's code and state, opened in another browser: with no way begun there, and with one."""
    attacker, subject = person(room)
    for begun in (False, True):
        victim = room.browser()
        if begun:
            room.begun(victim)
        back = room.twin.signed_in(room.begun(attacker), subject)
        refused(room, "other-browser", victim.get(back), victim)


@pytest.mark.parametrize(
    ("code", "claims"), [("wrong-issuer", {"iss": "https://sso.example/other"}), ("bad-token", {"nonce": "another"})]
)
def test_a_token_that_does_not_hold(room: OidcRoom, code: str, claims: dict[str, Any]) -> None:
    """All that must hold of one is in test_console_oidc_token.py."""
    browser, subject = person(room)
    room.twin.claims = claims
    refused(room, code, room.come(browser, subject), browser)


def test_keys_are_changed_and_looked_for_once_a_minute(room: OidcRoom) -> None:
    twin = room.twin
    browser, subject = person(room)
    assert "refresh" in room.come(browser, subject).headers
    before, twin.key = twin.key, a_key("two")
    twin.asked.clear()
    room.clock.move(seconds=61)
    assert "refresh" in room.come(browser, subject).headers
    assert [each for each in twin.asked if "keys" in each] == ["GET /office/keys"]
    twin.asked.clear()
    for kid in ("made-up", "another"):
        other = room.browser()
        twin.token = lambda claims, kid=kid: twin.sign(claims, kid=kid)  # type: ignore[misc]
        refused(room, "bad-token", room.come(other, subject), other)
    assert [each for each in twin.asked if "keys" in each] == []
    twin.token, room.clock.now = None, room.clock.now
    other = room.browser()
    twin.token = lambda claims: jwt.encode({"alg": "ES256", "kid": "one"}, claims, before, algorithms=["ES256"])
    refused(room, "bad-token", room.come(other, subject), other)  # the old key is none any more


@pytest.mark.parametrize("name", ["authorization_endpoint", "jwks_uri"])
def test_a_provider_whose_documents_name_what_is_no_address(room: OidcRoom, name: str) -> None:
    room.twin.documents[name] = "https://[sso.example/keys"
    browser = room.browser()
    refused(room, "provider-garbled", browser.client.get("/console/oidc/start"), browser)


@pytest.mark.parametrize(
    ("cause", "code"), [("refused", "provider-down"), ("deadline", "provider-down"), ("tls-date", "clock")]
)
def test_a_provider_that_is_down(room: OidcRoom, cause: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    browser, subject = person(room)
    room.twin.down = cause
    page = browser.client.get("/console/oidc/start")
    assert (told(page), page.status_code) == (word(room, code), 403 if code == "clock" else 503)
    room.twin.down = ""
    back = room.twin.signed_in(room.begun(browser), subject)
    room.twin.down = cause
    refused(room, code, browser.get(back), browser)
    said = capsys.readouterr().err
    assert f'"code": "{code}"' in said
    assert subject not in said
    assert "state=" not in said


@pytest.mark.parametrize(
    ("code", "change"),
    [("denied", {"error": "access_denied"}), ("provider-refused", {"error": "invalid_scope"}),
     ("wrong-issuer", {"iss": "https://sso.example/other"}), ("wrong-issuer", {"iss": ""}),
     ("provider-garbled", {"code": ""})],
)  # fmt: skip
def test_what_the_browser_may_be_sent_back_with(room: OidcRoom, code: str, change: dict[str, str]) -> None:
    from urllib.parse import parse_qsl, urlencode, urlsplit

    browser, subject = person(room)
    back = urlsplit(room.twin.signed_in(room.begun(browser), subject))
    said = {**dict(parse_qsl(back.query)), **change}
    refused(room, code, browser.get(f"{back.path}?{urlencode(said)}"), browser)


def test_nobody_gets_an_account_by_signing_in(room: OidcRoom) -> None:
    browser, subject = person(room)
    before = len(rows(room.server, staff))
    for other in ("stranger", subject.lower()):  # capitals tell two people from each other
        refused(room, "unknown", room.come(browser, other), browser)
    room.configure(issuer=WHERE)
    assert len(rows(room.server, staff)) == before


def test_a_locked_account_stays_locked(room: OidcRoom) -> None:
    browser, subject = person(room)
    accounts = room.console.accounts
    staff_id = next(each.staff.staff_id for each in accounts.everybody() if each.subject == subject)
    room.come(browser, subject)
    accounts.lock(staff_id)
    browser.client.cookies.delete(COOKIE)
    refused(room, "locked", room.come(browser, subject), browser)
    accounts.unlock(staff_id)
    assert "refresh" in room.come(browser, subject).headers


@pytest.mark.parametrize("right", [True, False])
def test_a_second_factor_is_demanded_of_the_provider(room: OidcRoom, right: bool) -> None:
    room.configure(second_factor="provider", **STRONG)
    room.twin.claims = {"acr": "gold", "amr": ["pwd", "otp"] if right else ["pwd"]}
    browser, subject = person(room)
    address = room.begun(browser)
    assert "acr_values=gold" in address
    page = browser.get(room.twin.signed_in(address, subject))
    if right:
        assert page.headers["refresh"] == "0;url=/console/"
    else:
        refused(room, "weak", page, browser)


def test_or_our_own_one_time_code_is_asked_for_behind_it(room: OidcRoom) -> None:
    room.configure(second_factor="own")
    browser, subject = person(room)
    assert room.come(browser, subject).headers["refresh"] == "0;url=/console/second-factor"
    assert browser.get("/console/queue").url.path == "/console/second-factor"
    browser.secret = re.search(r'class="code">([A-Z2-7 ]+)<', browser.page.text)[1].replace(" ", "")  # type: ignore[index]
    assert browser.post("/console/second-factor", {"code": browser.code()}).url.path == "/console/queue"
    browser.post("/console/sign-out", {})
    room.come(browser, subject)
    assert 'class="qr"' not in browser.get("/console/second-factor").text  # it is there: its code alone is asked for
    assert browser.post("/console/second-factor", {"code": "000000"}).status_code == 200
    assert browser.get("/console/queue").url.path == "/console/second-factor"
    assert browser.post("/console/second-factor", {"code": browser.code()}).url.path == "/console/queue"


def test_groups_make_accounts_where_the_file_says_so_and_are_followed(room: OidcRoom) -> None:
    rules = (Rule("a", "street", ("330102001",)), Rule("b", "department", ("330102",)))
    room.configure(groups=Groups("groups", "name", rules))
    browser = room.browser()
    for groups in ([], ["c"], ["a", "b"], "c", 7, [7]):
        room.twin.claims = {"groups": groups, "name": "李\u202e七"}
        refused(room, "no-role", room.come(browser, "new"), browser)
    room.twin.claims["groups"] = ["c", "a"]
    assert "refresh" in room.come(browser, "new").headers
    made = next(each for each in room.console.accounts.everybody() if each.subject == "new")
    assert (made.staff.name, made.staff.role, made.staff.areas) == ("李七", Role.STREET, ("330102001",))
    assert not made.password
    assert "330102001" not in browser.get("/console/").text
    room.twin.claims["groups"] = "b"
    other = room.browser()
    assert "refresh" in room.come(other, "new").headers
    again = room.console.accounts.account(made.staff.staff_id)
    assert again is not None
    assert (again.staff.role, again.staff.areas) == (Role.DEPARTMENT, ("330102",))
    assert browser.get("/console/queue").url.path == "/console/sign-in"  # with the old rights nobody goes on
    assert [row.what for row in room.console.accounts.deeds(made.staff.staff_id)] == ["change", "add"]
    room.twin.claims["groups"] = []
    third = room.browser()
    refused(room, "no-role", room.come(third, "new"), third)
    assert other.get("/console/queue").url.path == "/console/sign-in"
    mine, subject = person(room, Role.SUPERVISOR)  # made by the operator: groups change nothing
    room.twin.claims["groups"] = ["a"]
    room.come(mine, subject)
    assert "监督" in mine.get("/console/").text


def test_passwords_can_be_for_emergencies_alone(room: OidcRoom) -> None:
    accounts = room.console.accounts
    for login in ("emergency", "everybody"):
        accounts.add(NewStaff(login, Role.OPERATOR, (), (), login, PASSWORD))
    room.configure(break_glass=frozenset({"emergency"}))
    browser = room.browser()
    browser.login = "everybody"
    assert browser.sign_in(code="").status_code == 403
    assert "应急账号" in browser.page.text
    browser.login = "Emergency"
    assert browser.sign_in(code="").url.path == "/console/second-factor"


def test_only_so_many_wait_for_a_provider(room: OidcRoom) -> None:
    from kiosk.backend.oidc.provider import AT_ONCE

    provider = room.console.flow._provider  # type: ignore[union-attr]
    for _ in range(AT_ONCE):
        assert provider._turns.acquire(blocking=False)
    page = room.browser().client.get("/console/oidc/start")
    assert (page.status_code, page.headers["retry-after"], told(page)) == (503, "30", word(room, "busy"))
    for _ in range(AT_ONCE):
        provider._turns.release()
    assert room.begun(room.browser()).startswith(WHERE)
