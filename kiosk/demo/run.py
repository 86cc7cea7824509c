"""One demo from beginning to end: helpers up, terminal and window, visits, quiet, report."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.demo.cabinet import AREA_CODE, profile, spec
from kiosk.demo.processes import Helper, HelperFailed
from kiosk.demo.report import Report, backend_counts
from kiosk.demo.stage import DemoStage
from kiosk.domain.text import Language

QUIET_SECONDS = 30.0  # the queue must be empty by then, when the network is there


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    out: Path
    headless: bool
    visits: tuple[Path, ...]
    offline: bool
    size: tuple[int, int]
    language: Language


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
    try:
        with Demo(wanted) as demo:
            report = demo.play(scripts)
    except HelperFailed as error:
        print(f"kiosk demo: {error}", file=sys.stderr)
        return 1
    if scripts:
        report.write(wanted.out)
        _tell(report, wanted.out)
    return 0 if report.ok else 1


def _tell(report: Report, out: Path) -> None:
    for visit in report.visits:
        end = f"{visit.outcome or visit.ends}, {visit.seconds:.1f} s" if visit.ok else f"FAILED: {visit.error}"
        print(f"visit {visit.script}: {end}")
    print(f"journal {report.journal}  backend {report.backend}")
    print(f"{len(report.documents)} papers, {len(report.shots)} pictures and report.json in {out}")


class Demo:
    """The demo's world. Leaving it ends every process it started."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._helpers: list[Helper] = []
        self._began = time.monotonic()
        self._timings: dict[str, float] = {}
        self._bugs: list[BaseException] = []

    def __enter__(self) -> Demo:
        from devices.simulators.control import Control

        out = self._wanted.out
        self.papers = out / "papers"
        for folder in (out, self.papers, out / "backend", out / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(out, "*.png", "report.json")
        _clear(self.papers, "*.pdf", "*.png")
        try:
            self._start_helpers(out)
        except BaseException:
            self._stop_helpers()
            raise
        self.control = Control(out / "control.sock")
        self.stage = DemoStage(self.control, out / "staff.secret")
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self._stop_helpers()

    def _start_helpers(self, out: Path) -> None:
        import json

        database = f"sqlite:///{out / 'backend' / 'backend.db'}"
        backend = Helper(
            "kiosk.cli",
            ["backend", "--db", database, "--blobs", str(out / "backend" / "blobs"), "--listen", "127.0.0.1:0",
             "--first-terminal", AREA_CODE, "demo"],
            out / "backend.log",
        )  # fmt: skip
        self._helpers.append(backend)
        self.backend_url = backend.ready["listening"]
        self.enrolment_code = backend.ready["enrolment_code"]
        spec_file = out / "cabinet.json"
        spec_file.write_text(json.dumps(spec(self.papers, self.backend_url)), encoding="utf-8")
        cabinet = Helper(
            "devices.simulators",
            ["--socket", str(out / "control.sock"), "--spec", str(spec_file), "--state", str(out / "cabinet-state.json")],
            out / "cabinet.log",
        )
        self._helpers.append(cabinet)
        self.ports: dict[str, str] = cabinet.ready["ports"]
        self._timings["helpers_ready"] = round(time.monotonic() - self._began, 3)

    def _stop_helpers(self) -> None:
        for helper in reversed(self._helpers):
            helper.stop()

    @property
    def helper_pids(self) -> list[int]:
        return [helper.pid for helper in self._helpers]

    def make_terminal(self) -> Any:
        """The terminal in front of this cabinet, not started."""
        from devices.simulators.photo import SimulatedPhotoDecoder
        from kiosk.terminal import Terminal

        made = profile(
            self.ports, self._wanted.out, enrolment_code=self.enrolment_code, size=self._wanted.size,
            language="zh_CN",
        )  # fmt: skip
        return Terminal(made, decoder=SimulatedPhotoDecoder(), failed=self._bugs.append)

    def play(self, scripts: list[Any]) -> Report:
        """Run terminal and window until the scripts are played, or until the window is closed."""
        from ui import app

        terminal = self.make_terminal()
        report = Report(timings=self._timings)
        session = _Session(self, terminal, scripts, report)
        try:
            app.run(
                terminal.start,
                size=self._wanted.size,
                language=self._wanted.language,
                headless=self._wanted.headless,
                on_first_frame=lambda: self._time("first_frame"),
                on_ready=session.ready if scripts else None,
                dev_dock=None if scripts else self.stage,
            )
            if scripts:
                self._gather(terminal, report)
        finally:
            terminal.stop()
        if self._bugs:
            report.error = f"{type(self._bugs[0]).__name__}: {self._bugs[0]}"
        return report

    def before_visits(self, terminal: Any) -> None:
        """Wait for a terminal that can serve; then, when asked, the network goes."""
        terminal.wait_ready(30)
        _until(lambda: terminal.journal is not None and terminal.journal.numbers_left("case") > 0, 15)
        self._time("core_ready")
        if self._wanted.offline:
            self.control.do("network", "off")
            terminal.kick()
            _until(lambda: not terminal.online, 15)

    def _time(self, name: str) -> None:
        self._timings[name] = round(time.monotonic() - self._began, 3)

    def _gather(self, terminal: Any, report: Report) -> None:
        if not self._wanted.offline:
            terminal.kick()
            _until(lambda: terminal.journal.counts().queued == 0, QUIET_SECONDS)
        report.journal = _counts(terminal)
        report.backend = _backend(self.backend_url)
        report.documents = sorted(
            str(path.relative_to(self._wanted.out)) for kind in ("*.pdf", "*.png") for path in self.papers.glob(kind)
        )
        if self._wanted.offline:
            report.reconnected = self._reconnect(terminal)
        undelivered = report.journal["queued"] if not self._wanted.offline else report.reconnected["journal"]["queued"]  # type: ignore[index]
        if undelivered:
            report.error = f"{undelivered} case(s) were not acknowledged by the backend in {QUIET_SECONDS:g} s"

    def _reconnect(self, terminal: Any) -> dict[str, Any]:
        """The network comes back: the queue empties without any new write of a case."""
        self.control.do("network", "on")
        began = time.monotonic()
        _until(lambda: terminal.journal.counts().queued == 0, 120)
        return {
            "seconds": round(time.monotonic() - began, 3),
            "journal": _counts(terminal),
            "backend": _backend(self.backend_url),
        }


class _Session:
    """Starts the player once the window and the core stand; closes the window when it has played."""

    def __init__(self, demo: Demo, terminal: Any, scripts: list[Any], report: Report) -> None:
        self._demo, self._terminal, self._scripts, self._report = demo, terminal, scripts, report

    def ready(self, window: Any, listen: Callable[[Callable[[Any], None]], None], close: Callable[[], None]) -> None:
        """Called on the Qt thread when the first frame was shown; the wait for the core happens beside it."""
        from ui.player.player import Player

        def finished(visits: list[Any], shots: list[str]) -> None:
            self._report.visits, self._report.shots = visits, shots
            close()

        player = Player(
            window, self._scripts, self._demo.stage, out=self._demo.papers.parent,
            default_language=self._demo._wanted.language, finished=finished,
        )  # fmt: skip
        listen(player.see_screen)
        threading.Thread(
            target=lambda: (self._demo.before_visits(self._terminal), player.start_soon()), name="demo", daemon=True
        ).start()


def _counts(terminal: Any) -> dict[str, int]:
    counts = terminal.journal.counts()
    return {name: getattr(counts, name) for name in ("committed", "acknowledged", "queued", "quarantined")}


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
