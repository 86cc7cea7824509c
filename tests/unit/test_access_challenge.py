"""The code of the entry: what it binds, what its check digits find, and which numbers are shown."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from itertools import pairwise

import pytest

from kiosk.access import challenge
from kiosk.access.challenge import Shown, code_for, nth_number, read, right
from kiosk.access.roles import Role
from tests.unit.access_room import TERMINAL, checked

SECRET = bytes(range(32))
PAGE = Shown(TERMINAL, "2026-11-27 14", "483920")


def test_a_code_says_role_and_number_and_is_right_for_its_page() -> None:
    code = code_for(SECRET, PAGE, Role.TECHNICIAN, "0417")
    assert (len(code), code[:5]) == (15, "20417")
    typed = read(code, PAGE)
    assert typed is not None
    assert (typed.role, typed.who) == (Role.TECHNICIAN, "0417")
    assert right(SECRET, PAGE, typed)


def test_the_digits_are_the_hmac_of_what_is_said_here() -> None:
    parts = ["kiosk-entry-1", TERMINAL, "2026-11-27 14", "483920", "technician", "0417"]
    message = "".join(f"{len(part)}:{part}," for part in parts).encode()
    number = int.from_bytes(hmac.new(SECRET, message, hashlib.sha256).digest()[:16], "big")
    assert code_for(SECRET, PAGE, Role.TECHNICIAN, "0417")[5:13] == f"{number % 10**8:08d}"


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("who", ["10", "107", "0417", "12345", "123456"])
def test_every_role_and_length_of_number_is_read_as_it_was_made(role: Role | None, who: str) -> None:
    typed = read(code_for(SECRET, PAGE, role, who), PAGE)
    assert typed is not None
    assert (typed.role, typed.who) == (role, who)
    assert right(SECRET, PAGE, typed)


@pytest.mark.parametrize("who", ["", "1", "1234567", "04a7", "٠٤١٧"])
def test_no_code_for_a_number_that_is_none(who: str) -> None:
    with pytest.raises(ValueError, match="2 to 6 digits"):
        code_for(SECRET, PAGE, Role.KEEPER, who)


def test_spaces_and_dashes_do_not_count() -> None:
    code = code_for(SECRET, PAGE, Role.KEEPER, "0417")
    assert read(f" {code[:4]}-{code[4:8]} {code[8:]}\n", PAGE) == read(code, PAGE)


def test_every_digit_mistyped_and_every_two_neighbours_exchanged_are_found() -> None:
    code = code_for(SECRET, PAGE, Role.ADMINISTRATOR, "0417")
    for at in range(len(code)):
        for digit in "0123456789":
            if digit != code[at]:
                assert read(code[:at] + digit + code[at + 1 :], PAGE) is None
        swapped = code[:at] + code[at : at + 2][::-1] + code[at + 2 :]
        if swapped != code:
            assert read(swapped, PAGE) is None


@pytest.mark.parametrize("text", ["", " ", "abc", "2", "20417", "0" * 15, "4" * 15, "9" * 200, "٢" * 15])
def test_what_is_no_code_is_none(text: str) -> None:
    assert read(text, PAGE) is None


@pytest.mark.parametrize(
    "other",
    [replace(PAGE, terminal="330102-XYZ234"), replace(PAGE, hour="2026-11-27 15"), replace(PAGE, digits="483921")],
)
def test_a_code_for_another_page_is_told_as_such_and_wrong_even_with_the_check_digits_of_this_one(other: Shown) -> None:
    code = code_for(SECRET, other, Role.TECHNICIAN, "0417")
    assert read(code, PAGE) is None
    typed = read(checked(code[:-2], PAGE), PAGE)
    assert typed is not None
    assert not right(SECRET, PAGE, typed)


def test_no_role_and_no_number_can_be_put_in_place_of_another() -> None:
    code = code_for(SECRET, PAGE, Role.KEEPER, "0417")
    for head in ("30417", "20417", "10418", "1417", "10041", "104170"):
        typed = read(checked(head + code[5:-2], PAGE), PAGE)
        assert typed is None or not right(SECRET, PAGE, typed)


def test_the_secret_of_another_terminal_makes_other_codes() -> None:
    typed = read(code_for(SECRET[::-1], PAGE, Role.TECHNICIAN, "0417"), PAGE)
    assert typed is not None
    assert not right(SECRET, PAGE, typed)


def test_an_opening_code_is_longer_and_no_entry() -> None:
    code = code_for(SECRET, PAGE, None, "0417")
    assert (len(code), code[0]) == (23, challenge.UNLOCK)


def test_no_number_is_shown_twice_and_none_follows_from_the_one_before() -> None:
    key = b"k" * 16
    numbers = [nth_number(key, count) for count in range(3000)]
    assert len(set(numbers)) == 3000
    assert all(len(number) == 6 and number.isdigit() for number in numbers)
    steps = {(int(b) - int(a)) % 10**6 for a, b in pairwise(numbers)}
    assert len(steps) > 2900
    assert nth_number(key, 10**6) == numbers[0]
    assert numbers != [nth_number(b"l" * 16, count) for count in range(3000)]
