"""The operator's side of the entry of maintenance: terminals' secrets kept sealed, codes made, and who made them.

A secret lies as it came, sealed to the backend's own key: whoever has the database has no codes. A code is returned
only after it stands in `entry_codes` who has had it made, for which terminal, page, role and member of staff.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from kiosk import suites, wire
from kiosk.access.challenge import Shown, code_for
from kiosk.access.roles import Role
from kiosk.access.secret import read_file
from kiosk.access.staff_code import NUMBER
from kiosk.backend import log
from kiosk.backend.console.sealing import Sealing
from kiosk.backend.keys import BackendKeys, Epoch
from kiosk.backend.problems import Refusal
from kiosk.backend.settings import BackendError
from kiosk.backend.store import entry as store
from kiosk.backend.store import terminals
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.terminals import Terminal
from kiosk.domain.beijing import CHINA

__all__ = ["Asked", "EntryCodes", "Issued", "asked", "read_file"]

UNLOCK = "unlock"
ROLES = (*(role.value for role in Role), UNLOCK)
SHOWN = 20  # codes of one terminal that are listed
_CHALLENGE = re.compile(r"[0-9]{6}", re.ASCII)
_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is read out at the terminal, and who is to be let in. ``role`` None: what is closed is to be opened."""

    shown: Shown
    role: Role | None
    staff: str

    @property
    def deed(self) -> str:
        return UNLOCK if self.role is None else self.role.value


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """``hours_off``: how far the hour on the page is from ours; a terminal's clock may be wrong, or somebody lies."""

    code: str
    hours_off: int

    @property
    def spoken(self) -> str:
        """In groups of four, as it is read out."""
        return " ".join(self.code[at : at + 4] for at in range(0, len(self.code), 4))


def asked(terminal_id: str, hour: str, challenge: str, role: str, staff: str) -> Asked:
    """Raises BackendError ``bad-terminal``, ``bad-hour``, ``bad-challenge``, ``bad-role``, ``bad-number``."""
    digits, moment = "".join(challenge.split()), " ".join(hour.split())
    if not wire.ID.fullmatch(terminal_id):
        raise BackendError("bad-terminal", "say which terminal, as its page shows it: --terminal ID")
    if _moment(moment) is None:
        raise BackendError("bad-hour", 'say the hour as the page shows it: --hour "2026-11-27 14"')
    if not _CHALLENGE.fullmatch(digits):
        raise BackendError("bad-challenge", "say the six digits that the page shows: --challenge 123456")
    if role not in ROLES:
        raise BackendError("bad-role", f"say --role {', '.join(ROLES)} (unlock: opens what is closed)")
    if not NUMBER.fullmatch(staff):
        raise BackendError("bad-number", "say the number of the member of staff: --staff, 2 to 6 digits")
    return Asked(Shown(terminal_id, moment, digits), None if role == UNLOCK else Role(role), staff)


