"""What the demo leaves behind: report.json beside the papers and pictures it names."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class BackendCounts:
    """Of the demo's own terminal, which is one that is tried out: its cases are tests at the backend. ``duplicates``:
    an id with other bytes, or a number taken twice. A resend after a lost answer is neither.
    """

    cases: int
    duplicates: int


def backend_counts(url: str) -> BackendCounts:
    """Read the backend's own counters, past the relay."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:  # noqa: S310 (our own loopback URL)
        lines = answer.read().decode().splitlines()
    values = {name: int(float(value)) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}
    duplicates = sum(
        value for name, value in values.items() if name.startswith("kiosk_items_total") and '"conflict"' in name
    )
    return BackendCounts(values["kiosk_test_cases"], duplicates + values["kiosk_test_case_conflicts"])


@dataclass
class Report:
    """report.json as the README describes it."""

    visits: Sequence[Any] = ()
    shots: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    journal: dict[str, int] = field(default_factory=dict)
    backend: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    reconnected: dict[str, Any] | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None and all(visit.ok for visit in self.visits)

    def write(self, folder: Path) -> None:
        table: dict[str, Any] = {
            "ok": self.ok,
            "visits": [asdict(visit) for visit in self.visits],
            "documents": self.documents,
            "shots": self.shots,
            "journal": self.journal,
            "backend": self.backend,
            "timings": self.timings,
        }
        if self.reconnected is not None:
            table["reconnected"] = self.reconnected
        if self.error is not None:
            table["error"] = self.error
        text = json.dumps(table, ensure_ascii=False, indent=2)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
