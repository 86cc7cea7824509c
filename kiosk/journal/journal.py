"""The journal as the rest of the terminal sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, Literal, cast

from kiosk.journal import inspecting, outbox, reading
from kiosk.journal.answers import KeptAnswers
from kiosk.journal.catalogue import Detail
from kiosk.journal.checkpoints import Signer
from kiosk.journal.connection import PAGE
from kiosk.journal.deeds import DeedRecord, DeedRow
from kiosk.journal.drafts import KeptDraft
from kiosk.journal.numbers import SpendableNumbers
from kiosk.journal.packs import FROM
from kiosk.journal.records import (
    AckRecord,
    Alarm,
    AuditHead,
    Block,
    CaseRecord,
    CaseRow,
    Counts,
    KeptPaper,
    KnownCase,
    Numbers,
    OutboxItem,
    RatingRecord,
    SealedMaterial,
    VerifyReport,
    stamp,
)
from kiosk.journal.reserve import LARGEST_CASE, Room, check_size
from kiosk.journal.standing import Standing
from kiosk.journal.supplies import Supply

if TYPE_CHECKING:
    from sqlite3 import Connection

    from kiosk.health.proofs import Proof
    from kiosk.wire import CaseWord, Checkpoint, HeadReceipt


class Journal(Standing):
    """One journal folder, opened by one process. All methods may be called from any thread and block until done.

    Every method raises JournalError; ``code`` tells which.
    """

    # -- commit --------------------------------------------------------------------------------------

    def commit(self, build: Callable[[Numbers], CaseRecord], attachments: Sequence[SealedMaterial] = ()) -> CaseRecord:
        """Write one whole case: envelope, materials, outbox item, kept papers, spent numbers, audit row; one fsync.

        ``attachments``: those that the record will have, where they are known: large ones are written beside ``build``.

        ``build`` runs in the calling thread, in its turn but before the transaction: seal there. It is shown the next
        numbers, which are spent by the commit alone, so whatever it raises (raised here) leaves everything as it was.
        JournalError: ``item-exists``, ``numbers-exhausted``, ``case-too-large``, ``event-refused`` (a word out of
        form), ``journal-full``, ``journal-missing``, ``journal-uncertain`` (only a restart tells).
        """

        def run() -> CaseRecord:
            self._still_there()
            numbers = self._store.numbers.shown()
            record = build(numbers)
            check_size(record)
            self._counts = None
            self._with_reserve(lambda: self._cases.commit(record, numbers))
            return record

        def beside() -> CaseRecord:
            self._still_there()
            with self._store.packing.ahead(attachments):
                return run()

        size = sum(len(each.data) for each in attachments)
        return self._run(beside if FROM < size <= LARGEST_CASE else run)

    def commit_all(self, build: Callable[[Numbers], Sequence[tuple[CaseRecord, Numbers]]]) -> tuple[CaseRecord, ...]:
        """The cases of a bundle in one transaction: after a power cut all of them are there, or none.

        ``build`` returns each case with the numbers that it took: `Numbers.beside` for every further one. All together
        are no larger than one case may be. Raises as ``commit`` does.
        """

        def run() -> tuple[CaseRecord, ...]:
            self._still_there()
            built = build(self._store.numbers.shown())
            cases = [(record, cast(SpendableNumbers, numbers)) for record, numbers in built]  # its own
            check_size(*(record for record, _ in cases))
            self._counts = None
            self._with_reserve(lambda: self._cases.commit_all(cases))
            return tuple(record for record, _ in cases)

        return self._run(run)

    def commit_rating(self, record: RatingRecord) -> None:
        """One rating of one case.

        JournalError ``rating-exists``, ``no-such-case``, ``item-exists``, ``journal-missing``.
        """

        def rate() -> None:
            self._still_there()
            self._ratings.commit(record)

        self._changing(rate)

    def commit_deed(self, record: DeedRecord) -> None:
        """One withdrawal or supplement: item, materials and audit row in one transaction; sent like a case.

        JournalError ``deed-waiting``, ``item-exists``, ``case-too-large``, ``journal-full``, ``journal-missing``,
        ``journal-uncertain`` (only a restart tells).
        """

        def commit() -> None:
            self._still_there()
            self._deeds.commit(record)

        check_size(record)
        self._changing(commit)

    # -- numbers -------------------------------------------------------------------------------------

    def add_block(self, block: Block) -> None:
        """Take in a reserved block; the same one again changes nothing. JournalError ``block-overlap``."""
        self._write(lambda: self._store.numbers.add(block))

    def numbers_left(self, kind: str) -> int:
        """How many reserved numbers of this kind are not spent."""
        return self._read(lambda _: self._store.numbers.left(kind))

    # -- outbox --------------------------------------------------------------------------------------

    def due(self, now: datetime, limit: int, max_bytes: int, after: str = "") -> list[OutboxItem]:
        """Queued items whose time has come, oldest first, at most ``limit`` and about ``max_bytes`` of sealed bytes.

        The first is returned however large it is. Nothing is marked: a lost answer needs no undoing. ``after``: an
        item's id, behind which to begin; those up to it may be on their way.
        """
        times = (stamp(now), stamp(now + outbox.NO_WAIT_SO_LONG))

        def due(connection: Connection) -> list[OutboxItem]:
            first = outbox.seq_of(connection, after) + 1 if after else self._sending.first_queued()
            return outbox.due(connection, self._store.packing.packs, (first, *times), limit, max_bytes)

        return self._read_outbox(due)

    def acknowledge(self, acks: Sequence[AckRecord]) -> tuple[Alarm, ...]:
        """Record acknowledgements, in one transaction. Those that do not fit come back as alarms.

        ``hash-mismatch``: the item is quarantined (unless it was acknowledged before). ``unknown-id``: not ours.
        The same acknowledgement again changes nothing.
        """

        def alone(ack: AckRecord) -> bool:
            self._counts = None
            wanted = self._store.filing.wanted
            return not wanted and self._with_reserve(lambda: self._acknowledgements.take_one(ack))

        if len(acks) == 1 and self._run(lambda: alone(acks[0])):
            return ()
        return self._changing(lambda: self._acknowledgements.take(acks))

    def reschedule(self, ids: Sequence[str], next_attempt_at: datetime, cause: str) -> None:
        """Count one failed attempt for items that are queued, and say when to try again and why."""
        self._changing(lambda: self._sending.reschedule(ids, next_attempt_at, cause))

    def set_aside(self, item_id: str, state: Literal["rejected", "quarantined"], reason: str) -> None:
        """Take an item out of the queue for a person to look at. ``reason`` is a word such as ``bad-schema``."""
        if state not in ("rejected", "quarantined"):
            raise ValueError(f"an item is not set aside as {state!r}")
        self._changing(lambda: self._sending.settle(item_id, state, reason))

    def release(self, item_id: str, reason: str) -> None:
        """Put an item that was set aside back into the queue: it is sent once more as it is. ``reason`` is a word.

        JournalError ``no-such-item``, ``item-not-aside``.
        """
        self._changing(lambda: self._sending.release(item_id, reason))

    def reject(self, item_id: str, reason: str) -> None:
        """Leave an item that was set aside out for good; its bytes stay here. Raises as ``release`` does."""
        self._changing(lambda: self._sending.reject(item_id, reason))

    def counts(self) -> Counts:
        """How the cases stand. Cheap: counted anew only after a change."""

        def count(connection: Connection) -> Counts:
            if self._counts is None:
                self._counts = outbox.count(connection, self._sending.first_queued())
            return self._counts

        return self._counts or self._read_outbox(count)

    def broken_off(self, since: datetime) -> list[tuple[str, str, int]]:
        """Page, reason and number of the visits since then that ended without a case, the most first."""
        return self._read(lambda connection: reading.broken_off(connection, stamp(since)))

    # -- papers for the next visit -------------------------------------------------------------------

    def papers_for(self, claim: bytes) -> list[KeptPaper]:
        """The papers kept for this claim that have not run out, oldest case first."""
        return self._read_outbox(lambda _: self._papers.find(claim))

    def forget_paper(self, case_id: str, paper_id: str) -> int:
        """Erase a kept paper that has come out: nobody has to collect it any more. Returns how many were erased."""
        return self._write(lambda: self._papers.forget(case_id, paper_id))

    def forget_expired(self) -> int:
        """Erase papers, drafts, answers, results and notes that have run out, overwriting their bytes.

        Returns how many papers, drafts and answers. Not to be called while the clock is wrong: not done on opening.
        """
        expired = self._read_outbox(lambda _: self._retention.expired())
        return self._write(lambda: self._retention.forget_expired()) if expired else 0

    def note_print(self, case_id: str, paper_id: str, outcome: str, copy: int) -> None:
        """Record how a paper ended (``printed``, ``not_printed``, ``unknown``); ``copy`` 0 is the original."""
        self._write(lambda: self._store.audit("paper.ended", case_id, paper=paper_id, outcome=outcome, copy=copy))

    # -- drafts --------------------------------------------------------------------------------------

    def keep_draft(self, draft: KeptDraft) -> None:
        """Keep what was entered and not committed, in place of an older draft of this claim."""
        self._write(lambda: self._drafts.keep(draft))

    def draft_for(self, claim: bytes) -> KeptDraft | None:
        """The draft kept for this claim that has not run out."""
        return self._read(lambda _: self._drafts.find(claim))

    def forget_draft(self, claim: bytes, reason: str) -> int:
        """Erase the draft of this claim: ``reason`` is ``asked`` or ``unreadable``. Returns how many were erased."""
        return self._write(lambda: self._drafts.forget(claim, reason))

    # -- answers for the next visit ------------------------------------------------------------------

    def keep_answers(self, answers: KeptAnswers) -> None:
        """Keep answers for a later visit, in place of older ones of this claim."""
        self._write(lambda: self._answers.keep(answers))

    def answers_for(self, claim: bytes) -> KeptAnswers | None:
        """The answers kept for this claim that have not run out."""
        return self._read(lambda _: self._answers.find(claim))

    def forget_answers(self, claim: bytes, reason: str) -> int:
        """Erase the answers of this claim: ``reason`` is ``asked`` or ``unreadable``. Returns how many were erased."""
        return self._write(lambda: self._answers.forget(claim, reason))

    # -- after the visit -----------------------------------------------------------------------------

    def keep_result(self, case_id: str, outcome: str) -> bool:
        """Note what became of a case; the last word counts, and the same word again changes nothing."""
        if self.result_of(case_id) == outcome:
            return False
        return self._write(lambda: self._retention.keep_result(case_id, outcome))

    def result_of(self, case_id: str) -> str:
        """The backend's word on a case, or "" while there is none."""
        return self._read(lambda _: self._retention.result_of(case_id))

    def keep_word(self, word: CaseWord) -> bool:
        """Note how a case stands and what became of a deed; the same again changes nothing. Whether it was news."""
        if not self._read(lambda _: self._deeds.is_news(word)):
            return False
        self._write(lambda: self._deeds.keep(word))
        return True

    def word_of(self, case_id: str) -> CaseWord | None:
        """The newest word on how a case stands."""
        return self._read(lambda _: self._deeds.word_of(case_id))

    def deeds_of(self, case_id: str) -> tuple[DeedRow, ...]:
        """What was done here about a case (of whatever terminal), oldest first, and what became of it."""
        return self._read_outbox(lambda _: self._deeds.of(case_id))

    def case_of(self, case_id: str) -> KnownCase | None:
        """What is known here in clear of a case of this terminal; None for one that is not here."""
        sql = "SELECT case_no, service_id, outcome, rung, created_at, test FROM cases WHERE id = ?"
        row = self._read_outbox(lambda c: c.execute(sql, (case_id,)).fetchone())
        if row is None:
            return None
        case_no, service, outcome, rung, at, test = row
        return KnownCase(case_id, case_no, service, outcome, rung, datetime.fromisoformat(at), bool(test))

    def is_rated(self, case_id: str) -> bool:
        """Whether a case of this terminal was rated here."""
        sql = "SELECT 1 FROM ratings WHERE case_id = ?"
        return self._read_outbox(lambda c: c.execute(sql, (case_id,)).fetchone()) is not None

    def state_of(self, item_id: str) -> str:
        """How the sending of an item stands (ItemState); "" for one that is not here."""
        sql = "SELECT state FROM sending WHERE id = ?"
        row = self._read_outbox(lambda c: c.execute(sql, (item_id,)).fetchone())
        return "" if row is None else str(row[0])

    def note_attempt(self, case_id: str, paper_id: str, attempt: int, how: str) -> None:
        """The paper's ``attempt``-th print (from 1) was ``begun``, or ended: as ``note_print`` says it."""
        self._write(lambda: self._retention.note_print(case_id, paper_id, attempt, how))

    def attempts(self, case_id: str, paper_id: str) -> tuple[int, str]:
        """How many prints of this paper were begun, and how the last one ended."""
        return self._read(lambda _: self._retention.prints_of(case_id, paper_id))

    def erase_next(self, acknowledged_before: datetime) -> bool:
        """Erase the sealed bytes of one item that was acknowledged before that moment (by the backend's clock).

        One at a time, so that nobody waits long; False when there is none. Not while the clock is wrong.
        """
        due = self._read_outbox(lambda _: self._retention.due(acknowledged_before))
        return due and self._write(lambda: self._retention.erase_next(acknowledged_before))

    # -- what was tested, and what is used up --------------------------------------------------------

    def note_proof(self, proof: Proof) -> None:
        """Keep what was tested and how it came out; of each subject and test the last ones stay.

        JournalError ``proof-refused`` for what might be a person's.
        """
        self._write(lambda: self._proofs.note(proof))

    def latest_proofs(self) -> tuple[Proof, ...]:
        """The last of every subject and test, the newest first."""
        return self._read(lambda _: self._proofs.latest())

    def proofs_of(self, subject: str, limit: int = 50) -> tuple[Proof, ...]:
        """What was tested of one subject, the newest first."""
        return self._read(lambda _: self._proofs.of(subject, limit))

    def note_used(self, supply: str, amount: int) -> None:
        """So much more of a supply was used today: millimetres, sheets, times. JournalError ``supply-refused``."""
        self._write(lambda: self._supplies.note(supply, amount))

    def note_level(self, supply: str, level: int) -> None:
        """How full a device itself says that a supply is, 0 to 100. JournalError ``supply-refused``."""
        self._write(lambda: self._supplies.level(supply, level))

    def renew_supply(self, supply: str) -> None:
        """Somebody has refilled it: what is used counts from here."""
        self._write(lambda: self._supplies.renew(supply))

    def supplies(self) -> tuple[Supply, ...]:
        """Every supply that was ever noted, by name."""
        return self._read(lambda _: self._supplies.all())

    # -- audit and meta ------------------------------------------------------------------------------

    def audit(self, event: str, item: str = "", /, **details: Detail) -> None:
        """Add a row to the chain. Raises EventRefused for anything that is not in events.toml. ``item``: a case id."""
        self._write(lambda: self._store.audit(event, item, **details))

    def head(self) -> AuditHead:
        """The end of the audit chain, to be sent along with a sync."""
        return self._read(lambda _: self._store.chain.head)

    def log(self) -> str:
        """Which log this is: the hash of its first row."""
        return self._read(lambda _: self._checkpoints.log())

    def checkpoint(self, signer: Signer, known: HeadReceipt | None, *, anew: bool = False) -> Checkpoint:
        """The end of the chain, signed and kept; the same one again until the chain grows, unless ``anew``.

        ``known``: the newest head that the backend has confirmed. Names the signer's key in the chain if it is new.
        """

        def run() -> Checkpoint:
            found = None if anew else self._checkpoints.present(signer)
            return found or self._with_reserve(lambda: self._store.write(lambda: self._checkpoints.sign(signer, known)))

        return self._run(run)

    def signing_key(self) -> tuple[int, bytes] | None:
        """Epoch and public half of the key that signs by what the chain says; None before the first checkpoint."""
        return self._read(lambda _: self._checkpoints.signing_key())

    def change_key(self, old: Signer, new: Signer) -> None:
        """From here on ``new`` signs, and ``old`` confirms that: before the old key is given up. Again: nothing."""
        self._write(lambda: self._checkpoints.change_key(old, new))

    def meta(self, key: str) -> str | None:
        """A value kept beside the cases, or None."""
        row = self._read(lambda c: c.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone())
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value: cursors, identity. Not for personal data."""
        self._write(lambda: self._store.set_meta(key, value))

    def record(self, key: str, value: str, event: str, /, **details: Detail) -> None:
        """Keep a value and say so in the chain, in one transaction: neither is there without the other."""

        def both() -> None:
            self._store.audit(event, "", **details)
            self._store.set_meta(key, value)

        self._write(both)

    def room(self, least_free: int, *, make: bool) -> Room:
        """Whether one whole visit surely finds room: the reserve stands, and ``least_free`` bytes are free besides.

        ``make``: put the reserve in place where it is missing and fits; not while somebody may need what it would take.
        Pages that retention has freed inside the file count as free.
        """
        inside = self._read(lambda c: c.execute("PRAGMA freelist_count").fetchone()[0] * PAGE)
        return self._reserve.look(least_free, inside, make=make)

    # -- for staff at the cabinet --------------------------------------------------------------------

    def queue_look(self, since: datetime) -> inspecting.QueueLook:
        """How many items stand where; acknowledgements are counted from ``since`` on."""
        return self._read_outbox(lambda connection: inspecting.queue(connection, stamp(since)))

    def aside_items(self, seq: int = 0) -> tuple[inspecting.AsideItem, ...]:
        """What was set aside, at most 200 of it; ``seq``: that item alone."""
        return self._read_outbox(lambda connection: inspecting.aside(connection, seq))

    def log_page(self, events: Collection[str], before: int = 0, limit: int = 20) -> inspecting.LogPage:
        """Rows of the chain, the newest first, on a connection of its own: commits go on meanwhile."""
        with reading.reading(self._folder, self._key) as connection:
            return inspecting.log(connection, events, before, limit)

    # -- looking at the whole ------------------------------------------------------------------------

    def verify(self) -> VerifyReport:
        """Check everything, on a connection of its own: commits go on meanwhile."""
        with reading.reading(self._folder, self._key) as connection:
            return reading.verify(connection)

    def cases(self) -> list[CaseRow]:
        """All cases, oldest first, without personal data."""
        with reading.reading(self._folder, self._key) as connection:
            return reading.cases(connection)

    def export(self, out: IO[bytes]) -> int:
        """Every item with its sealed bytes, one JSON object a line. Returns how many."""
        with reading.reading(self._folder, self._key) as connection:
            return reading.export(connection, out)
