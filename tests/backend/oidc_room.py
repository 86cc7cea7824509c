"""An issuer of staff within the process: real JWTs by joserfc, real documents; no network. And a console that has it.

Whoever signs in there is ``subject``; what the next token says beside is ``claims``. ``down``, ``documents``, ``token``
and ``form`` let a test spoil what it answers.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from kiosk.backend import Backend, Settings
from kiosk.backend.console.console import Console
from kiosk.backend.console.pages import routes
from kiosk.backend.console.passwords import Passwords
from kiosk.backend.oidc.config import Issuer, SignInRules
from kiosk.backend.web.site import Site
from kiosk.sync.transport import Reply, TransportFailure
from tests.backend.conftest import Clock
from tests.backend.console_room import CHEAP, Browser, Room

WHERE, CLIENT, SECRET = "https://sso.example/office", "kiosk console", "s3cret/with+signs"
ORIGIN = "https://testserver"


def a_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


@dataclass
class Twin:
    """The issuer; also the transport by which it is reached."""

    clock: Clock
    key: ECKey = field(default_factory=lambda: a_key("one"))
    claims: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    down: str = ""  # the cause of a TransportFailure
    token: Callable[[dict[str, Any]], str] | None = None  # another way to make the token of these claims
    answer: Reply | None = None  # of the token endpoint, in place of the true one
    asked: list[str] = field(default_factory=list)  # method and address
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def connect(self, base: str) -> Twin:
        assert base == "https://sso.example"
        return self

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
        self.asked.append(f"{method} {target}")
        if self.down:
            raise TransportFailure(self.down)
        if target == "/office/.well-known/openid-configuration":
            return _json({
                "issuer": WHERE, "authorization_endpoint": f"{WHERE}/auth?tenant=1", "token_endpoint": f"{WHERE}/token",
                "jwks_uri": f"{WHERE}/keys", "end_session_endpoint": f"{WHERE}/end",
                "authorization_response_iss_parameter_supported": True, **self.documents,
            })  # fmt: skip
        if target == "/office/keys":
            others = [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "x"}, {"kty": "oct", "k": "AAAA", "kid": "oct"}]
            return _json({"keys": [*others, KeySet([self.key]).as_dict(private=False)["keys"][0]]})
        assert (method, target) == ("POST", "/office/token")
        return self.answer or self._exchange(headers, dict(parse_qsl(body.decode())))

    def interrupt(self) -> None: ...

    def close(self) -> None: ...

    def signed_in(self, address: str, subject: str = "u-17") -> str:
        """What the browser is sent back to, once somebody has signed in at this address."""
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert address.startswith(f"{WHERE}/auth?tenant=1&")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = {**asked, "sub": subject}
        back = urlsplit(asked["redirect_uri"])
        assert (f"{back.scheme}://{back.netloc}", back.path) == (ORIGIN, "/console/oidc/back")
        return f"{back.path}?{urlencode({'code': code, 'state': asked['state'], 'iss': WHERE})}"

    def _exchange(self, headers: Mapping[str, str], form: Mapping[str, str]) -> Reply:
        """RFC 6749 section 4.1.3, RFC 7636 section 4.6."""
        pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        if pair != "kiosk+console:s3cret%2Fwith%2Bsigns":
            return _json({"error": "invalid_client"}, 401)
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return _json({"error": "invalid_grant"}, 400)
        now = int(self.clock().timestamp())
        claims = {"iss": WHERE, "sub": asked["sub"], "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": asked["nonce"], **self.claims}  # fmt: skip
        made = self.token(claims) if self.token is not None else self.sign(claims)
        return _json({"access_token": "not used", "token_type": "Bearer", "id_token": made})

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        claims = {name: value for name, value in claims.items() if value is not None}
        said = {"alg": "ES256", "kid": self.key.kid, **header}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, claims, self.key, algorithms=["ES256"])


def _json(said: Mapping[str, Any], status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json"}, msgspec.json.encode(said))


@dataclass
class OidcRoom(Room):
    twin: Twin = field(kw_only=True)

    def configure(self, **change: Any) -> None:
        """Another issuer's configuration from now on; ``break_glass`` is of the rules."""
        rules = SignInRules(change.pop("break_glass", None), replace(ISSUER, **change))
        console = self.console
        console.rules = console.accounts.rules = rules
        console.__dict__.pop("flow", None)

    def begun(self, browser: Browser) -> str:
        """Where the browser is sent to sign in."""
        answer = browser.client.get("/console/oidc/start", follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def come(self, browser: Browser, subject: str = "u-17") -> Any:
        """There and back; the page that the way back ends on."""
        return browser.get(self.twin.signed_in(self.begun(browser), subject))


ISSUER = Issuer(WHERE, CLIENT, SECRET, ORIGIN, "trusted")


@contextmanager
def oidc_room(folder: Path) -> Iterator[OidcRoom]:
    clock = Clock()
    twin = Twin(clock)
    backend = Backend(Settings(f"sqlite:///{folder}/backend.db", str(folder / "blobs"), clock=clock))
    backend.__dict__["console"] = Console(
        backend._store, backend._blobs, backend.keys, backend.lives, backend.late, backend.replays, backend.now,
        Passwords(CHEAP), SignInRules(None, ISSUER), lambda: clock().timestamp(), twin.connect,
    )  # fmt: skip
    room = OidcRoom(SimpleNamespace(backend=backend), clock, Site(backend, routes(backend)), twin=twin)  # type: ignore[arg-type]
    try:
        yield room
    finally:
        for browser in room.browsers:
            browser.client.__exit__(None, None, None)
        backend.close()
