"""Room ``report``: the readiness report as rows, on paper and on a stick; the diagnostics bundle on a stick.

What takes time is done beside the page, one thing at a time, and how it ended is told: that paper came out is what the
printer says, that a file is on the stick what the file system says, and nothing is told before.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from devices.contracts.device import Fault
from devices.contracts.printing import NotPrinted, Printed, PrintOutcome, Raster
from kiosk import __version__
from kiosk.access.roles import Deed
from kiosk.domain.beijing import CHINA
from kiosk.health import stick
from kiosk.health.asking import ask
from kiosk.health.readiness import Check
from kiosk.journal.errors import JournalError
from kiosk.maintenance import reporting, stock, words
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.moments import moment
from kiosk.maintenance.reporting import Line, Seen, Speak
from kiosk.maintenance.screen import Button, Page, Row, Said, plain

if TYPE_CHECKING:
    from devices.contracts.deadline import Deadline
    from kiosk.domain.papers import PaperContent, RenderedPaper
    from kiosk.maintenance.house import House
    from kiosk.maintenance.room import Path, Session

PRINT_SECONDS, DRAW_SECONDS, ASK_SECONDS = 180.0, 30.0, 5.0
JOB = "kiosk-readiness-report"  # a print job's name
ACTS = ("print", "print-short", "save", "bundle")


class ReportRoom(BareRoom):
    """``speak``: words of the papers (``ui.words.word`` for zh_CN). ``the_stick``: the one plugged in (StickError).
    ``doctor``: what `kiosk doctor` says of this terminal. ``marked``: the paper with the terminal's signature in it.
    """

    name = "report"
    opens = Deed.REPORT
    deeds: ClassVar[Mapping[str, Deed]] = {}

    def __init__(
        self,
        house: House,
        speak: Speak,
        *,
        marked: Callable[[PaperContent], PaperContent],
        doctor: Callable[[], list[Check]],
        the_stick: Callable[[], stick.Stick] = lambda: stick.the_stick(stick.partitions(), stick.by_udisks),
    ) -> None:
        super().__init__()
        self._house, self._speak, self._marked, self._doctor = house, speak, marked, doctor
        self._the_stick = the_stick
        self._seen: Seen | None = None
        self._busy: Said | None = None

    # -- the page ------------------------------------------------------------------------------------

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._seen = None
        self.read(self._look)

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        if name not in ACTS or self._busy is not None:
            return
        self.notice = None
        self._busy = Said(f"maint.report.busy.{name}")
        self.desk.work(lambda: self._do(name))

    def page(self, path: Path, session: Session) -> Page:
        heading = Said("maint.report.heading")
        if self._seen is None:
            return Page(self.name, heading, busy=Said("maint.report.looking"), notice=self.notice)
        found = reporting.sections(self._seen)
        tone = reporting.standing(found)
        rows: list[Row] = []
        for section in found:
            rows.append(Row(f"section-{section.name}", section.title))
            rows += [Row(line.key, line.title, self._detail(line), line.tone) for line in section.lines]
        lead = plain(
            Said(f"maint.report.standing.{tone}"),
            " · ",
            Said("maint.report.counts", reporting.counts(self._seen.proofs)),
        )
        return Page(
            self.name, heading, tone=tone, lead=lead, rows=tuple(rows), buttons=self._buttons(), notice=self.notice,
            busy=self._busy,
        )  # fmt: skip

    def _detail(self, line: Line) -> Said:
        return plain(line.when, " · ", line.words) if line.when else line.words

    def _buttons(self) -> tuple[Button, ...]:
        there = self._house.actors
        nothing = Said("maint.report.no_printer")
        return tuple(
            Button(
                act, Said(f"maint.report.{act}"), weight="main" if act == "print" else "plain", enabled=enabled,
                why=None if enabled else nothing,
            )
            for act, enabled in (
                ("print", "page_printer" in there), ("print-short", "receipt_printer" in there),
                ("save", True), ("bundle", True),
            )
        )  # fmt: skip

    # -- what takes time -----------------------------------------------------------------------------

    def _look(self) -> None:
        self._seen = self._now_seen()
        self.desk.changed()

    def _do(self, name: str) -> None:
        """One of ACTS to its end, and how it ended."""
        try:
            work = {"print": self._print, "print-short": self._print, "save": self._save, "bundle": self._bundle}[name]
            how, values = work(name)
        except stick.StickError as error:
            how, values = f"stick.{error.code}", ()
        except JournalError as error:
            how, values = "journal", (error.code,)
        finally:
            self._busy = None
        done = how.startswith("done")
        self.say(how, *values, tone="ok" if done else "attention" if how == "unknown" else "broken")
        self.desk.audit("report.made", what=name, outcome="done" if done else how)
        self.desk.changed()

    def _print(self, name: str) -> tuple[str, tuple[str | int, ...]]:
        short = name == "print-short"
        drawn = self._drawn(short=short)
        if drawn is None:
            return "not_drawn", ()
        kind = "receipt_printer" if short else "page_printer"

        def command(printer: Any, deadline: Deadline) -> PrintOutcome:
            if short:
                raster = Raster(drawn.raster_width, drawn.raster_height, drawn.raster_rows)
                outcome: PrintOutcome = printer.print_raster(raster, cut=True, deadline=deadline)
            else:
                outcome = printer.print_pdf(drawn.pdf, title=JOB, pages=drawn.pages, deadline=deadline)
            return outcome

        match ask(self._house.actors.get(kind), command, PRINT_SECONDS):
            case Printed():
                return "done.print", (drawn.pages,)
            case NotPrinted(reason):
                return "not_printed", (reason.code,)
            case Fault(code):
                return "not_printed", (code,)
            case _:
                return "unknown", ()

    def _save(self, name: str) -> tuple[str, tuple[str | int, ...]]:
        place = self._the_stick()  # before anything is drawn: without one nothing need be
        drawn = self._drawn(short=False)
        if drawn is None:
            return "not_drawn", ()
        return self._written(place, f"readiness-{self._file_stamp()}.pdf", drawn.pdf)

    def _bundle(self, name: str) -> tuple[str, tuple[str | int, ...]]:
        place = self._the_stick()
        return self._written(place, f"kiosk-diagnostics-{self._file_stamp()}.zip", self.bundle())

    def _written(self, place: stick.Stick, name: str, data: bytes) -> tuple[str, tuple[str | int, ...]]:
        written = place.write(name, data)
        return ("done.pull" if place.release() else "done.written"), (written,)

    def bundle(self) -> bytes:
        """The diagnostics bundle, signed. Raises JournalError. On a worker's thread."""
        from kiosk import wire
        from kiosk.health.bundle import made
        from kiosk.health.bundle_parts import LOG_ROWS, Parts
        from kiosk.journal.catalogue import catalogue

        house, at = self._house, self._house.now()
        key = wire.public_of(house.client.key.private)
        terminal = self._terminal()
        parts = Parts()
        packs = {name: pack.version for name, pack in house.packs().items()}
        parts.about(house.profile, terminal=terminal, at=at, key_id=wire.key_id(key), packs=packs)
        parts.profile(house.profile)
        parts.doctor(self._doctor())
        infos, statistics = {}, {}
        for kind, actor in house.actors.items():
            told = ask(actor, lambda device, _: (device.info, dict(device.statistics())), ASK_SECONDS)
            if not isinstance(told, Fault):
                infos[kind], statistics[kind] = told
        parts.devices(house.statuses(), infos, statistics, house.clock())
        parts.proofs(house.journal.latest_proofs())
        parts.log(house.journal.log_page(tuple(catalogue()), limit=LOG_ROWS).rows)
        parts.counts(house.journal.counts())
        parts.supplies(house.journal.supplies())
        stamp = at.astimezone(CHINA).isoformat(timespec="seconds")
        return made(parts.done(), terminal=terminal, made_at=stamp, key=key, sign=house.sign)

    def _drawn(self, *, short: bool) -> RenderedPaper | None:
        """The paper, of what holds now; None where it cannot be made here."""
        from kiosk.documents.glyphs import GlyphMissing
        from kiosk.workers import WorkerError

        seen = self._seen = self._now_seen()
        number = f"{seen.at.astimezone(CHINA):%y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        paper = reporting.content(seen, self._house.profile.place, self._speak, number=number, short=short)
        try:
            return self._house.documents.render(self._marked(paper), DRAW_SECONDS)
        except (WorkerError, GlyphMissing):
            return None

    # -- what is seen --------------------------------------------------------------------------------

    def _now_seen(self) -> Seen:
        """Raises JournalError."""
        house = self._house
        return Seen(
            at=house.now(), terminal=self._terminal(), proofs=house.journal.latest_proofs(), statuses=house.statuses(),
            supplies=self._supplies(house.now()), queue=self._queue(), versions=self._versions(),
            test=house.profile.test,
        )  # fmt: skip

    def _terminal(self) -> str:
        enrolment = self._house.client.enrolment
        return enrolment.terminal_id if enrolment is not None else ""

    def _supplies(self, now: datetime) -> tuple[Line, ...]:
        known = {one.name: one for one in self._house.journal.supplies()}
        today = now.astimezone(CHINA).date()
        lines = []
        for kind in stock.kinds().values():
            if kind.kind not in self._house.actors:
                continue
            left = stock.left(kind, known.get(kind.name), today)
            percent = None if left.percent is None else Said("maint.supplies.left", (left.percent,))
            if left.day is not None:
                ends: Said | None = Said("maint.supplies.until", (words.day(left.day),))
            else:
                ends = Said(f"maint.supplies.why.{left.why}") if left.why else None
            if percent is None and ends is None:
                continue  # nobody refills it: counted alone
            told = words.dots(percent, ends)
            title = Said(f"maint.supplies.{kind.name}")
            lines.append(Line(f"supply-{kind.name}", title, stock.tone(kind, left, today), told))
        return tuple(lines)

    def _queue(self) -> tuple[Line, ...]:
        counts = self._house.journal.counts()
        waiting = counts.queued + counts.others_unsent
        aside = counts.quarantined + counts.rejected
        oldest = counts.oldest_unsent_at
        told = Said("maint.report.waiting", (waiting,))
        if oldest is not None:
            told = plain(told, " · ", Said("maint.report.oldest", (moment(oldest),)))
        return (
            Line("queue-waiting", Said("maint.report.queue.waiting"), "plain", told),
            Line(
                "queue-aside", Said("maint.report.queue.aside"), "attention" if aside else "ok",
                Said("maint.report.aside", (aside,)),
            ),
        )  # fmt: skip

    def _versions(self) -> tuple[Line, ...]:
        told: list[str | Said] = []
        for _, pack in sorted(self._house.packs().items()):
            name = Said("maint.settings.service", (pack.name.zh, pack.name.en))
            told += [", " if told else "", name, f" {pack.version}"]
        return (
            Line("version-program", Said("maint.report.version.program"), "plain", plain(__version__)),
            Line("version-packs", Said("maint.report.version.packs"), "plain", plain(*told)),
        )

    def _file_stamp(self) -> str:
        """``t-140213-0001-20261127-0312``: of the file's name; the terminal's number, no more."""
        terminal = "".join(letter if letter.isalnum() else "-" for letter in self._terminal().lower())[:32] or "new"
        return f"{terminal}-{self._house.now().astimezone(CHINA):%Y%m%d-%H%M%S}"
