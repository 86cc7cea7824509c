"""Two backends on one database, as two processes of one service: what both are asked at the same time is done once."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import func, select

from kiosk import wire
from kiosk.backend import Backend
from kiosk.backend.problems import Refusal
from kiosk.backend.store import tables

STORES = ("sqlite", "postgresql")
T = TypeVar("T")


@pytest.fixture
def pair(server, settings):
    """The backend that serves, and another on the same database, keys and materials."""
    other = Backend(settings)
    yield [server.backend, other]
    other.close()


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The calls begin together, each in its own thread; their answers in order."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        gate.wait(20)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def asked(backend, terminal):
    """The terminal as the backend's gate hands it on."""
    found = backend.find_terminal(terminal.id)
    assert found is not None
    return found


def rows(backend, table) -> int:
    return backend._store.read(lambda connection: connection.scalar(select(func.count()).select_from(table)))


def test_the_same_items_pushed_to_both_at_once_are_taken_once(pair, terminal):
    batch = [terminal.case() for _ in range(12)]
    orders = [batch, batch[::-1], batch[6:] + batch[:6]] * 2
    who = asked(pair[0], terminal)
    replies = at_once([lambda n=n: pair[n % 2].push(who, orders[n]).results for n in range(6)])
    for item in batch:
        answers = [result for reply in replies for result in reply if result.id == item.id]
        assert sorted(answer.status for answer in answers) == ["accepted"] + ["duplicate"] * 5
        assert len({answer.ack.canonical() for answer in answers}) == 1, "one item, one acknowledgement"
    assert rows(pair[0], tables.items) == rows(pair[0], tables.cases) == rows(pair[0], tables.results) == 12


def test_one_id_with_different_hashes_pushed_at_once_is_one_item_and_one_alarm(pair, terminal):
    case_id, number = str(uuid.uuid4()), terminal.number()
    versions = [terminal.case(number, case_id=case_id) for _ in range(4)]  # each seal has its own key: other bytes
    who = asked(pair[0], terminal)
    answers = at_once([lambda n=n: pair[n % 2].push(who, [versions[n]]).results[0] for n in range(4)])
    others = [("conflict", "hash-differs")] * 3
    assert sorted((answer.status, answer.reason) for answer in answers) == [("accepted", ""), *others]
    assert rows(pair[0], tables.alarms) == 1


def test_one_id_from_two_terminals_at_once_belongs_to_one(pair, new_terminal):
    """Both have locked another terminal's row: the unique key alone decides, and the loser begins again."""
    one, other = new_terminal(), new_terminal()
    for _ in range(5):
        mine = one.case()
        pushed = ((asked(pair[0], one), mine), (asked(pair[1], other), other.case(case_id=mine.id)))
        calls = [partial(pair[n].push, who, [item]) for n, (who, item) in enumerate(pushed)]
        answers = [reply.results[0] for reply in at_once(calls)]
        refused = ("conflict", "foreign-item")
        assert sorted((answer.status, answer.reason) for answer in answers) == [("accepted", ""), refused]


def test_one_number_given_to_two_cases_at_once_is_one_cases(pair, terminal):
    number = terminal.number()
    pushed = [terminal.case(number) for _ in range(4)]
    who = asked(pair[0], terminal)
    answers = at_once([lambda n=n: pair[n % 2].push(who, [pushed[n]]).results[0] for n in range(4)])
    assert [answer.status for answer in answers] == ["accepted"] * 4
    assert sorted(result.outcome for result in terminal.results().results) == ["confirmed"] + ["conflict"] * 3


def test_blocks_of_two_backends_never_overlap_and_leave_no_gap(pair, new_terminal):
    """From the very first block, when there is no sequence yet that could be locked."""
    terminals = [new_terminal() for _ in range(3)]
    who = [asked(pair[0], terminal) for terminal in terminals]

    def many(n: int) -> list[wire.NumberBlock]:
        requests = [wire.BlockRequest("uscc", 7, f"{n}-{number}") for number in range(8)]
        return [pair[n % 2].reserve(who[n % 3], request) for request in requests]

    blocks = [block for found in at_once([lambda n=n: many(n) for n in range(6)]) for block in found]
    numbers = [number for block in blocks for number in range(block.first, block.last + 1)]
    assert sorted(numbers) == list(range(1, 6 * 8 * 7 + 1))


