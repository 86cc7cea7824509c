"""Which pages `kiosk bench console` asks for, and the browsers that ask: every page of staff and of citizens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pyotp

from kiosk.backend.console.accounts import NewStaff, Session
from kiosk.backend.console.bench_world import STREETS, World, area, person
from kiosk.backend.console.gate import COOKIE
from kiosk.backend.console.roles import Role
from kiosk.backend.public.looking import CHECK
from kiosk.backend.public.looking import COOKIE as CASE
from kiosk.backend.web import tokens
from kiosk.backend.web.site import Site

PASSWORD = "some long words for a bench"  # noqa: S105  # of nobody
PROVINCE = "33"
COLLEAGUES = 200  # accounts beside those that ask
_CASE_COOKIE = re.compile(re.escape(CASE) + "=([^;]+)")
ROOMS = {"/console/ratings": "ratings", "/console/oversight": "supervision", "/console": "console", "/p": "citizens"}


@dataclass(frozen=True, slots=True)
class Page:
    """``who``: a browser of Browsers. ``form``: what is sent, None for a page that is looked at; ``{n}`` in a field is
    another number each time, ``{street}`` in an address another street.
    """

    what: str
    who: str
    path: str
    form: Mapping[str, str] | None = None
    status: int = 200


@dataclass(slots=True)
class Browser:
    """``holder``: what the tokens of its forms are bound to."""

    holder: str
    cookies: dict[str, str] = field(default_factory=dict)


class Browsers:
    """One for each role, one of a citizen who has found a rated case and one whose case waits for a supplement."""

    def __init__(self, site: Site, world: World) -> None:
        self._site, self._world, self._numbers, self._streets = site, world, count(1), count(1)
        self.known: dict[str, Browser] = {"stranger": _visitor()}
        for role in Role:
            self._sign_in(role)
        for number in range(COLLEAGUES):
            name = f"colleague {number}"
            site.backend.console.accounts.add(
                NewStaff(name, Role.STREET, (area(0)[:9],), (), "", "", name, "https://b")
            )

    async def citizen(self, name: str, case_id: str, day: int) -> None:
        """Somebody who has found the case."""
        browser = self.known[name] = _visitor()
        ending = person(day)[-CHECK:]
        page = Page("", name, "/p/progress", {"number": self._world.numbers[case_id], "ending": ending}, 303)
        status, headers = await self._sent(page)
        found = [found[1] for key, value in headers if key == b"set-cookie"
                 and (found := _CASE_COOKIE.match(value.decode()))]  # fmt: skip
        if status != 303 or not found:
            raise RuntimeError(f"the case was not found: {status}")
        browser.cookies[CASE] = found[0]

    async def ask(self, page: Page) -> int:
        if page.who not in self.known:
            case_id, day = (self._world.good, 3) if page.who == "rated" else (self._world.asked, 6)
            await self.citizen(page.who, case_id, day)
        return (await self._sent(page))[0]

    async def _sent(self, page: Page) -> tuple[int, list[tuple[bytes, bytes]]]:
        browser, number = self.known[page.who], next(self._numbers)
        path, _, query = page.path.partition("?")
        if "{street}" in query:
            query = query.replace("{street}", area(next(self._streets) % STREETS)[:9])
        body = b""
        if page.form is not None:
            fields = {name: value.replace("{n}", str(number)) for name, value in page.form.items()}
            body = urlencode({"csrf": tokens.form_token(self._site.key, browser.holder), **fields}).encode()
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        headers = [(b"cookie", cookies.encode()), (b"host", b"bench"), (b"accept-language", b"zh-CN"),
                   (b"content-type", b"application/x-www-form-urlencoded"),
                   (b"content-length", str(len(body)).encode())]  # fmt: skip
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                told.append((message["status"], list(message["headers"])))

        scope = {
            "type": "http", "method": "GET" if page.form is None else "POST", "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": headers, "scheme": "https",
            "client": (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 1), "server": ("bench", 443),
            "http_version": "1.1", "root_path": "",
        }  # fmt: skip
        await self._site(scope, receive, send)
        found: tuple[int, list[tuple[bytes, bytes]]] = told[0]
        return found

    def _sign_in(self, role: Role) -> None:
        """One of this role; of the community's one more, who has still to set up the second factor."""
        places = {Role.COMMUNITY: (area(0),), Role.STREET: (area(0)[:9],), Role.OPERATOR: ()}.get(role, (PROVINCE,))
        accounts = self._site.backend.console.accounts
        accounts.add(NewStaff(role.value, role, places, (), role.value, PASSWORD))
        half = _let_in(accounts.sign_in(role.value, PASSWORD, ""))
        code = pyotp.TOTP(accounts.secret(half)).at(self._site.backend.now().timestamp())
        whole = _let_in(accounts.confirm(half, code))
        self.known[role.value] = Browser(f"session {whole.token}", {COOKIE: whole.token})
        if role is Role.COMMUNITY:
            accounts.add(NewStaff("newcomer", role, places, (), "newcomer", PASSWORD))

    def begin(self) -> None:
        """Before each size: who has given the password alone, and who has found a case, is known for minutes only."""
        new = _let_in(self._site.backend.console.accounts.sign_in("newcomer", PASSWORD, ""))
        self.known["newcomer"] = Browser(f"session {new.token}", {COOKIE: new.token})
        for name in ("rated", "lacking"):
            self.known.pop(name, None)


