"""What can go wrong with a seal."""

from __future__ import annotations


class SealError(Exception):
    """``code``: ``seal-missing``, ``seal-damaged``, ``seal-out-of-time``, ``seal-not-fitting``, ``not-a-pdf``.

    ``advice`` says what to do; neither holds anything of the paper.
    """

    retryable = False

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code, self.advice = code, advice
