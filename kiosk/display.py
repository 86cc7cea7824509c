"""Is there a screen to draw on? Qt aborts the process where there is none, so that is asked before Qt is."""

from __future__ import annotations

import os
from collections.abc import Mapping


def missing(environment: Mapping[str, str] = os.environ) -> str:
    """Why no window can be shown here; empty where one can. A platform of Qt's without a display server (eglfs,
    linuxfb, vnc, offscreen) has to be named in QT_QPA_PLATFORM."""
    platform = environment.get("QT_QPA_PLATFORM", "")
    if platform and not platform.startswith(("xcb", "wayland")):
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return "there is no display in this session (neither DISPLAY nor WAYLAND_DISPLAY is set)"
