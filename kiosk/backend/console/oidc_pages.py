"""The way to the issuer and back, for a browser.

Our session's cookie is ``SameSite=Strict``: a page that is reached through the provider's redirect does not get it. So
the way back ends on a page of ours that goes on by itself (Refresh), which is then nobody's redirect; it also takes
the code out of the address. The provider is reached by links, never by a form, which the policy would stop.
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from kiosk.backend import log
from kiosk.backend.console.gate import COOKIE, SECOND
from kiosk.backend.console.sign_in_pages import TRIES_BURST, TRIES_RATE, form
from kiosk.backend.oidc.problems import OidcError
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.throttle import take
from kiosk.backend.web.turn import Turn

START, BACK, OUT = "/console/oidc/start", "/console/oidc/back", "/console/oidc/out"
ON_THE_WAY = "__Host-kiosk-oidc"
PARAMETERS = ("state", "code", "iss", "error")  # of the answer (RFC 6749 section 4.1.2, RFC 9207)


def start(turn: Turn) -> Response:
    from kiosk.backend.oidc.flow import PATIENCE  # with it comes what reads tokens

    flow = turn.site.backend.console.flow
    if flow is None:
        raise WebError("not-found")
    take(turn.site.throttle("oidc", TRIES_RATE, TRIES_BURST), turn.address)
    try:
        begun = flow.begin()
    except OidcError as error:
        return _refused(turn, error)
    turn.set_cookie(ON_THE_WAY, begun.holder, seconds=PATIENCE)
    return RedirectResponse(begun.address, 303)


def back(turn: Turn) -> Response:
    console = turn.site.backend.console
    if console.flow is None:
        raise WebError("not-found")
    take(turn.site.throttle("oidc-back", TRIES_RATE, TRIES_BURST), turn.address)
    said = {name: turn.query(name) for name in PARAMETERS if turn.query(name)}
    holder = turn.request.cookies.get(ON_THE_WAY, "")
    turn.drop_cookie(ON_THE_WAY)
    try:
        session = console.accounts.sign_in_from(console.flow.finish(said, holder))
    except OidcError as error:
        return _refused(turn, error)
    turn.set_cookie(COOKIE, session.token, same_site="strict")
    turn.request.state.staff = None
    answer = turn.render("console/oidc_back.html", to="/console/" if session.whole else SECOND)
    answer.headers["refresh"] = "0;url=" + ("/console/" if session.whole else SECOND)
    return answer


def out(turn: Turn) -> Response:
    """To the provider, to end the session there, where it offers that."""
    flow = turn.site.backend.console.flow
    address = flow.ending() if flow is not None else ""
    if not address:
        return form(turn, "sign_in.not_ended", 503)
    return RedirectResponse(address, 303)


def _refused(turn: Turn, error: OidcError) -> Response:
    log.event("staff.oidc-refused", code=error.code, step=error.detail)
    answer = form(turn, f"oidc.{error.code}", error.status)
    if error.status == 503:
        answer.headers["retry-after"] = "30"
    return answer
