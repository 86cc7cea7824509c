"""The desk of maintenance mode, turned by hand: who works, what is shown, what is refused, how it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kiosk.access.roles import Deed, Role
from kiosk.domain.text import Language
from kiosk.journal.errors import JournalError
from kiosk.maintenance.desk import Act, Back, Leave, MaintenanceDesk, Open, Speak, Stir
from kiosk.maintenance.room import Desk, Path, Session
from kiosk.maintenance.screen import Bar, Button, Notice, Page, Row, Said, Snapshot, Tile

KEEPER, TECHNICIAN = Session(Role.KEEPER, "0401"), Session(Role.TECHNICIAN, "0417")


class Recorder:
    """A room that writes down what is asked of it."""

    def __init__(self, name: str, needs: Deed, acts: dict[str, Deed] | None = None) -> None:
        self.name, self._needs, self._acts = name, needs, acts or {}
        self.seen: list[tuple[str, ...]] = []
        self.desk: Desk | None = None
        self.raises: BaseException | None = None

    def bind(self, desk: Desk) -> None:
        self.desk = desk

    def tiles(self, session: Session) -> tuple[Tile, ...]:
        return (Tile(self.name, Said(f"maint.{self.name}.tile")),)

    def needs(self, path: Path) -> Deed:
        return self._needs

    def deed(self, path: Path, act: str) -> Deed | None:
        return self._acts.get(act)

    def enter(self, path: Path, session: Session) -> None:
        self.seen.append(("enter", *path))

    def leave(self, path: Path) -> None:
        self.seen.append(("leave", *path))

    def page(self, path: Path, session: Session) -> Page:
        row = Row("one", Said("maint.x.row"), button=Button("go", Said("maint.x.go"), opens="queue"))
        return Page(
            "/".join(path), Said("maint.x.heading"), rows=(row,), buttons=(Button("reject", Said("maint.x.no")),)
        )

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        if self.raises is not None:
            raise self.raises
        self.seen.append(("act", name, value))


class World:
    def __init__(self, language: Language = "zh_CN") -> None:
        self.now = 100.0
        self.said: list[Snapshot | None] = []
        self.rows: list[tuple[str, dict[str, str | int]]] = []
        self.left: list[str] = []
        self.locked = 0
        self.crashes: list[BaseException] = []
        self.told = threading.Event()  # of a crash
        self.refuses: JournalError | None = None
        self.overview = Recorder("overview", Deed.LOOK)
        self.queue = Recorder("queue", Deed.QUEUE, {"reject": Deed.SETTLE})
        self.desk = MaintenanceDesk(
            (self.overview, self.queue), self, bar=lambda session: Bar(who=session.who, role=session.role),
            left=self.left.append, locked=self._locked, crashed=self._crashed, clock=lambda: self.now,
            language=language,
        )  # fmt: skip
        self.desk.subscribe(self.said.append)

    def _locked(self) -> None:
        self.locked += 1

    def _crashed(self, error: BaseException) -> None:
        self.crashes.append(error)
        self.told.set()

    def audit(self, event: str, **details: str | int) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.rows.append((event, details))

    def turn(self) -> None:
        while self.desk.turn(block=False):
            pass

    def begin(self, session: Session = TECHNICIAN) -> World:
        self.desk.begin(session)
        self.turn()
        return self

    def do(self, *intents: Open | Act | Back | Leave | Speak | Stir) -> None:
        for intent in intents:
            self.desk.post(intent)
        self.turn()

    @property
    def shown(self) -> Snapshot:
        assert self.said[-1] is not None
        return self.said[-1]


def events(world: World) -> list[str]:
    return [event for event, _ in world.rows]


def test_nothing_is_shown_before_somebody_was_let_in() -> None:
    world = World()
    world.do(Open("queue"), Act("go"))
    assert world.said == [None]
    assert world.overview.seen == world.queue.seen == []


def test_a_session_begins_on_the_overview_and_says_who_works() -> None:
    world = World().begin()
    assert (world.shown.page.path, world.shown.bar.who, world.shown.bar.role) == ("overview", "0417", Role.TECHNICIAN)
    assert world.rows == [("maintenance.begun", {"staff": "0417", "role": "technician"})]
    assert [tile.path for tile in world.shown.menu] == ["overview", "queue"]


def test_every_page_that_is_left_is_told_so_and_back_leads_where_one_came_from() -> None:
    world = World().begin()
    world.do(Open("queue"), Open("queue/2"), Back(), Back(), Back())
    assert world.shown.page.path == "overview"
    assert world.queue.seen == [
        ("enter", "queue"), ("leave", "queue"), ("enter", "queue", "2"), ("leave", "queue", "2"), ("enter", "queue"),
        ("leave", "queue"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["nowhere", "", "queue"])
def test_a_path_that_is_not_there_or_is_shown_changes_nothing(path: str) -> None:
    world = World().begin()
    world.do(Open("queue"))
    before = list(world.queue.seen)
    world.do(Open(path))
    assert world.shown.page.path == "queue"
    assert world.queue.seen == before


def test_what_a_role_may_not_do_is_shown_as_such_refused_and_told_to_the_log() -> None:
    world = World().begin(KEEPER)
    assert [tile.allowed for tile in world.shown.menu] == [True, False]
    assert world.shown.page.rows[0].button is not None
    assert not world.shown.page.rows[0].button.enabled
    world.do(Open("queue"))
    assert world.queue.seen == []
    assert world.shown.page.path == "overview"
    assert world.shown.page.notice is not None
    assert world.rows[-1] == ("maintenance.refused", {"staff": "0401", "deed": "queue"})


def test_an_act_needs_its_own_deed_besides_the_page() -> None:
    world = World().begin(TECHNICIAN)
    world.do(Open("queue"))
    assert not world.shown.page.buttons[0].enabled
    world.do(Act("reject"))
    assert ("act", "reject", "") not in world.queue.seen
    administrator = World().begin(Session(Role.ADMINISTRATOR, "0001"))
    administrator.do(Open("queue"), Act("reject"))
    assert ("act", "reject", "") in administrator.queue.seen


def test_without_a_touch_it_locks_and_the_same_person_goes_on_where_they_were() -> None:
    world = World().begin()
    world.do(Open("queue"))
    world.now += 179
    world.do(Stir())
    world.now += 179
    world.turn()
    assert world.locked == 0
    world.now += 2
    world.turn()
    assert world.locked == 1
    assert world.said[-1] is None
    assert world.queue.seen[-1] == ("leave", "queue")
    world.do(Act("go"), Open("overview"), Stir())
    assert world.said[-1] is None
    world.begin()
    assert world.shown.page.path == "queue"
    assert world.left == []
    assert events(world)[-2:] == ["maintenance.locked", "maintenance.resumed"]


def test_another_person_does_not_come_into_a_locked_session() -> None:
    world = World().begin()
    world.do(Open("queue"))
    world.now += 200
    world.turn()
    world.begin(KEEPER)
    assert world.shown.page.path == "overview"
    assert world.shown.bar.who == "0401"
    assert world.rows[-2] == ("maintenance.ended", {"staff": "0417", "reason": "another"})
    assert world.left == []


def test_the_same_number_in_another_role_is_another_session() -> None:
    world = World().begin(Session(Role.ADMINISTRATOR, "0417"))
    world.now += 200
    world.turn()
    world.begin(TECHNICIAN)
    assert world.shown.bar.role is Role.TECHNICIAN


def test_a_locked_session_that_nobody_takes_up_ends() -> None:
    world = World().begin()
    world.now += 180
    world.turn()
    world.now += 900
    world.turn()
    assert world.left == ["abandoned"]


def test_touches_do_not_hold_off_the_end() -> None:
    world = World().begin()
    for _ in range(36):
        world.now += 100
        world.do(Stir())
    assert world.left == ["time"]
    assert world.said[-1] is None


@pytest.mark.parametrize("how", ["left", "outside", "room"])
def test_however_it_ends_the_page_is_left_and_nothing_is_shown(how: str) -> None:
    world = World().begin()
    world.do(Open("queue"))
    ends: dict[str, Callable[[], None]] = {
        "left": lambda: world.desk.post(Leave()), "outside": lambda: world.desk.end("power"),
        "room": lambda: world.desk.leave(),
    }  # fmt: skip
    ends[how]()
    world.turn()
    assert world.queue.seen[-1] == ("leave", "queue")
    assert world.said[-1] is None
    assert world.left == ["power" if how == "outside" else "left"]
    world.desk.end("again")
    world.turn()
    assert len(world.left) == 1


def test_the_next_one_begins_in_chinese_on_the_overview() -> None:
    world = World().begin()
    world.do(Open("queue"), Speak("en"))
    assert world.shown.bar.language == "en"
    world.do(Leave())
    world.begin(KEEPER)
    assert (world.shown.bar.language, world.shown.page.path) == ("zh_CN", "overview")


def test_an_equal_snapshot_is_not_told_twice() -> None:
    world = World().begin()
    count = len(world.said)
    world.desk.changed()
    world.turn()
    assert len(world.said) == count


def test_a_bug_in_a_room_ends_the_process_and_is_not_passed_over() -> None:
    world = World()
    world.overview.raises = ZeroDivisionError()
    world.desk.start()
    world.desk.begin(TECHNICIAN)
    world.desk.post(Act("go"))
    world.desk.stop()
    assert [type(error) for error in world.crashes] == [ZeroDivisionError]


def test_a_job_that_raises_is_told_too() -> None:
    world = World()
    world.desk.work(raising(ZeroDivisionError()))
    assert world.told.wait(10)
    world.desk.stop()
    assert [type(error) for error in world.crashes] == [ZeroDivisionError]


def test_what_a_job_meets_while_all_is_taken_away_is_no_bug() -> None:
    world, begun, stopped = World(), threading.Event(), threading.Event()

    def late() -> None:
        begun.set()
        assert stopped.wait(10)
        raise JournalError("journal-stopped", "the journal is closed")

    world.desk.work(late)
    assert begun.wait(10)
    world.desk.stop()
    stopped.set()
    world.desk._jobs.shutdown(wait=True)
    assert world.crashes == []


def test_where_nothing_can_be_written_down_any_more_the_session_ends() -> None:
    world = World().begin()
    world.do(Open("queue"))
    world.refuses = full()
    world.do(Act("reject"))  # refused to this role, which is to be written down
    assert world.said[-1] is None
    assert world.queue.seen[-1] == ("leave", "queue")
    assert world.left == ["journal"]
    world.begin()  # and nobody is let in
    assert (world.said[-1], world.left) == (None, ["journal", "journal"])
    world.refuses = None
    world.begin()
    assert world.shown.page.path == "overview"
    assert world.crashes == []


def test_a_job_that_cannot_be_written_down_ends_the_session_too() -> None:
    world = World().begin()
    world.desk.work(raising(full()))
    assert world.desk.turn()  # waits for it
    assert (world.left, world.crashes) == (["journal"], [])


@pytest.mark.parametrize("code", ["journal-uncertain", "journal-stopped", "event-refused"])
def test_what_only_a_restart_tells_and_what_is_a_bug_end_the_process(code: str) -> None:
    world = World().begin()
    world.refuses = JournalError(code, "")
    world.desk.start()
    world.desk.post(Open("nowhere"))
    world.desk.post(Leave())
    assert world.told.wait(10)
    world.desk.stop()
    assert [error.code for error in world.crashes if isinstance(error, JournalError)] == [code]


def raising(error: BaseException) -> Callable[[], None]:
    def job() -> None:
        raise error

    return job


def full() -> JournalError:
    return JournalError("journal-full", "there is no room left on the disk")


def test_every_session_begins_in_the_first_language_of_the_terminal() -> None:
    world = World("en").begin()
    assert world.shown.bar.language == "en"
    world.do(Speak("zh_CN"))
    assert world.shown.bar.language == "zh_CN"
    world.do(Leave())
    assert world.begin().shown.bar.language == "en"


@pytest.mark.parametrize("role", [Role.KEEPER, Role.TECHNICIAN])
def test_what_a_role_may_not_do_says_who_may(role: Role) -> None:
    world = World().begin(Session(role, "0417"))
    button = world.shown.page.buttons[0]
    assert (button.enabled, button.why) == (True, None)
    world.do(Open("queue"))
    if role is Role.KEEPER:  # who may not even open it
        assert world.shown.page.notice == Notice(Said("maint.desk.not_for_keeper"), "attention")
    else:
        button = world.shown.page.buttons[0]
        assert (button.enabled, button.why) == (False, Said("maint.desk.not_for_technician"))


def test_what_ends_in_anothers_session_is_written_down_as_of_who_asked_for_it() -> None:
    world, goes_on, done = World().begin(TECHNICIAN), threading.Event(), threading.Event()

    def job() -> None:
        assert goes_on.wait(20)
        world.desk.audit("report.made", what="bundle", outcome="done")
        world.desk.work(after)

    def after() -> None:
        world.desk.audit("proof.noted")
        done.set()

    world.desk.work(job)
    world.do(Leave())
    world.begin(KEEPER)
    goes_on.set()
    assert done.wait(20)
    world.desk.audit("here")
    told = {event: details.get("staff") for event, details in world.rows}
    assert (told["report.made"], told["proof.noted"], told["here"]) == ("0417", "0417", "0401")
    world.desk.stop()
