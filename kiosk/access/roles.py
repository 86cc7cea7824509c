"""Who of the staff may do what in maintenance mode: one table.

A keeper (保洁和耗材) changes paper and cleans, a technician (技术员) mends and proves, an administrator (管理员) also
changes what the terminal is.
"""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    KEEPER = "keeper"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"


class Deed(Enum):
    """What is done in maintenance mode; each page and each action of one needs one of these."""

    LOOK = "look"  # the overview, supplies, the menu
    REFILL = "refill"  # guided repairs that need no tool: roll, sheets, a jam, glass
    REPAIR = "repair"  # guided repairs with a screwdriver: swap a reader or camera, calibrate, thresholds
    TEST = "test"  # self-tests, of devices and of what a person sees, hears and touches
    TEST_MODE = "test_mode"  # the switch between service and trial
    QUEUE = "queue"  # counts of what waits
    SETTLE = "settle"  # decide about an item that was set aside
    NETWORK = "network"
    LOG = "log"
    REPORT = "report"  # readiness report and diagnostics bundle
    CLOSE = "close"  # out of service with a reason, and open again
    RESTART = "restart"
    SHUT_DOWN = "shut_down"
    SETTINGS = "settings"  # look at the profile
    CHANGE_SETTINGS = "change_settings"
    SOFTWARE = "software"  # versions
    ROLL_BACK = "roll_back"


_KEEPER = frozenset({Deed.LOOK, Deed.REFILL, Deed.REPORT})
_TECHNICIAN = _KEEPER | {
    Deed.REPAIR, Deed.TEST, Deed.TEST_MODE, Deed.QUEUE, Deed.NETWORK, Deed.LOG, Deed.CLOSE, Deed.RESTART,
    Deed.SETTINGS, Deed.SOFTWARE,
}  # fmt: skip

MAY: dict[Role, frozenset[Deed]] = {
    Role.KEEPER: _KEEPER,
    Role.TECHNICIAN: _TECHNICIAN,
    Role.ADMINISTRATOR: frozenset(Deed),
}
"""The table. Nothing else decides what a role may do."""


def may(role: Role, deed: Deed) -> bool:
    return deed in MAY[role]
