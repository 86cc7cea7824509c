"""Who waits for the one writer shares his next commit, and keeps an answer of his own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import event, func, insert, select, text

from kiosk import wire
from kiosk.backend.settings import utc_now
from kiosk.backend.store import grouping, tables
from kiosk.backend.store.engine import Store, StoreBusy
from tests.backend.conftest import Server, Terminal

SEQUENCES = tables.sequences


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/b.db")
    yield opened
    opened.close()


class Crowd:
    """Works that all wait while the first one holds the writer, and then go on together."""

    def __init__(self, store: Store) -> None:
        self.store, self.commits = store, 0
        event.listen(store.engine, "commit", self._count)
        self._holds, self._go = threading.Event(), threading.Event()

    def _count(self, connection) -> None:
        self.commits += not connection.get_execution_options().get("kiosk_read", False)

    def _hold(self, connection) -> None:
        add("first")(connection)
        self._holds.set()
        assert self._go.wait(30)

    def run(self, works: list[Callable]) -> list[object]:
        """What became of each: what it returned, or what it raised."""

        def outcome(work: Callable) -> object:
            try:
                return self.store.write(work)
            except Exception as error:
                return error

        with ThreadPoolExecutor(len(works) + 1) as pool:
            first = pool.submit(outcome, self._hold)
            assert self._holds.wait(30)
            waiting = []
            for number, work in enumerate(works, 1):
                waiting.append(pool.submit(outcome, work))
                until(lambda number=number: len(self.store._group._waiting) == number)
            self.commits = 0
            self._go.set()
            assert first.result(30) is None
            return [each.result(30) for each in waiting]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


def add(name: str, answer: object = None) -> Callable:
    def work(connection):
        connection.execute(insert(SEQUENCES).values(kind=name, next=1))
        return answer

    return work


def names(store: Store) -> set[str]:
    return set(store.read(lambda connection: connection.scalars(select(SEQUENCES.c.kind)).all()))


def test_those_who_wait_share_one_commit_and_keep_their_answers(store):
    crowd = Crowd(store)
    assert crowd.run([add(f"w{n}", n) for n in range(6)]) == list(range(6))
    assert crowd.commits == 2, "the first one's, and one for all others"
    assert names(store) == {"first", *(f"w{n}" for n in range(6))}


def test_nobody_waits_for_company(store):
    crowd = Crowd(store)
    for n in range(3):
        store.write(add(f"w{n}"))
    assert crowd.commits == 3


def test_one_that_fails_undoes_its_own_work_alone(store):
    def poisoned(connection):
        add("half")(connection)
        raise ZeroDivisionError

    crowd = Crowd(store)
    outcomes = crowd.run([add("a", "a"), poisoned, add("b", "b")])
    assert (outcomes[0], outcomes[2]) == ("a", "b")
    assert isinstance(outcomes[1], ZeroDivisionError)
    assert names(store) == {"first", "a", "b"}
    assert crowd.commits == 2


def test_one_that_the_database_refuses_is_tried_alone_and_no_other_is_held_to_it(store):
    tries = []

    def again(connection):
        tries.append(1)
        add("a" if len(tries) < 3 else "c")(connection)  # the key is taken, until it asks for another
        return len(tries)

    def never(connection):
        add("first")(connection)

    outcomes = Crowd(store).run([add("a", "a"), again, never, add("b", "b")])
    assert outcomes[0] == "a"
    assert outcomes[1] == 3
    assert isinstance(outcomes[2], StoreBusy)
    assert outcomes[3] == "b"
    assert names(store) == {"first", "a", "b", "c"}


def test_a_group_that_cannot_be_committed_is_try_again_for_all_and_nothing_of_it_is_there(store):
    crowd, commit = Crowd(store), store.engine.dialect.do_commit
    state = {"left": 1}

    def failing(connection):
        state["left"] -= 1
        if state["left"] < 0:
            raise store.engine.dialect.dbapi.OperationalError("disk I/O error")
        commit(connection)

    store.engine.dialect.do_commit = failing
    outcomes = crowd.run([add("a"), add("b")])
    store.engine.dialect.do_commit = commit
    assert [type(outcome) for outcome in outcomes] == [StoreBusy, StoreBusy]
    assert names(store) == {"first"}
    store.write(add("a"))
    assert names(store) == {"first", "a"}


def test_a_full_disk_meets_the_one_that_needs_the_room(store):
    """SQLite may undo more than the statement that found no room: who fits is taken all the same."""

    def large(connection):
        add("x" * 400_000)(connection)

    (pages,) = store.read(lambda connection: connection.execute(text("PRAGMA page_count")).one())
    with_limit = []

    def limited(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {pages + 30}")
        with_limit.append(1)

    store.engine.dispose()
    event.listen(store.engine, "connect", limited)
    outcomes = Crowd(store).run([add("a", "a"), large, add("b", "b")])
    assert with_limit
    assert (outcomes[0], outcomes[2]) == ("a", "b")
    assert isinstance(outcomes[1], StoreBusy)
    assert names(store) == {"first", "a", "b"}


def test_no_group_is_larger_than_allowed_and_the_order_is_that_of_coming(store, monkeypatch):
    monkeypatch.setattr(grouping, "MOST", 3)
    order: list[int] = []

    def noted(n: int) -> Callable:
        def work(connection):
            order.append(n)
            return add(f"w{n}", n)(connection)

        return work

    crowd = Crowd(store)
    assert crowd.run([noted(n) for n in range(7)]) == list(range(7))
    assert order == list(range(7))
    assert crowd.commits == 1 + 3


def test_an_answer_is_on_the_disk_when_it_is_given(store, tmp_path):
    """Everyone looks with a connection of his own, as soon as he is answered."""
    other = Store.open(f"sqlite:///{tmp_path}/b.db")

    def write(n: int) -> bool:
        store.write(add(f"w{n}"))
        return f"w{n}" in names(other)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(40)))
    other.close()


def test_a_poisoned_push_among_many_terminals_fails_alone(server, new_terminal, monkeypatch):
    """Served, all at once: one terminal's batch meets a bug in the middle of its transaction."""
    from kiosk.backend.core import item_store

    terminals = [new_terminal() for _ in range(8)]
    batches = [[terminal.case(), terminal.case()] for terminal in terminals]
    bad, real = terminals[3].id, item_store.take_in

    def trips(connection, terminal_id, *rest):
        taken = real(connection, terminal_id, *rest)
        if terminal_id == bad:
            raise ZeroDivisionError
        return taken

    monkeypatch.setattr(item_store, "take_in", trips)

    def push(pair):
        terminal, batch = pair
        return terminal.send("POST", "/v1/items", wire.PushRequest(batch))

    with ThreadPoolExecutor(len(terminals)) as pool:
        answers = list(pool.map(push, zip(terminals, batches, strict=True)))
    assert [answer.status for answer in answers] == [500 if terminal.id == bad else 200 for terminal in terminals]
    assert server.backend.gauges()["kiosk_cases"] == 14
    monkeypatch.undo()
    assert [result.status for result in terminals[3].push(*batches[3])] == ["accepted"] * 2


