"""What the tests of the console share: staff who sign in, a browser without scripts, forms as a page shows them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

import msgspec
import pyotp
import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from kiosk import wire
from kiosk.backend import Backend, Settings
from kiosk.backend.console.accounts import NewStaff, Session
from kiosk.backend.console.console import Console
from kiosk.backend.console.gate import COOKIE
from kiosk.backend.console.pages import routes as console_routes
from kiosk.backend.console.passwords import Passwords
from kiosk.backend.console.roles import Role
from kiosk.backend.store import queue
from kiosk.backend.store import staff as store
from kiosk.backend.store.engine import Connection
from kiosk.backend.web.site import Site
from kiosk.domain.life import State
from kiosk.journal.sealing import item_info, seal
from tests.backend.conftest import AREA, Clock, Server, Terminal, case_payload
from tests.backend.lives_room import NUMBER, PACK, case, person

ADDRESS = re.compile(r'href="/console/cases/([0-9a-f-]{36})"')
PASSWORD = "纸 墨 印 章 四个字"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # an honest one takes 50 ms each


def console_of(backend: Backend) -> Console:
    """As Backend.console makes it, but with cheap passwords."""
    if "console" not in backend.__dict__:
        backend.__dict__["console"] = Console(
            backend._store, backend._blobs, backend.keys, backend.lives, backend.late, backend.replays, backend.now,
            Passwords(CHEAP),
        )  # fmt: skip
    return backend.console


@dataclass
class Browser:
    """One browser. ``secret``: of the second factor, once it was set up."""

    room: Room
    client: TestClient
    login: str = ""
    secret: str = ""
    page: Any = None

    def get(self, path: str, **more: Any) -> Any:
        self.page = self.client.get(path, follow_redirects=True, **more)
        return self.page

    def post(self, path: str, fields: dict[str, Any], **more: Any) -> Any:
        """The form with the token of the page that is shown; ``csrf`` among the fields is taken instead."""
        fields = {"csrf": token_in(self.page.text) if self.page is not None else "", **fields}
        self.page = self.client.post(path, data=fields, follow_redirects=True, **more)
        return self.page

    def code(self) -> str:
        """The one-time code of now; each but once, so the clock goes on first."""
        self.room.clock.move(seconds=30)
        return pyotp.TOTP(self.secret).at(self.room.clock().timestamp())

    def sign_in(self, password: str = PASSWORD, code: str | None = None) -> Any:
        self.get("/console/sign-in")
        code = self.code() if code is None and self.secret else code
        return self.post("/console/sign-in", {"name": self.login, "password": password, "code": code or ""})

    def set_up(self) -> Any:
        """From the first sign-in to the first page."""
        self.sign_in(code="")
        self.secret = re.search(r'class="code">([A-Z2-7 ]+)<', self.page.text)[1].replace(" ", "")  # type: ignore[index]
        return self.post("/console/second-factor", {"code": self.code()})


def token_in(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    return unescape(found[1]) if found else ""


@dataclass
class Room:
    server: Server
    clock: Clock
    site: Site
    browsers: list[Browser] = field(default_factory=list)

    @property
    def console(self) -> Console:
        return self.server.backend.console

    def terminal(self, area: str = AREA) -> Terminal:
        terminal = Terminal(self.server.port, self.clock)
        assert terminal.enrol(self.server.backend.issue_code(area, "Market Street")).status == 200
        return terminal

    def browser(self) -> Browser:
        address = (f"10.0.{len(self.browsers) // 250}.{len(self.browsers) % 250 + 1}", 50000)
        client = TestClient(self.site, base_url="https://testserver", client=address)
        client.__enter__()  # one event loop for all its requests; left by the fixture
        made = Browser(self, client)
        self.browsers.append(made)
        return made

    def staff(self, role: Role, *areas: str, login: str = "", services: tuple[str, ...] = ()) -> Browser:
        """Somebody of this role, signed in: as after `newcomer`, without its pages."""
        browser = self.browser()
        browser.login, browser.secret = login or f"{role.value}-{len(self.browsers)}", pyotp.random_base32()
        accounts = self.console.accounts
        staff_id = accounts.add(NewStaff(browser.login, role, areas or (AREA,), services, self.name(), PASSWORD))

        def work(connection: Connection) -> Session:
            row = store.by_id(connection, staff_id)
            assert row is not None
            accounts._keep(connection, row, secret=browser.secret, second_at=accounts._stamp())
            row = store.by_id(connection, staff_id)
            assert row is not None
            return accounts._begin(connection, row, "")

        session = self.server.backend._store.write(work)
        browser.client.cookies.set(COOKIE, session.token, domain="testserver.local", path="/")
        browser.get("/console/")
        return browser

    def newcomer(self, role: Role, *areas: str) -> Browser:
        """Somebody who signs in for the first time, and sets up the second factor."""
        browser = self.browser()
        browser.login = f"{role.value}-{len(self.browsers)}"
        self.console.accounts.add(NewStaff(browser.login, role, areas or (AREA,), (), self.name(), PASSWORD))
        assert browser.set_up().status_code == 200
        return browser

    def name(self) -> str:
        return f"王{len(self.browsers)}"


@pytest.fixture(name="room", scope="module")
def console_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One for all tests of a module: each has people, cases and addresses of its own; the clock goes on."""
    folder, clock = tmp_path_factory.mktemp("console"), Clock()
    settings = Settings(f"sqlite:///{folder}/backend.db", str(folder / "blobs"), clock=clock)
    server = Server(settings)
    made = Room(server, clock, Site(server.backend, console_routes(console_of(server.backend) and server.backend)))
    yield made
    for browser in made.browsers:
        browser.client.__exit__(None, None, None)
    server.stop()


