"""Staff's one-time codes: RFC 6238's own vectors, one use each, and a pad that locks and stays locked."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path

import pytest

from kiosk.access.staff_code import (
    FIRST_LOCK,
    FREE_ATTEMPTS,
    SHARED,
    StaffCodes,
    hotp,
    parse_secret,
    parse_staff,
    read_staff,
    totp,
)

SECRET = b"12345678901234567890"


class Memory:
    """The journal's meta table, in memory; it survives a restart of the checker."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def meta(self, key: str) -> str | None:
        return self.values.get(key)

    def set_meta(self, key: str, value: str) -> None:
        self.values[key] = value


class Clock:
    def __init__(self) -> None:
        self.wall, self.monotonic = 1_790_000_000.0, 50.0

    def codes(self, memory: Memory) -> StaffCodes:
        return StaffCodes({SHARED: SECRET}, memory, wall=lambda: self.wall, monotonic=lambda: self.monotonic)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert totp(SECRET, seconds) == code


def test_a_secret_is_taken_as_authenticator_apps_print_it() -> None:
    assert parse_secret("gezd gnbv gy3t qojq gezd gnbv gy3t qojq\n") == SECRET


@pytest.mark.parametrize("text", ["", "\n", "====", "gezd gnbv gy3t qojq", "not base32!", "1" * 40, "\u00fc" * 40])
def test_a_secret_that_is_empty_short_or_no_base32_is_refused_and_not_quoted(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"not base32|at least 16") as caught:
        parse_secret(text)
    assert "gnbv" not in str(caught.value).lower()
    (tmp_path / "secret").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"not base32|at least 16"):
        read_staff(tmp_path / "secret")


def test_a_code_is_good_for_one_use() -> None:
    clock, memory = Clock(), Memory()
    codes, code = clock.codes(memory), totp(SECRET, clock.wall)
    assert codes.check(code).ok
    assert not codes.check(code).ok
    assert not clock.codes(memory).check(code).ok


