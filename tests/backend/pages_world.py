"""A backend with people, cases, papers, ratings, samples and suspicions in it: every page has something to show.

Nobody in it is real: names are long on purpose, numbers have right check digits.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from PIL import Image, ImageDraw
from sqlalchemy import insert
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from kiosk import suites, wire
from kiosk.backend import Settings
from kiosk.backend.console.gate import COOKIE as STAFF_COOKIE
from kiosk.backend.console.roles import Role
from kiosk.backend.inboxes import hash_of
from kiosk.backend.lives import Act
from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.public import looking, sending
from kiosk.backend.store.publishing_tables import command_reports, commands
from kiosk.backend.web import tokens
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.site import Site, _routes_of
from kiosk.backend.web.turn import Page, Turn
from kiosk.domain import life
from kiosk.domain.codes import id_check_digit
from kiosk.domain.life import Deed, Lack
from kiosk.domain.rating_task import By, TaskDeed
from kiosk.domain.text import Text
from kiosk.papers import mark as marks
from kiosk.papers.statement import Statement, serial_of
from tests.backend.conftest import NOON, Clock, Served, Server, Terminal
from tests.backend.console_room import PASSWORD, Browser, NewStaff, Room, arrived, console_of, taken
from tests.backend.test_backend_ratings import rate
from tests.backend.test_oversight_facts import PHONE, filled, season

AREA, PROVINCE = "330102001002", "33"
NAME = "欧阳买买提江·阿卜杜热合曼"
PLACE = "浙江省杭州市上城区清波街道清波门社区南山路 202 号西湖花苑 12 幢 3 单元 1801 室"
GUARANTEE = {"service_id": "financing_guarantee", "pack_id": "financing_guarantee"}
SIGN = {"service_id": "shop_sign_filing", "pack_id": "shop_sign_filing"}
BROKE_OFF = "form:timeout:41,material:quit:17,identify:card_gone:9,identify:card_changed:2,review:failed:1,sign:power:1"
ANSWER = "打电话时没有讲清楚要带哪几样，让您多跑了一趟，对不起。现在材料清单已经贴在机器旁边，也发到了您的手机上。"
PATHS = ("/p/trouble/{code}", "/console/trouble/{code}")
DOOR = "/p/door"  # gives a browser the cookies of whoever it is to be: none takes ``__Host-`` ones otherwise
SEND_COOKIE = sending.COOKIE


def number_of(serial: int) -> str:
    """A document number of somebody over eighty."""
    first = f"11010119390101{serial:03d}"
    return first + id_check_digit(first)


def paper(words: str = "户口簿") -> bytes:
    """A page as a document camera takes it."""
    page = Image.new("RGB", (1200, 1600), "#F3EEE0")
    draw = ImageDraw.Draw(page)
    for line in range(24):
        draw.line((120, 200 + line * 54, 1080 - 31 * (line % 5), 200 + line * 54), fill="#39424E", width=9)
    draw.rectangle((80, 80, 1120, 1520), outline="#8C2415", width=6)
    made = io.BytesIO()
    page.save(made, "JPEG", quality=60, comment=words.encode())
    return made.getvalue()


def _trouble(turn: Turn, code: str = "") -> NoReturn:
    """What goes wrong on any page, on one of its own: ``bug`` is none that anybody has foreseen."""
    code = code or turn.path("code")
    if code == "bug":
        raise RuntimeError("a bug that this test has put there")
    raise WebError(code)


def _let_in(turn: Turn, world: World) -> Response:
    for name, value in world.cookies(turn.query("who")).items():
        turn.set_cookie(name, value)
    return turn.redirect("/p/")


@dataclass
class World:
    """``ids``: cases by what they are here for; ``more``: what else a path may name."""

    room: Room
    terminal: Terminal
    ids: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    clients: dict[str, TestClient] = field(default_factory=dict)
    staff: dict[str, Browser] = field(default_factory=dict)
    served: Served | None = None

    # -- who looks ------------------------------------------------------------------------------------

    def path(self, template: str) -> str:
        return template.format(**self.ids, **self.more)

    def cookies(self, who: str) -> Mapping[str, str]:
        """What the browser of ``who`` holds: a role, "phone CASE", "scan CASE" (a receipt), "sends" (papers into
        a visit), "half" (signed in with the first factor), or "" for a stranger.
        """
        if who in self.staff:
            return {STAFF_COOKIE: self.staff[who].client.cookies[STAFF_COOKIE]}
        kind, _, what = who.partition(" ")
        if kind == "half":
            return {STAFF_COOKIE: self.half()}
        if kind in ("phone", "scan"):
            scope = "act" if kind == "phone" else "look"
            return {looking.COOKIE: ticket(self.room.site, self.ids[what], scope)}
        return {SEND_COOKIE: self.sends()} if kind == "sends" else {}

    def client(self, who: str) -> TestClient:
        """A browser without a script, at an address of its own."""
        if who in self.staff:
            return self.staff[who].client
        if who not in self.clients:
            browser = self.room.browser()
            for name, value in self.cookies(who).items():
                browser.client.cookies.set(name, value, domain="testserver.local", path="/")
            self.clients[who] = browser.client
        return self.clients[who]

    def sends(self) -> str:
        """A telephone that has scanned the code on the screen of a terminal that waits for papers."""
        backend, inbox = self.room.server.backend, hash_of("A" * 22)
        if backend.inboxes.look(inbox, seen=False) is None:
            found = backend.find_terminal(self.terminal.id)
            assert found is not None
            key = wire.b64(suites.of_key(wire.unb64(self.terminal.enrolment.sealing_key)).new_sealing_pair()[1])
            backend.inboxes.open(found, wire.InboxRequest(inbox, key))
        return sending.cookie_of(backend, sending.Ticket(inbox, "0" * 32, 42))

    def half(self) -> str:
        """Somebody who has given the password, and has still to set up the second factor."""
        newcomer = self.room.browser()
        newcomer.login = f"newcomer-{len(self.room.browsers)}"
        self.room.console.accounts.add(NewStaff(newcomer.login, Role.STREET, (PROVINCE,), (), "新来的", PASSWORD))
        newcomer.sign_in(code="")
        return str(newcomer.client.cookies[STAFF_COOKIE])

    def close(self) -> None:
        if self.served is not None:
            self.served.stop()
        for browser in self.room.browsers:
            browser.client.__exit__(None, None, None)
        self.room.server.stop()

    # -- what is there --------------------------------------------------------------------------------

    def case(self, name: str, serial: int, *pages: tuple[str, bytes, str], **change: Any) -> str:
        fields = [
            wire.PayloadField("applicant.name", NAME, "card", "A"),
            wire.PayloadField("applicant.number", number_of(serial), "card", "A"),
            wire.PayloadField("applicant.address", PLACE, "card", "A"),
            wire.PayloadField("account", "6217000000000000001", "typed", "D"),
            wire.PayloadField("phone", PHONE, "typed", "D"),
        ]
        rules = [
            wire.PayloadRule("H-07", "户籍要由社区核对。", "当地高龄津贴办法（本地户籍）"),
            wire.PayloadRule("H-10", "您已年满 80 周岁，材料收齐了，由街道审核。", "《老年人权益保障法》"),
        ]
        self.ids[name] = arrived(
            self.room, self.terminal, *pages, **({"fields": fields, "rules": rules, "online": True} | change)
        )
        return self.ids[name]

    def act(self, name: str, deed: Deed, **more: Any) -> None:
        self.room.server.backend.lives.act(self.ids[name], Act(deed, life.Role.DEPARTMENT, "李工", **more))

    def rated(self, name: str, *steps: tuple[TaskDeed, str, str], level: int = 1) -> None:
        self.terminal.push(rate(self.terminal, self.ids[name], level, "109", "110"))
        ratings = self.room.server.backend.ratings
        for deed, choice, words in steps:
            ratings.act(self.ids[name], 1, deed, By.OFFICE, "李工", choice, words)

    def number(self, name: str) -> str:
        return str(self.room.server.backend.lives.known(self.ids[name]).life.case_no)

    def mark(self, name: str) -> str:
        """What the code on its receipt holds."""
        known = self.room.server.backend.lives.known(self.ids[name]).life
        at = int(NOON.timestamp())
        said = Statement(
            known.case_no, "0001", known.service_id, "certificate", "approved", "final", at, at, bytes(16),
            serial_of(self.ids[name]), (f"{NAME[0]}**",),
        )  # fmt: skip
        return marks.made(said, self.terminal.private)


def made_world(folder: Path, *, whole: bool = True, serve: bool = False) -> World:
    """``whole``: with what supervision shows, which takes the longest. ``serve``: on a port, for a browser."""
    clock = Clock()
    server = Server(Settings(f"sqlite:///{folder}/backend.db", str(folder / "blobs"), clock=clock, proxy="127.0.0.1",
                      console=True, public_url="https://kiosk.test"))  # fmt: skip
    backend = server.backend
    console_of(backend)
    room = Room(server, clock, Site(backend, []))
    terminal = Terminal(server.port, clock)
    assert terminal.enrol(backend.issue_code(AREA, "清波街道便民服务中心 24 小时自助厅 1 号机")).status == 200
    world = World(room, terminal)
    room.site = Site(backend, [*all_routes(backend), Page(DOOR, partial(_let_in, world=world))])
    try:
        _fill(world, whole)
    except BaseException:  # nothing is left running
        world.close()
        raise
    if serve:
        world.served = Served(alone(room.site))
    return world


def _fill(world: World, whole: bool) -> None:
    """Supervision's first: what it draws is of a day that is over, and staff would have been signed out by then."""
    if whole:
        _supervised(world)
    for role in Role:
        world.staff[role.value] = world.room.staff(role, PROVINCE)
    world.staff["second"] = world.room.staff(Role.DEPARTMENT, PROVINCE)
    _cases(world)
    if whole:
        _looked_at(world)


