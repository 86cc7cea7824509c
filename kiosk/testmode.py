"""Test mode (测试): one switch. Whatever is made while it is on is marked, numbered apart and kept apart for good.

On by the profile (``terminal.test``), which then always holds, or turned at the terminal by an administrator: a file
in the data folder, on the disk before ``switch`` returns. It is read when a terminal starts, and the terminal begins
anew between two visits to take it up: no case is made half in one mode and half in the other.

A case is of a test by what it says itself (``CaseDraft.test``) and by its number (``kiosk.domain.codes.SERIALS``);
the backend takes none whose two words differ. So no test ever becomes a real case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.domain import codes
from kiosk.durable import put, sync_path
from kiosk.profile import Profile

if TYPE_CHECKING:
    from kiosk import wire

FILE = "test-mode"
SAYS = b"on\n"
NIGHT_KINDS: tuple[wire.BlockKind, ...] = ("tcase",)  # the nightly case has a number of a test whatever the mode is


def is_on(data: Path) -> bool:
    """Whether it was turned on at this terminal. Raises OSError where that cannot be told: a doubt is no answer."""
    try:
        (data / FILE).stat()
    except FileNotFoundError:
        return False
    return True


def switch(data: Path, *, on: bool) -> bool:
    """Turn it; whether that changed anything. It holds from the next start on. Raises OSError: nothing was turned."""
    if is_on(data) is on:
        return False
    if on:
        put(data / FILE, SAYS)
    else:
        (data / FILE).unlink()
        sync_path(data)
    return True


def applied(profile: Profile) -> Profile:
    """The profile as it holds now."""
    return profile if profile.test or not is_on(profile.data) else replace(profile, test=True)


def kinds(*, test: bool) -> tuple[wire.BlockKind, ...]:
    """The kinds of numbers to be reserved ahead: in test mode no real one is held for it."""
    return ("tcase", "tuscc") if test else ("case", "uscc", *NIGHT_KINDS)


def numbers_left(left: Callable[[str], int], *, test: bool) -> Callable[[str], int]:
    """``left`` (the journal's) by the kinds that packs name."""
    return lambda kind: left(codes.block_kind(kind, test=test))
