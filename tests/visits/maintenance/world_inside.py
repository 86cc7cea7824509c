"""The scenes of test_world.py, each run by it in a process of its own: a demo whose world outside fails and is mended.

    python -m tests.visits.maintenance.world_inside SCENE OUT SCRIPT …

A script's ``meet = "NAME"`` has the scene do what it knows under that name. After the visits what the terminal has
written down (``after.json``: events of the log, and its proofs) lies beside report.json.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kiosk import trial
from kiosk.demo.cabinet import PROFILE
from kiosk.demo.run import MEETINGS, Demo, Wanted
from kiosk.journal import reading
from kiosk.journal.keys import load_or_create_key
from kiosk.sync import resolving
from tests.faults.real_clock import WallClock
from tests.faults.real_disk import Disk
from tests.wire.pcsc_room import PcscRoom
from ui.player.script import load

LOOK_EVERY = 0.05  # s
COMES_WITHIN = 60.0  # s
DISK_MB, LEFT_MB = 4000, 100  # 256 must be free for a visit to begin
ASTRAY = 40 * 60  # s by which the clock is wrong
TRIAL_SECONDS = 40.0  # instead of 300: an administrator, and his player, are quicker than that
Meetings = Mapping[str, Callable[[], None]]


class WorldDemo(Demo):
    """``changes``: of the profile, by their place in it."""

    def __init__(self, out: Path, changes: Callable[[WorldDemo], Mapping[str, str | int]] = lambda demo: {}) -> None:
        super().__init__(
            Wanted(
                out=out, headless=True, visits=(), offline=False, size=(1080, 1920), language="zh_CN", pictures=False
            )
        )
        self.out, self._changes = out, changes
        self.terminal: Any = None

    def write_profile(self) -> None:
        import tomlkit

        super().write_profile()
        file = self.out / PROFILE
        document = tomlkit.parse(file.read_text("utf-8"))
        for key, value in self._changes(self).items():
            *tables, last = key.split(".")
            place: Any = document
            for part in tables:
                place = place.setdefault(part, tomlkit.table())
            place[last] = value
        for each in (file, self.out / "first.toml"):  # the second is what nobody has changed since
            each.write_text(tomlkit.dumps(document), encoding="utf-8")

    def make_terminal(self, **options: Any) -> Any:
        self.terminal = super().make_terminal(**options)
        return self.terminal

    def notices(self, *, online: bool) -> None:
        """Until the terminal has noticed how the line is."""
        self.terminal.kick()
        comes_about(lambda: self.terminal.online is online, f"online to be {online}")


@contextmanager
def network(out: Path) -> Iterator[tuple[Demo, Meetings]]:
    """A name, a cable and a router, a certificate, a backend behind its proxy."""
    from tests.visits.maintenance.world_outside import Outside

    resolving.KEPT_SECONDS = 1.0  # instead of five minutes, for which a name that is gone does no harm
    with ExitStack() as stack:
        outside: Outside

        def addressed(demo: WorldDemo) -> Mapping[str, str]:
            return {"backend.url": outside.url, "backend.roots": str(outside.roots)}

        demo = stack.enter_context(WorldDemo(out, addressed))
        host, _, port = demo.ports["network"].removeprefix("http://").partition(":")
        outside = stack.enter_context(Outside(out / "outside", (host, int(port))))

        def names(how: str) -> None:
            outside.names = how  # type: ignore[assignment]  # one of its words

        def breaks(*how: Callable[[], None]) -> Callable[[], None]:
            def do() -> None:
                for each in how:
                    each()
                demo.notices(online=False)

            return do

        def back_without_a_way_out() -> None:
            outside.plug()
            outside.forget_route()

        def relay(mode: str) -> None:
            demo.control.do("network", mode)

        yield (
            demo,
            {
                # the line that stands is cut as well: a name is asked for when a connection is made
                "name_breaks": breaks(lambda: names("unknown"), lambda: outside.certificate("good")),
                "name_is_silent": lambda: names("silent"),
                "name_is_mended": lambda: names("known"),
                "cable_is_pulled": breaks(outside.unplug),
                "cable_is_back": back_without_a_way_out,
                "router_is_mended": outside.plug,
                "certificate_expires": breaks(lambda: outside.certificate("expired")),
                "certificate_of_another": lambda: outside.certificate("other_host"),
                "certificate_of_a_stranger": lambda: outside.certificate("stranger"),
                "certificate_is_mended": lambda: outside.certificate("good"),
                "backend_stops": breaks(lambda: relay("off")),
                "backend_is_back": lambda: relay("on"),
            },
        )


@contextmanager
def disk(out: Path) -> Iterator[tuple[Demo, Meetings]]:
    """Somebody else's file leaves less than a visit needs; then it is deleted."""
    room = Disk(out / "disk.img", out / "data", DISK_MB)
    room.folder.mkdir(mode=0o700)
    room.make()
    try:
        with WorldDemo(out) as demo:
            yield demo, {"disk_fills": lambda: room.fill(leave=LEFT_MB << 20), "disk_has_room": room.make_room}
    finally:
        room.unmount()


