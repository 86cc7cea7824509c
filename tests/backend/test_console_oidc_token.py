"""What must hold of an ID token, and of what else the provider says: without a page, a token at a time."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from kiosk.backend.oidc.config import Groups, Rule
from kiosk.backend.oidc.id_token import Identity, identity
from kiosk.backend.oidc.problems import OidcError
from kiosk.backend.oidc.provider import Provider
from tests.backend.conftest import NOON, Clock
from tests.backend.oidc_room import CLIENT, ISSUER, WHERE, Reply, Twin, a_key

NOW = int(NOON.timestamp())
RIGHT: dict[str, Any] = {"iss": WHERE, "sub": "u-17", "aud": CLIENT, "iat": NOW, "exp": NOW + 300, "nonce": "n"}
STRONG = replace(ISSUER, second_factor="provider", acr=("gold",), amr=("otp", "hwk"))


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin(Clock())


def read(twin: Twin, token: str, us: Any = ISSUER) -> Identity:
    return identity(token, us, "n", NOW, lambda _kid: KeySet([twin.key]))


def refused(twin: Twin, code: str, token: str, us: Any = ISSUER) -> None:
    with pytest.raises(OidcError) as failure:
        read(twin, token, us)
    assert failure.value.code == code


@pytest.mark.parametrize(
    "claims", [{}, {"aud": [CLIENT]}, {"aud": [CLIENT, "x"], "azp": CLIENT}, {"azp": CLIENT}, {"iat": NOW - 600},
               {"iat": NOW + 60, "nbf": NOW + 60}, {"exp": NOW - 59, "iat": NOW - 90}, {"more": "said"}],
)  # fmt: skip
def test_what_is_right_is_taken(twin: Twin, claims: dict[str, Any]) -> None:
    assert read(twin, twin.sign({**RIGHT, **claims})) == Identity(WHERE, "u-17")


@pytest.mark.parametrize(
    ("code", "claims"),
    [
        ("wrong-issuer", {"iss": "https://sso.example/other"}),
        ("wrong-issuer", {"iss": None}),
        ("bad-token", {"aud": "somebody else"}),
        ("bad-token", {"aud": [CLIENT, "somebody else"]}),
        ("bad-token", {"azp": "somebody else"}),
        ("bad-token", {"aud": None}),
        ("bad-token", {"nonce": "another"}),
        ("bad-token", {"nonce": None}),
        ("bad-token", {"sub": None}),
        ("bad-token", {"sub": ""}),
        ("bad-token", {"sub": 17}),
        ("bad-token", {"sub": "x" * 256}),
        ("bad-token", {"sub": "a\nb"}),
        ("bad-token", {"exp": None}),
        ("bad-token", {"exp": "soon"}),
        ("bad-token", {"exp": True}),
        ("bad-token", {"iat": None}),
        ("bad-token", {"nbf": "x"}),
        ("clock", {"exp": NOW - 60}),
        ("clock", {"iat": NOW + 61}),
        ("clock", {"iat": NOW - 661}),
        ("clock", {"nbf": NOW + 61}),
    ],
)
def test_what_is_not_is_refused(twin: Twin, code: str, claims: dict[str, Any]) -> None:
    refused(twin, code, twin.sign({**RIGHT, **claims}))


@pytest.mark.parametrize("kind", ["none", "hs256", "stranger", "cut", "changed", "words", "long", "kid", "a list"])
def test_who_has_signed_it(twin: Twin, kind: str) -> None:
    head, body, signature = twin.sign(RIGHT).split(".")
    none = _base64(b'{"alg":"none"}')
    refused(twin, "bad-token", {
        "none": f"{none}.{body}.", "hs256": _by_public_key(body, twin.key.as_pem(private=False)),
        "stranger": jwt.encode({"alg": "ES256", "kid": "one"}, dict(RIGHT), a_key("one"), algorithms=["ES256"]),
        "cut": f"{head}.{body}", "changed": f"{head}.e30.{signature}", "words": "not a token",
        "long": "x" * 70_000, "kid": twin.sign(RIGHT, kid="unknown"), "a list": f"W10.{body}.{signature}",
    }[kind])  # fmt: skip


def test_where_there_is_but_one_key_it_need_not_be_named(twin: Twin) -> None:
    assert read(twin, twin.sign(RIGHT, kid=None)).subject == "u-17"


@pytest.mark.parametrize(
    ("claims", "right"),
    [({"acr": "gold", "amr": ["pwd", "otp"]}, True), ({"acr": "gold", "amr": ["pwd"]}, False),
     ({"acr": "silver", "amr": ["otp"]}, False), ({"acr": "gold"}, False), ({"acr": ["gold"], "amr": "otp"}, False),
     ({}, False)],
)  # fmt: skip
def test_a_second_factor_that_is_demanded_is_proved(twin: Twin, claims: dict[str, Any], right: bool) -> None:
    token = twin.sign({**RIGHT, **claims})
    if right:
        assert read(twin, token, STRONG).subject == "u-17"
    else:
        refused(twin, "weak", token, STRONG)


def test_other_claims_are_read_where_the_file_names_them(twin: Twin) -> None:
    us = replace(ISSUER, subject="employee", groups=Groups("roles", "display", (Rule("a", "street"),)))
    token = twin.sign({**RIGHT, "employee": "e-1", "roles": ["a", 7, "b"], "display": "李\u202e七" + "长" * 99})
    found = read(twin, token, us)
    assert (found.subject, found.groups, found.name) == ("e-1", {"a", "b"}, "李七" + "长" * 62)
    assert "e-1" not in repr(found)


@pytest.mark.parametrize(
    ("code", "documents"),
    [("wrong-issuer", {"issuer": WHERE + "/"}), ("wrong-issuer", {"issuer": None}),
     ("provider-garbled", {"token_endpoint": "http://sso.example/token"}), ("provider-garbled", {"jwks_uri": 7}),
     ("provider-garbled", {"authorization_endpoint": "javascript:alert(1)"}),
     ("provider-garbled", {"token_endpoint_auth_methods_supported": ["private_key_jwt"]})],
)  # fmt: skip
def test_documents_that_are_not_those_of_our_issuer(code: str, documents: dict[str, Any]) -> None:
    twin = Twin(Clock(), documents=documents)
    with pytest.raises(OidcError) as failure:
        Provider(ISSUER, lambda: 0.0, twin.connect).documents()
    assert failure.value.code == code


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("provider-refused", Reply(401, {}, b'{"error":"invalid_client"}')),
        ("replayed", Reply(400, {}, b'{"error":"invalid_grant"}')),
        ("provider-down", Reply(503, {}, b"")),
        ("provider-garbled", Reply(200, {}, b"<html>")),
        ("provider-garbled", Reply(302, {}, b"{}")),
        ("provider-garbled", Reply(200, {}, b'{"id_token":7}')),
        ("provider-garbled", Reply(200, {}, b"[" * 300_000)),
    ],
)
def test_what_the_token_endpoint_may_answer(code: str, answer: Reply) -> None:
    twin = Twin(Clock(), answer=answer)
    with pytest.raises(OidcError) as failure:
        Provider(ISSUER, lambda: 0.0, twin.connect).exchange("code", "verifier", "https://x")
    assert failure.value.code == code


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _by_public_key(body: str, key: bytes) -> str:
    """A token whose HMAC has the public key for its secret: what a library takes that believes the token's header."""
    head = _base64(b'{"alg":"HS256","kid":"one"}')
    digest = hmac.digest(key, f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{_base64(digest)}"
