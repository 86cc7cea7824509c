"""``kiosk run``: the terminal of a profile behind its window. A bug ends the process; systemd starts it anew."""

from __future__ import annotations

import os
import resource
import sys
import threading
import traceback

from kiosk.profile import Profile

BUG = 70  # EX_SOFTWARE
BROKEN = 78  # EX_CONFIG: the profile or the machine keeps it from starting


def run(profile: Profile) -> int:
    """Show the window; the core is assembled behind its first frame."""
    from kiosk.terminal import Terminal
    from ui import app

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be a copy of a citizen's visit
    threading.excepthook = _crash
    terminal = Terminal(profile, failed=_give_up)
    try:
        return app.run(terminal.start, size=profile.size, language=profile.language, fullscreen=profile.fullscreen)
    finally:
        terminal.stop()


def _crash(hook: threading.ExceptHookArgs) -> None:
    """Where it happened, never what it held: values may be a citizen's."""
    name = hook.thread.name if hook.thread is not None else "a job"
    frames = "".join(traceback.format_tb(hook.exc_traceback))
    sys.stderr.write(f"bug in thread {name}: {hook.exc_type.__name__}\n{frames}")
    sys.stderr.flush()
    os._exit(BUG)


def _give_up(error: BaseException) -> None:
    """What a person can mend is said with its advice; anything else is a bug."""
    if not hasattr(error, "advice"):
        _crash(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))
    advice = getattr(error, "advice", "")
    sys.stderr.write(f"the terminal cannot start: {type(error).__name__} {getattr(error, 'code', '')} {advice}\n")
    sys.stderr.flush()
    os._exit(BROKEN)
