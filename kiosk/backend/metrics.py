"""Counters in Prometheus text form (version 0.0.4)."""

from __future__ import annotations

import threading
from collections.abc import Mapping

_HELP = {
    "kiosk_requests_total": "Requests by route and status.",
    "kiosk_pages_total": "Pages of the console and for citizens, by route and status.",
    "kiosk_items_total": "Pushed items by what became of them.",
    "kiosk_checkpoints_total": "Ends of terminals' audit logs by what became of them.",
    "kiosk_refusals_total": "Refused requests by code.",
    "kiosk_cases": "Cases in the store; no tests.",
    "kiosk_test_cases": "Cases that only tried a terminal out.",
    "kiosk_case_conflicts": "Cases whose number was taken already; no tests.",
    "kiosk_test_case_conflicts": "Of the cases that only tried a terminal out, those whose number was taken already.",
    "kiosk_ratings": "Ratings in the store.",
    "kiosk_terminals": "Enrolled terminals.",
    "kiosk_alarms": "Alarms raised since the store was made.",
    "kiosk_materials": "Sealed materials in the store.",
    "kiosk_lives": "Cases by how they stand.",
    "kiosk_lives_overdue": "Cases whose last day is over.",
    "kiosk_lives_waiting": "Cases whose life was not begun yet.",
    "kiosk_deeds_waiting": "Withdrawals, supplements and deliveries that were not answered yet.",
    "kiosk_rating_tasks": "Tasks of bad ratings by how far they are.",
    "kiosk_rating_tasks_overdue": "Tasks of bad ratings whose last day is over.",
    "kiosk_after_checks": "Approvals by commitment that are still to be checked.",
    "kiosk_connector_waiting": "Letters to a department that wait.",
    "kiosk_connector_dead": "Letters to a department that a person has to put right.",
    "kiosk_connector_lag_seconds": "How long the oldest open letter to a department waits.",
    "kiosk_connector_aside": "Results of a department that a person has to look at.",
    "kiosk_connector_failures": "Failures of a department's line since it last went.",
    "kiosk_person_questions_total": "Questions for the cases of one person, by what became of them.",
    "kiosk_register_questions_total": "Questions to departments' registers, by what became of them.",
    "kiosk_replays_equal": "Cases whose decision was made again and came out the same.",
    "kiosk_replays_differing": "Cases whose decision came out otherwise when it was made again.",
    "kiosk_replays_impossible": "Cases whose decision could not be made again.",
    "kiosk_replays_waiting": "Cases whose decision was not made again yet.",
}


class Metrics:
    """Thread-safe counters; a label set is a tuple of (name, value) pairs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + by

    def text(self, gauges: Mapping[str, int]) -> str:
        with self._lock:
            counters = sorted(self._counts.items())
        lines: list[str] = []
        described = ""
        for (name, labels), value in counters:
            if name != described:
                lines += [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} counter"]
                described = name
            shown = ",".join(f'{label}="{text}"' for label, text in labels)
            lines.append(f"{name}{{{shown}}} {value}")
        for name, value in gauges.items():  # those of one name stand together, each with its label
            base = name.partition("{")[0]
            if base != described:
                lines += [f"# HELP {base} {_HELP[base]}", f"# TYPE {base} gauge"]
                described = base
            lines.append(f"{name} {value}")
        return "\n".join(lines) + "\n"
