"""Signing in by an issuer nobody here wrote: npm's oidc-provider, over a real line of this machine (KIOSK_PEER_OIDC=1).

What it wants: Node.js, and its package in the user's cache (the line that installs it is what a skip says).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from kiosk.backend import Settings
from kiosk.backend.console.accounts import NewStaff
from kiosk.backend.console.console import WORDS, Console
from kiosk.backend.console.pages import routes
from kiosk.backend.console.passwords import Passwords
from kiosk.backend.console.roles import Role
from kiosk.backend.oidc.config import Groups, Issuer, Rule, SignInRules
from kiosk.backend.web.site import Site
from tests.backend.conftest import AREA, Server
from tests.backend.console_room import CHEAP, Browser, Room
from tests.backend.pages_browser import CHROMIUM

HERE = Path(__file__).parent / "oidc_peer"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kiosk" / "peers" / "oidc"
INSTALL = f"mkdir -p {CACHE} && cp {HERE}/package.json {CACHE} && npm install --prefix {CACHE}"
ORIGIN = "https://testserver"

pytestmark = [
    pytest.mark.skipif(os.environ.get("KIOSK_PEER_OIDC") != "1", reason="KIOSK_PEER_OIDC=1 asks for it"),
    pytest.mark.skipif(not (CACHE / "node_modules" / "oidc-provider").is_dir(), reason=f"not installed: {INSTALL}"),
    pytest.mark.skipif(shutil.which("node") is None, reason="not installed: apt-get install nodejs npm"),
]


class RealClock:
    """The machine's, for the issuer's is; ``off`` by what a test says."""

    off = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off

    def move(self, **spans: float) -> None:
        self.off += timedelta(**spans)


@dataclass
class Peer:
    process: subprocess.Popen[str]
    issuer: str = ""

    def line(self) -> dict[str, str]:
        assert self.process.stdout is not None
        line = next(each for each in self.process.stdout if each.startswith("{"))  # it says notices beside
        said: dict[str, str] = json.loads(line)
        return said

    def other_keys(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.line()

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@dataclass
class PeerRoom(Room):
    peer: Peer = field(kw_only=True)

    def configure(self, **change: Any) -> None:
        issuer = Issuer(self.peer.issuer, "kiosk console", "s3cret/with+signs", ORIGIN, "trusted", seconds=10.0)
        rules = SignInRules(None, replace(issuer, **change))
        self.console.rules = self.console.accounts.rules = rules
        self.console.__dict__.pop("flow", None)

    def known(self, subject: str) -> None:
        number = len(self.browsers)
        new = NewStaff(f"n{number}-{subject}", Role.STREET, (AREA,), (), "", "", subject, self.peer.issuer)
        self.console.accounts.add(new)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeerRoom]:
    folder, clock = tmp_path_factory.mktemp("peer"), RealClock()
    server = Server(Settings(f"sqlite:///{folder}/b.db", str(folder / "blobs"), clock=clock, console=True))
    backend = server.backend
    process = subprocess.Popen(
        ["node", str(HERE / "provider.mjs"), str(CACHE), ORIGIN, server.url], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    peer = Peer(process)
    try:
        peer.issuer = peer.line()["issuer"]
        backend.__dict__["console"] = Console(
            backend._store, backend._blobs, backend.keys, backend.lives, backend.late, backend.replays, backend.now,
            Passwords(CHEAP),
        )  # fmt: skip
        made = PeerRoom(server, clock, Site(backend, routes(backend)), peer=peer)  # type: ignore[arg-type]
        made.configure()
        yield made
        for browser in made.browsers:
            browser.client.__exit__(None, None, None)
    finally:
        server.stop()
        peer.end()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def signed_in(peer: httpx.Client, address: str, subject: str) -> str:
    """By the issuer's own pages; where they send the browser in the end."""
    answer = peer.get(address)
    for _ in range(10):
        if answer.is_redirect:
            address = str(answer.next_request.url if answer.next_request is not None else "")
            if address.startswith(ORIGIN):
                return address.removeprefix(ORIGIN)
            answer = peer.get(address)
            continue
        action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert action is not None, answer.text
        assert prompt is not None, answer.text
        fields = {"prompt": prompt[1], "login": subject, "password": "any"}
        answer = peer.post(str(answer.url.join(unescape(action[1]))), data=fields)
    raise AssertionError("it goes round and round")


def come(room: PeerRoom, subject: str, peer: httpx.Client | None = None) -> tuple[Browser, Any, str]:
    browser = room.browser()
    address = str(browser.client.get("/console/oidc/start", follow_redirects=False).headers["location"])
    with httpx.Client() as own:
        back = signed_in(peer or own, address, subject)
    return browser, browser.get(back), back


def told(page: Any) -> str:
    found = re.search(r'role="alert">([^<]+)<', page.text)
    return found[1] if found else ""


