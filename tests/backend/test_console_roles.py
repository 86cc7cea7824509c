"""Who may do what to which case: every role against every deed, wherever the case is and whoever decides it."""

from __future__ import annotations

from itertools import product

import pytest

from kiosk.backend.console.roles import (
    AccountDeed,
    Matter,
    Role,
    Scope,
    may_check,
    may_take,
    prefix,
    sees,
    why_not,
    why_not_account,
)
from kiosk.domain.life import Deed

AREA, SERVICE = "330102001002", "elder_allowance"
DESKS = ("community", "street", "department")

# What each role does to a case that waits at its own desk, and that this desk may decide.
OWN = {
    Role.COMMUNITY: {"accepted", "not_accepted", "supplement_asked", "supplemented", "forwarded", "approved", "refused",
                     "answered", "withdrawn", "delivered"},
    Role.STREET: {"accepted", "not_accepted", "supplement_asked", "supplemented", "forwarded", "approved", "refused",
                  "answered", "withdrawn", "delivered", "hold_started", "hold_ended", "corrected"},
    Role.DEPARTMENT: {"accepted", "not_accepted", "supplement_asked", "supplemented", "forwarded", "approved",
                      "refused", "answered", "withdrawn", "delivered", "hold_started", "hold_ended", "corrected",
                      "extended", "voided"},
    Role.SUPERVISOR: set(),
    Role.OPERATOR: set(),
}  # fmt: skip
SETTLE = {"approved", "refused", "not_accepted", "answered", "corrected", "voided"}  # for the desk that decides
AFTER = {"corrected", "voided", "delivered"}  # waits at no desk


def expected(role: Role, desk: str, decides: str) -> set[str]:
    """By the words of the rule: one's own desk or a lower one; what settles it, if one's desk decides."""
    able = set(OWN[role])
    if not able:
        return able
    mine = DESKS.index(role.value)
    if mine < DESKS.index(decides):
        able -= SETTLE
    if desk == "" or DESKS.index(desk) > mine:
        able &= AFTER
    return able


def allowed(scope: Scope, matter: Matter) -> set[str]:
    return {deed.value for deed in Deed if why_not(scope, deed, matter) == ""}


@pytest.mark.parametrize("role", Role)
def test_every_role_every_deed_wherever_the_case_waits(role: Role) -> None:
    for desk, decides in product(("", *DESKS), DESKS):
        found = allowed(Scope(role, ("330102",)), Matter(AREA, SERVICE, desk, decides))
        assert found == expected(role, desk, decides), (role, desk, decides)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("area", ["33", "3301", "330102", "330102001", AREA])
def test_an_area_covers_what_lies_in_it(role: Role, area: str) -> None:
    scope = Scope(role, (area,))
    assert sees(scope, Matter(AREA, SERVICE, "community", "community")) is (role is not Role.OPERATOR)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("areas", [(), ("",), ("34",), ("3302",), ("330103",), ("330102002",), ("330102001003",)])
def test_nobody_does_anything_in_another_area(role: Role, areas: tuple[str, ...]) -> None:
    for desk, decides in product(("", *DESKS), DESKS):
        scope, matter = Scope(role, areas), Matter(AREA, SERVICE, desk, decides)
        assert allowed(scope, matter) == set()
        assert not sees(scope, matter)
        assert not may_take(scope, matter)
        assert not may_check(scope, matter)


def test_a_case_of_a_district_is_not_of_one_community_in_it() -> None:
    assert not sees(Scope(Role.COMMUNITY, (AREA,)), Matter("330102", SERVICE, "community", "community"))


@pytest.mark.parametrize("role", Role)
def test_whoever_has_some_matters_has_no_others(role: Role) -> None:
    scope = Scope(role, ("330102",), ("residence_permit",))
    assert allowed(scope, Matter(AREA, SERVICE, "community", "community")) == set()
    same = Scope(role, ("330102",), ("residence_permit", SERVICE))
    assert allowed(same, Matter(AREA, SERVICE, "community", "community")) == expected(role, "community", "community")


def test_taking_and_checking_go_by_the_desk() -> None:
    matter = Matter(AREA, SERVICE, "street", "street")
    may = {role: (may_take(Scope(role, ("33",)), matter), may_check(Scope(role, ("33",)), matter)) for role in Role}
    assert may == {
        Role.COMMUNITY: (False, False), Role.STREET: (True, True), Role.DEPARTMENT: (True, True),
        Role.SUPERVISOR: (False, False), Role.OPERATOR: (False, False),
    }  # fmt: skip


def test_accounts_are_the_operators_and_nobody_is_their_own_operator() -> None:
    found = {
        (role, deed, own): why_not_account(role, deed, own=own)
        for role, deed, own in product(Role, AccountDeed, (True, False))
    }
    others = {key: "role" for key in found if key[0] is not Role.OPERATOR}
    own = {key: "self" for key in found if key[0] is Role.OPERATOR and key[2] and key[1] is not AccountDeed.SESSIONS}
    assert found == {key: "" for key in found} | others | own
    assert len(found) == 5 * 8 * 2


@pytest.mark.parametrize(
    ("code", "found"),
    [("330000000000", "33"), ("330100", "3301"), ("330102000000", "330102"), ("330102001000", "330102001"),
     ("330102001002", "330102001002"), ("33", "33"), ("330102", "330102")],
)  # fmt: skip
def test_an_area_code_is_what_it_names(code: str, found: str) -> None:
    assert prefix(code) == found


@pytest.mark.parametrize("code", ["", "3", "33010", "3301021", "33O1", "3301020010021", "３３"])
def test_what_is_no_area_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        prefix(code)
