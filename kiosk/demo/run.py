"""One demo from beginning to end: helpers up, terminal and window, visits, quiet, report."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from kiosk import display
from kiosk.demo import whole
from kiosk.demo.cabinet import AREA_CODE, CAMERA_RATE, PROFILE, profile, spec
from kiosk.demo.clerk import Clerk
from kiosk.demo.office import Office, public_key
from kiosk.demo.processes import Helper, HelperFailed
from kiosk.demo.renewing import Renewing
from kiosk.demo.report import Report, backend_counts
from kiosk.demo.stage import DemoStage
from kiosk.domain.text import Language
from kiosk.services.signing import SigningError
from kiosk.suites import DEFAULT, SuiteName

USUAL, ALL = "usual", "all"
"""Which devices the cabinet holds: those of a visit, or every one that has a twin."""
MEETINGS = "meetings"  # the folder where a script and whoever acts beside it wait for each other
CONTROL_SECONDS = 30.0  # a twin may draw a page first
QUIET_SECONDS = 30.0  # the queue must be empty by then, when the network is there
RETURN_SECONDS = 360.0  # and by then, when it has come back: the longest wait of kiosk/sync/policy.py, and a pass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    out: Path
    headless: bool
    visits: tuple[Path, ...]
    offline: bool
    size: tuple[int, int]
    language: Language
    camera_rate: float = CAMERA_RATE
    devices: str = USUAL
    pictures: bool = True
    suite: SuiteName = DEFAULT
    connectors: str = ""  # the file of departments that its backend sends cases to; none: nobody is
    publishing_key: str = ""  # public: whoever has its other half may publish; empty: the demo's own key


def run(wanted: Wanted) -> int:
    """Exit status 0 only if every visit reached its expected end and the report says so."""
    from ui.player.script import ScriptError, load

    try:
        scripts = [load(path) for path in wanted.visits]
    except ScriptError as error:
        print(f"kiosk demo: {error}", file=sys.stderr)
        return 2
    if wanted.headless and not scripts:
        print("kiosk demo: --headless plays scripts; name at least one with --visit FILE", file=sys.stderr)
        return 2
    if not wanted.headless and (why := display.missing()):
        print(f"kiosk demo: {why}; without one, add --headless and --visit FILE", file=sys.stderr)
        return 2
    try:
        with Demo(wanted) as demo:
            report = demo.play(scripts)
    except HelperFailed as error:
        print(f"kiosk demo: {error}", file=sys.stderr)
        return 1
    except SigningError as error:
        print(f"kiosk demo: {error.advice}", file=sys.stderr)
        return 1
    if scripts:
        report.write(wanted.out)
        _tell(report, wanted.out)
    return 0 if report.ok else 1


def _tell(report: Report, out: Path) -> None:
    for visit in report.visits:
        came = visit.outcome or visit.ends or "passed"
        end = f"{came}, {visit.seconds:.1f} s" if visit.ok else f"FAILED: {visit.error}"
        print(f"visit {visit.script}: {end}")
    if report.error:
        print(f"ERROR {report.error}")
    print(f"journal {report.journal}  backend {report.backend}")
    print(f"{len(report.documents)} papers, {len(report.shots)} pictures and report.json in {out}")


class DemoFailed(RuntimeError):
    """The terminal never came to the point where a visit can begin."""


class Demo:
    """The demo's world. Leaving it ends every process it started."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted, self.pictures = wanted, wanted.pictures
        self._helpers: list[Helper] = []
        self._began = time.monotonic()
        self._timings: dict[str, float] = {}
        self._bugs: list[BaseException] = []
        self._office: Office | None = None
        self._clerk: Clerk | None = None
        self.stop_early: Callable[[], None] = lambda: None

    def __enter__(self) -> Demo:
        from devices.simulators.control import Control

        out = self._wanted.out
        self.papers = out / "papers"
        for folder in (out, self.papers, out / "backend", out / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(out, "*.png", "report.json")
        _clear(out / MEETINGS, "*.here", "*.go")
        _clear(self.papers, "*.pdf", "*.png")
        self._publishing = self._wanted.publishing_key or public_key(out, self._wanted.suite)
        try:
            self._start_helpers(out)
        except BaseException:
            self._stop_helpers()
            raise
        self.control = Control(out / "control.sock", CONTROL_SECONDS)
        self.stage = DemoStage(
            self.control,
            out / "staff.secret",
            office=None if self._wanted.publishing_key else self._publish,
            clerk=self._act,
            meetings=out / MEETINGS,
            database=_database(out),
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._office is not None:
            self._office.close()
        if self._clerk is not None:
            self._clerk.close()
        self.control.close()
        self._stop_helpers()

    def _start_helpers(self, out: Path) -> None:
        import json

        registers = Helper("kiosk.demo.registers", ["--folder", str(out / "backend")], out / "registers.log")
        self._helpers.append(registers)
        backend = Helper(
            "kiosk.cli",
            ["backend", "--db", _database(out), "--blobs", str(out / "backend" / "blobs"), "--listen", "127.0.0.1:0",
             "--first-terminal", AREA_CODE, "demo", "--suite", self._wanted.suite,
             "--registers", registers.ready["file"], "--sample-seals", "--console",
             *(["--connectors", self._wanted.connectors] if self._wanted.connectors else [])],
            out / "backend.log",
        )  # fmt: skip
        self._helpers.append(backend)
        self.backend_url = backend.ready["listening"]
        print(f"staff: {self.backend_url}/console/  citizens: {self.backend_url}/p/", flush=True)
        self.enrolment_code = backend.ready["enrolment_code"]
        spec_file = out / "cabinet.json"
        spec_file.write_text(
            json.dumps(spec(self.papers, self.backend_url, self._wanted.camera_rate, self._more_twins())),
            encoding="utf-8",
        )
        cabinet = Helper(
            "devices.simulators",
            [
                "--socket",
                str(out / "control.sock"),
                "--spec",
                str(spec_file),
                "--state",
                str(out / "cabinet-state.json"),
            ],
            out / "cabinet.log",
        )
        self._helpers.append(cabinet)
        self.ports: dict[str, str] = cabinet.ready["ports"]
        self._timings["helpers_ready"] = round(time.monotonic() - self._began, 3)

    def _more_twins(self) -> dict[str, dict[str, Any]]:
        if self._wanted.devices != ALL:
            return {}
        without = whole.left_out()
        for device, need in without.items():
            what = "is without CUPS" if device == "page_printer" else "is left out"
            print(f"kiosk demo: {device} {what}: {need}", file=sys.stderr)
        return whole.twins(self.papers, without)

    def _stop_helpers(self) -> None:
        for helper in reversed(self._helpers):
            helper.stop()

    @property
    def helper_pids(self) -> list[int]:
        return [helper.pid for helper in self._helpers]

    def write_profile(self) -> None:
        """The terminal's profile, in front of this cabinet and its backend."""
        profile(
            self.ports, self._wanted.out, enrolment_code=self.enrolment_code, size=self._wanted.size,
            language=self._wanted.language, camera_rate=self._wanted.camera_rate,
            more=whole.devices(self.ports), suite=self._wanted.suite, publishing=[self._publishing],
            progress_url=f"{self.backend_url}/p/progress",
        )  # fmt: skip

    def make_terminal(self, **options: Any) -> Any:
        """The terminal in front of this cabinet, not started; ``options`` are further ones of Terminal's."""
        from devices.simulators.photo import SimulatedPhotoDecoder
        from kiosk import trial
        from kiosk.terminal import Terminal
        from ui.words import word

        self.write_profile()
        usual: dict[str, Any] = {"decoder": SimulatedPhotoDecoder(), "failed": self._failed, "power_down": _powerless}
        file = self._wanted.out / PROFILE

        def make(begin_anew: Callable[[], None]) -> Terminal:
            found, standing = trial.load(file)
            kept = {"restart": begin_anew, "file": file, "trial": standing, "speak": partial(word, "zh_CN")}
            return Terminal(found, **(usual | kept | options))

        terminal = Renewing(make)
        self._office = Office(self._wanted.out, _database(self._wanted.out), terminal.kick, lambda: terminal.versions)
        self._clerk = Clerk(
            _database(self._wanted.out),
            partial(_newest_case, terminal),
            partial(_arrived, terminal),
            terminal.kick,
        )
        return terminal

    def _publish(self, pack: Path) -> Callable[[], bool]:
        assert self._office is not None  # noqa: S101 (a script is played in front of a terminal)
        return self._office.publish(pack)

    def _act(self, deed: str, said: Mapping[str, object]) -> Callable[[], bool]:
        assert self._clerk is not None  # noqa: S101 (a script is played in front of a terminal)
        return self._clerk.act(deed, said)

    def _failed(self, error: BaseException) -> None:
        """A bug of the terminal ends the demo: nothing that follows would be worth a report."""
        self._bugs.append(error)
        self.stop_early()

    @contextmanager
    def _noting_bugs(self) -> Iterator[None]:
        """No thread's bug is survived unseen, the window's least of all. No value is told that is a real person's."""
        before = sys.excepthook, threading.excepthook

        def note(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
            error = error or kind()
            sys.__excepthook__(kind, error, where)
            self._failed(error)

        sys.excepthook = note
        threading.excepthook = lambda hook: note(hook.exc_type, hook.exc_value, hook.exc_traceback)
        try:
            yield
        finally:
            sys.excepthook, threading.excepthook = before

    def play(self, scripts: list[Any]) -> Report:
        """Run terminal and window until the scripts are played, or until the window is closed."""
        if self._wanted.headless:
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from ui import app

        terminal = self.make_terminal()
        report = Report(timings=self._timings)
        session = Session(self, terminal, scripts, report)
        try:
            with self._noting_bugs():
                app.run(
                    terminal.start,
                    size=self._wanted.size,
                    language=self._wanted.language,
                    on_first_frame=session.begin,
                    dev_dock=None if scripts else self.stage,
                    still=self._wanted.headless,  # pictures show pages that stand
                )
        finally:
            terminal.stop()
        if self._bugs:
            report.error = _told(self._bugs[0])
        return report

    def before_visits(self, terminal: Any) -> None:
        """Wait for a terminal that can serve; then, when asked, the network goes. Raises DemoFailed."""
        _until(lambda: bool(self._bugs) or terminal.wait_ready(0), 30)
        _until(lambda: bool(self._bugs) or terminal.supplied, 15)
        if self._bugs or not terminal.wait_ready(0):
            raise DemoFailed("the terminal did not start")
        self.time("core_ready")
        if self._wanted.offline:
            self.control.do("network", "off")
            terminal.kick()
            if not _until(lambda: not terminal.online, 30):
                raise DemoFailed("the terminal did not notice that the network is gone")

    def time(self, name: str) -> None:
        """Note how long after the start of the demo something was reached."""
        self._timings[name] = round(time.monotonic() - self._began, 3)

    def gather(self, terminal: Any, report: Report) -> None:
        """After the visits: let the queue empty where it can, then count at both ends."""
        if not self._wanted.offline:
            terminal.kick()
            _until(lambda: _unsent(terminal) == 0, QUIET_SECONDS)
        report.journal = _counts(terminal)
        report.backend = _backend(self.backend_url)
        ids = {row.case_no: row.case_id for row in terminal.journal.cases()}
        for visit in report.visits:
            visit.case_id = ids.get(visit.case_no)
        report.documents = sorted(
            str(path.relative_to(self._wanted.out)) for kind in ("*.pdf", "*.png") for path in self.papers.glob(kind)
        )
        if self._wanted.offline:
            report.reconnected = self._reconnect(terminal)
        if left := _unsent(terminal):
            report.error = f"{left} item(s) were not acknowledged by the backend"

    def _reconnect(self, terminal: Any) -> dict[str, Any]:
        """The network comes back: the queue empties without any new write of a case."""
        before = terminal.journal.counts().committed
        self.control.do("network", "on")
        began = time.monotonic()
        _until(lambda: _unsent(terminal) == 0, RETURN_SECONDS)
        return {
            "seconds": round(time.monotonic() - began, 3),
            "new_cases": terminal.journal.counts().committed - before,
            "journal": _counts(terminal),
            "backend": _backend(self.backend_url),
        }


class Session:
    """The visits of one demo: begun when the window and the core stand, gathered when the last has been played."""

    def __init__(self, demo: Demo, terminal: Any, scripts: list[Any], report: Report) -> None:
        self._demo, self._terminal, self._scripts, self._report = demo, terminal, scripts, report

    def begin(self, window: Any) -> None:
        """Called on the Qt thread when the first frame was shown; the wait for the core happens beside it."""
        self._demo.time("first_frame")
        if not self._scripts:
            return
        from ui.player.player import Player

        self._player = Player(
            window, self._scripts, self._demo.stage, out=self._demo.papers.parent,
            pictures=self._demo.pictures, finished=self._played,
        )  # fmt: skip
        self._demo.stop_early = self._player.close_soon
        self._terminal.subscribe(self._player.hear)
        threading.Thread(target=self._prepare, name="demo-before", daemon=True).start()

    def _prepare(self) -> None:
        try:
            self._demo.before_visits(self._terminal)
        except DemoFailed as error:
            self._report.error = str(error)
            self._player.close_soon()
        else:
            self._player.start_soon()

    def _played(self, visits: list[Any], shots: list[str]) -> None:
        self._report.visits, self._report.shots = visits, shots
        threading.Thread(target=self._finish, name="demo-after", daemon=True).start()

    def _finish(self) -> None:
        try:
            self._demo.gather(self._terminal, self._report)
        except Exception as error:
            self._report.error = f"{type(error).__name__}: {error}"
        finally:
            self._player.close_soon()


def _database(out: Path) -> str:
    return f"sqlite:///{out / 'backend' / 'backend.db'}"


def _newest_case(terminal: Any) -> str:
    return next((row.case_id for row in reversed(terminal.journal.cases())), "")


def _arrived(terminal: Any, case_id: str) -> bool:
    return bool(terminal.journal.state_of(case_id) == "acknowledged")


def _powerless() -> None:
    """The demo goes on, so that the mains can come back; a terminal in the street would have ended here."""
    from kiosk.running import POWER

    print(f"kiosk demo: the battery is low; `kiosk run` would end here with status {POWER}", file=sys.stderr)


def _told(error: BaseException) -> str:
    """What, and where: enough to find a bug by."""
    where = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__}: {error} ({where[-1].filename}:{where[-1].lineno})" if where else str(error)


def _counts(terminal: Any) -> dict[str, int]:
    counts = terminal.journal.counts()
    return {name: getattr(counts, name) for name in ("committed", "acknowledged", "queued", "quarantined")}


def _unsent(terminal: Any) -> int:
    """Cases and ratings that the backend has not acknowledged yet."""
    counts = terminal.journal.counts()
    return int(counts.queued + counts.others_unsent)


def _backend(url: str) -> dict[str, int]:
    counted = backend_counts(url)
    return {"cases": counted.cases, "duplicates": counted.duplicates}


def _until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait for something that another thread brings about; False when it did not come."""
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def _clear(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink()
