"""What a document says, from lines as they are read of it: labels, columns, wrapped values, check digits, doubts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from devices.contracts.reading import Reading, TextLine
from devices.simulators import documents
from devices.vision.ocr_fields import credit_code_fits, extract, id_number_fits, kinds

CODE = documents.values("licence", 1)["credit_code"]
PLACE = "大同市平城区云中路204号"
NUMBER = documents.values("id_copy", 1)["number"]


def page(*rows: str, sure: float = 0.99, size: float = 30.0) -> Reading:
    """Rows from the top down; ``label | value`` are two columns, and a row that begins with | goes on under one."""
    lines = []
    for number, row in enumerate(rows):
        top = 100 + number * size * 1.4
        for column, text in enumerate(row.split("|")):
            if text.strip():
                left = 100 + column * 300
                lines.append(TextLine(text.strip(), sure, left, top, left + len(text) * size, top + size))
    return Reading(tuple(lines), 1600, 2200)


def found(document: str, reading: Reading) -> dict[str, str]:
    return {one.name: one.value for one in extract(document, reading)}


@pytest.mark.parametrize(
    ("document", "rows", "expected"),
    [
        ("premises_proof", ("权 利 人 | 王样例", "坐  落 | 大同市平城区云中路204号", "用  途 | 商业服务"), PLACE),
        ("premises_proof", ("坐落 | 大同市平城区云中路204号", "| 3幢2单元602室", "面积 | 86"), PLACE + "3幢2单元602室"),
        ("premises_proof", ("坐落:大同市平城区云中路204号。",), "大同市平城区云中路204号"),
        ("premises_proof", ("房屋坐落：大同市平城区云中路204号 | 用途：商业",), "大同市平城区云中路204号"),
        ("premises_proof", ("第一条 甲方将位于大同市平城区南关", "街23号的房屋出租给乙方。"), "大同市平城区南关街23号"),
        ("premises_proof", ("名称 | 样例宾馆", "经营场所 | 大同市平城区云中路204号", "登记机关 | 某局"), PLACE),
        ("premises_proof", ("坐落 | 大同市平城区云中路２０４号（底商）",), "大同市平城区云中路204号（底商）"),
        ("premises_proof", ("坐落 | 大同市平城区云中路",), None),  # no number: no address
        ("premises_proof", ("坐落 |", "用途 | 商业服务"), None),
        ("premises_proof", ("今收到房租叁仟元整",), None),
    ],
)  # fmt: skip
def test_the_address_is_found_where_such_papers_have_it(
    document: str, rows: tuple[str, ...], expected: str | None
) -> None:
    assert found(document, page(*rows)).get("address") == expected


def test_a_licence_gives_code_name_operator_and_place() -> None:
    rows = (
        "营业执照", f"统一社会信用代码 {CODE}", "名  称 | 大同市平城区晨光餐饮店（个体工商户）", "类  型 | 个体工商户",
        "经 营 者 | 王样例", "经营范围 | 小餐饮", "经营场所 | 大同市平城区云中路204号", "注册日期 | 2024年03月12日",
    )  # fmt: skip
    assert found("business_licence", page(*rows)) == {
        "credit_code": CODE,
        "name": "大同市平城区晨光餐饮店（个体工商户）",
        "operator": "王样例",
        "premises": "大同市平城区云中路204号",
    }


def test_a_card_gives_name_number_and_address_over_three_lines() -> None:
    rows = (
        "姓名 | 王样例",
        "性别 | 男 民族 汉",
        "住址 | 山西省大同市平城区云中",
        "| 路204号3幢2单元",
        "| 602室",
        f"公民身份号码 | {NUMBER}",
    )
    expected = {"name": "王样例", "number": NUMBER, "address": "山西省大同市平城区云中路204号3幢2单元602室"}
    assert found("id_card", page(*rows)) == expected


@pytest.mark.parametrize("at", range(18))
def test_no_number_with_one_wrong_digit_is_ever_offered(at: int) -> None:
    wrong = CODE[:at] + ("1" if CODE[at] != "1" else "2") + CODE[at + 1 :]
    assert "credit_code" not in found("business_licence", page(f"统一社会信用代码 {wrong}"))
    digits = NUMBER[:at] + ("1" if NUMBER[at] != "1" else "2") + NUMBER[at + 1 :]
    assert "number" not in found("id_card", page(f"公民身份号码 {digits}"))


def test_letters_that_no_code_has_are_the_digits_they_look_like_if_the_check_agrees() -> None:
    body = "9299999900000000".ljust(17, "0")
    code = next(body + symbol for symbol in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code_fits(body + symbol))
    assert found("business_licence", page(f"统一社会信用代码 {code.replace('0', 'O', 3)}")) == {"credit_code": code}


def test_what_was_read_without_confidence_is_not_offered() -> None:
    rows = ("坐落 | 大同市平城区云中路204号",)
    assert found("premises_proof", page(*rows, sure=0.95))
    assert not found("premises_proof", page(*rows, sure=0.89))


def test_an_unsure_second_line_spoils_the_whole_value() -> None:
    reading = page("坐落 | 大同市平城区云中路204号", "| 3幢2单元602室")
    *others, last = reading.lines
    doubtful = TextLine(last.text, 0.5, last.left, last.top, last.right, last.bottom)
    assert not found("premises_proof", Reading((*others, doubtful), 1600, 2200))


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_credit_codes_are_checked_as_somebody_else_checks_them(body: str) -> None:
    assert credit_code_fits(body + uscc.calc_check_digit(body + "0"))
    wrong = next(symbol for symbol in "12" if symbol != uscc.calc_check_digit(body + "0"))
    assert not credit_code_fits(body + wrong)


@given(st.integers(0, 999), st.dates(min_value=date(1900, 1, 1)))
def test_card_numbers_are_checked_as_somebody_else_checks_them(serial: int, day: object) -> None:
    body = f"140213{day:%Y%m%d}{serial:03}"
    assert id_number_fits(body + ric.calc_check_digit(body + "0"))
    assert not id_number_fits(body[:10] + "1345" + body[14:] + "0")


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1), *[st.floats(-1e6, 1e6)] * 4), max_size=12))
def test_any_lines_at_all_are_borne(rows: list[tuple[str, float, float, float, float, float]]) -> None:
    reading = Reading(tuple(TextLine(*row) for row in rows), 1000, 1000)
    for document in kinds():
        extract(document, reading)


def test_nothing_of_a_paper_stands_in_a_repr() -> None:
    reading = page("坐落 | 大同市平城区云中路204号")
    (field,) = extract("premises_proof", reading)
    for shown in (repr(reading), repr(reading.lines[1]), repr(field)):
        assert "云中路" not in shown
