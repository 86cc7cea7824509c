"""A year of terminals as it might be: honest visits with all that makes them look odd, by a seeded generator.

What looks like made-up data and is none: weekends, holidays and the days before them, market days of villages, night
shifts, festivals' nights, terminals that stand still, lines that are down for hours and days (everything then arrives
at once), card readers that are out, people without a card, families and homes with one address, agents who file for
several shops in a row, weeks of help with many elderly people, staff cards left in the slot, terminals where everybody
is content. Figures are assumptions, chosen wide: no real year has been seen. Made-up data are put into it by
planting.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from kiosk.backend.oversight.frame import DAY, Bools, Floats, Frame, Ints, join
from kiosk.domain.workdays import national

EPOCH = date(1970, 1, 1)
MEDIANS = np.array([150.0, 200.0, 260.0, 300.0, 360.0, 420.0, 520.0, 240.0])  # seconds of a visit, by item
TYPED = np.array([0, 2, 3, 4, 6, 8, 12, 2])  # answers typed, by item
SPREAD = 0.38  # of log seconds
HOURS = np.array(
    [0.3, 0.2, 0.15, 0.15, 0.2, 0.5, 1.2, 3, 6.5, 9.5, 10, 8, 5, 5.5, 8, 9, 8.5, 6.5, 5, 5, 4.5, 3, 1.5, 0.7]
)
FIRST = date(2025, 1, 1)
GAP = 20.0  # seconds to go and to come
LEFT = 0.005  # share of visits in which a staff card lay in the slot for a moment
PATIENCE = 1200.0  # seconds that people wait; every other one twice that


@dataclass(frozen=True, slots=True)
class Plan:
    """``episodes``: of made-up data, of each kind."""

    terminals: int = 200
    days: int = 365
    episodes: int = 15
    first: date = FIRST


YEAR = Plan()
SMALL = Plan(terminals=24, days=84, episodes=2)


@dataclass(frozen=True, slots=True, repr=False)
class Traits:
    """What one terminal is like."""

    volume: float  # visits on a usual day
    items: Floats  # shares
    tempo: float  # of log seconds
    night: float  # factor of the hours of the night
    helped: float  # share of visits with staff
    rated: float  # share of visits that are rated
    best: float  # share of ratings that are the best
    plain: float  # share of best ratings without a reason
    delay: float  # seconds to the rating, median
    bare: float  # share of visits without a card
    market: int  # every fifth day from this one, -1 for none
    market_factor: float


def honest(rng: np.random.Generator, plan: Plan) -> tuple[Frame, list[Traits]]:
    factors = _days(plan)
    traits = [_traits(rng) for _ in range(plan.terminals)]
    return join([_terminal(rng, plan, number, each, factors) for number, each in enumerate(traits)]), traits


def _traits(rng: np.random.Generator) -> Traits:
    village = rng.random() < 0.3
    return Traits(
        volume=float(np.clip(rng.lognormal(np.log(10), 0.5), 4, 35)),
        items=rng.dirichlet(np.full(len(MEDIANS), 2.0)),
        tempo=float(rng.normal(0, 0.1)),
        night=float(rng.choice([1.0, 1.0, 1.0, 1.5, 6.0])),
        helped=float(rng.beta(2, 8)),
        rated=float(rng.beta(12, 22)),
        best=float(rng.beta(16, 4)),
        plain=float(rng.beta(5, 6)),
        delay=float(rng.lognormal(np.log(14), 0.15)),
        bare=float(rng.beta(2, 150)),
        market=int(rng.integers(5)) if village else -1,
        market_factor=float(rng.uniform(2, 4)),
    )


def _days(plan: Plan) -> Floats:
    """How many come on each day, against a usual working day."""
    calendar = national()
    days = [plan.first + timedelta(days=number) for number in range(plan.days)]
    works = np.array([calendar.is_working(day) for day in days])
    factor = np.where(works, 1.0, 0.7)
    for number, day in enumerate(days):
        if not works[number] and day.weekday() < 5:
            factor[number] = 0.45  # a public holiday
        if works[number] and number and not works[number - 1] and days[number - 1].weekday() < 5:
            factor[number] = 1.5  # everything that waited for its end
        if date(day.year, 1, 20) <= day <= date(day.year, 1, 27):
            factor[number] *= 1.4  # before the Spring Festival
    return factor


def _terminal(rng: np.random.Generator, plan: Plan, number: int, trait: Traits, factors: Floats) -> Frame:
    scale = plan.days / 365
    start = (plan.first - EPOCH).days
    daily = trait.volume * factors * rng.gamma(12, 1 / 12, plan.days)
    if trait.market >= 0:
        daily[trait.market :: 5] *= trait.market_factor
    arrivals = [_arrivals(rng, start + day, rng.poisson(daily[day]), trait.night) for day in range(plan.days)]
    arrivals.append(_festival_nights(rng, start, plan.days, trait))
    asked = np.sort(np.concatenate(arrivals))
    for begins, ends in _spans(rng, start, plan.days, rng.poisson(3 * scale), 0.3, 2.0):  # it stands still
        asked = asked[(asked < begins) | (asked > ends)]
    count = len(asked)
    item = rng.choice(len(MEDIANS), count, p=trait.items)
    need = _need(rng, item, trait.tempo)
    _agents(rng, asked, item, need)
    frame = _visits(number, asked, need, item)
    count, asked, item = len(frame), frame.start, frame.item
    helped = rng.random(count) < trait.helped
    for begins, _ in _spans(rng, start, plan.days, rng.poisson(1.5 * scale), 5.0, 7.0):  # a week of help
        inside = (frame.commit >= begins) & (frame.commit < begins + 7 * DAY)
        helped |= inside & (rng.random(count) < 0.5)
    carded = rng.random(count) >= trait.bare
    for begins, ends in _spans(rng, start, plan.days, rng.poisson(2 * scale), 0.15, 2.0):  # the reader is out
        carded &= ~((frame.commit >= begins) & (frame.commit <= ends)) | (rng.random(count) < 0.01)
    arrive = frame.commit + rng.exponential(3.0, count)
    for begins, ends in _spans(rng, start, plan.days, rng.poisson(5 * scale), 0.1, 3.0):  # the line is down
        held = (frame.commit >= begins) & (frame.commit <= ends)
        arrive[held] = ends + np.arange(held.sum()) * 0.05
    answers, person = _answers(rng, item, frame.commit)
    _homes(rng, scale, frame.commit, item, answers, helped, carded)
    level, said, delay = ratings(rng, trait, count, helped)
    attended = rng.random(count) < LEFT
    for begins, ends in _spans(rng, start, plan.days, rng.poisson(1 * scale), 0.1, 0.6):  # a staff card was forgotten
        attended |= (frame.commit >= begins) & (frame.commit <= ends)
    return replace(
        frame, arrive=arrive, answers=answers, person=person, carded=carded, helped=helped,
        attended=attended & (level > 0), level=level, said=said, delay=delay,
    )  # fmt: skip


def _arrivals(rng: np.random.Generator, day: int, count: int, night: float) -> Floats:
    weights = HOURS.copy()
    weights[[23, 0, 1, 2, 3, 4]] *= night
    hour = rng.choice(24, count, p=weights / weights.sum())
    return np.asarray((day * 24 + hour + rng.random(count)) * 3600.0)


def _festival_nights(rng: np.random.Generator, start: int, days: int, trait: Traits) -> Floats:
    """Evenings of a fair before the door: until midnight, some beyond."""
    made = [np.zeros(0)]
    for day in rng.choice(days, rng.poisson(4 * days / 365), replace=False) if days > 8 else []:
        count = rng.poisson(trait.volume * 0.5)
        made.append((start + day) * float(DAY) + rng.triangular(19, 21.5, 25, count) * 3600)
    return np.concatenate(made)


def _spans(
    rng: np.random.Generator, start: int, days: int, count: int, least: float, most: float
) -> list[tuple[float, float]]:
    begins = (start + rng.random(count) * days) * DAY
    return [(float(b), float(b + length * DAY)) for b, length in zip(begins, rng.uniform(least, most, count))]  # noqa: B905


def _need(rng: np.random.Generator, item: Ints, tempo: float) -> Floats:
    """Seconds of each visit; a few people are quick or know it all, a few are very slow."""
    log = np.log(MEDIANS[item]) + tempo + rng.normal(0, SPREAD, len(item))
    log += np.where(rng.random(len(item)) < 0.03, rng.normal(-0.3, 0.2, len(item)), 0)
    log += np.where(rng.random(len(item)) < 0.04, rng.exponential(0.6, len(item)), 0)
    return np.asarray(np.exp(log))


def _agents(rng: np.random.Generator, asked: Floats, item: Ints, need: Floats) -> None:
    """An agent files for three to eight shops one after another, quicker each time."""
    for place in rng.choice(len(asked), rng.poisson(len(asked) / 1500), replace=False) if len(asked) > 20 else []:
        size = int(rng.integers(3, 9))
        part = slice(place, min(place + size, len(asked)))
        asked[part] = asked[place] + np.arange(part.stop - place)
        item[part] = item[place]
        need[part] = MEDIANS[item[place]] * np.exp(rng.normal(-0.35, 0.2, part.stop - place))


def _visits(number: int, asked: Floats, need: Floats, item: Ints) -> Frame:
    """One after another: who comes while another stands there waits, and goes home when it takes too long."""
    order = np.argsort(asked, kind="stable")
    asked, need, item = asked[order], need[order], item[order]
    while True:
        whole = np.cumsum(need + GAP)
        start = np.maximum.accumulate(asked - whole + need + GAP) + whole - need - GAP if len(whole) else asked
        patient = start - asked <= np.where(np.arange(len(asked)) % 2, PATIENCE, 2 * PATIENCE)
        if patient.all():
            break
        asked, need, item = asked[patient], need[patient], item[patient]
    count, none = len(asked), np.zeros(len(asked), dtype=np.int64)
    commit = start + need
    return Frame(
        case=none, terminal=np.full(count, number), item=item, start=start, commit=commit, arrive=commit,
        typed=TYPED[item], answers=none, person=none, carded=np.ones(count, dtype=np.bool_),
        helped=np.zeros(count, dtype=np.bool_), attended=np.zeros(count, dtype=np.bool_), level=none, said=none,
        delay=np.full(count, np.nan),
    )  # fmt: skip


def _answers(rng: np.random.Generator, item: Ints, commit: Floats) -> tuple[Ints, Ints]:
    """Everybody's own; families of two to five come behind one another and write the same."""
    count = len(item)
    answers, person = chance_words(rng, count), chance_words(rng, count)
    for place in np.flatnonzero(rng.random(count) < 0.03):
        size = 2 + min(int(rng.geometric(0.55)) - 1, 3)
        family = slice(place, place + size)
        answers[family] = answers[place]
    for place in np.flatnonzero(rng.random(count) < 0.02):  # somebody comes again, with the same answers
        again = place + int(rng.integers(1, 400))
        if again < count:
            person[again], answers[again] = person[place], answers[place]
    return np.where(TYPED[item] >= 2, answers, 0), person


