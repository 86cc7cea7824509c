"""A house for the rooms of maintenance mode: a real journal, all else as small as can be; work is done at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kiosk.access.roles import Role
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import new_case_id
from kiosk.journal.catalogue import kind_of
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block, CaseRecord, Numbers
from kiosk.maintenance.house import House
from kiosk.maintenance.room import Room, Session
from kiosk.maintenance.screen import Ask, Button, Page, Row, Said
from kiosk.profile import parse
from kiosk.sync.clock import Trust
from kiosk.sync.taking import InUse
from ui.words import staff_catalogue, word

NOW = datetime(2026, 11, 27, 14, 30, tzinfo=CHINA)
TECHNICIAN, ADMINISTRATOR = Session(Role.TECHNICIAN, "0417"), Session(Role.ADMINISTRATOR, "0001")
MARKER = "王小明"  # of a citizen: to be found nowhere
TABLE = {
    "terminal": {
        "area_code": "140213", "province": "山西省", "city": "大同市", "district": "平城区", "street": "南关街道",
        "name": "3 号机", "registrar": "大同市平城区行政审批服务管理局",
    },
    "data": {"folder": "data"},
    "backend": {"url": "http://127.0.0.1:9"},
}  # fmt: skip


class Afar:
    """What the rooms use of kiosk.afar.Afar."""

    def __init__(self) -> None:
        self.found = InUse({}, {})
        self.closed = ""
        self.asked: list[Any] = []
        self.can_restart = True

    def restart(self) -> bool:
        self.asked.append("restart")
        return self.can_restart

    def close_here(self, reason: str, expected: datetime | None) -> None:
        self.asked.append(("close", reason, expected))
        self.closed = reason

    def open_here(self) -> None:
        self.asked.append("open")
        if self.closed != "venue":
            self.closed = ""

    def between_visits(self, deed: Callable[[], None]) -> None:
        self.asked.append(("between", deed))


@dataclass
class Desk:
    """The desk, as a room sees it. Work is done at once, or kept for ``finish`` where ``later`` is set."""

    who: str = "0417"
    later: bool = False
    changes: int = 0
    opened: list[str] = field(default_factory=list)
    left: int = 0
    rows: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)
    jobs: list[Callable[[], None]] = field(default_factory=list)

    def changed(self) -> None:
        self.changes += 1

    def work(self, job: Callable[[], None]) -> None:
        if self.later:
            self.jobs.append(job)
        else:
            job()

    def finish(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()

    def open(self, path: str) -> None:
        self.opened.append(path)

    def leave(self) -> None:
        self.left += 1

    def audit(self, event: str, **details: str | int) -> None:
        kind_of(event).check({"staff": self.who, **details})  # as the journal does
        self.rows.append((event, details))


def house(tmp_path: Path, journal: Any = None, **changes: Any) -> House:
    made = House(
        profile=parse(TABLE, tmp_path), profile_file=None, journal=journal, actors={}, statuses=dict,
        documents=None, client=SimpleNamespace(enrolment=None, time=SimpleNamespace(trust=Trust.CONFIRMED)),
        afar=Afar(), packs=dict, online=lambda: True, kick=lambda: None, now=lambda: NOW, clock=lambda: 0.0,
        sign=lambda data: b"", show_frame=lambda frame: None, power_down=lambda: None,
    )  # type: ignore[arg-type]  # fmt: skip
    return replace(made, **changes)


def opened(tmp_path: Path) -> Journal:
    """A journal with room for numbers, and nothing in it."""
    journal = Journal.open(tmp_path / "journal", bytes(range(32)), clock=lambda: NOW, durable=False)
    journal.add_block(Block("case", 1, 1000))
    return journal


def commit(journal: Journal, at: datetime = NOW - timedelta(hours=3)) -> CaseRecord:
    """One case, of somebody."""

    def build(numbers: Numbers) -> CaseRecord:
        return CaseRecord(
            new_case_id(), f"1402-{numbers.take('case'):08d}", "elder_card", "1", "received", "receipt", "face", at,
            False, MARKER.encode() * 20,
        )  # fmt: skip

    return journal.commit(build)


class Walker:
    """Somebody in one room: opens its pages, touches its buttons, as the desk lets them."""

    def __init__(self, room: Room, session: Session = TECHNICIAN, desk: Desk | None = None) -> None:
        self.room, self.session, self.desk = room, session, desk or Desk(session.who)
        room.bind(self.desk)
        self.path: tuple[str, ...] = ()

    def open(self, path: str) -> Page:
        if self.path:
            self.room.leave(self.path)
        self.path = tuple(path.split("/"))
        assert self.session.may(self.room.needs(self.path)), f"{self.session.role} may not open {path}"
        self.room.enter(self.path, self.session)
        return self.page

    @property
    def page(self) -> Page:
        while self.desk.opened:
            where = self.desk.opened.pop(0)
            if where != "/".join(self.path):
                self.open(where)
        page = self.room.page(self.path, self.session)
        check_words(page)
        return page

    def act(self, name: str, value: str = "") -> Page:
        deed = self.room.deed(self.path, name)
        assert deed is None or self.session.may(deed), f"{self.session.role} may not {name}"
        self.room.act(self.path, name, value, self.session)
        return self.page

    def touch(self, button: Button | None) -> Page:
        assert button is not None
        assert button.enabled
        return self.open(button.opens) if button.opens else self.act(button.name, button.value)

    def row(self, key: str) -> Row:
        return next(row for row in self.page.rows if row.key == key)

    def button(self, name: str) -> Button:
        return next(button for button in self.page.buttons if button.name == name)

    @property
    def ask(self) -> Ask:
        asked = self.page.ask
        assert asked is not None
        return asked


def shown(said: Said | None, language: str = "zh_CN") -> str:
    """The words, strictly: a key without words is a KeyError."""
    if said is None:
        return ""
    values = [value if isinstance(value, str | int) else shown(value, language) for value in said.values]
    return word(language, said.key, values) if said.key else "".join(map(str, values))


def texts(page: Page, language: str = "zh_CN") -> list[str]:
    """Everything that a page says."""
    found: list[Said | None] = [page.heading, page.lead, page.busy, page.notice.text if page.notice else None]
    for button in page.buttons:
        found += [button.label, button.why]
    for row in page.rows:
        found += [row.title, row.detail, *([row.button.label] if row.button else [])]
    if page.field is not None:
        found += [page.field.label, page.field.help, page.field.error, *(words for _, words in page.field.choices)]
    if page.ask is not None:
        found += [page.ask.text, page.ask.yes.label, page.ask.no.label]
    return [shown(said, language) for said in found if said is not None]


def check_words(page: Page) -> None:
    """Every word is there in both languages, its values all stand in it, and rows can be told apart."""
    keys = [row.key for row in page.rows]
    assert len(keys) == len(set(keys)), keys
    for language in ("zh_CN", "en"):
        for text in texts(page, language):
            assert not re.search(r"\{\d\}", text), text
            assert MARKER not in text


def same_keys(room: str) -> set[str]:
    """A room's words, the same in both languages and none empty."""
    zh, en = staff_catalogue("zh_CN", room), staff_catalogue("en", room)
    assert zh.keys() == en.keys()
    assert all(key.startswith(f"maint.{room}.") for key in zh)
    assert all(text.strip() for text in (*zh.values(), *en.values()))
    for key in zh:  # the same places in both
        assert (
            set(re.findall(r"\{\d\}", zh[key])) == set(re.findall(r"\{\d\}", en[key]))
            or key == "maint.settings.service"
        )
    return set(zh)
