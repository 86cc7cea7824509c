"""One guided repair on its way: which step, what was seen, how it ends. Pure: the room does, this decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from kiosk.health.proofs import Proof
from kiosk.maintenance.conditions import CONDITIONS
from kiosk.maintenance.repair_book import BookStep, Repair
from kiosk.maintenance.trying import Tried, outcome_of
from kiosk.maintenance.words import DEVICE_FAULT, fault_value

if TYPE_CHECKING:
    from devices.contracts.device import Status

Phase = Literal["step", "working", "asking", "failed", "done"]


@dataclass(slots=True)
class Course:
    """``phase``: what the page shows of step ``at``. ``unseen``: some sensor was passed over by hand. ``unsure``: a
    test came to no conclusion. ``tested``: something really ran. ``wrong``: the last test that failed.
    """

    repair: Repair
    kind: str
    start: Status | None
    at: int = 0
    phase: Phase = "step"
    unseen: bool = False
    unsure: bool = False
    tested: bool = False
    wrong: Tried | None = None
    said_no: bool = False
    reports: list[str] = field(default_factory=list)

    @property
    def step(self) -> BookStep:
        return self.repair.steps[self.at]

    def look(self, status: Status) -> bool:
        """What the sensors say now. Whether that brought the course on: a step that waits is over once its sensor, or
        that of a later step, which had not seen it when the repair began, has seen what it waits for.
        """
        if self.phase != "step":
            return False
        for ahead in range(self.at, len(self.repair.steps)):
            step = self.repair.steps[ahead]
            if step.does != "wait":
                return False
            changed = ahead == self.at or self.start is None or CONDITIONS[step.sees](self.start) is False
            if changed and CONDITIONS[step.sees](status) is True:
                self.at = ahead
                self.go_on()
                return True
        return False

    def pass_over(self) -> None:
        """传感器看不到，继续."""
        if self.phase == "step" and self.step.does == "wait":
            self.unseen = True
            self.go_on()

    def go_on(self) -> None:
        self.wrong = None
        if self.at + 1 < len(self.repair.steps):
            self.at, self.phase = self.at + 1, "step"
        else:
            self.phase = "done"

    def tried(self, result: Tried, *, decisive: bool = True) -> None:
        """How the test of this step came out."""
        self.tested = True
        if result.report:
            self.reports.append(result.report)
        if result.passed is False and decisive:
            self.phase, self.wrong = "failed", result
        elif self.step.ask:
            self.phase = "asking"
        else:
            self.unsure = self.unsure or (result.passed is None and decisive)
            self.go_on()

    def answered(self, yes: bool) -> None:
        """What a person says of what came out, or of the picture."""
        self.tested = True
        if yes:
            self.go_on()
        else:
            self.phase, self.said_no = "failed", True

    def again(self) -> None:
        """This step once more."""
        self.phase, self.wrong, self.said_no = "step", None, False

    def over(self) -> None:
        """From the first step on."""
        self.at = 0
        self.again()

    def proof(self, by: str, now: datetime) -> Proof | None:
        """What is recorded; None where nothing was tested."""
        if not self.tested or self.phase not in ("failed", "done"):
            return None
        values: tuple[str, ...] = ()
        if self.phase == "failed":
            outcome, code = outcome_of(False), "person-no" if self.said_no else "self-test-failed"
            if self.wrong is not None and self.wrong.code:
                code, values = DEVICE_FAULT, (fault_value(self.wrong.code),)
        elif self.unseen:
            outcome, code = outcome_of(None), "repair-unseen"
        elif self.unsure:
            outcome, code = outcome_of(None), "repair-unsure"
        else:
            outcome, code = outcome_of(True), "repair-done"
        return Proof(now, self.kind, self.repair.name, outcome, code, values, by, "\n".join(self.reports))
