"""A visit's inbox at the backend, for pictures that the citizen's telephone sends (kiosk/backend/inboxes.py).

The token in the code and the key that pictures are sealed to are made here, for one inbox, and forgotten with it: the
backend knows the token's hash and the key's public half. What was fetched is erased there with the next question.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass

import msgspec

from kiosk import suites, wire
from kiosk.sync.aside import Aside, Client
from kiosk.sync.policy import Failure, SyncFailure
from kiosk.sync.transport import Transport

TARGET = "/v1/inboxes"
SECONDS = 8.0  # for one exchange
TOKEN_BYTES = 16
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """``url``: what the code says, with the token. ``seconds``: for how long it is good."""

    inbox: str
    private: bytes
    url: str
    seconds: int


@dataclass(frozen=True, slots=True, repr=False)
class News:
    """``seq`` and ``jpeg``: the first picture that was not fetched; 0 and empty for none. ``number``: of its sender."""

    open: bool
    active: bool = False
    number: int = 0
    seq: int = 0
    jpeg: bytes = b""


class Inboxes(Aside):
    """One at a time: another one ends it at the backend. ``pages``: what the token is added to (Place.send_url)."""

    def __init__(self, transport: Transport, client: Client, pages: str, *, seconds: float = SECONDS) -> None:
        super().__init__(transport, client, seconds)
        self._pages = pages

    def open(self) -> Opened:
        """Raises SyncFailure; ``no-inbox`` where telephones do not reach the backend."""
        enrolment = self._enrolled()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        inbox = hashlib.sha256(token.encode()).hexdigest()
        private, public = suites.of_key(wire.unb64(enrolment.sealing_key)).new_sealing_pair()
        body = msgspec.json.encode(wire.InboxRequest(inbox, wire.b64(public)))
        reply = self._call(enrolment, "POST", TARGET, body, wire.InboxReply)
        return Opened(inbox, private, self._pages + token, reply.seconds)

    def news(self, opened: Opened, after: int) -> News:
        """``after``: the last picture that is here; those up to it are erased at the backend. Raises SyncFailure."""
        target = f"{TARGET}/{opened.inbox}?after={after}"
        said = self._call(self._enrolled(), "GET", target, b"", wire.InboxNews)
        if not said.open:
            return News(open=False)
        if said.seq <= after:
            return News(open=True, active=said.active, number=said.number)
        try:
            info = wire.inbox_info(opened.inbox, said.seq)
            jpeg = suites.of_key(opened.private).unseal(wire.unb64(said.sealed), opened.private, info)
        except (suites.NotOpened, ValueError):
            raise SyncFailure(Failure.SERVER, "bad-json") from None
        if not jpeg.startswith(_JPEG):
            raise SyncFailure(Failure.SERVER, "bad-json")
        return News(open=True, active=said.active, number=said.number, seq=said.seq, jpeg=jpeg)

    def shut(self, opened: Opened) -> None:
        """Where the backend is not reached it ends there by itself; what lies in it nobody can open any more."""
        with contextlib.suppress(SyncFailure):
            self._call(self._enrolled(), "DELETE", f"{TARGET}/{opened.inbox}", b"", wire.InboxNews)

    def _enrolled(self) -> wire.Enrolment:
        enrolment = self._client.enrolment
        if enrolment is None:
            raise SyncFailure(Failure.SERVER, "not-enrolled")
        return enrolment
