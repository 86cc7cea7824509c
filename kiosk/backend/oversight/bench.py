"""``kiosk bench detection``: precision and recall on whole years whose seeds were not used while tuning."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.backend.oversight.detecting import detect
from kiosk.backend.oversight.judging import LEAST, TEST_SEEDS, Judged, Tally, judge
from kiosk.backend.oversight.planting import year
from kiosk.backend.oversight.rates import Rate, Rates
from kiosk.backend.oversight.simulating import YEAR
from kiosk.bench.rows import Row


def measure() -> list[Row]:
    rows, whole = [], Judged()
    for seed, judged in measured():
        whole.add(judged)
        rows += _rows(f"seed {seed}", judged)
    for kind, tally in whole.kinds.items():
        words = f"precision {tally.precision:.3f}, recall {tally.recall:.3f}"
        rows.append(Row(f"{kind}: findings wrong", None, 1 - tally.precision, None, None, "share", words))
    return rows


def measured() -> Iterator[tuple[int, Judged]]:
    """Each test seed's whole year, judged."""
    for seed in TEST_SEEDS:
        made = year(seed, YEAR)
        yield seed, judge(made, detect(made.frame))


def rates_of(judged: Judged, at: str) -> Rates:
    """What stands beside suspicions: ``data/rates.json`` is this of all test seeds together, encoded by msgspec."""
    kinds = {kind: _rate(tally) for kind, tally in judged.kinds.items()}
    return Rates(at, list(TEST_SEEDS), _rate(judged.all), kinds)


def _rate(tally: Tally) -> Rate:
    return Rate(round(1 - tally.precision, 4), round(1 - tally.recall, 4), tally.findings, tally.episodes)


def _rows(name: str, judged: Judged) -> list[Row]:
    """Shares of errors, because less is better in a bench: 1 - precision and 1 - recall, 0.1 at most."""
    tally, most = judged.all, 1 - LEAST
    by_visit = f"of visits: precision {tally.visit_precision:.3f}, recall {tally.visit_recall:.3f}"
    return [
        Row(f"{name}: findings wrong", None, 1 - tally.precision, None, most, "share",
            f"precision {tally.precision:.3f} ({tally.right} of {tally.findings}); {by_visit}"),
        Row(f"{name}: episodes missed", None, 1 - tally.recall, None, most, "share",
            f"recall {tally.recall:.3f} ({tally.found} of {tally.episodes})"),
    ]  # fmt: skip
