"""What a script or the DevDock may do besides touching: cards, printers, doors, power, network, the staff's code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devices.simulators.control import ControlError
from kiosk.access.staff_code import parse_secret, totp

STEP = 30


class DemoStage:
    """The twins' control point, and the authenticator app of the demo's staff.

    What a twin does not know, and a cabinet that has gone, is a ValueError whose message says so.
    """

    def __init__(self, control: Any, secret_file: Path, wall: Callable[[], float] = time.time) -> None:
        self._control, self._secret_file, self._wall = control, secret_file, wall
        self._codes_shown = 0

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None:
        with _told():
            self._control.do(device, action, **arguments)

    def state(self) -> dict[str, Any]:
        with _told():
            states: dict[str, Any] = self._control.state()
        return states

    def network(self, mode: str) -> None:
        self.do("network", mode, {})

    def staff_code(self) -> str:
        """The code of now; when it was shown before, the next one (a code is good for one use)."""
        counter = max(int(self._wall()) // STEP, self._codes_shown + 1)
        self._codes_shown = counter
        return totp(parse_secret(self._secret_file.read_text(encoding="ascii")), counter * STEP)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ControlError as error:
        raise ValueError(str(error)) from error
