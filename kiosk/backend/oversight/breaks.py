"""Where visits break off, as terminals tell it with `collect-diagnostics` (kiosk/afar.py): pages and reasons of visits
that ended without a case in the seven days before, counted, no visit by itself. A terminal that was not asked says
nothing; how long people stay on a page is not told at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from kiosk import wire
from kiosk.backend.oversight.figures import Break

APART = timedelta(days=7)  # what one report tells of
_NUMBER = re.compile(r"[0-9]{1,7}")
_report = msgspec.json.Decoder(wire.CommandReport).decode


def read(reports: Sequence[str], names: Mapping[str, Mapping[str, str]], area: str = "") -> tuple[list[Break], int]:
    """Of the newest reports of each terminal in ``area`` that do not overlap; and how many terminals told."""
    told: dict[str, datetime] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for text in reversed(reports):
        try:
            report = _report(text)
            at = datetime.fromisoformat(report.at).astimezone(UTC)
        except (msgspec.MsgspecError, ValueError, OverflowError):  # one terminal's nonsense stops nobody's figures
            continue
        parts = [value for name, value in sorted(report.details.items()) if name.startswith("visits.")]
        if not parts or not names["area"].get(report.terminal_id, "").startswith(area):
            continue
        if report.terminal_id in told and told[report.terminal_id] - at < APART:
            continue
        told[report.terminal_id] = at
        for entry in ",".join(parts).split(","):
            state, _, rest = entry.partition(":")
            reason, _, number = rest.partition(":")
            if _NUMBER.fullmatch(number):
                counted[state, reason] += int(number)
    order = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Break(state, reason, visits) for (state, reason), visits in order], len(told)
