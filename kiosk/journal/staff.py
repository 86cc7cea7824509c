"""What `kiosk journal release|reject` does: a person decides about an item that was set aside. Audited, never undone.

The terminal must not run meanwhile: only one process writes the journal. Exit status: 0 done, 1 refused, 2 no journal.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from kiosk.journal.commands import journal_folder
from kiosk.journal.errors import JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key

ACTIONS = ("release", "reject")


def settle(
    data: Path, action: str, item_id: str, reason: str, *, as_json: bool = False, out: TextIO | None = None
) -> int:
    """``release``: the item is sent once more as it is. ``reject``: it stays out for good; its bytes stay here."""
    out = out or sys.stdout
    try:
        folder = journal_folder(data)
    except JournalError as error:
        return _refused(error, 2, as_json, out)
    try:
        with Journal.open(folder, load_or_create_key(folder)) as journal:
            (journal.release if action == "release" else journal.reject)(item_id, reason)
    except JournalError as error:
        return _refused(error, 1, as_json, out)
    done = "is queued again" if action == "release" else "stays out for good"
    print(json.dumps({"ok": True, "id": item_id, "action": action}) if as_json else f"{item_id} {done}", file=out)
    return 0


def _refused(error: JournalError, status: int, as_json: bool, out: TextIO) -> int:
    if as_json:
        answer = {"ok": False, "error": {"code": error.code, "message": str(error), "advice": error.advice}}
        print(json.dumps(answer, ensure_ascii=False), file=out)
    else:
        print(f"{error.code}: {error}\n{error.advice}".rstrip(), file=sys.stderr)
    return status
