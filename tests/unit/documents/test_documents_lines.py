import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.lines import NEVER_FIRST, wrap
from kiosk.documents.signature import signature_svg


def count(text: str) -> float:
    return float(len(text))


@given(st.text("某店馆，。（）《》a1 ", max_size=60), st.integers(2, 20))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    lines = wrap(text, width, count)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= width for line in lines)


@given(st.text("某店馆，。", min_size=1, max_size=60).filter(lambda t: "，，" not in t and "。。" not in t))
def test_a_comma_does_not_begin_a_line_when_it_need_not(text: str) -> None:
    plain = text.replace("，。", "，").replace("。，", "。")
    lines = wrap(plain, 8, count)
    assert all(line[0] not in NEVER_FIRST for line in lines[1:] if line)


def test_words_of_latin_letters_stay_whole() -> None:
    assert wrap("见 www.gsxt.gov.cn", 16, count) == ["见", "www.gsxt.gov.cn"]


def test_a_word_wider_than_the_line_is_cut() -> None:
    assert wrap("abcdefghij", 4, count) == ["abcd", "efgh", "ij"]


def test_one_or_two_characters_do_not_stand_alone_on_the_last_line() -> None:
    assert wrap("大同市南关小面馆（个体工商户）", 13, count) == ["大同市南关小面馆", "（个体工商户）"]
    assert wrap("由工作人员办理，请您稍等", 11, count) == ["由工作人员办理，", "请您稍等"]
    assert wrap("还没有核对是不是本人", 9, count) == ["还没有核对是不", "是本人"]
    assert wrap("to be done by staff 了", 19, count) == ["to be done by staff", "了"], "a word is not torn for it"


def test_an_opening_bracket_goes_with_its_word() -> None:
    assert wrap("南关小面馆（个体工商户）", 6, count)[0] == "南关小面馆"


def test_a_signature_is_the_strokes_and_nothing_else() -> None:
    svg = signature_svg((((0.0, 0.5), (0.5, 1.0)), ((0.25, 0.25),), ()), 100, 40).decode()
    assert 'd="M0.0 20.0 L50.0 40.0"' in svg
    assert 'd="M25.0 10.0 L25.0 10.0"' in svg
    assert svg.count("<path") == 2


def test_points_outside_the_pad_are_kept_on_its_edge() -> None:
    assert "M100.0 0.0" in signature_svg((((2.0, -1.0), (0.5, 0.5)),), 100, 40).decode()


@pytest.mark.parametrize("strokes", [(), ((),), (((float("nan"), 0.0),),)])
def test_an_empty_or_broken_signature_is_refused(strokes: tuple[tuple[tuple[float, float], ...], ...]) -> None:
    with pytest.raises(ValueError, match="signature"):
        signature_svg(strokes)


DAY = "2026年12月3日"


@pytest.mark.parametrize("width", range(11, 40))
@pytest.mark.parametrize(
    "text",
    [
        "由街道办事处决定，10 个工作日内（最迟 2026年12月3日）告诉您结果。",
        "2026年12月3日以前来领，最晚 2026年12月3日。",
        "请在 2026年12月3日",
    ],
)
def test_a_day_stands_on_one_line_whatever_stands_around_it(text: str, width: int) -> None:
    lines = wrap(text, width, count)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert sum(line.count(DAY) for line in lines) == text.count(DAY), lines
    assert all(count(line) <= width for line in lines)


def test_a_day_with_spaces_is_one_day_too() -> None:
    assert wrap("请在 2026 年 12 月 3 日以前来", 15, count) == ["请在", "2026 年 12 月 3 日", "以前来"]
