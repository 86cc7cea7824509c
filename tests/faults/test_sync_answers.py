"""What answers in the backend's place, or answers wrongly, never empties the queue and never stops it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kiosk import wire
from kiosk.journal.errors import JournalError
from kiosk.journal.records import Counts, OutboxItem
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.transport import Reply, TransportFailure

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PRIVATE, PUBLIC = wire.new_signing_pair()
FOREIGN, _ = wire.new_signing_pair()
ENROLMENT = wire.Enrolment(
    "330102-ABCDEF", "330102", wire.b64(bytes(32)), "k" * 16, wire.b64(PUBLIC), wire.key_id(PUBLIC), NOON.isoformat()
)


class Queue:
    """The journal's outbox in memory, with the same promises."""

    def __init__(self, count: int) -> None:
        self.items = {f"item-{number}": self._item(f"item-{number}") for number in range(count)}
        self.next: dict[str, datetime] = {}
        self.state: dict[str, str] = dict.fromkeys(self.items, "queued")
        self.causes: dict[str, str] = {}
        self.values = {"sync.enrolment": msgspec.json.encode(ENROLMENT).decode()}
        self.events: list[tuple[str, dict[str, str | int]]] = []

    @staticmethod
    def _item(item_id: str) -> OutboxItem:
        sealed = f"sealed {item_id}".encode()
        return OutboxItem(item_id, "case", item_id, hashlib.sha256(sealed).hexdigest(), sealed, (), {}, 0, NOON)

    def due(self, now, limit, max_bytes, after=""):
        begin = list(self.items).index(after) + 1 if after else 0
        ready = [self.items[name] for name in list(self.items)[begin:] if self.state[name] == "queued"]
        return [item for item in ready if self.next.get(item.id, NOON) <= now][:limit]

    def acknowledge(self, acks):
        for ack in acks:
            assert self.items[ack.id].hash == ack.hash
            self.state[ack.id] = "acknowledged"

    def reschedule(self, ids, next_attempt_at, cause):
        for item_id in ids:
            self.next[item_id], self.causes[item_id] = next_attempt_at, cause
            self.items[item_id] = replace(self.items[item_id], attempts=self.items[item_id].attempts + 1)

    def set_aside(self, item_id, state, reason):
        self.state[item_id], self.causes[item_id] = state, reason

    def counts(self):
        states = list(self.state.values())
        found = {name: states.count(name) for name in ("queued", "acknowledged", "rejected", "quarantined")}
        return Counts(len(states), **found, oldest_unsent_at=NOON if "queued" in states else None)

    def add_block(self, block):
        raise AssertionError("enough numbers")

    def numbers_left(self, kind):
        return 1000

    def audit(self, event, **details):
        self.events.append((event, details))

    def meta(self, key):
        return self.values.get(key)

    def set_meta(self, key, value):
        self.values[key] = value


class Line:
    """A transport whose other end is a function of the pushed items (or of the request for anything else)."""

    def __init__(self, push: Callable[[list[wire.SealedItem], str], Reply]) -> None:
        self.push = push
        self.pushes: list[list[str]] = []

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        asked = wire.Asked(headers[wire.TERMINAL_HEADER], method, target, headers[wire.NONCE_HEADER])
        if target != "/v1/items":
            return signed(asked, 200, msgspec.json.encode(wire.ResultsReply("0", [])))
        items = msgspec.msgpack.decode(body, type=wire.PackedPush).items
        self.pushes.append([item.id for item in items])
        return self.push(items, asked)

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def signed(asked: wire.Asked, status: int, body: bytes, key: bytes = PRIVATE) -> Reply:
    now = NOON.isoformat()
    signature = wire.sign(key, wire.reply_bytes(asked, status, now, body))
    return Reply(status, {"kiosk-time": now, "kiosk-reply-signature": signature}, body)


def good(item: wire.SealedItem, key: bytes = PRIVATE, **change: str) -> wire.ItemResult:
    values = {"id": item.id, "hash": item.hash, "terminal_id": ENROLMENT.terminal_id,
              "received_at": NOON.isoformat(), "key_id": ENROLMENT.signing_key_id}  # fmt: skip
    ack = wire.Ack(**(values | change))
    return wire.ItemResult(item.id, "accepted", "", replace(ack, signature=wire.sign(key, ack.canonical())))


