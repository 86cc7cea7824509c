"""In which looks a page is drawn: orientation, language and size of type."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

PAIRS = ["portrait-zh_CN-standard", "portrait-en-elder", "landscape-zh_CN-elder", "landscape-en-standard"]
OTHERS = ["portrait-zh_CN-elder", "portrait-en-standard", "landscape-zh_CN-standard", "landscape-en-elder"]
LOOKS = PAIRS + OTHERS if os.environ.get("KIOSK_PEER_LOOKS") else PAIRS
"""Each two of the three together once; all three with KIOSK_PEER_LOOKS=1."""


class Look(NamedTuple):
    stage: Any
    language: Any
    elder: bool
