"""Number blocks: each terminal's own, the same request gets the same block, no two overlap."""

from __future__ import annotations

import threading

import msgspec
import pytest

from kiosk import wire


def reserve(terminal, kind="case", count=10, request_id="r1"):
    answer = terminal.send("POST", "/v1/blocks", wire.BlockRequest(kind, count, request_id))
    return msgspec.json.decode(answer.body, type=wire.NumberBlock) if answer.status == 200 else answer


def test_reserving_is_idempotent(terminal, server):
    first, second = reserve(terminal), reserve(terminal)
    assert first == second
    assert (first.first, first.last, first.area_code, first.terminal_id) == (1, 10, "330102", terminal.id)
    wire.verify(server.backend.keys.signing_public, first.canonical(), first.signature)


def test_a_request_id_stands_for_one_block(terminal):
    reserve(terminal)
    assert reserve(terminal, count=11).code == "request-differs"
    assert reserve(terminal, kind="uscc").code == "request-differs"


def test_blocks_asked_for_at_the_same_time_never_overlap(new_terminal):
    terminals = [new_terminal() for _ in range(4)]
    blocks: list[wire.NumberBlock] = []

    def many(terminal):
        blocks.extend(reserve(terminal, count=7, request_id=f"r{number}") for number in range(10))

    threads = [threading.Thread(target=many, args=(terminal,)) for terminal in terminals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    numbers = [number for block in blocks for number in range(block.first, block.last + 1)]
    assert sorted(numbers) == list(range(1, 4 * 10 * 7 + 1))


@pytest.mark.parametrize(("kind", "count"), [("case", 0), ("case", -1), ("case", 10_001), ("case", 10**30), ("tax", 1)])
def test_a_senseless_request_is_refused(terminal, kind, count):
    answer = terminal.send("POST", "/v1/blocks", b'{"kind":"%b","count":%d,"request_id":"r"}' % (kind.encode(), count))
    assert answer.status == 422
