"""Findings (发现): what the night has seen that breaks, or will: code, how bad, and what is told to operators of it.

Words for staff are ``maint.proof.CODE``: what breaks, when, and what to do before. A finding is a proof of the night
that did not pass; it stands until the same test passes, or somebody has proven that device since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from kiosk.health.proofs import Proof

Severity = Literal["now", "soon", "look"]
"""``now``: it does not work; ``soon``: it will stop working; ``look``: nobody could tell."""

NIGHT = "night"  # Proof.by
MOST = 8  # that are told with the diagnostics, the worst first
SOON = frozenset({
    "paper-low", "paper-ends", "certificate-ends", "keys-end", "packs-end", "calendar-ends", "disk-low", "disk-fills",
    "actor-restless", "battery-weak", "queue-aside", "hot",
})  # fmt: skip
UNABLE = frozenset({"sound-nobody-hears", "sight-cannot"})
"""Said of a cabinet that cannot do this test by itself: nothing is wrong with it, and nobody is told night by night."""
_ORDER: Mapping[Severity, int] = {"now": 0, "soon": 1, "look": 2}


def severity(proof: Proof) -> Severity:
    """Of a proof that did not pass."""
    if proof.outcome == "unsure":
        return "look"
    return "soon" if proof.code in SOON else "now"


def is_new(proof: Proof, before: Proof | None) -> bool:
    """Whether it begins a spell: ``before`` is what was last proven of the same subject and test."""
    if proof.outcome == "passed" or proof.code in UNABLE:
        return False
    return before is None or (before.outcome, before.code) != (proof.outcome, proof.code)


def standing(latest: Iterable[Proof]) -> tuple[Proof, ...]:
    """The findings that hold, the worst first, then the newest. ``latest``: as Proofs.latest_proofs gives them."""
    proofs = tuple(latest)
    proven: dict[str, Proof] = {}
    for proof in proofs:  # the newest first
        if proof.outcome == "passed" and proof.by != NIGHT:
            proven.setdefault(proof.subject, proof)
    found = [each for each in proofs if each.by == NIGHT and each.outcome != "passed" and each.code not in UNABLE]
    held = [each for each in found if each.subject not in proven or proven[each.subject].at <= each.at]
    return tuple(sorted(held, key=lambda each: (_ORDER[severity(each)], -each.at.timestamp())))


def told(latest: Iterable[Proof]) -> dict[str, str]:
    """The same as rows of the diagnostics: ``night.1``: ``soon disk disk-low 300 256``. Nothing where all is well."""
    rows = standing(latest)[:MOST]
    return {
        f"night.{number}": " ".join((severity(each), each.subject, each.code, *each.values))
        for number, each in enumerate(rows, 1)
    }
