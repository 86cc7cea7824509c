"""The night's checks in their order: what only looks first, then what prints and films, then the case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from kiosk.health.chain import Chain
from kiosk.health.findings import NIGHT
from kiosk.health.loops import Loop
from kiosk.health.night_checks import devices, line, room, stock
from kiosk.health.night_checks.sources import Look, Sources
from kiosk.health.proofs import Proof

_QUIET: tuple[tuple[str, Callable[[Sources], Iterable[Proof]]], ...] = (
    ("clock", line.clock),
    ("queue", line.queue),
    ("certificate", line.certificate),
    ("keys", line.keys),
    ("packs", stock.packs),
    ("calendar", stock.calendar),
    ("supplies", stock.supplies),
    ("disk", room.disk),
    ("actors", room.actors),
    ("heat", room.heat),
    ("devices", devices.look),
)


def looks(sources: Sources, chain: Chain | None = None) -> Sequence[Look]:
    """``chain``: the synthetic case; None where there is none to be made."""
    found = [Look(name, partial(check, sources)) for name, check in _QUIET]
    found += [Look(f"{loop.subject}.{loop.test}", partial(_run, loop)) for loop in sources.loops]
    if chain is not None:
        found.append(Look("chain.case", partial(_run, chain)))
    return found


def _run(loop: Loop) -> tuple[Proof, ...]:
    return (replace(loop.run(), by=NIGHT),)
