"""Accounts at the command line, for the operator. A password comes by the standard input, never by an argument, which
everybody on the machine could read. Prints one JSON object a line, returns the exit status. Raises BackendError.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from kiosk.backend.commanding import say, with_backend
from kiosk.backend.console.accounts import Accounts, NewStaff
from kiosk.backend.console.console import Console
from kiosk.backend.console.roles import Role
from kiosk.backend.settings import BackendError, Settings

T = TypeVar("T")


def add(
    settings: Settings, login: str, role: str, areas: Sequence[str], services: Sequence[str], name: str, subject: str
) -> int:
    wanted = _role(role)
    password = _password(optional=bool(subject))

    def work(console: Console) -> str:
        issuer = console.rules.oidc.issuer if console.rules.oidc is not None else ""
        return console.accounts.add(NewStaff(login, wanted, areas, services, name, password, subject, issuer))

    staff_id = with_backend(settings, lambda backend: work(backend.console))
    say(added=login, id=staff_id, role=role, areas=list(areas), services=list(services))
    return 0


def change(settings: Settings, login: str, role: str, areas: Sequence[str], services: Sequence[str]) -> int:
    """Role, areas and matters, all three; whoever is signed in with it signs in again."""
    wanted = _role(role)
    _with(settings, lambda accounts: accounts.change(accounts.id_of(login), wanted, areas, services))
    say(changed=login, role=role, areas=list(areas), services=list(services))
    return 0


def reset(settings: Settings, login: str) -> int:
    """A new password; where none is given, the second factor is set up anew with the next sign-in."""
    password = _password(optional=True)
    _with(settings, lambda accounts: accounts.reset(login, password))
    say(reset=login, what="password" if password else "second-factor")
    return 0


def lock(settings: Settings, login: str, *, locked: bool) -> int:
    _with(settings, lambda accounts: (accounts.lock if locked else accounts.unlock)(accounts.id_of(login)))
    say(**{"ended" if locked else "unlocked": login})
    return 0


def show(settings: Settings) -> int:
    for each in _with(settings, Accounts.everybody):
        one = each.staff
        say(name=each.login, shown=one.name, id=one.staff_id, role=one.role.value, areas=list(one.areas),
             services=list(one.services), second_factor=each.second, ended=each.locked,
             by_issuer=bool(each.subject))  # fmt: skip
    return 0


def _role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise BackendError("bad-role", f"say --role {', '.join(each.value for each in Role)}") from None


def _password(*, optional: bool) -> str:
    """One line of the standard input; asked for without an echo, twice, where somebody types."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    again = "" if not optional else " (empty: none)"
    password = getpass.getpass(f"Password{again}: ")
    if password and getpass.getpass("Once more: ") != password:
        raise BackendError("password-differs", "the two were not the same: nothing was changed")
    return password


def _with(settings: Settings, work: Callable[[Accounts], T]) -> T:
    return with_backend(settings, lambda backend: work(backend.console.accounts))
