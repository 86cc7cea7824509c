"""Accounts of staff as the operator keeps them: added, locked, changed, reset; in the console or at the command line.

Whatever an account may do less by it ends its sessions, in the same transaction: locked, another role or area, another
password, another second factor, another subject. Each deed is a row of ``account_log``, to which rows are only added.
A row is changed, and a session begun, under its lock (``staff.held``): a reset that comes in the middle of somebody's
signing in is seen by it, or ends what it has begun.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from kiosk.backend import log
from kiosk.backend.console.passwords import Passwords, first_password, why_weak
from kiosk.backend.console.people import Account, NewStaff, Profile, Staff, reach_of, staff_of_row
from kiosk.backend.console.roles import AccountDeed, Role
from kiosk.backend.console.sealing import Sealing
from kiosk.backend.keys import BackendKeys
from kiosk.backend.settings import BackendError
from kiosk.backend.store import account_log
from kiosk.backend.store import staff as store
from kiosk.backend.store.account_log import DeedRow
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.staff import StaffRow

FIRST = 72 * 3600  # seconds for which a first password lets in
COMMAND, ISSUER = "", "issuer"  # who has done it, where it was nobody with an account
MOST = 20  # deeds that are shown of one account
UNREAD = Profile("—", "—")  # of an account whose row was damaged, or whose key is not here
Change = Callable[[Connection, StaffRow], None]


class Keeping:
    """Thread-safe: every call is its own transactions. ``by``: the staff_id of whoever does it, or COMMAND."""

    def __init__(
        self, rows: Store, keys: BackendKeys, now: Callable[[], datetime], passwords: Passwords | None = None
    ) -> None:
        store.prepare(rows)
        self._store, self._now = rows, now
        self._sealing, self._passwords = Sealing(keys), passwords or Passwords()

    # -- deeds ----------------------------------------------------------------------------------------

    def add(self, new: NewStaff, by: str = COMMAND) -> str:
        """The account's id. Raises BackendError."""
        if new.password:
            self._check_password(new.password, new.login.strip())
        elif not new.subject:
            raise BackendError("no-password", "give a password on the standard input, or --oidc SUBJECT")
        return self._add(new, self._passwords.hash(new.password) if new.password else "", by)

    def add_first(self, new: NewStaff, by: str) -> tuple[str, str]:
        """The account's id, and a first password that the operator hands over. Raises BackendError."""
        password = first_password()
        until = int(self._now().timestamp()) + FIRST
        return self._add(new, self._passwords.hash(password), by, first_until=until), password

    def lock(self, staff_id: str, by: str = COMMAND) -> None:
        """Nobody signs in with it any more, and whoever is signed in is not. Raises BackendError, as all of these."""
        stamp = self._stamp()
        self._deed(staff_id, AccountDeed.LOCK, by, lambda c, row: store.change(c, row.staff_id, ended_at=stamp))

    def unlock(self, staff_id: str, by: str = COMMAND) -> None:
        """Also wrong tries are forgiven."""

        def work(connection: Connection, row: StaffRow) -> None:
            store.change(connection, row.staff_id, ended_at=None)
            store.forgiven(connection, row.login)

        self._deed(staff_id, AccountDeed.UNLOCK, by, work)

    def change(
        self, staff_id: str, role: Role, areas: Sequence[str], services: Sequence[str] = (), by: str = COMMAND
    ) -> None:
        scope = reach_of(role, areas, services)
        values = {"role": role.value, "scope": msgspec.json.encode(scope).decode()}
        self._deed(staff_id, AccountDeed.CHANGE, by, lambda c, row: store.change(c, row.staff_id, **values))

    def set_password(self, staff_id: str, password: str, by: str = COMMAND) -> None:
        """One that its owner has chosen, or the command line says."""
        self._check_password(password, self._shown(self._row(staff_id)).login)
        self._password(staff_id, password, 0, by)

    def renew(self, staff_id: str, by: str) -> str:
        """A first password that the operator hands over, in place of the one there was."""
        password = first_password()
        self._password(staff_id, password, int(self._now().timestamp()) + FIRST, by)
        return password

    def drop_second(self, staff_id: str, by: str = COMMAND) -> None:
        """The second factor is set up anew with the next sign-in."""

        def work(connection: Connection, row: StaffRow) -> None:
            self._keep(connection, row, secret="", second_at=None)
            store.forgiven(connection, row.login)

        self._deed(staff_id, AccountDeed.SECOND, by, work)

    def bind(self, staff_id: str, issuer: str, subject: str, by: str = COMMAND) -> None:
        """Who it is at the issuer; "" for nobody there."""
        subject = subject.strip()

        def work(connection: Connection, row: StaffRow) -> None:
            if not subject and not row.password:
                raise BackendError("no-way-in", "without a password or a subject nobody can sign in: lock it instead")
            outside = self._outside(connection, issuer, subject, row.staff_id)
            profile = msgspec.structs.replace(
                self._shown(row), issuer=issuer if subject else "", subject=subject, follows=False
            )
            sealed, key_id = self._hide(row.staff_id, profile)
            store.change(connection, row.staff_id, outside=outside, profile=sealed, sealing_key_id=key_id)

        self._deed(staff_id, AccountDeed.SUBJECT, by, work)

    def end_sessions(self, staff_id: str, by: str = COMMAND) -> None:
        self._deed(staff_id, AccountDeed.SESSIONS, by, lambda c, row: None)

    # -- by name, for the command line ----------------------------------------------------------------

    def id_of(self, login: str) -> str:
        name = self._sealing.hashed(login, "login")
        found = self._store.read(lambda connection: store.by_login(connection, name))
        if found is None:
            raise BackendError("no-such-staff", "nobody signs in with this name: kiosk backend staff lists them")
        return found.staff_id

    def end(self, login: str) -> None:
        self.lock(self.id_of(login))

    def reset(self, login: str, password: str = "") -> None:
        """Another password, or (without one) the second factor is to be set up anew."""
        if password:
            self.set_password(self.id_of(login), password)
        else:
            self.drop_second(self.id_of(login))

    # -- what is shown --------------------------------------------------------------------------------

    def everybody(self) -> list[Account]:
        return [self._account(row) for row in self._store.read(store.everybody)]

    def account(self, staff_id: str) -> Account | None:
        row = self._store.read(lambda connection: store.by_id(connection, staff_id))
        return None if row is None else self._account(row)

    def deeds(self, staff_id: str) -> list[DeedRow]:
        """What was done to this account, the newest first."""
        return self._store.read(lambda connection: account_log.of(connection, staff_id, MOST))

    def names(self, staff_ids: Sequence[str]) -> dict[str, str]:
        """What is shown of people, by id."""
        rows = self._store.read(lambda connection: store.some(connection, staff_ids)) if staff_ids else []
        return {row.staff_id: self._legible(row).name for row in rows}

    # -- what they stand on ---------------------------------------------------------------------------

    def _add(self, new: NewStaff, password: str, by: str, first_until: int = 0) -> str:
        staff_id = secrets.token_hex(16)
        row = self._new_row(staff_id, new, password, first_until, follows=False)

        def work(connection: Connection) -> None:
            self._insert(connection, new, row, by)

        self._store.write(work)
        log.event("staff.added", role=new.role.value)
        return staff_id

    def _new_row(
        self, staff_id: str, new: NewStaff, password: str, first_until: int, *, follows: bool
    ) -> dict[str, object]:
        login, subject = new.login.strip(), new.subject.strip()
        if not 2 <= len(login) <= 64 or not login.isprintable():
            raise BackendError("bad-name", "a name to sign in with has 2 to 64 characters")
        scope = reach_of(new.role, new.areas, new.services)
        shown = Profile(
            login, new.name.strip()[:64] or login, "", new.issuer if subject else "", subject, first_until, follows
        )
        profile, key_id = self._hide(staff_id, shown)
        return {
            "staff_id": staff_id, "login": self._sealing.hashed(login, "login"), "outside": None,
            "role": new.role.value, "scope": msgspec.json.encode(scope).decode(), "password": password,
            "profile": profile, "sealing_key_id": key_id, "second_at": None, "step": 0, "made_at": self._stamp(),
            "ended_at": None,
        }  # fmt: skip

    def _insert(self, connection: Connection, new: NewStaff, row: dict[str, object], by: str) -> None:
        staff_id = str(row["staff_id"])
        outside = self._outside(connection, new.issuer, new.subject.strip(), staff_id)
        if not store.add(connection, {**row, "outside": outside}):
            raise BackendError("name-taken", "somebody signs in with this name already")
        self._note(connection, staff_id, AccountDeed.ADD, by)

    def _password(self, staff_id: str, password: str, first_until: int, by: str) -> None:
        hashed = self._passwords.hash(password)

        def work(connection: Connection, row: StaffRow) -> None:
            profile = msgspec.structs.replace(self._shown(row), first_until=first_until)
            sealed, key_id = self._hide(row.staff_id, profile)
            store.change(connection, row.staff_id, password=hashed, profile=sealed, sealing_key_id=key_id)
            store.forgiven(connection, row.login)

        self._deed(staff_id, AccountDeed.PASSWORD, by, work)

    def _deed(self, staff_id: str, deed: AccountDeed, by: str, work: Change) -> None:
        """Under the row's lock; whoever is signed in with the account is not any more."""

        def whole(connection: Connection) -> None:
            row = store.held(connection, staff_id)
            if row is None:
                raise BackendError("no-such-staff", "there is no such account")
            work(connection, row)
            store.end_all(connection, staff_id)
            self._note(connection, staff_id, deed, by)

        self._store.write(whole)
        log.event("staff.changed", what=deed.value)

    def _note(self, connection: Connection, staff_id: str, deed: AccountDeed, by: str) -> None:
        row = store.by_id(connection, staff_id)
        if row is None:
            raise AssertionError("a deed to no account")  # its row is held, or was just made
        account_log.note(connection, staff_id, DeedRow(self._stamp(), by, deed.value, row.role, row.scope))

    def _outside(self, connection: Connection, issuer: str, subject: str, staff_id: str) -> str | None:
        """How the store knows a subject; None for none. Raises BackendError where another account has it."""
        if not subject:
            return None
        if not issuer:
            raise BackendError("no-issuer", "name the file that names the issuer, too: --sign-in FILE")
        if len(subject) > 255 or not subject.isprintable():
            raise BackendError("bad-subject", "a subject has 1 to 255 printable characters, as the issuer writes it")
        outside = self.outside_of(issuer, subject)
        other = store.by_outside(connection, outside)
        if other is not None and other.staff_id != staff_id:
            raise BackendError("subject-taken", "another account has this subject")
        return outside

    def outside_of(self, issuer: str, subject: str) -> str:
        return self._sealing.hashed_exactly(f"{issuer}\0{subject}", "subject")

    def _check_password(self, password: str, login: str) -> None:
        why = why_weak(password, login)
        if why:
            raise BackendError(f"password-{why}", PASSWORD_ADVICE[why])

    def _row(self, staff_id: str) -> StaffRow:
        found = self._store.read(lambda connection: store.by_id(connection, staff_id))
        if found is None:
            raise BackendError("no-such-staff", "there is no such account")
        return found

    def _keep(self, connection: Connection, row: StaffRow, *, secret: str, second_at: str | None) -> None:
        """Another secret of the second factor; ``second_at`` once a code of it was typed."""
        shown = msgspec.structs.replace(self._shown(row), secret=secret)
        profile, key_id = self._hide(row.staff_id, shown)
        store.change(connection, row.staff_id, profile=profile, sealing_key_id=key_id, second_at=second_at, step=0)

    def _hide(self, staff_id: str, profile: Profile) -> tuple[bytes, str]:
        return self._sealing.hide(msgspec.json.encode(profile), "staff", staff_id)

    def _shown(self, row: StaffRow) -> Profile:
        plain = self._sealing.show(row.profile, row.sealing_key_id, "staff", row.staff_id)
        return msgspec.json.decode(plain, type=Profile)

    def _legible(self, row: StaffRow) -> Profile:
        """For what is shown of many: one that cannot be read hides no other one, and can still be locked."""
        try:
            return self._shown(row)
        except BackendError:
            return UNREAD

    def _staff(self, row: StaffRow) -> Staff:
        return staff_of_row(row, self._shown(row).name)

    def _account(self, row: StaffRow) -> Account:
        shown = self._legible(row)
        return Account(
            shown.login, staff_of_row(row, shown.name), bool(row.second_at), bool(row.ended_at), bool(row.password),
            shown.first_until > 0, shown.subject, shown.follows,
        )  # fmt: skip

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="microseconds")


PASSWORD_ADVICE = {
    "short": "a password has 10 characters at the least",
    "long": "a password has 128 characters at most",
    "plain": "a password has five different characters at the least",
    "name": "a password does not hold the name",
}
