"""The scenes of test_fault_states.py, run by it alone in namespaces of its own: mounts and packet filters are real.

One terminal lives through all of them on one disk (an ext4 in a file), behind its real window; what it holds at the
end is compared with what was promised. A process goes on from one scene to the next where the scene is not about a
start and the one before has ended well.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.run import Demo
from tests.crash.terminal_world import TerminalProcess, look, unsent, until, world
from tests.faults.real_clock import WallClock
from tests.faults.real_disk import Disk, run
from tests.unit.doctor_room import TEST_PROFILE
from ui.words import word

PENSION = {"service": "pension_verification", "card": "elder", "way": "later"}
WITHOUT_RIGHTS = (
    "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search",
)  # fmt: skip
DISK_MB = 700
SAID_WITHIN = 120.0  # s
LOOKS_EVERY = 0.1  # s: a look walks through the window, or opens the journal
MORE = pytest.mark.skipif(os.environ.get("KIOSK_PEER_FAULT_STATES") != "all", reason="KIOSK_PEER_FAULT_STATES=all")
"""What needs a start more and resembles another scene."""

pytestmark = pytest.mark.timeout(400)


def lang(key: str) -> str:
    return word("zh_CN", key)


class Room:
    """Backend, twins, a disk; and the terminal's lives on it."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo, self.folder, self.data = demo, folder, folder / "data"
        self.disk = Disk(folder / "disk.img", self.data, DISK_MB)
        self.life: TerminalProcess | None = None
        self.how: dict[str, Any] = {}
        self.well = False  # the life under way has just shown that it works
        self.port = int(demo.ports["network"].rpartition(":")[2])
        self.profile = folder / "terminal.toml"
        self.profile.write_text(TEST_PROFILE.format(url=demo.ports["network"]), encoding="utf-8")

    # -- the terminal

    def begin(self, *, within: Sequence[str] = (), more: dict[str, str] | None = None) -> TerminalProcess:
        self.end()
        self.how = {"within": within, "more": more}
        self.life = TerminalProcess(
            self.demo, self.folder, module="tests.faults.window_child", within=within,
            more={"KIOSK_LANGUAGE": "zh_CN", **(more or {})},
        )  # fmt: skip
        return self.life

    def ready(self, more: dict[str, str] | None = None) -> TerminalProcess:
        """With a free start page: the one that lives, if it was begun in this way."""
        life = self.life if self.life and self.how == {"within": (), "more": more} else self.begin(more=more)
        self.well = False
        life.forget()
        life.order("ready")
        assert life.wait(lambda words: "ready" in words, SAID_WITHIN), self.errors()
        return life

    def do(self, order: str, **words: Any) -> dict[str, Any]:
        assert self.life is not None
        self.life.forget()
        self.life.order(order, **words)
        said = self.life.wait(lambda words: words.get("done") == order)
        assert said is not None, self.errors()
        return said

    def texts(self) -> list[str]:
        return list(self.do("read")["texts"])

    def see_again(self) -> None:
        """It looks again by itself after a while, which is now; and then the start page is there."""
        self.do("look_again")
        assert self.life is not None
        self.life.order("ready")
        assert self.life.wait(lambda words: "ready" in words), self.errors()

    def see(self, key: str) -> None:
        """Until these words stand in the window."""
        wanted = lang(key)
        assert comes_about(lambda: wanted in self.texts()), f"{wanted!r} is not shown; {self.texts()}; {self.errors()}"

    def see_no_more(self, key: str) -> None:
        """Until these words, which stand in the window, do not any more."""
        unwanted = lang(key)
        assert comes_about(lambda: unwanted not in self.texts()), f"{unwanted!r} stays; {self.errors()}"

    def end(self) -> None:
        if self.life is not None and self.life.process.poll() is None:
            assert self.life.stop() == 0, self.errors()
        self.life, self.well = None, False

    def gone(self) -> None:
        """It has ended, or it is ended now."""
        if self.life is not None:
            self.life.kill()
        self.life = None
        self.demo.control.do("id_reader", "take")

    def errors(self) -> str:
        return (self.folder / "terminal.stderr").read_text()[-2000:]

    # -- from outside

    def doctor(self, *, within: Sequence[str] = (), more: dict[str, str] | None = None) -> dict[str, dict[str, str]]:
        """What `kiosk doctor` says of this terminal, by matter."""
        ended = subprocess.run(
            [*within, sys.executable, "-m", "kiosk.cli", "doctor", "--json", "--profile", str(self.profile)],
            capture_output=True, text=True, timeout=300, check=False, env=os.environ | (more or {}),
        )  # fmt: skip
        assert ended.returncode in (0, 1), ended.stderr
        return {check["name"]: check for check in json.loads(ended.stdout)["checks"]}

    def cases(self) -> int:
        report, rows, acknowledged = look(self.folder)
        assert report.problems == ()
        assert len(set(acknowledged)) == len(acknowledged)
        return len(rows)

    def all_sent(self) -> None:
        assert comes_about(lambda: unsent(self.folder) == 0), self.errors()


