"""The bench of the pages measures what there is: cases like real ones, that open like real ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.backend.console import bench
from kiosk.backend.console.bench_curve import Measured, Spent, chart_of, write
from kiosk.backend.console.bench_sealing import ManySealings
from kiosk.journal.errors import JournalError
from kiosk.journal.sealing import new_sealing_pair, unseal


def test_many_sealings_are_opened_as_one_is() -> None:
    private, public = new_sealing_pair()
    many = ManySealings(public)
    for number in range(3):
        sealed = many.seal(b"words %d" % number, b"place %d" % number)
        assert unseal(sealed, private, b"place %d" % number) == b"words %d" % number
        with pytest.raises(JournalError):
            unseal(sealed, private, b"another place")


def test_sizes_are_powers_of_ten_and_the_wanted_one() -> None:
    assert bench.sizes_to(1_000_000) == [1000, 10_000, 100_000, 1_000_000]
    assert bench.sizes_to(20_000) == [1000, 10_000, 20_000]
    assert bench.sizes_to(500) == [500]


def test_all_sizes_stand_in_one_file_with_what_is_over_the_limit(tmp_path: Path) -> None:
    few = {"a list": Spent(20.0, 10.0, 8.0), "a <case>": Spent(30.0, 12.0, 9.0)}
    many = {"a list": Spent(310.0, 11.0, 8.0), "a <case>": Spent(31.0, 12.0, 9.0)}
    taken = {1000: Measured(few, 1.0, 0.5, 0.1), 10_000: Measured(many, 2.0, 5.0, 1.0)}
    assert [each.values for each in chart_of("SQLite", taken, 300.0).series[:1]] == [(30.0, 310.0)]
    text = write(tmp_path, "SQLite", taken, 300.0).read_text(encoding="utf-8")
    assert '<td class="over">310 (11; 8)</td>' in text
    assert "a &lt;case&gt;" in text
    assert "<svg" in text


@pytest.mark.skipif(not os.environ.get("KIOSK_PEER_PAGES"), reason="KIOSK_PEER_PAGES asks for every page, many times")
@pytest.mark.timeout(300)
def test_every_page_answers_with_a_few_thousand_cases(tmp_path: Path) -> None:
    rows = bench.measure(2000, 2, tmp_path)
    assert len([row for row in rows if row.limit is not None]) >= 40
    assert (tmp_path / "console-sqlite-2000.html").exists()
