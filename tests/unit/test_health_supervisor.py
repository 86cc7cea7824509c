"""Who is begun anew too often is told of once an hour; the planned restart comes only when nobody is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.beijing import CHINA
from kiosk.domain.window import Window
from kiosk.health import planned
from kiosk.health.planned import DAY, HOUR, MEMORY_LIMIT, Planned, memory_of_all
from kiosk.health.supervisor import MANY, WITHIN, Supervisor
from kiosk.profile import NightProfile

NIGHT = datetime(2026, 11, 27, 3, 0, tzinfo=CHINA)


class Log:
    """The audit log."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, object]]] = []

    def audit(self, event: str, /, **details: object) -> None:
        self.rows.append((event, details))


class Watch:
    """A supervisor over counts that a test makes."""

    def __init__(self) -> None:
        self.now, self.counts, self.log = 0.0, {"camera": 0, "documents": 0}, Log()
        self.supervisor = Supervisor(lambda: self.counts, self.log, lambda: self.now)

    def after(self, seconds: float, **more: int) -> None:
        self.now += seconds
        for name, count in more.items():
            self.counts[name] += count
        self.supervisor.look()


def test_a_device_that_comes_back_again_and_again_is_told_of_once() -> None:
    watch = Watch()
    for _ in range(MANY):
        watch.after(60, camera=1, documents=0)
    assert watch.supervisor.restless() == ()
    watch.after(60, camera=1)
    watch.after(60, camera=2)
    assert watch.log.rows == [("actor.restless", {"name": "camera", "count": MANY + 1})]
    assert watch.supervisor.restless() == (("camera", MANY + 3),)


def test_it_is_told_again_only_after_a_quiet_hour() -> None:
    watch = Watch()
    watch.after(60, camera=MANY + 1)
    watch.after(WITHIN - 60, camera=MANY + 1)
    assert len(watch.log.rows) == 1
    watch.after(WITHIN + 1)
    assert watch.supervisor.restless() == ()
    watch.after(60, camera=MANY + 1)
    assert len(watch.log.rows) == 2


def test_one_that_is_begun_anew_now_and_then_is_well_for_weeks() -> None:
    watch = Watch()
    for _ in range(24 * 30):
        watch.after(HOUR, camera=MANY - 1, documents=1)
        assert watch.supervisor.restless() == ()
    assert watch.log.rows == []


class Plan:
    """A planned restart that a test moves through its conditions; all of them hold at first."""

    def __init__(self, night: NightProfile | None = None) -> None:
        self.now, self.clock, self.memory = NIGHT, 0.0, 100 << 20
        self.idle = self.believed = self.can = True
        self.asked, self.log = 0, Log()
        self.planned = Planned(
            night or NightProfile(Window.parse("02:30-04:30"), 7), self.log, restart=self._restart,
            idle=lambda: self.idle, now=lambda: self.now, believed=lambda: self.believed, memory=lambda: self.memory,
            clock=lambda: self.clock,
        )  # fmt: skip
        self.clock = 7 * DAY

    def _restart(self) -> bool:
        self.asked += 1
        return self.can


def test_after_days_of_work_it_begins_anew_once_and_says_so() -> None:
    plan = Plan()
    plan.planned.look()
    plan.planned.look()
    assert plan.asked == 1
    assert plan.log.rows == [("terminal.planned_restart", {"reason": "days", "hours": 168, "mb": 100})]


@pytest.mark.parametrize("why", ["visit", "hours", "clock", "early", "never", "off"])
def test_it_does_not_come(why: str) -> None:
    hours = Window.parse("02:30-04:30")
    plan = Plan({"never": NightProfile(hours, 0), "off": NightProfile(None, 7)}.get(why))
    plan.idle, plan.believed = why != "visit", why != "clock"
    plan.now = NIGHT + timedelta(hours=2 if why == "hours" else 0)
    plan.clock -= 60 if why == "early" else 0
    plan.planned.look()
    assert (plan.asked, plan.log.rows) == (0, [])


def test_memory_that_has_grown_is_a_reason_but_not_of_a_life_that_has_just_begun() -> None:
    plan = Plan()
    plan.clock, plan.memory = 19 * HOUR, MEMORY_LIMIT + 1
    plan.planned.look()
    assert plan.asked == 0
    plan.clock = 20 * HOUR
    plan.planned.look()
    assert plan.log.rows == [("terminal.planned_restart", {"reason": "memory", "hours": 20, "mb": 700})]


def test_where_nobody_can_restart_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    plan = Plan()
    plan.can = False
    plan.planned.look()
    plan.planned.look()
    assert caplog.messages == ["a restart is due (days) and cannot be done from here"]


def test_memory_is_that_of_the_process_and_of_all_under_it(tmp_path: Path) -> None:
    for pid, statm, children in ((10, "900 50 20 0 0 0 0", "11 12"), (11, "900 7 2 0 0 0 0", ""), (12, None, None)):
        if statm is not None:
            (tmp_path / f"{pid}/task/{pid}").mkdir(parents=True)
            (tmp_path / f"{pid}/statm").write_text(statm)
            (tmp_path / f"{pid}/task/{pid}/children").write_text(children or "")
    assert memory_of_all(10, tmp_path) == 35 * planned.os.sysconf("SC_PAGE_SIZE")
    assert 1 << 20 < memory_of_all() < 4 << 30
