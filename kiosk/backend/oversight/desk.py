"""Supervision at the command line: ``kiosk backend oversight WHAT``. Each prints lines of JSON; status 0 when done."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.backend.commanding import say, with_backend
from kiosk.backend.oversight import sampling
from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.settings import BackendError, Settings
from kiosk.durable import put

WHAT = ("refresh", "report", "export", "commitments", "sample", "detect")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was said on the command line, "" or None for nothing."""

    what: str
    out: Path | None = None
    area: str = ""
    day: str = ""
    month: str = ""
    case_id: str = ""
    suspicion: str = ""
    found: str = ""
    by: str = ""


def run(settings: Settings, wanted: Wanted) -> int:
    """Raises BackendError."""
    deeds: dict[str, Callable[[Oversight, Wanted], int]] = {
        "refresh": _refresh, "report": _report, "export": _export, "commitments": _commitments, "sample": _sample,
        "detect": _detect,
    }  # fmt: skip
    if wanted.what not in deeds:
        raise BackendError("bad-what", f"say one of {', '.join(WHAT)}: kiosk backend oversight report --out FILE.pdf")
    return with_backend(settings, lambda backend: deeds[wanted.what](Oversight.of(backend), wanted))


def _refresh(oversight: Oversight, _wanted: Wanted) -> int:
    done = oversight.refresh()
    say(gathered=done.gathered, cases=done.cases, areas=done.areas, suspicions=done.suspicions, fresh=done.fresh)
    return 0


def _report(oversight: Oversight, wanted: Wanted) -> int:
    """A PDF, or a workbook where FILE ends in .xlsx."""
    out = _out(wanted, "report.pdf, or report.xlsx")
    from kiosk.backend.oversight.excel import workbook
    from kiosk.backend.oversight.report import pdf
    from kiosk.backend.web.templating import words_for

    oversight.refresh()
    overview = oversight.overview(wanted.area)
    if overview is None:
        raise BackendError("no-such-area", "no case of this area: say the first 2, 4, 6 or 9 digits of its code")
    words = words_for(Path(__file__).parent, "zh_CN")
    make = workbook if out.suffix == ".xlsx" else pdf
    put(out, make(overview, words), draft=out.with_name(out.name + ".new"))
    say(report=str(out), cases=overview.whole.cases, since=overview.since, until=overview.until)
    return 0


def _export(oversight: Oversight, wanted: Wanted) -> int:
    out = _out(wanted, "cases-2026-10.csv")
    from kiosk.backend.oversight.opening import csv_of

    names = oversight.names()["item"]
    text = oversight.publish(wanted.month, lambda rows: csv_of(wanted.month, rows, names))
    put(out, text.encode(), draft=out.with_name(out.name + ".new"))
    say(export=str(out), month=wanted.month, lines=len(text.splitlines()))
    return 0


def _commitments(oversight: Oversight, _wanted: Wanted) -> int:
    """Publish these before their days."""
    for day, commitment in oversight.commitments():
        say(day=day, commitment=commitment)
    return 0


def _sample(oversight: Oversight, wanted: Wanted) -> int:
    """Draws a day's sample; with --case and --found puts down what came of one case."""
    if wanted.found:
        oversight.put_down(wanted.day, wanted.case_id, wanted.found, _by(wanted))
    rows = oversight.draw(wanted.day)
    drawn = oversight.drawn_of(wanted.day)
    say(day=drawn.day, seed=drawn.seed, commitment=sampling.commitment(drawn.seed), population=drawn.population,
         cases=drawn.cases, design=json.loads(drawn.design), drawn=len(rows))  # fmt: skip
    for row in rows:
        say(case=row.case_id, terminal=row.stratum, number=row.number, of=row.of, found=row.found)
    return 0


def _detect(oversight: Oversight, wanted: Wanted) -> int:
    """What looks made up, the least probable first; with --suspicion and --found the verdict on one."""
    if wanted.suspicion:
        oversight.judge(wanted.suspicion, wanted.found, _by(wanted))
    else:
        oversight.refresh()
    for row in oversight.suspected():
        say(id=row.id, kind=row.kind, terminal=row.terminal_id, first=row.first_at, last=row.last_at, cases=row.cases,
             tries=row.tries, expected=row.expected, chance=row.chance, verdict=row.verdict)  # fmt: skip
    return 0


def _out(wanted: Wanted, example: str) -> Path:
    if wanted.out is None:
        raise BackendError("no-file", f"say where: --out {example}")
    return wanted.out


def _by(wanted: Wanted) -> str:
    if not wanted.by.strip():
        raise BackendError("no-name", "say who: --by NAME")
    return wanted.by.strip()
