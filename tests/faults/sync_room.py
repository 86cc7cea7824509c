"""A terminal, a backend and the line between them, enrolled and in good weather."""

from __future__ import annotations

import random
from pathlib import Path
from types import TracebackType
from typing import Self

from kiosk.sync import Policy
from tests.faults.sync_weather import Line
from tests.faults.sync_world import AREA, House, Terminal, Time


class SyncRoom:
    """Closed at the end of ``with``."""

    def __init__(self, folder: Path, policy: Policy | None = None) -> None:
        self.time = Time()
        self.house = House(folder, self.time)
        self.line = Line(self.house, self.time, random.Random(5))
        code = self.house.backend.issue_code(AREA, "East Gate")
        self.terminal = Terminal(folder / "terminal", self.time, self.line, code, random.Random(7), policy or Policy())
        assert self.terminal.client.cycle().online

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminal.close()
        self.house.close()
