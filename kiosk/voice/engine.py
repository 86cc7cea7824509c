"""What makes a recording of a sentence: an engine behind one interface, and which of them this machine has.

One is here, eSpeak NG (GPL-3.0-or-later, a program of its own that is run, never linked): plain to the ear, quick,
small, Mandarin and English. A better one is a class with `say`; it runs in the same child.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from typing import Protocol

PROGRAM, READINGS = "espeak-ng", "pypinyin"


class EngineFailed(Exception):
    """The sentence cannot be said. ``code`` for machines, ``advice`` for the operator."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code)
        self.code, self.advice = code, advice


class Engine(Protocol):
    def say(self, text: str, language: str) -> bytes:
        """A WAV file, 16 bit, one channel. ``text``: as kiosk.visit.speech_text makes it. Raises EngineFailed."""
        ...


def missing() -> str:
    """What keeps this machine from speaking, "" where nothing does. Looks; loads nothing."""
    if shutil.which(PROGRAM) is None:
        return "needs the Debian package espeak-ng"
    return "" if find_spec(READINGS) is not None else "needs the Python package pypinyin"