def answers(make: Callable[[list[wire.SealedItem]], list[wire.ItemResult]]) -> Callable[..., Reply]:
    return lambda items, asked: signed(asked, 200, msgspec.json.encode(wire.PushReply(make(items))))


def client_of(queue: Queue, push: Callable[..., Reply], **policy: int) -> tuple[SyncClient, Line]:
    line = Line(push)
    client = SyncClient(queue, line, TerminalKey(bytes(range(32))), policy=Policy(**policy), clock=lambda: NOON,
                        rng=random.Random(3))  # fmt: skip
    return client, line


def problem(code: str) -> bytes:
    return json.dumps({"code": code, "message": "", "advice": "", "retryable": False,
                       "server_time": NOON.isoformat()}).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("push", "cause"),
    [
        (lambda _items, _asked: Reply(200, {"content-type": "text/html"}, b"<html>log in</html>"), "captive-portal"),
        (lambda _items, _asked: Reply(200, {}, b'{"results": []}'), "captive-portal"),
        (lambda _items, _asked: Reply(302, {"location": "http://portal"}, b""), "captive-portal"),
        (lambda _items, _asked: Reply(403, {}, b"blocked"), "captive-portal"),
        (lambda _items, _asked: Reply(413, {}, problem("too-large")), "captive-portal"),
        (lambda _items, asked: signed(asked, 200, b'{"results": []}', FOREIGN), "bad-signature"),
        (lambda _items, asked: signed(replace(asked, nonce="0" * 32), 200, b'{"results": []}'), "bad-signature"),
        (lambda _items, asked: replace(signed(asked, 422, b"{}"), status=200), "bad-signature"),
        (lambda _items, _asked: Reply(500, {}, b"oops"), "http-500"),
        (lambda _items, _asked: Reply(502, {}, b"<html>"), "http-502"),
        (lambda _items, asked: signed(asked, 503, problem("store-busy")), "store-busy"),
        (lambda _items, asked: signed(asked, 403, problem("terminal-revoked")), "terminal-revoked"),
        (lambda _items, asked: signed(asked, 200, b'{"results": 7}'), "bad-json"),
        (lambda _items, asked: signed(asked, 200, b"\xff"), "bad-json"),
    ],
)
def test_what_is_not_the_backends_yes_leaves_the_queue_as_it_was(push, cause):
    queue = Queue(3)
    client, line = client_of(queue, push)
    report = client.cycle()
    assert (report.online, report.cause, report.counts.queued) == (False, cause, 3)
    assert set(queue.causes.values()) == {cause}
    assert report.next_at > NOON
    assert len(line.pushes) == 1


def test_a_lost_line_is_named_and_everything_waits_for_the_same_moment():
    def lost(_items, _asked):
        raise TransportFailure("reset")

    queue = Queue(5)
    report = client_of(queue, lost, batch=2)[0].cycle()
    assert report.cause == "reset"
    assert set(queue.next.values()) == {report.next_at}


@pytest.mark.parametrize(
    "make",
    [
        lambda item: good(item, hash="0" * 64),
        lambda item: good(item, id="item-99"),
        lambda item: good(item, terminal_id="330102-OTHERS"),
        lambda item: good(item, key_id="0" * 16),
        lambda item: good(item, FOREIGN),
        lambda item: wire.ItemResult(item.id, "accepted"),
        lambda item: replace(good(item), ack=replace(good(item).ack, received_at="2026-06-02T00:00:00+00:00")),
        lambda item: replace(good(item), ack=replace(good(item).ack, signature="")),
    ],
)
def test_an_acknowledgement_that_does_not_fit_is_none(make):
    queue = Queue(2)
    client, _ = client_of(queue, answers(lambda items: [make(items[0]), *map(good, items[1:])]))
    report = client.cycle()
    assert queue.state == {"item-0": "queued", "item-1": "acknowledged"}
    assert queue.causes["item-0"] == report.cause == "bad-ack"
    assert queue.next["item-0"] > NOON
    assert queue.events == [("sync.alarm", {"reason": "bad-ack"})]
    client.cycle(NOON + timedelta(hours=1))
    assert len(queue.events) == 1  # said once, not at every attempt


def test_answers_for_other_ids_and_missing_answers_mean_nothing():
    queue = Queue(3)
    other = Queue(9).items["item-8"]
    stranger = wire.SealedItem(other.id, other.kind, other.hash, "")
    client, _ = client_of(queue, answers(lambda items: [good(stranger), good(items[2])]))
    client.cycle()
    assert list(queue.state.values()) == ["queued", "queued", "acknowledged"]
    assert queue.causes["item-0"] == "no-answer"


