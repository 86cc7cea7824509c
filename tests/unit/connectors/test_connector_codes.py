"""Cross-walks: both ways, by their source, inversions among them."""

from __future__ import annotations

import pytest

from kiosk.backend.connectors.codes import CrossWalk, cross_walk, cross_walks
from kiosk.domain.life import Deed
from kiosk.domain.rating import rating_levels

WALKS = cross_walks()


@pytest.mark.parametrize("walk", WALKS.values(), ids=lambda walk: walk.name)
def test_every_code_that_goes_out_comes_back_as_a_word_of_its_own_or_a_person_looks(walk: CrossWalk) -> None:
    assert walk.source
    for word, code in walk.values.items():
        back = walk.word(code)
        assert back is not None
        assert back in (word, "") or walk.code(back) == code
    assert walk.word("no such code") is None
    assert walk.code("no such word") is None


def test_satisfaction_counts_both_ways() -> None:
    national, interface = WALKS["satisfaction"], WALKS["satisfaction_rating"]
    for level in rating_levels():
        assert national.code(str(level.value)) == str(level.gbt_39046)
        assert interface.code(str(level.value)) == str(level.value)
        assert national.word(str(level.gbt_39046)) == str(level.value)
    assert [national.code(each) for each in "54321"] == list("12345")


def test_one_province_turns_instant_and_promised_round() -> None:
    one, other = WALKS["project_type"], WALKS["project_type_reversed"]
    assert [one.code("instant"), one.code("promised")] == ["1", "2"]
    assert [other.code("instant"), other.code("promised")] == ["2", "1"]
    for word in one.values:
        assert other.code(word) != one.code(word)


def test_the_provincial_results_are_read_as_deeds() -> None:
    walk = WALKS["result_type"]
    meant = {"0": "approved", "1": "refused", "2": "voided", "3": "", "4": "forwarded", "5": "", "6": "not_accepted"}
    assert {code: walk.word(code) for code in "0123456"} == meant
    assert walk.word("7") is None
    assert walk.word("00") is None
    assert {word for word in meant.values() if word} <= {deed.value for deed in Deed}


def test_every_deed_has_an_event_code() -> None:
    assert set(WALKS["event_name"].values) == {deed.value for deed in Deed}


def test_lists_that_nobody_has_confirmed_say_so() -> None:
    open_lists = {name for name, walk in WALKS.items() if walk.open}
    assert {"apply_type", "event_name", "result_type", "get_type"} <= open_lists, "the facts name these four"
    assert not {"satisfaction", "project_type", "applyer_type", "special_type"} & open_lists


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({"values": {"a": "1"}}, "lacks its source"),
        ({"source": "x"}, "values are words"),
        ({"source": "x", "values": {"a": 1}}, "values are words"),
        ({"source": "x", "values": {"a": "1", "b": "1"}}, "stands for two words"),
        ({"source": "x", "values": {"a": "1"}, "back": {"2": "a"}}, "back"),
        ({"source": "x", "values": {"a": "1"}, "back": {"1": "z"}}, "back"),
        ({"source": "x", "values": {"a": "1"}, "more": 1}, "takes source"),
    ],
)
def test_a_cross_walk_out_of_form_is_none(raw: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cross_walk("some", raw)
