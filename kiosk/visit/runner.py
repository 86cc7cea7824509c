"""The core loop: one thread that takes events in order, steps the visit, does the effects, shows the screen.

The only place where the pure machine meets time. Listeners get immutable snapshots, from this thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from kiosk.domain.beijing import beijing_now
from kiosk.health.failpoints import hit
from kiosk.visit import effects as fx
from kiosk.visit.events import Event, TimerFired
from kiosk.visit.ports import Ports
from kiosk.visit.screen import Screen
from kiosk.visit.states import State
from kiosk.visit.step import step
from kiosk.visit.view import screen_of
from kiosk.visit.visit import Machine, Now, Visit

Listener = Callable[[Screen], None]


def system_now() -> Now:
    """The machine's clocks; wall time is Beijing time."""
    return Now(time.monotonic(), beijing_now())


QUIET = frozenset({State.ATTRACT, State.OUT_OF_SERVICE})
"""Nobody is here, and nothing of anybody's is kept."""


class _Stop:
    pass


class _Quiet:
    """What is to be done between two visits."""

    def __init__(self, change: Callable[[Machine], Machine]) -> None:
        self.change = change


class _Sign:
    """A sign of life that is asked for."""

    def __init__(self, give: Callable[[], None]) -> None:
        self.give = give


class Runner:
    """Runs one visit after another until stopped. ``post`` may be called from any thread."""

    def __init__(self, machine: Machine, ports: Ports, clock: Callable[[], Now] = system_now) -> None:
        self._ports = ports
        self._clock = clock
        self._queue: queue.SimpleQueue[Event | _Stop | _Quiet | _Sign] = queue.SimpleQueue()
        self._quiet: list[_Quiet] = []  # waiting for the visit's end
        self._timers: dict[str, float] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._visit = Visit(machine=machine, language=machine.language)
        self._serial = 0
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)
        ports.bind(self.post)

    # -- from other threads --------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        self._queue.put(_Stop())
        if self._thread.is_alive():
            self._thread.join(timeout)

    def post(self, event: Event) -> None:
        self._queue.put(event)

    def when_quiet(self, change: Callable[[Machine], Machine]) -> None:
        """Change what holds for the terminal between two visits, never in one: at once where nobody is here.

        ``change`` is called once, in the core's thread, with nothing between it and the next visit.
        """
        self._queue.put(_Quiet(change))

    def sign(self, give: Callable[[], None]) -> None:
        """Have ``give`` called in the core's thread in its turn, behind what waits there; nothing else happens."""
        self._queue.put(_Sign(give))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Deliver each screen; call the result to end it."""
        self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            self._listeners = tuple(known for known in self._listeners if known is not listener)

        return unsubscribe

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    # -- the core thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        self._show()
        self._do(fx.Recover())
        while True:
            event = self._next()
            if isinstance(event, _Stop):
                return
            if isinstance(event, _Sign):
                hit("core.sign")
                event.give()
                continue
            if isinstance(event, _Quiet):
                self._quiet.append(event)
            else:
                self.handle(event)
            self._renew()

    def handle(self, event: Event) -> None:
        """One event to its end: step, effects, screen."""
        self._visit, effects = step(self._visit, event, self._clock())
        for effect in effects:
            self._do(effect)
        self._show()

    def _renew(self) -> None:
        if self._visit.state not in QUIET or not self._quiet:
            return
        waiting, self._quiet = self._quiet, []
        for each in waiting:
            self._visit = replace(self._visit, machine=each.change(self._visit.machine))
        self._show()

    def _next(self) -> Event | _Stop | _Quiet | _Sign:
        """The next event, or the timer that has run out while there was none."""
        while True:
            due = min(self._timers.items(), key=lambda item: item[1], default=None)
            try:
                if due is None:
                    return self._queue.get()
                return self._queue.get(timeout=max(0.0, due[1] - self._clock().monotonic))
            except queue.Empty:
                if due is not None and self._clock().monotonic >= due[1]:
                    del self._timers[due[0]]
                    return TimerFired(due[0])

    def _show(self) -> None:
        self._serial += 1
        screen = screen_of(self._visit, self._serial, self._clock())
        for listener in self._listeners:
            listener(screen)

    def _do(self, effect: fx.Effect) -> None:
        ports = self._ports
        match effect:
            case fx.SetTimer(name, seconds):
                self._timers[name] = self._clock().monotonic + seconds
            case fx.CancelTimer(name):
                self._timers.pop(name, None)
            case fx.Recover():
                ports.recover()
            case fx.PrepareVerification():
                ports.prepare_verification()
            case fx.CheckFace():
                ports.check_face(effect)
            case fx.StopCamera():
                ports.stop_camera()
            case fx.CheckStaffCode():
                ports.check_staff_code(effect)
            case fx.ShowDesk():
                ports.show_desk()
            case fx.TakePage():
                ports.take_page()
            case fx.ReadPage():
                ports.read_page(effect)
            case fx.HideDesk():
                ports.hide_desk()
            case fx.OpenInbox():
                ports.open_inbox(effect)
            case fx.CloseInbox():
                ports.close_inbox()
            case fx.PreparePapers():
                ports.prepare_papers(effect)
            case fx.Commit():
                ports.commit(effect)
            case fx.FindCases():
                ports.find_cases(effect)
            case fx.AskRegister():
                ports.ask_register(effect)
            case fx.HandIn():
                ports.hand_in(effect)
            case fx.KeepDraft():
                ports.keep_draft(effect)

            case fx.ForgetDraft():
                ports.forget_draft(effect)
            case fx.TakeUpDraft():
                ports.take_up_draft(effect)
            case fx.KeepAnswers():
                ports.keep_answers(effect)
            case fx.ForgetAnswers():
                ports.forget_answers(effect)
            case fx.NoteHelper():
                ports.note_helper(effect)
            case fx.PrintPapers():
                ports.print_papers(effect)
            case fx.SaveRating():
                ports.save_rating(effect)
            case fx.CallHelp():
                ports.call_help(effect)
            case fx.Wipe():
                ports.wipe(effect)
            case fx.AdmitCards():
                ports.admit_cards()
            case fx.DismissCards():
                ports.dismiss_cards()
            case fx.KeepCard():
                ports.keep_card()
            case fx.AdmitStaff():
                ports.admit_staff()
            case fx.CheckEntry():
                ports.check_entry(effect)
            case fx.OpenMaintenance():
                ports.open_maintenance(effect)
            case fx.CloseMaintenance():
                ports.close_maintenance(effect)
            case fx.PowerDown():
                ports.power_down()

    @property
    def state(self) -> State:
        return self._visit.state

    @property
    def power_low(self) -> bool:
        return self._visit.machine.power_low
