"""The maintenance window's one model: a snapshot of the desk as properties, touches as the desk's intents.

Made when the page is first shown, so that no visit pays for it, and cleared when it is left: nothing of a session stays
in any property.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import Property, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from kiosk.maintenance.desk import START, Act, Back, Intent, Leave, Open, Speak, Stir
from ui.input.editor import Editor
from ui.models.records import RecordsModel
from ui.viewmodels.staffwords import said

if TYPE_CHECKING:
    from kiosk.maintenance.screen import Button, Page, Row, Snapshot
    from ui.words import Words

STIR_EVERY = 4.0  # seconds between two tellings that somebody touches the screen
LOCK_TOLD = 60.0  # seconds before it locks by itself: from then on they are counted on the screen
BUTTON = ("key", "name", "text", "weight", "usable", "why")
ROW = ("key", "section", "title", "detail", "tone", "picture", "text", "weight", "usable", "why")


class MaintenancePost(Protocol):
    """The desk as the window knows it. The listener is called from the desk's thread; both methods return at once."""

    def subscribe(self, listener: Callable[[Snapshot | None], None]) -> Callable[[], None]: ...

    def post(self, intent: Intent) -> None: ...


def shown(kind: type, read: Callable[[MaintenanceModel, Snapshot], Any], notify: Signal) -> Any:
    """A read-only property made of the snapshot, or the empty value of its kind."""

    def get(self: MaintenanceModel) -> Any:
        return kind() if self.snapshot is None else read(self, self.snapshot)

    return Property(kind, get, notify=notify)


