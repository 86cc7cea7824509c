"""Room ``repairs``: guided, step by step, with what the sensors say meanwhile; each ends in a recorded test that ran.

``repairs``: what can be done here. ``repairs/roll``, ``repairs/reader/id_reader``: one repair, from its first step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from devices.contracts.device import Level
from kiosk.access.roles import Deed
from kiosk.maintenance import grid, repair_book, words
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.course import Course
from kiosk.maintenance.face_trial import same_person
from kiosk.maintenance.keeping import keep
from kiosk.maintenance.live import Every, Live, every
from kiosk.maintenance.previews import CAMERAS, Preview
from kiosk.maintenance.screen import Button, Notice, Page, Row, Said, Step, Tone
from kiosk.maintenance.trying import TOUCH_DEAD, Tried, self_test
from kiosk.maintenance.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kiosk.health.loops import Loop
    from kiosk.health.proofs import Proof
    from kiosk.maintenance.house import House
    from kiosk.maintenance.room import Path, Session

LOOK = 1.0  # seconds between two looks at a sensor
NOT_PRINTED = "print-not-printed"  # the proof of a print whose first value is the fault
ANYWHERE = ("touch",)  # kinds of things that every terminal has


class Repairs(BareRoom):
    """``loops``: the closed loops that this terminal has."""

    name = "repairs"

    def __init__(self, house: House, loops: Iterable[Loop] = (), tick: Every = every) -> None:
        super().__init__()
        self._house = house
        self._loops: Mapping[tuple[str, str], Loop] = {(loop.subject, loop.test): loop for loop in loops}
        self._live = Live(tick)
        self._preview = Preview(
            house.actors, house.show_frame, self._no_picture, self._bug, lambda: self.desk.changed()
        )  # fmt: skip
        self._course: Course | None = None
        self._grid = grid.Grid()
        self._done: list[Callable[[], None]] = []  # what workers have to tell, taken in the desk's thread
        self._ended: Proof | None = None
        self._kept: bool | None = None  # whether the journal has it; None: on its way
        self._who = ""

    # -- paths ---------------------------------------------------------------------------------------

    def needs(self, path: Path) -> Deed:
        found = repair_book.repairs().get(path[1]) if len(path) > 1 else None
        return Deed.REFILL if found is None else found.deed

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._done, self._ended, self._kept, self._who = [], None, None, session.who
        self._course = self._course_of(path)
        if self._course is None:
            return
        self.desk.audit("repair.begun", repair=self._course.repair.name, device=self._course.kind)
        actor = self._house.actors.get(self._course.kind)
        self._live.begin(() if actor is None else (actor,), self.desk.changed, LOOK)
        self._begin()

    def leave(self, path: Path) -> None:
        """What had failed until here is recorded as that."""
        super().leave(path)
        self._live.end()
        self._preview.stop()
        course, self._course = self._course, None
        self._done = []
        if course is not None and course.phase == "failed" and self._ended is None:
            proof = course.proof(self._who, self._house.now())
            if proof is not None:
                self.desk.work(partial(_kept, self._house, proof))

    def _course_of(self, path: Path) -> Course | None:
        repair = repair_book.repairs().get(path[1]) if len(path) > 1 else None
        if repair is None:
            return None
        there = [kind for kind in repair.kinds if kind in self._house.actors or kind in ANYWHERE]
        kind = path[2] if len(path) > 2 else next(iter(there), "")
        if kind not in there:
            return None
        actor = self._house.actors.get(kind)
        return Course(repair, kind, None if actor is None else actor.status)

    # -- what is done --------------------------------------------------------------------------------

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        course = self._course
        if course is None or course.phase in ("working", "done"):
            return
        before = (course.at, course.phase)
        match name:
            case "pass_over":
                course.pass_over()
            case "yes" if course.phase == "asking" or (
                self._shows_picture(course) and self._preview.newest() is not None
            ):
                course.answered(True)
            case "no" if course.phase == "asking" or self._shows_picture(course):
                course.answered(False)
            case "touched" if course.step.does == "touch" and course.phase == "step":
                if self._grid.touched(value):
                    course.tried(Tried(True, f"all {self._grid.total} fields"))
            case "not_touched" if course.step.does == "touch" and course.phase == "step":
                course.tried(Tried(False, f"{self._grid.count} of {self._grid.total} fields", TOUCH_DEAD))
            case "try" if course.step.does == "face" and course.phase == "step":
                self._face(course)
                return
            case "again" if course.phase == "failed":
                course.again()
            case "over" if course.phase == "failed":
                course.over()
            case "give_up" if course.phase == "failed":
                self._end(course)
                return
            case _:
                return
        if (course.at, course.phase) != before:
            self._begin()

    def _shows_picture(self, course: Course) -> bool:
        return course.phase == "step" and course.step.does == "preview"

    def _begin(self) -> None:
        """The step has just become this one: what it does by itself is begun."""
        course = self._course
        if course is None:
            return
        if course.phase == "done":
            self._end(course)
            return
        wants_picture = course.step.does in ("preview", "face") and course.kind in CAMERAS and course.phase != "failed"
        if wants_picture:
            self._preview.start(course.kind)
        else:
            self._preview.stop()
        if course.phase != "step":
            return
        if course.step.does == "test":
            self._test(course)
        elif course.step.does == "loop":
            self._loop(course)
        elif course.step.does == "touch":
            self._grid = grid.Grid()

    def _test(self, course: Course) -> None:
        """The device's own, or the loop that shows more: a printer's own pattern has no word on it."""
        loop = self._loops.get((course.kind, course.step.loop))
        if loop is not None:
            self._work(course, partial(self._run, loop))
            return
        actor, level = self._house.actors[course.kind], Level(course.step.level)
        self._work(course, lambda: self_test(actor, course.kind, level))

    def _loop(self, course: Course) -> None:
        """A terminal without this loop goes on without it. Only the last look of it decides."""
        loop = self._loops.get((course.kind, course.step.loop))
        if loop is None:
            course.go_on()
            self._begin()
            return
        later = course.repair.steps[course.at + 1 :]
        decisive = course.step.decides and all(step.loop != course.step.loop for step in later)
        self._work(course, partial(self._run, loop), decisive=decisive)

    def _run(self, loop: Loop) -> Tried:
        """On a worker's thread."""
        proof = replace(loop.run(), by=self._who)
        keep(self._house.journal, proof)
        passed = {"passed": True, "failed": False, "unsure": None}[proof.outcome]
        told = f"{proof.test}: {proof.outcome}, {proof.code} {' '.join(proof.values)}".strip()
        fault = proof.values[0] if proof.code == NOT_PRINTED and proof.values else ""
        return Tried(passed, told, fault, words.proof(proof))

    def _face(self, course: Course) -> None:
        actor, frame = self._house.actors[course.kind], self._preview.newest()
        self._work(course, lambda: same_person(actor, frame))

    def _work(self, course: Course, job: Callable[[], Tried], *, decisive: bool = True) -> None:
        course.phase = "working"

        def run() -> None:
            result = job()
            self._done.append(lambda: self._take(course, result, decisive=decisive))
            self.desk.changed()

        self.desk.work(run)

    def _take(self, course: Course, result: Tried, *, decisive: bool) -> None:
        if self._course is not course or course.phase != "working":
            return  # the page was left meanwhile
        course.tried(result, decisive=decisive)

    def _end(self, course: Course) -> None:
        proof = course.proof(self._who, self._house.now())
        self._live.end()
        self._preview.stop()
        renews = course.repair.renews if course.phase == "done" else ""
        course.phase = "done"
        if proof is None:
            return
        self._ended = proof
        self.desk.work(lambda: self._keep(proof, renews))

    def _keep(self, proof: Proof, renews: str) -> None:
        kept = keep(self._house.journal, proof, renews)
        if self._ended is proof:
            self._kept = kept
        if not kept:
            self.notice = Notice(Said("maint.common.not_kept"), "attention")
        self.desk.changed()

    def _bug(self, error: BaseException) -> None:
        """Ends the process, as whatever a worker raises."""

        def tell() -> None:
            raise error

        self.desk.work(tell)

    def _no_picture(self, code: str) -> None:
        """From the camera's thread."""
        self.notice = Notice(words.fault(code), "broken")
        self.desk.changed()

    # -- what is shown -------------------------------------------------------------------------------

    def page(self, path: Path, session: Session) -> Page:
        course = self._course
        if course is None:
            return self._list(path)
        self._catch_up(course)
        if course.phase == "done":
            return self._result(path, course)
        return self._shown(path, course)

    def _catch_up(self, course: Course) -> None:
        """What workers and sensors have told since the page was drawn last."""
        while self._done:
            before = (course.at, course.phase)
            self._done.pop(0)()
            if (course.at, course.phase) != before:
                self._begin()
        actor = self._house.actors.get(course.kind)
        if actor is not None and course.look(actor.status):
            self._begin()

    def _list(self, path: Path) -> Page:
        rows = []
        for repair, kind in repair_book.for_kinds((*self._house.actors, *ANYWHERE)):
            button = Button("begin", Said("maint.repairs.begin"), opens=repair.path(kind))
            key = f"{repair.name}-{kind}"
            rows.append(
                Row(
                    key,
                    Said(f"maint.repairs.{repair.name}.title"),
                    words.device(kind),
                    button=button,
                    picture=words.place(kind),
                )
            )
        return Page("/".join(path), Said("maint.repairs.heading"), rows=tuple(rows), notice=self.notice)

    def _key(self, course: Course, what: str) -> Said:
        return Said(f"maint.repairs.{course.repair.name}.{what}")

    def _shown(self, path: Path, course: Course) -> Page:
        step = course.step
        if course.phase == "failed":
            text = self._key(course, "failed")  # what to do about it; why stands in the notice
        else:
            text = self._key(course, step.ask if step.ask and course.phase == "asking" else step.text)
        shown = Step(
            course.at + 1, len(course.repair.steps), text, step.picture or course.repair.picture, self._sensors(course)
        )
        template, show = "steps", ""
        if course.phase == "step" and step.does == "touch":
            template, show = "touch", grid.SHOW
        elif step.does in ("preview", "face") and course.phase != "failed":
            template, show = "preview", course.kind
        return Page(
            "/".join(path),
            self._key(course, "title"),
            template=template,  # type: ignore[arg-type]  # one of the three
            lead=words.device(course.kind) if template == "steps" else text,
            step=shown,
            buttons=self._step_buttons(course),
            notice=self._trouble(course) or self.notice,
            busy=Said("maint.repairs.busy") if course.phase == "working" else None,
            show=show,
        )

    def _trouble(self, course: Course) -> Notice | None:
        if course.phase != "failed":
            return None
        if course.said_no or course.wrong is None:
            return Notice(Said("maint.proof.person-no"), "broken")
        if course.wrong.code:
            return Notice(
                words.dots(words.fault(course.wrong.code), Said("", (words.fault_value(course.wrong.code),))), "broken"
            )
        return Notice(course.wrong.why or Said("maint.proof.self-test-failed"), "broken")

    def _sensors(self, course: Course) -> tuple[Row, ...]:
        actor = self._house.actors.get(course.kind)
        if actor is None:
            return ()
        found = verdict(actor.status)
        told = words.fault(found.code) if found.code else Said(f"maint.common.tone.{found.tone}")
        rows = [Row("device", words.device(course.kind), told, found.tone)]
        if course.phase == "step" and course.step.does == "wait":
            tone: Tone = "attention"
            rows.append(Row("wait", Said("maint.repairs.waits"), Said(f"maint.repairs.sees.{course.step.sees}"), tone))
        return tuple(rows)

    def _step_buttons(self, course: Course) -> tuple[Button, ...]:
        if course.phase == "working":
            return ()
        if course.phase == "failed":
            first = (Button("over", Said("maint.repairs.over")),) if course.at else ()
            give_up = Button("give_up", Said("maint.repairs.give_up"))
            return (Button("again", Said("maint.repairs.again"), weight="main"), *first, give_up)
        if course.phase == "asking":
            yes, no = Said("maint.common.yes"), Said("maint.common.no")
            return Button("yes", yes, weight="main"), Button("no", no)
        match course.step.does:
            case "wait":
                return (Button("pass_over", Said("maint.repairs.pass_over")),)
            case "preview":
                there = self._preview.newest() is not None
                why = None if there else Said("maint.common.no_picture_yet")
                good = Button("yes", Said("maint.repairs.picture_good"), weight="main", enabled=there, why=why)
                return good, Button("no", Said("maint.repairs.picture_bad"))
            case "face":
                return (Button("try", Said("maint.repairs.face_try"), weight="main"),)
            case "touch":
                return (Button("not_touched", Said("maint.repairs.not_touched")),)
            case _:
                return ()

    def _result(self, path: Path, course: Course) -> Page:
        proof = self._ended
        rows: tuple[Row, ...] = ()
        tone: Tone = "plain"
        if proof is not None:
            tone = words.tone(proof)
            rows = (Row("proof", words.device(course.kind), words.proved(proof, self._house.now()), tone),)
        outcome: str = "none" if proof is None else proof.outcome
        if proof is not None and self._kept is None:  # nothing is called recorded before it is
            busy = Said("maint.repairs.recording")
            return Page("/".join(path), self._key(course, "title"), lead=words.device(course.kind), busy=busy)
        if self._kept is False:
            outcome = "unkept"
        return Page(
            "/".join(path),
            Said(f"maint.repairs.ended.{outcome}"),
            tone=tone,
            lead=self._key(course, "title"),
            rows=rows,
            buttons=(Button("back", Said("maint.repairs.to_overview"), opens="overview", weight="main"),),
            notice=self.notice,
        )


def _kept(house: House, proof: Proof) -> None:
    keep(house.journal, proof)
