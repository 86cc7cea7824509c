"""Room ``tests``: of each device its self-tests, closed loops and what only a person can see, hear and touch; each with
when it was run last and how it came out.

``tests``: all things. ``tests/SUBJECT``: one. ``tests/all``: every external test, one after another, begun at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from devices.contracts.device import Level
from kiosk.access.roles import Deed
from kiosk.health.proofs import Proof
from kiosk.maintenance import grid, heard, words
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.keeping import keep
from kiosk.maintenance.previews import Preview
from kiosk.maintenance.screen import Button, Field, Notice, Page, Row, Said, Tone
from kiosk.maintenance.testing_plan import COLOURS, KEYS, Plan, plans
from kiosk.maintenance.trying import TOUCH_DEAD, Tried, judged, proof_of, self_test
from kiosk.maintenance.verdicts import worse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kiosk.health.loops import Loop
    from kiosk.maintenance.house import House
    from kiosk.maintenance.room import Path, Session

ALL = "all"
STAYS = 120.0  # seconds that the results of a whole round are shown to who comes back to them


@dataclass(slots=True)
class _Running:
    """A test under way. ``tried``: it ran, and a person has to judge; ``colour``: which of them is shown."""

    plan: Plan
    tried: Tried | None = None
    colour: int = 0
    grid: grid.Grid = field(default_factory=grid.Grid)
    typed: str = ""


@dataclass(slots=True)
class _Round:
    """Every external test, one after another."""

    kinds: tuple[str, ...]
    done: list[Proof] = field(default_factory=list)
    over: bool = False
    ended: float | None = None  # when the last one was done


class Tests(BareRoom):
    """``loops``: the closed loops that this terminal has."""

    __test__ = False  # pytest takes everything that is called so
    name = "tests"
    opens = Deed.TEST

    def __init__(self, house: House, loops: Iterable[Loop] = ()) -> None:
        super().__init__()
        self._house = house
        self._loops: Mapping[tuple[str, str], Loop] = {(loop.subject, loop.test): loop for loop in loops}
        self._plans = plans(house.actors, self._loops)
        self._preview = Preview(
            house.actors, house.show_frame, self._no_picture, self._bug, lambda: self.desk.changed()
        )  # fmt: skip
        self._running: _Running | None = None
        self._round: _Round | None = None
        self._last: Mapping[tuple[str, str], Proof] = {}
        self._guard = threading.Lock()  # over what is running and what of it was not taken yet
        self._told: list[Callable[[], None]] = []
        self._who = ""

    # -- paths ---------------------------------------------------------------------------------------

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._who, self._running, self._told = session.who, None, []
        self.read(self._read)
        if path[1:] == (ALL,) and not self._just_done():
            self._begin_round()

    def leave(self, path: Path) -> None:
        """What ran and was judged by nobody is recorded as that."""
        super().leave(path)
        self._preview.stop()
        with self._guard:
            running, self._running = self._running, None
            told, self._told = self._told, []
        unjudged = None if running is None else running.tried
        for tell in told:
            tell()
        if running is not None and unjudged is not None:
            self._record(proof_of(unjudged, running.plan.subject, running.plan.test, self._who, self._house.now()))
        if self._round is not None:
            self._round.over = True

    def _read(self) -> None:
        self._last = {(one.subject, one.test): one for one in self._house.journal.latest_proofs()}
        self.desk.changed()

    # -- what is done --------------------------------------------------------------------------------

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        if path[1:] == (ALL,) and name == "again" and (self._round is None or self._round.over):
            self._begin_round()
        if len(path) < 2 or path[1] == ALL:
            return
        self._catch_up()
        running = self._running
        if name == "run":
            plan = next((each for each in self._plans if each.subject == path[1] and each.test == value), None)
            if plan is not None and (running is None or running.tried is not None):
                self._begin(plan)
            return
        if running is None:
            return
        match name:
            case "yes" | "no":
                self._judge(running, name == "yes")
            case "next" if running.plan.does == "colours":
                running.colour += 1
                if running.colour >= len(COLOURS):
                    running.tried = Tried(None, f"{len(COLOURS)} colours were shown")
            case "touched" if running.plan.does == "touch":
                if running.grid.touched(value):
                    self._end(running, Tried(True, f"all {running.grid.total} fields"))
            case "not_touched" if running.plan.does == "touch":
                self._end(running, Tried(False, f"{running.grid.count} of {running.grid.total} fields", TOUCH_DEAD))
            case "typed" if running.plan.does == "keypad":
                running.typed = value[-len(KEYS) :]
                if running.typed == KEYS:
                    self._end(running, Tried(True, "every key answers"))
            case "not_typed" if running.plan.does == "keypad":
                self._end(running, Tried(False, f"{len(running.typed)} of {len(KEYS)} keys", TOUCH_DEAD))
            case "stop" if running.plan.does in ("touch", "colours", "keypad", "preview") and running.tried is None:
                self._running = None
                self._preview.stop()

    def _begin(self, plan: Plan) -> None:
        self.notice = None
        self._running = running = _Running(plan)
        match plan.does:
            case "self_test":
                actor, level = self._house.actors[plan.subject], Level(plan.test)
                self._work(running, lambda: self_test(actor, plan.subject, level))
            case "sound":
                actor = self._house.actors[plan.subject]
                place = next(each for each in heard.PLACES if each == plan.test)
                self._work(running, lambda: heard.play(actor, place))
            case "loop":
                self.desk.work(partial(self._run_loop, running, self._loops[plan.subject, plan.test]))
            case "preview":
                self._preview.start(plan.subject)
            case _:
                pass

    def _work(self, running: _Running, job: Callable[[], Tried]) -> None:
        def run() -> None:
            tried = job()
            with self._guard:
                here = self._running is running
                if here:
                    self._told.append(lambda: self._ran(running, tried))
            if here:
                self.desk.changed()
            else:  # the page was left meanwhile: nobody is there to judge, and what it says itself counts
                self._end(running, tried)

        self.desk.work(run)

    def _ran(self, running: _Running, tried: Tried) -> None:
        if tried.passed is None:
            running.tried = tried
            if self._running is not running:  # left at this very moment
                self._end(running, tried)
        else:
            self._end(running, tried)

    def _run_loop(self, running: _Running, loop: Loop) -> None:
        proof = loop.run()
        if self._who and not proof.by:
            proof = replace(proof, by=self._who)
        self._keep(proof)
        self._told.append(lambda: self._ended(running, proof))
        self.desk.changed()

    def _judge(self, running: _Running, yes: bool) -> None:
        plan, tried = running.plan, running.tried
        if tried is None and plan.does == "preview" and self._preview.newest() is not None:
            tried = Tried(None, "the picture was shown")
        if tried is None:
            return
        self._preview.stop()
        proof = judged(tried, yes, plan.subject, plan.test, self._who, self._house.now())
        self._record(proof)
        self._ended(running, proof)

    def _end(self, running: _Running, tried: Tried) -> None:
        proof = proof_of(tried, running.plan.subject, running.plan.test, self._who, self._house.now())
        self._record(proof)
        self._ended(running, proof)

    def _ended(self, running: _Running, proof: Proof) -> None:
        self._last = {**self._last, (proof.subject, proof.test): proof}
        if self._running is running:
            self._running = None
            self.notice = Notice(words.dots(_test_name(proof.test), words.proof(proof)), words.tone(proof))

    def _record(self, proof: Proof) -> None:
        self.desk.work(lambda: self._keep(proof))

    def _keep(self, proof: Proof) -> None:
        if not keep(self._house.journal, proof):
            self.notice = Notice(Said("maint.common.not_kept"), "attention")
            self.desk.changed()

    def _bug(self, error: BaseException) -> None:
        """Ends the process, as whatever a worker raises."""

        def tell() -> None:
            raise error

        self.desk.work(tell)

    def _no_picture(self, code: str) -> None:
        """From the camera's thread."""
        running = self._running
        if running is not None and running.plan.does == "preview":
            self._told.append(lambda: self._end(running, Tried(False, code, code)))
            self.desk.changed()

    # -- all of them ---------------------------------------------------------------------------------

    def _just_done(self) -> bool:
        """Who comes back to the page a moment later sees what came out, and prints no second page by that."""
        ended = None if self._round is None else self._round.ended
        return ended is not None and self._house.clock() - ended < STAYS

    def _begin_round(self) -> None:
        self._round = this = _Round(tuple(self._house.actors))
        self.desk.work(lambda: self._run_round(this))

    def _run_round(self, this: _Round) -> None:
        """On a worker's thread; ends with the page, after the device that is asked then."""
        for kind in this.kinds:
            if this.over:
                return
            actor, level = self._house.actors[kind], Level.EXTERNAL
            tried = self_test(actor, kind, level)
            if tried.passed is None:  # it wants a card, or a person: what it can say by itself counts
                level = Level.INTERNAL
                tried = self_test(actor, kind, level)
            proof = proof_of(tried, kind, level.value, self._who, self._house.now())
            self._keep(proof)
            this.done.append(proof)
            self.desk.changed()
        this.over, this.ended = True, self._house.clock()
        self.read(self._read)

    # -- what is shown -------------------------------------------------------------------------------

    def page(self, path: Path, session: Session) -> Page:
        self._catch_up()
        if len(path) < 2:
            return self._things(path)
        if path[1] == ALL:
            return self._all(path)
        if self._running is not None and self._running.plan.does != "self_test":
            special = self._special(path, self._running)
            if special is not None:
                return special
        return self._thing(path)

    def _catch_up(self) -> None:
        while self._told:
            self._told.pop(0)()

    def _things(self, path: Path) -> Page:
        subjects = dict.fromkeys(plan.subject for plan in self._plans)
        rows = []
        for subject in subjects:
            mine = sorted(
                (one for (whose, _), one in self._last.items() if whose == subject),
                key=lambda one: one.at,
                reverse=True,
            )
            tone: Tone = worse("plain", *(words.tone(one) for one in mine))
            last = words.proved(mine[0] if mine else None, self._house.now())
            button = Button("open", Said("maint.tests.open"), opens=f"tests/{subject}")
            rows.append(Row(subject, words.device(subject), last, tone, button, picture=words.place(subject)))
        buttons = (Button("all", Said("maint.tests.all"), opens=f"tests/{ALL}", weight="main"),)
        return Page("tests", Said("maint.tests.heading"), rows=tuple(rows), buttons=buttons, notice=self.notice)

    def _thing(self, path: Path) -> Page:
        subject, running = path[1], self._running
        rows = []
        for plan in self._plans:
            if plan.subject != subject:
                continue
            last = self._last.get((subject, plan.test))
            button = Button("run", Said("maint.tests.run"), plan.test)
            detail = words.proved(last, self._house.now())
            if last is not None and last.report:
                detail = words.dots(detail, Said("", (last.report.replace("\n", "; "),)))
            rows.append(Row(plan.test, _test_name(plan.test), detail, words.tone(last), button))
        asking = running is not None and running.tried is not None
        return Page(
            "/".join(path),
            words.device(subject),
            lead=_question(running.plan) if running is not None and asking else None,
            rows=tuple(rows),
            buttons=_YES_NO if asking else (),
            notice=self.notice,
            busy=None if running is None or asking else self._busy(running.plan),
        )

    def _busy(self, plan: Plan) -> Said:
        """What is under way, and what a person is to do meanwhile."""
        if plan.does == "loop" and plan.test == "streaks" and not self._house.profile.night.exit_seen_by:
            return Said("maint.tests.lay_page")
        return Said("maint.tests.show_card" if plan.test == "interactive" else "maint.tests.running")

    def _special(self, path: Path, running: _Running) -> Page | None:
        plan, heading = running.plan, words.device(running.plan.subject)
        stop = Button("stop", Said("maint.common.cancel"))
        if running.tried is not None:
            return None
        match plan.does:
            case "colours":
                show = COLOURS[running.colour]
                return Page("/".join(path), heading, "colours", show=show)
            case "touch":
                lead = Said("maint.tests.touch", (running.grid.count, running.grid.total))
                buttons = (Button("not_touched", Said("maint.tests.not_touched")), stop)
                return Page("/".join(path), heading, "touch", lead=lead, buttons=buttons, show=grid.SHOW)
            case "keypad":
                entry = Field("keys", Said("maint.tests.keys"), "digits", running.typed)
                buttons = (Button("not_typed", Said("maint.tests.not_touched")), stop)
                return Page("/".join(path), heading, "keypad", field=entry, buttons=buttons)
            case "preview":
                lead = _question(plan)
                there = self._preview.newest() is not None
                why = None if there else Said("maint.common.no_picture_yet")
                judge = tuple(replace(button, enabled=there, why=why) for button in _YES_NO)
                return Page("/".join(path), heading, "preview", lead=lead, buttons=(*judge, stop), show=plan.subject)
            case _:
                return None

    def _all(self, path: Path) -> Page:
        this = self._round
        done = list(this.done) if this is not None else []
        rows = [
            Row(
                one.subject,
                words.device(one.subject),
                words.proved(one, self._house.now()),
                words.tone(one),
                picture=words.place(one.subject),
            )
            for one in done
        ]
        kinds = this.kinds if this is not None else ()
        for kind in kinds[len(done) :]:
            rows.append(Row(kind, words.device(kind), Said("maint.tests.waits"), picture=words.place(kind)))
        over = this is None or this.over
        return Page(
            "/".join(path),
            Said("maint.tests.all_done") if over else Said("maint.tests.all_heading", (len(done), len(kinds))),
            tone=worse("plain", *(words.tone(one) for one in done)),
            rows=tuple(rows),
            buttons=(
                Button("back", Said("maint.common.to_overview"), opens="overview", weight="main"),
                Button("again", Said("maint.tests.again"), enabled=over),
            ),
            notice=self.notice,
        )


_YES_NO = (Button("yes", Said("maint.common.yes"), weight="main"), Button("no", Said("maint.common.no")))


def _test_name(test: str) -> Said:
    return Said(f"maint.tests.test.{test}")


def _question(plan: Plan) -> Said:
    """What a person is asked after it, or while it is shown."""
    return Said(f"maint.tests.ask.{plan.test if plan.does != 'self_test' else plan.subject}")