def arrived(room: Room, terminal: Terminal, *pages: tuple[str, bytes, str], **change: Any) -> str:
    """The id of a case that waits. ``pages``: kind, bytes, media type."""
    item = case(terminal, **change)
    if pages:
        item = _with_pages(terminal, pages, change)
    assert [each.status for each in terminal.push(item)] == ["accepted"]
    room.server.backend.lives.open_waiting()
    return item.id


def _with_pages(terminal: Terminal, pages: tuple[tuple[str, bytes, str], ...], change: dict[str, Any]) -> Any:
    assert terminal.enrolment is not None
    payload = case_payload(
        terminal.number(), **({"fields": person(NUMBER), "outcome": "referred", "rung": "final", **PACK} | change)
    )
    key = wire.unb64(terminal.enrolment.sealing_key)
    named, digests = [], []
    for part, (kind, data, media_type) in enumerate(pages, 1):
        sealed = seal(data, key, item_info(terminal.id, payload.case_id, part))
        digest = hashlib.sha256(sealed).hexdigest()
        assert terminal.send("PUT", f"/v1/materials/{digest}", sealed).status == 200
        named.append(wire.PayloadMaterial(kind, media_type, hashlib.sha256(data).hexdigest(), digest, "C"))
        digests.append(digest)
    payload = replace(payload, materials=named)
    return terminal.seal(msgspec.json.encode(payload), payload.case_id, attachments=digests)


def act(browser: Browser, case_id: str, deed: str, **fields: Any) -> Any:
    """The form of the page that is shown, as a browser without scripts sends it."""
    seen = re.search(r'name="seen" value="(\d+)"', browser.page.text)
    said = {"deed": deed, "seen": seen[1] if seen else "1", **fields}
    return browser.post(f"/console/cases/{case_id}/act", said)


def taken(browser: Browser, case_id: str) -> Any:
    browser.get(f"/console/cases/{case_id}")
    return browser.post(f"/console/cases/{case_id}/take", {})


def state(room: Room, case_id: str) -> State:
    lives = room.server.backend.lives
    return lives.known(case_id).stand(room.clock(), lives.calendar()).state


def waits_at(room: Room, case_id: str) -> str:
    found = room.server.backend._store.read(lambda connection: queue.find(connection, case_id))
    return "" if found is None else found.desk


def listed(browser: Browser, **query: str) -> list[str]:
    """All ids that the list shows, page after page."""
    browser.get("/console/queue", params=query)
    found, page = [], browser.page.text
    while True:
        found += ADDRESS.findall(page)
        more = re.search(r'class="button quiet" href="\?([^"]+)"', page)
        if more is None:
            return found
        page = browser.get("/console/queue?" + more[1].replace("&amp;", "&")).text
