"""What was set aside waits for a person: released it goes once more, rejected it stays out. Both are audited."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kiosk import cli
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import AckRecord, Block, CaseRecord
from kiosk.journal.staff import settle

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
IDS = [f"0197{number:04d}-0000-7000-8000-000000000000" for number in range(4)]


def opened(folder: Path) -> Journal:
    return Journal.open(folder, load_or_create_key(folder), clock=lambda: NOON, durable=False)


def case(case_id: str, numbers: Any) -> CaseRecord:
    return CaseRecord(
        case_id, str(numbers.take("case")), "pension", "1", "approved", "final", "face", NOON, False, case_id.encode()
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four cases: the second is set aside, the others are acknowledged but the last."""
    folder = tmp_path / "data" / "journal"
    with opened(folder) as journal:
        journal.add_block(Block("case", 1, 100))
        for case_id in IDS:
            journal.commit(partial(case, case_id))
        for case_id in (IDS[0], IDS[2]):
            journal.acknowledge([AckRecord(case_id, hashlib.sha256(case_id.encode()).hexdigest(), "now", "k", "s")])
        journal.set_aside(IDS[1], "rejected", "bad-envelope")
        assert [item.id for item in journal.due(NOON, 9, 10**6)] == [IDS[3]]
    return tmp_path / "data"


def states(data: Path) -> dict[str, tuple[str, str]]:
    with opened(data / "journal") as journal:
        assert journal.verify().ok
        return {row.case_id: (row.state, row.cause) for row in journal.cases()}


def events(data: Path) -> list[tuple[str, str, dict[str, str]]]:
    with opened(data / "journal") as journal:
        rows = journal._connection.execute(
            "SELECT event, item, details FROM audit WHERE event LIKE 'item.%'"
        ).fetchall()
    return [(event, item, json.loads(details)) for event, item, details in rows]


def test_a_released_item_is_due_again_before_those_that_came_after_it(data):
    out = io.StringIO()
    assert settle(data, "release", IDS[1], "put-right", out=out) == 0
    assert "queued again" in out.getvalue()
    with opened(data / "journal") as journal:
        assert [item.id for item in journal.due(NOON, 9, 10**6)] == [IDS[1], IDS[3]]
        assert journal.counts().queued == 2
    assert events(data)[-1] == ("item.released", IDS[1], {"reason": "put-right", "cause": "bad-envelope"})


def test_in_the_running_terminal_a_released_item_is_found_too(data):
    """Where the queue begins is remembered: an item before that place must not be passed by."""
    with opened(data / "journal") as journal:
        digest = hashlib.sha256(IDS[3].encode()).hexdigest()
        journal.acknowledge([AckRecord(IDS[3], digest, "now", "k", "s")])
        assert journal.due(NOON, 9, 10**6) == []
        journal.release(IDS[1], "put-right")
        assert [item.id for item in journal.due(NOON, 9, 10**6)] == [IDS[1]]


def test_a_rejected_item_stays_out_with_its_bytes(data):
    assert settle(data, "reject", IDS[1], "withdrawn", out=io.StringIO()) == 0
    assert states(data)[IDS[1]] == ("rejected", "withdrawn")
    assert events(data)[-1] == ("item.rejected", IDS[1], {"reason": "withdrawn"})
    out = io.BytesIO()
    with opened(data / "journal") as journal:
        assert journal.export(out) == 4


@pytest.mark.parametrize(
    ("item", "code"), [(IDS[0], "item-not-aside"), (IDS[3], "item-not-aside"), ("x", "no-such-item")]
)
@pytest.mark.parametrize("action", ["release", "reject"])
def test_only_what_was_set_aside_is_decided_by_hand(data, item, code, action):
    before = states(data)
    out = io.StringIO()
    assert settle(data, action, item, "put-right", as_json=True, out=out) == 1
    assert json.loads(out.getvalue())["error"]["code"] == code
    assert states(data) == before


@pytest.mark.parametrize("reason", ["王小明", "Not a word", ""])
def test_a_reason_is_a_word_and_nothing_of_a_citizens(data, reason):
    before = states(data)
    out = io.StringIO()
    assert settle(data, "release", IDS[1], reason, as_json=True, out=out) == 1
    assert json.loads(out.getvalue())["error"]["code"] == "event-refused"
    assert states(data) == before


def test_beside_a_running_terminal_nothing_is_decided(data):
    with opened(data / "journal"):
        out = io.StringIO()
        assert settle(data, "release", IDS[1], "put-right", as_json=True, out=out) == 1
        assert json.loads(out.getvalue())["error"]["code"] == "journal-in-use"


def test_the_command_line(data, tmp_path, capsys):
    assert cli.main(["journal", "release", IDS[1], "--reason", "put-right", "--data", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "id": IDS[1], "action": "release"}
    assert cli.main(["journal", "release", IDS[1], "--data", str(data)]) == 2
    assert cli.main(["journal", "reject", "--reason", "withdrawn", "--data", str(data)]) == 2
    assert cli.main(["journal", "reject", IDS[1], "--reason", "withdrawn", "--data", str(tmp_path / "none")]) == 2


def test_an_acknowledged_item_is_never_taken_back(data):
    with opened(data / "journal") as journal, pytest.raises(JournalError, match="is acknowledged"):
        journal.release(IDS[0], "put-right")