@pytest.mark.parametrize(("drift", "ok"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_of_drift_is_forgiven(drift: int, ok: bool) -> None:
    clock = Clock()
    assert clock.codes(Memory()).check(totp(SECRET, clock.wall + drift)).ok is ok


def test_five_wrong_codes_lock_the_pad_and_each_further_one_doubles_the_time() -> None:
    clock, memory = Clock(), Memory()
    codes = clock.codes(memory)
    answers = [codes.check("000000") for _ in range(5)]
    assert [answer.attempts_left for answer in answers] == [4, 3, 2, 1, 0]
    assert answers[-1].locked_for == FIRST_LOCK
    assert not codes.check(totp(SECRET, clock.wall)).ok
    clock.monotonic += FIRST_LOCK + 0.1
    assert codes.check("000000").locked_for == 2 * FIRST_LOCK


def test_a_restart_does_not_open_a_locked_pad() -> None:
    clock, memory = Clock(), Memory()
    codes = clock.codes(memory)
    for _ in range(5):
        codes.check("000000")
    clock.monotonic, clock.wall = 1.0, clock.wall + 10_000
    restarted = clock.codes(memory)
    assert restarted.check(totp(SECRET, clock.wall)).locked_for > 0
    clock.monotonic += FIRST_LOCK + 0.1
    assert restarted.check(totp(SECRET, clock.wall)).ok


def test_a_right_code_forgives_the_wrong_ones_before_it() -> None:
    clock, memory = Clock(), Memory()
    codes = clock.codes(memory)
    for _ in range(4):
        codes.check("000000")
    assert codes.check(hotp(SECRET, int(clock.wall) // 30)).ok
    assert codes.check("000000").attempts_left == 4


def test_two_at_once_with_one_code_are_let_in_once() -> None:
    both = threading.Barrier(2)

    class Slow(Memory):
        """Both have read what was used last before either writes, where nothing keeps them apart."""

        def meta(self, key: str) -> str | None:
            found = super().meta(key)
            if key == "staff.last_counter":
                with contextlib.suppress(threading.BrokenBarrierError):
                    both.wait(0.3)
            return found

    clock, answers = Clock(), []
    codes = clock.codes(Slow())
    threads = [
        threading.Thread(target=lambda: answers.append(codes.check(totp(SECRET, clock.wall)).ok)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(answers) == [False, True]


def test_a_code_used_while_the_clock_was_ahead_does_not_lock_staff_out_until_then() -> None:
    clock, memory = Clock(), Memory()
    right, ahead = clock.wall, clock.wall + 86_400
    clock.wall = ahead
    early = totp(SECRET, ahead)
    assert clock.codes(memory).check(early).ok
    clock.wall = right
    answer = clock.codes(memory).check(totp(SECRET, right))
    assert answer.ok
    assert answer.clock_was_ahead
    again = clock.codes(memory).check(totp(SECRET, right))
    assert not again.ok
    assert not again.clock_was_ahead
    clock.wall = ahead
    assert not clock.codes(memory).check(early).ok, "the code of that moment has had its use"
    clock.wall += 90
    assert clock.codes(memory).check(totp(SECRET, clock.wall)).ok


def test_a_code_of_the_next_step_is_no_wrong_clock() -> None:
    clock, memory = Clock(), Memory()
    assert clock.codes(memory).check(totp(SECRET, clock.wall + 30)).ok
    clock.wall -= 29
    answer = clock.codes(memory).check(totp(SECRET, clock.wall))
    assert (answer.ok, answer.clock_was_ahead) == (False, False)


# -- each with a secret of their own

OTHER = b"abcdefghijklmnopqrst"


def own(clock: Clock, memory: Memory) -> StaffCodes:
    staff = {"0107": SECRET, "0202": OTHER}
    return StaffCodes(staff, memory, wall=lambda: clock.wall, monotonic=lambda: clock.monotonic)


def test_the_number_before_the_code_says_whose_it_is() -> None:
    clock, memory = Clock(), Memory()
    code = totp(SECRET, clock.wall)
    assert not own(clock, memory).check(code).ok
    assert not own(clock, memory).check("0202" + code).ok
    assert not own(clock, memory).check("0303" + code).ok
    taken = own(clock, memory).check("0107" + code)
    assert (taken.ok, taken.who) == (True, "0107")
    assert not own(clock, memory).check("0107" + code).ok, "good for one use"
    assert own(clock, memory).check("0202" + totp(OTHER, clock.wall)).who == "0202", "one's use is not another's"
    assert clock.codes(Memory()).check(code).who == SHARED


def wrong(codes: StaffCodes, number: str, times: int = FREE_ATTEMPTS) -> list[tuple[int, float]]:
    """What the page is told of so many wrong codes: tries left, seconds."""
    answers = [codes.check(number + "000000") for _ in range(times)]
    assert not any(answer.ok or answer.who for answer in answers)
    return [(answer.attempts_left, answer.locked_for) for answer in answers]


def test_wrong_codes_lock_the_number_they_were_typed_for_and_no_other() -> None:
    clock, memory = Clock(), Memory()
    codes = own(clock, memory)
    assert wrong(codes, "0107")[-1] == (0, FIRST_LOCK)
    assert codes.check("0107" + totp(SECRET, clock.wall)).locked_for == FIRST_LOCK
    assert codes.check("0202000000").attempts_left == FREE_ATTEMPTS - 1
    assert codes.check("0202" + totp(OTHER, clock.wall)).who == "0202"
    assert codes.check("0107000000").locked_for == FIRST_LOCK, "another's right code opens nothing"
    clock.monotonic += FIRST_LOCK + 0.1
    assert wrong(codes, "0107", 1) == [(0, 2 * FIRST_LOCK)]
    clock.monotonic += 2 * FIRST_LOCK + 0.1
    assert codes.check("0107" + totp(SECRET, clock.wall)).who == "0107"
    assert wrong(codes, "0107", 1) == [(FREE_ATTEMPTS - 1, 0.0)], "a right code forgives those before it"


def test_numbers_that_nobody_has_lock_nobody() -> None:
    clock, memory = Clock(), Memory()
    codes = own(clock, memory)
    for number in ("", "1", "0303", "0108", "10107", "010", "staff"):
        assert wrong(codes, number)[-1] == (0, FIRST_LOCK)
    assert codes.check("0107" + totp(SECRET, clock.wall)).who == "0107"
    assert codes.check("0202" + totp(OTHER, clock.wall)).who == "0202"


def test_what_is_said_does_not_tell_which_numbers_there_are() -> None:
    clock, memory = Clock(), Memory()

    def said(number: str) -> list[tuple[int, float]]:
        """From the first wrong code to the longest lock, through a restart in the middle of the row."""
        clock.monotonic = 50.0
        found: list[tuple[int, float]] = []
        for codes in (own(clock, memory), own(clock, memory)):
            for _ in range(8):
                found += wrong(codes, number, 2)
                clock.monotonic += found[-1][1] + 0.1
        return found

    wrong(own(clock, memory), "0404")  # one nobody has, locked: the next is told as if it were the first
    assert said("0303") == said("0107") == said("0202")


def test_a_restart_opens_no_number_and_locks_none() -> None:
    clock, memory = Clock(), Memory()
    wrong(own(clock, memory), "0107")
    wrong(own(clock, memory), "0202", 2)
    clock.monotonic, clock.wall = 1.0, clock.wall + 10_000
    restarted = own(clock, memory)
    clock.monotonic += 5.0
    assert restarted.check("0107" + totp(SECRET, clock.wall)).locked_for == FIRST_LOCK - 5.0
    assert wrong(restarted, "0202", 1) == [(FREE_ATTEMPTS - 3, 0.0)]
    assert restarted.check("0202" + totp(OTHER, clock.wall)).ok
    clock.monotonic += FIRST_LOCK
    assert restarted.check("0107" + totp(SECRET, clock.wall)).ok


def test_what_was_counted_for_a_shared_secret_locks_no_number_and_the_other_way_round() -> None:
    clock, memory = Clock(), Memory()
    wrong(clock.codes(memory), "")
    codes = own(clock, memory)
    assert wrong(codes, "0107")[0] == (FREE_ATTEMPTS - 1, 0.0)
    assert codes.check("0202" + totp(OTHER, clock.wall)).ok
    assert clock.codes(memory).check(totp(SECRET, clock.wall)).locked_for == FIRST_LOCK


def test_counters_of_numbers_that_nobody_has_are_bounded_and_name_none() -> None:
    clock, memory = Clock(), Memory()
    codes = own(clock, memory)
    wrong(codes, "0107", 1)
    for number in range(2000):
        wrong(codes, f"{700_000 + number}", 1)
    kept = set(memory.values) - {"staff.failures.0107"}
    assert all(re.fullmatch(r"staff\.failures\.nobody\.[0-9a-f]{4}", key) for key in kept)
    assert len(kept) > 1900, "they hardly ever share a counter"


def test_a_file_holds_one_secret_or_one_for_each_number() -> None:
    assert parse_staff("gezd gnbv gy3t qojq\n gezd gnbv gy3t qojq\n") == {SHARED: SECRET}
    lines = "# community 3\n0107: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\n 0202 : MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U\n"
    assert parse_staff(lines) == {"0107": SECRET, "0202": OTHER}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("wang: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "2 to 6 digits"),
        ("1: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "2 to 6 digits"),
        ("0107: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n0107: MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "twice"),
        ("0107: GEZD", "at least 16"),
        ("0107: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\nMFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "2 to 6 digits"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_say_whose_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse_staff(text)
    assert "GEZD" not in str(caught.value)
