"""Pictures sent by telephone into a visit that waits at a terminal (kiosk/backend/inboxes.py).

The code on the terminal's screen leads to `/p/send/TOKEN`; there the token is changed for a cookie, and the address
says nothing any more. Whoever has it may send, and is shown nothing of the visit: no name, no matter, no picture. What
arrives counts once the citizen has looked at it on the terminal and kept it.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from dataclasses import dataclass
from functools import partial

from starlette.responses import Response
from starlette.routing import BaseRoute

from kiosk.backend.core import Backend
from kiosk.backend.inboxes import LARGEST, LIFE, Inbox, hash_of
from kiosk.backend.public import uploads
from kiosk.backend.public.uploads import NotTakenError
from kiosk.backend.web import tokens
from kiosk.backend.web.throttle import take
from kiosk.backend.web.turn import Page, Turn

COOKIE = "__Host-kiosk-send"
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")  # 128 bits in base64, as a URL takes it
AT_ONCE = 8  # files of one form
FORM = 24 * 1024 * 1024  # bytes of it
ACCEPT = "image/jpeg,image/png,application/pdf"  # an iPhone that is asked for JPEG makes one of its HEIC
QUALITIES = (70, 55, 40)  # of a picture that is too large as it was made first
_OPENS = (30 / 60, 30)  # codes looked up a second of one address, and at once: many share one address
_SENDS = (30 / 60, 40)  # forms with files
_USE = b"kiosk-send-v1"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a browser keeps: which inbox, who it is by chance, and the number that it shows."""

    inbox: str
    phone: str
    number: int


def routes(backend: Backend) -> list[BaseRoute]:
    return [
        Page("/p/send", partial(_send, backend=backend), methods=("GET", "POST"), limit=FORM, files=AT_ONCE),
        Page("/p/send/state", partial(_state, backend=backend)),
        Page("/p/send/{token}", partial(_opened, backend=backend)),
    ]


def _opened(turn: Turn, backend: Backend) -> Response:
    """The code was scanned. That alone claims nothing: a messenger looks at an address before its user does."""
    take(turn.site.throttle("send-open", *_OPENS), turn.address)
    token = turn.path("token")
    known = ticket(turn)
    phone = "" if known is None else known.phone
    inbox = backend.inboxes.look(hash_of(token), phone) if TOKEN.fullmatch(token) else None
    if inbox is None:
        return _over(turn)
    if known is None or known.inbox != inbox.inbox:
        _admit(turn, Ticket(inbox.inbox, secrets.token_hex(16), 10 + secrets.randbelow(90)))
    return turn.redirect("/p/send")


def _send(turn: Turn, backend: Backend) -> Response:
    own = ticket(turn)
    inbox = None if own is None else backend.inboxes.look(own.inbox, own.phone)
    if own is None or inbox is None:
        return _over(turn)
    if turn.request.method != "POST":
        return _page(turn, own, inbox)
    take(turn.site.throttle("send", *_SENDS), turn.address)
    try:
        pictures = _pictures(turn, inbox)
        said = backend.inboxes.put(own.inbox, own.phone, own.number, pictures)
    except NotTakenError as error:
        return _answer(turn, own, inbox, error=error.code)
    if said == "closed":
        return _over(turn)
    after = backend.inboxes.look(own.inbox, own.phone) or inbox
    return _answer(turn, own, after, error="" if said == "taken" else said, sent=len(pictures))


def _state(turn: Turn, backend: Backend) -> Response:
    """For the page's script: whether it is open still, and how much of what was sent has been fetched."""
    own = ticket(turn)
    inbox = None if own is None else backend.inboxes.look(own.inbox, own.phone)
    return _json({"open": inbox is not None, "waiting": 0 if inbox is None else inbox.waiting})


def _pictures(turn: Turn, inbox: Inbox) -> list[bytes]:
    """What was chosen, as it is handed to the terminal: JPEG, each page of a PDF one. Raises NotTakenError."""
    files = turn.files("paper")
    if not files:
        raise NotTakenError("none")
    if len(files) > AT_ONCE:
        raise NotTakenError("many")
    pictures: list[bytes] = []
    for file in files:
        media_type, data = uploads.cleaned(file.file.read())
        room = inbox.room - len(pictures)
        if room <= 0:
            raise NotTakenError("full")
        pictures += [_fitting(data)] if media_type == uploads.JPEG else _sheets(data, room)
    return pictures


def _sheets(pdf: bytes, most: int) -> list[bytes]:
    from kiosk.documents.sheets import NotDrawnError, drawn

    try:
        return [_fitting(page) for page in drawn(pdf, most, uploads.SIDE, uploads.QUALITY)]
    except NotDrawnError as error:
        raise NotTakenError(error.code) from None


def _fitting(jpeg: bytes) -> bytes:
    """Small enough for one answer to the terminal: nearly every page is. Raises NotTakenError."""
    for quality in QUALITIES:
        if len(jpeg) <= LARGEST:
            break
        out = io.BytesIO()
        uploads.opened(jpeg).save(out, "JPEG", quality=quality, optimize=True)  # type: ignore[attr-defined]  # a PIL image
        jpeg = out.getvalue()
    if len(jpeg) > LARGEST:
        raise NotTakenError("size")
    return jpeg


# -- what the page says ---------------------------------------------------------------------------------


def _page(turn: Turn, own: Ticket, inbox: Inbox, *, error: str = "", sent: int = 0) -> Response:
    other = inbox.phone not in ("", own.phone)
    return turn.render(
        "public/send.html", 422 if error else 200, number=own.number, error="other" if other else error, sent=sent,
        other=other, full=inbox.room <= 0, accept=ACCEPT, each=AT_ONCE,
        megabytes=uploads.LARGEST // 1024 // 1024,
    )  # fmt: skip


def _answer(turn: Turn, own: Ticket, inbox: Inbox, *, error: str = "", sent: int = 0) -> Response:
    """A page; for the page's own script, which sends file by file, one word and what it means."""
    if "application/json" not in turn.request.headers.get("accept", ""):
        return _page(turn, own, inbox, error=error, sent=0 if error else sent)
    words = turn.words()
    said = words(f"upload.{error}") if error else words("send.arrived")
    return _json({"ok": not error, "open": True, "said": said}, 422 if error else 200)


def _over(turn: Turn) -> Response:
    """No inbox, or none any more: which of both is nobody's business."""
    turn.drop_cookie(COOKIE)
    if "application/json" in turn.request.headers.get("accept", ""):
        return _json({"ok": False, "open": False, "said": turn.words()("send.over-lead")}, 410)
    return turn.render("public/sent_over.html", 410)


def _json(said: dict[str, object], status: int = 200) -> Response:
    return Response(json.dumps(said, ensure_ascii=False).encode(), status, media_type="application/json")


# -- what the browser keeps -----------------------------------------------------------------------------


def _admit(turn: Turn, own: Ticket) -> None:
    value = cookie_of(turn.site.backend, own)
    turn.set_cookie(COOKIE, value, seconds=LIFE)  # lax: scanned from elsewhere, the page itself is asked for next


def cookie_of(backend: Backend, own: Ticket) -> str:
    return tokens.signed(_key(backend), own.inbox, own.phone, str(own.number))


def ticket(turn: Turn) -> Ticket | None:
    """What this browser was given; None for nothing, or something else."""
    parts = tokens.parts_of(_key(turn.site.backend), turn.request.cookies.get(COOKIE, ""))
    return Ticket(parts[0], parts[1], int(parts[2])) if parts else None


def _key(backend: Backend) -> bytes:
    return tokens.key_from(backend.keys.epochs[0].sealing_private, _USE)
