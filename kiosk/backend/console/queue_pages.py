"""What waits at one's desk, and a case by its number."""

from __future__ import annotations

from starlette.responses import Response

from kiosk.backend.console.gate import staff_of
from kiosk.backend.console.lists import MOST
from kiosk.backend.console.roles import READERS, sees
from kiosk.backend.web.turn import Turn

FIRST_PAGES = {"operator": "/console/staff"}  # of whoever has no queue


def home(turn: Turn) -> Response:
    role = staff_of(turn).role
    return turn.redirect("/console/queue" if role in READERS else FIRST_PAGES[role.value])


def show(turn: Turn) -> Response:
    listed = turn.site.backend.console.lists.page(
        staff_of(turn), turn.query("tab"), turn.query("desk"), turn.query("after"), test=turn.query("test") == "1"
    )
    template = "console/rows.html" if turn.is_fragment else "console/queue.html"
    return turn.render(template, listed=listed, most=MOST, missing=False)


def find(turn: Turn) -> Response:
    """By the number on a receipt. One of another area is as if there were none."""
    console, who = turn.site.backend.console, staff_of(turn)
    case_id = console.case_of_number(turn.field("number"))
    if case_id and sees(who.scope, console.acting.matter(case_id)):
        return turn.redirect(f"/console/cases/{case_id}")
    listed = console.lists.page(who, "", "", "")
    return turn.render("console/queue.html", 404, listed=listed, most=MOST, missing=True)
