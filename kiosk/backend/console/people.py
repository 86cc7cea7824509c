"""What an account is: of whom, for what, and how it lies in its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from kiosk.backend.console.roles import Role, Scope, prefix
from kiosk.backend.settings import BackendError
from kiosk.backend.store.staff import StaffRow


class Profile(msgspec.Struct, frozen=True):
    """What of an account lies sealed. ``first_until``: unix seconds, where the password is one that the operator has
    seen and that is to be replaced; 0 otherwise. ``follows``: role and area are what the issuer's groups say.
    """

    login: str
    name: str
    secret: str = ""
    issuer: str = ""
    subject: str = ""
    first_until: int = 0
    follows: bool = False


class Reach(msgspec.Struct, frozen=True):
    """What of an account lies in the column ``scope``."""

    areas: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Staff:
    """Who asks. ``name`` is what the history of cases says."""

    staff_id: str
    name: str
    scope: Scope

    @property
    def role(self) -> Role:
        return self.scope.role

    @property
    def areas(self) -> tuple[str, ...]:
        return self.scope.areas

    @property
    def services(self) -> tuple[str, ...]:
        return self.scope.services


@dataclass(frozen=True, slots=True, repr=False)
class NewStaff:
    """An account to be made. ``password``: "" where only the issuer lets in; ``subject``: there, "" for none."""

    login: str
    role: Role
    areas: Sequence[str]
    services: Sequence[str] = ()
    name: str = ""
    password: str = ""
    subject: str = ""
    issuer: str = ""


class Account(NamedTuple):
    """As the operator sees it. ``second``: there is a second factor; ``first``: a first password waits for its owner;
    ``subject``: at the issuer.
    """

    login: str
    staff: Staff
    second: bool
    locked: bool
    password: bool
    first: bool
    subject: str
    follows: bool


def staff_of_row(row: StaffRow, name: str) -> Staff:
    scope = msgspec.json.decode(row.scope, type=Reach)
    return Staff(row.staff_id, name, Scope(Role(row.role), scope.areas, scope.services))


def reach_of(role: Role, areas: Sequence[str], services: Sequence[str]) -> Reach:
    """Raises BackendError."""
    try:
        found = tuple(sorted({prefix(code) for code in areas}))
    except ValueError as error:
        raise BackendError("bad-area", str(error)) from None
    if role is not Role.OPERATOR and not found:
        raise BackendError("no-area", "say for which area: --area CODE (GB/T 2260: 2, 4, 6, 9 or 12 digits)")
    return Reach(found, tuple(services))
