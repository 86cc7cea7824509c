"""A draw can be made again by anybody, foreseen by nobody who has the commitment alone, and misses no terminal."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

from kiosk.backend.oversight.sampling import (
    Design,
    commitment,
    draw,
    population,
    seed_of,
    share_between,
    ticket,
)

DAY = "2026-06-01"
SECRET = bytes(range(32))
CASES = [(f"case-{terminal}-{number}", f"t{terminal}") for terminal in range(4) for number in range(1 + 40 * terminal)]


def test_the_same_seed_draws_the_same_cases_in_whatever_order_they_are_listed() -> None:
    seed = seed_of(SECRET, DAY)
    mixed = random.Random(7).sample(CASES, len(CASES))
    assert draw(seed, DAY, CASES) == draw(seed, DAY, mixed) == draw(seed, DAY, CASES + CASES)
    assert population(CASES) == population(mixed) != population(CASES[1:])
    assert draw(seed_of(SECRET, "2026-06-02"), "2026-06-02", CASES) != draw(seed, DAY, CASES)


def test_what_was_published_beforehand_is_the_hash_of_the_seed() -> None:
    seed = seed_of(SECRET, DAY)
    assert commitment(seed) == hashlib.sha256(b"kiosk-seed-v1\n" + seed.encode()).hexdigest()
    assert seed not in commitment(seed)
    assert seed_of(bytes(32), DAY) != seed


def test_anybody_gets_the_tickets_with_a_hash_and_a_list_alone() -> None:
    seed = seed_of(SECRET, DAY)
    mine = sorted((hashlib.sha256(f"kiosk-ticket-v1\n{seed}\n{DAY}\n{case}".encode()).hexdigest(), case)
                  for case, terminal in CASES if terminal == "t3")  # fmt: skip
    drawn = [each for each in draw(seed, DAY, CASES) if each.stratum == "t3"]
    assert [(each.ticket, each.case_id) for each in drawn] == mine[:5]
    assert drawn[0].ticket == ticket(seed, DAY, drawn[0].case_id)


def test_every_terminal_has_its_share_and_at_least_one() -> None:
    drawn = Counter(each.stratum for each in draw(seed_of(SECRET, DAY), DAY, CASES))
    assert drawn == {"t0": 1, "t1": 3, "t2": 5, "t3": 5}, "5 of 100 of 1, 41, 81, 121 cases, 1 at least, 5 at most"
    assert Design(share=0.5, most=1000).size(121) == 61


def test_each_case_is_drawn_about_as_often_as_another() -> None:
    cases = [(f"c{number}", "t") for number in range(20)]
    counted = Counter(
        each.case_id
        for day in range(600)
        for each in draw(seed_of(SECRET, f"day {day}"), f"day {day}", cases, Design(0.25, 1, 5))
    )
    assert len(counted) == 20
    assert sum(counted.values()) == 3000
    assert max(counted.values()) - min(counted.values()) < 75, "150 each, standard deviation 10.6"


def test_the_share_found_is_told_with_how_sure_it_is() -> None:
    low, high = share_between(2, 40)
    assert (round(low, 4), round(high, 4)) == (0.0138, 0.1650), "Wilson's interval of 2 in 40"
    assert share_between(0, 0) == (0.0, 1.0)
