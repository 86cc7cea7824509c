"""What every page's view model has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Property, QObject, Signal, Slot

if TYPE_CHECKING:
    from kiosk.visit.events import Touch
    from ui.words import Words

Post = Callable[["Touch"], None]


def shown(kind: type, attribute: str, notify: Signal) -> Any:
    """A read-only property: this attribute of the body on screen, or the empty value of its kind."""

    def read(self: PageModel) -> Any:
        return kind() if self.body is None else getattr(self.body, attribute, kind())

    return Property(kind, read, notify=notify)


def told(kind: type, read: Callable[[Any, Any], Any], notify: Signal) -> Any:
    """A read-only property made of the body by ``read(model, body)``, or the empty value of its kind."""

    def get(self: PageModel) -> Any:
        return kind() if self.body is None else read(self, self.body)

    return Property(kind, get, notify=notify)


class PageModel(QObject):
    """One page: the body of its snapshot while it is on screen, nothing otherwise.

    A subclass declares its own ``changed = Signal()`` (PySide binds a property to a signal of the same class),
    its properties, its intent slots, and ``refresh`` where it has lists to fill. Whatever a signal is connected to is
    a declared Slot: PySide adds any other method to the object's meta-object at run time, and QML, which caches
    properties by meta-object, may then find none of them.
    """

    changed: Any

    def __init__(self, words: Words, post: Post, parent: QObject) -> None:
        super().__init__(parent)
        self.words = words
        self.post = post
        self.body: Any = None
        words.changed.connect(self._reword)

    def show(self, body: Any) -> None:
        """Show this body; an equal one changes nothing."""
        if body != self.body:
            self.body = body
            self.refresh(body)
            self.changed.emit()

    def clear(self) -> None:
        """Forget what was shown."""
        if self.body is not None:
            self.body = None
            self.forget()
            self.changed.emit()

    def refresh(self, body: Any) -> None:
        """Fill the lists."""

    def forget(self) -> None:
        """Empty the lists."""

    @Slot()
    def quit(self) -> None:
        """退出, on the pages that offer it."""
        from kiosk.visit.events import QuitPressed

        self.post(QuitPressed())

    @Slot()
    def _reword(self) -> None:
        if self.body is not None:
            self.refresh(self.body)
            self.changed.emit()
