"""What a profile says of staff, made when the terminal starts: it does not with a file of theirs that is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.access.entry import Entry
from kiosk.access.files import entry_secret, staff_cards
from kiosk.access.secret import EntrySecret
from kiosk.access.staff_code import CURE, StaffCodes, read_staff
from kiosk.domain.beijing import beijing_now
from kiosk.profile import ProfileError

if TYPE_CHECKING:
    from kiosk.journal.journal import Journal
    from kiosk.profile import Profile


def entry_of(profile: Profile, journal: Journal, terminal: Callable[[], str]) -> tuple[Entry, EntrySecret]:
    """Who is let into maintenance, and the secret that the backend is told. ``terminal``: its id, asked for when a
    number is shown. Raises ProfileError.
    """
    try:
        installed, cards = entry_secret(profile.entry_secret_file), staff_cards(profile.staff_cards_file)
    except ValueError as error:
        raise ProfileError(str(error)) from error
    secret = EntrySecret(journal, installed)
    return Entry(
        journal, secret, terminal=terminal, now=beijing_now, monotonic=time.monotonic, cards=cards
    ), secret  # fmt: skip


def staff_codes_of(profile: Profile, journal: Journal) -> StaffCodes | None:
    """Codes by which staff vouch for a citizen; None where the profile names no secret. Raises ProfileError."""
    file = profile.staff_secret_file
    if file is None:
        return None
    try:
        staff = read_staff(file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ProfileError(f"access.staff_secret_file: {file}: {why}. {CURE}") from error
    return StaffCodes(staff, journal, wall=time.time, monotonic=time.monotonic)
