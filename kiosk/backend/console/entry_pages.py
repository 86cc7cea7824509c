"""The operator's page of entry codes: a member of staff stands at a terminal and reads out what its page shows.

The code is on the answer to the form and nowhere else; who has had it made is kept (kiosk/backend/entry_codes.py).
"""

from __future__ import annotations

from starlette.responses import Response

from kiosk.backend.console.gate import staff_of
from kiosk.backend.entry_codes import ROLES, Issued, asked
from kiosk.backend.settings import BackendError
from kiosk.backend.web.turn import Turn

PATH = "/console/entry"
NAMES = ("terminal", "hour", "challenge", "role", "staff")
FIELDS = {  # beside which of the form stands what was typed wrong, by the code of the error
    "bad-terminal": "terminal", "no-such-terminal": "terminal", "terminal-revoked": "terminal",
    "no-entry-secret": "terminal", "bad-hour": "hour", "bad-challenge": "challenge", "bad-role": "role",
    "bad-number": "staff",
}  # fmt: skip


def show(turn: Turn) -> Response:
    """The form; sent, the code for exactly what stands in it."""
    values = {name: turn.field(name) for name in NAMES}
    if turn.request.method != "POST":
        return _page(turn, values)
    codes, who = turn.site.backend.entry_codes, staff_of(turn)
    try:
        made = codes.issue(asked(**_named(values)), by=who.name, by_id=who.staff_id)
    except BackendError as error:
        if error.code not in FIELDS:
            raise
        return _page(turn, values, error=error.code)
    return _page(turn, values, made=made)


def _named(values: dict[str, str]) -> dict[str, str]:
    return {("terminal_id" if name == "terminal" else name): value for name, value in values.items()}


def _page(turn: Turn, values: dict[str, str], *, error: str = "", made: Issued | None = None) -> Response:
    issued = turn.site.backend.entry_codes.issued(values["terminal"]) if made is not None else []
    return turn.render(
        "console/entry.html", 409 if error else 200, values=values, error=f"entry.{error}" if error else "",
        wrong=FIELDS.get(error, ""), made=made, issued=issued, roles=ROLES,
    )  # fmt: skip
