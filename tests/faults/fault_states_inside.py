"""The scenes of test_fault_states.py, run by it alone in namespaces of its own: mounts and packet filters are real.

One terminal lives through all of them on one disk (an ext4 in a file), behind its real window; what it holds at the
end is compared with what was promised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.run import Demo
from tests.crash.terminal_world import TerminalProcess, look, unsent, until, world
from tests.unit.doctor_room import PROFILE
from ui.words import word

PENSION = {"service": "pension_verification", "card": "elder", "way": "later"}
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
WITHOUT_RIGHTS = (
    "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search",
)  # fmt: skip
DISK_MB = 700
SAID_WITHIN = 120.0  # s
FILLER = "somebody-elses"

pytestmark = pytest.mark.timeout(400)


def run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, f"{command}: {ended.stdout} {ended.stderr}"


def lang(key: str) -> str:
    return word("zh_CN", key)


class Room:
    """Backend, twins, a disk; and the terminal's lives on it."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo, self.folder, self.data = demo, folder, folder / "data"
        self.image = folder / "disk.img"
        self.life: TerminalProcess | None = None
        self.port = int(demo.ports["network"].rpartition(":")[2])
        self.time_file = folder / "time"
        self.profile = folder / "terminal.toml"
        self.profile.write_text(PROFILE.format(url=demo.ports["network"]), encoding="utf-8")

    # -- the disk

    def make_disk(self) -> None:
        with self.image.open("wb") as file:
            file.truncate(DISK_MB << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))  # root would still write into a share of its own
        self.mount()

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self.image), str(self.data))

    def mend(self) -> None:
        """What an operator does: the disk is checked, and mounted anew."""
        run("umount", str(self.data))
        subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True, timeout=60, check=False)
        self.mount()

    def fill(self, leave: int = 0) -> None:
        """Somebody else's file takes all room but ``leave`` bytes, down to the last block."""
        file = self.data / FILLER
        free = os.statvfs(self.data)
        room = free.f_bavail * free.f_frsize - leave
        handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for size in (room, 1 << 20, 1 << 16, 4096):
                while size > 0 and free_bytes(self.data) > leave:
                    try:
                        os.posix_fallocate(handle, os.fstat(handle).st_size, size)
                    except OSError:
                        break
                    if size == room:
                        break
        finally:
            os.close(handle)

    def make_room(self) -> None:
        (self.data / FILLER).unlink()

    # -- the terminal

    def begin(self, *, within: Sequence[str] = (), more: dict[str, str] | None = None) -> TerminalProcess:
        self.life = TerminalProcess(
            self.demo, self.folder, module="tests.faults.window_child", within=within,
            more={"KIOSK_LANGUAGE": "zh_CN", **(more or {})},
        )  # fmt: skip
        return self.life

    def ready(self, **how: Any) -> TerminalProcess:
        life = self.begin(**how)
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
        limit = time.monotonic() + SAID_WITHIN
        while wanted not in (seen := self.texts()):
            assert time.monotonic() < limit, f"{wanted!r} is not shown; {seen}; {self.errors()}"

    def end(self) -> None:
        if self.life is not None and self.life.process.poll() is None:
            assert self.life.stop() == 0, self.errors()
        self.life = None

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
        assert until(lambda: unsent(self.folder) == 0, SAID_WITHIN), self.errors()


def free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """With one case that has arrived, and no terminal running."""
    folder = tmp_path_factory.mktemp("room")
    with world(folder) as demo:
        made = Room(demo, folder)
        made.make_disk()
        try:
            made.ready()
            visit_to(made, "attract")
            made.all_sent()
            made.end()
            yield made
        finally:
            made.gone()
            run("umount", str(made.data))


@pytest.fixture(autouse=True)
def afterwards(room: Room) -> Iterator[None]:
    yield
    room.gone()
    if (room.data / FILLER).exists():
        room.make_room()


def visit_to(room: Room, stop: str) -> None:
    room.do("visit", stop=stop, **PENSION)


def works(room: Room, before: int) -> None:
    """A whole visit, and everything arrives."""
    visit_to(room, "attract")
    assert room.cases() == before + 1
    room.all_sent()


def test_disk_full_before_a_visit(room: Room) -> None:
    before = room.cases()
    room.ready()
    room.fill(leave=20 << 20)
    visit_to(room, "guide")
    room.see("ability.lacking.room")
    assert room.doctor()["disk"]["state"] == "broken"
    room.do("end", manner="quit")
    room.make_room()
    visit_to(room, "guide")
    room.see("ability.good.network")
    room.do("end", manner="quit")
    works(room, before)
    room.end()


def test_disk_full_in_the_middle_of_a_visit(room: Room) -> None:
    """The visit that has begun is finished out of the reserve; the next one is not begun."""
    before = room.cases()
    room.ready()
    visit_to(room, "review")
    room.fill()
    room.do("go_on", stop="attract", **PENSION)
    assert room.cases() == before + 1, "it was told as saved, and it is"
    visit_to(room, "guide")
    room.see("ability.lacking.room")
    room.do("end", manner="quit")
    room.make_room()
    works(room, before + 1)
    room.end()


def test_disk_full_at_the_start(room: Room) -> None:
    before = room.cases()
    (room.data / "journal" / "journal.reserve").unlink(missing_ok=True)
    room.fill()
    room.begin()
    room.see("out.reason.disk_full")
    assert lang("out.advice") in room.texts()
    assert room.doctor()["disk"]["state"] == "broken"
    room.make_room()
    room.see_again()
    works(room, before)
    room.end()


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
        room.gone()
        room.mend()
    room.ready()
    assert room.cases() == before
    works(room, before)
    room.end()


def test_rights_are_gone_at_the_start(room: Room) -> None:
    before = room.cases()
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
    room.end()


def test_clock_at_1970(room: Room) -> None:
    clock_is_wrong(room, "1970-01-01 08:00:05")


def test_clock_at_2100(room: Room) -> None:
    clock_is_wrong(room, "2100-01-01 08:00:05")


def clock_is_wrong(room: Room, when: str) -> None:
    """The machine starts with it, and somebody sets it while the terminal runs."""
    if not FAKETIME.exists():
        pytest.skip("needs the Debian package faketime")
    before = room.cases()
    room.time_file.write_text(f"@{when}\n")
    fake = {
        "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(room.time_file), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    room.ready(more=fake)
    visit_to(room, "guide")
    room.see("ability.lacking.clock")
    told = room.doctor(
        more={name: fake[name] for name in ("LD_PRELOAD", "FAKETIME_DONT_FAKE_MONOTONIC")} | {"FAKETIME": f"@{when}"}
    )
    assert told["clock"]["state"] == "broken"
    room.do("end", manner="quit")
    room.time_file.write_text("+0\n")
    visit_to(room, "guide")
    room.see("ability.good.network")
    room.do("end", manner="quit")
    assert room.cases() == before, "no case bears that year"
    works(room, before)
    room.end()


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
        room.see("light.network.bad")
        told = room.doctor()
        assert told["backend"]["state"] == "broken"
        assert "no answer" in told["backend"]["finding"]
        assert told["queue"]["finding"].startswith("1 item")
        assert unsent(room.folder) == 1
        assert room.cases() == before + 1
    finally:
        run("nft", "delete", "table", "ip", "deaf")
    works(room, before + 1)  # the next case does not wait for the back-off to run out, and takes the other along
    room.end()
