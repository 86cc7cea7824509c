"""Room ``power``: out of service with a reason, open again, restart, shut down, and test mode.

Whatever ends the process waits until nobody is here: the session is left first, and the journal is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from kiosk.access.roles import Deed
from kiosk.domain.beijing import CHINA
from kiosk.maintenance.bare import NO, BareRoom
from kiosk.maintenance.house import House
from kiosk.maintenance.moments import moment
from kiosk.maintenance.room import Path, Session
from kiosk.maintenance.screen import Button, Field, Page, Row, Said, Tone
from kiosk.visit.resting import HERE

OPENS_AT = 8  # o'clock, of tomorrow
LONGEST = 7 * 24 * 60  # minutes that can be typed
PRESETS = ("60", "120", "tomorrow", "")
"""When it is expected to serve again: minutes, tomorrow morning, or nobody knows."""


class PowerRoom(BareRoom):
    """``test_mode``: whether it is on, and the switch (kiosk/testmode.py); the terminal takes it up when it restarts.

    Pages: ``power``, ``power/close`` (why), ``power/close/REASON`` (until when), ``power/close/REASON/minutes``.
    """

    name = "power"
    opens = Deed.RESTART
    deeds: ClassVar[Mapping[str, Deed]] = {
        "close": Deed.CLOSE,
        "typed": Deed.CLOSE,
        "take": Deed.CLOSE,
        "open": Deed.CLOSE,
        "restart": Deed.RESTART,
        "shut_down": Deed.SHUT_DOWN,
        "test_on": Deed.TEST_MODE,
        "test_off": Deed.TEST_MODE,
    }

    def __init__(self, house: House, test_mode: tuple[Callable[[], bool], Callable[[bool], object]]) -> None:
        super().__init__()
        self._house = house
        self._is_test, self._switch = test_mode
        self._typed = ""

    def needs(self, path: Path) -> Deed:
        return Deed.CLOSE if len(path) > 1 else self.opens

    def tone(self) -> Tone:
        return "attention" if self._house.afar.closed else "plain"

    def leave(self, path: Path) -> None:
        super().leave(path)
        self._typed = ""

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        asked = self.ask is not None
        if name == NO:
            self.ask = None
        elif name == "typed":
            self._typed = value[:5]
        elif name == "close" and len(path) > 2 and value in PRESETS:
            self._close(path[2], self._expected(value))
        elif name == "take" and len(path) > 2 and self._minutes() is not None:
            self._close(path[2], self._house.now() + timedelta(minutes=self._minutes() or 0))
        elif name == "open":
            self._open()
        elif name in ("restart", "shut_down", "test_on", "test_off"):
            self.ask = self.question(name, self._text(name), Said(f"maint.power.{name}"))
        elif name == "restart.yes" and asked:
            self._restart()
        elif name == "shut_down.yes" and asked:
            self._shut_down()
        elif name in ("test_on.yes", "test_off.yes") and asked:
            self._turn(name == "test_on.yes")

    def page(self, path: Path, session: Session) -> Page:
        if len(path) > 2 and path[1] == "close" and path[2] in HERE:
            return self._minutes_page(path) if path[3:] == ("minutes",) else self._until(path)
        if path[1:] == ("close",):
            rows = tuple(
                Row(reason, Said(f"maint.power.reason.{reason}"),
                    button=Button(reason, Said("maint.power.choose"), opens=f"power/close/{reason}"))
                for reason in HERE
            )  # fmt: skip
            return Page("power/close", Said("maint.power.close"), lead=Said("maint.power.close_why"), rows=rows)
        return self._all()

    # -- pages

    def _all(self) -> Page:
        closed, test = self._house.afar.closed, self._test_is_on()
        serving = (
            Row("service", Said("maint.power.closed"), Said("maint.power.closed_for", (self._reason(closed),)),
                "attention", Button("open", Said("maint.power.open"), weight="main"))
            if closed else
            Row("service", Said("maint.power.serves"), Said("maint.power.serves_detail"), "ok",
                Button("why", Said("maint.power.close"), opens="power/close"))
        )  # fmt: skip
        if test is None:
            testing = Row("test", Said("maint.power.test"), Said("maint.power.test_unknown"), "broken")
        elif self._house.profile.test and not test:  # the profile says so, and no switch undoes that
            testing = Row("test", Said("maint.power.test"), Said("maint.power.test_by_profile"), "attention")
        else:
            turn = "test_off" if test else "test_on"
            testing = Row("test", Said("maint.power.test"),
                          Said("maint.power.test_is_on" if test else "maint.power.test_is_off"),
                          "attention" if test else "plain", Button(turn, Said(f"maint.power.{turn}")))  # fmt: skip
        rows = (
            serving,
            Row("restart", Said("maint.power.restart"), Said("maint.power.restart_detail"),
                button=Button("restart", Said("maint.power.restart"))),
            Row("shut_down", Said("maint.power.shut_down"), self._text("shut_down_detail"),
                button=Button("shut_down", Said("maint.power.shut_down"), weight="danger")),
            testing,
        )  # fmt: skip
        return Page(self.name, Said("maint.power.heading"), tone="attention" if closed or test else "ok", rows=rows,
                    notice=self.notice, ask=self.ask)  # fmt: skip

    def _until(self, path: Path) -> Page:
        where = "/".join(path)
        rows = tuple(
            Row(f"until-{preset or 'open'}", Said(f"maint.power.until.{preset or 'open'}"),
                button=Button("close", Said("maint.power.take"), preset))
            for preset in PRESETS
        )  # fmt: skip
        other = Row("until-minutes", Said("maint.power.until.minutes"),
                    button=Button("minutes", Said("maint.power.choose"), opens=f"{where}/minutes"))  # fmt: skip
        lead = Said("maint.power.close_until", (self._reason(path[2]),))
        return Page(where, Said("maint.power.close"), lead=lead, rows=(*rows, other), notice=self.notice)

    def _minutes_page(self, path: Path) -> Page:
        wrong = Said("maint.power.minutes_range", (LONGEST,)) if self._typed and self._minutes() is None else None
        field = Field("minutes", Said("maint.power.minutes"), "minutes", self._typed,
                      help=Said("maint.power.minutes_range", (LONGEST,)), error=wrong)  # fmt: skip
        take = Button("take", Said("maint.power.take"), weight="main", enabled=self._minutes() is not None)
        return Page("/".join(path), Said("maint.power.close"), "form", field=field, buttons=(take,))

    def _reason(self, word: str) -> Said:
        return Said(f"maint.power.reason.{word}", (word,))

    def _text(self, act: str) -> Said:
        """What is asked before an act; shutting down without a command of the profile ends the program alone."""
        if act.startswith("shut_down"):
            return Said(f"maint.power.{'ask_' * (act == 'shut_down')}{act}{'' if self._command else '_program'}")
        return Said(f"maint.power.ask_{act}")

    @property
    def _command(self) -> tuple[str, ...]:
        return self._house.profile.power.command

    def _test_is_on(self) -> bool | None:
        """None where the disk does not tell."""
        try:
            return self._is_test()
        except OSError:
            return None

    # -- what is done

    def _minutes(self) -> int | None:
        typed = self._typed
        good = typed.isascii() and typed.isdigit() and 1 <= int(typed) <= LONGEST
        return int(typed) if good else None

    def _expected(self, preset: str) -> datetime | None:
        now = self._house.now()
        if preset == "tomorrow":
            morning = now.astimezone(CHINA).replace(hour=OPENS_AT, minute=0, second=0, microsecond=0)
            return morning + timedelta(days=1)
        return now + timedelta(minutes=int(preset)) if preset else None

    def _close(self, reason: str, expected: datetime | None) -> None:
        self._typed = ""

        def close() -> None:
            minutes = 0 if expected is None else round((expected - self._house.now()).total_seconds() / 60)
            self._house.afar.close_here(reason, expected)
            self.desk.audit("terminal.closed_here", reason=reason, minutes=minutes)
            when = (moment(expected),) if expected is not None else ()
            self.say("is_closed_until" if when else "is_closed", self._reason(reason), *when, tone="ok")
            self.go(self.name)

        self.read(close)

    def _open(self) -> None:
        def open_() -> None:
            self._house.afar.open_here()
            self.desk.audit("terminal.opened_here")
            if closed := self._house.afar.closed:
                self.say("still_closed", self._reason(closed), tone="attention")
            else:
                self.say("is_open", tone="ok")
            self.desk.changed()

        self.read(open_)

    def _restart(self) -> None:
        self.ask = None
        if not self._house.afar.restart():
            self.say("cannot_restart", tone="broken")
            return
        self.desk.audit("terminal.restart_asked")
        self.desk.leave()

    def _shut_down(self) -> None:
        self.ask = None
        self.desk.audit("terminal.shutdown_asked")
        self._house.afar.between_visits(self._house.power_down)
        self.desk.leave()

    def _turn(self, on: bool) -> None:
        self.ask = None

        def turn() -> None:
            try:
                self._switch(on)
            except OSError:
                self.say("test_not_turned", tone="broken")
                self.desk.changed()
                return
            self.desk.audit("test_mode.switched", on=int(on))
            if self._house.afar.restart():
                self.desk.leave()
            else:
                self.say("test_next_start", tone="attention")
                self.desk.changed()

        self.desk.work(turn)
