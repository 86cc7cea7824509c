"""All detectors over one frame of visits. Pure: the same frame gives the same findings.

What is looked at is a year, or as much as there is: what is usual at a terminal is learnt from the terminal itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kiosk.backend.oversight.copies import copies
from kiosk.backend.oversight.finding import Finding
from kiosk.backend.oversight.frame import DAY, Bools, Floats, Frame, Ints
from kiosk.backend.oversight.pace import pace
from kiosk.backend.oversight.runs import bursts, rhythms
from kiosk.backend.oversight.scanning import DRAWN, Rules, Window, scan

HASTY = -3.0  # pace
NIGHT = (1.0, 5.0)  # o'clock: fairs go on until midnight and a little longer
AT_ONCE = 5.0  # seconds from a commit to a rating: the page is not read by then
BEST = 5
OUT_LEAST = 3  # visits in a row without a card that may be a reader that is out
OUT_BETWEEN = 0.15  # visits with a card among them: it works now and then
OUT_CERTAIN = 3.0  # visits that are usual meanwhile: none of them had a card, so the reader was out
OUT_TIMES, OUT_MORE = 2.5, 5.0  # otherwise no more visits than so many times the usual number (a market), and so many
OUT_OTHERS = 3  # other visits without a card within a day of it, beyond thrice what is usual: it is out, or it is not

RULES = {
    "hasty": Rules(least=6, times=4),
    "night": Rules(least=6, times=4, widths=(1, 2, 3)),
    "praise": Rules(least=8, times=4),
    "uniform": Rules(least=15, times=3, widths=(5, 7, 14, 28)),
    "staff": Rules(least=12, times=1.6, widths=(5, 7, 14, 28)),
    "untraced": Rules(least=5, times=4),
}


def detect(frame: Frame) -> list[Finding]:
    """``frame``: ordered. By kind, terminal and time."""
    if not len(frame):
        return []
    paces = pace(frame)
    made = [*bursts(frame, paces), *rhythms(frame), *copies(frame)]
    table = _Table(frame)
    everybody = np.ones(len(frame), dtype=np.bool_)
    made += table.scan("hasty", paces < HASTY, everybody, lambda part: {"seconds": _median(frame.seconds[part])})
    made += table.scan("night", (frame.hour >= NIGHT[0]) & (frame.hour < NIGHT[1]), everybody, lambda part: {})
    rated = frame.level > 0
    at_once = rated & (frame.level == BEST) & (np.nan_to_num(frame.delay, nan=1e9) < AT_ONCE)
    made += table.scan("praise", at_once, rated, lambda part: {"delay": _median(frame.delay[part])})
    best = frame.level == BEST
    made += table.scan("staff", best & frame.helped, frame.helped, lambda part: {}, usual=_alone(frame, best))
    made += table.scan("untraced", ~frame.carded & ~reader_out(frame), everybody, lambda part: {})
    made += _uniform(frame)
    return sorted(made, key=lambda each: (each.kind, each.terminal, each.first))


class _Table:
    """The frame's visits counted by row and day. ``rows``: of each visit; its terminal, if nothing else is said."""

    def __init__(self, frame: Frame, rows: Ints | None = None, count: int = 0) -> None:
        self._frame = frame
        self._rows = frame.terminal if rows is None else rows
        self._day = frame.day - frame.day.min()
        self._shape = (count or int(self._rows.max()) + 1, int(self._day.max()) + 1)

    def counts(self, mask: Bools) -> Ints:
        flat = self._rows[mask] * self._shape[1] + self._day[mask]
        return np.bincount(flat, minlength=self._shape[0] * self._shape[1]).reshape(self._shape)

    def scan(
        self, kind: str, marks: Bools, tries: Bools, more: Callable[[Ints], dict[str, float]],
        usual: Floats | None = None,
    ) -> list[Finding]:  # fmt: skip
        windows = scan(self.counts(marks), self.counts(tries), RULES[kind], usual)
        marked = np.flatnonzero(marks)
        return [self.finding(kind, window, marked, more) for window in windows]

    def finding(self, kind: str, window: Window, marked: Ints, more: Callable[[Ints], dict[str, float]]) -> Finding:
        mine = (self._rows[marked] == window.row) & (self._day[marked] >= window.first)
        places = marked[mine & (self._day[marked] <= window.last)]
        commits = self._frame.commit[places]
        return Finding(
            kind, int(self._frame.terminal[places[0]]), places, float(commits[0]), float(commits[-1]), window.hits,
            window.tries, window.expected, window.chance, more(places),
        )  # fmt: skip


