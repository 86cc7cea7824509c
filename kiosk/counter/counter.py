"""The counter as the visit's ports: every effect goes to its desk, off the core loop."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from devices.contracts.camera import FaceMatched, Frame
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.document_camera import DocumentFrame
from devices.contracts.identity import CardGone, CardRead, IdentityDocument, PhotoDecoder
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Unknown
from devices.contracts.reading import PageReader
from devices.contracts.sound import Sound
from kiosk.access.roles import Role
from kiosk.access.staff_code import StaffCodes
from kiosk.counter import results
from kiosk.counter.actors import Actor
from kiosk.counter.answers import AnswersDesk
from kiosk.counter.cards import CardDesk
from kiosk.counter.cases import CaseDesk, Questions
from kiosk.counter.committing import CommitDesk, Standing
from kiosk.counter.drafts import DraftDesk
from kiosk.counter.faces import FaceDesk
from kiosk.counter.maintaining import EntryDesk, Gate
from kiosk.counter.materials import MaterialDesk
from kiosk.counter.owed import Owed
from kiosk.counter.power import PowerDesk
from kiosk.counter.printing import PRINT_SECONDS, Marks, PrintDesk, SealedPaper
from kiosk.counter.shelf import Shelf
from kiosk.counter.slot import SLOT, STAFF, SlotDesk
from kiosk.counter.staff import StaffDesk
from kiosk.documents.worker import DocumentsWorker
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.waiting import OFFICE
from kiosk.domain.workdays import Calendar, national
from kiosk.journal.errors import ONLY_A_RESTART_TELLS, JournalError
from kiosk.journal.journal import Journal
from kiosk.journal.records import RatingRecord
from kiosk.journal.sealing import item_info, seal
from kiosk.suites import DEFAULT
from kiosk.sync import deeds
from kiosk.sync.payload import encode_rating
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
from kiosk.visit.events import (
    Committed,
    DraftFound,
    Event,
    FaceChecked,
    HandedIn,
    InboxFailed,
    KnownFound,
    PapersFound,
    RatingSaved,
    Recovered,
    Wiped,
)
from kiosk.visit.maintaining import MAINTENANCE
from kiosk.visit.ports import Post
from kiosk.workers import WorkerError

if TYPE_CHECKING:
    from kiosk.counter.inbox import InboxDesk, Line
    from kiosk.counter.speaking import Speaking

CAMERA_SECONDS = 3.0  # the camera's child has to be gone by then, or is killed
SLOT_SECONDS = 3.0  # a card in the slot should be on its way out by then
SOUND_SECONDS = 1.0  # what a citizen set is forgotten by then, or when the device is back
FIND_SECONDS = 10.0  # to ask the backend: it gives up before that
DRAFT_SECONDS = 6.0  # to write a draft: as long as the journal waits for the disk, and then some
INBOX_SECONDS = 3.0  # to erase at the backend what a telephone sent and nobody kept; it ends there by itself besides
PHOTO_SECONDS = 6.0  # a photograph that is being decoded when its visit ends: its decoder gives up before that


class Counter:
    """Implements kiosk.visit.ports.Ports."""

    def __init__(
        self,
        *,
        journal: Journal,
        actors: Mapping[str, Actor],
        documents: DocumentsWorker,
        decoder: PhotoDecoder,
        staff: StaffCodes | None,
        place: Place,
        standing: Callable[[], Standing | None],
        clock: Callable[[], datetime],
        scratch: Path,
        show_frame: Callable[[Frame | DocumentFrame | None], None],
        saved: Callable[[], None],
        watch: Callable[[Callable[[CardRead | CardGone | DeviceError], None]], None],
        face_seconds: float,
        liveness_seconds: float | None = None,
        page_seconds: float = 25.0,
        reader: PageReader | None = None,
        crashed: Callable[[BaseException], None],
        power_down: Callable[[], None] = lambda: None,
        mark: Marks = lambda paper: paper,
        sealed: SealedPaper = lambda paper: b"",
        print_seconds: float = PRINT_SECONDS,
        suite: str = DEFAULT,
        calendar: Callable[[], Calendar] = national,
        asking: Callable[[], Questions | None] = lambda: None,
        inboxes: Callable[[], Line | None] = lambda: None,
        test: bool = False,
        entry: Gate | None = None,
        maintenance: Callable[[Role, str], None] = lambda role, who: None,
        end_maintenance: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._journal, self._actors, self._documents = journal, actors, documents
        self._standing, self._clock, self._scratch, self._saved, self._watch = standing, clock, scratch, saved, watch
        self._test, self._crashed, self._power_down = test, crashed, power_down
        self._closing = False
        self._post_out: Post = lambda event: None
        self._jobs = ThreadPoolExecutor(max_workers=3, thread_name_prefix="counter")
        self._questions = ThreadPoolExecutor(max_workers=1, thread_name_prefix="questions")  # nothing waits behind them
        self._shelf = Shelf(journal, clock, suite, test=test)
        self._cards = CardDesk(decoder, self._post, self._look_up, self._shelf.forget, crashed)
        self._faces = FaceDesk(actors.get("camera"), self._post, show_frame, face_seconds, crashed, liveness_seconds)
        self._materials = MaterialDesk(
            actors.get("document_camera"), reader, self._post, show_frame, page_seconds,
            lambda code: self._note_fault("page_reader", code), crashed,
        )  # fmt: skip
        self._inboxes = inboxes
        self._inbox: InboxDesk | None = None  # made when somebody wants to send by telephone
        self._drafts = DraftDesk(journal, self._shelf, clock)
        self._answers = AnswersDesk(journal, self._shelf)
        self._keeping: Future[object] | None = None  # a draft, or answers, being written: a visit keeps one of them
        self._commits = CommitDesk(
            journal, self._shelf, place, standing, clock, test=test, drafts=self._drafts, calendar=calendar
        )
        self._finding: Future[object] | None = None  # a question that is under way: its answer names cases ...
        self._found_for = ""  # ... of whoever has a document of this number
        self._cases = CaseDesk(journal, self._shelf, place, standing, asking, clock, test=test)
        self._prints = PrintDesk(
            documents,
            actors.get("page_printer"),
            actors.get("receipt_printer"),
            self._post,
            self._note_begun,
            self._note_paper,
            crashed,
            seconds=print_seconds,
            mark=mark,
            sealed=sealed,
        )
        self._staff = StaffDesk(staff, self._post)
        self._slot = SlotDesk(actors, self._post, self._note_kept, crashed, self._look)
        self._entry = EntryDesk(entry, actors.get(STAFF), self._post, self._start, maintenance, end_maintenance)
        self._attended = threading.Event()  # this visit's: a staff card lay in the slot when a rating was to be given
        self._power = PowerDesk(actors.get("ups"), self._post, lambda code: self._note_fault("ups", code))
        sound = actors.get("sound")
        self._sound = Owed(sound, _forget_user, SOUND_SECONDS, crashed) if sound is not None else None
        self.speaking = _speaking(sound, crashed) if sound is not None else None

    def bind(self, post: Post) -> None:
        self._post_out = post

    def close(self) -> None:
        self._closing = True
        self._power.close()
        self._slot.close()
        self._prints.close()
        self._faces.stop()
        self._materials.close()
        if self._inbox is not None:
            self._inbox.close()
        self._cards.close()
        if self.speaking is not None:
            self.speaking.close()
        self._questions.shutdown(wait=True, cancel_futures=True)
        self._jobs.shutdown(wait=True, cancel_futures=True)

    # -- effects -------------------------------------------------------------------------------------

    def recover(self) -> None:
        self._start(self._recover)

    def prepare_verification(self) -> None:
        self._faces.prepare()

    def check_face(self, effect: CheckFace) -> None:
        self._start(lambda: self._journal.audit("face.consented"))
        self._faces.check(effect.picture)

    def stop_camera(self) -> None:
        self._faces.stop()

    def check_staff_code(self, effect: CheckStaffCode) -> None:
        self._start(lambda: self._check_staff(effect.code))

    def show_desk(self) -> None:
        self._materials.show()

    def take_page(self) -> None:
        self._materials.take()

    def read_page(self, effect: ReadPage) -> None:
        self._materials.read(effect)

    def hide_desk(self) -> None:
        self._materials.hide()

    def open_inbox(self, effect: OpenInbox) -> None:
        if self._inbox is None:
            self._inbox = _inbox_desk(self._inboxes(), self._post, self._crashed)
        if self._inbox is None:
            self._post(InboxFailed(effect.turn, "closed"))
        else:
            self._inbox.open(effect.turn)

    def close_inbox(self) -> None:
        if self._inbox is not None:
            self._inbox.shut()

    def prepare_papers(self, effect: PreparePapers) -> None:
        """Warm the documents child, and ask the line: what is decided next depends on whether it is there."""
        self._start(self._warm_documents)
        turn = self._commits.expect()
        if effect.materials:
            self._start(lambda: self._commits.seal_ahead(effect.materials, turn))
        self._saved()

    def commit(self, effect: Commit) -> None:
        self._start(lambda: self._commit(effect))

    def find_cases(self, effect: FindCases) -> None:
        """What is known here at once, and the backend's word when it comes: one question at a time for one person."""
        self._start(lambda: self._post(self._cases.here(effect)))
        under_way = self._finding is not None and not self._finding.done()
        if not under_way or self._found_for != effect.document.number:
            self._found_for = effect.document.number
            self._finding = self._questions.submit(lambda: self._post(self._cases.everywhere(effect)))
            self._finding.add_done_callback(self._ended)

    def ask_register(self, effect: AskRegister) -> None:
        """Behind a question that is still under way; the wipe waits for it as for that one."""
        self._found_for = ""
        self._finding = self._questions.submit(lambda: self._post(self._cases.register(effect)))
        self._finding.add_done_callback(self._ended)

    def hand_in(self, effect: HandIn) -> None:
        self._start(lambda: self._hand_in(effect))

    def keep_draft(self, effect: KeepDraft) -> None:
        self._keeping = self._start(lambda: self._post(self._drafts.keep(effect)))

    def forget_draft(self, effect: ForgetDraft) -> None:
        self._start(lambda: self._drafts.forget(effect.document))

    def take_up_draft(self, effect: TakeUpDraft) -> None:
        self._start(lambda: self._journal.audit("draft.resumed", service=effect.service_id))

    def keep_answers(self, effect: KeepAnswers) -> None:
        self._keeping = self._start(lambda: self._post(self._answers.keep(effect)))

    def forget_answers(self, effect: ForgetAnswers) -> None:
        self._start(lambda: self._answers.forget(effect.document))

    def note_helper(self, effect: NoteHelper) -> None:
        if effect.reason:
            self._start(lambda: self._journal.audit("helper.left", staff=effect.who, reason=effect.reason))
        else:
            self._start(lambda: self._journal.audit("helper.came", staff=effect.who))

    def print_papers(self, effect: PrintPapers) -> None:
        self._start(lambda: self._prints.print_papers(effect.papers))

    def save_rating(self, effect: SaveRating) -> None:
        attended = self._attended  # a look at the slot takes seconds: by then it may be another visit's
        self._start(lambda: self._post(self._take_rating(effect, attended)))

    def call_help(self, effect: CallHelp) -> None:
        self._start(lambda: self._journal.audit("help.called", state=effect.state))

    def wipe(self, effect: Wipe) -> None:
        self._faces.stop()
        self._materials.stop()
        self.close_inbox()
        self._attended = threading.Event()
        self._start(lambda: self._wipe(effect))

    def admit_cards(self) -> None:
        self._slot.admit()

    def dismiss_cards(self) -> None:
        self._slot.dismiss()

    def keep_card(self) -> None:
        self._slot.keep()

    def admit_staff(self) -> None:
        self._entry.admit()

    def check_entry(self, effect: CheckEntry) -> None:
        self._entry.check(effect)

    def open_maintenance(self, effect: OpenMaintenance) -> None:
        self._entry.open(effect)

    def close_maintenance(self, effect: CloseMaintenance) -> None:
        self._entry.close(effect)

    def power_down(self) -> None:
        self._start(self._end_for_want_of_power)

    # -- the work, on the counter's own threads --------------------------------------------------------

    def _start(self, job: Callable[[], object]) -> Future[object]:
        """Run a job. What it did not expect is a bug and ends the process (crash-only): nothing is swallowed."""
        begun = self._jobs.submit(job)
        begun.add_done_callback(self._ended)
        return begun

    def _ended(self, job: Future[object]) -> None:
        error = None if job.cancelled() else job.exception()
        if error is not None:
            self._crashed(error)

    def _post(self, event: Event) -> None:
        if isinstance(event, FaceChecked):
            word = "matched" if isinstance(event.outcome, FaceMatched) else "differs"
            self._start(lambda: self._journal.audit("face.checked", outcome=word))
        self._post_out(event)

    def _recover(self) -> None:
        self._clean()
        self._slot.dismiss()  # a killed life may have left a citizen's card in the slot,
        self._forget_sound()
        self._prints.call_back()  # and a paper in a printer's queue
        self._watch(self._cards.hear)
        self._power.listen()  # first: on a low battery the start page is never shown
        self._slot.listen()
        self._post(Recovered())

    def _look_up(self, document: IdentityDocument) -> None:
        """A card was read: whose papers lie here? Off the reader's thread, it takes 50 ms."""
        turn = self._shelf.expect()
        if self._closing:
            return
        self._start(lambda: self._find_papers(document, turn))

    def _find_papers(self, document: IdentityDocument, turn: object) -> None:
        person = self._shelf.recognise(document.number, turn)
        self._post(PapersFound(document.number, self._shelf.waiting(person)))
        self._post(DraftFound(document.number, self._drafts.find(document, person)))
        self._post(KnownFound(document.number, self._answers.find(document, person)))

    def _warm_documents(self) -> None:
        """Ahead of need; what keeps the child from starting is told when a paper is asked for."""
        with contextlib.suppress(WorkerError):
            self._documents.prewarm()

    def _commit(self, effect: Commit) -> None:
        event = self._commits.commit(effect)
        self._post(event)
        if isinstance(event, Committed):
            self._saved()

    def _hand_in(self, effect: HandIn) -> None:
        event = self._cases.hand_in(effect)
        self._post(event)
        if isinstance(event, HandedIn):
            self._saved()

    def _check_staff(self, code: str) -> None:
        result = self._staff.check(code)
        outcome = "right" if result.ok else "locked" if result.locked_for else "wrong"
        who = {"staff": result.who} if result.who else {}
        self._journal.audit("staff.checked", outcome=outcome, attempts=result.attempts_left, **who)
        if result.clock_was_ahead:
            self._journal.audit("staff.checked", outcome="clock_was_ahead", attempts=result.attempts_left)

    def _take_rating(self, effect: SaveRating, attended: threading.Event) -> RatingSaved:
        """Not while a staff card lies in the slot; that one lay there is said of the rating that is given then."""
        if self._slot.staff_card_lies():
            attended.set()
            return RatingSaved(False, staff_card=True)
        return RatingSaved(self._rate(effect, staff_card=attended.is_set()))

    def _rate(self, effect: SaveRating, *, staff_card: bool) -> bool:
        standing = self._standing()
        if standing is None:
            return False
        if effect.document is not None:
            saved = self._cases.add_word(effect, effect.document, staff_card=staff_card)
            if saved:
                self._saved()
            return saved
        now = self._clock()
        rating_id = str(uuid4())
        payload = encode_rating(
            effect.case_id, effect.case_no, effect.item_code, effect.level, effect.options, now,
            staff_card=staff_card,
        )  # fmt: skip
        sealed = seal(payload, standing.sealing_key, item_info(standing.terminal_id, rating_id))
        try:
            self._journal.commit_rating(RatingRecord(rating_id, effect.case_id, now, self._test, sealed))
        except JournalError as error:
            if error.code in ONLY_A_RESTART_TELLS:
                raise
            return False
        self._saved()
        return True

    def _wipe(self, effect: Wipe) -> None:
        finding, self._finding, self._found_for = self._finding, None, ""
        if finding is not None:
            wait([finding], FIND_SECONDS)
        keeping, self._keeping = self._keeping, None
        if keeping is not None:  # its key leaves memory with the visit, and not before
            wait([keeping], DRAFT_SECONDS)
        self._commits.expect()
        self._shelf.forget()
        self._cards.forget()
        self._slot.dismiss()
        if self.speaking is not None:  # before the volume goes back: nobody is to hear the rest of it
            self.speaking.forget()
        self._forget_sound()
        self._documents.release()
        self._faces.await_release(CAMERA_SECONDS)
        self._materials.await_release(CAMERA_SECONDS)
        self._cards.settle(PHOTO_SECONDS)
        if self._inbox is not None:
            self._inbox.settle(INBOX_SECONDS)
        self._slot.settle(SLOT_SECONDS)
        if self._sound is not None:
            self._sound.settle(SOUND_SECONDS)
        files = self._clean()
        self._prints.settle()
        if effect.reason == MAINTENANCE:  # nobody's visit: the desk has told of its end
            self._journal.audit("visit.wiped", reason=MAINTENANCE, files=files)
        else:
            self._journal.audit("visit.ended", reason=effect.reason, state=effect.state, saved=int(effect.committed))
            self._journal.audit("visit.wiped", files=files)
        self._post(Wiped())

    def _forget_sound(self) -> None:
        """Volume, mute and output as the profile says; one who made it loud does not leave it so to the next."""
        if self._sound is not None:
            self._sound.ask()

    def _end_for_want_of_power(self) -> None:
        self._journal.audit("terminal.stopped", reason="battery-low")
        self._power_down()

    def _look(self, job: Callable[[], object]) -> None:
        """Whose card lies in the slot: asked for from the reader's own thread, which may outlast the counter."""
        if not self._closing:
            self._start(job)

    def _note_fault(self, device: str, code: str) -> None:
        """For operators alone, in the journal's chain. An empty code: the device is as it should be again."""
        if self._closing:
            return
        if code:
            self._start(lambda: self._journal.audit("device.failed", device=device, code=code))
        else:
            self._start(lambda: self._journal.audit("device.restored", device=device))

    def _note_kept(self) -> None:
        self._note_fault(SLOT, "card-kept")

    def _clean(self) -> int:
        """Empty the scratch folder: whatever an earlier visit or a killed one left. Never what a link points to."""
        if self._scratch.is_symlink():
            self._scratch.unlink()
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = list(self._scratch.iterdir())
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        return len(found)

    def _note_begun(self, paper: PaperContent) -> None:
        """Before the device has it: a paper that may have come out is a copy the next time, whatever happens now."""
        results.note_attempt(self._journal, paper.case_id, paper.paper_id, paper.copy + 1, "begun")

    def _note_paper(self, paper: PaperContent, outcome: PrintOutcome) -> None:
        words = {Printed: "printed", Unknown: "unknown", NotPrinted: "not_printed"}
        word = words[type(outcome)]
        if results.attempts(self._journal, paper.case_id, paper.paper_id)[0] == paper.copy + 1:  # it was begun
            results.note_attempt(self._journal, paper.case_id, paper.paper_id, paper.copy + 1, word)
        self._journal.note_print(paper.case_id, paper.paper_id, word, paper.copy)
        if isinstance(outcome, Printed):
            if paper.kind == "certificate":
                self._report_delivery(paper)
            self._journal.forget_paper(paper.case_id, paper.paper_id)

    def _report_delivery(self, paper: PaperContent) -> None:
        """Before the paper is forgotten here: killed in between, it is collected and told again. Once for each case,
        and of one that lay at the office once more when that has heard of the last: it may have been corrected since.
        """
        standing = self._standing()
        told = [row.answer for row in self._journal.deeds_of(paper.case_id) if row.kind == "delivery"]
        if standing is None or (told and (paper.template != OFFICE or "" in told)):
            return
        record = deeds.delivery(standing, paper.case_id, paper.paper_id, self._clock(), test=self._test)
        self._journal.commit_deed(record)
        self._saved()


def _speaking(sound: Actor, crashed: Callable[[BaseException], None]) -> Speaking:
    """Imported where there is something to hear it by. Its child is started by the first sentence."""
    from kiosk.counter.speaking import Speaking
    from kiosk.voice.engine import missing
    from kiosk.voice.worker import VoiceWorker

    return Speaking(sound, VoiceWorker(), missing, crashed)


def _inbox_desk(line: Line | None, post: Post, crashed: Callable[[BaseException], None]) -> InboxDesk | None:
    if line is None:
        return None
    from kiosk.counter.inbox import InboxDesk

    return InboxDesk(line, post, crashed)


def _forget_user(sound: Sound, deadline: Deadline) -> None:
    sound.forget_user()
