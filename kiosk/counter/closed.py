"""The counter of a terminal that is out of service: it looks again when asked to, and nothing else happens here.

Nobody is let into maintenance either: what counts wrong codes, says who came and what they did is the journal, which is
not open. The entry page says so, and whom to call; `kiosk doctor` at the machine says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.visit.effects import (
    AskRegister,
    CallHelp,
    CheckEntry,
    CheckFace,
    CheckStaffCode,
    CloseMaintenance,
    Commit,
    FindCases,
    ForgetAnswers,
    ForgetDraft,
    HandIn,
    KeepAnswers,
    KeepDraft,
    NoteHelper,
    OpenInbox,
    OpenMaintenance,
    PreparePapers,
    PrintPapers,
    ReadPage,
    SaveRating,
    TakeUpDraft,
    Wipe,
)
from kiosk.visit.events import EntryOffered
from kiosk.visit.ports import Post


class ClosedCounter:
    """Implements kiosk.visit.ports.Ports for a visit that never begins: out_of_service, and the entry page of staff.

    ``recover`` calls ``look_again``; whoever looks posts Recovered with the fault. A call for help is the page's alone.
    ``power_down`` ends the terminal.
    """

    def __init__(self, look_again: Callable[[], None], power_down: Callable[[], None] = lambda: None) -> None:
        self._look_again, self._power_down = look_again, power_down
        self._post: Post = lambda event: None

    def bind(self, post: Post) -> None:
        self._post = post

    def recover(self) -> None:
        self._look_again()

    def prepare_verification(self) -> None: ...

    def check_face(self, effect: CheckFace) -> None: ...

    def stop_camera(self) -> None: ...

    def check_staff_code(self, effect: CheckStaffCode) -> None: ...

    def show_desk(self) -> None: ...

    def take_page(self) -> None: ...

    def read_page(self, effect: ReadPage) -> None: ...

    def hide_desk(self) -> None: ...

    def open_inbox(self, effect: OpenInbox) -> None: ...

    def close_inbox(self) -> None: ...

    def prepare_papers(self, effect: PreparePapers) -> None: ...

    def commit(self, effect: Commit) -> None: ...

    def find_cases(self, effect: FindCases) -> None: ...

    def ask_register(self, effect: AskRegister) -> None: ...

    def hand_in(self, effect: HandIn) -> None: ...

    def keep_draft(self, effect: KeepDraft) -> None: ...

    def forget_draft(self, effect: ForgetDraft) -> None: ...

    def take_up_draft(self, effect: TakeUpDraft) -> None: ...

    def keep_answers(self, effect: KeepAnswers) -> None: ...

    def forget_answers(self, effect: ForgetAnswers) -> None: ...

    def note_helper(self, effect: NoteHelper) -> None: ...

    def print_papers(self, effect: PrintPapers) -> None: ...

    def save_rating(self, effect: SaveRating) -> None: ...

    def call_help(self, effect: CallHelp) -> None: ...

    def wipe(self, effect: Wipe) -> None: ...

    def admit_cards(self) -> None: ...

    def dismiss_cards(self) -> None: ...

    def keep_card(self) -> None: ...

    def admit_staff(self) -> None:
        self._post(EntryOffered(None))

    def check_entry(self, effect: CheckEntry) -> None: ...

    def open_maintenance(self, effect: OpenMaintenance) -> None: ...

    def close_maintenance(self, effect: CloseMaintenance) -> None: ...

    def power_down(self) -> None:
        self._power_down()
