"""By which names a profile chooses a crypto suite and a place for the terminal's keys.

Here, because a profile is read before the first frame, and what is behind the names costs 20 ms to import
(`kiosk.suites`, `kiosk.keystore`).
"""

from __future__ import annotations

from typing import Literal, get_args

SuiteName = Literal["international", "shangmi"]
SUITES: tuple[SuiteName, ...] = get_args(SuiteName)
USUAL_SUITE: SuiteName = "international"

SourceName = Literal["file", "credential", "tpm"]
SOURCES: tuple[SourceName, ...] = get_args(SourceName)
