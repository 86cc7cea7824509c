"""All detectors over one frame of visits. Pure: the same frame gives the same findings.

What is looked at is a year, or as much as there is: what is usual at a terminal is learnt from the terminal itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from kiosk.backend.oversight.copies import copies
from kiosk.backend.oversight.finding import Finding
from kiosk.backend.oversight.frame import DAY, Bools, Floats, Frame, Ints
from kiosk.backend.oversight.pace import pace
from kiosk.backend.oversight.runs import bursts, rhythms
from kiosk.backend.oversight.scanning import DRAWN, Rules, Window, scan

HASTY = -3.0  # pace
NIGHT = (1.0, 5.0)  # o'clock: fairs go on until midnight and a little longer, ...
FAIR = 1200.0  # ... so long as people stand there, no pause being longer: who comes after midnight then is of the night
AGENT, BEHIND = 8, 60.0  # visits for one matter, so close behind one another, are one person who files for several
AT_ONCE = 5.0  # seconds from a commit to a rating: the page is not read by then
BEST = 5
OUT_LEAST = 3  # visits in a row without a card that may be a reader that is out
OUT_GAP = 3  # places from one of them to the next: it works now and then, ...
OUT_WORKS = 0.03  # ... so seldom
OUT_SHAPE = 3.0  # of the gamma distribution of how many come in such a time: seasons, feasts, rain
BUSY, BUSY_DAYS = 0.95, 0.15  # a busy day (a market): as one of twenty at this terminal; how likely it is one
OUT_RATHER = 10.0  # times as often as somebody makes up such cases a reader is out
OUT_MOST = 40.0  # visits that somebody may have made up, any number as likely
OUT_OTHERS = 3  # other visits without a card within a day of it, beyond thrice what is usual: it is out, or it is not
CARD_OTHERS = 2  # ratings with a staff card within a week of one day's: so it was not forgotten once

RULES = {
    "hasty": Rules(least=6, times=4),
    "night": Rules(least=6, times=4, widths=(1, 2, 3)),
    "praise": Rules(least=8, times=4),
    "uniform": Rules(least=15, times=3, widths=(5, 7, 14, 28)),
    "staff": Rules(least=12, times=1.6, widths=(5, 7, 14, 28)),
    "untraced": Rules(least=5, times=4),
}
CARDS = Rules(least=8, times=4)  # best ratings in visits in which a staff card lay in the slot, of all ratings


def detect(frame: Frame) -> list[Finding]:
    """``frame``: ordered. By kind, terminal and time."""
    if not len(frame):
        return []
    paces = pace(frame)
    made = [*bursts(frame, paces), *rhythms(frame), *copies(frame)]
    table = _Table(frame)
    everybody = np.ones(len(frame), dtype=np.bool_)
    made += table.scan("hasty", paces < HASTY, everybody, lambda part: {"seconds": _median(frame.seconds[part])})
    late = night(frame)
    made += table.scan("night", late & ~_filed_along(frame), everybody, lambda part: {}, shown=late)
    rated = frame.level > 0
    at_once = rated & (frame.level == BEST) & (np.nan_to_num(frame.delay, nan=1e9) < AT_ONCE)
    made += table.scan("praise", at_once, rated, lambda part: {"delay": _median(frame.delay[part])})
    best = frame.level == BEST
    made += table.scan("staff", best & frame.helped, frame.helped, lambda part: {}, usual=_alone(frame, best))
    lay = frame.attended & ~forgotten(frame)
    made += table.scan("staff", best & lay, rated, lambda part: {"cards": len(part)}, rules=CARDS)
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
        usual: Floats | None = None, rules: Rules | None = None, shown: Bools | None = None,
    ) -> list[Finding]:  # fmt: skip
        """``shown``: the visits that a finding is of, where those that are counted (``marks``) are fewer."""
        windows = scan(self.counts(marks), self.counts(tries), rules or RULES[kind], usual)
        marked = np.flatnonzero(marks if shown is None else shown)
        return [self.finding(kind, window, marked, more) for window in windows]

    def finding(self, kind: str, window: Window, marked: Ints, more: Callable[[Ints], dict[str, float]]) -> Finding:
        mine = (self._rows[marked] == window.row) & (self._day[marked] >= window.first)
        places = marked[mine & (self._day[marked] <= window.last)]
        commits = self._frame.commit[places]
        return Finding(
            kind, int(self._frame.terminal[places[0]]), places, float(commits[0]), float(commits[-1]), window.hits,
            window.tries, window.expected, window.chance, more(places),
        )  # fmt: skip


def night(frame: Frame) -> Bools:
    """Visits at night, but for those of a fair that goes on beyond midnight for a while."""
    if not len(frame):
        return np.zeros(0, dtype=np.bool_)
    pause = np.r_[True, (np.diff(frame.terminal) != 0) | (frame.start[1:] - frame.commit[:-1] > FAIR)]
    begun = frame.start[np.flatnonzero(pause)][np.cumsum(pause) - 1]  # when the first of those without a pause began
    before = begun // DAY < frame.day
    return np.asarray((frame.hour < NIGHT[1]) & ((frame.hour >= NIGHT[0]) | ~before))


def _filed_along(frame: Frame) -> Bools:
    """Visits right behind another one for the same matter, up to so many as an agent files."""
    behind = np.zeros(len(frame), dtype=np.bool_)
    behind[1:] = (
        (np.diff(frame.terminal) == 0) & (np.diff(frame.item) == 0) & (frame.start[1:] - frame.commit[:-1] < BEHIND)
    )
    number = np.arange(len(frame)) - np.maximum.accumulate(np.where(behind, 0, np.arange(len(frame))))
    return np.asarray(behind & (number < AGENT))


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

    Several in a row, one with a card between them here and there; hardly any other without a card in the day before and
    after, because made-up cases stand between true ones; and likelier as what a reader that is out leaves behind (all
    who come, as many as always, without a card) than as made-up cases (any number, beside those who come as always,
    with one).
    """
    out = np.zeros(len(frame), dtype=np.bool_)
    bare = np.flatnonzero(~frame.carded)
    if not len(bare):
        return out
    count, days = int(frame.terminal.max()) + 1, int(frame.day.max() - frame.day.min()) + 1
    hour = frame.hour.astype(np.int64).clip(0, 23)
    usual = np.bincount(frame.terminal * 24 + hour, minlength=count * 24).reshape(count, 24) / days
    breaks = (np.diff(bare) > OUT_GAP) | (np.diff(frame.terminal[bare]) != 0)
    runs = np.split(bare, np.flatnonzero(breaks) + 1)
    few = np.concatenate([run for run in runs if len(run) < OUT_LEAST] or [bare[:0]])
    visits = np.bincount(frame.terminal, minlength=count)
    single = np.bincount(frame.terminal[few], minlength=count) / np.maximum(visits, 1)  # people who have no card
    starts = np.searchsorted(frame.terminal, np.arange(count + 1))
    place = frame.terminal * days + frame.day - frame.day.min()
    daily = np.bincount(place, minlength=count * days).reshape(count, days)
    busy = np.maximum(np.quantile(daily, BUSY, axis=1) / np.maximum(daily.mean(axis=1), 0.1), 1.0)
    for run in runs:
        between = run[-1] - run[0] + 1 - len(run)  # visits with a card
        if len(run) < OUT_LEAST:
            continue
        terminal = int(frame.terminal[run[0]])
        first, last = float(frame.start[run[0]]), float(frame.commit[run[-1]])
        commits = frame.commit[starts[terminal] : starts[terminal + 1]]
        near = starts[terminal] + np.searchsorted(commits, (first - DAY, last + DAY))
        others = int((~frame.carded[near[0] : near[1]]).sum()) - len(run)
        if others > OUT_OTHERS + 3 * single[terminal] * (near[1] - near[0] - len(run)):
            continue
        if _likelier_out(len(run), int(between), _expected(usual[terminal], first, last), busy[terminal]):
            out[run] = True
    return out


