"""Open tables tell no small number, and none that could be reckoned back."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest

from kiosk.backend.oversight.opening import HIDDEN, csv_of
from kiosk.backend.oversight.suppressing import LEAST, Safe, pinned, recoverable, suppress


def test_a_small_number_takes_others_with_it() -> None:
    safe = suppress(np.array([[20, 3, 30], [40, 50, 60], [8, 9, 70]]))
    assert safe.hidden[0, 1], "3 is small"
    assert safe.hidden[0].sum() >= 2, "its row's total would tell it"
    assert safe.hidden[:, 1].sum() >= 2, "so would its column's"
    assert not recoverable(safe).any()


def test_a_table_without_small_numbers_is_told_whole() -> None:
    assert not suppress(np.array([[20, 0], [40, 50]])).hidden.any()


def test_what_is_hidden_in_a_row_is_not_small_together() -> None:
    """1 and 2 in a row of which all else is told: their sum, 3, would be told by the total."""
    safe = suppress(np.array([[1, 2, 30, 40], [30, 40, 50, 60], [20, 20, 20, 20]]))
    for line, mask in [*zip(safe.counts, safe.hidden, strict=True), *zip(safe.counts.T, safe.hidden.T, strict=True)]:
        assert not mask.any() or line[mask].sum() >= LEAST


def test_somebody_who_has_the_totals_is_noticed() -> None:
    """A single hidden number follows from its row's total; the check that publishing relies on says so."""
    counts = suppress(np.array([[20, 30], [40, 50]])).counts
    alone = np.zeros_like(counts, dtype=np.bool_)
    alone[0, 0] = True
    assert recoverable(Safe(counts, alone))[0, 0]


@pytest.mark.parametrize("seed", range(12))
def test_no_table_lets_a_number_be_reckoned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inner = rng.poisson(rng.choice([0.7, 3, 20], (int(rng.integers(1, 9)), int(rng.integers(1, 7)))))
    safe = suppress(inner)
    shown = safe.counts[~safe.hidden]
    assert not ((shown > 0) & (shown < LEAST)).any()
    assert not recoverable(safe).any()


def test_small_tables_leave_more_than_one_possibility_for_each_hidden_number() -> None:
    """By trying all tables: whatever is hidden can be at least two numbers, with all that is told the same."""
    every = np.stack(np.meshgrid(*[np.arange(16)] * 4, indexing="ij"), axis=-1).reshape(-1, 2, 2)
    rows = np.concatenate([every, every.sum(axis=2, keepdims=True)], axis=2)
    every = np.concatenate([rows, rows.sum(axis=1, keepdims=True)], axis=1)
    for inner in (np.array([[2, 6], [7, 1]]), np.array([[1, 9], [8, 12]]), np.array([[4, 0], [6, 5]])):
        safe = suppress(inner)
        fits = every[(every == safe.counts)[:, ~safe.hidden].all(axis=1)]
        for row, column in np.argwhere(safe.hidden):
            assert len(set(fits[:, row, column].tolist())) > 1


def possible(safe: Safe) -> list[set[int]]:
    """What each hidden inner number can be, for whoever tries all tables with what is told, hidden numbers being 1 at
    least. In the order of their places.
    """
    inner, hidden = safe.counts[:-1, :-1], safe.hidden[:-1, :-1]
    tried = np.stack(np.meshgrid(*[np.arange(1, 14)] * int(hidden.sum()), indexing="ij"), axis=-1)
    tried = tried.reshape(-1, int(hidden.sum()))
    tables = np.repeat(inner[None], len(tried), axis=0)
    tables[:, hidden] = tried
    tables = np.concatenate([tables, tables.sum(axis=2, keepdims=True)], axis=2)
    tables = np.concatenate([tables, tables.sum(axis=1, keepdims=True)], axis=1)
    fits = ((tables == safe.counts) | safe.hidden).all(axis=(1, 2))
    return [set(tried[fits, each].tolist()) for each in range(tried.shape[1])]


def test_who_knows_that_hidden_numbers_are_one_at_least_cannot_reckon_them_either() -> None:
    """By trying all tables."""
    looked_at = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        inner = rng.choice([0, 1, 2, 4, 5, 6], (2, 3), p=[0.15, 0.25, 0.15, 0.15, 0.15, 0.15])
        safe = suppress(inner)
        if not 1 <= safe.hidden[:-1, :-1].sum() <= 4 or (safe.hidden & (safe.counts == 0)).any():
            continue
        assert all(len(each) > 1 for each in possible(safe)), seed
        looked_at += 1
    assert looked_at > 15


def test_the_table_that_told_its_small_numbers_does_so_no_more() -> None:
    """By the totals' equations alone each could move; but not all ones of two columns to less than 1 at once."""
    safe = suppress(np.array([[1, 5, 2, 20, 2], [1, 1, 19, 5, 8]]))
    assert not pinned(safe).any()
    assert not recoverable(safe).any()


def test_pinned_numbers_are_noticed() -> None:
    """4 and 1 in a row, 1 and 1 in a column: the first cannot be less than 4, nor more."""
    inner = np.array([[4, 1, 9], [9, 1, 9], [9, 9, 9]])
    counts = suppress(inner).counts
    hidden = np.zeros_like(counts, dtype=np.bool_)
    hidden[0, 0] = hidden[0, 1] = hidden[1, 1] = hidden[1, 0] = True
    assert not recoverable(Safe(counts, hidden)).any(), "the totals alone do not tell"
    assert pinned(Safe(counts, hidden))[:2, :2].all(), "but 1 + 1 = 2 does, and then all four are known"


def test_the_file_says_what_was_done_and_holds_no_formula() -> None:
    counts = {("330102001", "=cmd|' /C calc'!A0"): 3, ("330102001", "a"): 40, ("330102002", "a"): 50}
    counts |= {("330102002", "=cmd|' /C calc'!A0"): 60, ("330102003", "a"): 9}
    rows = [
        SimpleNamespace(area_code=f"{street}001", service_id=item)
        for (street, item), n in counts.items()
        for _ in range(n)
    ]
    text = csv_of("2026-05", rows, {"a": "高龄津贴"})
    assert text.startswith("\ufeff# 办件数")
    told = list(csv.reader(io.StringIO("".join(line for line in text.splitlines(True) if "# " not in line[:3]))))
    assert told[0] == ["街道 street", "'=cmd|' /C calc'!A0", "高龄津贴", "合计 total"]
    assert told[1][1] == HIDDEN
    assert told[1].count(HIDDEN) >= 2
    assert told[-1][0] == "合计 total"
