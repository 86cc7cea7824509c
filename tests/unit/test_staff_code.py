"""Staff's one-time codes: RFC 6238's own vectors, one use each, and a pad that locks and stays locked."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest

from kiosk.access.staff_code import FIRST_LOCK, StaffCodes, hotp, parse_secret, read_secret, totp

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
        return StaffCodes(SECRET, memory, wall=lambda: self.wall, monotonic=lambda: self.monotonic)


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
        read_secret(tmp_path / "secret")


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
