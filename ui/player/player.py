"""The player: takes scripts one after another, acts when the page is ready, looks, and reports.

Runs on the Qt thread, woken by a short timer while a script plays; waits for what should be seen, never for time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import QCoreApplication, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtQuick import QQuickItem, QQuickWindow

from kiosk.visit.screen import EntryBody, FarewellBody, FormBody, HomeBody, OutcomeBody, Screen
from ui.player import eyes
from ui.player.fingers import Finger
from ui.player.script import Script, Step
from ui.player.wording import stands

LOOK_EVERY = 25  # ms
SETTLED = 0.45  # s after a page change, at the least: the page has begun to slide in, or stands
FAST = 80  # of a PNG: deflate at level 1, a fifth larger in two thirds of the time
GLIMPSE = 0.1  # s after a page change: what is shown of a page that may pass too quickly to come to rest
AIM = 0.05  # s for which a thing must lie still before it is touched
PRESS = 0.05  # s for which a finger rests
SCROLLED = 0.4  # s after a scroll: the list has come to rest
ACTS = ("card", "take_card", "device", "network", "sign")  # what a hand does once it has seen the page
HOLD = 5.3  # s for which a finger is held down unless the script says otherwise: staff are asked in after 5
STAFF = "maintenance"  # the page of staff
CATEGORY = "home-category-"
KEY_NAMES = {" ": ("key-space",), "<": ("key-delete", "pad-delete", "maint-key-delete")}


class Stage(Protocol):
    """What the demo lets a script do besides touching the window."""

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None: ...

    def network(self, mode: str) -> None: ...

    def staff_code(self) -> str: ...

    def publish(self, pack: Path) -> Callable[[], bool]: ...

    def staff(self, deed: str, said: Mapping[str, object]) -> Callable[[], bool]: ...

    def meet(self, name: str) -> Callable[[], bool]: ...


@runtime_checkable
class Operator(Protocol):
    """A stage that has somebody on the operator's side, who answers what the entry page shows with a one-time code."""

    def entry_code(self, role: str, terminal: str, hour: str, challenge: str) -> str: ...


class VisitFailed(Exception):
    """The script and the window disagree."""


@dataclass
class VisitReport:
    """What came of one script."""

    script: str
    ok: bool = False
    outcome: str | None = None
    case_no: str | None = None
    case_id: str | None = None
    states: list[str] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None
    ends: str | None = None
    saved: bool | None = None
    typed: int = 0  # keys touched one after another on a keyboard or a pad
    touches: int = 0  # how often the finger came down, keys and scrolling counted


Play = Generator[None, None, None]