def room_of(path: str) -> str:
    """Whose page it is: console, ratings, supervision, citizens."""
    return next(room for start, room in ROOMS.items() if path.startswith(start))


def pages_of(world: World, browsers: Browsers) -> list[Page]:
    case, task = f"/console/cases/{world.first}", f"/console/ratings/{world.bad}/1"
    home, number = "/console/oversight", world.numbers[world.first]
    suspected = world.oversight.suspected()
    found = [
        Page("staff: signing in", "stranger", "/console/sign-in"),
        Page("staff: signing in in vain", "stranger", "/console/sign-in", {"name": "nobody {n}", "password": "x" * 12,
             "code": ""}, 403),
        Page("staff: the second factor", "newcomer", "/console/second-factor"),
        Page("staff: accounts", "operator", "/console/staff"),
        Page("list of a community", "community", "/console/queue"),
        Page("list of a community, overdue", "community", "/console/queue?tab=overdue"),
        Page("list of a community, nearly due", "community", "/console/queue?tab=near"),
        Page("list of a street, its communities", "street", "/console/queue?desk=community"),
        Page("list of a department, nothing waits", "department", "/console/queue"),
        Page("list of a province", "supervisor", "/console/queue?desk=community"),
        Page("list of a province, from its middle on", "supervisor",
             f"/console/queue?desk=community&after={world.middle}"),
        Page("list of a province, later checks", "supervisor", "/console/queue?desk=department&tab=checks"),
        Page("a case found by its number", "community", "/console/find", {"number": number}, 303),
        Page("a case", "supervisor", case),
        Page("a case taken", "community", case + "/take", {}, 303),
        Page("a case in hand, with what may be done", "community", case),
        Page("a page of its papers", "community", case + "/pages/1"),
        Page("a page of its papers, alone", "community", case + "/pages/1/view"),
        Page("an approved case", "department", f"/console/cases/{world.certified}"),
        Page("its certificate", "department", f"/console/cases/{world.certified}/certificate"),
        Page("bad ratings of a street", "street", "/console/ratings"),
        Page("bad ratings of a province", "supervisor", "/console/ratings"),
        Page("bad ratings of a province, all", "supervisor", "/console/ratings?tab=all"),
        Page("a bad rating", "street", task),
        Page("figures", "supervisor", home),
        Page("figures by terminal", "supervisor", home + "?by=terminal"),
        Page("figures of a street, drawn anew", "supervisor", home + "?area={street}"),
        Page("ranking of streets", "supervisor", home + "/ranking"),
        Page("ranking of terminals", "supervisor", home + "/ranking?level=terminal&measure=slow"),
        Page("problems", "supervisor", home + "/problems"),
        Page("samples", "supervisor", home + "/samples"),
        Page("samples, for the operator", "operator", home + "/samples"),
        Page("suspicions", "supervisor", home + "/suspicions"),
        Page("report as PDF", "supervisor", home + "/report.pdf"),
        Page("report as a workbook", "supervisor", home + "/report.xlsx"),
        Page("citizen: first page", "stranger", "/p/"),
        Page("citizen: asking", "stranger", "/p/progress"),
        Page("citizen: a case found", "stranger", "/p/progress", {
            "number": number, "ending": person(1)[-CHECK:]}, 303),
        Page("citizen: how a case stands", "rated", "/p/case"),
        Page("citizen: handing in what is lacking", "lacking", "/p/case/supplement"),
        Page("citizen: one word more about a rating", "rated", "/p/case/rating"),
        Page("citizen: checking a paper", "stranger", "/p/check"),
        Page("citizen: a paper checked", "stranger", "/p/check", {"code": "no mark {n}"}),
    ]  # fmt: skip
    if suspected:
        found.append(Page("a suspicion", "supervisor", f"{home}/suspicions/{suspected[0].id}"))
    return found


def _visitor() -> Browser:
    token = tokens.new_token()
    return Browser(f"visitor {token}", {tokens.VISITOR: token})


def _let_in(found: object) -> Session:
    if not isinstance(found, Session):
        raise RuntimeError("nobody was let in")
    return found


__all__ = ["Browsers", "Page", "pages_of", "room_of"]
