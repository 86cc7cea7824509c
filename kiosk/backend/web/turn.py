"""One request of a browser and what is needed to answer it, from whichever room the page is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import anyio.to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from kiosk.backend import log
from kiosk.backend.settings import BackendError
from kiosk.backend.store.engine import StoreBusy
from kiosk.backend.web import forms, tokens
from kiosk.backend.web.headers import dress
from kiosk.backend.web.problems import ElsewhereError, WebError, web_error
from kiosk.backend.web.templating import Words, texts_for, words_for
from kiosk.backend.web.throttle import address_of, take
from kiosk.domain.text import LANGUAGES, Language

if TYPE_CHECKING:
    from kiosk.backend.web.site import Site

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
YEAR = 365 * 86400
SameSite = Literal["lax", "strict"]


@dataclass(slots=True, repr=False)
class Turn:
    """Of one thread. ``holder``: what the tokens of this browser's forms are bound to; "" before that is known."""

    site: Site
    request: Request
    room: str  # whose page it is: where its words are looked for, and the beginning of its addresses
    language: Language
    form: FormData = field(default_factory=FormData)
    holder: str = ""
    _set: list[Callable[[Response], None]] = field(default_factory=list)

    # -- what was asked -------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.site.backend.now()

    @property
    def address(self) -> str:
        """Who asks, for what is counted by it: of one household at the finest."""
        return address_of(self.request, self.site.backend.settings.proxy)

    @property
    def is_fragment(self) -> bool:
        """Whether a script of ours asks, for a part of the page that is shown already."""
        return self.request.headers.get("hx-request") == "true"

    def path(self, name: str) -> str:
        """A part of the address, as the route names it."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    def field(self, name: str, default: str = "") -> str:
        """What a field holds, without what surrounds it and without characters that no line of text has."""
        value = self.form.get(name, default)
        text = value if isinstance(value, str) else default
        return "".join(each for each in text if each.isprintable() or each == "\n").strip()

    def fields(self, name: str) -> list[str]:
        """All of one name, such as the boxes that were ticked."""
        return [value for value in self.form.getlist(name) if isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """Those that were chosen: an input without one sends an empty file. ``.file.read()`` gives the bytes."""
        found = [value for value in self.form.getlist(name) if isinstance(value, UploadFile)]
        return [file for file in found if file.filename or file.size]

    # -- what is answered -----------------------------------------------------------------------------

    def render(self, template: str, status: int = 200, /, **context: Any) -> Response:
        """``template``: of a room, such as ``console/queue.html``; what every page has is added."""
        return Response(self.text(template, **context), status, media_type="text/html; charset=utf-8")

    def text(self, template: str, /, **context: Any) -> str:
        room = template.partition("/")[0]
        statics, prefix = self.site.statics, self.site.prefix_of(self.room)
        common = {
            "w": self.words(room),
            "t": texts_for(self.language),
            "lang": self.language,
            "csrf": self.csrf,
            "static": lambda name: f"{prefix}/static/{statics.names[name]}",
            "here": self.request.url.path,
            "prefix": prefix,
            "staff": getattr(self.request.state, "staff", None),
            "query": self.request.query_params,
        }
        return self.site.templates.get_template(template).render({**common, **context})

    def words(self, room: str = "") -> Words:
        return words_for(self.site.rooms[room or self.room], self.language)

    def redirect(self, path: str) -> Response:
        """To another page of ours, after something was done: what was sent is not sent again by going back."""
        if not path.startswith("/") or path.startswith("//") or "\\" in path:
            raise AssertionError("a page that is none of ours")
        return RedirectResponse(path, 303)

    def csrf(self) -> str:
        """The token for a form of this page; a browser without a cookie gets one."""
        if not self.holder:
            visitor = self.request.cookies.get(tokens.VISITOR, "")
            if not tokens.is_token(visitor):
                visitor = tokens.new_token()
                self.set_cookie(tokens.VISITOR, visitor)
            self.holder = f"visitor {visitor}"
        return tokens.form_token(self.site.key, self.holder)

    def set_cookie(self, name: str, value: str, *, same_site: SameSite = "lax", seconds: int | None = None) -> None:
        """For this site alone, over TLS (or on this machine), for no script; without ``seconds`` until it closes."""

        def apply(response: Response) -> None:
            response.set_cookie(name, value, seconds, path="/", secure=True, httponly=True, samesite=same_site)

        self._set.append(apply)

    def drop_cookie(self, name: str) -> None:
        self._set.append(lambda response: response.delete_cookie(name, path="/", secure=True, httponly=True))

    def finish(self, response: Response) -> Response:
        for apply in self._set:
            apply(response)
        dress(response.headers)
        return response

    def check_form(self) -> None:
        """Raises WebError ``expired`` unless the form is one of ours, shown to this browser."""
        if not self.holder:
            visitor = self.request.cookies.get(tokens.VISITOR, "")
            self.holder = f"visitor {visitor}" if tokens.is_token(visitor) else ""
        given = self.form.get(tokens.FIELD) or self.request.headers.get("x-csrf-token", "")
        if not tokens.is_ours(self.site.key, self.holder, str(given), self.request.headers):
            raise WebError("expired")

    def trouble(self, error: Exception) -> Response:
        """The page for what went wrong, in words; a bug is logged with its place."""
        if isinstance(error, ElsewhereError):
            return self._elsewhere(error.path)
        if isinstance(error, BackendError):
            error = web_error(error)
        if isinstance(error, StoreBusy):
            log.event("store.busy", cause=type(error.__cause__).__name__)
            error = WebError("busy")
        if not isinstance(error, WebError):
            log.fault(error)
            error = WebError("fault")
        response = self.render("web/problem.html", error.status, code=error.code)
        if error.status in (429, 503):
            response.headers["retry-after"] = "30"
        return response

    def _elsewhere(self, path: str) -> Response:
        """A script that asks for a part is told to go there with the whole window."""
        if self.is_fragment:
            return Response(status_code=204, headers={"hx-redirect": path})
        return self.redirect(path)


Work = Callable[[Turn], Response]
Guard = Callable[[Turn], None]


class Page(Route):
    """A route of pages: `work` is called in a thread, once the form is read, the guard content, and the form ours.

    ``guard`` sees to who asks, sets ``turn.holder`` and what it found in ``turn.request.state``, and raises WebError
    or ElsewhereError otherwise. ``limit``: bytes of a body; ``files``: how many may be sent along.
    """

    def __init__(
        self, path: str, work: Work, *, methods: Collection[str] = ("GET",), guard: Guard | None = None,
        limit: int = forms.SMALL, files: int = 0,
    ) -> None:  # fmt: skip
        self.work, self.guard, self.limit, self.files = work, guard, limit, files
        super().__init__(path, _Answering(self), methods=list(methods), include_in_schema=False)

    def answer(self, turn: Turn) -> Response:
        if self.guard is not None:
            self.guard(turn)
        if turn.request.method not in SAFE:
            turn.check_form()
        return self.work(turn)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Another method than those of the page is refused by a page of ours, not by the framework around us."""
        wrong = self.methods is not None and scope["method"] not in self.methods
        await (Refusing("method").app if wrong else self.app)(scope, receive, send)


