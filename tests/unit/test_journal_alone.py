"""One acknowledgement by one statement: it leaves what two together leave, and nothing where it does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.case import new_case_id
from kiosk.health import failpoints
from kiosk.journal.journal import Journal
from kiosk.journal.reading import reading
from kiosk.journal.records import AckRecord, Alarm, Block, CaseRecord, Numbers

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal", KEY, clock=lambda: NOW, durable=False) as opened:
        opened.add_block(Block("case", 1, 1000))
        yield opened
    failpoints.arm("")


def committed(journal: Journal, count: int) -> list[AckRecord]:
    """So many cases, filed, and the acknowledgement of each."""

    def build(numbers: Numbers) -> CaseRecord:
        number = f"T-{numbers.take('case'):06d}"
        return CaseRecord(new_case_id(), number, "s", "1", "approved", "final", "face", NOW, False, number.encode())

    for _ in range(count):
        journal.commit(build)
    return [
        AckRecord(item.id, item.hash, "2026-11-22T10:00:01+00:00", "k1", "c2ln", "cGF0aA==")
        for item in journal.due(LATER, 100, 1 << 20)
    ]


def rows(journal: Journal, sql: str) -> list[tuple[Any, ...]]:
    with reading(journal._folder, KEY) as connection:
        return connection.execute(sql).fetchall()


def test_it_leaves_what_two_together_leave(journal: Journal) -> None:
    alone, *together = committed(journal, 3)
    assert journal.acknowledge([alone]) == ()
    assert journal.acknowledge(together) == ()
    settled = rows(journal, "SELECT state, attempts, cause, settled_at, ack FROM sending ORDER BY seq")
    assert settled[0] == settled[1] == settled[2]
    assert settled[0][0] == "acknowledged"
    words = rows(journal, "SELECT item, details, at, about, sealed FROM audit WHERE event = 'item.acknowledged'")
    assert [word[0] for word in words] == [ack.id for ack in (alone, *together)]
    assert [word[1] for word in words] == [f'{{"hash":"{ack.hash}","key":"k1"}}' for ack in (alone, *together)]
    assert {word[2:] for word in words} == {(settled[0][3], "", None)}
    assert journal.counts().acknowledged == 3
    assert journal.verify().problems == ()


def test_where_it_does_not_fit_it_writes_nothing_by_itself(journal: Journal) -> None:
    (ack, other) = committed(journal, 2)
    journal.acknowledge([ack])
    head = journal.head()
    assert journal.acknowledge([ack]) == (), "the same again"
    assert journal.head() == head
    wrong = AckRecord(other.id, "0" * 64, other.received_at, other.key_id, other.signature)
    assert journal.acknowledge([wrong]) == (Alarm(other.id, "hash-mismatch"),)
    assert journal.acknowledge([AckRecord("nobody", "0" * 64, "x", "k1", "s")]) == (Alarm("nobody", "unknown-id"),)
    assert [journal.state_of(one.id) for one in (ack, other)] == ["acknowledged", "quarantined"]
    assert journal.verify().problems == ()


def test_what_was_committed_meanwhile_is_filed_with_it(journal: Journal) -> None:
    (ack,) = committed(journal, 1)
    journal.commit(
        lambda numbers: CaseRecord(
            new_case_id(), str(numbers.take("case")), "s", "1", "approved", "final", "face", NOW, False, b"later"
        )
    )
    journal.acknowledge([ack])
    assert rows(journal, "SELECT state FROM sending ORDER BY seq") == [("acknowledged",), ("queued",)]
    assert journal.verify().problems == ()


@pytest.mark.parametrize(
    ("point", "state"),
    [("journal.begin", "queued"), ("journal.before_commit", "queued"), ("journal.after_commit", "acknowledged")],
)
def test_one_that_is_broken_off_has_come_or_not(journal: Journal, point: str, state: str) -> None:
    ack, other = committed(journal, 2)
    failpoints.arm(f"{point}=raise")
    with pytest.raises(failpoints.FailpointError):
        journal.acknowledge([ack])
    failpoints.arm("")
    assert journal.state_of(ack.id) == state
    assert journal.acknowledge([other]) == ()
    assert journal.acknowledge([ack]) == ()
    assert journal.counts().acknowledged == 2
    assert journal.verify().problems == ()
