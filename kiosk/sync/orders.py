"""The closed list of commands that an operator can send to terminals, and what each may be told. Pure.

A command's arguments are short words of closed forms: there is none that takes a path, a program or free text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

REASONS = ("maintenance", "venue", "operator")  # why it is closed, as the screen says it: out.reason.closed_…
HOURS = "hours"  # closed by the hours of profile or policy

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class OrderError(ValueError):
    """A command that no terminal would take. ``code`` for machines, ``advice`` for the operator."""

    retryable = False

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code)
        self.code, self.advice = code, advice


def _one_of_reasons(text: str) -> str:
    return "" if text in REASONS else f"one of {', '.join(REASONS)}"


def _moment(text: str) -> str:
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    return "" if aware and len(text) <= 40 else "a time with its offset, as 2026-06-01T08:00:00+08:00"


def _item(text: str) -> str:
    return "" if _UUID.fullmatch(text) else "an item's id"


CHECKS = {"reason": _one_of_reasons, "until": _moment, "item": _item}  # each says what the value should be, or ""
ORDERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # name -> arguments it needs, arguments it may have
    "sync-now": ((), ()),
    "change-terminal-key": ((), ()),
    "resend-item": (("item",), ()),
    "restart": ((), ()),
    "out-of-service": (("reason",), ("until",)),
    "in-service": ((), ()),
    "collect-diagnostics": ((), ()),
    "unlock-entry": ((), ()),
}


def check(name: str, arguments: Mapping[str, str]) -> None:
    """Raises OrderError ``unknown-command``, ``bad-arguments``."""
    if name not in ORDERS:
        raise OrderError("unknown-command", f"there is no command {name!r}; use one of {', '.join(ORDERS)}")
    needs, may = ORDERS[name]
    for key in needs:
        if key not in arguments:
            raise OrderError("bad-arguments", f"{name} needs {key}=…")
    for key, value in arguments.items():
        if key not in (*needs, *may):
            raise OrderError("bad-arguments", f"{name} takes no {key!r}")
        if wanted := CHECKS[key](value):
            raise OrderError("bad-arguments", f"{key} must be {wanted}")
