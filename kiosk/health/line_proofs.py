"""What a walk along the line (steps.py) has proven: the line, the backend's certificate, this machine's clock. Pure.

The codes are those that the night gives for the same matters, so that a walk by hand ends what the night has found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from kiosk.health.proofs import Outcome, Proof
from kiosk.health.steps import Found

LINE, CERTIFICATE, TIME = "line", "certificate", "time"


def proofs_of(walk: Sequence[Found], at: datetime, by: str) -> tuple[Proof, ...]:
    """``walk``: to its end, the step that failed being the last. ``by``: the number of who had it walked, or ""."""

    def proof(subject: str, test: str, outcome: Outcome, code: str, *values: str) -> Proof:
        return Proof(at, subject, test, outcome, code, values, by)

    def made() -> Iterator[Proof]:
        last = walk[-1]
        if last.verdict == "failed":
            yield proof("network", LINE, "failed", f"line-{last.step}")
        else:
            yield proof("network", LINE, "passed", "line-whole")
        for found in walk:
            match found.step, found.code, found.values:
                case "tls", "pinned" | "system", (_, day):
                    yield proof("network", CERTIFICATE, "passed", "certificate-holds", str(day))
                case "tls", "ends-soon", (days, day):
                    yield proof("network", CERTIFICATE, "failed", "certificate-ends", str(day), str(days))
                case "clock", "right-signed", (seconds, *_):
                    yield proof("clock", TIME, "passed", "clock-right", str(seconds))
                case "clock", "right", _:
                    yield proof("clock", TIME, "passed", "clock-plausible")
                case "clock", "behind" | "ahead", (int(seconds), *_):
                    yield proof("clock", TIME, "failed", "clock-wrong", str(seconds // 60))
                case "clock", "jumped", _:
                    yield proof("clock", TIME, "failed", "clock-impossible")
                case _:  # told by the line's own proof
                    pass

    return tuple(made())
