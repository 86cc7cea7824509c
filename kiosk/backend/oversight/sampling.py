"""Which cases of a day are looked at once more: drawn so that anybody can draw them again, and nobody could foresee it.

The seed of a day is made from a key of the backend's; its hash is published beforehand (`commitment`), the seed itself
with the draw. Each case has a ticket, SHA-256 of seed, day and case; in each stratum (a terminal) the lowest tickets
are drawn. So whoever makes a case cannot know whether it will be drawn, whoever draws cannot choose, and whoever has
the day's list, the seed and this page gets the same cases. Tickets by hash: R. L. Rivest, Consistent Sampling with
Replacement (2018), as in risk-limiting audits; permanent random numbers within strata: E. Ohlsson (1995). Who holds the
backend's key can reckon seeds ahead: keep it from whoever works on cases.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

USE = b"kiosk-sampling-v1"


@dataclass(frozen=True, slots=True)
class Design:
    """Of each stratum ``share`` of its cases, rounded up, ``least`` at least and ``most`` at most."""

    share: float = 0.05
    least: int = 1
    most: int = 5

    def size(self, cases: int) -> int:
        return min(cases, max(self.least, min(self.most, math.ceil(self.share * cases))))


@dataclass(frozen=True, slots=True)
class Drawn:
    """``number``: place within its stratum's draw, from 1 on, of ``of`` cases there."""

    case_id: str
    stratum: str
    ticket: str
    number: int
    of: int


def seed_of(secret: bytes, day: str) -> str:
    """``day``: YYYY-MM-DD. Hexadecimal. ``secret``: any private key of the backend's that does not change."""
    return hmac.digest(hmac.digest(secret, USE, "sha256"), day.encode("ascii"), "sha256").hex()


def commitment(seed: str) -> str:
    """What is published before the day."""
    return hashlib.sha256(f"kiosk-seed-v1\n{seed}".encode("ascii")).hexdigest()


def ticket(seed: str, day: str, case_id: str) -> str:
    return hashlib.sha256(f"kiosk-ticket-v1\n{seed}\n{day}\n{case_id}".encode("ascii")).hexdigest()


def draw(seed: str, day: str, cases: Iterable[tuple[str, str]], design: Design = Design()) -> list[Drawn]:
    """``cases``: (id, stratum) of the day's cases, in any order. By stratum, then in the order of tickets."""
    strata: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for case_id, stratum in sorted(set(cases)):
        strata[stratum].append((ticket(seed, day, case_id), case_id))
    made = []
    for stratum, tickets in sorted(strata.items()):
        for number, (drawn, case_id) in enumerate(sorted(tickets)[: design.size(len(tickets))], 1):
            made.append(Drawn(case_id, stratum, drawn, number, len(tickets)))
    return made


def population(cases: Iterable[tuple[str, str]]) -> str:
    """The hash of a day's list, which is kept with the draw: the list was this one, and no other."""
    lines = "".join(f"{case_id}\t{stratum}\n" for case_id, stratum in sorted(set(cases)))
    return hashlib.sha256(lines.encode("ascii")).hexdigest()


def share_between(found: int, looked_at: int, z: float = 1.96) -> tuple[float, float]:
    """Between what the share of such cases lies, 95 of 100 (E. B. Wilson 1927)."""
    if not looked_at:
        return 0.0, 1.0
    p, n = found / looked_at, looked_at
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


Cases = Sequence[tuple[str, str]]
