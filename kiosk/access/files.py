"""The files of staff that a profile names, read when the terminal starts: it does not start with one that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kiosk.access import cards, secret

T = TypeVar("T")


def staff_cards(file: Path | None) -> cards.Cards:
    """The list of staff cards; empty where the profile names none. Raises ValueError that says what to do."""
    return _read("staff_cards_file", file, cards.read_cards, cards.CURE) or {}


def entry_secret(file: Path | None) -> bytes | None:
    """The installer's secret; None where the profile names none. Raises ValueError, which never quotes it."""
    return _read("entry_secret_file", file, secret.read_file, secret.CURE)


def _read(key: str, file: Path | None, read: Callable[[Path], T], cure: str) -> T | None:
    if file is None:
        return None
    try:
        return read(file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"access.{key}: {file}: {why}. {cure}") from None
