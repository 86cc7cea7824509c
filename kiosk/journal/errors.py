"""What can go wrong with the journal, with what it means and what to do."""

from __future__ import annotations

import errno

ONLY_A_RESTART_TELLS = frozenset({"journal-uncertain", "journal-stopped"})
"""Codes after which nobody knows what is on the disk: whoever gets one lets it end the process."""


class JournalError(Exception):
    """An expected failure. ``code`` is stable, ``advice`` is for the person who looks after the terminal.

    Nothing of the failed call was written, except after ``journal-uncertain``: then the disk may hold it or not,
    and only opening the journal anew tells.
    """

    def __init__(self, code: str, message: str, *, advice: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice
        self.retryable = retryable


class JournalDamaged(JournalError):
    """The file cannot be trusted. It was left as it was found: its bytes may still hold cases that nobody else has."""


def of_disk(error: OSError) -> JournalError:
    """The system's error about the journal's folder as ours: ``journal-full`` or ``journal-unwritable``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JournalError(
            "journal-full", "there is no room left on the disk", advice="Free space on the journal's disk."
        )
    return JournalError(
        "journal-unwritable",
        f"the journal's folder cannot be written: {error.strerror}",
        advice="Look whether the disk is mounted read-only (then check it for errors) and whether the folder belongs "
        "to the terminal's user.",
    )


class NumbersExhausted(JournalError):
    """No reserved number of this kind is left; the next contact with the backend brings a new block."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            "numbers-exhausted",
            f"no reserved number of kind {kind!r} is left",
            advice="Let the terminal reach its backend: it reserves new numbers by itself.",
            retryable=True,
        )
        self.kind = kind


class EventRefused(JournalError):
    """The audit row is not one of the catalogue's: unknown event, key that is not listed, or a value out of form."""

    def __init__(self, message: str) -> None:
        super().__init__("event-refused", message, advice="Add the event or the key to kiosk/journal/events.toml.")
