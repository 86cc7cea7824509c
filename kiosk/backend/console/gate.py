"""Who asks for a page of staff: the session behind the cookie, or the page to sign in on."""

from __future__ import annotations

from collections.abc import Collection

from kiosk.backend.console.accounts import Session, Staff
from kiosk.backend.console.roles import Role
from kiosk.backend.web import tokens
from kiosk.backend.web.forms import SMALL
from kiosk.backend.web.problems import ElsewhereError, WebError
from kiosk.backend.web.turn import Guard, Page, Turn, Work

COOKIE = "__Host-kiosk-staff"
SIGN_IN, SECOND = "/console/sign-in", "/console/second-factor"


def staff_page(
    path: str, work: Work, *roles: Role, methods: Collection[str] = ("GET",), limit: int = SMALL, files: int = 0
) -> Page:
    """A page for staff of one of these roles, of any role if none is named."""
    return Page(path, work, methods=methods, guard=signed_in(*roles), limit=limit, files=files)


def staff_of(turn: Turn) -> Staff:
    """Who asks; also ``turn.request.state.staff``."""
    staff: Staff = turn.request.state.staff
    return staff


def session_of(turn: Turn) -> Session | None:
    """The session of this browser, as far as it has got."""
    token = turn.request.cookies.get(COOKIE, "")
    return turn.site.backend.console.accounts.session(token) if tokens.is_token(token) else None


def signed_in(*roles: Role) -> Guard:
    def guard(turn: Turn) -> None:
        session = session_of(turn)
        if session is None:
            raise ElsewhereError(SIGN_IN)
        if not session.whole:
            raise ElsewhereError(SECOND)
        hold(turn, session)
        if roles and session.staff.role not in roles:
            raise WebError("forbidden")

    return guard


def half_signed_in(turn: Turn) -> None:
    """For whoever has given the password, and has still to set up the second factor."""
    session = session_of(turn)
    if session is None:
        raise ElsewhereError(SIGN_IN)
    if session.whole:
        raise ElsewhereError("/console/")
    hold(turn, session)
    turn.request.state.staff = None  # nobody yet, for the bar of the page


def hold(turn: Turn, session: Session) -> None:
    turn.holder = f"session {session.token}"
    turn.request.state.session = session
    turn.request.state.staff = session.staff
