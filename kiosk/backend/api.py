"""The routes. Thin: who is asking was settled at the gate, what is done stands in core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from kiosk import __version__, wire
from kiosk.backend.core import Backend
from kiosk.backend.gate import Gate
from kiosk.backend.once import Once
from kiosk.backend.problems import CATALOGUE, MEDIA_TYPE, Refusal
from kiosk.backend.publishing import KNOWN
from kiosk.backend.quick import HashRoute, QuickRoute
from kiosk.backend.schema import CURSOR, HASH, ID, document
from kiosk.backend.settings import Settings
from kiosk.backend.store.terminals import Terminal

WORKERS = 16  # threads for the store: those who wait for its one writer share his next commit (grouping.py)


def _answers(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The documented refusals of a route, one per status."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, "bad-request", "bad-encoding", "slow-body", "too-large", "bad-fields", "fault", "store-busy"):
        status, message, _, _ = CATALOGUE[code]
        entry = found.setdefault(
            status,
            {"description": "", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}},
        )
        entry["description"] = f"{entry['description']} {code}: {message}".strip()
    return found


_AUTH = ("unsigned", "bad-signature", "unknown-terminal", "clock", "replayed", "terminal-revoked",
         "too-many-requests")  # fmt: skip
_BYTES = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

Digest = Annotated[str, Path(pattern=HASH)]

router = APIRouter()
batches = APIRouter(route_class=QuickRoute)
uploads = APIRouter(route_class=HashRoute)


def _backend(request: Request) -> Backend:
    backend: Backend = request.app.state.backend
    return backend


def _terminal(request: Request) -> Terminal:
    terminal: Terminal = request.state.terminal
    return terminal


def _once(request: Request) -> Once:
    """The nonce, for a route that spends it in the transaction of its work (gate.py names them)."""
    once: Once = request.state.once
    return once


@router.post(
    "/v1/enrol",
    responses=_answers(
        "unsigned",
        "bad-signature",
        "code-refused",
        "code-used",
        "code-expired",
        "key-taken",
        "suite-not-served",
        "too-many-codes",
    ),
    tags=["terminal"],
)
def enrol(request: Request, body: wire.EnrolRequest) -> wire.Enrolment:
    """Trade a one-time code for an identity. Signed by the key in the body; idempotent for the same code and key."""
    address = request.client.host if request.client is not None else ""
    return _backend(request).enrol(body.code, body.public_key, address)


@batches.post("/v1/items", responses=_answers(*_AUTH, "too-many-items"), tags=["terminal"])
def push(request: Request, body: wire.PushRequest) -> wire.PushReply:
    """Push a batch of sealed items. Idempotent by id and hash; one answer per item, in the batch's order.

    The same may come as application/msgpack, with ``sealed`` as bytes.
    """
    return _backend(request).push(_terminal(request), body.items, _once(request))


@uploads.put(
    "/v1/materials/{digest}",
    responses=_answers(*_AUTH, "hash-mismatch", "not-found"),
    openapi_extra={"requestBody": _BYTES},
    tags=["terminal"],
)
async def put_material(request: Request, digest: Digest) -> wire.MaterialReply:
    """Store a sealed material under the SHA-256 of its bytes. Idempotent."""
    data = await request.body()
    backend, terminal = _backend(request), _terminal(request)
    store = partial(backend.store_material, hashed=request.state.sha256)
    return await anyio.to_thread.run_sync(store, terminal, digest, data, _once(request))


@router.get("/v1/materials/{digest}", responses=_answers(*_AUTH, "hash-mismatch", "not-found"), tags=["terminal"])
def material_offset(request: Request, digest: Digest) -> wire.MaterialReply:
    """How much of a sealed material is here: ``duplicate`` when it is whole, else ``partial`` and where to go on."""
    return _backend(request).material_offset(_terminal(request), digest)


@router.patch(
    "/v1/materials/{digest}",
    responses=_answers(*_AUTH, "hash-mismatch", "offset-differs", "not-found"),
    openapi_extra={"requestBody": _BYTES | {"required": False}},
    tags=["terminal"],
)
async def append_material(
    request: Request,
    digest: Digest,
    offset: Annotated[int, Query(ge=0, le=wire.MAX_MATERIAL_BYTES)],
    size: Annotated[int, Query(ge=1, le=wire.MAX_MATERIAL_BYTES)],
) -> wire.MaterialReply:
    """Add the body to a sealed material of ``size`` bytes at ``offset``, which is where the bytes that are here end.

    What was answered is not sent again. With the last byte the whole is checked against its hash and stored as by PUT.
    """
    data = await request.body()
    backend, terminal = _backend(request), _terminal(request)
    return await anyio.to_thread.run_sync(backend.append_material, terminal, digest, offset, size, data, _once(request))


@router.post(
    "/v1/blocks",
    responses=_answers(*_AUTH, "bad-count", "request-differs", "numbers-exhausted", "too-many-reserved"),
    tags=["terminal"],
)
def reserve(request: Request, body: wire.BlockRequest) -> wire.NumberBlock:
    """Reserve a block of numbers for this terminal. Idempotent by request_id."""
    return _backend(request).reserve(_terminal(request), body)


@router.get("/v1/results", responses=_answers(*_AUTH), tags=["terminal"])
def results(request: Request, since: Annotated[str, Query(pattern=CURSOR)] = "") -> wire.ResultsReply:
    """Results of this terminal's cases after the cursor ``since`` (digits; empty: from the beginning)."""
    return _backend(request).results_since(_terminal(request), since)


