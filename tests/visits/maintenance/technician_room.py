"""A demo that technicians visit: played beside whoever acts outside the window, and read when it is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.journal import reading
from kiosk.journal.commands import journal_folder
from kiosk.journal.keys import load_or_create_key

HERE = Path(__file__).parent
VISITS = HERE.parent
LOOK_EVERY = 0.05  # s
Deeds = Mapping[str, Callable[[Path], None]]
"""What is done where a script says ``meet = "NAME"``; each gets the demo's folder."""


@dataclass(frozen=True)
class Proof:
    """A row of the terminal's proofs (kiosk/health/proofs.py), as far as it is looked at here."""

    subject: str
    test: str
    outcome: str
    code: str
    by: str


@dataclass(frozen=True)
class Played:
    """What one `kiosk demo` left in ``out``."""

    status: int
    said: str
    out: Path
    report: dict[str, Any]

    def visit(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.report["visits"] if Path(one["script"]).stem == name)
        return found

    def touches(self) -> str:
        """A line for each visit, as the report has it: how often the finger came down, and for how long it took."""
        return "\n".join(
            f"{Path(one['script']).stem:24} {one['touches']:3} touches {one['seconds']:6.1f} s"
            for one in self.report["visits"]
        )

    def proofs(self) -> list[Proof]:
        """All that the terminal has written down, the oldest first."""
        rows = self._rows("SELECT subject, test, outcome, code, staff FROM proofs ORDER BY id")
        return [Proof(*map(str, row)) for row in rows]

    def last(self, subject: str, test: str) -> Proof:
        return [one for one in self.proofs() if (one.subject, one.test) == (subject, test)][-1]

    def events(self) -> list[str]:
        """The kinds of rows of the audit log, in their order."""
        return [str(name) for (name,) in self._rows("SELECT event FROM audit ORDER BY seq")]

    def _rows(self, statement: str) -> list[Any]:
        folder = journal_folder(self.out / "data")
        with reading.reading(folder, load_or_create_key(folder)) as connection:
            return list(connection.execute(statement).fetchall())


def play(
    out: Path, *names: str, options: tuple[str, ...] = (), deeds: Deeds | None = None, seconds: float = 280
) -> Played:
    """Play scripts, by their names below tests/visits, on one terminal; nothing it started is left."""
    scripts = [part for name in names for part in ("--visit", str(VISITS / f"{name}.toml"))]
    left = dict(deeds or {})
    told = out.with_suffix(".txt")
    with told.open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "kiosk.cli", "demo", "--headless", *scripts, "--out", str(out),
             "--pictures", "few", *options],
            stdout=said, stderr=subprocess.STDOUT, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        try:
            _beside(running, out / "meetings", left, out, time.monotonic() + seconds)
        finally:
            if running.poll() is None:
                running.terminate()
                running.wait(60)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return Played(running.returncode, told.read_text(encoding="utf-8"), out, report)


def _beside(
    running: subprocess.Popen[bytes], meetings: Path, left: dict[str, Callable[[Path], None]], out: Path, until: float
) -> None:
    """Until it has ended, or its time is over."""
    while time.monotonic() < until:
        try:
            running.wait(LOOK_EVERY)
            return
        except subprocess.TimeoutExpired:
            pass
        for name in [name for name in left if (meetings / f"{name}.here").exists()]:
            left.pop(name)(out)
            (meetings / f"{name}.go").touch()
