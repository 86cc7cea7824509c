"""What a department's register has answered about the person at the terminal, as the visit sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANSWER = "register.answer"  # the field of a case that says what kind of answer it was, FOUND or NONE ...
PROOF = "register.proof"  # ... and the backend's word that this answer was given: time and signature
FOUND, NONE = "found", "none"
SILENT = ("unreachable", "slow", "busy", "refused", "garbled", "too-large", "other-person", "not-connected")
"""Why a register has given no answer. ``not-connected``: the backend knows none of the name."""


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """``values``: fields of the envelope, by key, with the kind of the answer (ANSWER) among them.

    That there is no record is an answer of its own kind. ``proof``: the backend's word for it.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Silent:
    """There is no answer, and nobody knows whether there is a record. ``cause``: one of SILENT, or
    a word of the sync's where the backend itself was not reached."""

    cause: str
