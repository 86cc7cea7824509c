"""The composition root: a journal that cannot be opened is told on the page, and the newest picture wins."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devices.contracts.device import State, Status
from kiosk.demo.cabinet import profile as demo_profile
from kiosk.journal import aside
from kiosk.journal.connection import FILE
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.profile import Profile, ProfileError, parse
from kiosk.terminal import Terminal
from kiosk.visit.events import AbilitiesChanged, TimerFired
from kiosk.visit.screen import NoticeBody, Screen
from tests.unit.test_profile import GOOD

SECONDS = 20.0


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A terminal without devices, whose backend is not there."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return parse(GOOD | {"backend": {"url": f"http://127.0.0.1:{port}"}, "devices": {}}, tmp_path)


class Watched:
    """A terminal, its pages, and what it gave up for."""

    def __init__(self, profile: Profile) -> None:
        self.screens: list[Screen] = []
        self.failures: list[BaseException] = []
        self.heard = threading.Condition()
        self.terminal = Terminal(profile, failed=self.failures.append)
        self.terminal.subscribe(self._hear)

    def _hear(self, screen: Screen) -> None:
        with self.heard:
            self.screens.append(screen)
            self.heard.notify_all()

    def page(self, name: str, after: int = 0) -> Screen | None:
        """The first screen of this page since the ``after``-th, waited for."""
        with self.heard:
            self.heard.wait_for(lambda: any(screen.page == name for screen in self.screens[after:]), SECONDS)
            return next((screen for screen in self.screens[after:] if screen.page == name), None)


@pytest.fixture
def watched(profile: Profile) -> Iterator[Watched]:
    made = Watched(profile)
    yield made
    made.terminal.stop()


@pytest.fixture
def damaged(profile: Profile) -> Callable[[], object]:
    """A journal of which no page can be read, in file or log; called, it is whole again."""
    folder = profile.data / "journal"
    Journal.open(folder, load_or_create_key(folder)).close()
    whole = (folder / FILE).read_bytes()
    for file in (folder / FILE, folder / f"{FILE}-wal"):
        file.write_bytes(bytes(file.stat().st_size))
    return lambda: (folder / FILE).write_bytes(whole)


def test_a_damaged_journal_is_out_of_service_and_not_the_end_of_the_process(
    watched: Watched, damaged: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    watched.terminal.start()
    screen = watched.page("out_of_service")
    assert screen is not None
    assert screen.body == NoticeBody("journal_damaged")
    assert watched.failures == []
    assert not watched.terminal.wait_ready(0)
    assert "journal-damaged" in caplog.text
    assert "Do not delete it" in caplog.text

    before = len(watched.screens)
    watched.terminal.post(TimerFired("look_again"))
    assert watched.page("out_of_service", before) is not None
    damaged()
    watched.terminal.post(TimerFired("look_again"))
    assert watched.page("attract") is not None
    assert watched.terminal.wait_ready(SECONDS)
    assert caplog.text.count("Do not delete it") == 1


def test_a_journal_with_a_damaged_page_is_set_aside_and_the_terminal_goes_on(
    watched: Watched, profile: Profile
) -> None:
    folder = profile.data / "journal"
    Journal.open(folder, load_or_create_key(folder)).close()
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[:5000] + bytes(100) + whole[5100:])
    watched.terminal.start()
    assert watched.page("attract") is not None
    assert watched.terminal.wait_ready(SECONDS)
    assert len(aside.set_aside(folder)) == 1


def test_who_asks_to_be_let_in_before_it_stands_waits_and_is_not_waited_for_at_its_end(watched: Watched) -> None:
    found: list[str] = []
    asked = threading.Thread(target=lambda: found.append(watched.terminal._known_as()), daemon=True)
    asked.start()
    assert found == []
    watched.terminal.stop()
    asked.join(SECONDS)
    assert found == [watched.terminal._profile.place.area_code]


@pytest.mark.usefixtures("damaged")
def test_a_terminal_that_is_out_of_service_ends_when_told(watched: Watched) -> None:
    watched.terminal.start()
    assert watched.page("out_of_service") is not None
    assembly = watched.terminal._thread
    assert assembly is not None
    watched.terminal.stop()
    assert not assembly.is_alive()
    assert watched.failures == []


@pytest.mark.parametrize("content", [None, "", "GEZDGNBV", "no base32!"])
def test_a_staff_secret_that_cannot_be_used_is_the_profiles_to_mend(profile: Profile, content: str | None) -> None:
    file = profile.data / "staff.secret"
    file.parent.mkdir(parents=True)
    if content is not None:
        file.write_text(content, encoding="ascii")
    watched = Watched(replace(profile, staff_secret_file=file))
    watched.terminal.start()
    thread = watched.terminal._thread
    assert thread is not None
    thread.join(SECONDS)
    watched.terminal.stop()
    (failure,) = watched.failures
    assert isinstance(failure, ProfileError)
    assert str(file) in failure.advice
    assert "base32" in failure.advice


def test_an_older_picture_of_the_devices_never_comes_last(profile: Profile) -> None:
    terminal: Any = Terminal(profile)
    reader = {"id_reader": Status(State.ONLINE)}
    posted: list[AbilitiesChanged] = []
    looking, go_on = threading.Event(), threading.Event()

    def numbers_left(kind: str) -> int:
        if not looking.is_set():  # the first one to look waits for the journal's turn
            looking.set()
            go_on.wait(SECONDS)
        return 5

    terminal._packs = {"pension": SimpleNamespace(
        pack_id="pension", number_blocks=("case",), papers=(), materials=(), offline=None
    )}  # fmt: skip
    terminal._manager = SimpleNamespace(statuses=lambda: dict(reader))
    terminal.journal = SimpleNamespace(numbers_left=numbers_left)
    terminal._runner = SimpleNamespace(post=posted.append)
    terminal._sync = SimpleNamespace(online=True, hangs=False)  # asked once: what is known may be said
    first = threading.Thread(target=terminal._tell_abilities)
    first.start()
    assert looking.wait(SECONDS)
    reader["id_reader"] = Status(State.NO_DEVICE)
    second = threading.Thread(target=terminal._tell_abilities)
    second.start()
    second.join(0.3)  # where nothing holds it back, the newer picture overtakes the older one here
    go_on.set()
    first.join(SECONDS)
    second.join(SECONDS)
    assert [event.identity_reader for event in posted][-1] is False


def test_stopping_tells_the_devices_before_it_waits_for_papers(profile: Profile) -> None:
    terminal: Any = Terminal(profile)
    order: list[str] = []
    actor = SimpleNamespace(request_stop=lambda: order.append("device"))

    class Devices(dict[str, Any]):
        def stop(self) -> None:
            order.append("devices")

    terminal._manager = Devices(page_printer=actor)
    terminal._counter = SimpleNamespace(close=lambda: order.append("counter"))
    terminal.stop()
    assert order == ["device", "counter", "devices"]


def test_the_demos_profile_is_a_good_one(tmp_path: Path) -> None:
    ports = dict.fromkeys(("network", "id_reader", "page_printer", "receipt_printer", "camera"), "http://127.0.0.1:1")
    made = demo_profile(ports, tmp_path, enrolment_code="", size=(1080, 1920), language="zh_CN")
    assert made.services == ()
