"""Both ends of the wire for the benches: a terminal whose journal fills with cases, and a backend.

A case is what a visit makes of a sole trader's registration: about 4 KB of JSON with 25 fields, a case number and a
credit code, approved provisionally, so that the backend writes item, case, two numbers and a result. Both ends are as
durable as in the street: write-ahead log, a sync for each commit.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec

from kiosk import wire
from kiosk.backend.core import Backend
from kiosk.backend.serve import FirstTerminal, serve
from kiosk.backend.settings import Settings
from kiosk.domain import codes
from kiosk.domain.case import new_case_id
from kiosk.journal.journal import Journal
from kiosk.journal.records import Block, CaseRecord, Numbers
from kiosk.journal.sealing import item_info, seal
from kiosk.sync import Policy, TerminalKey
from kiosk.sync.backoff import Backoff
from kiosk.sync.exchange import Exchange
from kiosk.sync.notices import Notices
from kiosk.sync.pushing import Pushes
from kiosk.sync.report import CycleReport
from kiosk.sync.state import SyncState
from kiosk.sync.transport import HttpTransport
from kiosk.sync.upload import Uploads

T = TypeVar("T")
AREA = "330102"
BATCH = 500  # cases in one push: the most that the wire allows
POLICY = Policy(batch=BATCH, batch_bytes=4 * 1024 * 1024)
FIELDS, VALUE = 25, 96  # of a case, characters of a field: 4 KB as JSON
KINDS: tuple[wire.BlockKind, ...] = ("case", "uscc")
END = 10.0  # s that the backend has to end in


def utc_now() -> datetime:
    return datetime.now(UTC)


def payload(case_serial: int, subject_serial: int) -> wire.CasePayload:
    """A case of chance words, as a terminal encodes it."""
    fields = [wire.PayloadField(f"field.{n}", secrets.token_hex(VALUE // 2), "card", "A") for n in range(FIELDS)]
    at = utc_now()
    return wire.CasePayload(
        new_case_id(), codes.case_no(AREA, at.date(), case_serial), "sole-trader-registration", "000131002000",
        "sole-trader", "1.0.0", "approved", "provisional", "face", True, at.isoformat(), at.isoformat(), fields,
        uscc=codes.credit_code(AREA, subject_serial), clock="confirmed",
    )  # fmt: skip


def sealed_by(enrolment: wire.Enrolment, case: wire.CasePayload) -> bytes:
    info = item_info(enrolment.terminal_id, case.case_id)
    return seal(wire.write_case(case), wire.unb64(enrolment.sealing_key), info)


class Served(Exchange):
    """The exchange as it is: signed, packed, over HTTP to a backend in a process of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(HttpTransport(url), TerminalKey(wire.new_signing_pair()[0]), utc_now, POLICY)


class Direct(Exchange):
    """The exchange without a line: the backend's own functions, called here.

    The batch is encoded and decoded as on the wire, nothing else: no request is signed or checked, no nonce kept,
    nothing is sent, no reply encoded, signed or checked.
    """

    def __init__(self, backend: Backend) -> None:
        super().__init__(HttpTransport("http://127.0.0.1:1"), TerminalKey(wire.new_signing_pair()[0]), utc_now, POLICY)
        self._backend = backend

    def enrol(self, code: str) -> wire.Enrolment:
        return self._backend.enrol(code, wire.b64(self._key.public), "")

    def ask(
        self, enrolment: wire.Enrolment, method: str, target: str, body: bytes, answer: type[T], media: str = wire.JSON
    ) -> Callable[[], T]:
        return lambda: self._ask(enrolment, body, answer)

    def _ask(self, enrolment: wire.Enrolment, body: bytes, answer: type[T]) -> T:
        terminal = self._backend.find_terminal(enrolment.terminal_id)
        assert terminal is not None  # noqa: S101  # enrolled here
        reply: object
        if answer is wire.PushReply:
            reply = self._backend.push(terminal, msgspec.msgpack.decode(body, type=wire.PackedPush).items)
        else:
            reply = self._backend.reserve(terminal, msgspec.json.decode(body, type=wire.BlockRequest))
        assert isinstance(reply, answer)  # noqa: S101
        return reply


