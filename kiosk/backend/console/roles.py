"""Who may do what to which case: role, area, matter and desk against a deed. Pure; a test holds it to a whole matrix.

The areas are those of GB/T 2260 and below (province 2 digits, city 4, county 6, street 9, community 12): who has an
area has what lies in it. What a deed is stands in kiosk/domain/data/life.toml, and the table there has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kiosk.backend.desks import DESKS
from kiosk.backend.store.queue_tables import LEVELS
from kiosk.domain import life
from kiosk.domain.life import Deed
from kiosk.domain.life_table import rule


class Role(Enum):
    """Of a member of staff."""

    COMMUNITY = "community"  # 社区（村）
    STREET = "street"  # 街道（乡镇）
    DEPARTMENT = "department"  # 部门
    SUPERVISOR = "supervisor"  # 监督: sees cases and results, does nothing to them
    OPERATOR = "operator"  # 运维: accounts and machinery; sees no case

    @property
    def desk(self) -> str:
        """The desk where this role works; "" for none."""
        return self.value if self.value in DESKS else ""


REVIEWERS = (Role.COMMUNITY, Role.STREET, Role.DEPARTMENT)
READERS = (*REVIEWERS, Role.SUPERVISOR)
DECISIONS = frozenset({Deed.APPROVED, Deed.REFUSED, Deed.NOT_ACCEPTED, Deed.ANSWERED})
"""What settles a case: for the desk that decides it, and those above."""
AFTERWARDS = frozenset({Deed.CORRECTED, Deed.VOIDED, Deed.DELIVERED})
"""What is done to a paper that was issued: it waits at no desk any more."""
BY_LINE = frozenset({Deed.CONFIRMED})
"""What comes by a department's line (connectors/), or at the command line: nobody of the console does it."""
WRITTEN_DOWN = frozenset({Deed.WITHDRAWN})
"""What an applicant does, and staff may write down for whoever stands before them."""


class AccountDeed(Enum):
    """What an operator does to accounts."""

    ADD = "add"
    LOCK = "lock"
    UNLOCK = "unlock"
    CHANGE = "change"  # role and area
    PASSWORD = "password"  # noqa: S105  # the name of a deed
    SECOND = "second"  # the second factor is set up anew
    SUBJECT = "subject"  # who it is at the issuer
    SESSIONS = "sessions"  # whoever is signed in is not any more


@dataclass(frozen=True, slots=True)
class Scope:
    """What a member of staff is there for. ``areas``: prefixes; ``services``: the matters, none for all."""

    role: Role
    areas: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What of a case decides who may touch it. ``desk``: where it waits, "" where it does not; ``decides``: the lowest
    desk that may decide it.
    """

    area: str
    service_id: str
    desk: str
    decides: str


def prefix(code: str) -> str:
    """An area's code without what names nothing: 330102000000 is 330102. Raises ValueError."""
    if not (code.isascii() and code.isdigit() and len(code) in LEVELS.values()):
        raise ValueError("an area code has 2, 4, 6, 9 or 12 digits")
    return next(code[:digits] for digits in LEVELS.values() if not code[digits:].strip("0"))


def sees(scope: Scope, matter: Matter) -> bool:
    """Whether a case is shown to this person at all."""
    return why_unseen(scope, matter) == ""


def why_unseen(scope: Scope, matter: Matter) -> str:
    """role, area or service; "" where it is shown."""
    if scope.role not in READERS:
        return "role"
    if not any(matter.area.startswith(area) for area in scope.areas if area):
        return "area"
    return "service" if scope.services and matter.service_id not in scope.services else ""


def why_not(scope: Scope, deed: Deed, matter: Matter) -> str:
    """Why this person may not do it: role, area, service, desk (it waits elsewhere) or decides (others decide it)."""
    unseen = why_unseen(scope, matter)
    if unseen or scope.role not in REVIEWERS:
        return unseen or "role"
    by = rule(deed).by
    if (acts_as(scope.role) not in by and deed not in WRITTEN_DOWN) or deed in BY_LINE:
        return "role"
    mine = DESKS.index(scope.role.desk)
    if deed in DECISIONS | AFTERWARDS and mine < DESKS.index(matter.decides) and deed is not Deed.DELIVERED:
        return "decides"
    if deed not in AFTERWARDS and (not matter.desk or mine < DESKS.index(matter.desk)):
        return "desk"
    return ""


def may_take(scope: Scope, matter: Matter) -> bool:
    """Whether this person may take the case in hand: where nothing waits, because its paper may be put right."""
    if not sees(scope, matter) or scope.role not in REVIEWERS:
        return False
    return not matter.desk or DESKS.index(scope.role.desk) >= DESKS.index(matter.desk)


def may_check(scope: Scope, matter: Matter) -> bool:
    """Whether this person may say what a later check has found."""
    if not sees(scope, matter) or scope.role not in REVIEWERS:
        return False
    return DESKS.index(scope.role.desk) >= DESKS.index(matter.decides)


def why_not_account(role: Role, deed: AccountDeed, *, own: bool) -> str:
    """Why this person may not do it to an account: role, or self (``own``: it is theirs). Nobody gives themselves
    rights or locks themselves out; so the operator who acts is always left.
    """
    if role is not Role.OPERATOR:
        return "role"
    return "self" if own and deed is not AccountDeed.SESSIONS else ""


def acts_as(role: Role) -> life.Role:
    """Under which name of kiosk.domain.life a reviewer acts."""
    return life.Role(role.value)