class MaintenanceModel(QObject):
    """``image``, ``outline``, ``hint`` and ``frame`` are what DeskPicture.qml draws of a preview."""

    changed = Signal()
    ticked = Signal()
    frame = Signal()
    _arrived = Signal(object)

    def __init__(self, words: Words, clock: Callable[[], float], parent: QObject) -> None:
        super().__init__(parent)
        self.words, self._clock = words, clock
        self.snapshot: Snapshot | None = None
        self.image, self.outline, self.hint, self.pictures = QImage(), (), "", ()
        self._post: MaintenancePost | None = None
        self._end: Callable[[], None] | None = None
        self._stirred = -math.inf
        self._sent: list[str] = []  # values posted whose echo has not come back yet
        self._asked = ("", "")  # the field that is being filled in
        self._rows = RecordsModel(ROW, self)
        self._live = RecordsModel(ROW, self)
        self._buttons = RecordsModel(BUTTON, self)
        self._choices = RecordsModel(("value", "text", "picked"), self)
        self._tiles = RecordsModel(("path", "text", "tone", "allowed", "here"), self)
        self._editor = Editor(words, self)
        self._editor.edited.connect(self._typed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self._arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)

    # -- for the bridge ------------------------------------------------------------------------------

    def follow(self, post: MaintenancePost) -> None:
        """The page is shown: hear of every snapshot from now on."""
        self.leave_it()
        self._post = post
        self._end = post.subscribe(self._arrived.emit)

    def leave_it(self) -> None:
        """The page is left: follow nobody, forget everything."""
        if self._end is not None:
            self._end()
        self._post, self._end = None, None
        self._stirred = -math.inf
        self._show(None)

    @property
    def following(self) -> bool:
        return self._post is not None

    @property
    def counting(self) -> bool:
        """Whether the timer runs: while a session is on the screen."""
        return self._timer.isActive()

    def picture(self, frame: Any) -> None:
        """A picture of a camera. Kept only while the page shows one; what cannot be decoded leaves the last."""
        if self.snapshot is None or self.snapshot.page.template != "preview":
            return
        image = QImage.fromData(frame.jpeg)
        if image.isNull():
            return
        self.image = image
        self.outline = tuple(getattr(frame, "outline", None) or ())
        self.frame.emit()

    # -- snapshots -----------------------------------------------------------------------------------

    @Slot(object)
    def _show(self, snapshot: Snapshot | None) -> None:
        if self._post is None and snapshot is not None:  # it was on its way when the page was left
            return
        if snapshot == self.snapshot:
            return
        self.snapshot = snapshot
        if snapshot is None:
            self._forget()
        else:
            self.words.switch(snapshot.bar.language)
            self._fill(snapshot)
        self.changed.emit()
        self._tick()

    def _fill(self, snapshot: Snapshot) -> None:
        page = snapshot.page
        if page.template != "preview":
            self._unpicture()
        self._rows.replace([self._row(row) for row in page.rows])
        self._live.replace([self._row(row) for row in page.step.live] if page.step is not None else [])
        names = [button.name for button in page.buttons]
        self._buttons.replace(
            [self._button(n, button, names.count(button.name) > 1) for n, button in enumerate(page.buttons)]
        )
        self._tiles.replace(
            [
                {
                    "path": tile.path,
                    "text": self.say(tile.label),
                    "tone": tile.tone,
                    "allowed": tile.allowed,
                    "here": tile.path.split("/")[0] == page.path.split("/")[0],
                }
                for tile in snapshot.menu
            ]
        )
        self._fill_field(page)

    def _fill_field(self, page: Page) -> None:
        field = page.field
        if field is None:
            self._choices.clear()
            self._editor.forget()
            self._asked = ("", "")
            self._sent.clear()
            return
        choices = [(value, self.say(text)) for value, text in field.choices]
        if field.kind == "switch" and not choices:
            choices = [(value, self.words.t(f"maint.window.{value}")) for value in ("on", "off")]
        self._choices.replace([{"value": v, "text": text, "picked": v == field.value} for v, text in choices])
        if (page.path, field.key) != self._asked:
            self._asked = (page.path, field.key)
            self._sent.clear()
            self._editor.begin(field.kind, field.value, 0)
        elif field.value in self._sent:
            del self._sent[: self._sent.index(field.value) + 1]
        elif not self._sent:
            self._editor.adopt(field.value)

    def _row(self, row: Row) -> dict[str, Any]:
        return {
            "key": row.key,
            "section": row.key.startswith("section-"),
            "title": self.say(row.title),
            "detail": self.say(row.detail),
            "tone": row.tone,
            "picture": row.picture,
            **self._worded(row.button),
        }

    def _button(self, number: int, button: Button, doubled: bool) -> dict[str, Any]:
        name = f"{button.name}-{button.value}" if doubled else button.name
        return {"key": f"{number} {name}", "name": name, **self._worded(button)}

    def _worded(self, button: Button | None) -> dict[str, Any]:
        if button is None:
            return {"text": "", "weight": "plain", "usable": False, "why": ""}
        why = "" if button.enabled else self.say(button.why)
        return {"text": self.say(button.label), "weight": button.weight, "usable": button.enabled, "why": why}

    def _forget(self) -> None:
        for model in (self._rows, self._live, self._buttons, self._choices, self._tiles):
            model.clear()
        self._editor.forget()
        self._asked = ("", "")
        self._sent.clear()
        self._unpicture()

    def _unpicture(self) -> None:
        if not self.image.isNull():
            self.image, self.outline = QImage(), ()
            self.frame.emit()

    def say(self, text: Any) -> str:
        """The words of a Said; "" for None."""
        return said(self.words.current, text)

    # -- the time that is left -----------------------------------------------------------------------

    @Slot()
    def _tick(self) -> None:
        """Wake when the words change: each minute, and each second of the last one before it locks."""
        bar = self.snapshot.bar if self.snapshot is not None else None
        ends = [at - self._clock() for at in (bar.ends_at, bar.locks_at) if at is not None] if bar is not None else []
        if ends:
            lock = min(ends)
            step = 1.0 if lock <= LOCK_TOLD else 60.0
            waits = [left % step or step for left in ends if left > 0]
            if lock > LOCK_TOLD:
                waits.append(lock - LOCK_TOLD)
            if waits:
                self._timer.start(max(20, int(1000 * min(waits)) + 5))
            else:
                self._timer.stop()
        else:
            self._timer.stop()
        self.ticked.emit()

    def _lock_text(self) -> str:
        left = self._left("locks_at")
        return "" if left is None or left > LOCK_TOLD else self.words.t("maint.window.locks", math.ceil(left))

    def _end_text(self) -> str:
        left = self._left("ends_at")
        return "" if left is None else self.words.t("maint.window.ends", math.ceil(left / 60))

    def _left(self, name: str) -> float | None:
        at = getattr(self.snapshot.bar, name) if self.snapshot is not None else None
        return None if at is None else max(0.0, at - self._clock())

    # -- what QML reads ------------------------------------------------------------------------------

    there = Property(bool, lambda self: self.snapshot is not None, notify=changed)
    terminal = shown(str, lambda self, s: s.bar.terminal.of(s.bar.language), changed)
    who = shown(str, lambda self, s: self.words.t(f"maint.window.role.{s.bar.role.value}", s.bar.who).strip(), changed)
    closed = shown(bool, lambda self, s: s.bar.closed, changed)
    test = shown(bool, lambda self, s: s.bar.test, changed)
    lockText = Property(str, _lock_text, notify=ticked)
    endText = Property(str, _end_text, notify=ticked)

    path = shown(str, lambda self, s: s.page.path, changed)
    away = shown(bool, lambda self, s: s.page.path != START, changed)
    heading = shown(str, lambda self, s: self.say(s.page.heading), changed)
    template = shown(str, lambda self, s: s.page.template, changed)
    tone = shown(str, lambda self, s: s.page.tone, changed)
    lead = shown(str, lambda self, s: self.say(s.page.lead), changed)
    busy = shown(str, lambda self, s: self.say(s.page.busy), changed)
    show = shown(str, lambda self, s: s.page.show, changed)
    notice = shown(str, lambda self, s: self.say(s.page.notice.text) if s.page.notice else "", changed)
    noticeTone = shown(str, lambda self, s: s.page.notice.tone if s.page.notice else "", changed)
    step = shown(int, lambda self, s: s.page.step.number if s.page.step else 0, changed)
    steps = shown(int, lambda self, s: s.page.step.total if s.page.step else 0, changed)
    stepText = shown(str, lambda self, s: self.say(s.page.step.text) if s.page.step else "", changed)
    stepPicture = shown(str, lambda self, s: s.page.step.picture if s.page.step else "", changed)
    kind = shown(str, lambda self, s: s.page.field.kind if s.page.field else "", changed)
    fieldLabel = shown(str, lambda self, s: self.say(s.page.field.label) if s.page.field else "", changed)
    fieldHelp = shown(str, lambda self, s: self.say(s.page.field.help) if s.page.field else "", changed)
    fieldError = shown(str, lambda self, s: self.say(s.page.field.error) if s.page.field else "", changed)
    asking = shown(bool, lambda self, s: s.page.ask is not None, changed)
    askText = shown(str, lambda self, s: self.say(s.page.ask.text) if s.page.ask else "", changed)
    yesText = shown(str, lambda self, s: self.say(s.page.ask.yes.label) if s.page.ask else "", changed)
    yesWeight = shown(str, lambda self, s: s.page.ask.yes.weight if s.page.ask else "", changed)
    noText = shown(str, lambda self, s: self.say(s.page.ask.no.label) if s.page.ask else "", changed)
    pictured = Property(bool, lambda self: not self.image.isNull(), notify=frame)

    entries = Property(QObject, lambda self: self._rows, constant=True)
    live = Property(QObject, lambda self: self._live, constant=True)
    buttons = Property(QObject, lambda self: self._buttons, constant=True)
    choices = Property(QObject, lambda self: self._choices, constant=True)
    tiles = Property(QObject, lambda self: self._tiles, constant=True)
    input = Property(QObject, lambda self: self._editor, constant=True)

    # -- touches -------------------------------------------------------------------------------------

    def _send(self, intent: Intent) -> None:
        if self._post is not None:
            self._post.post(intent)

    @Slot()
    def stir(self) -> None:
        """Somebody touches the screen, wherever."""
        now = self._clock()
        if self.snapshot is not None and now - self._stirred >= STIR_EVERY:
            self._stirred = now
            self._send(Stir())

    def _press(self, button: Button | None) -> None:
        if button is None or not button.enabled or self.snapshot is None or self.snapshot.page.busy is not None:
            return
        self._send(Open(button.opens) if button.opens else Act(button.name, button.value))

    @Slot(int)
    def press(self, number: int) -> None:
        """A button of the foot."""
        buttons = self.snapshot.page.buttons if self.snapshot is not None else ()
        self._press(buttons[number] if 0 <= number < len(buttons) else None)

    @Slot(str)
    def pressRow(self, key: str) -> None:
        if self.snapshot is not None:
            page = self.snapshot.page
            rows = (*page.rows, *(page.step.live if page.step is not None else ()))
            self._press(next((row.button for row in rows if row.key == key), None))

    @Slot(bool)
    def answer(self, yes: bool) -> None:
        ask = self.snapshot.page.ask if self.snapshot is not None else None
        if ask is not None:
            self._press(ask.yes if yes else ask.no)

    @Slot(str)
    def open(self, path: str) -> None:
        self._send(Open(path))

    @Slot()
    def back(self) -> None:
        self._send(Back())

    @Slot()
    def leave(self) -> None:
        self._send(Leave())

    @Slot()
    def toggleLanguage(self) -> None:
        self._send(Speak("en" if self.words.current == "zh_CN" else "zh_CN"))

    @Slot(str)
    def pick(self, value: str) -> None:
        """A choice; of a number it is the number."""
        field = self.snapshot.page.field if self.snapshot is not None else None
        if field is None:
            return
        if field.kind in ("choice", "switch"):
            self._send(Act("chosen", value))
        else:
            self._editor.adopt(value)
            self._typed(value)

    @Slot(str)
    def _typed(self, value: str) -> None:
        if self.snapshot is not None and self.snapshot.page.field is not None:
            self._sent.append(value)
            self._send(Act("typed", value))

    @Slot(int, int)
    def touched(self, row: int, column: int) -> None:
        self._send(Act("touched", f"{row},{column}"))

    @Slot()
    def next(self) -> None:
        self._send(Act("next"))