@contextmanager
def clock(out: Path) -> Iterator[tuple[Demo, Meetings]]:
    """This process runs by a wall clock of its own (preloaded), its backend and its cabinet by the machine's."""
    wall = WallClock(out)
    assert os.environ.pop("LD_PRELOAD", "")
    del os.environ["WALL_CLOCK"]
    with WorldDemo(out) as demo:
        yield demo, {"clock_goes_astray": lambda: wall.set(ASTRAY), "clock_is_set": lambda: wall.set(0)}


@contextmanager
def pcscd(out: Path) -> Iterator[tuple[Demo, Meetings]]:
    """A card reader behind a real pcscd, which dies; systemd, or whoever stands there, begins it anew."""
    folder = out / "pcscd"
    folder.mkdir()
    with PcscRoom(folder) as room:
        card = "devices.simulators.applets.social_security:v2"
        slot = {"devices.card_reader.driver": "pcsc", "devices.card_reader.port": room.readers[0]}
        with WorldDemo(out, lambda demo: slot) as demo:
            yield (
                demo,
                {
                    "pcscd_dies": room.kill,
                    "pcscd_is_begun": room.start,
                    "card_is_put": lambda: room.insert(card) and None,
                    "card_is_taken": lambda: room.pull(),
                },
            )


@contextmanager
def profile(out: Path) -> Iterator[tuple[Demo, Meetings]]:
    """Changes that keep the terminal from working, and one that does not; a trial of 40 s instead of five minutes."""
    trial.SECONDS, trial.LOOK_SECONDS = TRIAL_SECONDS, 1.0
    with WorldDemo(out) as demo:

        def lives(count: int) -> Callable[[], None]:
            return lambda: comes_about(lambda: demo.terminal.lives >= count, f"life {count}")

        yield demo, {f"life_{count}": lives(count) for count in range(2, 8)}


SCENES = {each.__name__: each for each in (network, disk, clock, pcscd, profile)}


def comes_about(true: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + COMES_WITHIN
    while not true():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited for {what}")
        time.sleep(LOOK_EVERY)


class Meeting:
    """Beside the scripts: does what is known under the name of each meeting, once, and lets the script go on."""

    def __init__(self, folder: Path, known: Meetings) -> None:
        self._folder, self._known = folder, known
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meetings", daemon=True)

    def __enter__(self) -> Meeting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(COMES_WITHIN)

    def _run(self) -> None:
        left = dict(self._known)
        while not self._over.wait(LOOK_EVERY):
            for name in [name for name in left if (self._folder / f"{name}.here").exists()]:
                try:
                    left.pop(name)()
                except Exception:  # the script waits in vain, and says so
                    traceback.print_exc()
                else:
                    (self._folder / f"{name}.go").touch()


def written_down(out: Path) -> dict[str, list[dict[str, Any]]]:
    """``log``: event and details of each row, the oldest first; ``proofs``: every one that is kept, in its order."""
    folder = out / "data" / "journal"
    with reading.reading(folder, load_or_create_key(folder)) as connection:
        rows = connection.execute("SELECT event, details FROM audit ORDER BY seq").fetchall()
        columns = ("subject", "test", "outcome", "code", "words", "staff")
        proofs = connection.execute(f"SELECT {', '.join(columns)} FROM proofs ORDER BY id").fetchall()
    return {
        "log": [{"event": event, **json.loads(details)} for event, details in rows],
        "proofs": [dict(zip(columns, row, strict=True)) for row in proofs],
    }


def main(scene: str, out: Path, scripts: list[Path]) -> int:
    with SCENES[scene](out) as (demo, meetings):
        with Meeting(out / MEETINGS, meetings):
            report = demo.play([load(script) for script in scripts])
        report.write(out)
        (out / "after.json").write_text(json.dumps(written_down(out), ensure_ascii=False), encoding="utf-8")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]]))