def test_two_answers_for_one_item_are_none():
    queue = Queue(1)
    rejected = wire.ItemResult("item-0", "rejected", "bad-envelope")
    client_of(queue, answers(lambda items: [good(items[0]), rejected]))[0].cycle()
    assert queue.state["item-0"] == "queued"


def test_rejected_and_conflicting_items_are_set_aside_and_the_rest_goes_on():
    results = {"item-1": ("rejected", "bad-envelope"), "item-3": ("conflict", "hash-differs"),
               "item-4": ("retry", "attachment-missing"), "item-5": ("rejected", "Not A Word: 王")}  # fmt: skip

    def make(items):
        return [wire.ItemResult(item.id, *results[item.id]) if item.id in results else good(item) for item in items]

    queue = Queue(7)
    report = client_of(queue, answers(make))[0].cycle()
    assert list(queue.state.values()) == [
        "acknowledged", "rejected", "acknowledged", "quarantined", "queued", "rejected", "acknowledged",
    ]  # fmt: skip
    assert [queue.causes[name] for name in ("item-1", "item-3", "item-4", "item-5")] == [
        "bad-envelope", "hash-differs", "attachment-missing", "no-reason",
    ]  # fmt: skip
    assert (report.online, report.acknowledged, report.set_aside, report.retried) == (True, 3, 3, 1)


@pytest.mark.parametrize("poisoned", [0, 17, 63])
def test_an_item_that_spoils_its_batch_is_found_and_set_aside(poisoned):
    def push(items, asked):
        if any(item.id == f"item-{poisoned}" for item in items):
            return signed(asked, 422, problem("bad-fields"))
        return answers(lambda sound: [good(item) for item in sound])(items, asked)

    queue = Queue(64)
    client, line = client_of(queue, push)
    report = client.cycle()
    assert [name for name, state in queue.state.items() if state != "acknowledged"] == [f"item-{poisoned}"]
    assert (queue.state[f"item-{poisoned}"], queue.causes[f"item-{poisoned}"]) == ("rejected", "bad-fields")
    assert report.online
    assert len(line.pushes) <= 14


def test_an_item_too_large_for_any_push_is_set_aside_and_the_rest_goes_on():
    queue = Queue(3)
    sealed = bytes(9_000_000)
    digest = hashlib.sha256(sealed).hexdigest()
    queue.items["item-1"] = replace(queue.items["item-1"], sealed=sealed, hash=digest)
    client_of(queue, answers(lambda items: [good(item) for item in items]))[0].cycle()
    assert list(queue.state.values()) == ["acknowledged", "rejected", "acknowledged"]
    assert queue.causes["item-1"] == "too-large"


def test_an_item_whose_bytes_have_changed_is_not_sent():
    queue = Queue(2)
    queue.items["item-0"] = replace(queue.items["item-0"], sealed=b"other")
    _, line = made = client_of(queue, answers(lambda items: [good(item) for item in items]))
    made[0].cycle()
    assert queue.state == {"item-0": "quarantined", "item-1": "acknowledged"}
    assert line.pushes == [["item-1"]]


def test_waits_grow_and_are_spread_and_end_at_the_longest():
    policy, rng = Policy(first_wait=2, longest_wait=300), random.Random(5)
    waits = [policy.wait(failures, rng).total_seconds() for failures in range(1, 40)]
    for failures, seconds in enumerate(waits, 1):
        full = min(300, 2 * 2 ** (failures - 1))
        assert full / 2 <= seconds <= full
    assert len(set(waits)) == len(waits)


# -- numbers: their trouble is not the queue's, and the queue's is not theirs ------------------------------------


def block_of(request: wire.BlockRequest, area: str = ENROLMENT.area_code, key: bytes = PRIVATE) -> wire.NumberBlock:
    block = wire.NumberBlock(request.kind, 1, 200, area, ENROLMENT.terminal_id, request.request_id,
                             ENROLMENT.signing_key_id)  # fmt: skip
    return replace(block, signature=wire.sign(key, block.canonical()))


