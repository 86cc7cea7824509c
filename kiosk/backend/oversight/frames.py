"""Rows of facts as the columns that detectors look at, and back from places to cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from kiosk.backend.oversight.frame import DAY, Frame

CHINA_AHEAD = timedelta(hours=8).total_seconds()
LONGEST = float(DAY)  # seconds of a visit: who says that it began in another age reaches no further back
START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, repr=False)
class Loaded:
    """``cases``: the id of each number in ``frame.case``; ``terminals``, ``items``, ``reasons``: names by number;
    ``areas``: of each terminal."""

    frame: Frame
    cases: Sequence[str]
    terminals: Sequence[str]
    areas: Sequence[str]
    items: Sequence[str]
    reasons: Sequence[str]


class _Numbers(dict[str, int]):
    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


def load(rows: Sequence[Any]) -> Loaded:
    """``rows``: of store.oversight_facts.visits. Of the cases of one form the first alone: it was one visit."""
    terminals, items, reasons = _Numbers(), _Numbers(), _Numbers()
    areas: dict[str, str] = {}
    kept: list[tuple[Any, ...]] = []
    cases: list[str] = []
    seen: set[str] = set()
    for row in rows:
        if row.bundle:
            if row.bundle in seen:
                continue
            seen.add(row.bundle)
        areas.setdefault(row.terminal_id, row.area_code)
        commit, seconds = local(row.committed_at), min(row.seconds, LONGEST)
        level = row.level or 0
        kept.append(
            (
                len(cases), terminals[row.terminal_id], items[row.service_id], commit - seconds, commit,
                local(row.received_at), row.typed, _number(row.answers), _number(row.person), row.carded, row.helped,
                bool(row.staff_card), level, reasons[f"{level} {row.reasons}"] if level else 0,
                row.delay if level else float("nan"),
            )
        )  # fmt: skip
        cases.append(row.case_id)
    columns = list(zip(*kept, strict=True)) if kept else [()] * 15
    kinds = (np.int64, np.int64, np.int64, np.float64, np.float64, np.float64, np.int64, np.int64, np.int64, np.bool_,
             np.bool_, np.bool_, np.int64, np.int64, np.float64)  # fmt: skip
    frame = Frame(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))
    return Loaded(
        frame.ordered(), cases, list(terminals), [areas[each] for each in terminals], list(items), list(reasons)
    )


def local(text: str) -> float:
    """An ISO 8601 time as seconds of Beijing's clock."""
    return (datetime.fromisoformat(text) - START).total_seconds() + CHINA_AHEAD


def moment(seconds: float) -> datetime:
    """And back, in UTC."""
    return START + timedelta(seconds=seconds - CHINA_AHEAD)


def _number(fingerprint: str) -> int:
    return int(fingerprint, 16) >> 1 if fingerprint else 0
