"""Named places where a test can make the process die, fail or stand still. Unarmed they cost one comparison.

Armed by the environment variable KIOSK_FAILPOINTS when the process starts: ``name=action[@n]``, several with commas.
``action`` is ``kill`` (SIGKILL to itself), ``raise`` (FailpointError), ``pause`` (SIGSTOP to itself, until a test
sends SIGCONT or SIGKILL) or ``hang`` (this thread alone, for ever); ``@n`` acts on the n-th hit and on no other, 1 if
left out.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass

VARIABLE = "KIOSK_FAILPOINTS"
ACTIONS = ("kill", "raise", "pause", "hang")


class FailpointError(RuntimeError):
    """What an armed ``raise`` throws; nothing in production catches it by name."""


@dataclass(slots=True)
class _Armed:
    action: str
    at: int
    hits: int = 0


def parse(text: str) -> dict[str, _Armed]:
    """Read the variable's value. Raises ValueError."""
    armed = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, equals, rest = entry.partition("=")
        action, at, count = rest.partition("@")
        if not name or not equals or action not in ACTIONS or (at and not (count.isdecimal() and int(count) > 0)):
            raise ValueError(f"{VARIABLE}: {entry!r} is not name=kill|raise|pause|hang[@n]")
        armed[name] = _Armed(action, int(count) if at else 1)
    return armed


_armed = parse(os.environ.get(VARIABLE, ""))


def arm(text: str) -> None:
    """Replace what is armed in this process; the empty string disarms."""
    global _armed
    _armed = parse(text)


def hit(name: str) -> None:
    """A named place was reached."""
    if _armed:
        _act(name)


def _act(name: str) -> None:
    point = _armed.get(name)
    if point is None:
        return
    point.hits += 1
    if point.hits != point.at:
        return
    if point.action == "raise":
        raise FailpointError(name)
    if point.action == "hang":
        threading.Event().wait()
    os.kill(os.getpid(), signal.SIGKILL if point.action == "kill" else signal.SIGSTOP)
