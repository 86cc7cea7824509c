"""The machine: room on the disk and how it goes, what restarts too often, heat."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from kiosk.health.machine import low
from kiosk.health.night_checks.sources import Sources
from kiosk.health.proofs import Outcome, Proof

MB = 1 << 20
TREND = "night.disk"  # MB free of the last nights, the newest last
NIGHTS, ENOUGH_NIGHTS, AHEAD = 14, 5, 7  # kept; for a trend; days that are looked ahead
HOT = 85.0  # °C: processors of such terminals slow down from 95 on
THERMAL = Path("/sys/class/thermal")


def disk(sources: Sources) -> list[Proof]:
    """Whether visits can begin, and for how many days more. The trend is a median of slopes: one night is noise."""
    try:
        free = sources.free()
    except OSError:
        return [sources.unsure("disk", "room", "disk-silent")]
    outcome, code, values = room_now(free, sources.least_free)
    free, least = free // MB, sources.least_free // MB
    nights = [*_nights(sources), free][-NIGHTS:]
    sources.meta.set_meta(TREND, json.dumps(nights))
    lost = -_slope(nights)
    if outcome == "passed" and lost > 0 and free - AHEAD * lost < least:
        return [sources.bad("disk", "room", "disk-fills", str(free), f"{(free - least) / lost:.0f}")]
    return [sources.proof("disk", "room", outcome, code, *values)]


def room_now(free: int, least: int) -> tuple[Outcome, str, tuple[str, ...]]:
    """Of so many bytes free, ``least`` being those without which no visit begins."""
    told = str(free // MB), str(least // MB)
    if free < least:
        return "failed", "disk-full", told
    if free < low(least):
        return "failed", "disk-low", told
    return "passed", "disk-room", told[:1]


def _nights(sources: Sources) -> list[int]:
    try:
        known = json.loads(sources.meta.meta(TREND) or "[]")
    except ValueError:
        return []
    return [each for each in known if isinstance(each, int)] if isinstance(known, list) else []


def _slope(nights: list[int]) -> float:
    """MB a night (Theil-Sen); 0 for too few."""
    if len(nights) < ENOUGH_NIGHTS:
        return 0.0
    return median((b - a) / (j - i) for i, a in enumerate(nights) for j, b in enumerate(nights) if j > i)


def actors(sources: Sources) -> list[Proof]:
    """Whoever was begun anew too often, the worst first."""
    found = sources.restless()
    if not found:
        return [sources.good("actors", "restarts", "actors-calm")]
    told = ", ".join(f"{name} ({times}x)" for name, times in found)
    return [sources.bad("actors", "restarts", "actor-restless", told[:64])]


def heat(sources: Sources) -> list[Proof]:
    """Nothing where the machine has no sensor."""
    degrees = sources.temperature()
    if degrees is None:
        return []
    if degrees >= HOT:
        return [sources.bad("power", "heat", "hot", f"{degrees:.0f}")]
    return [sources.good("power", "heat", "cool", f"{degrees:.0f}")]


def machine_temperature(folder: Path = THERMAL) -> float | None:
    """The hottest place that this machine measures, °C; None where it measures none."""
    found = []
    for file in folder.glob("thermal_zone*/temp"):
        try:
            found.append(int(file.read_text("ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return max(found, default=None)