def test_there_and_back_once_and_out(room: PeerRoom) -> None:
    room.known("u-1")
    with httpx.Client() as peer:
        browser, page, back = come(room, "u-1", peer)
        assert page.headers["refresh"] == "0;url=/console/", told(page)
        assert browser.get("/console/").url.path == "/console/queue"
        assert told(browser.get(back)) == WORDS["oidc.replayed"].zh
        away = browser.client.get("/console/oidc/out", follow_redirects=False).headers["location"]
        asks = peer.get(away)
        xsrf = re.search(r'name="xsrf" value="(\w+)"', asks.text)
        action = re.search(r'action="([^"]+)"', asks.text)
        assert xsrf is not None, asks.text
        assert action is not None
        gone = peer.post(str(asks.url.join(unescape(action[1]))), data={"xsrf": xsrf[1], "logout": "yes"})
        assert gone.headers["location"] == f"{ORIGIN}/console/sign-in"


def test_whoever_has_no_account_here(room: PeerRoom) -> None:
    assert told(come(room, "stranger")[1]) == WORDS["oidc.unknown"].zh


def test_keys_that_were_changed(room: PeerRoom) -> None:
    room.known("u-2")
    assert "refresh" in come(room, "u-2")[1].headers
    room.peer.other_keys()
    provider = room.console.flow._provider  # type: ignore[union-attr]
    provider._looked -= 61  # a minute later
    assert "refresh" in come(room, "u-2")[1].headers


def test_a_secret_that_is_not_ours(room: PeerRoom) -> None:
    room.configure(secret="wrong")
    assert told(come(room, "u-1")[1]) == WORDS["oidc.provider-refused"].zh
    room.configure()


def test_groups_in_its_tokens(room: PeerRoom) -> None:
    rules = (Rule("kiosk-street", "street", (AREA,)),)
    room.configure(scopes=("office",), groups=Groups("groups", "name", rules))
    browser, page, _ = come(room, "street-9")
    assert "refresh" in page.headers, told(page)
    assert "李七" in browser.get("/console/").text
    assert told(come(room, "other-9")[1]) == WORDS["oidc.no-role"].zh
    room.configure()


@pytest.mark.skipif(not CHROMIUM, reason="a browser is missing: apt-get install chromium")
def test_in_a_real_browser_from_another_site(room: PeerRoom) -> None:
    """The issuer is localhost, the console 127.0.0.1: a Strict cookie, a policy for forms and both redirects for real.
    KIOSK_PEER_PAGES_PICTURES=DIR keeps a picture of each page.
    """
    from playwright.sync_api import sync_playwright

    room.known("u-5")
    room.configure(origin=room.server.url, second_factor="own")
    pictures = os.environ.get("KIOSK_PEER_PAGES_PICTURES", "")
    with sync_playwright() as play:
        # the issuer's own pages would like a font from elsewhere
        loopback = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
        chromium = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", loopback]
        )
        page = chromium.new_page(locale="zh-CN", viewport={"width": 360, "height": 740})
        problems: list[str] = []
        page.on("console", lambda said: problems.append(f"{said.text} {said.location['url']}"))

        def look(name: str) -> None:
            if pictures:
                page.screenshot(path=f"{pictures}/oidc-{name}-360.png", full_page=True)

        page.goto(room.server.url + "/console/")
        look("sign-in")
        page.click("a[href='/console/oidc/start']")
        page.fill("input[name=login]", "u-5")
        page.fill("input[name=password]", "any")
        page.click("button[type=submit]")
        page.click("button[type=submit]")  # consent
        page.wait_for_url("**/console/second-factor")
        look("second-factor")
        secret = page.inner_text(".code").replace(" ", "")
        page.fill("input[name=code]", pyotp.TOTP(secret).at(room.clock().timestamp()))
        page.click("main button")
        page.wait_for_url("**/console/queue")
        page.click("form[action='/console/sign-out'] button")
        page.wait_for_url("**/console/sign-in?out=1")
        look("signed-out")
        page.click("a[href='/console/oidc/out']")
        page.click("button[value=yes]")
        page.wait_for_url("**/console/sign-in")
        chromium.close()
    room.configure()
    assert [each for each in problems if room.server.url in each] == []  # of our own pages


def test_a_clock_that_is_wrong(room: PeerRoom) -> None:
    for hours in (3, -6):
        room.clock.move(hours=hours)
        assert told(come(room, "u-1")[1]) == WORDS["oidc.clock"].zh
    room.clock.move(hours=3)


def test_a_provider_that_is_gone(room: PeerRoom) -> None:
    """The last of these: it ends it."""
    browser = room.browser()
    address = str(browser.client.get("/console/oidc/start", follow_redirects=False).headers["location"])
    with httpx.Client() as peer:
        back = signed_in(peer, address, "u-1")
    room.peer.end()
    assert told(browser.get(back)) == WORDS["oidc.provider-down"].zh
