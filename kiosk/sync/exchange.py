"""A signed request and its signed reply: what comes back here was said by our backend, or is a SyncFailure."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn, TypeVar

import msgspec

from kiosk import suites, wire
from kiosk.sync.identity import TerminalKey
from kiosk.sync.policy import Failure, Policy, SyncFailure
from kiosk.sync.state import LARGEST_OFFSET
from kiosk.sync.transport import Ahead, Reply, Transport, TransportFailure

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

    def use(self, key: TerminalKey) -> None:
        """From here on requests are signed with ``key``."""
        self._key = key

    def call(
        self, enrolment: wire.Enrolment, method: str, target: str, body: bytes, answer: type[T], media: str = wire.JSON
    ) -> T:
        """The backend's answer to this request. Raises SyncFailure.

        Sends anew, once, where that alone can help: a kept connection was gone, our clock was off, a nonce was known.
        ``media``: what the body is.
        """
        return self.ask(enrolment, method, target, body, answer, media)()

    def ask(
        self, enrolment: wire.Enrolment, method: str, target: str, body: bytes, answer: type[T], media: str = wire.JSON
    ) -> Callable[[], T]:
        """The request is on its way when this returns, where the line can do that; the answer comes as from ``call``.

        It is called once, and before anything else is asked.
        """

        def send() -> _Sent:
            asked = wire.Asked(enrolment.terminal_id, method, target, secrets.token_hex(16))
            return self._send(asked, body, media, known=enrolment.signing_key_id)

        first = send()
        return lambda: self._answer(first, send, wire.unb64(enrolment.signing_key), answer)

    def _answer(self, sent: _Sent, send: Callable[[], _Sent], key: bytes, answer: type[T]) -> T:
        again = {"stale", "clock", "replayed"}
        while True:
            try:
                reply = self._reply(sent)
            except TransportFailure as failure:
                if failure.stale and "stale" in again and sent.asked.method != "PATCH":  # of a part some may be there
                    again.discard("stale")
                    sent = send()
                    continue
                raise SyncFailure(Failure.NETWORK, failure.cause, stale=failure.stale) from failure
            server_time = _trusted(reply, key, sent.asked)
            self._set_clock(server_time, sent.at)
            self.newer_keys |= wire.NEWEST_KEY_HEADER.lower() in reply.headers
            if reply.status == 200:
                return _decode(reply.body, answer)
            code = _problem(reply).code
            if code in again:
                again.discard(code)
                sent = send()
                continue
            raise _refusal(reply.status, code)

    def enrol(self, code: str) -> wire.Enrolment:
        """Trade the code for an identity. Raises SyncFailure."""
        public = wire.b64(self._key.public)
        body = msgspec.json.encode(wire.EnrolRequest(code, public))
        asked = wire.Asked(NEW_TERMINAL, "POST", "/v1/enrol", secrets.token_hex(16))
        sent = self._send(asked, body)
        try:
            reply = self._reply(sent)
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
        self._set_clock(_trusted(reply, keys[0], asked), sent.at)
        return enrolment

    def close(self) -> None:
        self._transport.close()

    def interrupt(self) -> None:
        self._transport.interrupt()

    def _send(self, asked: wire.Asked, body: bytes, media: str = wire.JSON, known: str = "") -> _Sent:
        """The request on its way, or waiting for its answer to be wanted. What fails is told there."""
        at = self._clock()
        stamp = int((self._clock() + self.offset).timestamp())
        headers = wire.signed_headers(
            self._key.private, asked.method, asked.target, asked.terminal_id, stamp, asked.nonce, body
        )
        headers["Accept"] = wire.JSON
        if known:
            headers[wire.KEY_HEADER] = known
        if body:
            headers["Content-Type"] = media
        request = (asked.method, asked.target, headers, body, self._policy.allowance(len(body)))
        if not isinstance(self._transport, Ahead):
            return _Sent(asked, at, partial(self._transport.send, *request))
        try:
            return _Sent(asked, at, self._transport.begin(*request))
        except TransportFailure as failure:
            return _Sent(asked, at, partial(_fail, failure))

    def _reply(self, sent: _Sent) -> Reply:
        try:
            return sent.reply()
        finally:
            self.beat()

    def _set_clock(self, server_time: datetime, before: datetime) -> None:
        after = self._clock()
        offset = server_time - (before + (after - before) / 2)
        if abs(offset) > LARGEST_OFFSET:
            raise SyncFailure(Failure.SERVER, "bad-time")
        self.offset, self.heard = offset, True


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request, when it was begun, and what waits for its reply (TransportFailure)."""

    asked: wire.Asked
    at: datetime
    reply: Callable[[], Reply]


def _fail(failure: TransportFailure) -> NoReturn:
    raise failure


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
