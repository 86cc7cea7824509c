"""The ranking holds a place against its own mix, draws few cases to the whole, and equals what was reckoned by hand."""

from __future__ import annotations

import pytest

from kiosk.backend.oversight.ranking import Counted, byar, rank


def test_it_equals_the_example_reckoned_by_hand() -> None:
    """Two matters. ``quick``: 10 of 200 everywhere (0.05); ``hard``: 40 of 200 (0.2).

    place A  quick 100, 4 hits; hard  20, 3 hits: expected 100 x 0.05 + 20 x 0.2 =  9, observed  7, ratio 7/9
    place B  quick  20, 1 hit;  hard 100, 30 hits: expected 20 x 0.05 + 100 x 0.2 = 21, observed 31, ratio 31/21
    place C  quick  80, 5 hits; hard  80, 7 hits: expected 80 x 0.05 + 80 x 0.2 = 20, observed 12, ratio 12/20

    Marshall: mean m = 50/50 = 1. Spread s2 = [9 (7/9 - 1)^2 + 21 (31/21 - 1)^2 + 20 (12/20 - 1)^2] / 50
    = (0.44444 + 4.76190 + 3.2) / 50 = 0.168127. Mean expected 50/3, so between = 0.168127 - 1/(50/3) = 0.108127.
    Weights 0.108127 / (0.108127 + 1/E): A 0.493188, B 0.694256, C 0.683801.
    Drawn: A 1 - 0.493188 x 2/9 = 0.890403; B 1 + 0.694256 x 10/21 = 1.330598; C 1 - 0.683801 x 0.4 = 0.726480.
    """
    made = rank(
        [
            Counted("A", "quick", 100, 4), Counted("A", "hard", 20, 3), Counted("B", "quick", 20, 1),
            Counted("B", "hard", 100, 30), Counted("C", "quick", 80, 5), Counted("C", "hard", 80, 7),
        ]
    )  # fmt: skip
    assert [(each.place, each.rank) for each in made] == [("C", 1), ("A", 2), ("B", 3)]
    by_place = {each.place: each for each in made}
    assert [by_place[place].expected for place in "ABC"] == pytest.approx([9, 21, 20])
    assert [by_place[place].ratio for place in "ABC"] == pytest.approx([7 / 9, 31 / 21, 0.6])
    assert [by_place[place].drawn for place in "ABC"] == pytest.approx([0.890403, 1.330598, 0.726480], abs=1e-5)
    assert by_place["B"].stands == 1, "its interval, 1.003 to 2.096, leaves out 1"
    assert by_place["C"].stands == by_place["A"].stands == 0


def test_a_harder_mix_alone_is_no_disadvantage() -> None:
    """Both do each matter as well as the other; the raw shares are 0.06 and 0.19."""
    easy = [Counted("easy", "quick", 900, 45), Counted("easy", "hard", 100, 20)]
    made = rank([*easy, Counted("hard", "quick", 100, 5), Counted("hard", "hard", 900, 180)])
    assert [each.drawn for each in made] == pytest.approx([1.0, 1.0])


def test_one_hit_of_few_cases_does_not_make_a_place_the_worst() -> None:
    rows = [Counted(f"large {n}", "m", 1000, hits) for n, hits in enumerate((60, 130, 100, 95, 115))]
    made = {each.place: each for each in rank([*rows, Counted("small", "m", 12, 3)])}
    assert made["small"].ratio > made["large 1"].ratio
    assert made["small"].drawn < made["large 1"].drawn


def test_too_few_cases_have_no_rank_and_stand_last() -> None:
    made = rank([Counted("few", "m", 9, 0), Counted("many", "m", 500, 50)])
    assert [(each.place, each.rank) for each in made] == [("many", 1), ("few", 0)]


def test_places_that_differ_by_chance_alone_are_all_drawn_to_the_whole() -> None:
    made = rank([Counted("A", "m", 100, 10), Counted("B", "m", 100, 11), Counted("C", "m", 100, 9)])
    assert {each.drawn for each in made} == {1.0}


def test_limits_are_those_of_the_table() -> None:
    """Poisson limits of 10: exactly 4.795 and 18.39; of none: 0 and 3.689 (Byar is good to a few hundredths)."""
    assert byar(10, 1.0) == pytest.approx((4.795, 18.39), abs=0.02)
    assert byar(0, 1.0) == pytest.approx((0, 3.689), abs=0.05)