def all_routes(backend: Any) -> list[BaseRoute]:
    """Those of all rooms, and two on which anything goes wrong."""
    return [*_routes_of(backend), *(Page(path, partial(_trouble)) for path in PATHS)]


def _cases(world: World) -> None:
    picture, long_ago = paper(), (NOON - timedelta(days=60)).isoformat()
    household = ("household", picture, "image/jpeg")
    world.case("waiting", 1, household, household, ("authority_letter", b"%PDF-1.4 none", "application/pdf"))
    world.case("again", 1, pack_version="0.9.0")  # of the same person, by a pack that nobody here knows any more
    world.case("overdue", 2, committed_at=long_ago, started_at=long_ago)
    world.case("held", 3)
    world.case("asked", 4)
    two = Text("请补两样，一次交齐。", "Two things are lacking.")
    world.act("asked", Deed.SUPPLEMENT_ASKED, reason=two, lacking=LACKING)
    world.case("refused", 5)
    world.act("refused", Deed.REFUSED, reason=Text("户籍不在本区，请到户籍地申请。", "Registered elsewhere."))
    world.case("approved", 6)
    world.act("approved", Deed.APPROVED, reason=Text("从次月起发放。", "Paid from the next month on."))
    world.case("rated", 7)
    world.rated("rated", (TaskDeed.CALLED, "missed", "打过一次电话，没有人接。"))
    world.case("answered", 8)
    world.rated(
        "answered", (TaskDeed.CALLED, "reached", "电话里问清楚了。"), (TaskDeed.VERIFIED, "upheld", "属实。"),
        (TaskDeed.ANSWERED, "", ANSWER),
    )  # fmt: skip
    world.case("proposed", 9, **GUARANTEE)
    one = world.staff["department"]
    taken(one, world.ids["proposed"])
    one.post(f"/console/cases/{world.ids['proposed']}/act", {
        "deed": "approved", "seen": "1", "point": ["0", "1", "2"], "phrase": "0"})  # fmt: skip
    promise = wire.PayloadCommitment("c", "1", ["x"], (NOON - timedelta(minutes=2)).isoformat())
    world.case("promised", 10, outcome="approved", commitment=promise, **SIGN)
    assert taken(world.staff["street"], world.ids["held"]).status_code == 200
    world.case("mine", 11, household)
    assert taken(world.staff["community"], world.ids["mine"]).status_code == 200
    session = room_session(world, "community")
    world.more |= {"account": session.staff.staff_id, "no": world.number("asked"),
                   "mark": world.mark("approved")}  # fmt: skip


