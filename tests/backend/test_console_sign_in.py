"""Signing in to the console: password and one-time code, sessions that end, lock-out, forms of our own alone."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kiosk.backend import BackendError, create_app
from kiosk.backend.console.accounts import NewStaff
from kiosk.backend.console.gate import COOKIE
from kiosk.backend.console.roles import Role
from kiosk.backend.store.staff_tables import staff, staff_sessions
from kiosk.backend.web import tokens
from kiosk.cli import main
from tests.backend.conftest import AREA
from tests.backend.console_room import PASSWORD, Room, console_fixture, token_in  # noqa: F401
from tests.backend.lives_room import rows


def test_the_first_sign_in_sets_up_the_second_factor_and_later_ones_need_it(room: Room) -> None:
    browser = room.newcomer(Role.COMMUNITY)
    assert browser.page.url.path == "/console/queue"
    browser.post("/console/sign-out", {})
    assert browser.get("/console/queue").url.path == "/console/sign-in"
    assert browser.sign_in(code="").status_code == 403
    assert browser.sign_in(code="000000").status_code == 403
    assert browser.sign_in(password="something else").status_code == 403
    assert browser.sign_in().url.path == "/console/queue"


def test_a_one_time_code_is_good_once(room: Room) -> None:
    browser = room.newcomer(Role.COMMUNITY)
    code = browser.code()
    assert browser.sign_in(code=code).url.path == "/console/queue"
    again = room.browser()
    again.login = browser.login
    assert again.sign_in(code=code).status_code == 403


def test_before_the_second_factor_there_is_nothing_to_see(room: Room) -> None:
    room.console.accounts.add(NewStaff("anna", Role.STREET, (AREA,), password=PASSWORD))
    browser = room.browser()
    browser.login = "anna"
    browser.sign_in(code="")
    for path in ("/console/queue", "/console/staff", "/console/cases/x"):
        assert browser.get(path).url.path == "/console/second-factor"
    first = browser.page.text
    browser.sign_in(code="")
    other = browser.page.text
    secrets = [re.search(r'class="code">([A-Z2-7 ]+)<', text)[1] for text in (first, other)]  # type: ignore[index]
    assert secrets[0] != secrets[1]  # whoever began before knows the last one


def test_wrong_tries_lock_a_name_whether_anybody_has_it_or_not(room: Room) -> None:
    browser = room.newcomer(Role.COMMUNITY)
    browser.post("/console/sign-out", {})
    told = {}
    for login in (browser.login, "nobody"):
        other = room.browser()
        other.login = login
        told[login] = [other.sign_in(password="wrong wrong", code="123456").text for _ in range(6)]
        told[login] = [re.findall(r'role="alert">([^<]+)<', text) for text in told[login]]
    assert told[browser.login] == told["nobody"]
    assert told["nobody"][4] != told["nobody"][5]
    assert browser.sign_in().status_code == 403  # with all that is right
    room.clock.move(seconds=61)
    assert browser.sign_in().url.path == "/console/queue"


def test_tries_of_one_address_are_few(room: Room) -> None:
    browser = room.browser()
    browser.get("/console/sign-in")
    found = [browser.client.post("/console/sign-in", data={
        "csrf": token_in(browser.page.text), "name": f"n{number}", "password": "x", "code": ""}).status_code
        for number in range(22)]  # fmt: skip
    assert found[:20] == [403] * 20
    assert found[21] == 429


def test_a_session_ends_idle_and_in_the_end(room: Room) -> None:
    browser = room.staff(Role.COMMUNITY)
    for _ in range(20):  # nine hours and forty minutes
        room.clock.move(minutes=29)
        assert browser.get("/console/queue").url.path == "/console/queue"
    room.clock.move(minutes=29)
    assert browser.get("/console/queue").url.path == "/console/sign-in"  # after ten hours
    browser.sign_in()
    room.clock.move(minutes=31)
    assert browser.get("/console/queue").url.path == "/console/sign-in"


def test_an_account_that_ended_ends_its_sessions(room: Room) -> None:
    browser = room.staff(Role.COMMUNITY)
    room.console.accounts.end(browser.login)
    assert browser.get("/console/queue").url.path == "/console/sign-in"
    assert browser.sign_in().status_code == 403


def test_a_reset_second_factor_is_set_up_anew_with_another_secret(room: Room) -> None:
    browser = room.newcomer(Role.COMMUNITY)
    room.console.accounts.reset(browser.login)
    before, browser.secret = browser.secret, ""
    assert browser.get("/console/queue").url.path == "/console/sign-in"
    browser.set_up()
    assert browser.page.url.path == "/console/queue"
    assert browser.secret != before


def test_a_new_session_has_a_new_cookie_which_no_script_and_no_other_site_gets(room: Room) -> None:
    browser = room.browser()
    room.console.accounts.add(NewStaff("boris", Role.STREET, (AREA,), password=PASSWORD))
    browser.login = "boris"
    browser.client.cookies.set(COOKIE, "A" * 43, domain="testserver.local", path="/")  # fixed by somebody else
    browser.get("/console/sign-in")
    answer = browser.client.post(
        "/console/sign-in", data={"csrf": token_in(browser.page.text), "name": "anna", "password": PASSWORD},
        follow_redirects=False,
    )  # fmt: skip
    said = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said
    assert "A" * 43 not in said


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_a_form_without_our_token_does_nothing(room: Room, token: str) -> None:
    browser = room.staff(Role.COMMUNITY)
    assert browser.post("/console/sign-out", {"csrf": token}).status_code == 403
    assert browser.get("/console/queue").url.path == "/console/queue"


def test_a_token_is_of_one_session(room: Room) -> None:
    one, two = room.staff(Role.COMMUNITY), room.staff(Role.COMMUNITY)
    assert one.post("/console/sign-out", {"csrf": token_in(two.page.text)}).status_code == 403


def test_another_site_is_refused_even_with_the_token(room: Room) -> None:
    browser = room.staff(Role.COMMUNITY)
    for site in ("cross-site", "same-site"):
        assert browser.post("/console/sign-out", {}, headers={"sec-fetch-site": site}).status_code == 403
        browser.get("/console/queue")
    answer = browser.post("/console/sign-out", {}, headers={"sec-fetch-site": "same-origin"})
    assert answer.url.path == "/console/sign-in"


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/nowhere", "/console/static/x.css", "/p/nowhere"])
def test_every_answer_has_the_headers(room: Room, path: str) -> None:
    headers = room.browser().get(path).headers
    assert "unsafe" not in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_what_is_not_there_is_told_in_words_also_within_the_whole_application(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.backend.web.site.ROOMS", ("console",))  # the others are heavy, and tested elsewhere
    app = create_app(replace(room.server.backend.settings, console=True))
    with TestClient(app, base_url="https://testserver") as client:
        answers = [client.put("/console/sign-in", json={}), client.post("/console/queue"), client.get("/console/x/y"),
                   client.get("/p/nowhere"), client.post("/console/static/x")]  # fmt: skip
        assert [answer.status_code for answer in answers] == [405, 405, 404, 404, 405]
        assert all("<h1>" in answer.text for answer in answers)
        assert 'kiosk_pages_total{route="/",status="404"} 2' in client.get("/metrics").text
        assert not [
            path for path in client.get("/openapi.json").json()["paths"] if path.startswith(("/console", "/p/"))
        ]
        assert client.get("/v1/results").status_code == 401


def test_static_files_are_kept_for_good_under_their_hash(room: Room) -> None:
    browser = room.browser()
    address = re.search(r'href="(/console/static/kiosk\.[0-9a-f]{16}\.css)"', browser.get("/console/sign-in").text)
    assert address is not None
    answer = browser.get(address[1])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/console/static/../turn.py", "/console/static/..%2fturn.py", "/console/static/kiosk.css",
             "/console/static/%2e%2e/words.toml", "/console/cases/..%2f..%2fetc", "/console/cases/' OR 1=1 --"],
)  # fmt: skip
def test_no_address_leads_out_of_the_lists(room: Room, path: str) -> None:
    assert room.staff(Role.STREET).client.get(path).status_code == 404


def test_what_was_typed_is_shown_as_text(room: Room) -> None:
    browser = room.browser()
    browser.get("/console/sign-in")
    page = browser.post("/console/sign-in", {"name": '"><script>alert(1)</script>', "password": "x", "code": ""})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"name=%ff", 403), (b"a=1&" * 300, 400), (b"name=" + b"x" * 70_000, 413), ("name=名".encode(), 400)],
)
def test_a_body_that_is_no_form_is_refused_in_words(room: Room, body: bytes, status: int) -> None:
    browser = room.browser()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.client.post("/console/sign-in", content=body, headers=kind)
    assert answer.status_code in (status, 400)
    assert "<h1>" in answer.text


def test_another_language_stays(room: Room) -> None:
    browser = room.browser()
    assert "Sign in" in browser.get("/console/sign-in?lang=en").text
    assert "Sign in" in browser.get("/console/sign-in").text
    assert "登录名" in browser.get("/console/sign-in?lang=zh_CN").text


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaa", "longer than anna's", "x" * 129])
def test_a_password_that_is_easily_guessed_is_not_taken(room: Room, password: str) -> None:
    with pytest.raises(BackendError, match="password-"):
        room.console.accounts.add(NewStaff("anna", Role.STREET, (AREA,), password=password))


def test_an_account_needs_an_area_and_a_name_of_its_own(room: Room) -> None:
    accounts = room.console.accounts
    with pytest.raises(BackendError, match="no-area"):
        accounts.add(NewStaff("clara", Role.STREET, (), password=PASSWORD))
    accounts.add(NewStaff("clara", Role.STREET, (AREA,), password=PASSWORD))
    with pytest.raises(BackendError, match="name-taken"):
        accounts.add(NewStaff(" CLARA ", Role.STREET, (AREA,), password=PASSWORD))


def test_the_database_names_nobody_and_holds_no_cookie(room: Room) -> None:
    browser = room.staff(Role.STREET, login="anna-lindqvist")
    found = str(rows(room.server, staff)) + str(rows(room.server, staff_sessions))
    assert "clara" not in found
    assert "王1" not in found
    assert browser.secret not in found
    assert browser.client.cookies[COOKIE] not in found
    assert "argon2id" in found


def test_a_token_says_nothing_of_what_it_is_bound_to() -> None:
    key = tokens.key_from(b"secret")
    assert tokens.form_token(key, "session a") != tokens.form_token(key, "session b")
    assert tokens.form_token(key, "session a") != tokens.form_token(tokens.key_from(b"other"), "session a")


@pytest.mark.parametrize("role", Role)
def test_pages_are_for_those_whose_they_are(room: Room, role: Role) -> None:
    """One of each through the browser; the whole matrix is in test_console_roles.py."""
    browser = room.staff(role)
    found = {path: browser.get(path).status_code for path in ("/console/queue", "/console/staff", "/console/")}
    reads = role is not Role.OPERATOR
    assert found == {"/console/queue": 200 if reads else 403, "/console/staff": 403 if reads else 200, "/console/": 200}


def test_the_operator_keeps_accounts_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password comes by the standard input, and is told to nobody."""
    where = ["backend", "staff", "--db", f"sqlite:///{tmp_path}/b.db", "--blobs", str(tmp_path / "blobs")]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main([*where, "--add", "anna", "--role", "street", "--area", "330102001000", "--shown", "安娜"]) == 0
    assert main(where) == 0
    added, shown = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert added["added"] == "anna"
    assert (shown["shown"], shown["role"], shown["areas"]) == ("安娜", "street", ["330102001"])
    assert main([*where, "--end", "nobody"]) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main([*where, "--add", "boris", "--role", "street", "--area", "33"]) == 2
    assert main([*where, "--change", "anna", "--role", "department", "--area", "3301"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main([*where, "--add", "clara", "--role", "street", "--area", "33", "--oidc", "u-1"]) == 2
    assert PASSWORD not in "".join(capsys.readouterr())