class Terminal:
    """A journal with cases and what brings them to the backend. ``code``: of its enrolment."""

    def __init__(self, folder: Path, exchange: Exchange, code: str) -> None:
        self.enrolment = exchange.enrol(code)
        self.journal = Journal.open(folder, secrets.token_bytes(32))
        self._exchange = exchange
        backoff = Backoff(SyncState(self.journal), POLICY, Random(1))  # noqa: S311
        notices, uploads = Notices(self.journal, POLICY.overdue), Uploads(exchange, POLICY, lambda: 0.0)
        self._pushes = Pushes(self.journal, exchange, uploads, backoff, notices, POLICY, utc_now)

    def fill(self, count: int) -> None:
        """So many cases committed."""
        for kind in KINDS:
            block = self.reserve(kind, count)
            self.journal.add_block(Block(kind, block.first, block.last))
        for _ in range(count):
            self.journal.commit(self._record)

    def reserve(self, kind: wire.BlockKind, count: int) -> wire.NumberBlock:
        body = msgspec.json.encode(wire.BlockRequest(kind, count, secrets.token_hex(16)))
        return self._exchange.call(self.enrolment, "POST", "/v1/blocks", body, wire.NumberBlock)

    def _record(self, numbers: Numbers) -> CaseRecord:
        case = payload(numbers.take("case"), numbers.take("uscc"))
        at = datetime.fromisoformat(case.committed_at)
        meta = {"service_id": case.service_id, "outcome": case.outcome, "rung": case.rung, "case_no": case.case_no,
                "committed_at": case.committed_at, "test": "0"}  # fmt: skip
        return CaseRecord(
            case.case_id, case.case_no, case.service_id, case.pack_version, case.outcome, case.rung, case.verification,
            at, False, sealed_by(self.enrolment, case), meta=meta,
        )  # fmt: skip

    def sync(self, count: int) -> None:
        """Everything that waits goes to the backend and is marked in the journal: ``count`` cases, or it is a bug."""
        report = CycleReport(next_at=None)
        self._pushes.push(self.enrolment, utc_now(), report)
        if report.acknowledged != count or self.journal.counts().queued:
            raise RuntimeError(f"{report.acknowledged} of {count} cases acknowledged ({report.cause})")

    def close(self) -> None:
        self._exchange.close()
        self.journal.close()


class Pushed:
    """Cases as the wire carries them, of one terminal, without a journal."""

    def __init__(self, backend: Backend) -> None:
        code = backend.issue_code(AREA, "bench")
        self.enrolment = backend.enrol(code, wire.b64(wire.new_signing_pair()[1]), "")
        found = backend.find_terminal(self.enrolment.terminal_id)
        assert found is not None  # noqa: S101
        self.terminal, self._backend = found, backend

    def batch(self, size: int) -> list[wire.SealedItem]:
        """``size`` new cases."""
        first = {
            kind: self._backend.reserve(self.terminal, wire.BlockRequest(kind, size, secrets.token_hex(16))).first
            for kind in KINDS
        }
        return [self._case(payload(first["case"] + n, first["uscc"] + n)) for n in range(size)]

    def _case(self, case: wire.CasePayload) -> wire.SealedItem:
        sealed = sealed_by(self.enrolment, case)
        digest = sha256(sealed).hexdigest()
        return wire.SealedItem(case.case_id, "case", digest, wire.b64(sealed), [], {"case_no": case.case_no})


@contextmanager
def here(folder: Path) -> Iterator[Backend]:
    """A backend in this process, on SQLite in ``folder``."""
    backend = Backend(Settings(f"sqlite:///{folder}/backend.db", str(folder / "blobs")))
    try:
        yield backend
    finally:
        backend.close()


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """A backend in a process of its own, as ``kiosk backend`` runs it: its URL and an enrolment code."""
    command = [sys.executable, "-m", "kiosk.backend.bench_world", str(folder)]
    with (folder.with_suffix(".log").open("wb") as log,
          subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as child):  # fmt: skip
        try:
            assert child.stdout is not None  # noqa: S101
            line = json.loads(child.stdout.readline())
            yield line["listening"], line["enrolment_code"]
        finally:
            child.terminate()
            try:
                child.wait(END)
            except subprocess.TimeoutExpired:
                child.kill()


if __name__ == "__main__":
    serve(
        f"sqlite:///{sys.argv[1]}/backend.db", f"{sys.argv[1]}/blobs", "127.0.0.1:0",
        ready=lambda line: print(line, flush=True), first=FirstTerminal(AREA, "bench"),
        quiet=3600.0,  # what is decided again in the pauses is no part of what is measured, nor of the other's time
    )  # fmt: skip
