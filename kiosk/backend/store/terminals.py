"""Terminals, their enrolment codes, and the nonces that were seen."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_, update

from kiosk import suites, wire
from kiosk.backend.store.tables import enrolment_codes, nonces, terminal_keys, terminals
from kiosk.backend.store.upsert import insert_new

# what every request asks: to build such a statement takes longer than to execute it
_FIND = select(terminals).where(terminals.c.terminal_id == bindparam("of"))
_HOLD = select(terminals.c.revoked_at).where(terminals.c.terminal_id == bindparam("of"))
_HOLD = _HOLD.with_for_update(key_share=True)  # NO KEY: references to it go on
_SPENT = select(nonces.c.expires_at).where(
    nonces.c.terminal_id == bindparam("of"), nonces.c.nonce == bindparam("nonce")
)
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that are mistaken for each other


@dataclass(frozen=True, slots=True)
class Terminal:
    terminal_id: str
    area_code: str
    public_key: str
    revoked: bool
    signing_id: str = ""  # of the backend's key that this request asks to be answered with

    @property
    def suite(self) -> str:
        """Of the terminal's key; empty for a text that is no key."""
        try:
            return suites.suite_name(wire.unb64(self.public_key))
        except ValueError:
            return ""


Enrolled = Terminal | Literal["code-refused", "code-used", "code-expired", "key-taken"]


def issue_code(connection: Connection, area_code: str, name: str, expires_at: datetime) -> str:
    """A new one-time code (60 bits), kept as a hash only."""
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    connection.execute(
        insert(enrolment_codes).values(
            code_hash=_hash(code), name=name, area_code=area_code, expires_at=int(expires_at.timestamp())
        )
    )
    return code


def code_known(connection: Connection, code: str) -> bool:
    """Whether there is such a code, used or not."""
    where = enrolment_codes.c.code_hash == _hash(code)
    return connection.execute(select(enrolment_codes.c.code_hash).where(where)).first() is not None


def enrol(connection: Connection, code: str, public_key: str, now: datetime) -> Enrolled:
    """The terminal of this code and key. The same pair again gets the same terminal, also after expiry.

    ``key-taken``: the key is a terminal's, or was once: whoever has kept it would be another terminal with it.
    """
    asked = select(enrolment_codes).where(enrolment_codes.c.code_hash == _hash(code)).with_for_update()
    row = connection.execute(asked).first()
    if row is None:
        return "code-refused"
    if row.terminal_id is not None:
        known = connection.execute(select(terminals).where(terminals.c.public_key == public_key)).first()
        used_by_this = known is not None and known.terminal_id == row.terminal_id
        return _terminal(known) if used_by_this else "code-used"
    if row.expires_at <= now.timestamp():
        return "code-expired"
    if _ever_anybodys(connection, public_key):
        return "key-taken"
    terminal_id = f"{row.area_code}-{''.join(secrets.choice(_LETTERS) for _ in range(6))}"
    connection.execute(
        insert(terminals).values(
            terminal_id=terminal_id, name=row.name, area_code=row.area_code, public_key=public_key,
            enrolled_at=now.isoformat(),
        )
    )  # fmt: skip
    terminal = Terminal(terminal_id, row.area_code, public_key, False)
    connection.execute(
        update(enrolment_codes)
        .where(enrolment_codes.c.code_hash == row.code_hash)
        .values(terminal_id=terminal.terminal_id)
    )
    return terminal


def find(connection: Connection, terminal_id: str) -> Terminal | None:
    row = connection.execute(_FIND, {"of": terminal_id}).first()
    return None if row is None else _terminal(row)


def hold(connection: Connection, terminal_id: str) -> bool:
    """Until the end of this transaction nobody else writes for this terminal. False if it was withdrawn.

    With PostgreSQL other terminals go on meanwhile; SQLite has one writer anyway. A terminal's results get their
    sequence under this lock, so that its cursor cannot pass one that is not committed yet.
    """
    row = connection.execute(_HOLD, {"of": terminal_id}).first()
    return row is not None and row.revoked_at is None


Changed = int | Literal["bad-signature", "key-taken"]


def change_key(
    connection: Connection, terminal_id: str, old_key: str, new_key: str, endorsement: str, now: datetime
) -> Changed:
    """The epoch of the terminal's new key; what was verified stays as evidence. In a transaction that holds it.

    ``bad-signature``: the key that asked is not the terminal's any more. ``key-taken``: somebody has it, or had it.
    """
    row = connection.execute(select(terminals).where(terminals.c.terminal_id == terminal_id)).one()
    mine = select(func.max(terminal_keys.c.epoch)).where(terminal_keys.c.terminal_id == terminal_id)
    epoch = connection.scalar(mine)
    if row.public_key == new_key:
        return epoch or 1
    if row.public_key != old_key:
        return "bad-signature"
    if _ever_anybodys(connection, new_key):
        return "key-taken"
    first = {"terminal_id": terminal_id, "epoch": 1, "public_key": old_key, "endorsement": "", "since": row.enrolled_at}
    new = {"epoch": (epoch or 1) + 1, "public_key": new_key, "endorsement": endorsement, "since": now.isoformat()}
    connection.execute(insert(terminal_keys), [*([first] if epoch is None else []), first | new])
    connection.execute(update(terminals).where(terminals.c.terminal_id == terminal_id).values(public_key=new_key))
    return int(new["epoch"])


def _ever_anybodys(connection: Connection, public_key: str) -> bool:
    """Whether this is, or was once, the key of any terminal."""
    used = select(terminals.c.terminal_id).where(terminals.c.public_key == public_key)
    had = select(terminal_keys.c.terminal_id).where(terminal_keys.c.public_key == public_key)
    return any(connection.execute(query).first() is not None for query in (used, had))


def revoke(connection: Connection, terminal_id: str, now: datetime) -> None:
    connection.execute(
        update(terminals).where(terminals.c.terminal_id == terminal_id).values(revoked_at=now.isoformat())
    )


def spend_nonce(connection: Connection, terminal_id: str, nonce: str, expires_at: datetime) -> bool:
    """False if this terminal has used the nonce within the window."""
    row = {"terminal_id": terminal_id, "nonce": nonce, "expires_at": int(expires_at.timestamp())}
    return bool(insert_new(connection, nonces, [row]))


def sweep_nonces(connection: Connection, now: datetime) -> None:
    """Those that have run out are forgotten."""
    old = select(nonces.c.terminal_id, nonces.c.nonce).where(nonces.c.expires_at < int(now.timestamp()))
    old = old.with_for_update(skip_locked=True)  # another process may be sweeping: it does not wait for us
    connection.execute(delete(nonces).where(tuple_(nonces.c.terminal_id, nonces.c.nonce).in_(old)))


def nonce_spent(connection: Connection, terminal_id: str, nonce: str) -> bool:
    """Whether this terminal has used the nonce within the window."""
    return connection.execute(_SPENT, {"of": terminal_id, "nonce": nonce}).first() is not None


def _terminal(row: object) -> Terminal:
    values = row._mapping  # type: ignore[attr-defined]  # SQLAlchemy rows have no static columns
    return Terminal(values["terminal_id"], values["area_code"], values["public_key"], values["revoked_at"] is not None)


def _hash(code: str) -> str:
    """Of the code as a person may type it: case, spaces and dashes do not count."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