@router.post("/v1/person-cases", responses=_answers(*_AUTH, "not-sealed"), tags=["terminal"])
def person_cases(request: Request, body: wire.PersonCasesRequest) -> wire.PersonCasesReply:
    """The cases of the person who stands at this terminal, of whatever terminal they are. Sealed both ways."""
    return _backend(request).persons.ask(_terminal(request), body)


@router.post("/v1/queries", responses=_answers(*_AUTH, "not-sealed"), tags=["terminal"])
def query(request: Request, body: wire.QueryRequest) -> wire.QueryReply:
    """What a department's register says of the person who stands at this terminal. Sealed both ways, kept nowhere."""
    backend = _backend(request)
    answer = backend.queries.ask(_terminal(request), body)
    backend.certificates.expect()
    return answer


@router.post("/v1/inboxes", responses=_answers(*_AUTH, "no-inbox", "not-sealed", "request-differs"), tags=["terminal"])
def open_inbox(request: Request, body: wire.InboxRequest) -> wire.InboxReply:
    """Let a telephone send pictures to the visit at this terminal, for minutes. Idempotent; another one ends it."""
    return _backend(request).inboxes.open(_terminal(request), body)


@router.get("/v1/inboxes/{digest}", responses=_answers(*_AUTH), tags=["terminal"])
def inbox_news(
    request: Request, digest: Digest, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> wire.InboxNews:
    """How it stands with this terminal's inbox, and the first picture behind ``after``; those up to it are erased."""
    return _backend(request).inboxes.news(_terminal(request), digest, after)


@router.delete("/v1/inboxes/{digest}", responses=_answers(*_AUTH), tags=["terminal"])
def shut_inbox(request: Request, digest: Digest) -> wire.InboxNews:
    """Erase this terminal's inbox with all that lies in it. Idempotent."""
    return _backend(request).inboxes.shut(_terminal(request), digest)


@router.get(
    "/v1/certificates/{case}",
    response_class=Response,
    responses={
        **_answers(*_AUTH, "no-certificate"),
        200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
    },
    tags=["terminal"],
)
def certificate(request: Request, case: Annotated[str, Path(pattern=ID)], copy: bool = False) -> Response:
    """The sealed certificate of a case that this terminal took, made now where it was not yet.

    ``copy``: it was printed before, so this one says that it is a copy, and which.
    """
    pdf = _backend(request).certificate(_terminal(request), case, copy=copy)
    return Response(pdf, media_type="application/pdf")


@router.post("/v1/checkpoints", responses=_answers(*_AUTH), tags=["terminal"])
def checkpoint(request: Request, body: wire.Checkpoint) -> wire.CheckpointReply:
    """Tell the end of the terminal's audit log; answered with a signed receipt of the newest head. Idempotent."""
    return _backend(request).logs.take(_terminal(request), body)


@router.get("/v1/manifests", responses=_answers(*_AUTH), tags=["terminal"])
def manifests(
    request: Request, known: Annotated[str, Query(pattern=KNOWN, description="all.area.terminal; 0: none")] = "0.0.0"
) -> wire.ManifestsReply:
    """The publisher's newest manifests for this terminal, but for those whose version it has."""
    return _backend(request).published.manifests(_terminal(request), known)


@router.get(
    "/v1/artefacts/{digest}",
    response_class=Response,
    responses={
        **_answers(*_AUTH, "not-found"),
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    },
    tags=["terminal"],
)
def artefact_part(
    request: Request,
    digest: Digest,
    offset: Annotated[int, Query(ge=0, le=wire.MAX_ARTEFACT_BYTES)] = 0,
    size: Annotated[int, Query(ge=1, le=wire.MAX_ARTEFACT_PART)] = wire.MAX_ARTEFACT_PART,
) -> Response:
    """Up to ``size`` bytes, from ``offset`` on, of an artefact that a manifest names for this terminal."""
    data = _backend(request).published.part(_terminal(request), digest, offset, size)
    return Response(data, media_type="application/octet-stream")


@router.post("/v1/command-reports", responses=_answers(*_AUTH), tags=["terminal"])
def command_report(request: Request, body: wire.CommandReport) -> wire.CommandReceipt:
    """Tell what became of a command. Idempotent: the first report of a terminal about it is kept."""
    return _backend(request).published.report(_terminal(request), body)


@router.get("/v1/keys", responses=_answers(*_AUTH), tags=["terminal"])
def keys(request: Request) -> wire.KeysReply:
    """The backend's public keys of the terminal's suite, each endorsed by the one before.

    What to seal to, and what to verify with.
    """
    return wire.KeysReply([epoch.public for epoch in _backend(request).keys.of(_terminal(request).suite)])


@router.post(
    "/v1/terminal-key", responses=_answers(*_AUTH, "not-endorsed", "suite-differs", "key-taken"), tags=["terminal"]
)
def change_key(request: Request, body: wire.KeyChange) -> wire.KeyChanged:
    """Give this terminal another key. Signed by the key it has. Idempotent: the new key may ask for it again."""
    return _backend(request).change_key(_terminal(request), body)


@router.post("/v1/entry-secret", responses=_answers(*_AUTH, "not-sealed"), tags=["terminal"])
def entry_secret(request: Request, body: wire.EntrySecretTold) -> wire.EntrySecretKept:
    """Tell the secret of this terminal's entry codes, sealed with wire.entry_secret_info. Idempotent."""
    return _backend(request).entry_codes.take(_terminal(request), body)


@router.get("/healthz", responses=_answers(), tags=["operator"])
def healthz(request: Request) -> dict[str, str]:
    """Whether the store answers. Version and time; open to everybody."""
    backend = _backend(request)
    backend.check()
    return {"status": "ok", "version": __version__, "server_time": backend.now().isoformat()}


@router.get(
    "/metrics",
    response_class=Response,
    responses={**_answers(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    tags=["operator"],
)
def metrics(request: Request) -> Response:
    """Prometheus text."""
    backend = _backend(request)
    text = backend.metrics.text(backend.gauges())
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def create_app(settings: Settings) -> FastAPI:
    """The application: opens (or makes) store, keys and blob folder. Raises BackendError."""
    backend = Backend(settings)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = WORKERS
        try:
            yield
        finally:
            backend.close()

    app = FastAPI(
        title="Kiosk 7×24 backend",
        version=__version__,
        description="Takes sealed cases from terminals. Every /v1 request is signed by the terminal, every reply by "
        "the backend: see kiosk/wire.py.",
        docs_url=None,  # the viewers load scripts from elsewhere
        redoc_url=None,
        lifespan=life,
    )
    app.state.backend = backend
    # as they are: `include_router` would make each of them anew, with the first request that comes (0.12 s)
    app.router.routes.extend((*batches.routes, *uploads.routes, *router.routes))
    app.add_middleware(Gate, backend=backend)
    if settings.connectors:
        from kiosk.backend.connectors.callback import Callbacks

        app.add_middleware(Callbacks, connectors=backend.connectors, now=backend.now)
    if settings.console:
        from kiosk.backend.web.beside import Beside

        if settings.sign_in:
            from kiosk.backend.oidc.config import rules_of

            rules_of(settings)  # what is wrong with the file is said now

        app.add_middleware(Beside, backend=backend)
    _handle_refusals(app, backend)
    document(app)
    return app


def _handle_refusals(app: FastAPI, backend: Backend) -> None:
    def answer(code: str, headers: Any = None) -> Response:
        ready = Refusal(code).answer(backend.now())
        backend.metrics.count("kiosk_refusals_total", code=code)
        return Response(ready.body, ready.status, headers, MEDIA_TYPE)

    def invalid(_request: Request, _error: Exception) -> Response:
        return answer("bad-fields")  # the framework's own answer would repeat what was sent

    def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = {"Allow": _methods(app, request)} if status == 405 else None
        return answer({404: "not-found", 405: "method"}.get(status, "bad-request"), headers)

    def refused(_request: Request, error: Exception) -> Response:
        return answer(error.code if isinstance(error, Refusal) else "fault")

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Refusal, refused)


def _methods(app: FastAPI, request: Request) -> str:
    """The methods that this place has; the framework names those of one route alone."""
    found = {
        method
        for path, methods in app.openapi()["paths"].items()
        if compile_path(path)[0].match(request.url.path)
        for method in methods
    }
    return ", ".join(sorted(method.upper() for method in found))
