"""``kiosk run``: the terminal of a profile behind its window. A bug ends the process; systemd starts it anew.

A restart that an operator has ordered, or that a new policy needs, is done here, after an end in good order.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from kiosk.profile import Profile
from kiosk.trial import BROKEN as BROKEN_TRIAL

if TYPE_CHECKING:
    from kiosk.health.watchdog import Watchdog
    from kiosk.terminal import Terminal
    from kiosk.trial import Standing

BUG = 70  # EX_SOFTWARE
POWER = 75  # EX_TEMPFAIL: the UPS's battery is low; to be started again when the mains are back
BROKEN = 78  # EX_CONFIG: the profile or the machine keeps it from starting
COMMAND_SECONDS = 60.0  # for the profile's command after a power cut


def run(
    profile: Profile,
    *,
    file: Path | None = None,
    trial: Standing | None = None,
    made: Callable[[Terminal], None] = lambda terminal: None,
    **more: Any,
) -> int:
    """Show the window; the core is assembled behind its first frame.

    Returns 0 when it was asked to end, and POWER when the battery is low or staff have shut it down: then the journal
    is closed, and the profile's command has been run. ``file`` is where the profile was read from, ``trial`` how a
    change of it stands (kiosk/trial.py). ``made`` is shown the terminal before the window opens; ``more`` are further
    options of Terminal's.
    """
    from kiosk.terminal import Terminal
    from ui import app
    from ui.words import word

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be a copy of a citizen's visit
    end_at_bugs()
    powerless, shut, anew = threading.Event(), threading.Event(), threading.Event()

    def ends(why: threading.Event) -> Callable[[], None]:
        def end() -> None:
            why.set()
            os.kill(os.getpid(), signal.SIGTERM)  # the one way in which this process ends in good order

        return end

    terminal = Terminal(
        profile,
        failed=lambda error: _give_up(error, started=terminal.wait_ready(0), trial=trial),
        power_down=ends(powerless),
        shut_down=ends(shut),
        restart=ends(anew),
        file=file,
        trial=trial,
        speak=partial(word, "zh_CN"),
        **more,
    )
    made(terminal)
    watchdog = watch(terminal, profile)
    try:
        status = app.run(
            terminal.start, size=profile.size, language=profile.language, fullscreen=profile.fullscreen,
            beat=watchdog.window_moves, beat_seconds=watchdog.pulse, ending=lambda: watchdog.end(anew=anew.is_set()),
        )  # fmt: skip
    finally:
        watchdog.end(anew=anew.is_set())
        terminal.stop()
    if powerless.is_set() or shut.is_set():
        return powered_down(profile.power.command, "the battery is low" if powerless.is_set() else "staff ended it")
    if anew.is_set():
        begin_anew()
    return status


def watch(terminal: Terminal, profile: Profile) -> Watchdog:
    """Begin to feed whoever watches over this process, while it moves."""
    from kiosk.health import notify
    from kiosk.health.ticks import Ticks
    from kiosk.health.watchdog import Watchdog, note_silence

    if os.environ.pop(notify.SILENT, ""):
        note_silence(profile.data)
    watchdog = Watchdog(terminal, Ticks(), notify.of_environment(), profile.data, notify.interval())
    watchdog.start()
    return watchdog


def begin_anew() -> NoReturn:
    """The same program in the same process: whoever started it sees no end. The journal is closed by now."""
    sys.stderr.flush()
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 (itself, with its own arguments)


def powered_down(command: tuple[str, ...], why: str = "the battery is low") -> int:
    """The terminal has ended to be without power, and its journal is closed: run what the profile says, if it does."""
    sys.stderr.write(f"{why}: the terminal has ended\n")
    if command:
        import subprocess

        try:
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=COMMAND_SECONDS, check=False)
            told = f"ended with status {ended.returncode}" if ended.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            told = f"could not be run: {getattr(error, 'strerror', None) or type(error).__name__}"
        if told:
            sys.stderr.write(f"power.command {command[0]} {told}\n")
    sys.stderr.flush()
    return POWER


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


def _give_up(error: BaseException, *, started: bool, trial: Standing | None) -> None:
    """What keeps it from starting and can be mended is said with its advice. Later, and else, it ends to begin anew.

    A profile on trial that keeps it from starting has failed: the one before comes back.
    """
    if not started and trial is not None and trial.trial is not None:
        with contextlib.suppress(OSError):  # then it is said as without a trial
            if trial.trial.roll_back(BROKEN_TRIAL):
                begin_anew()
    if started or not hasattr(error, "advice"):
        _crash(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))
    sys.stderr.write(f"the terminal cannot start: {getattr(error, 'advice', '')} ({getattr(error, 'code', '')})\n")
    sys.stderr.flush()
    os._exit(BROKEN)
