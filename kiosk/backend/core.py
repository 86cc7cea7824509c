"""What the backend does for a terminal, without HTTP: enrol, take in, reserve, report.

Failpoints: ``backend.part`` (a part of a material is in its file, nobody knows yet), ``backend.whole`` (its last part
is, it is no material yet), ``backend.material`` (its bytes are on their way to the disk, or there; its row is not).
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from kiosk import wire
from kiosk.backend import intake, log
from kiosk.backend.blobs import BlobsBusy, open_blobs
from kiosk.backend.certificates import Certificates, NotCertified
from kiosk.backend.checkpoints import Logs
from kiosk.backend.entry_codes import EntryCodes
from kiosk.backend.keys import BackendKeys, Epoch
from kiosk.backend.late import Late
from kiosk.backend.lives import Lives
from kiosk.backend.lives_person import PersonQuestions
from kiosk.backend.metrics import Metrics
from kiosk.backend.once import Once
from kiosk.backend.partials import OffsetDiffers, PartialFolder
from kiosk.backend.problems import Refusal
from kiosk.backend.publishing import Publishing
from kiosk.backend.rates import Rates
from kiosk.backend.registers import Queries
from kiosk.backend.registers import load as load_registers
from kiosk.backend.replaying import Replays
from kiosk.backend.seal_keys import SealKeys
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store import items as item_store
from kiosk.backend.store import lives, numbers, results, terminals
from kiosk.backend.store.engine import Connection, Store, StoreBusy
from kiosk.backend.store.items import NewItem, Taken
from kiosk.backend.store.terminals import Terminal
from kiosk.backend.trials import Trials
from kiosk.domain.beijing import CHINA
from kiosk.health.failpoints import hit

if TYPE_CHECKING:
    from kiosk.backend.connectors.work import Connectors
    from kiosk.backend.console.console import Console
    from kiosk.backend.inboxes import Inboxes
    from kiosk.backend.ratings.ratings import Ratings

T = TypeVar("T")
RESULTS_PER_PAGE = 200
SWEEP = timedelta(seconds=5)  # the least time between two clearings of the nonces
CERTIFICATES_AT_ONCE = 4  # that terminals wait for: one is made at a time, and the other threads are for batches
CERTIFICATES_RATE, CERTIFICATES_BURST = 10 / 60, 20  # of one terminal: a second for ever, and at once
REMEMBERED_FAILURES = 4096  # wrong codes of the last minute, of all addresses
FAILPOINTS = ("backend.part", "backend.whole", "backend.material")
ALARMING = frozenset({"foreign-number", "foreign-case", "test-number"})  # rejected, and perhaps a key in wrong hands
_KEPT = ("accepted", "duplicate")  # these are acknowledged


class Backend:
    """One store, one key file, one folder of materials. Thread-safe: every call is its own transaction."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.keys = BackendKeys(settings.keys_path(), settings.clock, settings.suites)
        self._blobs = open_blobs(settings.blobs)
        self._partials = PartialFolder(settings.keys_path().with_name("uploads"), self.now)
        self._store = Store.open(settings.db_url)
        self.logs = Logs(self._store, self.keys, self.metrics, self.now)
        self.seals = SealKeys(settings.seals_path(), self.now, samples=settings.sample_seals)
        self.late = Late(self._store, self.keys, self.seals, self.now)
        self.lives = Lives(self._store, self.keys, self.now, self.late.person)
        self.late.follow = self.lives.follow
        self.lives.followed = lambda connection, deed, said: self.ratings.take(connection, deed, said)
        self.persons = PersonQuestions(
            self._store, self.lives, self.keys, self.metrics, settings.monotonic, self.now,
            lambda case_ids: self.ratings.shown(case_ids), lambda case_id: self.certificates.due(case_id),
        )  # fmt: skip
        registers = load_registers(Path(settings.registers)) if settings.registers else {}
        self.queries = Queries(self._store, registers, self.keys, self.metrics, settings.monotonic, self.now)
        self.published = Publishing(self._store, self.metrics, self.now)
        self.entry_codes = EntryCodes(self._store, self.keys, self.now)
        self.arrived = threading.Event()  # a case that was not decided again yet (replaying.py), or whose paper is due
        self.lives.decided = self.arrived.set
        self.replays = Replays(self._store, self.keys, self.now, self.queries.given)
        self.certificates = Certificates(
            self._store, self._blobs, self.keys, self.seals, self.replays, self.now, self.queries.given
        )
        self.trials = Trials(self._store, self._blobs, self.now)
        self._certificate_turns = threading.BoundedSemaphore(CERTIFICATES_AT_ONCE)
        self._certificate_rates = Rates(CERTIFICATES_RATE, CERTIFICATES_BURST, settings.monotonic)
        self._failures: deque[tuple[datetime, str]] = deque(maxlen=REMEMBERED_FAILURES)
        self._failures_lock = threading.Lock()
        self._swept = datetime.min.replace(tzinfo=UTC)

    @cached_property
    def connectors(self) -> Connectors:
        """What departments are sent and send back (connectors/), imported when somebody asks. Raises BackendError."""
        from kiosk.backend.connectors.config import load
        from kiosk.backend.connectors.rated import uploads
        from kiosk.backend.connectors.work import Connectors

        known = load(Path(self.settings.connectors)) if self.settings.connectors else {}
        return Connectors(
            self._store, self.lives, self.keys, known, self.now, lambda case_id: uploads(self.ratings.said_of(case_id))
        )

    @cached_property
    def ratings(self) -> Ratings:
        """The life of ratings (ratings/), imported when somebody asks."""
        from kiosk.backend.ratings.ratings import Ratings

        return Ratings(self._store, self.keys, self.now)

    @cached_property
    def inboxes(self) -> Inboxes:
        """Where telephones put pictures for a visit (inboxes.py), imported when somebody asks."""
        from kiosk.backend.inboxes import Inboxes

        return Inboxes(self._store, self.settings.console, self.now, self.settings.monotonic)

    @cached_property
    def console(self) -> Console:
        """Staff, queues and deeds (console/), imported when somebody asks. Raises BackendError."""
        from kiosk.backend.console.console import Console
        from kiosk.backend.oidc.config import rules_of

        return Console(
            self._store, self._blobs, self.keys, self.lives, self.late, self.replays, self.now,
            rules=rules_of(self.settings), clock=self.settings.monotonic,
        )  # fmt: skip

    def close(self) -> None:
        if "connectors" in self.__dict__:
            self.connectors.close()
        if "inboxes" in self.__dict__:
            self.inboxes.close()
        self.certificates.close()
        self._store.close()
        self._blobs.close()

    def now(self) -> datetime:
        return self.settings.clock()

    # -- terminals

    def issue_code(self, area_code: str, name: str) -> str:
        """A one-time enrolment code for a terminal to be. ``area_code``: 6 to 12 digits (GB/T 2260 and below)."""
        if not (6 <= len(area_code) <= 12 and area_code.isascii() and area_code.isdigit()):
            raise BackendError("bad-area", "the area code has 6 to 12 digits")
        if not 0 < len(name) <= 64:
            raise BackendError("bad-name", "the terminal's name has 1 to 64 characters")
        expires = self.now() + self.settings.code_life
        code = self._store.write(lambda connection: terminals.issue_code(connection, area_code, name, expires))
        log.event("enrolment.code-issued", area=area_code)
        return code

    def enrol(self, code: str, public_key: str, address: str) -> wire.Enrolment:
        """The identity for this code and key. ``address``: who asks. Raises Refusal.

        Only wrong codes are counted (a right one is 60 bits of chance): nobody can keep others out by guessing.
        """
        now = self.now()
        if not self._store.read(lambda connection: terminals.code_known(connection, code)):
            self._refuse_code("code-refused", address, now)  # a guess does not even take the writer's lock
        suite = Terminal("", "", public_key, False).suite
        if not self.keys.of(suite):  # before the code is spent: with the right profile it still serves
            log.event("enrolment.refused", code="suite-not-served")
            raise Refusal("suite-not-served")
        found = self._store.write(lambda connection: terminals.enrol(connection, code, public_key, now))
        if found == "key-taken":  # a right code, which it leaves unused: nobody's guess
            log.event("enrolment.refused", code=found)
            raise Refusal(found)
        if not isinstance(found, Terminal):
            self._refuse_code(found, address, now)
        log.event("enrolment.complete", terminal=found.terminal_id)
        keys = self.keys.of(suite)[-1]
        return wire.Enrolment(
            terminal_id=found.terminal_id,
            area_code=found.area_code,
            sealing_key=keys.public.sealing_key,
            sealing_key_id=keys.sealing_id,
            signing_key=keys.public.signing_key,
            signing_key_id=keys.signing_id,
            server_time=now.isoformat(),
            suite=suite,
        )

    def _refuse_code(self, why: str, address: str, now: datetime) -> NoReturn:
        with self._failures_lock:
            while self._failures and self._failures[0][0] < now - timedelta(minutes=1):
                self._failures.popleft()
            if sum(1 for _, known in self._failures if known == address) >= self.settings.enrol_failures:
                raise Refusal("too-many-codes")
            self._failures.append((now, address))
        log.event("enrolment.refused", code=why)
        raise Refusal(why)

    def revoke(self, terminal_id: str) -> None:
        """Withdraws a terminal: nothing it signs is taken any more."""
        self._store.write(lambda connection: terminals.revoke(connection, terminal_id, self.now()))
        log.event("terminal.revoked", terminal=terminal_id)

    def find_terminal(self, terminal_id: str) -> Terminal | None:
        return self._store.read(lambda connection: terminals.find(connection, terminal_id))

    def claimed(self, terminal_id: str, nonce: str) -> tuple[Terminal | None, bool]:
        """Who a request says it is from, and whether that one has used its nonce before."""
        return self._store.read(
            lambda connection: (
                terminals.find(connection, terminal_id),
                terminals.nonce_spent(connection, terminal_id, nonce),
            )
        )

    def once(self, terminal_id: str, nonce: str) -> Once:
        now = self.now()
        # twice the window: a timestamp may lie a window ahead and stays good for a window after that
        sweeps = not timedelta() <= now - self._swept < SWEEP
        if sweeps:
            self._swept = now
        return Once(terminal_id, nonce, now, now + 2 * self.settings.window, sweeps)

    def spend(self, once: Once) -> None:
        """The nonce alone. Raises Refusal."""
        self._store.write(once.spend)
        once.spent = True

    def _write(self, work: Callable[[Connection], T], once: Once | None) -> T:
        """``work``, and before it the nonce of the request that asks for it: in one transaction."""
        if once is None or once.spent:
            return self._store.write(work)

        def both(connection: Connection) -> T:
            once.spend(connection)
            return work(connection)

        done = self._store.write(both)
        once.spent = True
        return done

    def change_key(self, terminal: Terminal, asked: wire.KeyChange) -> wire.KeyChanged:
        """Another key for this terminal, endorsed by the one it had. Idempotent: the new key may ask again.

        Raises Refusal: nothing changes unless the old key stands for the new one, and the new one is the sender's own.
        """
        now = self.now()
        message = wire.key_change_bytes(terminal.terminal_id, terminal.public_key, asked.public_key)
        known = asked.public_key == terminal.public_key
        if replace(terminal, public_key=asked.public_key).suite not in ("", terminal.suite):
            raise Refusal("suite-differs")

        def work(connection: Connection) -> terminals.Changed:
            if not terminals.hold(connection, terminal.terminal_id):
                raise Refusal("terminal-revoked")
            return terminals.change_key(
                connection, terminal.terminal_id, terminal.public_key, asked.public_key, asked.endorsement, now
            )

        if not known:
            try:
                wire.verify(wire.unb64(terminal.public_key), message, asked.endorsement)
                wire.verify(wire.unb64(asked.public_key), message, asked.proof)
            except (wire.BadSignature, ValueError):
                raise Refusal("not-endorsed") from None
        changed = self._store.write(work)
        if isinstance(changed, str):
            raise Refusal(changed)
        if not known:
            log.event("terminal.key-changed", terminal=terminal.terminal_id, epoch=changed)
        return wire.KeyChanged(terminal.terminal_id, asked.public_key, changed)

    # -- items

    def push(self, terminal: Terminal, pushed: Sequence[intake.AnyItem], once: Once | None = None) -> wire.PushReply:
        """Takes a batch in, one transaction for all of it. Every item gets its own answer, in the batch's order.

        ``once``: the request's nonce, where it is not spent yet.
        """
        if len(pushed) > wire.MAX_BATCH:
            raise Refusal("too-many-items")
        opened = self._open(terminal, pushed)
        now = self.now()
        attempts = count()

        def work(connection: Connection) -> list[Taken]:
            look = next(attempts) > 0
            if not terminals.hold(connection, terminal.terminal_id):
                raise Refusal("terminal-revoked")
            new = [item for item in opened if isinstance(item, NewItem)]
            fresh = list({item.id: item for item in reversed(new)}.values())[::-1]
            by_id = item_store.take_in(connection, terminal.terminal_id, terminal.area_code, fresh, now, look)
            taken: list[Taken] = []
            first_hash: dict[str, str] = {}
            for item, found in zip(pushed, opened, strict=True):
                if not isinstance(found, NewItem):
                    answer = found
                elif found.id in first_hash:  # the same id a second time in one batch
                    answer = self._again(by_id[found.id], found, first_hash[found.id])
                else:
                    answer = by_id[found.id]
                    first_hash[found.id] = found.hash
                if _alarming(answer):
                    item_store.raise_alarm_once(
                        connection, terminal.terminal_id, answer.reason, item.id, item.hash, now
                    )
                taken.append(answer)
            return taken

        settled = [found for found in opened if not isinstance(found, NewItem) and not _alarming(found)]
        # a batch that is sent again for a lost answer is most often all here: nothing to write
        answers = settled if len(settled) == len(opened) else self._write(work, once)
        signer = self.keys.signer(terminal.signing_id, terminal.suite)
        replies = _replies(terminal, pushed, answers, signer)
        counts: dict[str, int] = {}
        for reply in replies:
            counts[reply.status] = counts.get(reply.status, 0) + 1
        for status, number in counts.items():
            self.metrics.count("kiosk_items_total", number, status=status)
        if "accepted" in counts:
            self.lives.unopened = True
            self.arrived.set()
            if "ratings" in self.__dict__ and any(item.kind == "rating" for item in pushed):
                self.ratings.waiting = True
            if any(item.kind in wire.DEEDS for item in pushed):
                self._answer_deeds()
        if set(counts) - {"accepted", "duplicate"}:
            log.event("items.trouble", terminal=terminal.terminal_id, **counts)
        return wire.PushReply(replies)

    def take_own(self, terminal_id: str, item: NewItem) -> str:
        """A deed that an applicant did without a terminal, taken in and answered like any other; its answer, "" where
        it waits. It stands under the terminal that took the case (``terminal_id``), sealed as that one's items are. Its
        materials were stored before. Raises Refusal, StoreBusy.
        """
        if not self._certain(set(item.attachments)).issuperset(item.attachments):
            raise StoreBusy
        now = self.now()

        def work(connection: Connection) -> Taken:
            lives.hold_terminals(connection, [terminal_id])
            return item_store.take_in(connection, terminal_id, "", [item], now, True)[item.id]

        taken = self._store.write(work)
        if taken.status not in _KEPT:
            raise Refusal("not-found")
        self._answer_deeds()
        return self._store.read(lambda connection: lives.answer_of(connection, item.id))

    def _answer_deeds(self) -> None:
        """What applicants have sent is answered before they look again. It is acknowledged whatever comes of this."""
        try:
            self.lives.answer_deeds()
        except StoreBusy:
            log.event("deeds.wait")  # for the next quiet moment
        except Exception as error:  # a bug ends no push; kiosk_deeds_waiting tells that it stands
            log.fault(error)

    @staticmethod
    def _again(answer: Taken, item: NewItem, first_hash: str) -> Taken:
        if item.hash != first_hash:
            return Taken("conflict", "hash-differs")
        return replace(answer, status="duplicate") if answer.status == "accepted" else answer

    def _open(self, terminal: Terminal, pushed: Sequence[intake.AnyItem]) -> list[NewItem | Taken]:
        """What can be said before the transaction: form, earlier arrival, seal, envelope, attachments."""
        forms = [intake.check_form(item) for item in pushed]
        sound = [item for item, reason in zip(pushed, forms, strict=True) if not reason]
        wanted = [digest for item in sound for digest in item.attachments]
        known, materials = self._store.read(
            lambda connection: (
                item_store.known(connection, [item.id for item in sound]),
                item_store.known_materials(connection, terminal.terminal_id, wanted),
            )
        )
        materials = self._certain(materials)
        opened: list[NewItem | Taken] = []
        # oldest first, those of the terminal's own suite last: they are tried first
        epochs = sorted(self.keys.epochs, key=lambda epoch: epoch.suite == terminal.suite)
        for item, reason in zip(pushed, forms, strict=True):
            if reason:
                opened.append(Taken("rejected", reason))
            elif item.id in known:
                opened.append(item_store.judge_known(known[item.id], terminal.terminal_id, item.hash))
            elif not materials.issuperset(item.attachments):
                opened.append(Taken("retry", "attachment-missing"))
            else:
                found = intake.open_item(item, terminal.terminal_id, epochs, terminal.area_code)
                if isinstance(found, intake.Refused):
                    opened.append(Taken("rejected", found.reason))
                else:
                    opened.append(self.late.named(found))
        return opened

    def store_material(
        self, terminal: Terminal, digest: str, data: bytes, once: Once | None = None, *, hashed: str = ""
    ) -> wire.MaterialReply:
        """Keeps a sealed material under its hash. ``hashed``: the SHA-256 of ``data``, where it is known already."""
        if not data:
            raise Refusal("bad-fields")  # nothing sealed is empty: the body was forgotten
        if not wire.HASH.fullmatch(digest) or hashed not in ("", digest):
            raise Refusal("hash-mismatch")
        now = self.now()

        def check() -> None:
            if not hashed and hashlib.sha256(data).hexdigest() != digest:
                raise Refusal("hash-mismatch")

        def note() -> bool:
            hit("backend.material")
            return self._write(
                lambda connection: item_store.add_material(connection, terminal.terminal_id, digest, len(data), now),
                once,
            )

        try:
            new = self._blobs.keep(digest, data, note, check)
        except BlobsBusy as error:
            raise StoreBusy from error
        return wire.MaterialReply(digest, "accepted" if new else "duplicate", len(data))

    def _certain(self, known: set[str]) -> set[str]:
        """Those of the terminal's materials that are here for good."""
        try:
            return self._blobs.certain(known)
        except BlobsBusy as error:
            raise StoreBusy from error

    def material_offset(self, terminal: Terminal, digest: str) -> wire.MaterialReply:
        """How much of a sealed material is here."""
        if not wire.HASH.fullmatch(digest):
            raise Refusal("hash-mismatch")
        if self._has(terminal, digest):
            return wire.MaterialReply(digest, "duplicate")
        return wire.MaterialReply(digest, "partial", self._partials.offset(terminal.terminal_id, digest))

    def append_material(
        self, terminal: Terminal, digest: str, offset: int, size: int, data: bytes, once: Once | None = None
    ) -> wire.MaterialReply:
        """Adds a part to a sealed material; the last one makes it whole.

        An empty part at the end asks to make whole what is all here: a process may have ended before it did that.
        """
        if not wire.HASH.fullmatch(digest):
            raise Refusal("hash-mismatch")
        if (not data and offset < size) or offset + len(data) > size:
            raise Refusal("bad-fields")
        if self._has(terminal, digest):
            return wire.MaterialReply(digest, "duplicate")
        try:
            end = self._partials.append(terminal.terminal_id, digest, offset, data)
        except OffsetDiffers:
            raise Refusal("offset-differs") from None
        except OSError as error:  # no room: what was written of it counts
            raise StoreBusy from error
        hit("backend.part")
        if end < size:
            return wire.MaterialReply(digest, "partial", end)
        hit("backend.whole")
        whole = self._partials.read(terminal.terminal_id, digest)
        if len(whole) < size:  # another request of this upload, given up by its terminal, has just taken it over
            if self._has(terminal, digest):
                return wire.MaterialReply(digest, "duplicate")
            raise Refusal("offset-differs")
        try:
            reply = self.store_material(terminal, digest, whole, once)
        except Refusal:  # not what its name says; where the store cannot take it now, nothing has to be sent again
            self._partials.drop(terminal.terminal_id, digest)
            raise
        self._partials.drop(terminal.terminal_id, digest)
        return reply

    def _has(self, terminal: Terminal, digest: str) -> bool:
        return bool(
            self._certain(
                self._store.read(lambda reading: item_store.known_materials(reading, terminal.terminal_id, [digest]))
            )
        )

    # -- numbers and results

    def reserve(self, terminal: Terminal, asked: wire.BlockRequest) -> wire.NumberBlock:
        """A block of numbers for this terminal alone."""
        if not 1 <= asked.count <= wire.MAX_BLOCK:
            raise Refusal("bad-count")
        if not wire.ID.fullmatch(asked.request_id):
            raise Refusal("bad-fields")
        unused = self.settings.unused_numbers

        def work(connection: Connection) -> numbers.Block | None:
            if not terminals.hold(connection, terminal.terminal_id):
                raise Refusal("terminal-revoked")
            return numbers.reserve(connection, terminal.terminal_id, asked.request_id, asked.kind, asked.count, unused)

        try:
            found = self._store.write(work)
        except numbers.TooManyReserved:
            raise Refusal("too-many-reserved") from None
        except numbers.Exhausted:
            raise Refusal("numbers-exhausted") from None
        if found is None:
            raise Refusal("request-differs")
        signer = self.keys.signer(terminal.signing_id, terminal.suite)
        block = wire.NumberBlock(
            found.kind, found.first, found.last, terminal.area_code, terminal.terminal_id, asked.request_id,
            signer.signing_id,
        )  # fmt: skip
        return replace(block, signature=wire.sign(signer.signing_private, block.canonical()))

    def results_since(self, terminal: Terminal, cursor: str) -> wire.ResultsReply:
        """Results after ``cursor`` (empty: from the beginning)."""
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
            raise Refusal("bad-fields")
        page = self._store.read(
            lambda connection: results.after(connection, terminal.terminal_id, int(cursor or 0), RESULTS_PER_PAGE)
        )
        return wire.ResultsReply(str(page.cursor), page.results, page.more, page.progress)

    def certificate(self, terminal: Terminal, case_id: str, *, copy: bool) -> bytes:
        """The sealed certificate of a case that this terminal took. ``copy``: it was printed before. Raises Refusal.

        One that may be made anew each time (a copy) is not to be had without end, nor by all threads at once.
        """
        if not wire.ID.fullmatch(case_id):
            raise Refusal("bad-fields")
        if not self._certificate_rates.allows(terminal.terminal_id):
            raise Refusal("too-many-requests")
        self._certificate_rates.take(terminal.terminal_id)
        if not self._certificate_turns.acquire(blocking=False):
            raise Refusal("store-busy")
        try:
            return self.certificates.of(case_id, terminal.terminal_id, copy=copy).pdf
        except NotCertified as error:
            log.event("certificate.refused", code=error.code, terminal=terminal.terminal_id)
            raise Refusal("no-certificate") from error
        except BackendError as error:
            log.event("certificate.refused", code=error.code, terminal=terminal.terminal_id)
            raise Refusal("store-busy" if error.retryable else "no-certificate") from error
        finally:
            self._certificate_turns.release()

    # -- for the operator

    def gauges(self) -> dict[str, int]:
        from kiosk.backend.store import rating_rows

        today = self.now().astimezone(CHINA).date().isoformat()
        return self._store.read(
            lambda connection: {
                **results.gauges(connection),
                **lives.gauges(connection, today),
                **rating_rows.gauges(connection, today),
            }
        ) | (self.connectors.gauges() if self.settings.connectors else {})

    def check(self) -> None:
        """Raises StoreBusy when the store does not answer."""
        self._store.read(lambda connection: terminals.find(connection, ""))


def _replies(
    terminal: Terminal, pushed: Sequence[intake.AnyItem], answers: Sequence[Taken], signer: Epoch
) -> list[wire.ItemResult]:
    """An answer for each item; what is acknowledged is signed together (kiosk/wire/acks.py)."""
    kept = [(item, taken) for item, taken in zip(pushed, answers, strict=True) if taken.status in _KEPT]
    who, key_id = terminal.terminal_id, signer.signing_id
    said = [wire.Ack(item.id, item.hash, who, taken.received_at, key_id) for item, taken in kept]
    acks = iter(wire.sign_acks(signer.signing_private, said))
    return [
        wire.ItemResult(item.id, taken.status, taken.reason, next(acks))
        if taken.status in _KEPT
        else wire.ItemResult(_shown(item.id), taken.status, taken.reason)
        for item, taken in zip(pushed, answers, strict=True)
    ]


def _shown(item_id: str) -> str:
    """An id out of form may be anything, even text that has no bytes."""
    return item_id if wire.ID.fullmatch(item_id) else item_id[:64].encode("ascii", "replace").decode()


def _alarming(answer: Taken) -> bool:
    return answer.status == "conflict" or answer.reason in ALARMING