def _likelier_out(bare: int, carded: int, expected: float, busy: float) -> bool:
    """``bare`` visits without a card and ``carded`` ones between them, where ``expected`` are usual, and ``busy`` times
    as many on a busy day."""
    whole = bare + carded
    works = _log_ways(whole, carded) + carded * math.log(OUT_WORKS) + bare * math.log1p(-OUT_WORKS)
    all_of_them = works + _log_come(whole, expected, busy) + math.log(OUT_RATHER * OUT_MOST)
    return all_of_them > _log_come(carded, expected, busy)


def _log_come(number: int, expected: float, busy: float) -> float:
    """That so many come where ``expected`` do on the whole: negative binomial, on a busy day or another."""
    k, found = OUT_SHAPE, []
    ways = math.lgamma(number + k) - math.lgamma(k) - math.lgamma(number + 1)
    for mean, days in ((max(expected, 0.1), 1 - BUSY_DAYS), (busy * max(expected, 0.1), BUSY_DAYS)):
        found.append(days * math.exp(ways + k * math.log(k / (k + mean)) + number * math.log(mean / (k + mean))))
    return math.log(max(sum(found), 1e-300))


def _log_ways(whole: int, part: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(part + 1) - math.lgamma(whole - part + 1)


def forgotten(frame: Frame) -> Bools:
    """Ratings with a staff card that one card explains which somebody left behind: all within a day, and hardly another
    in the week before and after. Whoever rates for others does so again.
    """
    found = np.zeros(len(frame), dtype=np.bool_)
    places = np.flatnonzero(frame.attended)
    apart = (np.diff(frame.terminal[places]) != 0) | (np.diff(frame.commit[places]) > DAY / 2)
    for run in np.split(places, np.flatnonzero(apart) + 1):
        if not len(run) or frame.commit[run[-1]] - frame.commit[run[0]] > DAY:
            continue
        near = np.abs(frame.commit[places] - frame.commit[run[0]]) < 8 * DAY
        others = int((near & (frame.terminal[places] == frame.terminal[run[0]])).sum()) - len(run)
        found[run] = others <= CARD_OTHERS
    return found


def _expected(by_hour: Floats, first: float, last: float) -> float:
    """Visits that are usual from one moment to another."""
    edges = np.arange(np.floor(first / 3600), np.floor(last / 3600) + 1)
    inside = np.minimum((edges + 1) * 3600, last) - np.maximum(edges * 3600, first)
    hours = (edges % (DAY / 3600)).astype(np.int64)
    return float((by_hour[hours] * np.maximum(inside, 0) / 3600).sum())


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")