class Player(QObject):
    """Plays ``scripts`` on ``window``; ``finished`` gets the reports and the names of the pictures.

    Without ``pictures`` there are only those that a script asks for, and one of each visit that fails.
    """

    _begin = Signal()
    _end = Signal()
    _came = Signal(object)

    def __init__(
        self,
        window: QQuickWindow,
        scripts: Sequence[Script],
        stage: Stage,
        *,
        out: Path,
        pictures: bool = True,
        finished: Callable[[list[VisitReport], list[str]], None],
    ) -> None:
        super().__init__(window)
        self._window, self._scripts, self._stage, self._out = window, scripts, stage, out
        self._pictures, self._finished = pictures, finished
        self._finger = Finger(window)
        self._before = 0  # touches, when this script began
        self._screen: Screen | None = None
        self._page_since = time.monotonic()
        self._report = VisitReport("")
        self._name, self._folder = "", Path()
        self._reports: list[VisitReport] = []
        self._shots: list[str] = []
        self._shot_due = False
        self._glimpse: QImage | None = None
        self._play: Play = self._play_all()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY)
        self._timer.timeout.connect(self._advance)
        queued = Qt.ConnectionType.QueuedConnection
        self._begin.connect(self._timer.start, queued)
        self._came.connect(self._see, queued)
        self._end.connect(QCoreApplication.quit, queued)

    def start_soon(self) -> None:
        """From any thread: begin to play on the window's."""
        self._begin.emit()

    def close_soon(self) -> None:
        """From any thread: end the window's event loop."""
        self._end.emit()

    def hear(self, screen: Screen) -> None:
        """From any thread: every snapshot that the window is given."""
        self._came.emit(screen)

    def _see(self, screen: Screen) -> None:
        before = self._page()
        if self._screen is None or _shown(screen) != _shown(self._screen):
            if self._shot_due and self._glimpse is not None:  # the page was left before it had come to rest
                self._save(self._glimpse, before, "")
            self._page_since = time.monotonic()
            self._shot_due, self._glimpse = self._pictures, None
        self._screen = screen
        if screen.page != before:
            self._report.states.append(screen.page)
        if isinstance(screen.body, OutcomeBody):
            self._report.outcome = screen.body.outcome
            self._report.case_no = screen.body.case_no.replace(" ", "")
        if isinstance(screen.body, FarewellBody):
            self._report.ends, self._report.saved = screen.body.reason, screen.body.saved

    # -- the play ------------------------------------------------------------------------------------

    def _advance(self) -> None:
        if self._shot_due and self._glimpse is None and time.monotonic() - self._page_since >= GLIMPSE:
            self._glimpse = self._window.grabWindow()
        try:
            next(self._play)
        except StopIteration:
            self._timer.stop()
            self._finished(self._reports, self._shots)

    def _play_all(self) -> Play:
        for script in self._scripts:
            self._report, self._name = VisitReport(script.path), script.name
            self._folder = Path(script.path).parent
            self._reports.append(self._report)
            began, self._before = time.monotonic(), self._finger.touches
            try:
                yield from self._play_one(script)
                self._report.ok = True
            except VisitFailed as failure:
                self._report.error = str(failure)
                self._report.touches = self._finger.touches - self._before
                yield from self._shoot("failed")
                yield from self._leave()
            self._report.seconds = round(time.monotonic() - began, 3)

    def _play_one(self, script: Script) -> Play:
        yield from self._until(lambda: self._page() == "attract", 60, "the attract page before the visit")
        self._report.states[:] = ["attract"]
        for step in script.steps:
            try:
                yield from self._choose_language(script.lang)
                yield from self._step(step)
            except VisitFailed as failure:
                raise VisitFailed(f"{step}: {failure}") from failure
            except Exception as error:
                raise VisitFailed(f"{step}: {type(error).__name__}: {error}") from error
        yield from self._until(lambda: self._page() == "attract", 60, "the attract page after the visit")
        self._report.touches = self._finger.touches - self._before
        self._check(script)

    def _choose_language(self, language: str | None) -> Play:
        """A citizen who reads another language touches for it as soon as a page offers it."""
        if language is not None and self._page() == STAFF:
            yield from self._choose_staff_language(language)
            return
        chosen = self._screen.chrome.language if self._screen else None
        if language is None or chosen == language or not self._reachable("chrome-language"):
            return
        yield from self._touch("chrome-language", 10, "")
        yield from self._until(
            lambda: self._screen is not None and self._screen.chrome.language == language, 10, f"language {language}"
        )

    def _choose_staff_language(self, language: str) -> Play:
        """In the maintenance window the pill bears the name of the other language."""
        other = "中文" if language == "zh_CN" else "English"

        def spoken() -> bool:
            pill = eyes.find(self._window, "maint-language")
            return pill is None or pill.property("label") != other

        if not spoken():
            yield from self._touch("maint-language", 10, "")
            yield from self._until(spoken, 10, f"language {language}")

    def _check(self, script: Script) -> None:
        report, expect = self._report, script.expect
        for what, wanted, seen in (
            ("outcome", expect.outcome, report.outcome or "none"),
            ("ends", expect.ends, report.ends),
            ("saved", expect.saved, report.saved),
        ):
            if wanted is not None and wanted != seen:
                raise VisitFailed(f"expected {what} {wanted!r}, saw {seen!r}")
        if expect.typed is not None and report.typed > expect.typed:
            raise VisitFailed(f"expected {expect.typed} typed characters at most, saw {report.typed}")
        if expect.touches is not None and report.touches > expect.touches:
            raise VisitFailed(f"expected {expect.touches} touches at most, saw {report.touches}")
        missing = [page for page in expect.passes if page not in report.states]
        if missing:
            raise VisitFailed(f"never passed {', '.join(missing)}")

    def _leave(self) -> Play:
        """After a failure: bring the terminal back to its start, as a citizen who gives up."""
        self._stage.do("id_reader", "take", {})
        staff = ("maint-ask-no", "maint-menu-close", "maint-leave") if self._page() == STAFF else ()
        entry = ("nav-back",) if self._page() == "entry" else ()
        for name in (*staff, *entry, "warning-quit", "help-close", "nav-quit", "rate-skip", "farewell-done"):
            item = eyes.find(self._window, name)
            if item is not None:
                self._finger.tap(eyes.centre(item))
            yield

    def _step(self, step: Step) -> Play:
        if step.verb in ACTS:
            yield from self._settle()
        match step.verb:
            case "touch":
                yield from self._touch(step.argument, step.within, step.extras.get("until", ""))
            case "hold":
                seconds = float(step.extras.get("seconds", HOLD))
                yield from self._hold(step.argument, seconds, step.within, step.extras.get("until", ""))
            case "type":
                self._report.typed += len(step.argument)
                for character in step.argument:
                    yield from self._key(character, step.within)
            case "card":
                self._stage.do("id_reader", "put", {"card": step.argument})
            case "take_card":
                self._stage.do("id_reader", "take", {})
            case "device":
                self._stage.do(step.argument, step.extras["do"], dict(step.extras.get("with", {})))
            case "network":
                self._stage.network(step.argument)
            case "publish":
                taken = self._stage.publish(self._folder / step.argument)
                yield from self._until(taken, step.within, "the terminal to use the pack")
            case "staff":
                done = self._stage.staff(step.argument, step.extras)
                yield from self._until(done, step.within, f"staff to do {step.argument!r}")
            case "meet":
                yield from self._until(self._stage.meet(step.argument), step.within, f"{step.argument!r} to go on")
            case "staff_code":
                for digit in self._stage.staff_code():
                    yield from self._touch(f"pad-{digit}", step.within, "")
            case "entry_code":
                yield from self._entry_code(step.argument, step.within)
            case "sign":
                pad = yield from self._item("sign-pad", step.within)
                self._finger.draw(eyes.rectangle(pad))
            case "page":
                yield from self._until(lambda: self._page() == step.argument, step.within, f"page {step.argument!r}")
                yield from self._settle()
            case "see":
                yield from self._until(lambda: self._sees(step.argument), step.within, "these words")
            case "not_see":
                yield from self._until(lambda: not self._sees(step.argument), step.within, "them gone")
            case "shot":
                yield from self._settle()
                yield from self._shoot(step.argument)

    def _key(self, character: str, within: float) -> Play:
        """The key of a character on whichever keyboard is shown."""
        names = KEY_NAMES.get(character, (f"key-{character}", f"pad-{character}", f"maint-key-{character}"))
        yield from self._settle()  # or it is a key of the page before, on its way out
        yield from self._until(lambda: any(self._reachable(name) for name in names), within, f"a key {character!r}")
        yield from self._touch(next(name for name in names if self._reachable(name)), within, "")

    def _touch(self, wanted: str, within: float, until: str) -> Play:
        yield from self._settle()
        while True:
            place = yield from self._aim(wanted, within)
            self._finger.press(place.center())
            yield from self._rest(PRESS)
            item = eyes.find(self._window, wanted, anywhere=True)
            slipped = item is not None and not eyes.rectangle(item).contains(place.center())
            self._finger.release(place.center())
            yield
            if not slipped:  # what moved away under the finger was not touched, and is touched again
                break
        if wanted.startswith(CATEGORY):  # what is touched next stands on that page
            yield from self._until(lambda: self._category() == wanted.removeprefix(CATEGORY), within, "its services")
        if until:
            yield from self._until(lambda: self._page() == until, within, f"page {until!r} after the touch")

    def _hold(self, wanted: str, seconds: float, within: float, until: str) -> Play:
        """A long press. It is Qt that measures it, by the true clock: so long a finger rests here, too."""
        yield from self._settle()
        place = yield from self._aim(wanted, within)
        self._finger.press(place.center())
        yield from self._rest(seconds)
        self._finger.release(place.center())
        yield
        if until:
            yield from self._until(lambda: self._page() == until, within, f"page {until!r} after the long press")

    def _entry_code(self, role: str, within: float) -> Play:
        """What the entry page shows is read out to the operator, and the answer is typed."""
        if not isinstance(self._stage, Operator):
            raise VisitFailed("nobody here issues codes")
        yield from self._until(lambda: bool(self._shown_challenge()), within, "a challenge on the entry page")
        body = self._screen.body if self._screen is not None else None
        if isinstance(body, EntryBody):
            for digit in self._stage.entry_code(role, body.terminal, body.hour, body.challenge):
                yield from self._key(digit, within)

    def _shown_challenge(self) -> str:
        body = self._screen.body if self._screen is not None else None
        return body.challenge if isinstance(body, EntryBody) else ""

    def _aim(self, wanted: str, within: float) -> Generator[None, None, QRectF]:
        """Where it lies, once it lies still and in sight: nobody touches a moving thing, or what lies over it."""
        while True:
            item = yield from self._item(wanted, within)
            place = eyes.rectangle(item)
            yield from self._rest(AIM)
            if eyes.rectangle(item) == place and eyes.find(self._window, wanted) == item:
                return place

    def _item(self, wanted: str, within: float) -> Generator[None, None, QQuickItem]:
        """The item to touch; what lies below the edge of a list is drawn into sight first, as a hand would."""
        limit = time.monotonic() + within
        while not self._reachable(wanted):
            yield from self._open_category(wanted)
            hidden = eyes.find(self._window, wanted, anywhere=True)
            area = eyes.scroll_area(hidden) if hidden is not None else None
            if hidden is not None and area is not None:
                self._finger.scroll(area, eyes.centre(hidden).y() - area.center().y())
                yield from self._rest(SCROLLED)
            if time.monotonic() > limit:
                raise VisitFailed(f"waited {within:g} s for {wanted!r} to touch; {self._seen()}")
            yield
        item = eyes.find(self._window, wanted)
        if item is None:
            raise VisitFailed(f"{wanted!r} went away")
        return item

    def _open_category(self, wanted: str) -> Play:
        """A matter that is not among the first of the start page stands behind its category."""
        body = self._screen.body if self._screen is not None else None
        service = wanted.removeprefix("home-service-")
        if service == wanted or not isinstance(body, HomeBody) or eyes.find(self._window, wanted, anywhere=True):
            return
        category = next((card.category for card in body.services if card.service_id == service), "")
        if category and category != body.category:
            try:
                yield from self._touch(f"home-category-{category}", 10, "")
            except VisitFailed:
                if self._category() != category:  # on a busy machine a drag can end as a touch, which opens it as well
                    raise
            yield from self._until(
                lambda: eyes.find(self._window, wanted, anywhere=True) is not None, 10, f"the services of {category}"
            )

    def _reachable(self, wanted: str) -> bool:
        item = eyes.find(self._window, wanted)
        return item is not None and eyes.enabled(item)

    def _rest(self, seconds: float) -> Play:
        """Let a movement on the screen come to its end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            yield

    def _settle(self) -> Play:
        """Wait until the slide to this page is over, and take its picture."""
        yield from self._rest(SETTLED - (time.monotonic() - self._page_since))
        while eyes.moving(self._window):
            yield
        if self._shot_due:
            yield from self._shoot("")

    def _shoot(self, name: str) -> Play:
        self._shot_due = False
        self._save(self._window.grabWindow(), self._page(), name)
        yield

    def _save(self, image: QImage, page: str, name: str) -> None:
        number = sum(shot.startswith(f"{self._name}-") for shot in self._shots) + 1
        file = f"{self._name}-{number:02d}-{page}{'-' + name if name else ''}.png"
        if image.isNull() or not image.save(str(self._out / file), quality=FAST):
            raise VisitFailed(f"the picture {file} could not be written")
        self._shots.append(file)

    def _until(self, true: Callable[[], bool], within: float, what: str) -> Play:
        limit = time.monotonic() + within
        while not true():
            if time.monotonic() > limit:
                raise VisitFailed(f"waited {within:g} s for {what}; {self._seen()}")
            if self._shot_due and time.monotonic() - self._page_since >= SETTLED and not eyes.moving(self._window):
                yield from self._shoot("")
            yield

    def _sees(self, named: str) -> bool:
        return stands(named, partial(eyes.sees, self._window))

    def _seen(self) -> str:
        words = " | ".join(" ".join(text.split()) for text in eyes.words_in_sight(self._window))
        return f"on page {self._page()!r} one sees: {words}"

    def _category(self) -> str:
        body = self._screen.body if self._screen is not None else None
        return body.category if isinstance(body, HomeBody) else ""

    def _page(self) -> str:
        return self._screen.page if self._screen else ""


def _shown(screen: Screen) -> tuple[str, str]:
    """What counts as a page of its own for a picture: the page, and on the form the question."""
    return screen.page, screen.body.key if isinstance(screen.body, FormBody) else ""
