"""Pictures by telephone: the terminal shows a code, the citizen's telephone sends, and every picture is looked at here
before it counts as a page of the material, as if it had been scanned.

The inbox at the backend is open exactly while the page is: however the page is left, what was not kept is forgotten,
and the code is worth nothing any more. A telephone that is being used holds the page's time, no touch is asked for.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import CloseInbox, Effect, OpenInbox, ReadPage
from kiosk.visit.events import (
    BackPressed,
    CodeRenewed,
    Event,
    InboxFailed,
    InboxOpened,
    NextPressed,
    PhonePressed,
    PhoneSeen,
    PictureSent,
    RetakePressed,
)
from kiosk.visit.materials import mark_of, spec_of
from kiosk.visit.scanning import leave, pages_of
from kiosk.visit.states import State
from kiosk.visit.table import Result, go, late, on, stay
from kiosk.visit.visit import Now, Visit

SEEN = 0.4
"""Seconds until a picture that has just come into sight can be kept: a touch before that was meant for what stood in
its place, for "all sent" or for the picture before it."""
MOST = 12 << 20
"""Bytes of all pages of a visit, up to which one by telephone is kept: a case holds 16 MB (kiosk/journal/reserve.py),
pages under the camera may follow, and nobody is to hear of it after having signed."""


def offered(visit: Visit) -> str:
    """``can``, ``offline`` (there would be, with a line), "" where telephones do not reach this terminal's backend."""
    if not visit.machine.phone_pages:
        return ""
    return "can" if visit.machine.online else "offline"


def used(visit: Visit, event: Event) -> bool:
    """Whether the telephone is being used: the page's time starts again as with a touch."""
    return visit.state is State.UPLOAD and isinstance(event, PhoneSeen | PictureSent) and event.turn == visit.inbox


def full(visit: Visit) -> bool:
    return len(pages_of(visit)) >= spec_of(visit).pages


def _fits(visit: Visit, page: bytes) -> bool:
    return sum(len(each) for pages in visit.pages.values() for each in pages) + len(page) <= MOST


def mind(before: Visit, after: Visit) -> tuple[Visit, tuple[Effect, ...]]:
    """The inbox is open while its page is shown."""
    here, there = after.state is State.UPLOAD, before.state is State.UPLOAD
    if here and not there:
        return _waiting(after)
    if there and not here:
        return replace(after, code="", arrived=(), sender=0), (CloseInbox(),)
    return after, ()


def _waiting(visit: Visit) -> tuple[Visit, tuple[Effect, ...]]:
    turn = visit.inbox + 1
    return replace(visit, inbox=turn, code="", arrived=(), sender=0, problem=""), (OpenInbox(turn),)


@on(PhonePressed, State.MATERIAL)
def by_phone(visit: Visit, event: PhonePressed, now: Now) -> Result:
    if offered(visit) != "can" or visit.scan == "taking" or full(visit):
        return stay(visit)
    return go(visit, State.UPLOAD)


@on(CodeRenewed, State.UPLOAD)
def renew(visit: Visit, event: CodeRenewed, now: Now) -> Result:
    """Another code: what came by the old one and was not kept is forgotten. Also once more where there was a fault."""
    after, opening = _waiting(visit)
    return after, (CloseInbox(), *opening)


@on(InboxOpened, State.UPLOAD)
def opened(visit: Visit, event: InboxOpened, now: Now) -> Result:
    return stay(visit, code=event.url, problem="") if event.turn == visit.inbox else stay(visit)


@on(InboxFailed, State.UPLOAD)
def failed(visit: Visit, event: InboxFailed, now: Now) -> Result:
    """What has arrived can be looked at still."""
    return stay(visit, code="", problem=event.why) if event.turn == visit.inbox else stay(visit)


@on(PhoneSeen, State.UPLOAD)
def seen(visit: Visit, event: PhoneSeen, now: Now) -> Result:
    return stay(visit)


@on(PictureSent, State.UPLOAD)
def arrived(visit: Visit, event: PictureSent, now: Now) -> Result:
    if event.turn != visit.inbox:
        return stay(visit)
    in_sight = visit.in_sight if visit.arrived else now.monotonic
    return stay(visit, arrived=(*visit.arrived, event.jpeg), sender=event.number, in_sight=in_sight)


@on(NextPressed, State.UPLOAD)
def keep(visit: Visit, event: NextPressed, now: Now) -> Result:
    """Keep the picture that is looked at, or say that it does not fit; where there is none, all is sent."""
    if not visit.arrived:
        return leave(visit) if pages_of(visit) else stay(visit)
    if _too_soon(visit, now):
        return stay(visit)
    spec, page = spec_of(visit), visit.arrived[0]
    if not _fits(visit, page):
        return stay(visit, arrived=visit.arrived[1:], in_sight=now.monotonic, problem="large")
    reads = bool(spec.document) and visit.machine.page_reader and visit.errand is None
    effects: tuple[Effect, ...] = (ReadPage(spec.key, spec.document, page),) if reads else ()
    kept = replace(
        visit, arrived=visit.arrived[1:], in_sight=now.monotonic, by_phone=visit.by_phone | {mark_of(page)},
        pages={**visit.pages, spec.key: (*pages_of(visit), page)}, readings=visit.readings + len(effects),
    )  # fmt: skip
    return go(kept, State.MATERIAL, *effects, scan="taken") if full(kept) else stay(kept, *effects)


@on(RetakePressed, State.UPLOAD)
def drop(visit: Visit, event: RetakePressed, now: Now) -> Result:
    """Not this one: it is forgotten at once."""
    if _too_soon(visit, now):
        return stay(visit)
    return stay(visit, arrived=visit.arrived[1:], in_sight=now.monotonic)


def _too_soon(visit: Visit, now: Now) -> bool:
    """A touch that was meant for what stood there before."""
    return now.monotonic - visit.in_sight < SEEN


@on(BackPressed, State.UPLOAD)
def back(visit: Visit, event: BackPressed, now: Now) -> Result:
    """To the document camera. Pages that were kept stay; the others never were."""
    return go(visit, State.MATERIAL, scan="taken" if pages_of(visit) else "")


late(PhonePressed, but=(State.MATERIAL,))
late(CodeRenewed, InboxOpened, InboxFailed, PhoneSeen, PictureSent, but=(State.UPLOAD,))
