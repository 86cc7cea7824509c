"""The operator's pages of accounts: who has one, add, lock, change, reset; each deed is one form and one transaction.

A first password is shown once, on the answer to the form that made it, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from kiosk.backend.console.accounts import Accounts
from kiosk.backend.console.gate import staff_of
from kiosk.backend.console.keeping import COMMAND, ISSUER
from kiosk.backend.console.people import NewStaff
from kiosk.backend.console.roles import AccountDeed, Role, why_not_account
from kiosk.backend.settings import BackendError
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.turn import Turn

LIST = "/console/staff"
FIELDS = {  # beside which of the form stands what was typed wrong, by the code of the error
    "bad-name": "login", "name-taken": "login", "no-area": "areas", "bad-area": "areas", "bad-role": "role",
    "bad-subject": "subject", "subject-taken": "subject", "no-way-in": "subject",
}  # fmt: skip


def show(turn: Turn) -> Response:
    return turn.render("console/staff.html", everybody=turn.site.backend.console.accounts.everybody())


def add(turn: Turn) -> Response:
    """By a first password, or by a subject at the issuer."""
    console = turn.site.backend.console
    values = {name: turn.field(name) for name in ("login", "name", "role", "areas", "services", "subject")}
    if turn.request.method != "POST":
        return _form(turn, {**values, "way": ""}, "")
    values["way"] = turn.field("way")
    _may(turn, AccountDeed.ADD, "")
    try:
        role = _role(values["role"])
        issuer = console.rules.oidc.issuer if console.rules.oidc is not None else ""
        subject = values["subject"] if values["way"] == "subject" and issuer else ""
        if values["way"] == "subject" and not subject:
            raise BackendError("bad-subject", "")
        new = NewStaff(values["login"], role, _codes(values["areas"]), _codes(values["services"]), values["name"],
                       "", subject, issuer)  # fmt: skip
        by = staff_of(turn).staff_id
        staff_id, password = (console.accounts.add(new, by), "") if subject else console.accounts.add_first(new, by)
    except BackendError as error:
        return _form(turn, values, _told(error))
    return _one(turn, staff_id, password=password, done="add")


def one(turn: Turn) -> Response:
    return _one(turn, turn.path("staff_id"))


def do(turn: Turn) -> Response:
    """One deed to one account."""
    accounts, staff_id, by = turn.site.backend.console.accounts, turn.path("staff_id"), staff_of(turn).staff_id
    try:
        deed = AccountDeed(turn.path("deed"))
    except ValueError:
        raise WebError("not-found") from None
    if accounts.account(staff_id) is None or deed is AccountDeed.ADD:
        raise WebError("not-found")
    _may(turn, deed, staff_id)
    password = ""
    try:
        if deed is AccountDeed.PASSWORD:
            password = accounts.renew(staff_id, by)
        elif deed is AccountDeed.CHANGE:
            role, areas = _role(turn.field("role")), _codes(turn.field("areas"))
            accounts.change(staff_id, role, areas, _codes(turn.field("services")), by)
        elif deed is AccountDeed.SUBJECT:
            oidc = turn.site.backend.console.rules.oidc
            accounts.bind(staff_id, oidc.issuer if oidc is not None else "", turn.field("subject"), by)
        else:
            _simple(accounts)[deed](staff_id, by)
    except BackendError as error:
        return _one(turn, staff_id, error=_told(error), failed=deed.value)
    if password:
        return _one(turn, staff_id, password=password, done=deed.value)
    return turn.redirect(f"{LIST}/{staff_id}?done={deed.value}")


def _simple(accounts: Accounts) -> dict[AccountDeed, Callable[[str, str], None]]:
    """Those that say nothing but whose account."""
    return {
        AccountDeed.LOCK: accounts.lock,
        AccountDeed.UNLOCK: accounts.unlock,
        AccountDeed.SECOND: accounts.drop_second,
        AccountDeed.SESSIONS: accounts.end_sessions,
    }


def _one(
    turn: Turn, staff_id: str, *, password: str = "", done: str = "", error: str = "", failed: str = ""
) -> Response:
    accounts = turn.site.backend.console.accounts
    account = accounts.account(staff_id)
    if account is None:
        raise WebError("not-found")
    known = {each.value for each in AccountDeed}
    done = done or (turn.query("done") if turn.query("done") in known and turn.request.method == "GET" else "")
    deeds = accounts.deeds(staff_id)
    names = accounts.names([each.by_id for each in deeds if each.by_id not in (COMMAND, ISSUER)])
    role, own = staff_of(turn).role, _own(turn, staff_id)
    may = {each.value for each in AccountDeed if not why_not_account(role, each, own=own)}
    return turn.render(
        "console/account.html", 409 if error else 200, account=account, deeds=deeds, names=names, may=may,
        roles=[each.value for each in Role], password=password, done=done, error=error, failed=failed,
        wrong=_wrong(error),
        oidc=turn.site.backend.console.rules.oidc is not None,
    )  # fmt: skip


def _form(turn: Turn, values: dict[str, str], error: str) -> Response:
    return turn.render(
        "console/account_add.html", 409 if error else 200, values=values, error=error, wrong=_wrong(error),
        roles=[each.value for each in Role], oidc=turn.site.backend.console.rules.oidc is not None,
    )  # fmt: skip


def _may(turn: Turn, deed: AccountDeed, staff_id: str) -> None:
    if why_not_account(staff_of(turn).role, deed, own=_own(turn, staff_id)):
        raise WebError("forbidden")


def _own(turn: Turn, staff_id: str) -> bool:
    return staff_of(turn).staff_id == staff_id


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise BackendError("bad-role", "") from None


def _codes(text: str) -> list[str]:
    """What is separated by spaces, commas of either language, or lines."""
    return [each for each in re.split(r"[\s,，、;；]+", text) if each]


def _told(error: BackendError) -> str:
    """The word of the console for it; anything else is no matter of what was typed."""
    if error.code not in FIELDS:
        raise error
    return f"account.{error.code}"


def _wrong(error: str) -> str:
    """The field that it stands beside; "" for none."""
    return FIELDS.get(error.removeprefix("account."), "")