class Refusing(Page):
    """In place of a page that there is not: what was sent is not looked at."""

    def __init__(self, code: str) -> None:
        super().__init__("/", self.answer)
        self._code = code

    def answer(self, turn: Turn) -> Response:
        raise WebError(self._code)


class _Answering:
    """An ASGI application for one Page, so that Starlette makes nothing of its own around it."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.monotonic()
        site: Site = scope["state"]["site"]
        turn = new_turn(site, Request(scope, receive))
        page = self._page
        try:
            take(site.rates, turn.address)
            limit = forms.SMALL if turn.request.method in SAFE else page.limit  # who only looks waits for no place
            async with site.places.place(turn.address, large=limit > forms.SMALL):
                body = await forms.body_of(turn.request, limit, site.backend.settings.body_seconds)
                if turn.request.method not in SAFE and not isinstance(page, Refusing):
                    turn.form = await forms.form_in(turn.request.headers, body, page.files)
                response = await anyio.to_thread.run_sync(answered, page.answer, turn)
        except forms.Gone:
            return
        except WebError as error:
            response = turn.finish(turn.trouble(error))
        finally:
            await turn.form.close()  # files that came along, in memory
        site.note(turn, page.path, response.status_code, time.monotonic() - started)
        await response(scope, receive, send)


def answered(answer: Work, turn: Turn) -> Response:
    """In a thread, for a store is waited for and templates take their time."""
    try:
        response = answer(turn)
    except Exception as error:
        response = turn.trouble(error)
    return turn.finish(response)


def new_turn(site: Site, request: Request) -> Turn:
    turn = Turn(site, request, site.room_of(request.url.path), _language(request))
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        turn.set_cookie(tokens.LANGUAGE, asked, seconds=YEAR)
    return turn


def _language(request: Request) -> Language:
    """What was asked for on this page or an earlier one, else what the browser prefers; Chinese for whoever says
    neither."""
    for said in (request.query_params.get("lang"), request.cookies.get(tokens.LANGUAGE)):
        if said in LANGUAGES:
            return "en" if said == "en" else "zh_CN"
    first = request.headers.get("accept-language", "").partition(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh_CN"
