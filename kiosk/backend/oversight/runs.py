"""Visits behind one another at one terminal: too quick to be people (burst), too even to be people (rhythm)."""

from __future__ import annotations

import math

import numpy as np

from kiosk.backend.oversight.finding import Finding
from kiosk.backend.oversight.frame import DAY, Bools, Floats, Frame, Ints
from kiosk.backend.oversight.pace import SCALE
from kiosk.backend.oversight.tails import chi_square_below, discoveries, normal_below

CLOSE = 60.0  # seconds from one commit to the next start: whoever stands there takes longer to go and to come
QUICK_RUN = 6  # visits
QUICKER = -1.5  # pace of those in a run that are counted to it
EVEN_RUN = 8  # intervals
EVEN_GAP = 1200.0  # seconds between two commits of one run
OFF_BEAT = 3.0  # standard deviations of a run's own intervals beyond which one is none of its beat
LEAST_BEAT = 0.03  # of log seconds: what a run's spread is taken for at least
ALIKE, ONE_MATTER = 0.1, 0.7  # spread of log seconds of visits that are as alike as their intervals; share of one item
MIDDLE = 0.907  # median of chi-square with 7 degrees of freedom, divided by them
SHARE = 1e-4  # of false discoveries
EVEN_SHARE = 1e-3


def bursts(frame: Frame, pace: Floats) -> list[Finding]:
    """Runs of visits without a pause whose paces together nobody keeps up."""
    near = np.zeros(len(frame), dtype=np.bool_)
    near[1:] = (frame.terminal[1:] == frame.terminal[:-1]) & (frame.start[1:] - frame.commit[:-1] < CLOSE)
    ends = _ends(near, QUICK_RUN)
    sums = np.cumsum(np.r_[0.0, pace])
    scores = (sums[ends + 1] - sums[ends + 1 - QUICK_RUN]) / math.sqrt(QUICK_RUN)
    wild = scores < -4
    chances = [normal_below(float(score)) for score in scores[wild]]
    stands = discoveries(chances, len(ends), SHARE)
    made = []
    for part in _segments(frame, ends[wild][stands], QUICK_RUN):
        mine = part[pace[part] < QUICKER]
        if len(mine) < QUICK_RUN - 1:
            continue
        score = float(pace[mine].sum() / math.sqrt(len(mine)))
        span = float(frame.commit[part[-1]] - frame.start[part[0]])
        seconds = float(np.median(frame.seconds[mine]))
        usual = float(np.median(frame.seconds[np.isin(frame.item, frame.item[mine])]))
        more = {"span": span, "seconds": seconds, "usual_seconds": usual}
        made.append(_finding("burst", frame, mine, len(part), 0.0, normal_below(score), more))
    return made


def rhythms(frame: Frame) -> list[Finding]:
    """Runs of commits whose intervals hardly differ."""
    gaps = np.diff(frame.commit, prepend=frame.commit[:1])
    near = np.zeros(len(frame), dtype=np.bool_)
    near[1:] = (frame.terminal[1:] == frame.terminal[:-1]) & (gaps[1:] < EVEN_GAP) & (gaps[1:] > 1.0)
    ends = _ends(near, EVEN_RUN + 1)
    if len(ends) < 20:
        return []
    logs = np.log(np.maximum(gaps, 1.0))
    one, two = np.cumsum(np.r_[0.0, logs]), np.cumsum(np.r_[0.0, logs * logs])
    first = ends + 1 - EVEN_RUN
    mean = (one[ends + 1] - one[first]) / EVEN_RUN
    spread = np.maximum((two[ends + 1] - two[first]) / EVEN_RUN - mean * mean, 0.0) * EVEN_RUN / (EVEN_RUN - 1)
    usual = float(np.median(spread)) / MIDDLE
    wild = spread < usual / 10
    chances = [chi_square_below((EVEN_RUN - 1) * float(s) / usual, EVEN_RUN - 1) for s in spread[wild]]
    stands = discoveries(chances, len(ends), EVEN_SHARE)
    kept, by_end = ends[wild][stands], dict(zip(ends[wild].tolist(), chances, strict=True))
    made = []
    for part in _segments(frame, kept, EVEN_RUN + 1):
        chance = min(by_end[end] for end in kept.tolist() if part[0] < end <= part[-1])
        part = _on_the_beat(part, logs)
        if len(part) < EVEN_RUN:
            continue
        inside = gaps[part[1:]][np.diff(part) == 1]
        part = _of_one_hand(frame, part)
        more = {"interval": float(np.median(inside)), "spread": float(np.std(np.log(inside))),
                "usual_spread": math.sqrt(usual)}  # fmt: skip
        made.append(_finding("rhythm", frame, part, len(part), 0.0, chance, more))
    return made


def _on_the_beat(part: Ints, logs: Floats) -> Ints:
    """Those of a run's visits that stand one beat from a neighbour: not who came before it, after it or in between."""
    intervals, behind = logs[part[1:]], np.diff(part) == 1
    middle = np.median(intervals[behind])
    spread = max(float(np.median(np.abs(intervals[behind] - middle))) * SCALE, LEAST_BEAT)
    even = behind & (np.abs(intervals - middle) <= OFF_BEAT * spread)
    return np.asarray(part[np.r_[even, False] | np.r_[False, even]])


def _of_one_hand(frame: Frame, part: Ints) -> Ints:
    """With those of half a day before and after that somebody else came between: of the same matter and, where those on
    the beat are as alike in that as well, of the same length.
    """
    items, counts = np.unique(frame.item[part], return_counts=True)
    logs = np.log(np.maximum(frame.seconds[part], 1.0))
    middle = np.median(logs)
    spread = max(float(np.median(np.abs(logs - middle))) * SCALE, LEAST_BEAT)
    if spread > ALIKE or counts.max() < ONE_MATTER * len(part):
        return part
    near = (frame.terminal == frame.terminal[part[0]]) & (frame.item == items[np.argmax(counts)])
    near &= (frame.commit > frame.commit[part[0]] - DAY / 2) & (frame.commit < frame.commit[part[-1]] + DAY / 2)
    near &= np.abs(np.log(np.maximum(frame.seconds, 1.0)) - middle) <= OFF_BEAT * spread
    return np.union1d(part, np.flatnonzero(near))


def _ends(near: Bools, length: int) -> Ints:
    """Places where a run of ``length`` visits ends that lie near one another."""
    counted = np.cumsum(np.r_[0, near.astype(np.int64)])
    places = np.arange(length - 1, len(near))
    whole = counted[places + 1] - counted[places + 2 - length] == length - 1
    return np.asarray(places[whole])


def _segments(frame: Frame, ends: Ints, length: int) -> list[Ints]:
    """The visits of these runs; runs that overlap, or lie within half a day at one terminal, are one."""
    made: list[Ints] = []
    inside = np.unique((ends[:, None] - np.arange(length)[None, :]).ravel()) if len(ends) else ends
    if not len(inside):
        return made
    apart = (np.diff(frame.terminal[inside]) != 0) | (np.diff(frame.commit[inside]) > DAY / 2)
    return list(np.split(inside, np.flatnonzero(apart) + 1))


def _finding(
    kind: str, frame: Frame, places: Ints, tries: int, expected: float, chance: float, more: dict[str, float]
) -> Finding:
    commits = frame.commit[places]
    return Finding(
        kind, int(frame.terminal[places[0]]), places, float(commits[0]), float(commits[-1]), len(places), tries,
        expected, chance, more,
    )  # fmt: skip