class Short(Queue):
    """A terminal that has no numbers left."""

    def __init__(self, count: int, refuses: str = "") -> None:
        super().__init__(count)
        self.blocks: list[object] = []
        self.refuses = refuses

    def numbers_left(self, kind):
        return 0

    def add_block(self, block):
        if self.refuses:
            raise JournalError(self.refuses, "twice")
        self.blocks.append(block)


class TwoLines(Line):
    """Answers block requests as well; ``asked`` keeps what was asked for in which order."""

    def __init__(self, push: Callable[..., Reply], block: Callable[[wire.BlockRequest, wire.Asked], Reply]) -> None:
        super().__init__(push)
        self.block = block
        self.asked: list[str] = []
        self.requests: list[wire.BlockRequest] = []

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        self.asked.append(target)
        if target != "/v1/blocks":
            return super().send(method, target, headers, body, seconds)
        self.requests.append(msgspec.json.decode(body, type=wire.BlockRequest))
        asked = wire.Asked(headers[wire.TERMINAL_HEADER], method, target, headers[wire.NONCE_HEADER])
        return self.block(self.requests[-1], asked)


def gives(request: wire.BlockRequest, asked: wire.Asked) -> Reply:
    return signed(asked, 200, msgspec.json.encode(block_of(request)))


def with_blocks(
    queue: Queue, push: Callable[..., Reply], block: Callable[[wire.BlockRequest, wire.Asked], Reply], area: str = ""
) -> tuple[SyncClient, TwoLines]:
    line = TwoLines(push, block)
    client = SyncClient(queue, line, TerminalKey(bytes(range(32))), clock=lambda: NOON, rng=random.Random(3),
                        area_code=area)  # fmt: skip
    return client, line


all_good = answers(lambda items: [good(item) for item in items])


@pytest.mark.parametrize(
    ("block", "cause"),
    [
        (lambda _request, asked: signed(asked, 503, problem("store-busy")), "store-busy"),
        (lambda _request, asked: signed(asked, 200, b'{"kind": 7}'), "bad-json"),
        (lambda request, asked: signed(asked, 200, msgspec.json.encode(block_of(request, key=FOREIGN))), "bad-block"),
        (lambda _request, asked: signed(asked, 422, problem("bad-fields")), "bad-fields"),
        (lambda _request, _asked: Reply(500, {}, b"oops"), "http-500"),
    ],
)
def test_what_ails_the_numbers_does_not_keep_cases_back(block, cause):
    queue = Short(3)
    client, line = with_blocks(queue, all_good, block)
    report = client.cycle()
    assert set(queue.state.values()) == {"acknowledged"}
    assert (report.online, report.cause) == (True, cause)
    assert line.asked[0] == "/v1/items"
    assert line.asked[-1].startswith("/v1/results")
    assert queue.blocks == []


def test_a_terminal_without_numbers_gets_them_although_its_queue_is_refused():
    queue = Short(2)
    client, _ = with_blocks(queue, lambda _items, asked: signed(asked, 503, problem("store-busy")), gives)
    report = client.cycle()
    assert (report.online, report.cause, report.blocks) == (False, "store-busy", 2)
    assert len(queue.blocks) == 2


def test_numbers_that_were_given_twice_are_told_and_not_used_and_the_rest_goes_on():
    queue = Short(1, refuses="block-overlap")
    client, line = with_blocks(queue, all_good, gives)
    report = client.cycle()
    assert (report.online, report.cause, queue.state["item-0"]) == (True, "block-overlap", "acknowledged")
    assert queue.events == [("sync.alarm", {"reason": "block-overlap"})]
    queue.refuses = ""
    client.cycle(NOON + timedelta(hours=1))
    assert len(queue.blocks) == 2
    assert len({request.request_id for request in line.requests}) == 4, "the double block was asked for once more"


def test_a_failing_journal_is_nobodys_block_and_ends_the_pass():
    client, _ = with_blocks(Short(0, refuses="journal-uncertain"), all_good, gives)
    with pytest.raises(JournalError, match="twice"):
        client.cycle()


# -- whose numbers: case numbers bear the area -----------------------------------------------------------------


def test_numbers_of_another_area_are_refused():
    queue = Short(0)
    client, _ = with_blocks(
        queue,
        all_good,
        lambda request, asked: signed(asked, 200, msgspec.json.encode(block_of(request, area="440300"))),
        area=ENROLMENT.area_code,
    )
    report = client.cycle()
    assert (report.cause, queue.blocks) == ("wrong-area", [])


