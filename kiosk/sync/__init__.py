"""The terminal's side of the wire: identity, signed exchanges, the queue's way out, a timer-driven thread.

Never touches a UI thread, never deletes anything, never takes a plain 200 for an acknowledgement. What it may not lose
(back-off, cursor, block requests, enrolment) it keeps in the journal.
"""

from __future__ import annotations

from kiosk.sync.client import SyncClient
from kiosk.sync.identity import TerminalKey
from kiosk.sync.loop import SyncLoop
from kiosk.sync.payload import encode_case, encode_rating
from kiosk.sync.policy import Policy, SyncFailure
from kiosk.sync.report import CycleReport

__all__ = [
    "CycleReport", "Policy", "SyncClient", "SyncFailure", "SyncLoop", "TerminalKey", "encode_case", "encode_rating",
]  # fmt: skip
