"""printer-state-reasons and job-state-reasons as faults. The table stands in reasons.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from devices.contracts.device import Action, Fault
from devices.contracts.printing import Paper

SEVERITIES = ("-report", "-warning", "-error")


@cache
def table() -> dict[str, Fault]:
    """Reason without severity -> fault."""
    rows = tomllib.loads(files(__package__).joinpath("reasons.toml").read_text("utf-8"))
    return {name: Fault(row["code"], Action(row["action"]), "", bool(row["blocks"])) for name, row in rows.items()}


def split(reason: str) -> tuple[str, str]:
    """("media-empty", "-report") of "media-empty-report"."""
    for severity in SEVERITIES:
        if reason.endswith(severity):
            return reason.removesuffix(severity), severity
    return reason, ""


def faults(reasons: Iterable[str], *, stopped: bool) -> tuple[Fault, ...]:
    """One fault per code, blocking ones first; the detail is the printer's own keyword."""
    found: dict[str, Fault] = {}
    for reason in reasons:
        name, severity = split(reason)
        if name in ("none", ""):
            continue
        known = table().get(name)
        fault = (
            Fault(known.code, known.action, reason, known.blocking)
            if known
            else Fault(
                name, Action.CALL_TECHNICIAN, reason, severity == "-error" or (stopped and severity != "-report")
            )
        )
        if fault.code not in found or fault.blocking:
            found[fault.code] = fault
    return tuple(sorted(found.values(), key=lambda f: not f.blocking))


def paper(reasons: Iterable[str] | None) -> Paper:
    """The paper as the reasons tell it; UNKNOWN where the printer gives none at all."""
    if not reasons:
        return Paper.UNKNOWN
    codes = {fault.code for fault in faults(reasons, stopped=False)}
    for code, state in (("media-jam", Paper.JAMMED), ("media-empty", Paper.OUT), ("media-low", Paper.LOW)):
        if code in codes:
            return state
    return Paper.FULL