def test_an_enrolment_for_another_area_commits_nothing_more_but_what_waits_is_sent():
    queue = Short(2)
    client, line = with_blocks(queue, all_good, gives, area="440300")
    assert client.enrolment is None
    report = client.cycle()
    assert (report.online, report.cause) == (False, "wrong-area")
    assert "area_code" in report.advice
    assert set(queue.state.values()) == {"acknowledged"}
    assert "/v1/blocks" not in line.asked


# -- a clock that was wrong ------------------------------------------------------------------------------------


def test_a_wait_that_a_wrong_clock_has_set_is_not_kept():
    queue = Queue(1)
    ahead = {"failures": 3, "cause": "refused", "next_at": (NOON + timedelta(days=400)).isoformat()}
    queue.values["sync.link"] = json.dumps(ahead)
    report = client_of(queue, all_good)[0].cycle()
    assert (report.online, queue.state["item-0"]) == (True, "acknowledged")


def test_no_item_is_put_off_by_a_wait_that_a_wrong_clock_has_set():
    queue = Queue(2)
    ahead = {"failures": 3, "cause": "refused", "next_at": (NOON + timedelta(days=400)).isoformat()}
    queue.values["sync.link"] = json.dumps(ahead)
    client_of(queue, lambda _items, asked: signed(asked, 503, problem("store-busy")))[0].cycle()
    assert max(queue.next.values()) <= NOON + timedelta(seconds=Policy().longest_wait)


def test_a_wait_that_is_not_over_is_kept():
    queue = Queue(1)
    later = {"failures": 3, "cause": "refused", "next_at": (NOON + timedelta(seconds=200)).isoformat()}
    queue.values["sync.link"] = json.dumps(later)
    client, line = client_of(queue, all_good)
    assert client.cycle().cause == "refused"
    assert line.pushes == []


# -- nonsense, signed and not ----------------------------------------------------------------------------------

DEEP = b"[" * 100_000
OPEN = b'{"terminal_id": ' + DEEP


@pytest.mark.parametrize(("status", "cause"), [(200, "captive-portal"), (403, "captive-portal"), (503, "http-503")])
@pytest.mark.parametrize("body", [DEEP, OPEN, b'{"a": ' + DEEP])
def test_an_answer_nested_without_end_does_not_stop_a_terminal_that_is_not_enrolled(status, cause, body):
    queue = Queue(0)
    queue.values.clear()

    class Deep(Line):
        def send(self, method, target, headers, body_sent, seconds):
            return Reply(status, {}, body)

    client = SyncClient(queue, Deep(all_good), TerminalKey(bytes(range(32))), clock=lambda: NOON, rng=random.Random(3),
                        enrolment_code="A")  # fmt: skip
    assert client.cycle().cause == cause


@pytest.mark.parametrize(("status", "cause"), [(200, "bad-json"), (403, "captive-portal")])
def test_a_signed_answer_nested_without_end_leaves_the_queue_as_it_is(status, cause):
    queue = Queue(1)
    client, _ = client_of(queue, lambda _items, asked: signed(asked, status, b'{"results": ' + DEEP))
    assert client.cycle().cause == cause
    assert queue.state["item-0"] == "queued"


def timed(asked: wire.Asked, server_time: str, body: bytes) -> Reply:
    signature = wire.sign(PRIVATE, wire.reply_bytes(asked, 200, server_time, body))
    return Reply(200, {"kiosk-time": server_time, "kiosk-reply-signature": signature}, body)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2136-06-01T00:00:00Z"])
def test_a_signed_time_at_the_edge_of_the_calendar_is_not_kept(time):
    queue = Queue(1)
    body = msgspec.json.encode(wire.PushReply([]))
    report = client_of(queue, lambda _items, asked: timed(asked, time, body))[0].cycle()
    assert report.cause == "bad-time"
    assert "sync.clock_offset" not in queue.values
    assert client_of(queue, all_good)[0].cycle(report.next_at).online


@pytest.mark.parametrize("kept", ["251000000000.0", "-63000000000.0", "inf", "nan"])
def test_an_offset_that_was_kept_once_and_cannot_be_does_no_harm(kept):
    queue = Queue(1)
    queue.values["sync.clock_offset"] = kept
    client, _ = client_of(queue, all_good)
    assert (client.clock_offset, client.cycle().online) == (timedelta(), True)
