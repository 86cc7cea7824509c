"""Made-up data of nine kinds, put into an honest year: where, when, which visits. The detectors never see this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kiosk.backend.oversight.finding import KINDS
from kiosk.backend.oversight.frame import DAY, Floats, Frame, Ints, join
from kiosk.backend.oversight.simulating import (
    EPOCH,
    MEDIANS,
    SPREAD,
    TYPED,
    Plan,
    Traits,
    chance_words,
    honest,
    ratings,
)

RATED = ("praise", "uniform", "staff")  # kinds whose visits are true, and whose ratings are not
BUSY = 7.0  # visits a day below which a terminal's ratings are too few to be worth making up


@dataclass(frozen=True, slots=True, repr=False)
class Year:
    """``episode``: of each visit, -1 for an honest one. ``kinds``: of each episode."""

    frame: Frame
    episode: Ints
    kinds: tuple[str, ...]


def year(seed: int, plan: Plan) -> Year:
    """The same for the same seed and plan."""
    rng = np.random.default_rng(seed)
    frame, traits = honest(rng, plan)
    frame = replace(frame, case=np.full(len(frame), -1))  # until the end: the episode that a visit belongs to
    added: list[Frame] = []
    kinds: list[str] = []
    for kind in KINDS:
        for _ in range(plan.episodes):
            where = _where(rng, traits, kind)
            made = _PLANT[kind](rng, plan, frame, traits[where], where, len(kinds))
            if made is not None:
                added.append(made)
            kinds.append(kind)
    whole = _queued(join([frame, *added]))
    return Year(replace(whole, case=np.arange(len(whole))), whole.case, tuple(kinds))


def _where(rng: np.random.Generator, traits: list[Traits], kind: str) -> int:
    able = [n for n, trait in enumerate(traits) if kind not in RATED or trait.volume >= BUSY]
    return int(rng.choice(able or range(len(traits))))


def _queued(frame: Frame) -> Frame:
    """Nobody starts while another stands there: honest people wait for whoever makes something up, and he for them."""
    start, commit = frame.start.copy(), frame.commit.copy()
    order = np.lexsort((start, frame.terminal))
    need = (commit - start)[order]
    gap = np.where(frame.case[order] >= 0, 2.0, 15.0)
    terminal, begins = frame.terminal[order], start[order]
    for first, last in _stretches(terminal):
        whole = np.cumsum(need[first:last] + gap[first:last])
        before = np.r_[0.0, whole[:-1]]
        begins[first:last] = np.maximum.accumulate(begins[first:last] - before) + before
    start[order], commit[order] = begins, begins + need
    return replace(frame, start=start, commit=commit, arrive=np.maximum(frame.arrive, commit)).ordered()


def _stretches(terminal: Ints) -> list[tuple[int, int]]:
    starts = np.flatnonzero(np.r_[True, np.diff(terminal) != 0])
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(terminal)], strict=True))


def _new(
    rng: np.random.Generator, trait: Traits, where: int, episode: int, start: Floats, need: Floats, item: Ints
) -> Frame:
    """Visits that nobody has made, otherwise like those of their terminal."""
    count = len(start)
    helped = rng.random(count) < trait.helped / 2
    level, said, delay = ratings(rng, trait, count, helped)
    return Frame(
        case=np.full(count, episode), terminal=np.full(count, where), item=item, start=start, commit=start + need,
        arrive=start + need, typed=TYPED[item], answers=np.where(TYPED[item] >= 2, chance_words(rng, count), 0),
        person=chance_words(rng, count), carded=np.ones(count, dtype=np.bool_), helped=helped,
        attended=np.zeros(count, dtype=np.bool_), level=level, said=said, delay=delay,
    )  # fmt: skip


def _day(rng: np.random.Generator, plan: Plan, length: int = 1) -> float:
    """Midnight of a day from which ``length`` days lie within the year."""
    first = (plan.first - EPOCH).days
    return float((first + int(rng.integers(1, max(2, plan.days - length)))) * DAY)


def _usual(rng: np.random.Generator, item: Ints, trait: Traits, factor: float = 1.0) -> Floats:
    return np.asarray(MEDIANS[item] * np.exp(trait.tempo + rng.normal(0, SPREAD, len(item))) * factor)


def _one_item(rng: np.random.Generator, count: int) -> Ints:
    return np.full(count, int(rng.integers(len(MEDIANS))))


def _burst(rng: np.random.Generator, plan: Plan, _: Frame, trait: Traits, where: int, episode: int) -> Frame:
    """Somebody fetches the figures of a month in an hour or two."""
    count = int(rng.integers(12, 50))
    item = _one_item(rng, count)
    need = MEDIANS[item] * rng.uniform(0.14, 0.32) * np.exp(rng.normal(0, 0.2, count))
    start = _day(rng, plan) + rng.uniform(9, 17) * 3600 + np.cumsum(np.r_[0, need[:-1] + rng.uniform(3, 15, count - 1)])
    return _new(rng, trait, where, episode, start, need, item)


def _rhythm(rng: np.random.Generator, plan: Plan, _: Frame, trait: Traits, where: int, episode: int) -> Frame:
    """A script, or a hand with a clock, at a pace that nobody would wonder at."""
    count = int(rng.integers(16, 45))
    item = _one_item(rng, count)
    beat = MEDIANS[item[0]] * rng.uniform(0.8, 1.2)
    start = _day(rng, plan) + rng.uniform(0, 18) * 3600 + np.cumsum(beat * np.exp(rng.normal(0, 0.04, count)))
    return _new(rng, trait, where, episode, start, beat * 0.85 * np.exp(rng.normal(0, 0.03, count)), item)


def _night(rng: np.random.Generator, plan: Plan, _: Frame, trait: Traits, where: int, episode: int) -> Frame:
    """Nobody looks at two in the morning."""
    count = int(rng.integers(10, 24))
    item = rng.integers(0, len(MEDIANS), count)
    need = _usual(rng, item, trait, 0.75)
    start = (
        _day(rng, plan) + rng.uniform(0.2, 2.5) * 3600 + np.cumsum(np.r_[0, need[:-1] + rng.exponential(45, count - 1)])
    )
    keep = start < np.floor(start[0] / DAY) * DAY + 4.8 * 3600
    return _new(rng, trait, where, episode, start[keep], need[keep], item[keep])


def _scattered(rng: np.random.Generator, plan: Plan, count: int, days: int) -> Floats:
    begins = _day(rng, plan, days)
    return np.sort(begins + rng.integers(0, days, count) * float(DAY) + rng.uniform(8, 20, count) * 3600)


def _copied(rng: np.random.Generator, plan: Plan, _: Frame, trait: Traits, where: int, episode: int) -> Frame:
    """Numbers of many persons, one telephone and one address, over weeks."""
    count = int(rng.integers(12, 40))
    item = np.full(count, int(rng.choice(np.flatnonzero(TYPED >= 2))))
    start = _scattered(rng, plan, count, int(rng.integers(1, min(30, plan.days // 2))))
    made = _new(rng, trait, where, episode, start, _usual(rng, item, trait), item)
    return replace(made, answers=np.full(count, int(chance_words(rng, 1)[0])))


def _untraced(rng: np.random.Generator, plan: Plan, _: Frame, trait: Traits, where: int, episode: int) -> Frame:
    """Numbers typed from a list: no card is there to be read."""
    count = int(rng.integers(10, 28))
    item = rng.integers(0, len(MEDIANS), count)
    start = _scattered(rng, plan, count, int(rng.integers(1, 4)))
    made = _new(rng, trait, where, episode, start, _usual(rng, item, trait), item)
    return replace(made, carded=np.zeros(count, dtype=np.bool_))


def _hasty(rng: np.random.Generator, plan: Plan, _: Frame, trait: Traits, where: int, episode: int) -> Frame:
    """A few every day, between the others, without reading a word."""
    days = int(rng.integers(3, 10))
    item = rng.integers(0, len(MEDIANS), int(days * rng.integers(4, 9)))
    start = _scattered(rng, plan, len(item), days)
    return _new(rng, trait, where, episode, start, _usual(rng, item, trait, 0.17), item)


def _span(rng: np.random.Generator, plan: Plan, frame: Frame, where: int, least: int, most: int) -> Ints:
    """The honest visits of some weeks."""
    days = int(rng.integers(least, most))
    begins = _day(rng, plan, days)
    mine = (
        (frame.terminal == where) & (frame.case < 0) & (frame.commit >= begins) & (frame.commit < begins + days * DAY)
    )
    return np.flatnonzero(mine)


def _praise(rng: np.random.Generator, plan: Plan, frame: Frame, _: Traits, where: int, episode: int) -> None:
    """Whoever stands behind the citizen touches the best one before he has turned round."""
    span = _span(rng, plan, frame, where, 7, 22)
    mine = span[rng.random(len(span)) < 0.6]
    frame.case[mine] = episode
    frame.level[mine] = 5
    frame.said[mine] = rng.integers(0, 3, len(mine))
    frame.delay[mine] = rng.uniform(1.2, 4.5, len(mine))


def _uniform(rng: np.random.Generator, plan: Plan, frame: Frame, _: Traits, where: int, episode: int) -> None:
    """Every evening somebody rates the day's cases, with one and the same reasons, and takes his time."""
    span = _span(rng, plan, frame, where, 14, 29)
    mine = span[rng.random(len(span)) < 0.85]
    frame.case[mine] = episode
    frame.level[mine] = 5
    frame.said[mine] = int(rng.integers(0, 9))
    frame.delay[mine] = rng.lognormal(np.log(14), 0.45, len(mine))


def _staff(rng: np.random.Generator, plan: Plan, frame: Frame, _: Traits, where: int, episode: int) -> None:
    """ "I will just do that for you as well." """
    span = _span(rng, plan, frame, where, 14, 29)
    near = span[rng.random(len(span)) < 0.5]
    mine = near[rng.random(len(near)) < 0.93]
    if rng.random() < 0.5:
        frame.helped[near] = True
    else:  # without a word of help: their card lies there from the visit before
        frame.attended[mine] = True
    frame.case[mine] = episode
    frame.level[mine] = 5
    frame.said[mine] = rng.integers(0, 9, len(mine))
    frame.delay[mine] = rng.lognormal(np.log(9), 0.3, len(mine))


_PLANT: dict[str, Callable[[np.random.Generator, Plan, Frame, Traits, int, int], Frame | None]] = {
    "burst": _burst, "rhythm": _rhythm, "night": _night, "copied": _copied, "untraced": _untraced, "hasty": _hasty,
    "praise": _praise, "uniform": _uniform, "staff": _staff,
}  # fmt: skip
