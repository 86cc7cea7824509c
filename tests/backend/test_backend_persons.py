"""The cases of the person in front of a terminal: for nobody else, sealed both ways, in clear nowhere, and not for long
lists of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from kiosk import suites, wire
from kiosk.backend import Settings
from kiosk.backend.asked import BURST, BURST_DAY, Limit
from kiosk.backend.lives import Act
from kiosk.backend.problems import Refusal
from kiosk.backend.store.tables import alarms
from kiosk.domain.life import Deed, Role
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.lives_room import LACKING, NUMBER, OTHER, SECRET, asked, case, cases_of, rows, withdrawal

New = Callable[..., Terminal]


def test_a_person_sees_the_cases_of_every_terminal_and_nobody_elses(server: Server, new_terminal: New) -> None:
    here, there = new_terminal(), new_terminal()
    older = case(here, committed_at="2026-05-30T12:00:00+00:00")
    newer, foreign = case(there), case(there, OTHER)
    here.push(older)
    there.push(newer, foreign)
    found = cases_of(here, NUMBER.lower()).cases
    assert [(each.case_id, each.here) for each in found] == [(newer.id, False), (older.id, True)]
    assert [each.case_id for each in cases_of(here, OTHER).cases] == [foreign.id]
    assert cases_of(here, "110101199912310018").cases == []


def test_what_is_lacking_and_what_may_be_done_is_told(server: Server, terminal: Terminal) -> None:
    terminal.push(item := case(terminal))
    server.backend.lives.act(item.id, Act(Deed.SUPPLEMENT_ASKED, Role.STREET, "李工", lacking=LACKING))
    (found,) = cases_of(terminal, NUMBER).cases
    assert (found.state, found.may, found.due) == ("supplementing", ["supplement", "withdraw"], "")
    assert [(lack.zh, lack.material) for lack in found.lacking] == [(SECRET, ""), ("户口簿", "register")]
    assert (found.name_zh, found.name_en) != ("", "")
    assert found.service_id == "elder_allowance"
    terminal.push(withdrawal(terminal, item.id))
    (found,) = cases_of(terminal, NUMBER).cases
    assert (found.state, found.may, found.lacking) == ("withdrawn", [], [])


def test_trials_and_what_is_in_earnest_do_not_see_each_other(terminal: Terminal) -> None:
    trial = case(terminal, test=True)
    trial.meta.clear()
    terminal.push(trial, real := case(terminal))
    assert [each.case_id for each in cases_of(terminal, NUMBER).cases] == [real.id]
    assert [each.case_id for each in cases_of(terminal, NUMBER, test=True).cases] == [trial.id]


@pytest.mark.parametrize("number", [NUMBER, OTHER])
def test_the_length_of_an_answer_tells_not_a_few_from_none(terminal: Terminal, number: str) -> None:
    """Three cases or none."""
    terminal.push(*(case(terminal) for _ in range(3)))
    answer = asked(terminal, number)
    assert len(answer.body) == len(asked(terminal, "110101199912310018").body)


def test_number_and_texts_are_in_clear_nowhere(
    server: Server, terminal: Terminal, disk: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    terminal.push(item := case(terminal))
    server.backend.lives.act(item.id, Act(Deed.SUPPLEMENT_ASKED, Role.STREET, "李工", lacking=LACKING))
    answer = asked(terminal, NUMBER)
    said = capsys.readouterr()
    assert NUMBER.encode() not in answer.body
    assert SECRET.encode() not in answer.body
    assert NUMBER not in said.out + said.err
    assert SECRET not in said.out + said.err
    assert "person-cases" in said.err
    for folder in disk:
        for file in folder.rglob("*"):
            if file.is_file():
                assert NUMBER.encode() not in file.read_bytes(), file.name


def test_a_question_counts_for_the_terminal_that_it_was_sealed_for(new_terminal: New) -> None:
    here, there = new_terminal(), new_terminal()
    here.push(case(here))
    caught = asked(there, NUMBER, info=wire.person_query_info(here.id))
    assert (caught.status, caught.code) == (422, "not-sealed")
    assert asked(here, NUMBER, reply_key="AAAA").code == "not-sealed"
    assert asked(here, " ").code == "not-sealed"
    other = suites.by_name("shangmi").new_sealing_pair()[1]
    assert asked(here, NUMBER, reply_key=wire.b64(other)).code == "not-sealed", "answers go by the terminal's suite"
    for sealed in ("", "AAAA", "AA=A", wire.b64(bytes(100))):
        body = msgspec.json.encode(wire.PersonCasesRequest(sealed))
        assert here.send("POST", "/v1/person-cases", body).code == "not-sealed"


def test_a_question_that_no_reader_gets_to_the_bottom_of_is_none(terminal: Terminal) -> None:
    assert terminal.enrolment is not None
    sealing = wire.unb64(terminal.enrolment.sealing_key)
    plain = b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    sealed = suites.of_key(sealing).seal(plain, sealing, wire.person_query_info(terminal.id))
    answer = terminal.send("POST", "/v1/person-cases", wire.PersonCasesRequest(wire.b64(sealed)))
    assert (answer.status, answer.code) == (422, "not-sealed")


def test_one_terminal_cannot_try_a_list_of_numbers(new_terminal: New, server: Server) -> None:
    here, there = new_terminal(), new_terminal()
    codes = [asked(here, NUMBER).status for _ in range(BURST + 2)]
    assert codes.count(200) >= BURST
    assert codes[-1] == 429
    assert asked(there, NUMBER).status == 200
    text = server.backend.metrics.text({})
    assert 'kiosk_person_questions_total{outcome="too-many-requests"}' in text
    assert asked(here, NUMBER).status == 429
    assert [(row.terminal_id, row.code) for row in rows(server, alarms)] == [(here.id, "person-questions")]


def test_who_is_patient_tries_no_list_either_and_is_an_alarm_every_day(server: Server, clock: Clock) -> None:
    """Ten a minute for ever would be 14 400 persons a day."""
    seconds = 0.0
    limit = Limit(server.backend._store, "person-questions", lambda: seconds, clock)

    def answered(tries: int) -> int:
        nonlocal seconds
        allowed = 0
        for _ in range(tries):
            seconds += 6
            with suppress(Refusal):
                limit.take("t1")
                allowed += 1
        return allowed

    assert answered(BURST_DAY) == BURST_DAY
    assert rows(server, alarms) == []
    assert answered(300) < 20
    assert [row.code for row in rows(server, alarms)] == ["person-questions"]
    limit.take("another")
    clock.move(days=1)
    answered(100)
    assert [row.item_id for row in rows(server, alarms)] == ["2026-06-01", "2026-06-02"]


def test_cases_that_came_a_moment_ago_are_there(server: Server, terminal: Terminal) -> None:
    """Nobody has had a quiet moment: whoever asks does not wait for one."""
    items = [case(terminal) for _ in range(60)]
    terminal.push(*items)
    found = cases_of(terminal, NUMBER)
    assert (len(found.cases), found.more) == (wire.MAX_PERSON_CASES, True)


def test_a_terminal_of_the_other_suite_asks_in_its_own(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(f"{tmp_path}/b.db", f"{tmp_path}/blobs", clock=clock, suites=suites.NAMES)
    server = Server(settings)
    try:
        other = suites.by_name("shangmi")
        terminal = Terminal(server.port, clock, other.new_signing_pair()[0])
        assert terminal.enrol(server.backend.issue_code("330102", "Market Street")).status == 200
        terminal.push(item := case(terminal))
        assert [each.case_id for each in cases_of(terminal, NUMBER).cases] == [item.id]
        server.backend.lives.act(item.id, Act(Deed.REFUSED, Role.STREET, "李工", LACKING[0].text))
        terminal.push(late := withdrawal(terminal, item.id))
        words = [word for word in terminal.results().progress if word.deed]
        assert [(word.deed, word.answer) for word in words] == [(late.id, "too_late")]
    finally:
        server.stop()


def test_a_person_is_a_keyed_hash(server: Server, terminal: Terminal) -> None:
    from kiosk.backend.store.life_tables import lives

    terminal.push(case(terminal), case(terminal, OTHER))
    server.backend.lives.open_waiting()
    people = {row.person for row in rows(server, lives)}
    assert len(people) == 2
    assert all(len(each) == 64 for each in people)
