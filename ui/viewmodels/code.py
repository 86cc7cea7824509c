"""A staff code as it is typed: shown as dots, handed out once, and gone with its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.words import Words

LENGTH = (4, 12)  # digits of a one-time code, a staff number before it: the least that is taken, the most


class StaffCode:
    """Whoever shows it tells its page of every change."""

    def __init__(self, least: int = LENGTH[0], most: int = LENGTH[1]) -> None:
        self._least, self._most = least, most
        self._digits = ""

    @property
    def groups(self) -> str:
        """The digits, four by four: for what is read out by somebody and is good once."""
        return " ".join(self._digits[at : at + 4] for at in range(0, len(self._digits), 4))

    @property
    def dots(self) -> str:
        return "●" * len(self._digits)

    @property
    def ready(self) -> bool:
        return len(self._digits) >= self._least

    def press(self, digit: str) -> None:
        self._digits = (self._digits + digit)[: self._most]

    def erase(self) -> None:
        self._digits = self._digits[:-1]

    def take(self) -> str:
        """The digits, which are not kept here any more."""
        digits, self._digits = self._digits, ""
        return digits


def refusal(words: Words, body: Any) -> str:
    """Why a code was not taken, with the attempts left or the seconds (OtherWayBody, HelperBody); "" if none was."""
    if body is None or not body.problem:
        return ""
    value = round(body.locked_for) if body.problem == "code_locked" else body.attempts_left
    return words.t(f"way.problem.{body.problem}", value)
