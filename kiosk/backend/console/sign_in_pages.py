"""Signing in and out, and setting up the second factor."""

from __future__ import annotations

from typing import Literal

import segno
from markupsafe import Markup
from starlette.responses import Response

from kiosk.backend.console.accounts import Session, SignIn
from kiosk.backend.console.gate import COOKIE, SECOND
from kiosk.backend.web.throttle import take
from kiosk.backend.web.turn import Turn

TRIES_RATE, TRIES_BURST = 10 / 60, 20  # of one address: a second for ever, and at once
Error = Literal["", "wrong", "locked"]


def sign_in(turn: Turn) -> Response:
    if turn.request.method != "POST":
        return _form(turn)
    take(turn.site.throttle("sign-in", TRIES_RATE, TRIES_BURST), turn.address)
    accounts = turn.site.backend.console.accounts
    # a password is taken as it was typed: `field` would take away what surrounds it
    password = turn.form.get("password", "")
    found = accounts.sign_in(turn.field("name"), password if isinstance(password, str) else "", turn.field("code"))
    if isinstance(found, SignIn):
        return _form(turn, found.value, turn.field("name"))
    return _let_in(turn, found)


def second_factor(turn: Turn) -> Response:
    """A code for an authenticator app, and the field that proves that it was taken there."""
    accounts, session = turn.site.backend.console.accounts, turn.request.state.session
    error = ""
    if turn.request.method == "POST":
        take(turn.site.throttle("sign-in", TRIES_RATE, TRIES_BURST), turn.address)
        found = accounts.confirm(session, turn.field("code"))
        if isinstance(found, Session):
            return _let_in(turn, found)
        error = found.value
    code = segno.make(accounts.set_up(session), error="m", micro=False)
    drawn = Markup(code.svg_inline(scale=1, border=2, omitsize=True))  # noqa: S704  # drawn here, of our own text
    secret = accounts.secret(session)
    parts = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return turn.render("console/second_factor.html", code=drawn, secret=" ".join(parts), error=error)


def sign_out(turn: Turn) -> Response:
    turn.site.backend.console.accounts.sign_out(turn.request.state.session)
    turn.drop_cookie(COOKIE)
    return turn.redirect("/console/sign-in")


def _form(turn: Turn, error: str = "", name: str = "") -> Response:
    turn.request.state.staff = None
    status = 200 if not error else 403
    return turn.render("console/sign_in.html", status, error=error, name=name)


def _let_in(turn: Turn, session: Session) -> Response:
    turn.set_cookie(COOKIE, session.token, same_site="strict")
    return turn.redirect("/console/" if session.whole else SECOND)
