import pytest

from kiosk.domain import rating


def test_there_are_five_levels_best_first_in_both_languages() -> None:
    assert [value for value, _ in rating.levels("zh_CN")] == [5, 4, 3, 2, 1]
    assert rating.levels("zh_CN")[0][1] == "非常满意"
    assert rating.levels("en")[-1][1] == "Very dissatisfied"


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_level_has_eight_reasons_with_codes_of_its_own(level: int) -> None:
    chinese, english = rating.options(level, "zh_CN"), rating.options(level, "en")
    assert [code for code, _ in chinese] == [code for code, _ in english]
    assert len({code for code, _ in chinese}) == 8
    assert all(code[0] == str(level) for code, _ in chinese)
    assert all(text for _, text in (*chinese, *english))


def test_the_two_ways_of_counting_are_kept_apart() -> None:
    assert {level.value: level.gbt_39046 for level in rating.rating_levels()} == {5: 1, 4: 2, 3: 3, 2: 4, 1: 5}


def test_reasons_must_belong_to_the_level() -> None:
    assert rating.options_fit(5, ("510", "512"))
    assert not rating.options_fit(5, ("108",))
    assert not rating.options_fit(5, ("510", "510"))
    with pytest.raises(KeyError):
        rating.options(6, "en")
