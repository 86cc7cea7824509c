"""Signing in and out, and what is still to be done before a session is whole: code, second factor, new password."""

from __future__ import annotations

import segno
from markupsafe import Markup
from starlette.responses import Response

from kiosk.backend.console.accounts import Session, SignIn
from kiosk.backend.console.gate import COOKIE, SECOND, SIGN_IN
from kiosk.backend.settings import BackendError
from kiosk.backend.store.staff import HALF, RENEW
from kiosk.backend.web.throttle import take
from kiosk.backend.web.turn import Turn

TRIES_RATE, TRIES_BURST = 10 / 60, 20  # of one address: a second for ever, and at once


def sign_in(turn: Turn) -> Response:
    if turn.request.method != "POST":
        return form(turn)
    take(turn.site.throttle("sign-in", TRIES_RATE, TRIES_BURST), turn.address)
    found = turn.site.backend.console.accounts.sign_in(turn.field("name"), _typed(turn, "password"), turn.field("code"))
    if isinstance(found, SignIn):
        return form(turn, f"sign_in.{found.value}", 403, turn.field("name"))
    return _let_in(turn, found)


def second_factor(turn: Turn) -> Response:
    """A code for an authenticator app, and the field that proves that it was taken there; or what else is wanted."""
    accounts, session = turn.site.backend.console.accounts, turn.request.state.session
    error = ""
    if turn.request.method == "POST":
        take(turn.site.throttle("sign-in", TRIES_RATE, TRIES_BURST), turn.address)
        found = _completed(turn, session)
        if isinstance(found, Session):
            return _let_in(turn, found)
        error = found
    drawn, secret = "", ""
    if session.kind == HALF:
        code = segno.make(accounts.set_up(session), error="m", micro=False)
        drawn = Markup(code.svg_inline(scale=1, border=2, omitsize=True))  # noqa: S704  # drawn here, of our own text
        typed = accounts.secret(session)
        secret = " ".join(typed[at : at + 4] for at in range(0, len(typed), 4))
    return turn.render(
        "console/second_factor.html", code=drawn, secret=secret, error=error, renew=accounts.wants_password(session),
        asks=session.kind != RENEW,
    )  # fmt: skip


def sign_out(turn: Turn) -> Response:
    turn.site.backend.console.accounts.sign_out(turn.request.state.session)
    turn.drop_cookie(COOKIE)
    return turn.redirect(f"{SIGN_IN}?out=1")


def form(turn: Turn, error: str = "", status: int = 200, name: str = "") -> Response:
    """The page to sign in on; ``error``: which word of the console says what was wrong."""
    turn.request.state.staff = None
    rules = turn.site.backend.console.rules
    return turn.render(
        "console/sign_in.html", status, error=error, name=name, oidc=rules.oidc is not None,
        passwords=rules.break_glass is None, out=turn.query("out") == "1" and not error,
    )  # fmt: skip


def _completed(turn: Turn, session: Session) -> Session | str:
    """The session, or the word for what was wrong."""
    accounts = turn.site.backend.console.accounts
    password = _typed(turn, "password")
    if accounts.wants_password(session) and password != _typed(turn, "again"):
        return "second.differs"
    try:
        found = accounts.confirm(session, turn.field("code"), password)
    except BackendError as error:
        if not error.code.startswith("password-"):
            raise
        return f"second.{error.code}"
    return found if isinstance(found, Session) else f"second.{found.value}"


def _typed(turn: Turn, name: str) -> str:
    """A password is taken as it was typed: `field` would take away what surrounds it."""
    value = turn.form.get(name, "")
    return value if isinstance(value, str) else ""


def _let_in(turn: Turn, session: Session) -> Response:
    turn.set_cookie(COOKIE, session.token, same_site="strict")
    return turn.redirect("/console/" if session.whole else SECOND)
