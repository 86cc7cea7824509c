"""Departments' registers: which there are, how one is asked, and what a terminal is told (`POST /v1/queries`).

A register is declared in a TOML file (`kiosk backend --registers FILE`), one table each:

    [social_insurance]
    url = "https://HOST/PATH"          # asked by POST; plain http:// on this machine alone
    secret_file = "social.secret"      # sent as a bearer token; relative to this file, for its owner's eyes alone
    seconds = 4.0                      # for the whole answer
    number = "idNumber"                # the names in the register's own JSON of: the document's number, sent and
    name = "personName"                # answered; the name that is sent;
    found = "hasRecord"                # true or false
    [social_insurance.fields]          # the pack's field = the register's
    "insurance.status" = "status"

An answer that is late, broken, too large or about another person is none, and is told as what it is. Nothing of a
question or an answer is kept, logged or counted by person. No more than `AT_ONCE` questions wait for one register, and
`ALL_AT_ONCE` for all together: silent ones must not take every thread of the backend.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kiosk import address, wire
from kiosk.backend.asked import Limit, answered, opened
from kiosk.backend.keys import BackendKeys
from kiosk.backend.metrics import Metrics
from kiosk.backend.problems import Refusal
from kiosk.backend.settings import BackendError
from kiosk.backend.store.engine import Store
from kiosk.backend.store.terminals import Terminal
from kiosk.domain.register import FOUND, NONE
from kiosk.sync.transport import HttpTransport, TransportFailure

LONGEST = 6.0  # seconds for a register: a terminal waits 8 for the whole
AT_ONCE, ALL_AT_ONCE = 4, 8  # questions that wait for one register, and for all of them
LARGEST = 64 * 1024  # bytes of an answer
MAX_VALUE = 200  # characters
HOLDS = timedelta(days=31)  # for which an answer may wait in a draft before its case is committed
SKEW = timedelta(days=1)  # of a terminal's clock
COUNTED, ALARM = "kiosk_register_questions_total", "register-questions"
CAUSES = {"deadline": "slow", "stalled": "slow", "not-http": "garbled", "half-reply": "garbled"}
_query = msgspec.json.Decoder(wire.RegisterQuery).decode


class NoAnswer(Exception):
    """``cause``: one of kiosk.domain.register.SILENT."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True, repr=False)
class Register:
    """One department's interface, as declared."""

    name: str
    url: str
    secret: str
    number: str
    person: str
    found: str
    fields: Mapping[str, str]
    seconds: float = 4.0
    turns: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def ask(self, number: str, name: str, *, test: bool) -> dict[str, str] | None:
        """The record's fields, by the pack's keys; None where there is no record. Raises NoAnswer."""
        if not self.turns.acquire(blocking=False):
            raise NoAnswer("busy")
        try:
            return self._read(self._sent(number, name, test=test), number)
        finally:
            self.turns.release()

    def _sent(self, number: str, name: str, *, test: bool) -> bytes:
        parts = urlsplit(self.url)
        transport = HttpTransport(f"{parts.scheme}://{parts.netloc}", stall=self.seconds)
        body = msgspec.json.encode({self.number: number, self.person: name, "test": test})
        headers = {"Content-Type": "application/json", "Accept": "application/json",
                   "Authorization": f"Bearer {self.secret}"}  # fmt: skip
        try:
            reply = transport.send("POST", parts.path or "/", headers, body, self.seconds)
        except TransportFailure as failure:
            raise NoAnswer(CAUSES.get(failure.cause, "unreachable")) from None
        finally:
            transport.close()
        if reply.status != 200:
            raise NoAnswer("refused")
        if len(reply.body) > LARGEST:
            raise NoAnswer("too-large")
        return reply.body

    def _read(self, body: bytes, number: str) -> dict[str, str] | None:
        """Raises NoAnswer: what is not said clearly is not taken for an answer."""
        try:
            said = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise NoAnswer("garbled") from None
        if not isinstance(said, dict) or not isinstance(said.get(self.found), bool):
            raise NoAnswer("garbled")
        about = said.get(self.number)
        if not isinstance(about, str) or about.upper() != number.upper():
            raise NoAnswer("other-person")
        if not said[self.found]:
            return None
        values = {key: said.get(theirs) for key, theirs in self.fields.items()}
        told = {key: str(value) for key, value in values.items() if type(value) in (str, int)}
        if len(told) < len(values) or not all(0 < len(value) <= MAX_VALUE for value in told.values()):
            raise NoAnswer("garbled")
        if not all(value.isprintable() for value in told.values()):
            raise NoAnswer("garbled")
        return told


