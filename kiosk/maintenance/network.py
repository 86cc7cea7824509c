"""Room ``network``: the way to the backend, step by step in words. What fails is told with what to do; the rest waits.

The looking is kiosk/health/steps.py, in a worker's thread; each step shows as it ends. A walk to its end is a recorded
test: of the line, of the clock where the backend told its time, and of the backend's certificate where it was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import ClassVar

from kiosk.access.roles import Deed
from kiosk.health.line_proofs import proofs_of
from kiosk.health.steps import STEPS, Found, Line, StepName, Verdict, Walk
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.house import House
from kiosk.maintenance.keeping import keep
from kiosk.maintenance.moments import lasting, moment
from kiosk.maintenance.room import Path, Session
from kiosk.maintenance.screen import Button, Notice, Page, Row, Said, Tone

OFF = frozenset({"behind", "ahead", "jumped"})
"""What is found of a clock, with seconds as its value."""
_TONES: Mapping[Verdict, Tone] = {"passed": "ok", "attention": "attention", "failed": "broken"}


class NetworkRoom(BareRoom):
    """``walk`` looks at the line that it is given, and yields each step as it ends."""

    name = "network"
    opens = Deed.NETWORK
    deeds: ClassVar[Mapping[str, Deed]] = {}

    def __init__(self, house: House, walk: Callable[[Line], Iterable[Found]] = lambda line: Walk(line).steps()) -> None:
        super().__init__()
        self._house, self._walk = house, walk
        self._found: tuple[Found, ...] = ()
        self._at = ""
        self._round = 0  # a round that was left behind has nothing to say any more
        self._running = False

    def tone(self) -> Tone:
        if self._running or not self._found:
            return "ok" if self._house.online() else "attention"
        return _TONES[self._worst()]

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._begin(session.who)

    def leave(self, path: Path) -> None:
        super().leave(path)
        self._round += 1
        self._running = False

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        if name == "again" and not self._running:
            self._begin(session.who)

    def page(self, path: Path, session: Session) -> Page:
        found = {each.step: each for each in self._found}
        failed = any(each.verdict == "failed" for each in self._found)
        rows = tuple(self._row(step, found.get(step), failed=failed) for step in STEPS)
        lead = Said("maint.network.lead_running")
        tone: Tone = "unknown"
        if not self._running:
            worst = self._worst()
            tone = _TONES[worst]
            lead = Said(f"maint.network.lead_{worst}", (self._at,))
        again = Button("again", Said("maint.network.again"), weight="main", enabled=not self._running)
        return Page(self.name, Said("maint.network.heading"), tone=tone, lead=lead, rows=rows, buttons=(again,),
                    notice=self.notice)  # fmt: skip

    def _row(self, step: StepName, found: Found | None, *, failed: bool) -> Row:
        title = Said(f"maint.network.step.{step}")
        if found is None:
            waits = "not_checked" if failed or not self._running else "waits"
            return Row(step, title, Said(f"maint.network.{waits}"), "unknown")
        said = Said(f"maint.network.{step}.{found.code}", _shown(found))
        took = max(1, round(found.seconds * 1000))
        if found.verdict == "passed":
            return Row(step, title, Said("maint.network.passed", (said, took)), "ok")
        cure = Said(f"maint.network.do.{step}-{found.code}", found.values)
        return Row(step, title, Said("maint.network.found", (said, took, cure)), _TONES[found.verdict])

    def _worst(self) -> Verdict:
        verdicts = {each.verdict for each in self._found}
        return "failed" if "failed" in verdicts else "attention" if "attention" in verdicts else "passed"

    def _begin(self, by: str) -> None:
        self._round += 1
        self._found, self._running = (), True
        number = self._round
        self.read(lambda: self._look(number, by))

    def _look(self, number: int, by: str) -> None:
        for found in self._walk(self._line()):
            if number != self._round:
                return
            self._found = (*self._found, found)
            self.desk.changed()
        if number == self._round:
            now, last = self._house.now(), self._found[-1]
            self._at, self._running = moment(now), False
            self.desk.changed()
            failed = last.step if last.verdict == "failed" else "none"
            self.desk.audit("network.tested", failed=failed, code=last.code.replace(" ", "-"))
            kept = [keep(self._house.journal, each) for each in proofs_of(self._found, now, by)]
            if not all(kept):
                self.notice = Notice(Said("maint.common.not_kept"), "attention")
                self.desk.changed()

    def _line(self) -> Line:
        house, client = self._house, self._house.client
        enrolment = client.enrolment
        return Line(
            house.profile.backend_url,
            house.profile.backend_roots,
            enrolment,
            client.key if enrolment is not None else None,
            lambda: client.time.trust,
        )


def _shown(found: Found) -> tuple[str | int | Said, ...]:
    """Its values as a person reads them: a clock that is 2400 seconds fast is 40 minutes fast."""
    if found.step == "clock" and found.code in OFF:
        return tuple(lasting(timedelta(seconds=int(each))) for each in found.values)
    return found.values
