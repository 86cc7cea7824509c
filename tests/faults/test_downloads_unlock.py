"""The command that opens a closed entry of maintenance: through the sync, once, in the audit log with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.access import unlocking
from kiosk.access.entry import RULE
from kiosk.access.lockout import Lockout
from tests.faults.publishing_room import PublishingRoom


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PublishingRoom]:
    with PublishingRoom(tmp_path, keys=1) as made:
        yield made


def test_the_command_opens_what_fifteen_wrong_tries_have_closed(room):
    journal, now = room.terminal.journal, [0.0]
    lockout = Lockout(journal, RULE, lambda: now[0])
    for way in ("code", "card.0417"):
        while not lockout.look(unlocking.counter(journal, way)).closed:
            now[0] += 10_000
            lockout.count(unlocking.counter(journal, way))
    room.publish(room.id, command="unlock-entry")
    for _ in range(2):
        room.cycle()
    for way in ("code", "card.0417"):
        assert lockout.look(unlocking.counter(journal, way)).left == RULE.free
    assert [event for event, _ in room.terminal.events("entry.")] == ["entry.unlocked"]
    assert [(report.outcome, report.code) for report in room.reports()] == [("done", "done")]
