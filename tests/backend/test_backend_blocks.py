"""Number blocks: each terminal's own, the same request gets the same block, no two overlap."""

from __future__ import annotations

import threading

import msgspec
import pytest
from sqlalchemy import insert

from kiosk import wire
from kiosk.backend.store.tables import sequences
from kiosk.domain import codes

STORES = ("sqlite", "postgresql")


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


def test_one_terminal_cannot_take_the_numbers_of_all(terminal, new_terminal):
    assert reserve(terminal, count=10_000, request_id="a").last == 10_000
    whole = reserve(terminal, count=10_000, request_id="b")
    refused = reserve(terminal, count=1, request_id="c")
    assert (refused.status, refused.code) == (429, "too-many-reserved")
    assert reserve(terminal, count=10_000, request_id="b") == whole, "what was given is given"
    assert reserve(terminal, "uscc", 1, "d").first == 1, "each kind has its own measure"
    assert reserve(new_terminal(), count=1, request_id="a").first == 20_001


def test_a_terminal_that_registers_its_numbers_gets_others(terminal):
    blocks = [reserve(terminal, kind, 10_000, f"{kind}{part}") for kind in ("case", "uscc") for part in range(2)]
    assert reserve(terminal, "uscc", 2, "more").code == "too-many-reserved"
    for serial in range(2):
        number = codes.case_no("330102", terminal.clock().date(), blocks[0].first + serial)
        code = codes.credit_code("330102", blocks[2].first + serial)
        assert terminal.push(terminal.case(number, uscc=code))[0].status == "accepted"
    for kind in ("case", "uscc"):
        assert reserve(terminal, kind, 3, f"{kind}-more").code == "too-many-reserved"
        assert reserve(terminal, kind, 2, f"{kind}-enough").first == 20_001


LARGEST = {"case": 89_999_999, "tcase": 99_999_999, "uscc": 30 * 31**5 - 1, "tuscc": codes.SUBJECT_SERIALS - 1}


@pytest.mark.parametrize(("kind", "largest"), LARGEST.items())
def test_no_number_is_given_that_no_case_can_bear(terminal, server, kind, largest):
    server.backend._store.write(
        lambda connection: connection.execute(insert(sequences).values(kind=kind, next=largest - 9))
    )
    refused = reserve(terminal, kind, 11, "a")
    assert (refused.status, refused.code) == (409, "numbers-exhausted")
    assert reserve(terminal, kind, 10, "b").last == largest
    assert reserve(terminal, kind, 1, "c").code == "numbers-exhausted"
