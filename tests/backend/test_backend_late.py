"""What comes out late: found on arrival, put down by the office, told to the terminal, listed for all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kiosk import wire
from kiosk.backend.late import BY_HAND
from kiosk.backend.store.late_tables import findings, matters
from kiosk.backend.store.tables import alarms, cases
from kiosk.domain import late
from kiosk.domain.decision import Rung
from kiosk.papers.statement import serial_of
from tests.backend.conftest import Server, Terminal

STORES = ("sqlite", "postgresql")
NUMBER = "110101199001011237"
PERSON = [wire.PayloadField("applicant.number", NUMBER, "card", "A")]
New = Callable[..., Terminal]


def rows(server: Server, table: Any) -> list[Any]:
    return server.backend._store.read(
        lambda c: list(c.execute(select(table).order_by(*table.primary_key.columns)).all())
    )


def results(terminal: Terminal) -> list[tuple[str, str]]:
    return [(each.outcome, each.text) for each in terminal.results().results]


def once(terminal: Terminal, **change: Any) -> wire.SealedItem:
    return terminal.case(**({"fields": PERSON, "once": 12, "rung": "final"} | change))


def test_a_number_used_twice_is_found_alarmed_and_the_second_paper_listed(server: Server, terminal: Terminal) -> None:
    number = terminal.number()
    first, second = terminal.case(number), terminal.case(number)
    assert [result.status for result in terminal.push(first, second)] == ["accepted", "accepted"]
    assert results(terminal) == [("confirmed", "result.confirmed"), ("conflict", "result.conflict.case")]
    (found,) = rows(server, findings)
    meaning = late.meaning("case", Rung.PROVISIONAL)
    assert (found.case_id, found.cause, found.rule, found.effect) == (second.id, "case", "L-12", "exchange")
    assert found.after_check == meaning.after_check
    assert [(row.code, row.item_id) for row in rows(server, alarms)] == [("late-case", second.id)]
    _, listed = server.backend.late.published()
    assert [(row.serial, row.why) for row in listed.revoked] == [(serial_of(second.id).hex(), "case")]


def test_the_same_matter_done_at_two_terminals_counts_once(server: Server, new_terminal: New) -> None:
    """Both were without a line; whichever arrives second is joined to the first, whatever its number."""
    here, there = new_terminal(), new_terminal()
    one = once(here, committed_at="2026-05-31T12:00:00+00:00")
    other = once(there, committed_at="2026-05-30T12:00:00+00:00")
    here.push(one)
    there.push(other)
    assert results(here) == []
    assert results(there) == [("conflict", "result.conflict.elsewhere")]
    states = {row.case_id: row.state for row in rows(server, cases)}
    assert states == {one.id: "registered", other.id: "merged"}
    (found,) = rows(server, findings)
    assert (found.effect, found.after_check) == ("void", True)


def test_two_of_them_in_one_batch_are_told_apart_too(server: Server, terminal: Terminal) -> None:
    one, other = once(terminal), once(terminal)
    terminal.push(one, other)
    assert {row.case_id: row.state for row in rows(server, cases)} == {one.id: "registered", other.id: "merged"}
    assert [result.status for result in terminal.push(one, other)] == ["duplicate", "duplicate"]
    assert len(results(terminal)) == 1, "nothing is told twice"


def test_a_year_later_the_matter_is_held_by_the_newer_case(server: Server, terminal: Terminal) -> None:
    newer = once(terminal, committed_at="2027-06-03T12:00:00+00:00")
    terminal.push(once(terminal), newer)
    assert [row.case_id for row in rows(server, matters)] == [newer.id]


def test_a_case_that_tries_the_terminal_out_takes_no_citizens_matter(server: Server, terminal: Terminal) -> None:
    trial, other = once(terminal, test=True), once(terminal, test=True)
    trial, other = (replace(each, meta={}) for each in (trial, other))
    terminal.push(trial, other, real := once(terminal))
    states = {row.case_id: row.state for row in rows(server, cases)}
    assert states == {trial.id: "registered", other.id: "merged", real.id: "registered"}


@pytest.mark.parametrize("months", [-1, 1201, 10**9, 10**30])
def test_a_span_that_no_pack_has_is_no_case_and_fails_nothing(terminal: Terminal, months: int) -> None:
    terminal.push(once(terminal))
    assert [result.status for result in terminal.push(once(terminal, once=months), terminal.case())] == [
        "rejected", "accepted",
    ]  # fmt: skip


def test_who_it_was_is_a_keyed_hash_and_nothing_else(server: Server, terminal: Terminal, disk: list[Path]) -> None:
    terminal.push(once(terminal))
    (held,) = rows(server, matters)
    assert len(held.person) == 64
    for folder in disk:
        for file in folder.rglob("*"):
            if file.is_file():
                assert NUMBER.encode() not in file.read_bytes(), file.name


def test_a_case_decided_by_a_withdrawn_pack_is_found(server: Server, terminal: Terminal) -> None:
    server.backend.late.withdraw_pack("sole-trader-registration", "1.0.0", "2026-06-01T12:00:00+00:00")
    before = terminal.case(committed_at="2026-06-01T11:59:59+00:00")
    after = terminal.case(committed_at="2026-06-01T20:00:00+08:00")
    newer = terminal.case(pack_version="1.0.1")
    taken = terminal.case(outcome="received", rung="receipt")
    terminal.push(before, after, newer, taken)
    assert results(terminal) == [
        ("confirmed", "result.confirmed"), ("conflict", "result.conflict.withdrawn"), ("confirmed", "result.confirmed"),
        ("conflict", "result.conflict.withdrawn"),
    ]  # fmt: skip
    assert [(row.case_id, row.effect) for row in rows(server, findings)] == [(after.id, "void"), (taken.id, "holds")]
    server.backend.late.withdraw_pack("sole-trader-registration", "1.0.0", "2026-06-02T12:00:00+00:00")
    terminal.push(again := terminal.case())
    assert rows(server, findings)[-1].case_id == again.id, "the earlier moment stays"


def test_of_two_moments_the_earlier_one_counts_whatever_their_offsets(server: Server, terminal: Terminal) -> None:
    withdraw = server.backend.late.withdraw_pack
    withdraw("sole-trader-registration", "1.0.0", "2026-06-01T02:00:00+00:00")
    withdraw("sole-trader-registration", "1.0.0", "2026-06-01T09:00:00+08:00")
    terminal.push(terminal.case(committed_at="2026-06-01T01:30:00+00:00"))
    assert results(terminal) == [("conflict", "result.conflict.withdrawn")]
    withdraw("sole-trader-registration", "1.0.0", "2026-06-01T00:59:59-08:00")
    terminal.push(terminal.case(committed_at="2026-06-01T01:30:00+00:00"))
    assert results(terminal) == [("conflict", "result.conflict.withdrawn")] * 2


def test_what_the_office_finds_is_told_and_put_down(server: Server, terminal: Terminal) -> None:
    met = [(cause, rung) for cause, rung in late.pairs() if cause in BY_HAND and rung != "receipt"]
    alarmed, revoked = [], 0
    for count, (cause, rung) in enumerate(met, 1):
        item = terminal.case(rung=rung)
        terminal.push(item)
        cursor = terminal.results().cursor
        meaning = late.meaning(cause, Rung(rung))
        assert server.backend.late.settle(item.id, cause) == meaning.state
        (told,) = terminal.results(cursor).results
        assert (told.case_id, told.outcome, told.text) == (item.id, "conflict", f"result.conflict.{cause}")
        found = rows(server, findings)[-1]
        assert (found.case_id, found.rule, found.effect) == (item.id, meaning.rule_id, meaning.effect)
        assert found.after_check == meaning.after_check
        alarmed += [(f"late-{cause}", item.id)] * meaning.alarm
        revoked += meaning.revokes
        assert [(row.code, row.item_id) for row in rows(server, alarms)] == alarmed
        assert len(server.backend.late.published()[1].revoked) == revoked
        assert len(rows(server, findings)) == count
    server.backend.late.settle(item.id, cause)
    assert len(rows(server, findings)) == len(met), "said twice, it is known once"
    assert len(rows(server, alarms)) == len(alarmed)


def test_what_is_put_right_is_told_and_listed_no_more(server: Server, terminal: Terminal) -> None:
    item = terminal.case(rung="provisional")
    terminal.push(item)
    server.backend.late.settle(item.id, "otherwise")
    assert server.backend.late.settle(item.id, "confirmed") == "confirmed"
    assert results(terminal)[-1] == ("confirmed", "result.confirmed")
    assert server.backend.late.published()[1].revoked == []


def test_of_two_that_come_in_the_same_moment_one_has_the_matter(server: Server, new_terminal: New) -> None:
    """Who is not first waits for the first one's transaction, and sees what it has written."""
    ends = [new_terminal(), new_terminal()]
    for turn in range(5):
        number = f"11010119900101{turn:04d}"
        fields = [wire.PayloadField("applicant.number", number, "card", "A")]
        items = [once(end, fields=fields) for end in ends]
        gate = threading.Barrier(2)

        def push(end: Terminal, item: wire.SealedItem, gate: threading.Barrier = gate) -> str:
            gate.wait(10)
            return end.push(item)[0].status

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(push, ends, items)) == ["accepted", "accepted"]
        states = {row.case_id: row.state for row in rows(server, cases)}
        assert sorted(states[item.id] for item in items) == ["merged", "registered"]