class EntryCodes:
    """Thread-safe: every call is its own transaction."""

    def __init__(self, rows: Store, keys: BackendKeys, now: Callable[[], datetime]) -> None:
        self._store, self._keys, self._now = rows, keys, now
        self._sealing = Sealing(keys)

    def take(self, terminal: Terminal, told: wire.EntrySecretTold) -> wire.EntrySecretKept:
        """A terminal's secret, told by itself. Idempotent. Raises Refusal ``not-sealed``."""
        try:
            row = self._opened(terminal, wire.unb64(told.sealed))
        except ValueError:
            raise Refusal("not-sealed") from None

        def work(connection: Connection) -> bool:
            if not terminals.hold(connection, terminal.terminal_id):
                raise Refusal("terminal-revoked")
            known = store.secret(connection, terminal.terminal_id)
            if known is not None and self._same(terminal.terminal_id, known, row):
                return False
            store.keep(connection, terminal.terminal_id, row, self._now().isoformat())
            return True

        if self._store.write(work):
            log.event("entry.secret-kept", terminal=terminal.terminal_id)
        return wire.EntrySecretKept(terminal.terminal_id, row.sealing_key_id)

    def issue(self, what: Asked, *, by: str, by_id: str = "", secret: bytes | None = None) -> Issued:
        """The code, once it stands who has had it made. ``by``: their name, which lies sealed; ``by_id``: of their
        account. ``secret``: an installer's, for a terminal that was never on the line. Raises BackendError.
        """
        if not by.strip():
            raise BackendError("no-name", "say who issues it: --by NAME")
        terminal_id = what.shown.terminal
        terminal = self._store.read(lambda connection: terminals.find(connection, terminal_id))
        if terminal is None and secret is None:
            raise BackendError("no-such-terminal", "no terminal of this name is enrolled: check --terminal and --db")
        if terminal is not None and terminal.revoked:
            raise BackendError("terminal-revoked", "this terminal was withdrawn: nobody is let into it")
        code = code_for(secret or self._secret(terminal_id), what.shown, what.role, what.staff)
        row_id = secrets.token_hex(16)
        who, key_id = self._sealing.hide(by.strip().encode(), "entry-code", row_id)
        row = store.IssuedRow(
            row_id, self._now().isoformat(), by_id, who, key_id, terminal_id, what.shown.hour, what.shown.digits,
            what.deed, what.staff,
        )  # fmt: skip
        self._store.write(partial(store.note, row=row))
        log.event("entry.code-issued", terminal=terminal_id, role=what.deed)
        return Issued(code, self._hours_off(what.shown.hour))

    def issued(self, terminal_id: str) -> list[dict[str, str]]:
        """What was issued for a terminal, the newest first, with who did it; never a code. Raises BackendError."""
        found = self._store.read(lambda connection: store.issued(connection, terminal_id, SHOWN))
        return [
            {
                "at": row.at, "by": self._sealing.show(row.who, row.sealing_key_id, "entry-code", row.id).decode(),
                "terminal": row.terminal_id, "hour": row.hour, "role": row.role, "staff": row.staff,
            }
            for row in found
        ]  # fmt: skip

    def _hours_off(self, hour: str) -> int:
        moment, now = _moment(hour), self._now().astimezone(CHINA).replace(minute=0, second=0, microsecond=0)
        return 0 if moment is None else round((moment - now).total_seconds() / 3600)

    def _secret(self, terminal_id: str) -> bytes:
        row = self._store.read(lambda connection: store.secret(connection, terminal_id))
        if row is None:
            raise BackendError(
                "no-entry-secret",
                "this terminal has not told its secret yet: use a staff card, or --secret-file with the installer's",
            )
        epoch = next((each for each in self._keys.epochs if each.sealing_id == row.sealing_key_id), None)
        if epoch is None:
            raise BackendError("keys-missing", "bring back the key file under whose keys this secret was sealed")
        try:
            return _unsealed(row.sealed, epoch, terminal_id)
        except suites.NotOpened:
            raise BackendError("row-damaged", "a row was changed by hand: bring the database back") from None

    def _opened(self, terminal: Terminal, sealed: bytes) -> store.SecretRow:
        """Under which key it lies. Raises ValueError where under none of ours, or it is no secret."""
        for epoch in reversed(self._keys.of(terminal.suite)):
            try:
                plain = _unsealed(sealed, epoch, terminal.terminal_id)
            except suites.NotOpened:
                continue
            if wire.SHORTEST_ENTRY_SECRET <= len(plain) <= wire.LONGEST_ENTRY_SECRET:
                return store.SecretRow(sealed, epoch.sealing_id)
            break
        raise ValueError("not sealed to this backend")

    def _same(self, terminal_id: str, known: store.SecretRow, new: store.SecretRow) -> bool:
        if known.sealing_key_id != new.sealing_key_id:
            return False
        epoch = next(each for each in self._keys.epochs if each.sealing_id == new.sealing_key_id)
        try:
            plain = [_unsealed(row.sealed, epoch, terminal_id) for row in (known, new)]
        except suites.NotOpened:
            return False
        return secrets.compare_digest(plain[0], plain[1])


def _unsealed(sealed: bytes, epoch: Epoch, terminal_id: str) -> bytes:
    suite = suites.of_key(epoch.sealing_private)
    return suite.unseal(sealed, epoch.sealing_private, wire.entry_secret_info(terminal_id))


def _moment(hour: str) -> datetime | None:
    if not _HOUR.fullmatch(hour):
        return None
    try:
        return datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=CHINA)
    except ValueError:
        return None
