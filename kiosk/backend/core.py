"""What the backend does for a terminal, without HTTP: enrol, take in, reserve, report."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from kiosk import wire
from kiosk.backend import intake, log
from kiosk.backend.blobs import BlobFolder
from kiosk.backend.keys import load_or_create_keys
from kiosk.backend.metrics import Metrics
from kiosk.backend.problems import Refusal
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store import items as item_store
from kiosk.backend.store import numbers, results, terminals
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.items import NewItem, Taken
from kiosk.backend.store.terminals import Terminal

RESULTS_PER_PAGE = 200
REMEMBERED_FAILURES = 4096  # wrong codes of the last minute, of all addresses
ALARMING = frozenset({"foreign-number", "foreign-case"})  # rejected, and perhaps a key in wrong hands


class Backend:
    """One store, one key file, one folder of materials. Thread-safe: every call is its own transaction."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.keys = load_or_create_keys(settings.keys_path())
        self._blobs = BlobFolder(settings.blob_folder())
        self._store = Store.open(settings.db_url)
        self._failures: deque[tuple[datetime, str]] = deque(maxlen=REMEMBERED_FAILURES)
        self._failures_lock = threading.Lock()

    def close(self) -> None:
        self._store.close()

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
        found = self._store.write(lambda connection: terminals.enrol(connection, code, public_key, now))
        if not isinstance(found, Terminal):
            self._refuse_code(found, address, now)
        log.event("enrolment.complete", terminal=found.terminal_id)
        return wire.Enrolment(
            terminal_id=found.terminal_id,
            area_code=found.area_code,
            sealing_key=wire.b64(self.keys.sealing_public),
            sealing_key_id=self.keys.sealing_id,
            signing_key=wire.b64(self.keys.signing_public),
            signing_key_id=self.keys.signing_id,
            server_time=now.isoformat(),
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

    def spend_nonce(self, terminal_id: str, nonce: str) -> bool:
        now = self.now()
        # twice the window: a timestamp may lie a window ahead and stays good for a window after that
        expires = now + 2 * self.settings.window
        return self._store.write(lambda connection: terminals.spend_nonce(connection, terminal_id, nonce, now, expires))

    # -- items

    def push(self, terminal: Terminal, pushed: Sequence[wire.SealedItem]) -> wire.PushReply:
        """Takes a batch in, one transaction for all of it. Every item gets its own answer, in the batch's order."""
        if len(pushed) > wire.MAX_BATCH:
            raise Refusal("too-many-items")
        opened = self._open(terminal, pushed)
        now = self.now()

        def work(connection: Connection) -> list[Taken]:
            new = [item for item in opened if isinstance(item, NewItem)]
            fresh = list({item.id: item for item in reversed(new)}.values())[::-1]
            by_id = item_store.take_in(
                connection, terminal.terminal_id, terminal.area_code, self.keys.sealing_id, fresh, now
            )
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
                if answer.status == "conflict" or answer.reason in ALARMING:
                    item_store.raise_alarm(connection, terminal.terminal_id, answer.reason, item.id, item.hash, now)
                taken.append(answer)
            return taken

        answers = self._store.write(work)
        replies = [self._reply(terminal, item, answer) for item, answer in zip(pushed, answers, strict=True)]
        counts: dict[str, int] = {}
        for reply in replies:
            counts[reply.status] = counts.get(reply.status, 0) + 1
        for status, count in counts.items():
            self.metrics.count("kiosk_items_total", count, status=status)
        if set(counts) - {"accepted", "duplicate"}:
            log.event("items.trouble", terminal=terminal.terminal_id, **counts)
        return wire.PushReply(replies)

    @staticmethod
    def _again(answer: Taken, item: NewItem, first_hash: str) -> Taken:
        if item.hash != first_hash:
            return Taken("conflict", "hash-differs")
        return replace(answer, status="duplicate") if answer.status == "accepted" else answer

    def _open(self, terminal: Terminal, pushed: Sequence[wire.SealedItem]) -> list[NewItem | Taken]:
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
        opened: list[NewItem | Taken] = []
        for item, reason in zip(pushed, forms, strict=True):
            if reason:
                opened.append(Taken("rejected", reason))
            elif item.id in known:
                opened.append(item_store.judge_known(known[item.id], terminal.terminal_id, item.hash))
            elif not materials.issuperset(item.attachments):
                opened.append(Taken("retry", "attachment-missing"))
            else:
                found = intake.open_item(item, terminal.terminal_id, self.keys.sealing_private)
                opened.append(Taken("rejected", found.reason) if isinstance(found, intake.Refused) else found)
        return opened

    def _reply(self, terminal: Terminal, item: wire.SealedItem, taken: Taken) -> wire.ItemResult:
        if taken.status not in ("accepted", "duplicate"):
            # an id out of form may be anything, even text that has no bytes
            shown = item.id if wire.ID.fullmatch(item.id) else item.id[:64].encode("ascii", "replace").decode()
            return wire.ItemResult(shown, taken.status, taken.reason)
        ack = wire.Ack(item.id, item.hash, terminal.terminal_id, taken.received_at, self.keys.signing_id)
        signed = replace(ack, signature=wire.sign(self.keys.signing_private, ack.canonical()))
        return wire.ItemResult(item.id, taken.status, taken.reason, signed)

    def store_material(self, terminal: Terminal, digest: str, data: bytes) -> wire.MaterialReply:
        """Keeps a sealed material under its hash."""
        if not wire.HASH.fullmatch(digest) or hashlib.sha256(data).hexdigest() != digest:
            raise Refusal("hash-mismatch")
        self._blobs.put(digest, data)
        now = self.now()
        new = self._store.write(
            lambda connection: item_store.add_material(connection, terminal.terminal_id, digest, len(data), now)
        )
        return wire.MaterialReply(digest, "accepted" if new else "duplicate")

    # -- numbers and results

    def reserve(self, terminal: Terminal, asked: wire.BlockRequest) -> wire.NumberBlock:
        """A block of numbers for this terminal alone."""
        if not 1 <= asked.count <= wire.MAX_BLOCK:
            raise Refusal("bad-count")
        if not wire.ID.fullmatch(asked.request_id):
            raise Refusal("bad-fields")
        unused = self.settings.unused_numbers
        try:
            found = self._store.write(
                lambda connection: numbers.reserve(
                    connection, terminal.terminal_id, asked.request_id, asked.kind, asked.count, unused
                )
            )
        except numbers.TooManyReserved:
            raise Refusal("too-many-reserved") from None
        except numbers.Exhausted:
            raise Refusal("numbers-exhausted") from None
        if found is None:
            raise Refusal("request-differs")
        block = wire.NumberBlock(
            found.kind, found.first, found.last, terminal.area_code, terminal.terminal_id, asked.request_id,
            self.keys.signing_id,
        )  # fmt: skip
        return replace(block, signature=wire.sign(self.keys.signing_private, block.canonical()))

    def results_since(self, terminal: Terminal, cursor: str) -> wire.ResultsReply:
        """Results after ``cursor`` (empty: from the beginning)."""
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
            raise Refusal("bad-fields")
        page = self._store.read(
            lambda connection: results.after(connection, terminal.terminal_id, int(cursor or 0), RESULTS_PER_PAGE)
        )
        return wire.ResultsReply(str(page.cursor), page.results, page.more)

    # -- for the operator

    def gauges(self) -> dict[str, int]:
        return self._store.read(results.gauges)

    def check(self) -> None:
        """Raises StoreBusy when the store does not answer."""
        self._store.read(lambda connection: terminals.find(connection, ""))
