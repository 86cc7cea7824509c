"""What can go wrong with a suite."""

from __future__ import annotations


class BadSignature(Exception):
    """Signature, key or encoding does not fit. Which of them is nobody's business."""


class NotOpened(Exception):
    """These bytes were not sealed to this key for this place."""


class SuiteMissing(Exception):
    """The suite cannot be used on this machine."""

    code = "suite-missing"
    retryable = False

    def __init__(self, name: str, package: str) -> None:
        super().__init__(f"the suite {name} needs the package {package}, which is not installed")
        self.advice = f"Install it (.venv/bin/pip install {package}), or choose another suite in the profile."
