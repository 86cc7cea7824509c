"""Proofs into the journal, where it takes them: a full disk loses a proof, and says so, but ends no repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.journal.errors import JournalError

if TYPE_CHECKING:
    from kiosk.health.proofs import Proof
    from kiosk.journal.journal import Journal

FULL = frozenset({"journal-full", "journal-unwritable", "journal-missing", "journal-busy"})
"""Codes of a journal that is whole and takes nothing now."""


def keep(journal: Journal, proof: Proof, renews: str = "") -> bool:
    """Whether it was kept; ``renews``: a supply that counts anew from now on. On a worker's thread."""
    try:
        journal.note_proof(proof)
        if renews:
            journal.renew_supply(renews)
    except JournalError as error:
        if error.code not in FULL:
            raise
        return False
    return True
