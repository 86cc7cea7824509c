"""What is done to an account while its owner signs in, on both databases: no session outlives a reset or a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest

from kiosk.backend.console.accounts import Accounts, NewStaff, Session, SignIn
from kiosk.backend.console.passwords import Passwords
from kiosk.backend.console.roles import Role
from kiosk.backend.settings import BackendError
from kiosk.backend.store import staff as store
from kiosk.backend.store.engine import Store
from tests.backend.conftest import AREA, Clock, Server
from tests.backend.console_room import CHEAP, PASSWORD, console_of

STORES = ("sqlite", "postgresql")
OTHER = "ink paper seal and four words"


class Meanwhile(Passwords):
    """A check in whose middle somebody else does something."""

    def __init__(self) -> None:
        super().__init__(CHEAP)
        self.deed: Callable[[], None] = lambda: None

    def fits(self, stored: str, password: str) -> bool:
        found = super().fits(stored, password)
        self.deed()
        return found


def test_a_deed_in_the_middle_of_a_sign_in(server: Server, clock: Clock) -> None:
    backend = server.backend
    operator = console_of(backend).accounts  # another process, as the command line is
    passwords = Meanwhile()
    accounts = Accounts(backend._store, backend.keys, backend.now, passwords)
    staff_id = operator.add(NewStaff("anna", Role.STREET, (AREA,), (), "", PASSWORD))
    half = accounts.sign_in("anna", PASSWORD, "")
    assert isinstance(half, Session)
    secret = accounts.secret(half)
    _completes(accounts, half, clock, secret)
    deeds: list[Callable[[], None]] = [
        lambda: operator.set_password(staff_id, OTHER),
        lambda: operator.lock(staff_id),
        lambda: operator.drop_second(staff_id),
    ]
    for deed in deeds:
        passwords.deed = deed
        assert accounts.sign_in("anna", PASSWORD, _code(clock, secret)) is SignIn.WRONG
        assert _sessions(backend._store, staff_id) == 0
        passwords.deed = lambda: None
        operator.unlock(staff_id)
        operator.set_password(staff_id, PASSWORD)
    half = accounts.sign_in("anna", PASSWORD, "")
    assert isinstance(half, Session)
    secret = accounts.secret(half)
    used = accounts._uses

    def reset_meanwhile(row: store.StaffRow, code: str) -> bool:
        found = used(row, code)
        operator.set_password(staff_id, OTHER)
        return found

    accounts._uses = reset_meanwhile  # type: ignore[method-assign]
    assert accounts.confirm(half, _code(clock, secret)) is SignIn.WRONG  # its session was ended by the reset
    assert _sessions(backend._store, staff_id) == 0


def test_a_sign_in_that_meets_a_reset_half_done(server: Server, database: str) -> None:
    """The reset has ended all sessions and is not committed yet: whoever signs in meanwhile waits for it, and fails."""
    backend = server.backend
    operator, accounts = console_of(backend).accounts, Accounts(backend._store, backend.keys, backend.now, Meanwhile())
    staff_id = operator.add(NewStaff("anna", Role.STREET, (AREA,), (), "", PASSWORD))
    noted, ended, go = operator._note, threading.Event(), threading.Event()

    def late(*row: Any) -> None:
        noted(*row)
        ended.set()
        assert go.wait(60)

    operator._note = late  # type: ignore[method-assign]
    came: list[object] = []
    reset = threading.Thread(target=lambda: operator.set_password(staff_id, OTHER))
    sign_in = threading.Thread(target=lambda: came.append(accounts.sign_in("anna", PASSWORD, "")))
    reset.start()
    assert ended.wait(60)
    sign_in.start()
    if database.startswith("postgresql"):  # SQLite has one writer: it waits anyway
        deadline = time.monotonic() + 60
        while sign_in.is_alive() and not _waits(backend._store):
            assert time.monotonic() < deadline
    go.set()
    for thread in (reset, sign_in):
        thread.join(60)
    assert came == [SignIn.WRONG]
    assert _sessions(backend._store, staff_id) == 0


def test_a_subject_has_one_account(server: Server) -> None:
    accounts = console_of(server.backend).accounts
    accounts.add(NewStaff("anna", Role.STREET, (AREA,), (), "", "", "u-1", "https://sso.example"))
    with pytest.raises(BackendError, match="subject-taken"):
        accounts.add(NewStaff("boris", Role.STREET, (AREA,), (), "", "", "u-1", "https://sso.example"))
    assert [each.login for each in accounts.everybody()] == ["anna"]


def _completes(accounts: Accounts, half: Session, clock: Clock, secret: str) -> None:
    whole = accounts.confirm(half, _code(clock, secret))
    assert isinstance(whole, Session)
    assert whole.whole


def _code(clock: Clock, secret: str) -> str:
    clock.move(seconds=30)
    return pyotp.TOTP(secret).at(clock().timestamp())


def _waits(rows: Store) -> bool:
    """Whether somebody waits for a lock."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return bool(rows.read(lambda connection: connection.exec_driver_sql(query).scalar()))


def _sessions(rows: Store, staff_id: str) -> int:
    from sqlalchemy import func, select

    from kiosk.backend.store.staff_tables import staff_sessions

    query = select(func.count()).where(staff_sessions.c.staff_id == staff_id)
    return rows.read(lambda connection: connection.scalar(query) or 0)
