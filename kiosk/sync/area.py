"""Where the terminal stands: numbers bear the area, so an enrolment or a block for another one is refused."""

from __future__ import annotations

from kiosk.sync.policy import Failure, SyncFailure

ADVICE = "Correct terminal.area_code in the profile, or enrol this terminal with a code issued for its area."


class Area:
    """``code``: GB/T 2260, six digits; "" takes any."""

    def __init__(self, code: str) -> None:
        self._code = code

    def holds(self, code: str) -> bool:
        return code == self._code or not self._code

    def check(self, code: str) -> None:
        """Raises SyncFailure ``wrong-area``."""
        if not self.holds(code):
            raise SyncFailure(Failure.SERVER, "wrong-area", ADVICE)
