"""The composition root: a profile becomes devices, journal, sync, counter and visit, joined once and here.

Nothing heavy is imported before ``start``; the window shows its first frame meanwhile. Starting is recovering:
the same path is taken after a power cut. This is the one room that names drivers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from kiosk.profile import Profile

if TYPE_CHECKING:
    from pathlib import Path

    from devices.contracts.camera import Frame
    from devices.contracts.device import Status
    from devices.contracts.document_camera import DocumentFrame
    from devices.contracts.identity import PhotoDecoder
    from devices.contracts.reading import PageReader
    from devices.manager import Manager
    from kiosk.access.roles import Role
    from kiosk.access.secret import EntrySecret
    from kiosk.afar import Afar
    from kiosk.counter.committing import Standing
    from kiosk.counter.counter import Counter
    from kiosk.counter.speaking import Speaking
    from kiosk.documents.worker import DocumentsWorker
    from kiosk.domain.papers import PaperContent
    from kiosk.health.supervisor import Supervisor
    from kiosk.journal.journal import Journal
    from kiosk.maintenance.desk import MaintenanceDesk
    from kiosk.maintenance.since import Since
    from kiosk.parts import Speak
    from kiosk.services.model import ServicePack
    from kiosk.sync.aside import Aside
    from kiosk.sync.asking import Asking
    from kiosk.sync.client import SyncClient
    from kiosk.sync.fetching import Fetching
    from kiosk.sync.inbox import Inboxes
    from kiosk.sync.loop import SyncLoop
    from kiosk.sync.taking import InUse
    from kiosk.sync.transport import Transport
    from kiosk.trial import Standing as TrialStanding
    from kiosk.upkeep import Upkeep
    from kiosk.visit.events import Event
    from kiosk.visit.runner import Runner
    from kiosk.visit.screen import Screen
    from kiosk.visit.visit import Machine, Now

_log = logging.getLogger(__name__)
ScreenListener = Callable[["Screen"], None]
FrameListener = Callable[["Frame | DocumentFrame | None"], None]
LONGEST_START = 12.0  # s after which a device that has not answered yet is told as such
DISK_FAULTS = {"journal-full": "disk_full", "journal-unwritable": "disk_unwritable"}
"""What keeps the journal shut although it is whole: told in words of its own, because others can put it right."""
SEALED_SECONDS = 6.0  # s that the paper of a query waits for its case to arrive and be sealed
CARD_INTERVAL = 0.5  # s between two looks for a card


class Terminal:
    """One terminal. ``post`` and ``subscribe`` may be used at once; they take effect when the core stands.

    ``failed`` is told what kept it from starting, or a bug that ended one of its threads. ``clock`` replaces the
    visit's clocks; ``print_seconds`` is how long a citizen waits for one paper. ``power_down`` is called when the
    battery is low and nobody is here, ``shut_down`` when staff want it: whoever runs this terminal is to stop it.
    ``restart`` ends it so that it begins anew; None where nobody can. ``file`` is where the profile was read from,
    which maintenance mode may change; ``trial`` what this start found of such a change (kiosk/trial.py). ``speak``:
    words for papers of staff.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        decoder: PhotoDecoder | None = None,
        failed: Callable[[BaseException], None] | None = None,
        clock: Callable[[], Now] | None = None,
        print_seconds: float | None = None,
        power_down: Callable[[], None] = lambda: None,
        shut_down: Callable[[], None] = lambda: None,
        restart: Callable[[], None] | None = None,
        file: Path | None = None,
        trial: TrialStanding | None = None,
        speak: Speak | None = None,
    ) -> None:
        self._profile, self._file, self._decoder, self._failed = profile, file, decoder, failed
        self._trial, self._speak = trial, speak
        self._as_read, self._restart = profile, restart  # the profile without a policy's values
        self._clock, self._print_seconds, self._power_down = clock, print_seconds, power_down
        self._shut_down = shut_down
        self._lock = threading.Lock()
        self._screen_listeners: tuple[ScreenListener, ...] = ()
        self._frame_listeners: tuple[FrameListener, ...] = ()
        self._last: Screen | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._began = time.monotonic()
        self._stopping = False
        self._moved = threading.Condition()  # told by `_line_moved`
        self._look_again = threading.Semaphore(0)  # while out of service: whether the terminal is whole
        self._telling = threading.Lock()
        self.journal: Journal | None = None
        self._manager: Manager | None = None
        self._documents: DocumentsWorker | None = None
        self._counter: Counter | None = None
        self._reader: PageReader | None = None
        self._client: SyncClient | None = None
        self._sync: SyncLoop | None = None
        self._asking: Asking | None = None
        self._fetching: Fetching | None = None
        self._asides: tuple[Aside, ...] = ()
        self._line: Callable[[], Transport] | None = None
        self._afar: Afar | None = None
        self._entry_secret: EntrySecret | None = None
        self._runner: Runner | None = None
        self._since: Since | None = None
        self._upkeep: Upkeep | None = None
        self._packs: dict[str, ServicePack] = {}

    # -- what the window uses ------------------------------------------------------------------------

    def start(self) -> Terminal:
        """Begin to assemble the core on a thread of its own; returns at once."""
        self._thread = threading.Thread(target=self._assemble, name="assembly", daemon=True)
        self._thread.start()
        return self

    def post(self, event: Event) -> None:
        """An event of the citizen's. Before the core stands there is nobody to hear it."""
        if self._runner is not None:
            self._runner.post(event)

    def subscribe(self, listener: ScreenListener) -> Callable[[], None]:
        """Every screen from now on, and the last one at once; called from the core's thread."""
        with self._lock:
            self._screen_listeners = (*self._screen_listeners, listener)
            last = self._last
        if last is not None:
            listener(last)

        def unsubscribe() -> None:
            with self._lock:
                self._screen_listeners = tuple(known for known in self._screen_listeners if known is not listener)

        return unsubscribe

    def subscribe_frames(self, listener: FrameListener) -> Callable[[], None]:
        """Preview frames of a camera; None when there are no more and the last one is to be forgotten."""
        with self._lock:
            self._frame_listeners = (*self._frame_listeners, listener)

        def unsubscribe() -> None:
            with self._lock:
                self._frame_listeners = tuple(known for known in self._frame_listeners if known is not listener)

        return unsubscribe

    @property
    def maintenance(self) -> MaintenanceDesk | None:
        """What the maintenance window shows; None while no member of staff was let in."""
        return None if self._upkeep is None else self._upkeep.desk

    @property
    def supervisor(self) -> Supervisor | None:
        """Who is begun anew too often."""
        return None if self._upkeep is None else self._upkeep.supervisor

    @property
    def voice(self) -> Speaking | None:
        """What a page says is said by this; None where there is nothing to hear it by."""
        return None if self._counter is None else self._counter.speaking

    def stop(self) -> None:
        """End in good order: the visit's loop first, the journal last. Bounded, whatever hangs in a device."""
        self._stopping = True
        with self._moved:
            self._moved.notify_all()
        self._look_again.release()
        if self._thread is not None:
            self._thread.join(20)
        if self._runner is not None:
            self._runner.stop()
        if self._upkeep is not None:
            self._upkeep.stop()
        if self._manager is not None:
            for name in self._manager:
                self._manager[name].request_stop()  # what is queued there is not begun, and nobody waits for it
        for line in self._asides:
            line.interrupt()
        if self._counter is not None:
            self._counter.close()
        for line in self._asides:
            line.close()
        if self._sync is not None:
            self._sync.stop()
        if self._documents is not None:
            self._documents.release()
        if self._manager is not None:
            self._manager.stop()
        if self.journal is not None:
            self.journal.close()

    def pulse(self, beat: Callable[[], None]) -> None:
        """Have ``beat`` called by the core's thread in its turn; nothing before there is one."""
        if self._runner is not None:
            self._runner.sign(beat)

    def probe(self, beat: Callable[[], None]) -> None:
        """Call ``beat`` and take the journal's turn; nothing before there is a journal. As long as that hangs."""
        if self.journal is not None:
            from kiosk.journal.errors import JournalError

            beat()
            with contextlib.suppress(JournalError):  # a refusal is an answer; whoever has something to write meets it
                self.journal.probe()

    def wait_ready(self, seconds: float) -> bool:
        """Whether the core stands."""
        return self._ready.wait(seconds)

    def kick(self) -> None:
        """Try the line to the backend now."""
        if self._sync is not None:
            self._sync.kick()

    @property
    def online(self) -> bool:
        return self._sync is not None and self._sync.online

    @property
    def supplied(self) -> bool:
        """Whether numbers of every kind that the services need have been reserved."""
        from kiosk import testmode

        if self.journal is None:
            return False
        left = testmode.numbers_left(self.journal.numbers_left, test=self._profile.test)
        return all(left(kind) > 0 for pack in self._packs.values() for kind in pack.number_blocks)

    # -- assembly ------------------------------------------------------------------------------------

    @property
    def versions(self) -> dict[str, str]:
        """The packs that the next visit is offered, and their versions."""
        return {name: pack.version for name, pack in self._packs.items()}

    def _assemble(self) -> None:
        try:
            self._build()
        except BaseException as error:
            self._crash(error)

    def _crash(self, error: BaseException) -> None:
        """Told to whoever runs this terminal; with nobody listening the thread's own hook says it."""
        if self._failed is not None:
            self._failed(error)
        else:
            threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))

    def _build(self) -> None:
        """Devices open side by side while journal and packs load."""
        from devices.manager import Manager
        from kiosk import testmode
        from kiosk.access.of_profile import entry_of, staff_codes_of
        from kiosk.afar import chosen
        from kiosk.cabinet import specs
        from kiosk.counter.counter import Counter
        from kiosk.counter.printing import PRINT_SECONDS
        from kiosk.documents.worker import DocumentsWorker
        from kiosk.domain.beijing import beijing_now
        from kiosk.domain.workdays import calendar_of
        from kiosk.maintenance.since import Since
        from kiosk.policy import applied
        from kiosk.sync import taking
        from kiosk.visit.delays import Delays
        from kiosk.visit.runner import Runner, system_now
        from kiosk.visit.visit import Machine

        found = taking.in_use(self._as_read.data, self._as_read.publishing_keys, self._as_read.place)
        profile = self._profile = testmode.applied(applied(self._as_read, found.policy))
        self._manager = Manager(specs(profile))
        for name in self._manager:
            self._manager[name].subscribe(self._device_changed)
        actors = {name: self._manager[name] for name in self._manager}
        self._since = Since(actors, beijing_now)
        self._manager.start()
        self._packs = chosen(profile, found)
        delays, clock = Delays.load(), self._clock or system_now
        machine = Machine(
            packs=self._packs,
            delays=delays,
            place=profile.street,
            terminal=profile.terminal,
            help_phone=profile.place.phone,
            language=profile.language,
            test=profile.test,
            face_check=profile.face_check,
            liveness=profile.face_liveness,
            staff_codes=profile.staff_secret_file is not None,
            card_slot=profile.device("card_reader") is not None,
            keep_card_after=profile.keep_card_after,
            page_reader=self._page_reader() is not None,
            phone_pages=profile.place.send_url != "",
            draft_days=profile.draft_days,
            answer_days=profile.answer_days,
            calendar=partial(calendar_of, profile.calendar),
            nearest=profile.nearest,
            day_and_night=profile.closed is None,
        )
        self.journal = self._open_journal(machine, clock)
        if self.journal is None:
            return  # stopped while out of service
        entry, self._entry_secret = entry_of(profile, self.journal, self._known_as)
        self._documents = DocumentsWorker()
        self._counter = Counter(
            journal=self.journal,
            actors=actors,
            documents=self._documents,
            decoder=self._decoder or _decoder_of(profile),
            staff=staff_codes_of(profile, self.journal),
            place=profile.place,
            standing=self._standing,
            clock=beijing_now,
            scratch=profile.data / "scratch",
            show_frame=self._show_frame,
            saved=self.kick,
            watch=self._watch_cards,
            face_seconds=delays.face,
            liveness_seconds=delays.liveness if profile.face_liveness else None,
            page_seconds=delays.page,
            reader=self._page_reader(),
            print_seconds=self._print_seconds or PRINT_SECONDS,
            crashed=self._crash,
            power_down=self._power_down,
            mark=self._marked,
            sealed=self._sealed,
            suite=profile.keys.suite,
            calendar=partial(calendar_of, profile.calendar),
            asking=lambda: self._asking,
            inboxes=self._inboxes,
            test=profile.test,
            entry=entry,
            maintenance=self._let_in,
            end_maintenance=self._send_away,
        )
        self._runner = Runner(machine, self._counter, clock)
        self._runner.subscribe(self._show)
        self._runner.start()
        self._start_afar(found)
        self._start_sync()
        self._start_upkeep()
        self._ready.set()

    def _open_journal(self, machine: Machine, clock: Callable[[], Now]) -> Journal | None:
        """The journal. While it cannot be opened the page says so, the log what to do, and every delay it looks again.

        None when the terminal was stopped meanwhile.
        """
        from kiosk.counter.closed import ClosedCounter
        from kiosk.counter.power import PowerDesk
        from kiosk.journal.errors import JournalError
        from kiosk.opening import open_journal
        from kiosk.visit.events import Recovered
        from kiosk.visit.runner import Runner

        look = partial(open_journal, self._profile, self._file, self._trial)
        try:
            return look()
        except JournalError as error:
            told = error.code
            _log.error("out of service: %s. %s", told, error.advice)
        self._runner = Runner(machine, ClosedCounter(self._look_again.release, self._power_down), clock)
        self._runner.subscribe(self._show)
        self._runner.start()
        power = PowerDesk(self._manager["ups"] if self._manager and "ups" in self._manager else None, self._runner.post)
        power.listen()
        while self._look_again.acquire() and not self._stopping:
            try:
                journal = look()
            except JournalError as error:
                if error.code != told:
                    told = error.code
                    _log.error("out of service: %s. %s", told, error.advice)
                self._runner.post(Recovered(DISK_FAULTS.get(error.code, "journal_damaged")))
            else:
                power.close()
                self._runner.stop()
                return journal
        return None

    def _known_as(self) -> str:
        """The terminal's id as the operator's side has it; before there is one, where it stands.

        Not from the core's thread: waits until the terminal stands. Nobody is let in before.
        """
        while not self._ready.wait(0.5) and not self._stopping:
            pass
        known = self._client.enrolment if self._client is not None else None
        return known.terminal_id if known is not None else self._profile.place.area_code

    def _start_afar(self, found: InUse) -> None:
        from kiosk.afar import Afar
        from kiosk.domain.beijing import beijing_now

        assert self.journal is not None and self._runner is not None and self._manager is not None  # noqa: S101, PT018
        self._afar = Afar(
            self._as_read,
            found,
            journal=self.journal,
            runner=self._runner,
            restart=self._restart,
            taken=self._packs_taken,
            tell=self._tell_abilities,
            hurry=self._look_soon,
            statuses=self._manager.statuses,
            trust=lambda: self._client.time.trust.value if self._client is not None else "",
            now=beijing_now,
        )

    def _look_soon(self) -> None:
        if self._upkeep is not None and self._afar is not None:
            self._upkeep.hurry(self._afar.look)

    def _packs_taken(self, packs: Mapping[str, ServicePack]) -> None:
        """Between two visits."""
        self._packs = dict(packs)

    def _start_sync(self) -> None:
        from kiosk import testmode
        from kiosk.counter.results import keep_results
        from kiosk.keystore.notes import note_sources
        from kiosk.keystore.store import source
        from kiosk.sync.asking import Asking, keep_words
        from kiosk.sync.client import SyncClient
        from kiosk.sync.downloads import Publishers
        from kiosk.sync.fetching import Fetching
        from kiosk.sync.identity import TerminalKey
        from kiosk.sync.loop import SyncLoop
        from kiosk.sync.policy import Policy
        from kiosk.sync.transport import HttpTransport

        assert self.journal is not None and self._afar is not None  # noqa: S101, PT018 (assembled above)
        keys, data = self._profile.publishing_keys, self._profile.data
        own = self._profile.keys
        key = TerminalKey.load_or_create(self._profile.data, own.suite, source(own.source, own.pcrs))
        note_sources(self.journal, self._profile.data)
        self._line = line = partial(HttpTransport, self._profile.backend_url, roots=self._profile.backend_roots)
        self._client = SyncClient(
            self.journal,
            line(),
            key,
            policy=Policy(pictures=self._profile.pictures, key_life=own.change_days * 86_400),
            on_results=partial(keep_results, self.journal),
            on_progress=partial(keep_words, self.journal),
            enrolment_code=self._profile.enrolment_code,
            area_code=self._profile.place.area_code,
            log=self.journal,
            publishers=Publishers(keys, data, self._afar, self._afar.changed),
            kinds=partial(testmode.kinds, test=self._profile.test),
            entry=self._entry_secret,
        )
        self._asking, self._fetching = Asking(line(), self._client), Fetching(line(), self._client)
        self._asides = (self._asking, self._fetching)
        self._sync = SyncLoop(self._client, listener=lambda online, counts: self._line_moved(), crashed=self._crash)
        self._sync.start()
        self._tell_abilities()

    def _start_upkeep(self) -> None:
        from kiosk.parts import Parts
        from kiosk.trial import Standing as TrialStanding
        from kiosk.upkeep import Upkeep

        assert self.journal is not None and self._manager is not None and self._since is not None  # noqa: S101, PT018
        assert self._documents is not None and self._counter is not None and self._runner is not None  # noqa: S101, PT018
        assert self._client is not None and self._sync is not None and self._afar is not None  # noqa: S101, PT018
        self._upkeep = Upkeep(
            Parts(
                profile=self._profile,
                file=self._file,
                trial=self._trial or TrialStanding(),
                journal=self.journal,
                manager=self._manager,
                since=self._since,
                documents=self._documents,
                reader=self._reader,
                speaking=self._counter.speaking,
                client=self._client,
                sync=self._sync,
                afar=self._afar,
                runner=self._runner,
                packs=lambda: self._packs,
                standing=self._standing,
                known_as=self._known_as,
                marked=self._marked,
                show_frame=self._show_frame,
                changed=self._tell_abilities,
                crashed=self._crash,
                shut_down=self._shut_down,
                speak=self._speak,
            )
        )
        self._upkeep.start()

    def _let_in(self, role: Role, who: str) -> None:
        """From the core's thread, when the terminal stands: see `_known_as`."""
        assert self._upkeep is not None  # noqa: S101
        self._upkeep.begin(role, who)

    def _send_away(self, reason: str) -> None:
        if self._upkeep is not None:
            self._upkeep.end(reason)

    def _inboxes(self) -> Inboxes | None:
        """The line to a visit's inbox, made when the first citizen wants to send something by telephone."""
        if self._client is None or self._line is None:
            return None
        from kiosk.sync.inbox import Inboxes

        made = Inboxes(self._line(), self._client, self._profile.place.send_url)
        self._asides = (*self._asides, made)
        return made

    # -- what changes ----------------------------------------------------------------------------------

    def _standing(self) -> Standing | None:
        from kiosk import wire
        from kiosk.counter.committing import Standing

        enrolment = self._client.enrolment if self._client is not None else None
        if self._client is None or enrolment is None:
            return None
        clock = self._client.time.trust.value
        return Standing(enrolment.terminal_id, wire.unb64(enrolment.sealing_key), enrolment.sealing_key_id, clock)

    def _marked(self, paper: PaperContent) -> PaperContent:
        """The paper with this terminal's signature in its code; as it is before there is an identity to sign as."""
        from kiosk.domain.beijing import beijing_now
        from kiosk.papers.mark import marked

        if self._client is None or self._client.enrolment is None:
            return paper
        return marked(paper, self._client.key.private, beijing_now())

    def _sealed(self, paper: PaperContent) -> bytes:
        """The certificate as the office has sealed it; empty where it is not to be had: then it is drawn here."""
        from kiosk.domain.waiting import OFFICE

        if self.journal is None or self._fetching is None or not self.online:
            return b""
        if paper.template != OFFICE and not self._arrived(paper):  # the backend cannot have made it yet
            return b""
        return self._fetching.certificate(paper.case_id, copy=paper.copy > 0)

    def _arrived(self, paper: PaperContent) -> bool:
        """Whether the backend has the case. A query's is waited for a moment: what was asked there is sealed there."""
        assert self.journal is not None  # noqa: S101 (looked at before)
        pack = self._packs.get(paper.mark.get("service", ""))
        seconds = SEALED_SECONDS if pack is not None and pack.query is not None and not paper.copy else 0.0
        state = partial(self.journal.state_of, paper.case_id)
        with self._moved:
            self._moved.wait_for(lambda: self._stopping or state() != "queued", seconds)
        return state() == "acknowledged"

    def _line_moved(self) -> None:
        """The sync has something to tell: what was sent, or that there is a line or none."""
        with self._moved:
            self._moved.notify_all()
        self._tell_abilities()

    def _device_changed(self, status: Status) -> None:
        self._tell_abilities()

    def _tell_abilities(self) -> None:
        from kiosk import testmode
        from kiosk.counter.abilities import abilities
        from kiosk.sync.clock import Trust

        if self._runner is None or self._manager is None or self.journal is None or self._stopping:
            return
        if not self._asked():
            return
        with self._telling:  # several threads come here: whoever looked first also posts first
            self._runner.post(
                abilities(
                    self._packs,
                    self._manager.statuses(),
                    online=self.online,
                    enrolled=self._standing() is not None,
                    numbers_left=testmode.numbers_left(self.journal.numbers_left, test=self._profile.test),
                    clock=self._client is None or self._client.time.trust is not Trust.WRONG,
                    room=self._upkeep is None or self._upkeep.room,
                )
            )

    def _asked(self) -> bool:
        """Whether every device and the line have been asked once; until then nothing is said, rather than "broken"."""
        from devices.contracts.device import State

        if self._manager is None or self._sync is None or time.monotonic() - self._began > LONGEST_START:
            return self._sync is not None
        starting = any(status.state is State.STARTING for status in self._manager.statuses().values())
        return not starting and (self._sync.online or self._sync.report.attempted or self._sync.report.cause != "")

    def _watch_cards(self, hear: Callable[[Any], None]) -> None:
        if self._manager is not None and "id_reader" in self._manager:
            self._manager["id_reader"].watch_cards(hear, CARD_INTERVAL)

    def _show(self, screen: Screen) -> None:
        with self._lock:
            self._last = screen
            listeners = self._screen_listeners
        for listener in listeners:
            listener(screen)

    def _page_reader(self) -> PageReader | None:
        """Who reads scanned pages, where there is a document camera and the extra is installed; its process waits."""
        from devices.vision.ocr import OcrReader

        if self._reader is None and self._profile.device("document_camera") is not None:
            reader = OcrReader()
            self._reader = None if reader.missing() else reader
        return self._reader

    def _show_frame(self, frame: Frame | DocumentFrame | None) -> None:
        for listener in self._frame_listeners:
            listener(frame)


def _decoder_of(profile: Profile) -> PhotoDecoder:
    from devices.drivers.sdt.photo import NoDecoder, VendorDecoder, VendorLibrary

    if not profile.photo.library:
        return NoDecoder()
    return VendorDecoder(VendorLibrary(profile.photo.library, profile.photo.function))
