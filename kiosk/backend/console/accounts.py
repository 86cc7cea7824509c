"""Signing in: password and one-time code, or whom the issuer vouches for; sessions; locks by wrong tries.

A one-time code (RFC 6238, by pyotp) is good for its step and one to either side, and once. Wrong tries are counted by
the name that was typed, whether anybody has it or not; five are free, then it is locked for a minute, doubled with each
further one, up to an hour. Who knows a name can lock it; nobody learns from that, or from how long an answer takes,
which names there are.

Whom the issuer vouches for is found by issuer and subject. Without groups in the file (oidc/config.py) nobody gets an
account by signing in. With them exactly one rule has to fit; an account that was made so follows its groups with each
sign-in, what the operator has made stays what the operator has said.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pyotp

from kiosk.backend import log
from kiosk.backend.console.keeping import ISSUER, Keeping
from kiosk.backend.console.passwords import Passwords
from kiosk.backend.console.people import NewStaff, Staff, reach_of
from kiosk.backend.console.roles import AccountDeed, Role
from kiosk.backend.keys import BackendKeys
from kiosk.backend.oidc.config import Groups, SignInRules
from kiosk.backend.oidc.problems import Code, OidcError
from kiosk.backend.store import staff as store
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.staff import StaffRow
from kiosk.backend.web.tokens import new_token

if TYPE_CHECKING:
    from kiosk.backend.oidc.id_token import Identity

__all__ = ["Accounts", "NewStaff", "Session", "SignIn", "Staff"]

IDLE, LONGEST, HALF = 30 * 60, 10 * 3600, 10 * 60  # seconds without a page; of a session; of one that is not whole yet
SEEN = 60  # seconds: how exactly it is known when somebody was last there
FREE, FIRST_LOCK, LONGEST_LOCK = 5, 60, 3600
FORGET = 24 * 3600  # seconds after which wrong tries are no longer held against a name
STEP = 30
SHOWN_BY = "Kiosk 7x24"  # what an authenticator app calls us


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """``kind``: what is still to be done (store/staff.py); ``token``: what the cookie holds."""

    token: str
    staff: Staff
    kind: str

    @property
    def whole(self) -> bool:
        return self.kind == store.FULL


class SignIn(Enum):
    """Why nobody was let in."""

    WRONG = "wrong"
    LOCKED = "locked"


class Accounts(Keeping):
    """Thread-safe: every call is its own transactions."""

    def __init__(
        self, rows: Store, keys: BackendKeys, now: Callable[[], datetime], passwords: Passwords | None = None,
        rules: SignInRules | None = None,
    ) -> None:  # fmt: skip
        super().__init__(rows, keys, now, passwords)
        self.rules = rules or SignInRules()

    def sign_in(self, login: str, password: str, code: str) -> Session | SignIn:
        """``code``: empty for whoever has no second factor yet, and then sets it up. Raises WebError ``busy``."""
        name, now = self._sealing.hashed(login, "login"), int(self._now().timestamp())
        row, (_, until) = self._store.read(
            lambda connection: (store.by_login(connection, name), store.failures(connection, name))
        )
        if until > now:
            return SignIn.LOCKED
        stored = "" if row is None or row.ended_at or not self.rules.by_password(login) else row.password
        fits = self._passwords.fits(stored, password)
        if row is None or not fits or (row.second_at and not self._uses(row, code)):
            return self._failed(name, now)
        first = self._shown(row).first_until
        if first and first <= now:
            return self._failed(name, now)
        again = self._passwords.hash(password) if self._passwords.is_old(row.password) else ""
        return self._store.write(partial(self._admit, seen=row, password=again, first=bool(first)))

    def sign_in_from(self, who: Identity) -> Session:
        """Whom the issuer vouches for; what else is asked for goes by ``oidc.second_factor``. Raises OidcError."""
        found = self._store.write(partial(self._vouched, who=who))
        if not isinstance(found, Session):  # not raised within the transaction, which may have ended sessions
            raise OidcError(found)
        return found

    def set_up(self, session: Session) -> str:
        """The address that an authenticator app takes as a code, for a second factor that is still to be confirmed."""
        row = self._row(session.staff.staff_id)
        shown = self._shown(row)
        return pyotp.TOTP(shown.secret).provisioning_uri(name=shown.login, issuer_name=SHOWN_BY)

    def secret(self, session: Session) -> str:
        """The same to be typed."""
        return self._shown(self._row(session.staff.staff_id)).secret

    def wants_password(self, session: Session) -> bool:
        """Whether the password is one that the operator has seen, and is to be replaced now."""
        return session.kind in (store.HALF, store.RENEW) and self._is_first(self._row(session.staff.staff_id))

    def confirm(self, session: Session, code: str, password: str = "") -> Session | SignIn:
        """A session that is not whole becomes another one that is: with a code of the second factor, a new password,
        or both, as its kind says. Raises BackendError for a password that is not taken, before the code is used up.
        """
        row, now = self._row(session.staff.staff_id), int(self._now().timestamp())
        _, until = self._store.read(lambda connection: store.failures(connection, row.login))
        if until > now:
            return SignIn.LOCKED
        renew = self.wants_password(session)
        if renew:
            self._check_password(password, self._shown(row).login)
        proven = session.kind == store.RENEW  # its code was right when it began
        if not proven and (bool(row.second_at) is (session.kind == store.HALF) or not self._uses(row, code)):
            return self._failed(row.login, now)
        hash_ = self._passwords.hash(password) if renew else ""
        return self._store.write(partial(self._complete, session=session, hash_=hash_))

    def session(self, token: str) -> Session | None:
        """Whose session it is, if it is one still."""
        now = int(self._now().timestamp())
        row = self._store.read(lambda connection: store.session(connection, hashed(token)))
        if row is None or row.staff.ended_at or now >= row.ends_at or now >= row.seen_at + IDLE:
            return None
        if now >= row.seen_at + SEEN:
            self._store.write(lambda connection: store.seen(connection, hashed(token), now))
        return Session(token, self._staff(row.staff), row.kind)

    def sign_out(self, session: Session) -> None:
        def work(connection: Connection) -> None:
            store.end(connection, hashed(session.token))
            store.note(connection, self._stamp(), session.staff.staff_id, "sign-out")

        self._store.write(work)

    def note(self, staff: Staff, what: str, case_id: str = "") -> None:
        """Who did what, for good."""
        self._store.write(lambda connection: store.note(connection, self._stamp(), staff.staff_id, what, case_id))

    # -- what they stand on ---------------------------------------------------------------------------

    def _admit(self, connection: Connection, seen: StaffRow, password: str, *, first: bool) -> Session | SignIn:
        """``seen``: the row by which the password was found right. It takes a while to find that: what was reset or
        locked meanwhile is looked at again, under the row's lock.
        """
        row = store.held(connection, seen.staff_id)
        if row is None or row.ended_at or (row.password, row.second_at) != (seen.password, seen.second_at):
            return SignIn.WRONG
        kind = store.RENEW if first and row.second_at else ""
        return self._begin(connection, row, password, kind)

    def _vouched(self, connection: Connection, who: Identity) -> Session | Code:
        issuer = self.rules.oidc
        if issuer is None:
            raise AssertionError("vouched for by nobody")
        outside = self.outside_of(who.issuer, who.subject)
        known = store.by_outside(connection, outside)
        if known is None and issuer.groups is None:
            return "unknown"
        staff_id = known.staff_id if known is not None else self._made(connection, who, issuer.groups)
        row = store.held(connection, staff_id) if staff_id else None
        if not staff_id:
            return "no-role"
        if row is None or row.outside != outside:
            return "unknown"  # bound to somebody else meanwhile
        if row.ended_at:
            return "locked"
        if issuer.groups is not None and self._shown(row).follows and not self._followed(connection, row, who):
            return "no-role"
        row = store.by_id(connection, row.staff_id) or row
        kind = store.FULL if issuer.second_factor != "own" else store.CODE if row.second_at else ""
        return self._begin(connection, row, "", kind)

    def _made(self, connection: Connection, who: Identity, groups: Groups | None) -> str:
        """The id of a new account; "" where the groups give no role, or several."""
        rule = groups.rule_of(who.groups) if groups is not None else None
        if rule is None:
            return ""
        staff_id = secrets.token_hex(16)
        login = f"oidc-{staff_id[:12]}"  # nobody signs in with it: there is no password
        new = NewStaff(login, Role(rule.role), rule.areas, rule.services, who.name, "", who.subject, who.issuer)
        self._insert(connection, new, self._new_row(staff_id, new, "", 0, follows=True), ISSUER)
        return staff_id

    def _followed(self, connection: Connection, row: StaffRow, who: Identity) -> bool:
        """Role and area are those of the groups now; False where these give none, and then nobody is signed in."""
        groups = self.rules.oidc.groups if self.rules.oidc is not None else None
        rule = groups.rule_of(who.groups) if groups is not None else None
        if rule is None:
            store.end_all(connection, row.staff_id)
            return False
        scope = msgspec.json.encode(reach_of(Role(rule.role), rule.areas, rule.services)).decode()
        if (row.role, row.scope) != (rule.role, scope):
            store.change(connection, row.staff_id, role=rule.role, scope=scope)
            store.end_all(connection, row.staff_id)
            self._note(connection, row.staff_id, AccountDeed.CHANGE, ISSUER)
        return True

    def _complete(self, connection: Connection, session: Session, hash_: str) -> Session | SignIn:
        row = store.held(connection, session.staff.staff_id)
        if row is None or row.ended_at or store.session(connection, hashed(session.token)) is None:
            return SignIn.WRONG  # locked, reset or completed elsewhere meanwhile
        if session.kind == store.HALF:
            store.change(connection, row.staff_id, second_at=self._stamp())
        if hash_:
            profile = msgspec.structs.replace(self._shown(row), first_until=0)
            sealed, key_id = self._hide(row.staff_id, profile)
            store.change(connection, row.staff_id, password=hash_, profile=sealed, sealing_key_id=key_id)
        if session.kind == store.CODE:
            store.end(connection, hashed(session.token))
        else:  # whoever else has begun with the first password has nothing of it any more
            store.end_all(connection, row.staff_id)
        return self._begin(connection, row, "", store.FULL)

    def _begin(self, connection: Connection, row: StaffRow, password: str, kind: str = "") -> Session:
        """``password``: hashed, where it is to be kept anew. ``kind``: else what the second factor asks for."""
        token, now = new_token(), int(self._now().timestamp())
        kind = kind or (store.FULL if row.second_at else store.HALF)
        if password:
            store.change(connection, row.staff_id, password=password)
        if kind == store.HALF:  # each time anew: who began before with the password alone has seen the last one,
            store.end_all(connection, row.staff_id, store.HALF)  # and sees nothing of this one
            self._keep(connection, row, secret=pyotp.random_base32(), second_at=None)
        whole = kind == store.FULL
        store.begin(connection, hashed(token), row.staff_id, kind, now, now + (LONGEST if whole else HALF))
        store.forgiven(connection, row.login)
        store.note(connection, self._stamp(), row.staff_id, "sign-in" if whole else "sign-in-first")
        return Session(token, self._staff(row), kind)

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

    def _is_first(self, row: StaffRow) -> bool:
        return self._shown(row).first_until > 0


def hashed(token: str) -> str:
    """As the store knows a session: who reads the table cannot use one."""
    return hashlib.sha256(token.encode()).hexdigest()
