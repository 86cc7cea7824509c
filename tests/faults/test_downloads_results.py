"""Results and number blocks: an answer is believed for its own question, once, and no other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk import wire
from kiosk.sync import Policy
from kiosk.sync.transport import Reply
from tests.faults.sync_room import SyncRoom

Change = Callable[[str, str, Reply], Reply]


class Between:
    """Somebody on the line: he has heard every answer and may give another in its place."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self.heard: list[tuple[str, Reply]] = []
        self.change: Change = lambda _method, _target, reply: reply

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        reply = self._line.send(method, target, headers, body, seconds)
        self.heard.append((target, reply))
        return self.change(method, target, reply)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)


class Room(SyncRoom):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Policy(block=60, low_water=10**6))  # more numbers are asked for in every pass
        self.between = Between(self.line)
        self.terminal.client._exchange._transport = self.between

    def rows(self, event: str) -> int:
        sql = "SELECT count(*) FROM audit WHERE event = ?"
        return int(self.terminal.journal._connection.execute(sql, (event,)).fetchone()[0])

    def cycle(self) -> Any:
        self.time.move(1.0)
        return self.terminal.client.cycle(urgent=True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Room(tmp_path) as made:
        yield made


def old_answer(room: Room, place: str) -> Change:
    """The last true answer of this place, once more."""
    old = next(reply for target, reply in reversed(room.between.heard) if target.startswith(place))
    return lambda _method, target, reply: old if target.startswith(place) else reply


def crossed(room: Room, place: str) -> Change:
    """A true answer of this pass, to another question."""

    def change(_method: str, target: str, reply: Reply) -> Reply:
        other = next((each for where, each in room.between.heard if not where.startswith(place)), reply)
        return other if target.startswith(place) else reply

    return change


def forged(_room: Room, place: str) -> Change:
    """The words changed, all else as it was."""

    def change(_method: str, target: str, reply: Reply) -> Reply:
        body = reply.body.replace(b"confirmed", b"conflict_").replace(b'"last":', b'"last":1')
        return replace(reply, body=body) if target.startswith(place) else reply

    return change


@pytest.mark.parametrize("how", [old_answer, crossed, forged])
def test_results_that_are_replayed_crossed_or_forged_change_nothing(room, how):
    room.terminal.commit()
    room.cycle()
    cursor, known = room.terminal.client._state.cursor, room.rows("result.received")
    assert known == 1
    room.terminal.commit()
    room.between.change = how(room, "/v1/results")
    report = room.cycle()
    assert (report.online, report.cause) == (False, "bad-signature")
    assert room.terminal.client._state.cursor == cursor
    assert room.rows("result.received") == known
    assert room.rows("sync.alarm") == 1
    room.between.change = lambda _method, _target, reply: reply
    room.cycle()
    assert room.rows("result.received") == known + 1


@pytest.mark.parametrize("how", [old_answer, crossed, forged])
def test_blocks_that_are_replayed_crossed_or_forged_give_no_number(room, how):
    room.cycle()
    before = room.rows("block.added")
    room.between.change = how(room, "/v1/blocks")
    assert room.cycle().cause == "bad-signature"
    assert room.rows("block.added") == before
    room.between.change = lambda _method, _target, reply: reply
    room.cycle()
    assert room.rows("block.added") > before


CHANGES: dict[str, dict[str, Any]] = {
    "another request's": {"request_id": "0" * 32}, "another terminal's": {"terminal_id": "330102-OTHER"},
    "of no kind": {"kind": "other"}, "longer than it was signed": {"last": 10**6}, "upside down": {"first": 10**7},
}  # fmt: skip


def test_a_block_that_the_backend_itself_gives_wrongly_is_refused_by_its_own_signature(room, monkeypatch):
    """In a reply that holds: a bug, or a store that somebody has changed. This is what the second signature is for."""
    good, before = room.house.backend.reserve, room.rows("block.added")
    for name, change in CHANGES.items():
        monkeypatch.setattr(
            room.house.backend, "reserve", lambda *asked, change=change: replace(good(*asked), **change)
        )
        assert room.cycle().cause == "bad-block", name
        assert room.rows("block.added") == before, name
    monkeypatch.undo()
    room.cycle()
    assert room.rows("block.added") > before


def test_results_that_the_backend_tells_again_or_in_another_order_are_kept_once_each(room, monkeypatch):
    """A backend that was put back, a page that comes twice: results are kept by case, the log has one row for each."""
    cases = [room.terminal.commit() for _ in range(3)]
    room.cycle()
    assert room.rows("result.received") == 3
    good = room.house.backend.results_since

    def again(terminal: Any, _cursor: str) -> wire.ResultsReply:
        page = good(terminal, "")
        return replace(page, results=page.results[::-1])

    monkeypatch.setattr(room.house.backend, "results_since", again)
    report = room.cycle()
    assert report.results == len(cases)
    assert room.rows("result.received") == 3
