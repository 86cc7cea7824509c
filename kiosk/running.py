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
    end_at_bugs()
    terminal = Terminal(profile, failed=lambda error: _give_up(error, started=terminal.wait_ready(0)))
    try:
        return app.run(terminal.start, size=profile.size, language=profile.language, fullscreen=profile.fullscreen)
    finally:
        terminal.stop()


def end_at_bugs() -> None:
    """A bug on any thread ends the process; what it held is not told. Qt hands its slots' exceptions to sys."""
    threading.excepthook = _crash
    sys.excepthook = lambda kind, error, where: _crash(threading.ExceptHookArgs((kind, error, where, None)))


def _crash(hook: threading.ExceptHookArgs) -> None:
    """Where it happened, never what it held: values may be a citizen's."""
    name = hook.thread.name if hook.thread is not None else threading.current_thread().name
    frames = "".join(traceback.format_tb(hook.exc_traceback))
    told = _told(hook.exc_value) if hasattr(hook.exc_value, "advice") else hook.exc_type.__name__
    sys.stderr.write(f"bug in thread {name}: {told}\n{frames}")
    sys.stderr.flush()
    os._exit(BUG)


def _told(error: BaseException | None) -> str:
    """An expected failure by its code and advice: both are ours and hold no values of a visit."""
    return f"{type(error).__name__} {getattr(error, 'code', '')} {getattr(error, 'advice', '')}"


def _give_up(error: BaseException, *, started: bool) -> None:
    """What keeps it from starting and can be mended is said with its advice. Later, and else, it ends to begin anew."""
    if started or not hasattr(error, "advice"):
        _crash(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))
    sys.stderr.write(f"the terminal cannot start: {_told(error)}\n")
    sys.stderr.flush()
    os._exit(BROKEN)
