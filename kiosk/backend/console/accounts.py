"""Accounts of staff: made by the operator, signed in to with password and one-time code, locked by wrong tries.

A one-time code (RFC 6238, by pyotp) is good for its step and one to either side, and once. Wrong tries are counted by
the name that was typed, whether anybody has it or not; five are free, then it is locked for a minute, doubled with each
further one, up to an hour. Who knows a name can lock it; nobody learns from that, or from how long an answer takes,
which names there are.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial

import msgspec
import pyotp

from kiosk.backend import log
from kiosk.backend.console.passwords import Passwords, why_weak
from kiosk.backend.console.roles import Role, Scope, prefix
from kiosk.backend.console.sealing import Sealing
from kiosk.backend.keys import BackendKeys
from kiosk.backend.settings import BackendError
from kiosk.backend.store import staff as store
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.staff import StaffRow
from kiosk.backend.web.tokens import new_token

IDLE, LONGEST, HALF = 30 * 60, 10 * 3600, 10 * 60  # seconds without a page; of a session; to set up the second factor
SEEN = 60  # seconds: how exactly it is known when somebody was last there
FREE, FIRST_LOCK, LONGEST_LOCK = 5, 60, 3600
FORGET = 24 * 3600  # seconds after which wrong tries are no longer held against a name
STEP = 30
ISSUER = "Kiosk 7x24"


class _Profile(msgspec.Struct, frozen=True):
    """What of an account lies sealed."""

    login: str
    name: str
    secret: str = ""


class _Scope(msgspec.Struct, frozen=True):
    areas: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Staff:
    """Who asks. ``name`` is what the history of cases says."""

    staff_id: str
    name: str
    scope: Scope

    @property
    def role(self) -> Role:
        return self.scope.role

    @property
    def areas(self) -> tuple[str, ...]:
        return self.scope.areas

    @property
    def services(self) -> tuple[str, ...]:
        return self.scope.services


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """``whole``: with both factors; otherwise the second is still to be set up. ``token``: what the cookie holds."""

    token: str
    staff: Staff
    whole: bool


class SignIn(Enum):
    """Why nobody was let in."""

    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, repr=False)
class NewStaff:
    """An account to be made. ``password``: "" where only OIDC lets in; ``subject``: at the issuer, "" for none."""

    login: str
    role: Role
    areas: Sequence[str]
    services: Sequence[str] = ()
    name: str = ""
    password: str = ""
    subject: str = ""


class Accounts:
    """Thread-safe: every call is its own transactions."""

    def __init__(
        self, rows: Store, keys: BackendKeys, now: Callable[[], datetime], passwords: Passwords | None = None
    ) -> None:
        store.prepare(rows)
        self._store, self._now = rows, now
        self._sealing, self._passwords = Sealing(keys), passwords or Passwords()

    # -- the operator's part --------------------------------------------------------------------------

    def add(self, new: NewStaff) -> str:
        """The account's id. Raises BackendError."""
        login = new.login.strip()
        if not 2 <= len(login) <= 64 or not login.isprintable():
            raise BackendError("bad-name", "a name to sign in with has 2 to 64 characters")
        areas = _areas(new.areas)
        if new.role is not Role.OPERATOR and not areas:
            raise BackendError("no-area", "say for which area: --area CODE (GB/T 2260: 2, 4, 6, 9 or 12 digits)")
        if not new.password and not new.subject:
            raise BackendError("no-password", "give a password on the standard input, or --oidc SUBJECT")
        if new.password:
            self._check_password(new.password, login)
        staff_id = secrets.token_hex(16)
        profile, key_id = self._hide(staff_id, _Profile(login, new.name.strip() or login))
        row = {
            "staff_id": staff_id, "login": self._sealing.hashed(login, "login"),
            "outside": self._sealing.hashed(new.subject, "subject") if new.subject else None,
            "role": new.role.value, "scope": msgspec.json.encode(_Scope(areas, tuple(new.services))).decode(),
            "password": self._passwords.hash(new.password) if new.password else "", "profile": profile,
            "sealing_key_id": key_id, "second_at": None, "step": 0, "made_at": self._stamp(), "ended_at": None,
        }  # fmt: skip
        if not self._store.write(lambda connection: store.add(connection, row)):
            raise BackendError("name-taken", "somebody signs in with this name already")
        log.event("staff.added", role=new.role.value)
        return staff_id

    def end(self, login: str) -> None:
        """Nobody signs in with it any more, and whoever is signed in is not. Raises BackendError."""

        def work(connection: Connection) -> None:
            found = self._named(connection, login)
            store.change(connection, found.staff_id, ended_at=self._stamp())
            store.end_all(connection, found.staff_id)

        self._store.write(work)
        log.event("staff.ended")

    def reset(self, login: str, password: str = "") -> None:
        """Another password, or (without one) the second factor is to be set up anew. Raises BackendError."""
        if password:
            self._check_password(password, login)
        hashed = self._passwords.hash(password) if password else ""

        def work(connection: Connection) -> None:
            found = self._named(connection, login)
            if hashed:
                store.change(connection, found.staff_id, password=hashed)
            else:
                self._keep(connection, found, secret="", second_at=None)
            store.end_all(connection, found.staff_id)
            store.forgiven(connection, found.login)

        self._store.write(work)
        log.event("staff.reset", what="password" if password else "second-factor")

    def everybody(self) -> list[tuple[str, Staff, bool, bool]]:
        """Name to sign in with, who it is, whether there is a second factor, whether it was ended."""
        rows = self._store.read(store.everybody)
        return [(self._shown(row).login, self._staff(row), bool(row.second_at), bool(row.ended_at)) for row in rows]

    def names(self, staff_ids: Sequence[str]) -> dict[str, str]:
        """What is shown of people, by id."""
        rows = self._store.read(lambda connection: store.some(connection, staff_ids)) if staff_ids else []
        return {row.staff_id: self._shown(row).name for row in rows}

    # -- signing in -----------------------------------------------------------------------------------

    def sign_in(self, login: str, password: str, code: str) -> Session | SignIn:
        """``code``: empty for whoever has no second factor yet, and then sets it up. Raises WebError ``busy``."""
        name, now = self._sealing.hashed(login, "login"), int(self._now().timestamp())
        row, (_, until) = self._store.read(
            lambda connection: (store.by_login(connection, name), store.failures(connection, name))
        )
        if until > now:
            return SignIn.LOCKED
        stored = "" if row is None or row.ended_at else row.password
        fits = self._passwords.fits(stored, password)
        if row is None or not fits or (row.second_at and not self._uses(row, code)):
            return self._failed(name, now)
        again = self._passwords.hash(password) if self._passwords.is_old(row.password) else ""
        return self._store.write(partial(self._begin, row=row, password=again))

    def sign_in_from(self, subject: str) -> Session | None:
        """Whom the OIDC issuer has let in, who has seen to the factors; None for somebody we do not know."""
        name = self._sealing.hashed(subject, "subject")
        row = self._store.read(lambda connection: store.by_outside(connection, name))
        if row is None or row.ended_at:
            return None
        return self._store.write(partial(self._begin, row=row, password="", whole=True))

    def set_up(self, session: Session) -> str:
        """The address that an authenticator app takes as a code, for a second factor that is still to be confirmed."""
        row = self._row(session.staff.staff_id)
        shown = self._shown(row)
        return pyotp.TOTP(shown.secret).provisioning_uri(name=shown.login, issuer_name=ISSUER)

    def secret(self, session: Session) -> str:
        """The same to be typed."""
        return self._shown(self._row(session.staff.staff_id)).secret

    def confirm(self, session: Session, code: str) -> Session | SignIn:
        """The second factor is there once a code of it was typed; a new session then."""
        row, now = self._row(session.staff.staff_id), int(self._now().timestamp())
        _, until = self._store.read(lambda connection: store.failures(connection, row.login))
        if until > now:
            return SignIn.LOCKED
        if row.second_at or not self._uses(row, code):
            return self._failed(row.login, now)

        def work(connection: Connection) -> Session:
            store.change(connection, row.staff_id, second_at=self._stamp())
            store.end(connection, hashed(session.token))
            return self._begin(connection, row, "", whole=True)

        return self._store.write(work)

    def session(self, token: str) -> Session | None:
        """Whose session it is, if it is one still."""
        now = int(self._now().timestamp())
        row = self._store.read(lambda connection: store.session(connection, hashed(token)))
        if row is None or row.staff.ended_at or now >= row.ends_at or now >= row.seen_at + IDLE:
            return None
        if now >= row.seen_at + SEEN:
            self._store.write(lambda connection: store.seen(connection, hashed(token), now))
        return Session(token, self._staff(row.staff), row.kind == store.FULL)

    def sign_out(self, session: Session) -> None:
        def work(connection: Connection) -> None:
            store.end(connection, hashed(session.token))
            store.note(connection, self._stamp(), session.staff.staff_id, "sign-out")

        self._store.write(work)

    def note(self, staff: Staff, what: str, case_id: str = "") -> None:
        """Who did what, for good."""
        self._store.write(lambda connection: store.note(connection, self._stamp(), staff.staff_id, what, case_id))

    # -- what they stand on ---------------------------------------------------------------------------

    def _begin(self, connection: Connection, row: StaffRow, password: str, whole: bool | None = None) -> Session:
        token, now = new_token(), int(self._now().timestamp())
        whole = bool(row.second_at) if whole is None else whole
        if password:
            store.change(connection, row.staff_id, password=password)
        if not whole:  # each time anew: who began before with the password alone has seen the last one
            self._keep(connection, row, secret=pyotp.random_base32(), second_at=None)
        kind = store.FULL if whole else store.HALF
        store.begin(connection, hashed(token), row.staff_id, kind, now, now + (LONGEST if whole else HALF))
        store.forgiven(connection, row.login)
        store.note(connection, self._stamp(), row.staff_id, "sign-in" if whole else "sign-in-first")
        return Session(token, self._staff(row), whole)

    def _failed(self, login: str, now: int) -> SignIn:
        def work(connection: Connection) -> None:
            count = store.failures(connection, login)[0] + 1
            lock = 0 if count < FREE else min(FIRST_LOCK * 2 ** (count - FREE), LONGEST_LOCK)
            store.failed(connection, login, now + lock, now, now - FORGET)

        self._store.write(work)
        log.event("staff.refused")
        return SignIn.WRONG

    def _uses(self, row: StaffRow, code: str) -> bool:
        """Whether the code is one of this moment that was not used before; it is then."""
        totp, now = pyotp.TOTP(self._shown(row).secret), int(self._now().timestamp())
        given = "".join(code.split())
        for step in (now // STEP - 1, now // STEP, now // STEP + 1):
            if step > row.step and secrets.compare_digest(totp.at(step * STEP).encode(), given.encode()):
                return self._store.write(partial(store.use_step, staff_id=row.staff_id, step=step))
        return False

    def _check_password(self, password: str, login: str) -> None:
        why = why_weak(password, login)
        if why:
            raise BackendError(f"password-{why}", PASSWORD_ADVICE[why])

    def _named(self, connection: Connection, login: str) -> StaffRow:
        found = store.by_login(connection, self._sealing.hashed(login, "login"))
        if found is None:
            raise BackendError("no-such-staff", "nobody signs in with this name: kiosk backend staff lists them")
        return found

    def _row(self, staff_id: str) -> StaffRow:
        found = self._store.read(lambda connection: store.by_id(connection, staff_id))
        if found is None:
            raise AssertionError("a session of nobody")  # its foreign key says that there is one
        return found

    def _keep(self, connection: Connection, row: StaffRow, *, secret: str, second_at: str | None) -> None:
        shown = msgspec.structs.replace(self._shown(row), secret=secret)
        profile, key_id = self._hide(row.staff_id, shown)
        store.change(connection, row.staff_id, profile=profile, sealing_key_id=key_id, second_at=second_at, step=0)

    def _hide(self, staff_id: str, profile: _Profile) -> tuple[bytes, str]:
        return self._sealing.hide(msgspec.json.encode(profile), "staff", staff_id)

    def _shown(self, row: StaffRow) -> _Profile:
        plain = self._sealing.show(row.profile, row.sealing_key_id, "staff", row.staff_id)
        return msgspec.json.decode(plain, type=_Profile)

    def _staff(self, row: StaffRow) -> Staff:
        scope = msgspec.json.decode(row.scope, type=_Scope)
        return Staff(row.staff_id, self._shown(row).name, Scope(Role(row.role), scope.areas, scope.services))

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="microseconds")


PASSWORD_ADVICE = {
    "short": "a password has 10 characters at the least",
    "long": "a password has 128 characters at most",
    "plain": "a password has five different characters at the least",
    "name": "a password does not hold the name",
}


def hashed(token: str) -> str:
    """As the store knows a session: who reads the table cannot use one."""
    return hashlib.sha256(token.encode()).hexdigest()


def _areas(codes: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted({prefix(code) for code in codes}))
    except ValueError as error:
        raise BackendError("bad-area", str(error)) from None
