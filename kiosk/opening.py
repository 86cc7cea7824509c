"""The journal of a life that begins: opened, and the first words written into it: that it has begun, how the life
before ended, and that a changed profile was rolled back.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import kiosk
from kiosk.health.watchdog import forget_last_end, last_end
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.keys import FolderKeySource
from kiosk.keystore.store import source
from kiosk.trial import note_ended

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.profile import Profile
    from kiosk.trial import Standing


def open_journal(profile: Profile, file: Path | None, trial: Standing | None) -> Journal:
    """``file``: where the profile was read from; ``trial``: what was found of a change of it. Raises JournalError; then
    the words are said the next time.
    """
    folder, keys = profile.data / "journal", profile.keys
    journal = Journal.open(folder, FolderKeySource(folder, source(keys.source, keys.pcrs)).load())
    try:  # a disk that takes nothing may come out with the first word
        journal.audit("terminal.started", version=kiosk.__version__)
        for part in last_end(profile.data):
            journal.audit("terminal.frozen", part=part)
        if file is not None and trial is not None:
            note_ended(file, trial, journal)
    except JournalError:
        with contextlib.suppress(JournalError):
            journal.close()
        raise
    forget_last_end(profile.data)
    return journal
