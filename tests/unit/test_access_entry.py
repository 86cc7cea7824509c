"""The entry by code cannot be forced: guessed, replayed, borrowed from elsewhere, waited out, or won by a power cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.access import challenge, unlocking
from kiosk.access.challenge import Shown
from kiosk.access.entry import REASONS, Entered, Entry, Refused
from kiosk.access.roles import Role
from kiosk.access.secret import EntrySecret, read_file
from kiosk.journal.journal import Journal
from tests.unit.access_room import NOON, TERMINAL, PowerCut, Terminal, checked

WAITS = [15.0 * 2**n for n in range(10)]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def reason(found: Entered | Refused) -> str:
    assert isinstance(found, Refused)
    assert found.reason in REASONS
    return found.reason


def close(terminal: Terminal) -> None:
    """Fifteen wrong ones, each after its wait."""
    for _ in range(15):
        terminal.wait(terminal.try_wrong().locked_for)
    assert terminal.entry.begin().code_locked


# -- who is let in


@pytest.mark.parametrize("role", Role)
def test_the_right_code_lets_in_whom_it_names(terminal: Terminal, role: Role) -> None:
    assert terminal.type(terminal.code(role, "0417")) == Entered(role, "0417", "code")
    assert terminal.memory.told("entry.granted") == [{"way": "code", "role": role.value, "staff": "0417"}]


def test_the_page_shows_terminal_hour_and_six_digits_and_they_stay(terminal: Terminal) -> None:
    page = terminal.entry.begin()
    assert (page.terminal, page.hour, len(page.digits)) == (TERMINAL, "2026-11-27 14", 6)
    terminal.wait(3599)
    assert terminal.entry.begin() == page
    assert len(terminal.memory.told("entry.asked")) == 1


def test_without_a_secret_that_anybody_knows_no_number_is_shown_and_nothing_compared() -> None:
    terminal = Terminal(told=False)
    assert terminal.entry.begin().digits == ""
    assert reason(terminal.type(terminal.code(page=Shown(TERMINAL, "2026-11-27 14", "000000")))) == "no-secret"
    terminal.secret.note_told("0" * 16)
    assert len(terminal.entry.begin().digits) == 6


def test_an_installers_secret_serves_without_any_line(tmp_path: Path) -> None:
    file = tmp_path / "entry.secret"
    file.write_text("gezd gnbv gy3t qojq gezd gnbv gy3t qojq\n")
    terminal = Terminal(told=False)
    installed = EntrySecret(terminal.memory, read_file(file))
    assert installed.known_outside() == b"12345678901234567890"
    file.write_text("gezd gnbv\n")
    with pytest.raises(ValueError, match="at least 16"):
        read_file(file)


def test_the_secret_is_made_once_and_counts_as_told_only_while_it_is_the_same() -> None:
    terminal = Terminal(told=False)
    terminal.memory.values.clear()
    assert terminal.secret.value() == EntrySecret(terminal.memory).value()
    assert len(terminal.secret.value()) == 32
    installed = EntrySecret(terminal.memory, b"x" * 32)
    installed.note_told("0" * 16)
    assert (installed.told, terminal.secret.told) == (True, False)


# -- codes that were right once, or elsewhere


def test_a_code_is_good_once(terminal: Terminal) -> None:
    page, code = terminal.page(), terminal.code()
    assert isinstance(terminal.type(code), Entered)
    assert reason(terminal.type(code)) == "expired"
    assert terminal.page().digits != page.digits
    assert reason(terminal.type(checked(code[:-2], terminal.page()))) == "wrong-code"


@pytest.mark.parametrize("hours", [-24 * 365, -1, 0, 1, 24 * 365])
def test_a_replay_is_refused_wherever_the_wall_clock_was_set_and_after_restarts(terminal: Terminal, hours: int) -> None:
    old = []
    for _ in range(4):
        old.append(terminal.code())
        assert isinstance(terminal.type(old[-1]), Entered)
    terminal.wall += timedelta(hours=hours)
    for _ in range(50):
        terminal.restart()
        for code in old:  # as it was, and with the check digits of the page that is shown now
            assert reason(terminal.type(code)) in ("mistyped", "expired", "wrong-code", "waiting", "locked")
            assert reason(terminal.type(checked(code[:-2], terminal.page()))) in ("wrong-code", "waiting", "locked")
        terminal.wait(terminal.entry.begin().code_locked_for)


def test_a_number_is_never_shown_again_so_an_old_answer_fits_nothing(terminal: Terminal) -> None:
    seen = set()
    for life in range(500):
        terminal.restart(float(life % 7))
        terminal.wall = NOON
        seen.add(terminal.page().digits)
    assert len(seen) == 500


def test_a_power_cut_while_the_number_is_made_does_not_bring_it_back(terminal: Terminal) -> None:
    numbers = set()

    def cut(_key: str) -> None:
        raise PowerCut

    for _ in range(20):
        terminal.restart()
        terminal.memory.after_write = cut
        with pytest.raises(PowerCut):
            terminal.entry.begin()
        terminal.memory.after_write = lambda _: None
        terminal.restart()
        numbers.add(terminal.page().digits)
    assert len(numbers) == 20


def test_a_code_of_another_terminal_is_refused(terminal: Terminal) -> None:
    other = Terminal(terminal="330102-XYZ234")
    foreign = other.code()
    assert reason(terminal.type(foreign)) == "mistyped"
    assert reason(terminal.type(checked(foreign[:-2], terminal.page()))) == "wrong-code"
    same_page = other.code(page=terminal.page())  # another secret alone
    assert reason(terminal.type(same_page)) == "wrong-code"


def test_an_hour_of_the_monotonic_clock_ends_a_code_and_the_wall_clock_neither_ends_nor_saves_it(
    terminal: Terminal,
) -> None:
    code = terminal.code()
    terminal.wall += timedelta(days=400)
    assert isinstance(terminal.type(code), Entered)
    code = terminal.code()
    terminal.monotonic += 3600
    terminal.wall -= timedelta(days=400)
    assert reason(terminal.type(code)) == "expired"
    assert terminal.memory.values[unlocking.counter(terminal.memory, "code")] == "0", "it was not compared"
    assert reason(terminal.type(checked(code[:-2], terminal.page()))) == "wrong-code"


def test_a_restart_ends_a_code(terminal: Terminal) -> None:
    code = terminal.code()
    terminal.restart()
    assert reason(terminal.type(code)) == "mistyped"
    assert reason(terminal.type(checked(code[:-2], terminal.page()))) == "wrong-code"


def test_a_terminal_that_was_enrolled_meanwhile_shows_a_number_under_its_new_name(terminal: Terminal) -> None:
    before, code = terminal.entry.begin(), terminal.code()
    terminal._name = "330102-NEW777"
    late = terminal.entry.check_code(code)
    assert isinstance(late, Refused)
    assert late.reason == "expired"
    after = terminal.entry.begin()
    assert (before.terminal, after.terminal) == (TERMINAL, "330102-NEW777")
    assert after.digits != before.digits
    assert isinstance(terminal.entry.check_code(terminal.code()), Entered)


def test_three_wrong_ones_bring_another_number(terminal: Terminal) -> None:
    page = terminal.page()
    for _ in range(2):
        terminal.try_wrong()
        assert terminal.page() == page
    code = terminal.code()
    terminal.try_wrong()
    assert terminal.page().digits != page.digits
    assert reason(terminal.type(code)) == "expired"


# -- guessing


def test_what_is_mistyped_is_neither_compared_nor_counted(terminal: Terminal) -> None:
    code = terminal.code()
    for _ in range(50):
        found = terminal.type(f"{int(code) + 1:015d}")
        assert (reason(found), found.attempts_left) == ("mistyped", 5)
    assert isinstance(terminal.type(code), Entered)


def test_the_waits_are_those_of_the_rule_and_a_right_code_during_one_is_not_compared(terminal: Terminal) -> None:
    for left in (4, 3, 2, 1):
        assert terminal.try_wrong() == Refused("wrong-code", left)
    for wait in WAITS[:3]:
        assert terminal.try_wrong() == Refused("wrong-code", 0, wait)
        assert terminal.type(terminal.code()) == Refused("waiting", 0, wait)
        assert terminal.entry.begin().code_locked_for == wait
        terminal.wait(wait)
    assert isinstance(terminal.type(terminal.code()), Entered)
    assert terminal.entry.begin().code_locked_for == 0.0
    assert terminal.try_wrong().attempts_left == 4


def test_another_number_of_staff_does_not_bring_other_tries(terminal: Terminal) -> None:
    page = terminal.page()
    for number in range(100, 105):
        assert reason(terminal.type(checked(f"3{number}12345678", terminal.page()))) == "wrong-code"
    assert reason(terminal.type(checked("310612345678", terminal.page()))) == "waiting"
    assert terminal.page() != page


@pytest.mark.parametrize("restarts", [0, 1, 7])
def test_thousands_of_guesses_with_restarts_and_clocks_set_are_fifteen(terminal: Terminal, restarts: int) -> None:
    """Whoever guesses may cut the power and set the wall clock as they like; the time that passes is real."""
    compared, passed = 0, 0.0
    for guess in range(1500 if restarts else 4000):
        if restarts and guess % restarts == 0:
            terminal.restart(float(guess % 11))
            terminal.wall = NOON + timedelta(days=(guess * 7919) % 4000 - 2000)
        found = terminal.try_wrong(guess=guess)
        compared += found.reason == "wrong-code"
        if found.reason == "waiting":
            passed += min(5.0, found.locked_for)
            terminal.monotonic += 5.0
    assert compared <= 15
    assert passed >= (7000 if restarts else 15_000)
    if not restarts:
        assert (compared, terminal.entry.begin().code_locked) == (15, True)


def test_who_cuts_the_power_when_a_wrong_code_is_being_judged_has_no_try_more(terminal: Terminal) -> None:
    compared = 0

    def cut(key: str) -> None:
        if key.endswith(".code"):
            raise PowerCut

    for _ in range(60):
        wrong = terminal.wrong()
        terminal.memory.after_write = cut
        try:
            found = terminal.type(wrong)
        except PowerCut:
            compared += 1
        else:
            assert reason(found) in ("waiting", "locked")
        terminal.memory.after_write = lambda _: None
        terminal.restart()
        terminal.wait(terminal.entry.begin().code_locked_for)
    assert compared == 15
    assert terminal.entry.begin().code_locked


@pytest.mark.parametrize("role", [Role.TECHNICIAN, None])
def test_nothing_is_compared_before_its_count_is_on_the_disk(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, role: Role | None
) -> None:
    def cut(_key: str) -> None:
        raise PowerCut

    def compared(*_: object) -> bool:
        raise AssertionError("compared, and nobody counts it")

    code = terminal.code(role)
    monkeypatch.setattr(challenge, "right", compared)
    terminal.memory.before_write = cut
    with pytest.raises(PowerCut):
        terminal.type(code)


def test_the_right_code_in_a_power_cut_lets_nobody_in_and_is_no_free_try(terminal: Terminal) -> None:
    def cut(key: str) -> None:
        raise PowerCut

    code = terminal.code()
    terminal.memory.after_write = cut
    with pytest.raises(PowerCut):
        terminal.type(code)
    terminal.memory.after_write = lambda _: None
    terminal.restart()
    assert reason(terminal.type(code)) == "mistyped"
    assert terminal.memory.told("entry.granted") == []
    assert terminal.try_wrong().attempts_left == 3


def test_many_at_once_get_one_entry_out_of_one_code_and_no_more_tries(terminal: Terminal) -> None:
    code = terminal.code()
    found: list[Entered | Refused] = []
    start = threading.Barrier(8)

    def enter() -> None:
        start.wait()
        found.append(terminal.type(code))

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(type(each).__name__ for each in found) == ["Entered", *["Refused"] * 7]
    wrong = terminal.wrong()
    found.clear()
    start.reset()
    threads = [threading.Thread(target=lambda: (start.wait(), found.append(terminal.type(wrong)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    compared = [each for each in found if reason(each) == "wrong-code"]
    assert len(compared) == 3, "the number has changed then"
    assert terminal.memory.values[unlocking.counter(terminal.memory, "code")] == "3"


# -- closed, and opened again


def test_what_is_closed_stays_closed_over_restarts_and_for_the_right_code(terminal: Terminal) -> None:
    close(terminal)
    assert terminal.memory.told("entry.locked") == [{"way": "code"}]
    for _ in range(5):
        terminal.restart()
        terminal.wait(10**7)
        assert terminal.type(terminal.code()) == Refused("locked")


def test_the_operators_code_opens_and_lets_nobody_in(terminal: Terminal) -> None:
    close(terminal)
    code = terminal.code(None)
    assert terminal.type(code) == Refused("unlocked", 5)
    assert terminal.memory.told("entry.unlocked") == [{"how": "code", "staff": "0417"}]
    assert reason(terminal.type(code)) == "expired"
    assert isinstance(terminal.type(terminal.code()), Entered)


def test_the_operators_command_opens_the_same_from_outside(terminal: Terminal) -> None:
    close(terminal)
    unlocking.unlock(terminal.memory, "command")
    assert (terminal.entry.begin().code_locked, terminal.entry.begin().code_locked_for) == (False, 0.0)
    assert isinstance(terminal.type(terminal.code()), Entered)


def test_an_opening_code_is_guessed_once_a_quarter_of_an_hour_whatever_is_restarted(terminal: Terminal) -> None:
    close(terminal)
    compared = 0
    for guess in range(2000):
        if guess % 3 == 0:
            terminal.restart(float(guess))
        found = terminal.try_wrong(guess=guess, role=None)
        compared += found.reason == "wrong-code"
        terminal.monotonic += 20.0
    assert compared == 1, "no restart was ever further than a minute"
    terminal.wait(60.0)
    assert terminal.try_wrong(role=None) == Refused("wrong-code", 0, 120.0)
    for wait in (240.0, 480.0, 900.0, 900.0):
        terminal.wait(900.0)
        assert terminal.try_wrong(role=None) == Refused("wrong-code", 0, wait)
    assert terminal.entry.begin().code_locked
    terminal.wait(900.0)
    assert terminal.type(terminal.code(None)) == Refused("unlocked", 5)
    assert terminal.try_wrong(role=None) == Refused("wrong-code", 0, 60.0), "a right one has set it back"


def test_an_entry_code_opens_nothing_and_an_opening_code_is_no_shorter_one(terminal: Terminal) -> None:
    close(terminal)
    entry, opening = terminal.code(), terminal.code(None)
    assert reason(terminal.type(entry)) == "locked"
    short = opening[:5] + opening[5:13]  # 9, number, eight digits
    assert all(reason(terminal.type(f"{short}{check:02d}")) == "mistyped" for check in range(100))


# -- on a real journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal.open(tmp_path / "journal", b"k" * 32, durable=False)) as journal:
        yield journal


def test_every_step_is_in_the_real_audit_chain_and_the_counters_are_in_the_file(
    journal: Journal, tmp_path: Path
) -> None:
    def entry() -> Entry:
        secret = EntrySecret(journal)
        secret.note_told("0" * 16)
        return Entry(journal, secret, terminal=lambda: TERMINAL, now=lambda: NOON, monotonic=lambda: 5.0)

    page = entry().begin()
    assert reason(entry().check_code("123")) == "mistyped"
    first = entry()
    page = first.begin()
    for _ in range(4):
        shown = Shown(page.terminal, page.hour, first.begin().digits)
        assert reason(first.check_code(checked("2041700000000", shown))) == "wrong-code"
    assert entry().check_code("") == Refused("mistyped", 1)
    unlocking.unlock(journal, "command")
    assert entry().check_code("") == Refused("mistyped", 5)
    assert journal.verify().ok