def test_one_request_for_a_block_sent_to_both_gets_one_block(pair, terminal):
    who, request = asked(pair[0], terminal), wire.BlockRequest("uscc", 10, "r1")
    assert len(set(at_once([lambda n=n: pair[n % 2].reserve(who, request) for n in range(6)]))) == 1
    assert rows(pair[0], tables.blocks) == 1


def test_a_terminal_cannot_take_too_many_numbers_by_asking_both(pair, terminal):
    who = asked(pair[0], terminal)

    def ask(n: int) -> str:
        try:
            pair[n % 2].reserve(who, wire.BlockRequest("uscc", 10_000, f"r{n}"))
        except Refusal as refusal:
            return refusal.code
        return "given"

    assert sorted(at_once([lambda n=n: ask(n) for n in range(6)])) == ["given"] * 2 + ["too-many-reserved"] * 4


def test_a_nonce_is_spent_once_whoever_is_asked(pair, terminal):
    def spend(n: int, nonce: str) -> str:
        try:
            pair[n % 2].spend(pair[n % 2].once(terminal.id, nonce))
        except Refusal as refusal:
            return refusal.code
        return "spent"

    for nonce in ("a" * 32, "b" * 32, "c" * 32):
        spent = at_once([lambda n=n, nonce=nonce: spend(n, nonce) for n in range(6)])
        assert sorted(spent) == ["replayed"] * 5 + ["spent"]


def test_one_code_used_for_two_keys_at_once_enrols_one(pair):
    for _ in range(3):
        code = pair[0].issue_code("330102", "North Gate")
        keys = [wire.b64(wire.new_signing_pair()[1]) for _ in range(4)]

        def enrol(n: int, code: str = code, keys: list[str] = keys) -> str:
            try:
                return pair[n % 2].enrol(code, keys[n], "").terminal_id
            except Refusal as refusal:
                return refusal.code

        answers = at_once([lambda n=n, enrol=enrol: enrol(n) for n in range(4)])
        assert answers.count("code-used") == 3, answers
    assert rows(pair[0], tables.terminals) == 3


def test_a_material_sent_to_both_at_once_is_kept_once(pair, terminal):
    data = bytes(range(256)) * 400
    digest, who = hashlib.sha256(data).hexdigest(), asked(pair[0], terminal)
    answers = at_once([lambda n=n: pair[n % 2].store_material(who, digest, data).status for n in range(6)])
    assert sorted(answers) == ["accepted"] + ["duplicate"] * 5
    assert rows(pair[0], tables.materials) == 1


def test_who_reads_results_while_both_write_misses_none(pair, terminal):
    """A cursor moves past what it has seen: no result may appear behind it."""
    who = asked(pair[0], terminal)
    pushed = [[terminal.case() for _ in range(3)] for _ in range(16)]
    writers = threading.Semaphore(0)

    def write(n: int) -> list[str]:
        try:
            return [result.id for batch in pushed[n::4] for result in pair[n % 2].push(who, batch).results]
        finally:
            writers.release()

    def read() -> list[str]:
        seen: list[str] = []
        cursor, ended = "", 0
        while True:
            ended += writers.acquire(blocking=False)
            page = pair[1].results_since(who, cursor)
            seen += [result.case_id for result in page.results]
            cursor = page.cursor
            if ended == 4 and not page.results:
                return seen

    *written, seen = at_once([*(lambda n=n: write(n) for n in range(4)), read])
    assert sorted(seen) == sorted(case_id for ids in written for case_id in ids)
    assert len(seen) == 48


def test_a_terminal_withdrawn_by_one_registers_nothing_more_at_the_other(pair, terminal):
    who, item = asked(pair[1], terminal), terminal.case()
    pair[0].revoke(terminal.id)
    for call in (lambda: pair[1].push(who, [item]), lambda: pair[1].reserve(who, wire.BlockRequest("case", 1, "r"))):
        with pytest.raises(Refusal, match="terminal-revoked"):
            call()
    assert rows(pair[0], tables.items) == 0
