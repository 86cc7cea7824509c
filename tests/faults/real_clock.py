"""The wall clock of a process, set from outside as an operator sets it: wall_clock.c, preloaded (gcc, libc6-dev)."""

from __future__ import annotations

import struct
import time
from datetime import datetime
from pathlib import Path

from tests.faults.real_disk import run

SOURCE = Path(__file__).with_name("wall_clock.c")


class WallClock:
    """``environment`` is of a program that runs by it, and all that it starts."""

    def __init__(self, folder: Path) -> None:
        self.file, self._library = folder / "clock", folder / "wall_clock.so"

    def make(self) -> None:
        run("gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(self._library), str(SOURCE))
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "WALL_CLOCK": str(self.file)}

    def set(self, ahead: int) -> None:
        """So many seconds ahead of the machine's, at once."""
        with self.file.open("r+b" if self.file.exists() else "w+b") as file:
            file.write(struct.pack("=q", ahead))

    def show(self, when: datetime | None) -> None:
        """What it shows now; None: what the machine's clock says. For a program that runs by the machine's clock."""
        self.set(0 if when is None else int(when.timestamp() - time.time()))
