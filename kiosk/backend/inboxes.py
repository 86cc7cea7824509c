"""Inboxes: a visit that waits at a terminal is sent pictures by the citizen's telephone.

The terminal opens one (`POST /v1/inboxes`) and shows its address as a code; the telephone's page (public/sending.py)
puts pictures into it; the terminal fetches them one by one (`GET`), which erases those before, and closes it
(`DELETE`). Who has the address can put in and nothing else: nobody but the terminal takes out.

- The token in the address is 128 bits of chance, made at the terminal; here is its SHA-256 alone.
- Pictures are sealed on arrival to a key of the terminal's that is forgotten with the visit.
- One inbox for a terminal, ``LIFE`` long, ``FILES`` files in all. The first telephone that sends has it; its number of
  two digits stands on both screens, and others are told that it is taken.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

from kiosk import suites, wire
from kiosk.backend import log
from kiosk.backend.problems import Refusal
from kiosk.backend.rates import Rates
from kiosk.backend.store import inbox_rows
from kiosk.backend.store.engine import Connection, Store, StoreBusy
from kiosk.backend.store.inbox_rows import InboxRow
from kiosk.backend.store.terminals import Terminal

LIFE = 600  # seconds
FILES = 24  # in the life of one inbox, be they kept or not
LARGEST = 2_400_000  # bytes of one picture: sealed and in base64 it fits into one answer (kiosk.sync.transport)
ACTIVE = 20  # seconds for which a telephone counts as there, from its last request
RATE, BURST = 10 / 60, 10  # of one terminal: inboxes opened a second for ever, and at once

Put = Literal["taken", "closed", "other", "full"]


@dataclass(frozen=True, slots=True, repr=False)
class Inbox:
    """What a telephone's page may know. ``phone``: of the one that has it, "" for nobody; ``room``: files that it
    takes still; ``waiting``: of those that came, not fetched yet."""

    inbox: str
    phone: str
    room: int
    waiting: int


class Inboxes:
    """Thread-safe. ``pages``: whether citizens' pages are served here; ``clock`` is monotonic, seconds."""

    def __init__(self, rows: Store, pages: bool, now: Callable[[], datetime], clock: Callable[[], float]) -> None:
        self._store, self._pages, self._now = rows, pages, now
        self._opens = Rates(RATE, BURST, clock)
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        rows.prepare()

    def close(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()

    # -- the terminal's side --------------------------------------------------------------------------

    def open(self, terminal: Terminal, asked: wire.InboxRequest) -> wire.InboxReply:
        """In place of the one it had. The same again is the same. Raises Refusal."""
        if not self._pages:
            raise Refusal("no-inbox")
        if not wire.HASH.fullmatch(asked.inbox):
            raise Refusal("bad-fields")
        if not _is_key(asked.reply_key, terminal.suite):
            raise Refusal("not-sealed")
        if not self._opens.allows(terminal.terminal_id):
            raise Refusal("too-many-requests")
        self._opens.take(terminal.terminal_id)
        now = self._seconds()

        def work(connection: Connection) -> int:
            inbox_rows.drop(connection, inbox_rows.over(connection, now))
            known = inbox_rows.find(connection, asked.inbox, hold=True)
            if known is not None:
                if (known.terminal_id, known.reply_key) != (terminal.terminal_id, asked.reply_key):
                    raise Refusal("request-differs")
                return known.ends_at
            inbox_rows.drop(connection, inbox_rows.of_terminal(connection, terminal.terminal_id))
            row = InboxRow(asked.inbox, terminal.terminal_id, asked.reply_key, now + LIFE, "", 0, 0, 0)
            inbox_rows.add(connection, row)
            return row.ends_at

        ends_at = self._store.write(work)
        self._wake_in(ends_at - now)
        log.event("inbox.opened", terminal=terminal.terminal_id)
        return wire.InboxReply(max(1, ends_at - now))

    def news(self, terminal: Terminal, inbox: str, after: int) -> wire.InboxNews:
        """How it stands, with the first file behind ``after``; those up to it are erased. Raises Refusal."""
        now = self._seconds()

        def look(connection: Connection) -> tuple[InboxRow, list[int]] | None:
            row = inbox_rows.find(connection, inbox)
            if row is None or row.terminal_id != terminal.terminal_id or row.ends_at <= now:
                return None
            return row, inbox_rows.waiting(connection, inbox)

        found = self._store.read(look)
        if found is None:
            return wire.InboxNews(open=False)
        row, numbers = found
        if any(number <= after for number in numbers):
            self._store.write(partial(inbox_rows.erase_through, inbox=inbox, seq=after))
        numbers = [number for number in numbers if number > after]
        seq = numbers[0] if numbers else 0
        data = self._store.read(partial(inbox_rows.file, inbox=inbox, seq=seq)) if seq else b""
        return wire.InboxNews(
            open=True, number=row.number, active=now - row.seen_at < ACTIVE, waiting=len(numbers),
            seq=seq if data else 0, sealed=wire.b64(data) if data else "",
        )  # fmt: skip

    def shut(self, terminal: Terminal, inbox: str) -> wire.InboxNews:
        """Everything in it is erased. What is not there is shut already."""

        def work(connection: Connection) -> None:
            row = inbox_rows.find(connection, inbox, hold=True)
            if row is not None and row.terminal_id == terminal.terminal_id:
                inbox_rows.drop(connection, [inbox])

        self._store.write(work)
        return wire.InboxNews(open=False)

    # -- the telephone's side -------------------------------------------------------------------------

    def look(self, inbox: str, phone: str = "", *, seen: bool = True) -> Inbox | None:
        """``seen``: this telephone asks, which the terminal is told, unless another one has the inbox. None where there
        is none, or its time is over."""
        now = self._seconds()
        row, waiting = self._store.read(
            lambda connection: (inbox_rows.find(connection, inbox), inbox_rows.waiting(connection, inbox))
        )
        if row is None or row.ends_at <= now:
            return None
        if seen and row.phone in ("", phone) and now - row.seen_at > ACTIVE // 4:  # not with every question of a page
            self._store.write(partial(inbox_rows.note_seen, inbox=inbox, now=now))
        return Inbox(inbox, row.phone, max(0, FILES - row.last), len(waiting))

    def put(self, inbox: str, phone: str, number: int, pictures: Sequence[bytes]) -> Put:
        """Pictures (JPEG, ``LARGEST`` at most each) of this telephone, all of them or none."""
        now = self._seconds()
        found = self._store.read(partial(inbox_rows.find, inbox=inbox))
        if found is None:
            return "closed"
        key = wire.unb64(found.reply_key)

        def work(connection: Connection) -> Put:
            row = inbox_rows.find(connection, inbox, hold=True)
            if row is None or row.ends_at <= now:
                return "closed"
            if row.phone not in ("", phone):
                return "other"
            if row.last + len(pictures) > FILES:
                return "full"
            sealed = [_seal(data, key, inbox, seq) for seq, data in enumerate(pictures, row.last + 1)]
            inbox_rows.put(connection, row, phone, number, sealed, now)
            return "taken"

        return self._store.write(work)

    # -- time -----------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """What is over is erased, whether anybody asks for it or not."""
        now = self._seconds()
        self._store.write(lambda connection: inbox_rows.drop(connection, inbox_rows.over(connection, now)))

    def _seconds(self) -> int:
        return int(self._now().timestamp())

    def _wake_in(self, seconds: int) -> None:
        """To sweep once more: one timer at a time, which nothing waits for."""
        with self._lock:
            if self._timer is None or not self._timer.is_alive():
                self._wind(seconds)

    def _wind(self, seconds: int) -> None:
        """Under the lock."""
        self._timer = threading.Timer(seconds + 1, self._woken)
        self._timer.daemon = True
        self._timer.start()

    def _woken(self) -> None:
        with contextlib.suppress(StoreBusy):  # then it is swept with the next that is opened
            self.sweep()
        with self._lock, contextlib.suppress(StoreBusy):
            if self._timer is not threading.current_thread():
                return  # closed meanwhile
            self._timer = None
            left = self._store.read(inbox_rows.next_end)  # under the lock: who opens one finds a timer, or is seen here
            if left:
                self._wind(max(0, left - self._seconds()))


def hash_of(token: str) -> str:
    """The name under which an inbox with this token lies in the store."""
    return hashlib.sha256(token.encode()).hexdigest()


def _seal(data: bytes, key: bytes, inbox: str, seq: int) -> bytes:
    return suites.of_key(key).seal(data, key, wire.inbox_info(inbox, seq))


def _is_key(text: str, suite: str) -> bool:
    """Whether it is a key of this suite to which something can be sealed."""
    try:
        key = wire.unb64(text)
        if suites.suite_name(key) != suite:
            return False
        suites.of_key(key).seal(b"", key, b"")
    except ValueError:  # no base64, a point that is none
        return False
    return True
