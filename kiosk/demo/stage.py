"""What a script may do besides touching: cards, printers, network, the staff's code."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.access.staff_code import parse_secret, totp

STEP = 30


class DemoStage:
    """The twins' control point, and the authenticator app of the demo's staff."""

    def __init__(self, control: Any, secret_file: Path, wall: Callable[[], float] = time.time) -> None:
        self._control, self._secret_file, self._wall = control, secret_file, wall
        self._codes_shown = 0

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None:
        self._control.do(device, action, **arguments)

    def state(self) -> dict[str, Any]:
        states: dict[str, Any] = self._control.state()
        return states

    def network(self, mode: str) -> None:
        self._control.do("network", mode)

    def staff_code(self) -> str:
        """The code of now; when it was shown before, the next one (a code is good for one use)."""
        counter = max(int(self._wall()) // STEP, self._codes_shown + 1)
        self._codes_shown = counter
        return totp(parse_secret(self._secret_file.read_text(encoding="ascii")), counter * STEP)
