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
        words = f"{tally.right} of {tally.findings} right; of visits {tally.visit_precision:.3f}"
        rows.append(Row(f"{kind}: findings wrong", None, 1 - tally.precision, None, None, "share", words))
        words = f"{tally.found} of {tally.episodes} found, {tally.own} by its own; of visits {tally.visit_recall:.3f}"
        rows.append(Row(f"{kind}: episodes missed", None, 1 - tally.recall, None, None, "share", words))
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
    return Rate(
        wrong=round(1 - tally.precision, 4), missed=round(1 - tally.recall, 4),
        own_missed=round(1 - tally.own_recall, 4), visits_wrong=round(1 - tally.visit_precision, 4),
        visits_missed=round(1 - tally.visit_recall, 4), findings=tally.findings, episodes=tally.episodes,
        flagged=tally.flagged, planted=tally.planted,
    )  # fmt: skip


def _rows(name: str, judged: Judged) -> list[Row]:
    """Shares of errors, because less is better in a bench: 1 - precision and 1 - recall, 0.1 at most."""
    tally, most = judged.all, 1 - LEAST
    return [
        Row(f"{name}: findings wrong", None, 1 - tally.precision, None, most, "share",
            f"precision {tally.precision:.3f} ({tally.right} of {tally.findings})"),
        Row(f"{name}: episodes missed", None, 1 - tally.recall, None, most, "share",
            f"recall {tally.recall:.3f} ({tally.found} of {tally.episodes})"),
        Row(f"{name}: visits wrong", None, 1 - tally.visit_precision, None, most, "share",
            f"precision {tally.visit_precision:.3f} ({tally.both} of {tally.flagged})"),
        Row(f"{name}: visits missed", None, 1 - tally.visit_recall, None, most, "share",
            f"recall {tally.visit_recall:.3f} ({tally.caught} of {tally.planted})"),
    ]  # fmt: skip
