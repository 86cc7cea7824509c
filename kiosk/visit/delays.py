"""The documented table of delays (delays.toml), loaded once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.visit.states import State

TABLE = Path(__file__).with_name("delays.toml")


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds. ``quiet`` by state; a state that is absent never times out."""

    quiet: Mapping[State, float]
    grace: float
    farewell: float
    card_missing: float
    face: float
    liveness: float
    page: float
    helper: float
    out_of_service: float
    clock: float
    power_warning: float
    power_off: float

    @classmethod
    def load(cls, path: Path = TABLE) -> Delays:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        other = table["other"]
        return cls(
            quiet={State(name): float(seconds) for name, seconds in table["quiet"].items()},
            grace=float(table["grace"]),
            farewell=float(other["farewell"]),
            card_missing=float(other["card_missing"]),
            face=float(other["face"]),
            liveness=float(other["liveness"]),
            page=float(other["page"]),
            helper=float(other["helper"]),
            out_of_service=float(other["out_of_service"]),
            clock=float(other["clock"]),
            power_warning=float(other["power_warning"]),
            power_off=float(other["power_off"]),
        )
