"""``kiosk bench [NAME] [--json]``: run one bench or all, print a table or one JSON object.

Exit status 0: every limit kept; 1: one was not, or a bench failed; 2: no such bench.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from kiosk.bench.registry import BENCHES, Bench
from kiosk.bench.rows import Row

END = 5.0  # seconds a bench has to go once it was told


@dataclass(frozen=True, slots=True)
class Outcome:
    """A bench's rows, or why there are none."""

    bench: Bench
    rows: tuple[Row, ...] = ()
    error: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.rows) and not self.error and all(row.ok for row in self.rows)


def run(name: str | None, *, as_json: bool) -> int:
    """The command; see the module."""
    if name == "list":
        for bench in BENCHES:
            print(f"{bench.name:<10} {bench.what}")
        return 0
    chosen = [bench for bench in BENCHES if name in (None, bench.name)]
    if not chosen:
        print(f"kiosk: no bench {name!r}; there are: {', '.join(bench.name for bench in BENCHES)}", file=sys.stderr)
        return 2
    outcomes: list[Outcome] = []
    for bench in chosen:
        if not as_json:
            print(f"{bench.name}: {bench.what} ...", flush=True)
        outcomes.append(measured(bench))
        if not as_json:
            print(table(outcomes[-1]), flush=True)
    if as_json:
        print(json.dumps(report(outcomes), ensure_ascii=False, indent=1))
    return 0 if all(outcome.ok for outcome in outcomes) else 1


def measured(bench: Bench) -> Outcome:
    """Run a bench in its process; past its deadline it is ended with everything it started."""
    child = subprocess.Popen(
        [sys.executable, "-m", "kiosk.bench.child", bench.name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # so that its own children end with it
    )
    try:
        out, err = child.communicate(timeout=bench.deadline)
    except subprocess.TimeoutExpired:
        _end(child)
        return Outcome(bench, error=f"not finished after {bench.deadline:.0f} s")
    if child.returncode != 0:
        last = (err.strip().splitlines() or ["no words"])[-1]
        return Outcome(bench, error=f"exit status {child.returncode}: {last}")
    rows = tuple(Row.of(values) for values in json.loads(out))
    return Outcome(bench, rows, error="" if rows else "no rows")


def _end(child: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)  # its session's group: only what it started itself
        except ProcessLookupError:
            break
        try:
            child.communicate(timeout=END)
            break
        except subprocess.TimeoutExpired:
            continue


def report(outcomes: list[Outcome]) -> dict[str, object]:
    """The JSON object: ``ok``, ``rows`` (each with its ``bench``) and ``errors`` (``bench`` and ``error``)."""
    return {
        "ok": all(outcome.ok for outcome in outcomes),
        "rows": [{"bench": outcome.bench.name} | row.as_json() for outcome in outcomes for row in outcome.rows],
        "errors": [{"bench": outcome.bench.name, "error": outcome.error} for outcome in outcomes if outcome.error],
    }


def table(outcome: Outcome) -> str:
    """The rows as lines for a person."""
    if outcome.error:
        return f"  failed: {outcome.error}"
    return "\n".join(_line(row) for row in outcome.rows)


def _line(row: Row) -> str:
    if row.ours is None:
        return f"  {row.work}: {row.notes}"
    figure = f"{row.ours:.3f} {row.unit}"
    if row.ratio is not None:
        against = f"{row.reference:.3f}" if row.reference is not None else "?"
        figure = f"{row.ours:.3f} against {against} {row.unit}, ratio {row.ratio:.3f}"
    verdict = "" if row.limit is None else f" (limit {row.limit:g}) {'kept' if row.ok else 'BROKEN'}"
    notes = f"\n      {row.notes}" if row.notes else ""
    return f"  {row.work}: {figure}{verdict}{notes}"
