"""For the operator: who has an account. Accounts are made and ended at the command line (`kiosk backend staff`)."""

from __future__ import annotations

from starlette.responses import Response

from kiosk.backend.web.turn import Turn


def show(turn: Turn) -> Response:
    return turn.render("console/staff.html", everybody=turn.site.backend.console.accounts.everybody())
