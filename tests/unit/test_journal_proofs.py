"""Proofs and supplies in the journal: bounded, in the audit log, carried on by a rescue, and never a person's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.beijing import CHINA
from kiosk.health.proofs import Proof
from kiosk.journal import proofs, supplies
from kiosk.journal.connection import FILE, PAGE
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from tests.unit.settable_clock import Clock

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "data", KEY, clock=clock, durable=False)
    yield opened
    opened.close()


def proof(subject: str = "receipt_printer", test: str = "external", **changed: object) -> Proof:
    given = {"outcome": "passed", "code": "readable", "by": "T-0417", **changed}
    return Proof(NOW.astimezone(CHINA), subject, test, **given)  # type: ignore[arg-type]


def rows(journal: Journal, event: str) -> list[str]:
    sql = "SELECT details FROM audit WHERE event = ? ORDER BY seq"
    return journal._read(lambda c: [row[0] for row in c.execute(sql, (event,))])


def test_a_proof_is_kept_whole_and_told_in_the_log(journal: Journal) -> None:
    one = proof(values=("38", "2026-11-27 09:00"), report="printed 3 rows\nstatus 12h")
    journal.note_proof(one)
    assert journal.latest_proofs() == (one,)
    assert journal.proofs_of("receipt_printer") == (one,)
    assert journal.proofs_of("camera") == ()
    assert rows(journal, "proof.noted") == [
        '{"by":"T-0417","code":"readable","outcome":"passed","subject":"receipt_printer","test":"external"}'
    ]


def test_the_last_of_each_test_comes_first_and_the_newest_before_the_others(journal: Journal) -> None:
    journal.note_proof(proof(outcome="failed", code="paper-out"))
    journal.note_proof(proof("camera"))
    journal.note_proof(proof(test="paper"))
    journal.note_proof(proof())
    told = [(each.subject, each.test, each.outcome) for each in journal.latest_proofs()]
    assert told == [
        ("receipt_printer", "external", "passed"),
        ("receipt_printer", "paper", "passed"),
        ("camera", "external", "passed"),
    ]  # fmt: skip
    assert [each.outcome for each in journal.proofs_of("receipt_printer", 2)] == ["passed", "passed"]
    assert [each.outcome for each in journal.proofs_of("receipt_printer")] == ["passed", "passed", "failed"]


def test_of_each_test_the_last_stay(journal: Journal) -> None:
    journal.note_proof(proof("camera"))
    for number in range(proofs.KEPT + 5):
        journal.note_proof(proof(values=(str(number),)))
    kept = journal.proofs_of("receipt_printer", 500)
    assert [each.values[0] for each in kept] == [str(n) for n in range(proofs.KEPT + 4, 4, -1)]
    assert len(journal.proofs_of("camera")) == 1


def test_all_together_are_bounded(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "ALL", 6)
    for number in range(9):
        journal.note_proof(proof(test=f"test-{number}"))
    assert [each.test for each in journal.latest_proofs()] == [f"test-{n}" for n in range(8, 2, -1)]


@pytest.mark.parametrize(
    "changed",
    [
        {"values": ("110101199003077774",)}, {"values": ("13800138000",)}, {"values": ("张三",)},
        {"values": ("x" * 65,)},
        {"values": ("1",) * 9}, {"code": "张三"}, {"code": "Not A Word"}, {"subject": ""}, {"test": "a b"},
        {"by": "王 五"}, {"outcome": "fine"},
    ],
)  # fmt: skip
def test_what_might_be_a_persons_is_refused_and_never_repeated(journal: Journal, changed: dict[str, object]) -> None:
    with pytest.raises(JournalError) as refused:
        journal.note_proof(proof(**changed))
    assert refused.value.code == "proof-refused"
    for value in changed.values():
        for word in value if isinstance(value, tuple) else (value,):
            assert len(str(word)) < 2 or str(word) not in str(refused.value)
    assert journal.latest_proofs() == ()
    assert rows(journal, "proof.noted") == []


def test_of_a_drivers_words_what_might_be_a_persons_is_struck_out(journal: Journal) -> None:
    journal.note_proof(proof(report="card 110101199003077774 of 张三, firmware 1.20.4" + "." * proofs.REPORT))
    (kept,) = journal.latest_proofs()
    assert kept.report.startswith("card # of ??, firmware 1.20.4")
    assert len(kept.report) == proofs.REPORT


def test_what_is_used_is_summed_by_the_day_in_beijing(journal: Journal, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 27, 15, 59, tzinfo=UTC)
    journal.note_used("receipt_mm", 180)
    journal.note_used("receipt_mm", 20)
    clock.now = datetime(2026, 11, 27, 16, 1, tzinfo=UTC)  # midnight has passed there
    journal.note_used("receipt_mm", 7)
    journal.note_used("cuts", 1)
    cuts, receipt = journal.supplies()
    assert (cuts.name, cuts.total) == ("cuts", 1)
    assert (receipt.total, dict(receipt.days)) == (207, {date(2026, 11, 27): 200, date(2026, 11, 28): 7})
    assert (receipt.renewed, receipt.since) == (None, None)


def test_a_level_is_the_last_of_its_day_and_no_use(journal: Journal, clock: Clock) -> None:
    journal.note_level("toner", 40)
    journal.note_level("toner", 38)
    journal.note_used("toner", 0)
    clock.now += timedelta(days=1)
    journal.note_level("toner", 0)
    (toner,) = journal.supplies()
    assert dict(toner.levels) == {date(2026, 11, 27): 38, date(2026, 11, 28): 0}
    assert (toner.total, dict(toner.days)) == (0, {})


def test_renewed_counts_from_there(journal: Journal) -> None:
    journal.note_used("receipt_mm", 500)
    journal.renew_supply("receipt_mm")
    journal.note_used("receipt_mm", 30)
    journal.renew_supply("toner")  # nobody has counted it yet
    receipt, toner = journal.supplies()
    assert (receipt.total, receipt.since, receipt.renewed) == (530, 30, date(2026, 11, 27))
    assert (toner.total, toner.since, toner.renewed) == (0, 0, date(2026, 11, 27))
    assert rows(journal, "supply.renewed") == ['{"supply":"receipt_mm"}', '{"supply":"toner"}']


def test_days_are_bounded_by_their_number_and_a_wrong_clock_takes_none_away(journal: Journal, clock: Clock) -> None:
    for _ in range(supplies.DAYS + 3):
        journal.note_used("cuts", 1)
        clock.now += timedelta(days=1)
    (cuts,) = journal.supplies()
    assert (cuts.total, len(cuts.days)) == (supplies.DAYS + 3, supplies.DAYS)
    right, clock.now = clock.now, datetime(2099, 1, 1, tzinfo=UTC)
    journal.note_used("cuts", 1)
    clock.now = right
    journal.note_used("cuts", 1)
    (cuts,) = journal.supplies()
    assert len(cuts.days) == supplies.DAYS
    assert cuts.days[right.astimezone(CHINA).date()] == 1


@pytest.mark.parametrize(("name", "amount"), [("Paper of 张三", 1), ("cuts", -1)])
def test_a_supply_is_a_word_and_nothing_is_given_back(journal: Journal, name: str, amount: int) -> None:
    with pytest.raises(JournalError, match=r"word|nothing"):
        journal.note_used(name, amount)
    assert journal.supplies() == ()


@pytest.mark.parametrize("level", [-1, 101])
def test_a_level_that_is_none_is_refused(journal: Journal, level: int) -> None:
    with pytest.raises(JournalError, match="0 to 100"):
        journal.note_level("toner", level)


def test_a_rescue_carries_proofs_and_supplies_on(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "data"
    with_proofs = Journal.open(folder, KEY, clock=clock, durable=False)
    for number in range(3):
        with_proofs.note_proof(proof(values=(str(number),)))
    with_proofs.note_used("cuts", 0)
    with_proofs.note_used("receipt_mm", 300)
    with_proofs.renew_supply("receipt_mm")
    with_proofs.note_level("toner", 8)
    told, used = with_proofs.proofs_of("receipt_printer"), with_proofs.supplies()
    roots = with_proofs._read(lambda c: dict(c.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0")))
    with_proofs.close()
    with (folder / FILE).open("r+b") as file:
        file.seek((roots["sending"] - 1) * PAGE + 100)
        file.write(b"\xff" * 64)
    for closing in folder.glob("journal.closed"):
        closing.unlink()
    again = Journal.open(folder, KEY, clock=clock, durable=False)
    try:
        assert rows(again, "journal.rescued")
        assert again.proofs_of("receipt_printer") == told
        assert again.supplies() == used
    finally:
        again.close()
