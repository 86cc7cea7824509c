"""The staff's one-time code, checked off the core loop; with none configured the way is not offered."""

from __future__ import annotations

from kiosk.access.staff_code import CodeCheck, StaffCodes
from kiosk.visit.events import StaffCodeChecked
from kiosk.visit.ports import Post


class StaffDesk:
    def __init__(self, codes: StaffCodes | None, post: Post) -> None:
        self._codes, self._post = codes, post

    def check(self, code: str) -> CodeCheck:
        """Check, post the answer, and hand it back for the audit row."""
        result = self._codes.check(code) if self._codes is not None else CodeCheck(False, 0, 60.0)
        self._post(StaffCodeChecked(result.ok, result.attempts_left, result.locked_for, result.who))
        return result
