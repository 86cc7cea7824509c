"""Querying (查询): a department's register is being asked, or why it has given no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot

from kiosk.visit.events import BackPressed, NextPressed
from ui.viewmodels.base import PageModel, shown, told

if TYPE_CHECKING:
    from kiosk.visit.screen import QueryBody


def _heading(self: QueryModel, body: QueryBody) -> str:
    return self.words.t(f"query.{body.problem}.title" if body.problem else "query.title")


def _lead(self: QueryModel, body: QueryBody) -> str:
    return self.words.t(f"query.{body.problem}.lead" if body.problem else "query.lead", body.office)


class QueryModel(PageModel):
    """``failed``: there is no answer, and the person may ask once more."""

    changed = Signal()

    name = shown(str, "name", changed)
    elsewhere = shown(str, "elsewhere", changed)
    heading = told(str, _heading, changed)
    lead = told(str, _lead, changed)
    failed = told(bool, lambda self, body: body.problem != "", changed)

    @Slot()
    def back(self) -> None:
        self.post(BackPressed())

    @Slot()
    def again(self) -> None:
        self.post(NextPressed())
