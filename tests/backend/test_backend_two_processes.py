"""Two processes of the backend on one database, and one is killed: what was acknowledged is there, once."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import select

from kiosk import wire
from kiosk.backend.store import tables
from kiosk.backend.store.engine import Store
from tests.backend.conftest import Terminal

STORES = ("sqlite", "postgresql")
SCRIPT = """
import sys
from kiosk.backend import FirstTerminal, serve
db, blobs, keys = sys.argv[1:]
serve(db, blobs, "127.0.0.1:0", ready=lambda line: print(line, flush=True), keys=keys,
      first=FirstTerminal("330102", "East Gate"))
"""


@pytest.fixture
def processes(settings):
    """Two running backends: process, port, enrolment code."""
    command = [sys.executable, "-c", SCRIPT, settings.db_url, settings.blobs, str(settings.keys_path())]
    with contextlib.ExitStack() as started:
        running = []
        for _ in range(2):
            process = started.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
            started.callback(process.kill)
            running.append(process)
        lines = [json.loads(process.stdout.readline()) for process in running]
        ports = [int(line["listening"].rpartition(":")[2]) for line in lines]
        yield list(zip(running, ports, (line["enrolment_code"] for line in lines), strict=True))


def push(terminal, ports, batch) -> list[wire.Ack]:
    """The acknowledgements of the batch, from whichever process has them: sent again until all are there. Unsigned."""
    acks: dict[str, wire.Ack] = {}
    for turn in range(40):
        try:
            answer = terminal(ports[turn % 2]).send("POST", "/v1/items", wire.PushRequest(batch))
        except (OSError, http.client.HTTPException):
            continue  # the one that was killed
        if answer.status == 200:
            for result in msgspec.json.decode(answer.body, type=wire.PushReply).results:
                assert result.status in ("accepted", "duplicate"), result
                word = replace(result.ack, signature="", path="")
                assert acks.setdefault(result.id, word) == word, "one item, one acknowledgement"
        if len(acks) == len(batch) and turn > 1:
            return list(acks.values())
    raise AssertionError("never acknowledged")


@pytest.mark.slow
def test_one_of_two_is_killed_while_both_are_asked(processes, settings):
    ports = [port for _, port, _ in processes]
    first = Terminal(ports[0], lambda: datetime.now(UTC))
    assert first.enrol(processes[0][2]).status == 200

    def terminal(port: int) -> Terminal:
        return Terminal(port, first.clock, first.private, first.enrolment)

    batches = [[first.case() for _ in range(4)] for _ in range(20)]
    acknowledged: list[wire.Ack] = []
    half_way = threading.Event()

    def work(n: int) -> None:
        for batch in batches[n::2]:
            acknowledged.extend(push(terminal, ports[:: 1 if n else -1], batch))
            if len(acknowledged) >= 32:
                half_way.set()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    assert half_way.wait(50)
    processes[0][0].send_signal(signal.SIGKILL)
    for thread in threads:
        thread.join(50)
    assert sorted(ack.id for ack in acknowledged) == sorted(item.id for batch in batches for item in batch)
    block = terminal(ports[1]).reserve("uscc", 5)
    assert (block.first, block.last) == (1, 5)
    store = Store.open(settings.db_url)
    try:
        kept = store.read(lambda c: c.execute(select(tables.items.c.id, tables.items.c.hash)).all())
        results = store.read(lambda c: c.scalars(select(tables.results.c.case_id)).all())
    finally:
        store.close()
    assert sorted(tuple(row) for row in kept) == sorted((ack.id, ack.hash) for ack in acknowledged)
    assert sorted(results) == sorted(ack.id for ack in acknowledged), "each case has its one result"
