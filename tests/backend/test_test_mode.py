"""A test (测试) at the backend: numbered apart, queued apart, counted nowhere, erased; and it never becomes real."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk import wire
from kiosk.backend.connectors.config import Connector
from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.store import tables
from kiosk.backend.store.life_tables import lives
from kiosk.backend.store.queue_tables import queue
from kiosk.backend.trials import KEPT
from kiosk.domain import codes
from tests.backend.conftest import AREA, NOON, Clock, Server, Terminal
from tests.backend.console_room import Browser, Room, arrived, console_fixture, listed, state, taken  # noqa: F401
from tests.backend.lives_room import NUMBER, case, cases_of, rows
from tests.backend.test_backend_ratings import add, rate

STORES = ("sqlite", "postgresql")


def number_of(terminal: Terminal, kind: str) -> str:
    return codes.case_no(AREA, NOON.date(), terminal.reserve(kind, 1).first)


def code_of(terminal: Terminal, kind: str) -> str:
    return codes.credit_code(AREA, terminal.reserve(kind, 1).first)


def answer(terminal: Terminal, item: wire.SealedItem) -> tuple[str, str]:
    (found,) = terminal.push(item)
    return found.status, found.reason


# -- the number range ---------------------------------------------------------------------------------


def test_tests_have_numbers_of_their_own_and_the_number_says_so(terminal: Terminal) -> None:
    assert codes.is_test_case_no(number_of(terminal, "tcase"))
    assert not codes.is_test_case_no(number_of(terminal, "case"))
    assert terminal.reserve("tuscc", 1).first >= 30 * 31**5 > terminal.reserve("uscc", 1).first


@pytest.mark.parametrize("test", [True, False])
def test_a_number_of_the_other_range_is_refused_and_alarmed(terminal: Terminal, server: Server, test: bool) -> None:
    """No test ever bears a number of a real case, and no real case one of a test; not even by a terminal that lies."""
    own, other = ("tcase", "case") if test else ("case", "tcase")
    bad = terminal.case(number_of(terminal, other), test=test)
    assert answer(terminal, bad) == ("rejected", "test-number")
    bad = terminal.case(number_of(terminal, own), test=test, uscc=code_of(terminal, "uscc" if test else "tuscc"))
    assert answer(terminal, bad) == ("rejected", "test-number")
    good = terminal.case(number_of(terminal, own), test=test, uscc=code_of(terminal, "tuscc" if test else "uscc"))
    assert answer(terminal, good) == ("accepted", "")
    assert server.backend.gauges()["kiosk_alarms"] == 2


def test_a_tests_number_of_another_terminal_is_refused(terminal: Terminal, new_terminal) -> None:
    foreign = terminal.case(number_of(new_terminal(), "tcase"), test=True)
    assert answer(terminal, foreign) == ("rejected", "foreign-number")


def test_the_open_label_cannot_make_a_test_real(terminal: Terminal) -> None:
    item = terminal.case(test=True)
    assert answer(terminal, replace(item, meta={**item.meta, "test": "0"})) == ("rejected", "meta-differs")


def test_the_same_test_sent_once_more_as_real_is_another_item_and_refused(terminal: Terminal) -> None:
    """A test can never become a real one: its number is a test's, and the case is known."""
    trial = terminal.case(test=True)
    assert answer(terminal, trial) == ("accepted", "")
    number = trial.meta["case_no"]
    assert answer(terminal, terminal.case(number, case_id=trial.id)) == ("conflict", "hash-differs")
    assert answer(terminal, terminal.case(number)) == ("rejected", "test-number")


# -- counted nowhere ----------------------------------------------------------------------------------


def test_a_test_is_in_no_figure(terminal: Terminal, server: Server) -> None:
    before = server.backend.gauges()
    trial = case(terminal, test=True)
    assert answer(terminal, trial) == ("accepted", "")
    assert answer(terminal, rate(terminal, trial.id, 1, "109")) == ("accepted", "")
    server.backend.lives.open_waiting()
    after = server.backend.gauges()
    assert after.pop("kiosk_test_cases") == before.pop("kiosk_test_cases") + 1
    assert after == before
    assert server.backend.ratings.tasks() == []  # nobody is called back about it
    assert Oversight.of(server.backend).gather() == 0  # neither oversight, ranking nor open data
    assert server.backend.lives.due(3650) == []


def test_a_word_added_to_a_test_later_is_no_task_either(terminal: Terminal, server: Server) -> None:
    trial = case(terminal, test=True)
    terminal.push(trial, rate(terminal, trial.id, 5, "510"))
    terminal.push(add(terminal, trial.id, 1, options=["109"]))
    server.backend.lives.quiet_round(bool)
    assert server.backend.ratings.tasks() == []


