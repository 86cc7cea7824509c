"""A long queue keeps both ends at work: the next batch is on its way before the answer to the last one is marked."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from kiosk import wire
from kiosk.journal.errors import JournalError
from kiosk.sync.transport import Ahead, HttpTransport, Reply, TransportFailure
from tests.faults import test_sync_answers as room


class Queue(room.Queue):
    def __init__(self, count: int, log: list[tuple[str, list[str]]]) -> None:
        super().__init__(count)
        self.log = log

    def acknowledge(self, acks):
        super().acknowledge(acks)
        self.log.append(("marked", [ack.id for ack in acks]))


class Line(room.Line):
    """A transport that can have a request on its way; the backend's part is done when it is sent."""

    def __init__(self, push, log: list[tuple[str, list[str]]]) -> None:
        super().__init__(push)
        self.log = log
        self.under_way = 0

    def begin(self, method, target, headers, body, seconds):
        assert self.under_way == 0, "one request at a time"
        self.under_way += 1
        ids = []
        if target == "/v1/items":
            ids = [item.id for item in msgspec.msgpack.decode(body, type=wire.PackedPush).items]
            self.log.append(("sent", ids))

        def reply() -> Reply:
            self.under_way -= 1
            if ids:
                self.log.append(("heard", ids))
            return self.send(method, target, headers, body, seconds)

        return reply


def names(*numbers: int) -> list[str]:
    return [f"item-{number}" for number in numbers]


def run(count: int, push, **policy: int):
    log: list[tuple[str, list[str]]] = []
    queue = Queue(count, log)
    client, _ = room.client_of(queue, push, **policy)
    client._exchange._transport = Line(push, log)
    return queue, client.cycle(), log


def test_the_line_is_one_that_can_go_ahead():
    assert isinstance(Line(room.all_good, []), Ahead)
    assert isinstance(HttpTransport("http://127.0.0.1:1"), Ahead)
    assert not isinstance(room.Line(room.all_good), Ahead)


def test_the_next_batch_is_sent_before_the_last_one_is_marked():
    queue, report, log = run(5, room.all_good, batch=2)
    assert log == [
        ("sent", names(0, 1)), ("heard", names(0, 1)),
        ("sent", names(2, 3)), ("marked", names(0, 1)), ("heard", names(2, 3)),
        ("sent", names(4)), ("marked", names(2, 3)), ("heard", names(4)),
        ("marked", names(4)),
    ]  # fmt: skip
    assert (report.online, report.acknowledged, set(queue.state.values())) == (True, 5, {"acknowledged"})


def test_an_answer_that_is_lost_puts_off_its_own_batch_and_nothing_is_sent_behind_it():
    def push(items, asked):
        if items[0].id == "item-2":
            raise TransportFailure("reset")
        return room.all_good(items, asked)

    queue, report, log = run(6, push, batch=2)
    assert (report.online, report.cause, report.acknowledged, report.retried) == (False, "reset", 2, 2)
    assert [name for name, state in queue.state.items() if state == "acknowledged"] == names(0, 1)
    assert queue.causes == dict.fromkeys(names(2, 3), "reset")
    assert ("sent", names(4, 5)) not in log


@pytest.mark.parametrize("poisoned", range(7))
def test_an_item_that_spoils_a_batch_on_its_way_is_found_and_the_rest_goes_on(poisoned):
    def push(items, asked):
        if any(item.id == f"item-{poisoned}" for item in items):
            return room.signed(asked, 422, room.problem("bad-fields"))
        return room.all_good(items, asked)

    queue, report, _ = run(7, push, batch=3)
    assert [name for name, state in queue.state.items() if state != "acknowledged"] == names(poisoned)
    assert (report.online, report.acknowledged, report.set_aside) == (True, 6, 1)


def test_a_batch_that_waits_is_not_asked_for_again_in_the_same_pass():
    def push(items, asked):
        retry = [wire.ItemResult(item.id, "retry", "attachment-missing") for item in items[:1]]
        sound = [room.good(item) for item in items[1:]]
        return room.signed(asked, 200, msgspec.json.encode(wire.PushReply(retry + sound)))

    queue, report, log = run(6, push, batch=2)
    assert (report.acknowledged, report.retried) == (3, 3)
    assert [ids for word, ids in log if word == "sent"] == [names(0, 1), names(2, 3), names(4, 5)]
    assert [name for name, state in queue.state.items() if state == "queued"] == names(0, 2, 4)


def test_an_item_whose_bytes_have_changed_waits_until_nothing_is_on_its_way():
    log: list[tuple[str, list[str]]] = []
    queue = Queue(4, log)
    queue.items["item-2"] = replace(queue.items["item-2"], sealed=b"other")
    client, _ = room.client_of(queue, room.all_good, batch=2)
    client._exchange._transport = Line(room.all_good, log)
    client.cycle()
    assert [queue.state[name] for name in names(0, 1, 2, 3)] == [
        "acknowledged", "acknowledged", "quarantined", "acknowledged",
    ]  # fmt: skip
    assert [each for each in log if each[0] == "sent"] == [("sent", names(0, 1)), ("sent", names(3))]


def test_a_journal_that_fails_while_the_next_is_on_its_way_ends_the_pass():
    class Broken(Queue):
        def acknowledge(self, acks):
            raise JournalError("journal-full", "no room")

    queue = Broken(4, [])
    client, _ = room.client_of(queue, room.all_good, batch=2)
    client._exchange._transport = Line(room.all_good, queue.log)
    with pytest.raises(JournalError):
        client.cycle()
    assert set(queue.state.values()) == {"queued"}, "everything is sent again, and known there"