SCRIPT = """
import sys
from kiosk.backend import serve
serve(sys.argv[1], sys.argv[2], "127.0.0.1:0", ready=lambda line: print(line, flush=True), keys=sys.argv[3])
"""
AT_ONCE = 6
ROUNDS = max(1, int(float(os.environ.get("KIOSK_CRASH_ROUNDS", "1"))))


@pytest.mark.slow
@pytest.mark.timeout(60 + 20 * ROUNDS)
@pytest.mark.parametrize("point", ["backend.written", "backend.committed"])
def test_killed_in_the_middle_of_a_group_nobody_loses_and_nobody_doubles(settings, point, request):
    """Several terminals push at once; the process dies at its n-th work, written or committed; all push again."""
    settings = replace(settings, clock=utc_now)
    other = Server(settings)  # which goes on
    request.addfinalizer(other.stop)
    terminals = [Terminal(other.port, utc_now) for _ in range(AT_ONCE)]
    for terminal in terminals:
        assert terminal.enrol(other.backend.issue_code("330102", "East Gate")).status == 200
    acknowledged: dict[str, wire.Ack] = {}
    pushed: list[str] = []
    for turn in range(ROUNDS):
        batches = [[terminal.case() for _ in range(2)] for terminal in terminals]
        pushed += [item.id for batch in batches for item in batch]
        with dying(settings, f"{point}=kill@{(turn + 3) % AT_ONCE + 1}") as port:
            at_once(terminals, port, batches, acknowledged)
        assert len(acknowledged) < len(pushed), "it died before it had answered all"
        at_once(terminals, other.port, batches, acknowledged)
        assert sorted(acknowledged) == sorted(pushed)

    def kept(connection):
        rows = connection.execute(select(tables.items.c.id, tables.items.c.hash)).all()
        return sorted(tuple(row) for row in rows), connection.scalar(select(func.count()).select_from(tables.results))

    whole, results = other.backend._store.read(kept)
    assert whole == sorted((ack.id, ack.hash) for ack in acknowledged.values())
    assert results == len(pushed)


@contextmanager
def dying(settings, failpoint: str) -> Iterator[int]:
    """The port of a backend's process that its failpoint has killed by the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, settings.db_url, settings.blobs, str(settings.keys_path())],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "KIOSK_FAILPOINTS": failpoint},
    )  # fmt: skip
    with process:
        try:
            yield int(json.loads(process.stdout.readline())["listening"].rpartition(":")[2])
            assert process.wait(20) == -signal.SIGKILL
        finally:
            process.kill()


def at_once(terminals, port, batches, acknowledged) -> None:
    """Each terminal pushes its batch; what is answered is kept, and is the same as what was answered before."""

    def push(pair):
        terminal, batch = pair
        terminal.port = port
        try:
            answer = terminal.send("POST", "/v1/items", wire.PushRequest(batch))
        except (OSError, http.client.HTTPException):
            return []  # it was killed, maybe in the middle of an answer
        return msgspec.json.decode(answer.body, type=wire.PushReply).results if answer.status == 200 else []

    with ThreadPoolExecutor(len(terminals)) as pool:
        for results in pool.map(push, zip(terminals, batches, strict=True)):
            for result in results:
                assert result.status in ("accepted", "duplicate"), result
                word = replace(result.ack, signature="", path="")
                assert acknowledged.setdefault(result.id, word) == word, "one item, one acknowledgement"
