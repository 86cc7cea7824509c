"""The browser's way to the issuer and back: authorization code with PKCE (RFC 7636), state and nonce.

What begins gets a cookie, bound to it is everything that must come back: the state is in a row until it is used, once;
nonce and verifier follow from the cookie's value and a key of ours, and are nowhere on the disk. Whoever brings a
state without the cookie of the browser that began is sent away, so nobody is signed in to somebody else's account.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from kiosk.backend.oidc.config import Issuer
from kiosk.backend.oidc.id_token import Identity, identity
from kiosk.backend.oidc.problems import OidcError
from kiosk.backend.oidc.provider import Open, Provider
from kiosk.backend.store import oidc as store
from kiosk.backend.store.engine import Store
from kiosk.backend.web.tokens import form_token, is_token, new_token

BACK, OUT = "/console/oidc/back", "/console/sign-in"  # to be registered at the provider, behind our origin
PATIENCE = 600  # seconds from here to there and back


@dataclass(frozen=True, slots=True, repr=False)
class Begun:
    """``address``: where the browser goes; ``holder``: for its cookie."""

    address: str
    holder: str


class Flow:
    """Thread-safe. ``key``: of ours, for what is bound to the cookie; ``clock``: monotonic, seconds."""

    def __init__(
        self, issuer: Issuer, rows: Store, key: bytes, now: Callable[[], datetime], clock: Callable[[], float],
        connect: Open | None = None,
    ) -> None:  # fmt: skip
        store.prepare(rows)
        self.issuer = issuer
        self._store, self._key, self._now = rows, key, now
        self._provider = Provider(issuer, clock, connect)

    def begin(self) -> Begun:
        """Raises OidcError where the provider does not say where to go."""
        documents = self._provider.documents()
        state, holder = new_token(), new_token()
        now = int(self._now().timestamp())
        self._store.write(
            lambda connection: store.keep(connection, _hashed(state), _hashed(holder), now, now + PATIENCE)
        )
        asked = {
            "response_type": "code", "client_id": self.issuer.client_id, "redirect_uri": self.issuer.origin + BACK,
            "scope": " ".join(dict.fromkeys(("openid", *self.issuer.scopes))), "state": state,
            "nonce": self._bound("nonce", holder), "code_challenge_method": "S256",
            "code_challenge": _base64(hashlib.sha256(self._bound("verifier", holder).encode()).digest()),
        }  # fmt: skip
        if self.issuer.acr:
            asked["acr_values"] = " ".join(self.issuer.acr)
        return Begun(_with(documents.authorization, asked), holder)

    def finish(self, said: Mapping[str, str], holder: str) -> Identity:
        """``said``: what the provider has sent the browser back with; ``holder``: of its cookie. Raises OidcError."""
        state, now = said.get("state", ""), int(self._now().timestamp())
        found = self._store.write(lambda connection: store.spend(connection, _hashed(state), now)) if state else None
        if found is None:
            raise OidcError("replayed", "state")
        if not is_token(holder) or found != _hashed(holder):
            raise OidcError("other-browser", "state")
        issuer = said.get("iss", "")
        if issuer not in ("", self.issuer.issuer) or (not issuer and self._provider.documents().names_itself):
            raise OidcError("wrong-issuer", "iss of the answer")  # mix-up (RFC 9207)
        if "error" in said:
            raise OidcError("denied" if said["error"] in DENIED else "provider-refused", "authorization")
        if not said.get("code"):
            raise OidcError("provider-garbled", "authorization")
        token = self._provider.exchange(said["code"], self._bound("verifier", holder), self.issuer.origin + BACK)
        return identity(token, self.issuer, self._bound("nonce", holder), now, self._provider.keys)

    def ending(self) -> str:
        """Where a browser ends its session at the provider (RP-Initiated Logout 1.0); "" where that is not offered.
        Without a hint: an ID token has no place in an address, so the provider asks whom it does not know.
        """
        try:
            address = self._provider.documents().ending
        except OidcError:
            return ""
        asked = {"client_id": self.issuer.client_id, "post_logout_redirect_uri": self.issuer.origin + OUT}
        return _with(address, asked) if address else ""

    def _bound(self, what: str, holder: str) -> str:
        """43 characters that only we can make of the cookie's value."""
        return form_token(self._key, f"oidc {what} {holder}")


DENIED = frozenset({"access_denied", "login_required", "interaction_required", "consent_required",
                    "account_selection_required", "unmet_authentication_requirements"})  # fmt: skip


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _with(address: str, asked: Mapping[str, str]) -> str:
    return address + ("&" if "?" in address else "?") + urlencode(asked)
