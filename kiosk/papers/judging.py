"""Whether a paper's mark is genuine, by a published list. Pure: the list, the moment and the mark decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from kiosk import wire
from kiosk.papers import mark as marks
from kiosk.papers.cose import BadMark
from kiosk.papers.listing import PaperKey, PaperList, RevokedPaper
from kiosk.papers.statement import Statement, moment

SKEW = timedelta(minutes=10)  # a terminal's clock and the backend's, at the edges of a key's time


class Verdict(Enum):
    GENUINE = "genuine"  # signed by a terminal of this office; not revoked as of the list
    ALTERED = "altered"  # not what any terminal has signed
    REVOKED = "revoked"  # genuine once; counts no more, or its terminal was withdrawn
    UNKNOWN_KEY = "unknown-key"  # nobody in this list has signed it: another office, a newer terminal, a forgery
    REPLACED_KEY = "replaced-key"  # signed with a key that its terminal had given up before the paper's date
    UNVOUCHED = "unvouched"  # it fits the list, and nobody vouches for the list: anyone can have made both
    NO_MARK = "no-mark"


@dataclass(frozen=True, slots=True)
class Judgement:
    """``notes``: message keys of what else is to be known: ``copy test provisional list-older-than-paper list-old
    key-withdrawn key-out-of-time key-changing exchange replaced``. ``statement`` is None where nothing said can be
    believed.
    """

    verdict: Verdict
    statement: Statement | None = None
    key: PaperKey | None = None
    revocation: RevokedPaper | None = None
    notes: tuple[str, ...] = ()


def judge(text: str, published: PaperList, now: datetime) -> Judgement:
    """``text``: what the code holds. Never raises for what somebody may have printed."""
    try:
        found = marks.parse(text)
    except marks.NoMark:
        return Judgement(Verdict.NO_MARK)
    except BadMark:
        return Judgement(Verdict.ALTERED)
    said = found.statement
    notes = _notes(said, published, now)
    key = published.key(found.signed.kid)
    if key is None:
        return Judgement(Verdict.UNKNOWN_KEY, notes=notes)
    try:
        found.signed.verify(wire.unb64(key.key))
    except (BadMark, ValueError):
        return Judgement(Verdict.ALTERED)
    printed = moment(said.printed_at)
    if printed < datetime.fromisoformat(key.since) - SKEW:
        return Judgement(Verdict.UNKNOWN_KEY, said, key, notes=(*notes, "key-out-of-time"))
    if _after(printed, key.until):
        return Judgement(Verdict.REPLACED_KEY, said, key, notes=notes)
    if _after(printed, key.replaced):
        notes = (*notes, "key-changing")
    # the notice is what came of it
    revoked = published.revocation(said.serial, said.kind) if said.kind != "notice" else None
    if revoked is not None:
        more = (revoked.effect,) if revoked.effect in ("exchange", "replaced") else ()
        return Judgement(Verdict.REVOKED, said, key, revoked, (*notes, *more))
    if key.withdrawn:
        return Judgement(Verdict.REVOKED, said, key, notes=(*notes, "key-withdrawn"))
    return Judgement(Verdict.GENUINE, said, key, notes=notes)


def _notes(said: Statement, published: PaperList, now: datetime) -> tuple[str, ...]:
    found = []
    if said.test:
        found.append("test")
    if said.copy:
        found.append("copy")
    if said.rung == "provisional":
        found.append("provisional")
    if moment(said.printed_at) > datetime.fromisoformat(published.issued_at):
        found.append("list-older-than-paper")
    if now > datetime.fromisoformat(published.next_at):
        found.append("list-old")
    return tuple(found)


def _after(printed: datetime, end: str) -> bool:
    return bool(end) and printed > datetime.fromisoformat(end) + SKEW
