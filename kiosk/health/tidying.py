"""Gives memory that was freed back to the machine, while nobody is here.

What Python and Qt free stays with the C library, in holes between what is still used; a start leaves 6 MB of them and
an idle hour touches 1 MB more, so that a terminal at rest seems to grow for hours. ``malloc_trim`` gives whole pages
back: a few milliseconds, without the interpreter's lock.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from kiosk.health.rounds import Job

EVERY = 600.0  # s


def give_back() -> bool:
    """Whether this C library knows how (glibc does)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(ctypes.c_size_t(0))
    return True


def tidying(idle: Callable[[], bool], give: Callable[[], object] = give_back) -> Job:
    """The job of the rounds. ``idle``: nobody is here."""

    def tidy() -> None:
        if idle():
            give()

    return Job(tidy, EVERY)
