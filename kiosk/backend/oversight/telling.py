"""Figures in words, the same on the page, in the report and in the workbook."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kiosk.backend.oversight import urgency
from kiosk.backend.oversight.figures import Break, Line, Overview, Ranked
from kiosk.backend.oversight.rates import Rate
from kiosk.backend.oversight.urgency import Problem
from kiosk.domain.rating import rating_levels

Words = Callable[..., str]


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "—"


def took(hours: float, w: Words) -> str:
    """Minutes, hours or days, whichever tells most."""
    if hours < 0:
        return "—"
    if hours < 1:
        return w("took.minutes", n=f"{hours * 60:.0f}")
    return w("took.hours", n=f"{hours:.1f}") if hours < 48 else w("took.days", n=f"{hours / 24:.1f}")


def page(state: str, w: Words) -> str:
    """A page of the visit by its state (kiosk/visit/states.py); one that has no words here is told by its code."""
    try:
        return w(f"page.{state}")
    except KeyError:
        return w("page.unknown", code=state)


def why(reason: str, w: Words) -> str:
    """Why a visit ended (FarewellBody.reason of kiosk/visit/screen.py); one without words here is told by its code."""
    try:
        return w(f"why.{reason}")
    except KeyError:
        return w("why.unknown", code=reason)


def told_break(each: Break, w: Words) -> list[str]:
    return [page(each.state, w), why(each.reason, w), str(each.visits)]


def span(overview: Overview, w: Words) -> str:
    where = overview.area or w("report.everywhere")
    return w("report.span", since=overview.since[:10], until=overview.until[:10], where=where)


def told_line(line: Line, w: Words) -> str:
    days, late = took(line.hours, w), took(line.hours90, w)
    minutes = f"{line.seconds / 60:.1f}" if line.seconds >= 0 else "—"
    return w(
        "report.whole", cases=line.cases, approved=line.approved, refused=line.refused, waiting=line.waiting,
        overdue=line.overdue, minutes=minutes, days=days, late=late, rated=line.rated,
        good=share(line.good, line.rated),
    )  # fmt: skip


def told_stands(row: Ranked, w: Words) -> str:
    if not row.rank:
        return "—"
    return {1: w("ranking.more"), -1: w("ranking.less")}.get(row.stands, w("ranking.usual"))


def told_ranked(row: Ranked, w: Words) -> list[str]:
    return [
        str(row.rank) if row.rank else w("ranking.few"), row.name or "—", str(row.cases), str(row.hits),
        f"{row.expected:.1f}", f"{row.drawn:.2f}", f"{row.low:.2f}–{row.high:.2f}", told_stands(row, w),
    ]  # fmt: skip


def told_problem(problem: Problem, overview: Overview, w: Words, english: bool = False) -> list[str]:
    words = urgency.words(problem.kind)
    items = {line.key: line.name for line in overview.tables["item"]}
    return [
        words.en if english else words.zh, problem.area or "—",
        items.get(problem.service_id, problem.service_id) or "—", str(problem.count),
        str(problem.oldest), f"{problem.score:.0f}",
    ]  # fmt: skip


def problems_method(w: Words, english: bool = False) -> str:
    told = ((urgency.words(kind), each.weight) for kind, each in urgency.weights().items())
    return w(
        "problems.method", weights="；".join(f"{text.en if english else text.zh} {weight}" for text, weight in told)
    )


def evidence(row: Any, w: Words) -> str:
    """Why a row of ``oversight_suspicions`` is there, in one sentence with its figures."""
    more = json.loads(row.more)
    values: dict[str, Any] = {"cases": row.cases, "tries": row.tries, "expected": f"{row.expected:.1f}"}
    values |= {name: f"{value:.{0 if value >= 10 else 1}f}" for name, value in more.items() if name != "reasons"}
    for name in ("persons", "terminals"):
        if name in more:
            values[name] = round(more[name])
    if "span" in more:
        values["minutes"] = f"{more['span'] / 60:.0f}"
    if "spread" in more:
        values |= {"spread": f"{100 * more['spread']:.0f}", "usual_spread": f"{100 * more['usual_spread']:.0f}"}
    if row.kind == "uniform":
        values["reasons"] = reasons_of(str(more["reasons"]), w)
    return w("evidence.staff_card" if "cards" in more else f"evidence.{row.kind}", **values)


def reasons_of(text: str, w: Words) -> str:
    """``5 510,511`` (level and codes) in words."""
    level, _, codes = text.partition(" ")
    row = next((each for each in rating_levels() if str(each.value) == level), None)
    if row is None:
        return text
    said = {option.code: option.text.zh for option in row.options}
    named = [said.get(code, code) for code in codes.split(",") if code and code != "None"]
    return row.text.zh + ("：" + "、".join(named) if named else w("evidence.plain"))


def rate(of: Rate, share: str, whole: str) -> str:
    """A share of errors in percent, and in brackets between what it lies."""
    low, high = of.between(share, whole)
    return f"{100 * getattr(of, share):.1f} ({low:.1f}–{high:.1f})"


def chance(value: float, w: Words) -> str:
    """One in how many; what is beyond a million million is not told apart."""
    if value <= 1e-12:
        return w("evidence.never")
    return w("evidence.one_in", number=f"{1 / value:,.0f}")
