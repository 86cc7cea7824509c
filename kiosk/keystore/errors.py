"""What keeps a secret out of reach, in words."""

from __future__ import annotations


class KeyUnavailable(Exception):
    """The secret is there and cannot be had now. ``code`` is stable, ``advice`` is for who looks after the terminal.

    ``retryable``: asking again may help, without anybody doing anything.
    """

    def __init__(self, code: str, message: str, advice: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice
        self.retryable = retryable
