"""A request is good once: its nonce is a row, spent in the very transaction that does what the request asks for.

Where a request writes, that saves it a commit of its own, which is half of what an upload waits for; where it writes
nothing, the nonce is spent alone. Whatever a replay sets about is undone with its transaction: two that come at the
same moment meet in the nonce's unique key. No request is answered before its nonce is spent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kiosk.backend.problems import Refusal
from kiosk.backend.store import terminals
from kiosk.backend.store.engine import Connection


@dataclass(slots=True)
class Once:
    """The nonce of a request whose signature was checked. ``spent``: on the disk; whoever commits it says so."""

    terminal_id: str
    nonce: str
    now: datetime
    expires: datetime
    sweeps: bool  # it is this one's turn to clear away those that have run out
    spent: bool = False

    def spend(self, connection: Connection) -> None:
        """First in the transaction. Raises Refusal where the terminal has used the nonce before."""
        if not terminals.spend_nonce(connection, self.terminal_id, self.nonce, self.expires):
            raise Refusal("replayed")
        if self.sweeps:
            terminals.sweep_nonces(connection, self.now)
