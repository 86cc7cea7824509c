from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2, mod_11_10

from kiosk.domain import codes

AREAS = st.integers(110000, 659999).map(str)


@given(AREAS, st.integers(0, codes.SUBJECT_SERIALS - 1))
def test_a_credit_code_is_right_for_an_independent_checker(area: str, serial: int) -> None:
    code = codes.credit_code(area, serial)
    assert uscc.is_valid(code)
    assert codes.credit_code_valid(code)
    assert code[:8] == "92" + area


@given(AREAS, st.integers(0, codes.SUBJECT_SERIALS - 2))
def test_serials_give_different_credit_codes(area: str, serial: int) -> None:
    assert codes.credit_code(area, serial)[:17] != codes.credit_code(area, serial + 1)[:17]


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000600037341L"])
def test_published_credit_codes_are_valid(code: str) -> None:
    assert codes.credit_code_valid(code)


@given(AREAS, st.integers(0, codes.SUBJECT_SERIALS - 1), st.integers(0, 17), st.sampled_from(codes.CREDIT_ALPHABET))
def test_one_wrong_place_spoils_a_credit_code(area: str, serial: int, place: int, other: str) -> None:
    code = codes.credit_code(area, serial)
    wrong = code[:place] + other + code[place + 1 :]
    assert codes.credit_code_valid(wrong) == (wrong == code)


@pytest.mark.parametrize(("area", "serial"), [("14021", 1), ("014021", 1), ("140213", -1), ("140213", 31**6)])
def test_a_credit_code_is_not_made_from_nonsense(area: str, serial: int) -> None:
    with pytest.raises(ValueError, match=r"area code|serial"):
        codes.credit_code(area, serial)


@given(AREAS, st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 999_999))
def test_a_case_number_is_right_for_an_independent_checker(area: str, day: date, serial: int) -> None:
    number = codes.case_no(area, day, serial)
    assert len(number) == 21
    assert mod_11_10.is_valid(number)
    assert codes.case_no_valid(number)
    assert codes.group_case_no(number).replace(" ", "") == number


@given(st.integers(0, 999_999), st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_spoils_a_case_number(serial: int, place: int, shift: int) -> None:
    number = codes.case_no("140213", date(2026, 11, 22), serial)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not codes.case_no_valid(wrong)


def test_a_case_number_is_read_in_groups() -> None:
    number = codes.case_no("140213", date(2026, 11, 22), 318)
    assert codes.group_case_no(number) == f"140213 261122 0000 0318 {number[-1]}"


@given(st.integers(110000, 659999), st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 999))
def test_an_id_number_is_right_for_an_independent_checker(area: int, birth: date, sequence: int) -> None:
    first = f"{area}{birth:%Y%m%d}{sequence:03d}"
    number = first + codes.id_check_digit(first)
    assert mod_11_2.is_valid(number)
    assert codes.id_number_valid(number)
    assert not codes.id_number_valid(first + ("0" if number[-1] != "0" else "1"))


@pytest.mark.parametrize("number", ["", "14021319800230", "140213198002300025", "1402131980010100２5", "x" * 18])
def test_what_is_no_id_number(number: str) -> None:
    assert not codes.id_number_valid(number)


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1966, 11, 22), date(2026, 11, 22), 60),
        (date(1966, 11, 23), date(2026, 11, 22), 59),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_is_counted_in_full_years(birth: date, day: date, age: int) -> None:
    assert codes.age_on(birth, day) == age


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王某某", "王**"), ("王某", "王*"), ("阿卜杜·麦麦提", "阿**·***"), ("LI LEI", "L* ***"), ("王", "王"), ("", "")],
)
def test_a_name_keeps_its_first_character_and_its_shape(name: str, masked: str) -> None:
    assert codes.mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("14020219580301002X", "1402 **** **** 002X"),
        ("SAU110078010101", "SAU1 **** **** 0101"),
        ("12", "12"),
        ("7", "*"),
    ],
)
def test_a_number_keeps_its_ends(number: str, masked: str) -> None:
    assert codes.mask_number(number) == masked


def test_a_telephone_number_keeps_its_ends() -> None:
    assert codes.mask_phone("13800000001") == "138****0001"
