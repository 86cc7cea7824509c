"""The console put together: accounts, lists, files and deeds on one backend's store."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.backend.blobs import Blobs
from kiosk.backend.console.accounts import Accounts
from kiosk.backend.console.acting import Acting
from kiosk.backend.console.casefile import CaseFiles
from kiosk.backend.console.lists import Lists
from kiosk.backend.console.passwords import Passwords
from kiosk.backend.desks import DESKS
from kiosk.backend.keys import BackendKeys
from kiosk.backend.late import Late
from kiosk.backend.lives import Lives
from kiosk.backend.oidc.config import SignInRules
from kiosk.backend.replaying import Replays
from kiosk.backend.store import lives as life_store
from kiosk.backend.store.engine import Store
from kiosk.backend.web import tokens
from kiosk.backend.web.words import words_of

if TYPE_CHECKING:
    from kiosk.backend.oidc.flow import Flow
    from kiosk.sync.transport import Transport


class Console:
    """One for a backend. Thread-safe."""

    def __init__(
        self, rows: Store, blobs: Blobs, keys: BackendKeys, lives: Lives, late: Late, replays: Replays,
        now: Callable[[], datetime], passwords: Passwords | None = None, rules: SignInRules | None = None,
        clock: Callable[[], float] = time.monotonic, connect: Callable[[str], Transport] | None = None,
    ) -> None:  # fmt: skip
        """``connect``: another way to reach the issuer, for tests."""
        self.rows, self.lives, self.rules = rows, lives, rules or SignInRules()
        self.accounts = Accounts(rows, keys, now, passwords, self.rules)
        self._oidc = (tokens.key_from(keys.epochs[0].sealing_private), now, clock, connect)
        self.lists = Lists(rows, lives, self.accounts, now)
        self.files = CaseFiles(rows, blobs, lives, replays, keys)
        self.acting = Acting(rows, lives, late, keys, now, {desk: WORDS[f"desk.{desk}"] for desk in DESKS})

    @cached_property
    def flow(self) -> Flow | None:
        """The way to the issuer, imported when somebody takes it; None where none is configured."""
        if self.rules.oidc is None:
            return None
        from kiosk.backend.oidc.flow import Flow

        return Flow(self.rules.oidc, self.rows, *self._oidc)

    def case_of_number(self, number: str) -> str:
        """The id of the case that has this number; "" for none."""
        digits = "".join(each for each in number if each.isascii() and each.isalnum())
        return self.rows.read(lambda connection: life_store.of_number(connection, digits)) if digits else ""


WORDS = words_of(Path(__file__).parent)