def test_a_test_is_not_decided_again_and_raises_no_doubt(terminal: Terminal, server: Server) -> None:
    trial = terminal.case(test=True)
    terminal.push(trial)
    done = server.backend.replays.run()
    assert (done.equal, done.differing, done.impossible) == (0, [], {})
    for _ in range(2):  # it is told when asked for, and nothing is put down
        tried = server.backend.replays.run(tests=True)
        assert tried.equal + len(tried.differing) + sum(tried.impossible.values()) == 1
    assert server.backend.replays.standing() == []
    assert server.backend.replays.run().differing == []


def test_no_department_is_told_of_a_test_unless_it_is_one_for_tests() -> None:
    told = Connector("civil", None)  # type: ignore[arg-type]  # the mapping says nothing about that
    assert told.wants("elder_card", AREA, "2026-06-01", test=False)
    assert not told.wants("elder_card", AREA, "2026-06-01", test=True)
    trials = replace(told, tests=True)
    assert not trials.wants("elder_card", AREA, "2026-06-01", test=False)
    assert trials.wants("elder_card", AREA, "2026-06-01", test=True)


def test_a_citizen_never_sees_a_test_and_a_tester_no_real_case(terminal: Terminal) -> None:
    real, trial = case(terminal), case(terminal, test=True)
    terminal.push(real, trial)
    assert [each.case_id for each in cases_of(terminal, NUMBER).cases] == [real.id]
    assert [each.case_id for each in cases_of(terminal, NUMBER, test=True).cases] == [trial.id]


# -- erased -------------------------------------------------------------------------------------------


@pytest.fixture
def old(terminal: Terminal, server: Server) -> tuple[wire.SealedItem, wire.SealedItem]:
    """A real case and a test, each with a page, both older than tests are kept."""
    found = []
    for test in (False, True):
        page = terminal.seal(b"page" + bytes([test]), f"page-{test}")
        digest, sealed = page.hash, wire.unb64(page.sealed)
        assert terminal.send("PUT", f"/v1/materials/{digest}", sealed).status in (200, 201, 204)
        found.append(replace(case(terminal, test=test), attachments=[digest]))
        assert answer(terminal, found[-1]) == ("accepted", "")
    server.backend.lives.open_waiting()
    return found[0], found[1]


def test_a_test_is_erased_and_a_real_case_beside_it_is_not(
    old: tuple[wire.SealedItem, wire.SealedItem], server: Server, clock: Clock
) -> None:
    real, trial = old
    assert server.backend.trials.run() == 0
    clock.move(hours=KEPT.total_seconds() / 3600 + 2)
    assert server.backend.trials.run() == 1
    held = {row.id: row.sealed for row in rows(server, tables.items)}
    assert held[trial.id] == b""
    assert len(held[real.id]) > 0
    assert [row.hash for row in rows(server, tables.materials)] == list(real.attachments)
    with pytest.raises(KeyError):
        server.backend._blobs.get(trial.attachments[0])
    assert server.backend._blobs.get(real.attachments[0])
    people = {row.case_id: row.person for row in rows(server, lives)}
    assert people[trial.id] == ""
    assert people[real.id]
    assert [row.case_id for row in rows(server, queue)] == [real.id]
    _, payload, _ = server.backend.lives.file_of(trial.id)
    assert payload is None
    clock.move(hours=2)
    assert server.backend.trials.run() == 0  # once


def test_what_is_erased_stays_known_and_its_number_taken(
    old: tuple[wire.SealedItem, wire.SealedItem], server: Server, terminal: Terminal, clock: Clock
) -> None:
    _, trial = old
    clock.move(hours=KEPT.total_seconds() / 3600 + 2)
    server.backend.trials.run()
    assert answer(terminal, trial) == ("duplicate", "")
    assert answer(terminal, terminal.case(trial.meta["case_no"])) == ("rejected", "test-number")
    server.backend.lives.quiet_round(bool)  # nothing stumbles over the shell
    assert server.backend.lives.chain_holds(trial.id)
    assert server.backend.gauges()["kiosk_test_cases"] == 1


def test_a_young_test_is_kept(terminal: Terminal, server: Server, clock: Clock) -> None:
    terminal.push(case(terminal, test=True))
    clock.move(hours=(KEPT - timedelta(hours=1)).total_seconds() / 3600)
    assert server.backend.trials.run() == 0
