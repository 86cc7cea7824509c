"""The checks of an ID token: OpenID Connect Core 1.0 section 3.1.3.7, by joserfc; asymmetric signatures alone.

The algorithm is one of ours, never what the token would like (RFC 8725 section 3.1). Encrypted ID tokens and the
ShangMi algorithms are not taken.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from kiosk.backend.oidc.config import Issuer
from kiosk.backend.oidc.problems import OidcError

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
FRESH = 600  # seconds: a token that was made for us just now is no older
LONGEST = 255  # characters of a subject (Core section 2)
LARGEST = 64 * 1024  # characters of a token
MOST_GROUPS = 1000


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the issuer vouches for. ``groups`` and ``name`` are empty where nobody asked for them."""

    issuer: str = field(repr=False)
    subject: str = field(repr=False)
    groups: frozenset[str] = field(default=frozenset(), repr=False)
    name: str = field(default="", repr=False)


def identity(token: str, us: Issuer, nonce: str, now: int, keys: Callable[[str | None], KeySet]) -> Identity:
    """``now``: unix seconds; ``keys``: those of the provider, for the id of one. Raises OidcError."""
    claims = _verified(token, keys)
    if claims.get("iss") != us.issuer:
        raise OidcError("wrong-issuer", "iss")
    _in_time(claims, now, us.leeway)
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if us.client_id not in named or (len(named) > 1 and party is None) or party not in (None, us.client_id):
        raise OidcError("bad-token", "aud")
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise OidcError("bad-token", "nonce")
    if us.second_factor == "provider":
        _strong(claims, us)
    subject = claims.get(us.subject)
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or not subject.isprintable():
        raise OidcError("bad-token", "subject")
    if us.groups is None:
        return Identity(us.issuer, subject)
    return Identity(us.issuer, subject, _groups(claims.get(us.groups.claim)), _name(claims.get(us.groups.name)))


def _verified(token: str, keys: Callable[[str | None], KeySet]) -> Mapping[str, Any]:
    try:
        if len(token) > LARGEST:
            raise OidcError("bad-token", "size")
        kid = extract_compact(token.encode()).headers().get("kid")
        if kid is not None and not isinstance(kid, str):
            raise OidcError("bad-token", "kid")
        claims = jwt.decode(token, keys(kid), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError):  # what is no token at all ends in any of these
        raise OidcError("bad-token", "signature") from None
    if not isinstance(claims, dict):
        raise OidcError("bad-token", "claims")
    return claims


def _in_time(claims: Mapping[str, Any], now: int, leeway: int) -> None:
    """It was made for us a moment ago: if it seems old, or of tomorrow, one of two clocks is wrong."""
    ends, made, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not (_is_time(ends) and _is_time(made) and _is_time(begins)):
        raise OidcError("bad-token", "exp, iat or nbf")
    if ends + leeway <= now or begins > now + leeway:
        raise OidcError("clock", "exp or nbf")
    if not now - FRESH - leeway <= made <= now + leeway:
        raise OidcError("clock", "iat")


def _is_time(said: object) -> TypeGuard[float]:
    return isinstance(said, int | float) and not isinstance(said, bool)


def _strong(claims: Mapping[str, Any], us: Issuer) -> None:
    """Both are demanded where both are named; of each list one is enough."""
    methods = claims.get("amr")
    used = methods if isinstance(methods, list) else []
    if (us.acr and claims.get("acr") not in us.acr) or (us.amr and not any(each in us.amr for each in used)):
        raise OidcError("weak", "acr or amr")


def _groups(said: object) -> frozenset[str]:
    listed = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(each for each in listed[:MOST_GROUPS] if isinstance(each, str))


def _name(said: object) -> str:
    text = said if isinstance(said, str) else ""
    return "".join(each for each in text if each.isprintable()).strip()[:64]