def room_session(world: World, who: str) -> Any:
    return world.room.console.accounts.session(world.cookies(who)[STAFF_COOKIE])


LACKING = (Lack(Text("户口簿首页和老人那一页（清楚的一页）", "Household register, both pages"), "household"),
           Lack(Text("老人本人的银行卡或社会保障卡", "A bank card in the person's own name")))  # fmt: skip


def _supervised(world: World) -> None:
    """Figures, rankings, a sample of yesterday, copies that look made up, visits that broke off."""
    backend, terminal = world.room.server.backend, world.terminal
    other = Terminal(world.room.server.port, world.room.clock)
    assert other.enrol(backend.issue_code("330102003001", "南星街道政务超市")).status == 200
    terminal.push(*season(terminal))
    other.push(*season(other, 18))
    for serial in range(20):
        ended = NOON - timedelta(days=serial, minutes=7 * serial)
        fields = filled(number_of(500 + serial), PHONE, "某街道某号")
        terminal.push(terminal.case(
            started_at=(ended - timedelta(minutes=5 + serial % 3)).isoformat(), committed_at=ended.isoformat(),
            fields=fields, rung="final", service_id="elder_allowance", pack_id="elder_allowance", pack_version="1.1.0",
        ))  # fmt: skip
    backend.lives.open_waiting()
    report = wire.CommandReport("c-1", terminal.id, "done", "done", NOON.isoformat(), {"visits.0": BROKE_OFF}, "signed")
    asked = {"id": "c-1", "scope": "all", "name": "collect-diagnostics", "expires_at": NOON.isoformat()}
    told = {"command_id": "c-1", "terminal_id": terminal.id, "outcome": "done", "received_at": NOON.isoformat(),
            "report": msgspec.json.encode(report).decode()}  # fmt: skip

    def write(connection: Any) -> None:
        connection.execute(insert(commands).values(**asked))
        connection.execute(insert(command_reports).values(**told))

    backend._store.write(write)
    world.room.clock.move(hours=20)


def _looked_at(world: World) -> None:
    """What supervisors have: yesterday's sample with one word put down, something that looks made up."""
    oversight = Oversight.of(world.room.server.backend)
    oversight.refresh()
    drawn = oversight.draw(NOON.date().isoformat())
    by = room_session(world, "supervisor").staff.staff_id
    oversight.put_down(drawn[0].day, drawn[0].case_id, "flaw", by, (PROVINCE,))
    first, second, *_ = oversight.suspected((PROVINCE,))
    world.more |= {"suspicion": first.id, "other": second.id}


def ticket(site: Site, case_id: str, scope: str) -> str:
    """The cookie of a browser that has proved whose case it is."""
    until = int((site.backend.now() + looking.LIFE).timestamp())
    return looking.cookie_of(site.backend, looking.Ticket(case_id, scope, until))


def token_of(html: str) -> str:
    found = re.search(rf'name="{tokens.FIELD}" value="([^"]+)"', html)
    return found[1] if found else ""


def alone(site: Site) -> Any:
    """The pages without the API, as an application."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await site(scope, receive, send)
            return
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})

    return app
