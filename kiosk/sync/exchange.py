"""A signed request and its signed reply: what comes back here was said by our backend, or is a SyncFailure."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from kiosk import encoding, suites, wire
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.state import LARGEST_OFFSET
from kiosk.sync.transport import Reply, Transport, TransportFailure

T = TypeVar("T")
NEW_TERMINAL = "new"


class Exchange:
    """Signs, sends, verifies. ``offset`` is how far the backend's clock is ahead of ours.

    ``newer_keys``: somebody says that the backend has newer keys than the enrolment; it has to be asked for them.
    """

    def __init__(self, transport: Transport, key: TerminalKey, clock: Callable[[], datetime], policy: Policy) -> None:
        self._transport = transport
        self._key = key
        self._clock = clock
        self._policy = policy
        self.offset = timedelta()
        self.newer_keys = False
        self.beat: Callable[[], None] = lambda: None
        self.heard = False  # the backend has told its time since this was last looked at
        self._packs = False  # the backend has said that it takes packed batches,
        self._plain = False  # but it does not

    def use(self, key: TerminalKey) -> None:
        """From here on requests are signed with ``key``."""
        self._key = key

    def call(
        self, enrolment: wire.Enrolment, method: str, target: str, body: bytes, answer: type[T], raw: bool = False
    ) -> T:
        """The backend's answer to this request. Raises SyncFailure.

        Sends anew, once, where that alone can help: a kept connection was gone, our clock was off, a nonce was known,
        a packed batch is not wanted.
        """
        again = {"stale", "clock", "replayed", "bad-encoding"}
        while True:
            nonce = secrets.token_hex(16)
            before = self._clock()
            try:
                reply = self._send(
                    enrolment.terminal_id, method, target, body, nonce, raw, known=enrolment.signing_key_id
                )
            except TransportFailure as failure:
                if failure.stale and "stale" in again and method != "PATCH":  # of a part some may have arrived
                    again.discard("stale")
                    continue
                raise SyncFailure(Failure.NETWORK, failure.cause, stale=failure.stale) from failure
            asked = wire.Asked(enrolment.terminal_id, method, target, nonce)
            server_time = _trusted(reply, wire.unb64(enrolment.signing_key), asked)
            self._set_clock(server_time, before)
            self.newer_keys |= wire.NEWEST_KEY_HEADER.lower() in reply.headers
            self._packs = not self._plain and encoding.NAME in reply.headers.get("accept-encoding", "")
            if reply.status == 200:
                return _decode(reply.body, answer)
            code = _problem(reply).code
            if code == "bad-encoding":
                self._packs, self._plain = False, True
            if code in again:
                again.discard(code)
                continue
            raise _refusal(reply.status, code)

    def enrol(self, code: str) -> wire.Enrolment:
        """Trade the code for an identity. Raises SyncFailure."""
        public = wire.b64(self._key.public)
        body = msgspec.json.encode(wire.EnrolRequest(code, public))
        asked = wire.Asked(NEW_TERMINAL, "POST", "/v1/enrol", secrets.token_hex(16))
        before = self._clock()
        try:
            reply = self._send(asked.terminal_id, asked.method, asked.target, body, asked.nonce, False)
        except TransportFailure as failure:
            raise SyncFailure(Failure.NETWORK, failure.cause) from failure
        if reply.status != 200:
            if reply.status >= 500:
                raise SyncFailure(Failure.SERVER, f"http-{reply.status}")
            # its key is not known yet, so a refusal cannot be checked; it does no harm: nothing was queued for it
            raise SyncFailure(Failure.SERVER, _problem(reply).code)
        try:
            enrolment = msgspec.json.decode(reply.body, type=wire.Enrolment)
            keys = [wire.unb64(key) for key in (enrolment.signing_key, enrolment.sealing_key)]
        except (msgspec.MsgspecError, RecursionError, ValueError):
            raise SyncFailure(Failure.NETWORK, "captive-portal") from None
        if not all(map(suites.suite_name, keys)) or not wire.ID.fullmatch(enrolment.terminal_id):
            raise SyncFailure(Failure.NETWORK, "captive-portal")
        if {enrolment.suite, *map(suites.suite_name, keys)} != {self._key.suite}:
            raise SyncFailure(Failure.SERVER, "suite-not-served")
        self._set_clock(_trusted(reply, keys[0], asked), before)
        return enrolment

    def close(self) -> None:
        self._transport.close()

    def interrupt(self) -> None:
        self._transport.interrupt()

    def _send(
        self, terminal_id: str, method: str, target: str, body: bytes, nonce: str, raw: bool, known: str = ""
    ) -> Reply:
        packed = self._packs and not raw and len(body) > encoding.WORTH_IT
        if packed:
            body = encoding.pack(body)
        stamp = int((self._clock() + self.offset).timestamp())
        headers = wire.signed_headers(self._key.private, method, target, terminal_id, stamp, nonce, body)
        headers["Accept"] = "application/json"
        if known:
            headers[wire.KEY_HEADER] = known
        if packed:
            headers["Content-Encoding"] = encoding.NAME
        if body:
            headers["Content-Type"] = "application/octet-stream" if raw else "application/json"
        try:
            return self._transport.send(method, target, headers, body, self._policy.allowance(len(body)))
        finally:
            self.beat()

    def _set_clock(self, server_time: datetime, before: datetime) -> None:
        after = self._clock()
        offset = server_time - (before + (after - before) / 2)
        if abs(offset) > LARGEST_OFFSET:
            raise SyncFailure(Failure.SERVER, "bad-time")
        self.offset, self.heard = offset, True


def _trusted(reply: Reply, public_key: bytes, asked: wire.Asked) -> datetime:
    """The server's time, if it was the backend that answered."""
    try:
        server_time = datetime.fromisoformat(
            wire.verify_reply(public_key, asked, reply.status, reply.headers, reply.body)
        )
    except (wire.BadSignature, ValueError):
        if reply.status >= 500:
            raise SyncFailure(Failure.SERVER, f"http-{reply.status}") from None
        signed = wire.REPLY_SIGNATURE_HEADER.lower() in reply.headers
        raise SyncFailure(Failure.NETWORK, "bad-signature" if signed else "captive-portal") from None
    if server_time.tzinfo is None:
        raise SyncFailure(Failure.SERVER, "bad-time")
    return server_time


def _problem(reply: Reply) -> wire.Problem:
    try:
        return msgspec.json.decode(reply.body, type=wire.Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise SyncFailure(Failure.NETWORK, "captive-portal") from None


def _decode(body: bytes, answer: type[T]) -> T:
    if answer is bytes:
        return body  # type: ignore[return-value]  # T is bytes here
    try:
        return msgspec.json.decode(body, type=answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise SyncFailure(Failure.SERVER, "bad-json") from None


def _refusal(status: int, code: str) -> SyncFailure:
    if status in (400, 409, 413, 422):
        return SyncFailure(Failure.ITEM, code)
    return SyncFailure(Failure.NETWORK if status == 408 else Failure.SERVER, code)
