"""The published list: whose keys sign papers, and which papers count no more. A JWS (RFC 7515, compact; RFC 8037).

Signed by the backend's newest key; the list carries the epochs that lead to it from the first, each endorsed by the
one before, so that who knows the first key (``root``) can check a list wherever it comes from. It names no person: a
revoked paper stands there as the hash of its case's id.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from kiosk import wire
from kiosk.papers import signing

TYPE = "kiosk-papers"
NAMES = {signing.EDDSA: "EdDSA", signing.SM2: "SM2"}  # of algorithms in the header; the second is our own
LIFE = timedelta(days=1)  # after which another list should be there
LONGEST = 64 * 1024 * 1024  # characters


@dataclass(frozen=True, slots=True)
class PaperKey:
    """A terminal's key: good for papers printed from ``since`` until ``until`` ("" for now); ISO 8601.

    ``withdrawn`` is set where the terminal was withdrawn: whoever has its key can write any date. ``replaced`` is when
    the backend took the next key, ``until`` when the terminal was first heard with it: where the answer was lost, it
    prints with this one meanwhile, for as long as it is off line.
    """

    kid: str
    terminal: str
    key: str  # base64
    since: str
    until: str = ""
    withdrawn: str = ""
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class RevokedPaper:
    """``serial``: 16 hex digits (kiosk.papers.statement.serial_of). ``why``: a cause of kiosk.domain.late.

    ``effect``: ``void`` (counts no more), ``exchange`` (its content holds, the paper is to be exchanged) or
    ``replaced`` (a corrected version has taken its place). ``kind``: of the papers of this serial that are meant; ""
    for all.
    """

    serial: str
    since: str
    why: str
    effect: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SealKey:
    """A seal that electronic certificates bear, from ``since`` on. ``certificate``: X.509, DER, base64.

    ``sm2``: the public key of what lies beside the PDF, base64, or "". ``withdrawn``: since when nothing that bears it
    is believed, whatever day it says. ``sample``: for trying out.
    """

    authority: str
    certificate: str
    since: str
    sm2: str = ""
    withdrawn: str = ""
    sample: bool = False


@dataclass(frozen=True, slots=True)
class ServiceName:
    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PaperList:
    """As of ``issued_at``; another one is due by ``next_at``. ``epochs`` are the backend's keys, oldest first."""

    issued_at: str
    next_at: str
    epochs: list[wire.KeyEpoch]
    keys: list[PaperKey]
    revoked: list[RevokedPaper]
    services: list[ServiceName] = field(default_factory=list)
    phone: str = ""
    format: int = 1
    seals: list[SealKey] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.epochs[0].signing_key

    def key(self, kid: str) -> PaperKey | None:
        return next((key for key in self.keys if key.kid == kid), None)

    def revocation(self, serial: bytes, kind: str) -> RevokedPaper | None:
        return next((row for row in self.revoked if row.serial == serial.hex() and row.kind in ("", kind)), None)

    def age(self, now: datetime) -> timedelta:
        return now - datetime.fromisoformat(self.issued_at)


class BadList(Exception):
    """``code``: ``list-damaged``, ``list-not-signed``, ``list-other-root``. ``advice`` says what to do."""

    retryable = False
    advice = "Get the list again from the office that publishes it."

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def signed(made: PaperList, private_key: bytes) -> str:
    """The list as a compact JWS, signed by the newest epoch's key."""
    head = {"alg": NAMES[signing.algorithm(private_key)], "typ": TYPE, "kid": wire.key_id(wire.public_of(private_key))}
    parts = f"{_b64url(msgspec.json.encode(head))}.{_b64url(msgspec.json.encode(made))}"
    return f"{parts}.{_b64url(signing.sign(private_key, parts.encode()))}"


def read(text: str, root: bytes | None = None) -> PaperList:
    """The list, its signature and its chain of keys checked. Raises BadList.

    ``root``: the backend's first signing key, learnt by another way. Without it the list vouches for itself alone.
    """
    head, payload, signature = _parts(text)
    try:
        if head["typ"] != TYPE or len(head) != 3:
            raise BadList("list-damaged")
        found = msgspec.json.decode(payload, type=PaperList)
        if found.format != 1 or not found.epochs:
            raise BadList("list-damaged")
        of_keys = (moment for key in found.keys for moment in (key.since, key.until, key.replaced) if moment)
        moments = [found.issued_at, found.next_at, *of_keys]
        if any(datetime.fromisoformat(text).tzinfo is None for text in moments):
            raise BadList("list-damaged")
        if root is not None and wire.unb64(found.root) != root:
            raise BadList("list-other-root")
        newest = _newest(found.epochs)
        if head["kid"] != wire.key_id(newest) or head["alg"] != NAMES[signing.algorithm(newest)]:
            raise BadList("list-not-signed")
        signing.verify(newest, text.strip().rpartition(".")[0].encode(), signature)
    except (wire.BadSignature, UnicodeEncodeError) as error:
        raise BadList("list-not-signed") from error
    except (msgspec.MsgspecError, LookupError, ValueError, RecursionError) as error:
        raise BadList("list-damaged") from error
    return found


def _newest(epochs: list[wire.KeyEpoch]) -> bytes:
    """The last epoch's key, reached from the first by endorsements. Raises BadSignature, ValueError."""
    known = wire.unb64(epochs[0].signing_key)
    for epoch in epochs[1:]:
        wire.verify(known, epoch.canonical(), epoch.endorsement)
        known = wire.unb64(epoch.signing_key)
    return known


def _parts(text: str) -> tuple[dict[str, str], bytes, bytes]:
    parts = text.strip().split(".")
    if len(parts) != 3 or len(text) > LONGEST:
        raise BadList("list-damaged")
    try:
        head, payload, signature = (_unb64url(part) for part in parts)
        return msgspec.json.decode(head, type=dict[str, str]), payload, signature
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise BadList("list-damaged") from error


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _unb64url(text: str) -> bytes:
    data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _b64url(data) != text:  # spare bits
        raise ValueError("not base64url")
    return data