class Queries:
    """What terminals ask of the registers. Thread-safe. ``clock`` is monotonic, seconds; ``now`` the time of day."""

    def __init__(
        self, rows: Store, registers: Mapping[str, Register], keys: BackendKeys, metrics: Metrics,
        clock: Callable[[], float], now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._registers, self._keys, self._metrics, self._now = registers, keys, metrics, now
        self._limit = Limit(rows, ALARM, clock, now)
        self._turns = threading.BoundedSemaphore(ALL_AT_ONCE)

    def ask(self, terminal: Terminal, asked: wire.QueryRequest) -> wire.QueryReply:
        """Raises Refusal."""
        try:
            self._limit.take(terminal.terminal_id)
        except Refusal as refusal:
            self._metrics.count(COUNTED, outcome=refusal.code)
            raise
        info = wire.register_query_info(terminal.terminal_id)
        query, reply_key = opened(self._keys, terminal, asked.sealed, info, _query)
        answer = self._answer(terminal, query)
        self._metrics.count(COUNTED, outcome=answer.cause or answer.outcome)
        return wire.QueryReply(answered(answer, reply_key, wire.register_answer_info(terminal.terminal_id)))

    def _answer(self, terminal: Terminal, query: wire.RegisterQuery) -> wire.RegisterAnswer:
        at = self._now().isoformat(timespec="seconds")
        try:
            if query.register not in self._registers:
                raise NoAnswer("not-connected")
            record = self._record(self._registers[query.register], query)
        except NoAnswer as none:
            return wire.RegisterAnswer("silent", cause=none.cause, at=at)
        outcome: wire.RegisterOutcome = NONE if record is None else FOUND  # type: ignore[assignment]  # two of its words
        fields = record or {}
        message = wire.proof_bytes(
            terminal.terminal_id, query.register, query.number, at, outcome, fields, test=query.test
        )
        proof = wire.sign(self._keys.signer("", terminal.suite).signing_private, message)
        return wire.RegisterAnswer(outcome, fields, at=at, proof=proof)

    def _record(self, register: Register, query: wire.RegisterQuery) -> dict[str, str] | None:
        if not self._turns.acquire(blocking=False):
            raise NoAnswer("busy")
        try:
            return register.ask(query.number, query.name, test=query.test)
        finally:
            self._turns.release()

    def given(
        self, terminal_id: str, register: str, number: str, proof: str, values: Mapping[str, str],
        case: wire.CasePayload,
    ) -> bool:  # fmt: skip
        """Whether this backend has given this answer for this case. ``proof``: time and signature; ``values``: with
        their ANSWER. An answer of long ago says nothing of now, and one to a trial nothing of a true case.
        """
        from kiosk.domain.register import ANSWER

        at, _, signature = proof.partition(" ")
        if not _timely(at, case.committed_at):
            return False
        fields = {key: value for key, value in values.items() if key != ANSWER}
        said = values.get(ANSWER, "")
        message = wire.proof_bytes(terminal_id, register, number, at, said, fields, test=case.test)
        return any(_signed(epoch.signing_public, message, signature) for epoch in self._keys.epochs)


def _timely(at: str, committed_at: str) -> bool:
    """Whether an answer of this moment may stand in a case of that one."""
    try:
        age = datetime.fromisoformat(committed_at) - datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return False
    return -SKEW <= age <= HOLDS


def _signed(public: bytes, message: bytes, signature: str) -> bool:
    try:
        wire.verify(public, message, signature)
    except (wire.BadSignature, ValueError):
        return False
    return True


def load(path: Path) -> dict[str, Register]:
    """The registers of this file. Raises BackendError, which says the table and the cure."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BackendError("bad-registers", f"{path} cannot be read as TOML: {type(error).__name__}") from error
    return {name: _register(path, name, table) for name, table in tables.items()}


def _register(path: Path, name: str, said: Any) -> Register:
    texts = ("url", "secret_file", "number", "name", "found")
    if not isinstance(said, dict) or set(said) - {*texts, "seconds", "fields"}:
        raise BackendError("bad-registers", f"{path}: [{name}] takes {', '.join(texts)}, seconds and fields alone")
    fields, seconds = said.get("fields", {}), said.get("seconds", 4.0)
    lacking = [key for key in texts if not isinstance(said.get(key), str) or not said[key]]
    if lacking:
        raise BackendError("bad-registers", f"{path}: [{name}] lacks {lacking[0]}")
    if not isinstance(fields, dict) or not all(isinstance(value, str) and value for value in fields.values()):
        raise BackendError("bad-registers", f"{path}: [{name}.fields] says for each field of the pack the register's")
    if not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST:
        raise BackendError("bad-registers", f"{path}: [{name}] seconds is more than 0 and at most {LONGEST:g}")
    parts = urlsplit(said["url"])
    try:
        address.parse(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        raise BackendError("bad-registers", f"{path}: [{name}] url is https://HOST/PATH") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise BackendError("bad-registers", f"{path}: [{name}] url holds no password, query or fragment")
    secret = _secret(path.parent / said["secret_file"], f"{path}: [{name}]")
    return Register(name, said["url"], secret, said["number"], said["name"], said["found"], fields, float(seconds))


def _secret(file: Path, where: str) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise BackendError("bad-registers", f"{where} {file} is not its owner's alone: chmod 600")
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackendError("bad-registers", f"{where} secret_file cannot be read: {type(error).__name__}") from error
    if not secret or not secret.isprintable() or " " in secret:
        raise BackendError("bad-registers", f"{where} secret_file holds one line")
    return secret
