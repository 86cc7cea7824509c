"""The provider: its documents, its keys, and the code that it changes into an ID token.

OpenID Connect Discovery 1.0 section 4, Core 1.0 section 3.1.3, JSON Web Key (RFC 7517). Its documents are kept for an
hour, its keys too, or until a token names one that is not among them, which is how keys are changed; no more than one
look a minute, whatever tokens name. Redirects are not followed, no proxy of the environment used (sync/transport.py).
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from kiosk.backend.oidc.config import Issuer, is_address
from kiosk.backend.oidc.problems import OidcError
from kiosk.sync.transport import HttpTransport, Reply, Transport, TransportFailure

KEPT = 3600.0  # seconds: the documents
LOOKS = 60.0  # seconds between two looks for new keys
AT_ONCE = 4  # who wait for it at the same time; the other threads are for other pages
LARGEST = 256 * 1024  # bytes of an answer
KINDS = ("RSA", "EC")  # of keys; a symmetric one has no place among published keys
Open = Callable[[str], Transport]


@dataclass(frozen=True, slots=True)
class Documents:
    """What of the provider's metadata is used. ``ending``: "" where it ends no sessions."""

    authorization: str
    token: str
    jwks: str
    ending: str
    names_itself: bool  # in its answers (RFC 9207)
    posts_secret: bool  # the client's secret goes into the form, not into a header


class Provider:
    """Thread-safe. ``clock``: monotonic, seconds; ``connect``: another way to reach it, for tests."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float], connect: Open | None = None) -> None:
        self._issuer, self._clock = issuer, clock
        self._connect = connect or self._over_http
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._documents: tuple[float, Documents] | None = None
        self._keys: KeySet | None = None
        self._looked = 0.0

    def documents(self) -> Documents:
        """Raises OidcError."""
        with self._lock:
            known = self._documents
        if known is not None and self._clock() < known[0] + KEPT:
            return known[1]
        said = self._json("GET", self._issuer.issuer.rstrip("/") + "/.well-known/openid-configuration", "discovery")
        if said.get("issuer") != self._issuer.issuer:
            raise OidcError("wrong-issuer", "discovery")
        found = _documents(said)
        with self._lock:
            self._documents = (self._clock(), found)
        return found

    def keys(self, kid: str | None) -> KeySet:
        """Those that it signs with; looked for anew where none of the known ones has this id. Raises OidcError."""
        with self._lock:
            known, since = self._keys, self._clock() - self._looked
            if known is not None and since < KEPT and (kid is None or any(key.kid == kid for key in known)):
                return known
            if known is not None and since < LOOKS:
                return known  # whoever makes up ids makes us ask once a minute
            self._looked = self._clock()
        found = _keys(self._json("GET", self.documents().jwks, "keys"))
        with self._lock:
            self._keys = found
        return found

    def exchange(self, code: str, verifier: str, redirect: str) -> str:
        """The ID token for an authorization code, as it came. Raises OidcError."""
        documents, us = self.documents(), self._issuer
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if documents.posts_secret:
            form |= {"client_id": us.client_id, "client_secret": us.secret}
        else:  # RFC 6749 section 2.3.1: each is form-encoded before it is put into the header
            pair = f"{quote_plus(us.client_id)}:{quote_plus(us.secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        said = self._json("POST", documents.token, "token", headers, urlencode(form).encode())
        token = said.get("id_token")
        if not isinstance(token, str) or not token:
            raise OidcError("provider-garbled", "token")
        return token

    def _json(
        self, method: str, url: str, step: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> dict[str, Any]:
        reply = self._asked(method, url, step, headers or {}, body)
        if reply.status >= 500 or reply.status == 429:
            raise OidcError("provider-down", step)
        try:
            said = msgspec.json.decode(reply.body) if len(reply.body) <= LARGEST else None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            said = None
        if reply.status in (400, 401) and step == "token":
            refused = said.get("error") if isinstance(said, dict) else ""
            raise OidcError("replayed" if refused == "invalid_grant" else "provider-refused", step)
        if reply.status != 200 or not isinstance(said, dict):
            raise OidcError("provider-garbled", step)
        return said

    def _asked(self, method: str, url: str, step: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with self._turn(step):
            transport = self._connect(f"{parts.scheme}://{parts.netloc}")
            try:
                every = {"Accept": "application/json", **headers}
                return transport.send(method, target, every, body, self._issuer.seconds)
            except TransportFailure as failure:
                code = "clock" if failure.cause == "tls-date" else "provider-down"
                raise OidcError(code, f"{step}:{failure.cause}") from None  # type: ignore[arg-type]  # two of its words
            finally:
                transport.close()

    @contextmanager
    def _turn(self, step: str) -> Iterator[None]:
        if not self._turns.acquire(blocking=False):
            raise OidcError("busy", step)
        try:
            yield
        finally:
            self._turns.release()

    def _over_http(self, base: str) -> Transport:
        return HttpTransport(base, roots=self._issuer.roots, stall=self._issuer.seconds)


def _documents(said: Mapping[str, Any]) -> Documents:
    found = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        url = said.get(name, "")
        if name == "end_session_endpoint" and not _is_url(url):
            url = ""
        elif not _is_url(url):
            raise OidcError("provider-garbled", name)
        found[name] = url
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])  # what holds where it is silent
    if not isinstance(ways, list) or not {"client_secret_basic", "client_secret_post"} & {str(way) for way in ways}:
        raise OidcError("provider-garbled", "token_endpoint_auth_methods_supported")
    return Documents(
        found["authorization_endpoint"], found["token_endpoint"], found["jwks_uri"], found["end_session_endpoint"],
        said.get("authorization_response_iss_parameter_supported") is True, "client_secret_basic" not in ways,
    )  # fmt: skip


def _is_url(url: object) -> TypeGuard[str]:
    return isinstance(url, str) and "#" not in url and is_address(url)


def _keys(said: Mapping[str, Any]) -> KeySet:
    """Those that sign; keys of a kind that is not known here are passed over (RFC 7517 section 5)."""
    found = []
    listed = said.get("keys")
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in KINDS or each.get("use", "sig") != "sig":
            continue
        try:
            found.append(import_key(each))
        except (JoseError, ValueError, TypeError):
            continue
    if not found:
        raise OidcError("provider-garbled", "keys")
    return KeySet(found)