def _alone(frame: Frame, best: Bools) -> Floats:
    """Of each terminal, how often somebody without staff beside them gave the best rating."""
    alone = ~frame.helped
    count = int(frame.terminal.max()) + 1
    k = np.bincount(frame.terminal[alone & best], minlength=count)
    n = np.bincount(frame.terminal[alone], minlength=count)
    every = (k.sum() + 0.5) / (n.sum() + 1.0)
    share: Floats = (k + DRAWN * every) / (n + DRAWN)
    return share


def _uniform(frame: Frame) -> list[Finding]:
    """A row for each terminal and set of reasons: how often, of all visits, it was said with the best rating."""
    best = np.flatnonzero(frame.level == BEST)
    if not len(best):
        return []
    most = int(frame.said.max()) + 1
    pairs = frame.terminal * most + frame.said
    found, counted = np.unique(pairs[best], return_counts=True)
    rows = found[counted >= RULES["uniform"].least]
    if not len(rows):
        return []
    day = frame.day - frame.day.min()
    days = int(day.max()) + 1
    hits = np.zeros((len(rows), days), dtype=np.int64)
    place = np.searchsorted(rows, pairs[best]).clip(max=len(rows) - 1)
    known = rows[place] == pairs[best]
    np.add.at(hits, (place[known], day[best][known]), 1)
    table = _Table(frame)
    tries = table.counts(np.ones(len(frame), dtype=np.bool_))[rows // most]
    made = []
    for window in scan(hits, tries, RULES["uniform"]):
        mine = best[(pairs[best] == rows[window.row]) & (day[best] >= window.first) & (day[best] <= window.last)]
        commits = frame.commit[mine]
        made.append(
            Finding(
                "uniform",
                int(frame.terminal[mine[0]]),
                mine,
                float(commits[0]),
                float(commits[-1]),
                window.hits,
                window.tries,
                window.expected,
                window.chance,
                {"said": int(frame.said[mine[0]])},
            )
        )
    return made


def reader_out(frame: Frame) -> Bools:
    """Visits without a card that a card reader out of order explains.

    Several in a row, one with a card between them at most here and there; hardly any other without a card in the day
    before and after, because made-up cases stand between true ones; and either so long that true ones with a card would
    have come meanwhile, or not many more than the terminal has at that time of the day: people come as they always do.
    """
    out = np.zeros(len(frame), dtype=np.bool_)
    bare = np.flatnonzero(~frame.carded)
    if not len(bare):
        return out
    count, days = int(frame.terminal.max()) + 1, int(frame.day.max() - frame.day.min()) + 1
    hour = frame.hour.astype(np.int64).clip(0, 23)
    usual = np.bincount(frame.terminal * 24 + hour, minlength=count * 24).reshape(count, 24) / days
    breaks = (np.diff(bare) > 2) | (np.diff(frame.terminal[bare]) != 0)
    runs = np.split(bare, np.flatnonzero(breaks) + 1)
    few = np.concatenate([run for run in runs if len(run) < OUT_LEAST] or [bare[:0]])
    visits = np.bincount(frame.terminal, minlength=count)
    single = np.bincount(frame.terminal[few], minlength=count) / np.maximum(visits, 1)  # people who have no card
    starts = np.searchsorted(frame.terminal, np.arange(count + 1))
    for run in runs:
        between = run[-1] - run[0] + 1 - len(run)  # visits with a card
        if len(run) < OUT_LEAST or between > max(1, OUT_BETWEEN * len(run)):
            continue
        terminal = int(frame.terminal[run[0]])
        first, last = float(frame.start[run[0]]), float(frame.commit[run[-1]])
        commits = frame.commit[starts[terminal] : starts[terminal + 1]]
        near = starts[terminal] + np.searchsorted(commits, (first - DAY, last + DAY))
        others = int((~frame.carded[near[0] : near[1]]).sum()) - len(run)
        if others > OUT_OTHERS + 3 * single[terminal] * (near[1] - near[0] - len(run)):
            continue
        expected = _expected(usual[terminal], first, last)
        if expected >= OUT_CERTAIN or len(run) <= OUT_TIMES * expected + OUT_MORE:
            out[run] = True
    return out


def _expected(by_hour: Floats, first: float, last: float) -> float:
    """Visits that are usual from one moment to another."""
    edges = np.arange(np.floor(first / 3600), np.floor(last / 3600) + 1)
    inside = np.minimum((edges + 1) * 3600, last) - np.maximum(edges * 3600, first)
    hours = (edges % (DAY / 3600)).astype(np.int64)
    return float((by_hour[hours] * np.maximum(inside, 0) / 3600).sum())


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")
