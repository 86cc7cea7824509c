"""The ``kiosk`` command as an operator or a member of staff gives it, for those who play them in the demo."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future

SECONDS = 120.0  # for one command


def kiosk(*arguments: str) -> str:
    """What the command says, when it has ended. Raises ValueError with its complaint."""
    name = " ".join(("kiosk", *arguments[:2]))
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "kiosk.cli", *arguments], capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"{name} did not end") from error
    if ended.returncode != 0:
        raise ValueError(f"{name}: {ended.stderr.strip() or ended.stdout.strip()}")
    return ended.stdout


def done(begun: Future[None]) -> Callable[[], bool]:
    """Whether it is done by now, for a script that looks again and again; raises what it raised."""

    def look() -> bool:
        if not begun.done():
            return False
        begun.result()
        return True

    return look