def comes_about(true: Callable[[], bool]) -> bool:
    limit = time.monotonic() + SAID_WITHIN
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(LOOKS_EVERY)
    return True


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """With one case that has arrived."""
    folder = tmp_path_factory.mktemp("room")
    with world(folder) as demo:
        made = Room(demo, folder)
        made.disk.make()
        try:
            made.ready()
            works(made, 0)
            yield made
            made.end()
        finally:
            made.gone()
            made.disk.unmount()


@pytest.fixture(autouse=True)
def afterwards(room: Room) -> Iterator[None]:
    room.well = False
    yield
    if not room.well:
        room.gone()
    if room.disk.filled:
        room.disk.make_room()


def visit_to(room: Room, stop: str) -> None:
    room.do("visit", stop=stop, **PENSION)


def works(room: Room, before: int) -> None:
    """A whole visit, and everything arrives."""
    visit_to(room, "attract")
    assert room.cases() == before + 1
    room.all_sent()
    room.well = True


def test_disk_full_before_a_visit(room: Room) -> None:
    before = room.cases()
    room.ready()
    room.disk.fill(leave=20 << 20)
    visit_to(room, "guide")
    room.see("ability.lacking.room")
    assert room.doctor()["disk"]["state"] == "broken"
    room.disk.make_room()
    room.see_no_more("ability.lacking.room")
    room.do("end", manner="quit")
    works(room, before)


def test_disk_full_in_the_middle_of_a_visit(room: Room) -> None:
    """The visit that has begun is finished out of the reserve; the next one is not begun."""
    before = room.cases()
    room.ready()
    visit_to(room, "review")
    room.disk.fill()
    room.do("go_on", stop="attract", **PENSION)
    assert room.cases() == before + 1, "it was told as saved, and it is"
    visit_to(room, "guide")
    room.see("ability.lacking.room")
    room.do("end", manner="quit")
    room.disk.make_room()
    works(room, before + 1)


def test_every_packet_is_lost_in_the_middle_of_an_upload(room: Room) -> None:
    """A case with a picture of 14 MB is on its way in parts when the line goes deaf, connections and all."""
    before = room.cases()
    room.ready()
    room.do("upload", size=14 << 20)
    parts = room.folder / "backend" / "uploads"
    assert until(lambda: parts.exists() and any(file.stat().st_size for file in parts.iterdir()), SAID_WITHIN)
    run("nft", "add", "table", "ip", "deaf")
    run("nft", "add", "chain", "ip", "deaf", "out", "{ type filter hook output priority 0 ; }")
    run("nft", "add", "rule", "ip", "deaf", "out", "tcp", "dport", str(room.port), "drop")
    run("nft", "add", "rule", "ip", "deaf", "out", "tcp", "sport", str(room.port), "drop")
    try:
        with ThreadPoolExecutor() as beside:  # both wait until they give up
            asked = beside.submit(room.doctor)
            room.see("light.network.bad")
            told = asked.result()
        assert told["backend"]["state"] == "broken"
        assert "no answer" in told["backend"]["finding"]
        assert told["queue"]["finding"].startswith("1 item")
        assert unsent(room.folder) == 1
        assert room.cases() == before + 1
    finally:
        run("nft", "delete", "table", "ip", "deaf")
    works(room, before + 1)  # the next case does not wait for the back-off to run out, and takes the other along


