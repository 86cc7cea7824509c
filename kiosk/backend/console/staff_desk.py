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
from kiosk.backend.console.roles import Role
from kiosk.backend.settings import BackendError, Settings

T = TypeVar("T")


def add(
    settings: Settings, login: str, role: str, areas: Sequence[str], services: Sequence[str], name: str, subject: str
) -> int:
    try:
        wanted = Role(role)
    except ValueError:
        raise BackendError("bad-role", f"say --role {', '.join(each.value for each in Role)}") from None
    password = _password(optional=bool(subject))
    new = NewStaff(login, wanted, areas, services, name, password, subject)
    staff_id = _with(settings, lambda accounts: accounts.add(new))
    say(added=login, id=staff_id, role=role, areas=list(areas), services=list(services))
    return 0


def reset(settings: Settings, login: str) -> int:
    """A new password; where none is given, the second factor is set up anew with the next sign-in."""
    password = _password(optional=True)
    _with(settings, lambda accounts: accounts.reset(login, password))
    say(reset=login, what="password" if password else "second-factor")
    return 0


def end(settings: Settings, login: str) -> int:
    _with(settings, lambda accounts: accounts.end(login))
    say(ended=login)
    return 0


def show(settings: Settings) -> int:
    for login, one, second, ended in _with(settings, Accounts.everybody):
        say(name=login, shown=one.name, id=one.staff_id, role=one.role.value, areas=list(one.areas),
             services=list(one.services), second_factor=second, ended=ended)  # fmt: skip
    return 0


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