def _homes(
    rng: np.random.Generator, scale: float, commit: Floats, item: Ints, answers: Ints, helped: Bools, carded: Bools
) -> None:
    """A home comes with its nurse: one address, one telephone, one morning."""
    if len(commit) < 40 or rng.random() > 0.05 * max(scale, 0.2):
        return
    place, size = int(rng.integers(len(commit) - 25)), int(rng.integers(8, 20))
    same_day = np.flatnonzero(commit // DAY == commit[place] // DAY)
    part = same_day[same_day >= place][:size]
    answers[part] = np.where(TYPED[item[part]] >= 2, chance_words(rng, 1)[0], 0)
    helped[part] = carded[part] = True


def ratings(rng: np.random.Generator, trait: Traits, count: int, helped: Bools) -> tuple[Ints, Ints, Floats]:
    """Levels, reasons and delays. Fewer rate where staff stood by: the page opens when they have gone."""
    rates = rng.random(count) < trait.rated * np.where(helped, 0.8, 1.0)
    lower = rng.choice([4, 3, 2, 1], count, p=[0.6, 0.24, 0.1, 0.06])
    level = np.where(rng.random(count) < trait.best, 5, lower)
    one, two = rng.integers(1, 9, count), rng.integers(1, 9, count)
    reasons = np.where(rng.random(count) < 0.6, one, np.minimum(one, two) * 8 + np.maximum(one, two))
    said = np.where(rng.random(count) < trait.plain, 0, reasons) + (5 - level) * 100
    delay = trait.delay * np.exp(rng.normal(0, 0.45, count))
    return np.where(rates, level, 0), np.where(rates, said, 0), np.where(rates, delay, np.nan)


def chance_words(rng: np.random.Generator, count: int) -> Ints:
    """Fingerprints that nobody else has."""
    return rng.integers(2, 2**62, count)