@MORE
def test_disk_full_at_the_start(room: Room) -> None:
    before = room.cases()
    room.end()
    (room.data / "journal" / "journal.reserve").unlink(missing_ok=True)
    room.disk.fill()
    room.begin()
    room.see("out.reason.disk_full")
    assert lang("out.advice") in room.texts()
    assert room.doctor()["disk"]["state"] == "broken"
    room.disk.make_room()
    room.see_again()
    works(room, before)


def test_disk_turns_read_only_in_the_middle_of_a_visit(room: Room) -> None:
    """As ext4 does it after an error of the disk: every later write is refused. Then the disk is mended."""
    before = room.cases()
    room.ready()
    visit_to(room, "review")
    run("mount", "-o", "remount,abort", str(room.data))
    try:
        life = room.life
        assert life is not None
        life.forget()
        life.order("go_on", stop="outcome", **PENSION)
        ended = life.wait(lambda words: "failed" in words)
        assert ended is not None
        assert ended["failed"] in ("JournalError journal-uncertain", "JournalError journal-stopped"), (
            "only a restart tells"
        )
        room.gone()
        told = room.doctor()
        assert told["disk"]["state"] == "broken"
        assert "read-only" in told["disk"]["finding"]
        room.begin()
        room.see("out.reason.disk_unwritable")
        assert lang("out.advice") in room.texts()
    finally:
        room.disk.mend()  # under a terminal that is out of service: it holds nothing there open
    room.see_again()
    assert room.cases() == before
    works(room, before)


def test_rights_are_gone_at_the_start(room: Room) -> None:
    before = room.cases()
    room.end()
    folder = room.data / "journal"
    os.chown(folder, 65534, 65534)  # somebody else's, and the terminal without the rights that override that
    try:
        room.begin(within=WITHOUT_RIGHTS)
        room.see("out.reason.disk_unwritable")
        told = room.doctor(within=WITHOUT_RIGHTS)
        assert "broken" in (told["disk"]["state"], told["journal"]["state"])
    finally:
        os.chown(folder, os.getuid(), os.getgid())
    room.see_again()
    works(room, before)


@pytest.fixture(scope="module")
def wall_clock(room: Room) -> WallClock:
    if not shutil.which("gcc"):
        pytest.skip("needs the Debian packages gcc, libc6-dev")
    clock = WallClock(room.folder)
    clock.make()
    return clock


@pytest.mark.parametrize(
    ("year", "moment"),
    [
        (1970, "start"),  # a battery that has died while the machine was off
        (2100, "run"),  # a wrong hand
        pytest.param(2100, "start", marks=MORE),
        pytest.param(1970, "run", marks=MORE),
    ],
)
def test_clock(room: Room, wall_clock: WallClock, year: int, moment: str) -> None:
    """The machine starts with it, or it jumps while the terminal runs; then somebody sets it."""
    before = room.cases()
    wrong = datetime(year, 1, 1, 8, 0, 5, tzinfo=UTC)
    if moment == "start":
        room.end()
        wall_clock.show(wrong)
        room.ready(more=wall_clock.environment)
    else:
        wall_clock.show(None)
        room.ready(more=wall_clock.environment)
        wall_clock.show(wrong)
    visit_to(room, "guide")
    room.see("ability.lacking.clock")
    assert room.doctor(more=wall_clock.environment)["clock"]["state"] == "broken"
    wall_clock.show(None)
    room.see_no_more("ability.lacking.clock")
    room.do("end", manner="quit")
    assert room.cases() == before, "no case bears that year"
    works(room, before)
