"""Queue, network, log, settings, software and power at the real desk, with its threads: every page, in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import trial
from kiosk.access.roles import Deed, Role
from kiosk.health.steps import Found
from kiosk.journal.journal import Journal
from kiosk.maintenance.desk import Leave, MaintenanceDesk, Open
from kiosk.maintenance.log_room import LogRoom
from kiosk.maintenance.network import NetworkRoom
from kiosk.maintenance.power import PowerRoom
from kiosk.maintenance.queue_room import QueueRoom
from kiosk.maintenance.room import Session
from kiosk.maintenance.screen import Bar, Page, Snapshot
from kiosk.maintenance.settings import SettingsRoom
from kiosk.maintenance.software import SoftwareRoom
from tests.unit.maintenance.room_world import MARKER, check_words, commit, house, opened, shown, texts
from tests.unit.maintenance.test_desk import Recorder
from tests.unit.maintenance.test_settings_room import PORTS, TEXT

PAGES = (
    "queue", "network", "log", "settings", "settings/terminal.phone", "settings/services.enabled",
    "settings/devices.receipt_printer.port", "settings/devices.receipt_printer.port/type", "software", "power",
    "power/close", "power/close/paper", "power/close/paper/minutes",
)  # fmt: skip
SECONDS = 20.0


class World:
    """A session at the desk of these rooms."""

    def __init__(self, tmp_path: Path, journal: Journal) -> None:
        file = tmp_path / "terminal.toml"
        file.write_text(TEXT, "utf-8")
        place = house(tmp_path, journal, profile_file=file)
        self.crashes: list[BaseException] = []
        self.left: list[str] = []
        self.last: Snapshot | None = None
        self.heard = threading.Condition()
        found = (Found("name", "failed", "unknown", ("backend.example",)),)
        rooms = (
            Recorder("overview", Deed.LOOK), QueueRoom(place), NetworkRoom(place, lambda line: iter(found)),
            LogRoom(place), SettingsRoom(place, trial.Standing(), lambda: PORTS), SoftwareRoom(place),
            PowerRoom(place, (lambda: False, lambda on: None)),
        )  # fmt: skip
        self.desk = MaintenanceDesk(
            rooms, journal, bar=lambda session: Bar(who=session.who, role=session.role), left=self.left.append,
            locked=lambda: None, crashed=self.crashes.append, clock=lambda: 0.0,
        )  # fmt: skip
        self.desk.subscribe(self._hear)
        self.desk.start()

    def _hear(self, snapshot: Snapshot | None) -> None:
        with self.heard:
            self.last = snapshot
            self.heard.notify_all()

    def page(self, path: str) -> Page:
        """The page once it has looked."""
        with self.heard:
            assert self.heard.wait_for(
                lambda: self.last is not None and self.last.page.path == path and self.last.page.busy is None, SECONDS
            )
            assert self.last is not None
            return self.last.page


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as journal:
        made = commit(journal)
        journal.set_aside(made.case_id, "quarantined", "bad-envelope")
        world = World(tmp_path, journal)
        yield world
        world.desk.stop()
        assert world.crashes == []


def test_every_page_is_shown_and_says_nothing_of_the_person(world: World) -> None:
    world.desk.begin(Session(Role.ADMINISTRATOR, "0001"))
    for path in PAGES:
        world.desk.post(Open(path))
        page = world.page(path)
        check_words(page)
        said = "".join(texts(page) + texts(page, "en"))
        assert MARKER not in said
        assert "1402-0000" not in said
    world.desk.post(Open("queue"))
    row = world.page("queue").rows[1]
    assert row.button is not None
    world.desk.post(Open(row.button.opens))
    assert "内容不完整" in "".join(texts(world.page(row.button.opens)))
    assert world.last is not None
    assert [tile.path for tile in world.last.menu] == [
        "overview", "queue", "network", "log", "settings", "software", "power",
    ]  # fmt: skip
    assert all(tile.allowed for tile in world.last.menu)
    for tile in world.last.menu[1:]:
        assert shown(tile.label)
        assert shown(tile.label, "en")
    world.desk.post(Leave())
    with world.heard:
        assert world.heard.wait_for(lambda: world.last is None, SECONDS)


def test_a_keeper_sees_that_these_are_not_for_them(world: World) -> None:
    world.desk.begin(Session(Role.KEEPER, "0401"))
    world.page("overview")
    assert world.last is not None
    assert [tile.allowed for tile in world.last.menu] == [True, *[False] * 6]


def test_what_a_technician_may_not_do_is_shown_disabled(world: World) -> None:
    world.desk.begin(Session(Role.TECHNICIAN, "0417"))
    world.desk.post(Open("settings/terminal.phone"))
    assert not any(button.enabled for button in world.page("settings/terminal.phone").buttons)
    world.desk.post(Open("power"))
    rows = {row.key: row.button for row in world.page("power").rows}
    assert {key: button is not None and button.enabled for key, button in rows.items()} == {
        "service": True, "restart": True, "shut_down": False, "test": True,
    }  # fmt: skip
