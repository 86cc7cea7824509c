"""Forms that no other site can send, and the cookies: who looks at a page is known by one of them.

A form carries a token: an HMAC, under a key that lies beside the database, over what the browser holds in a cookie
that no script reads. Before anybody has signed in that is a visitor's cookie, afterwards the session. Browsers say
beside that whether a request comes from our own page (Fetch Metadata, Sec-Fetch-Site): one that says no is refused.

What a citizen's browser may see is in a cookie that bears our sign (`signed`), and in no row of ours.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets

from starlette.datastructures import Headers

VISITOR = "__Host-kiosk-visitor"
LANGUAGE = "kiosk-language"
FIELD = "csrf"
_USE = b"kiosk-web-form-v1"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 bits of chance, as cookies take it: 43 characters."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def key_from(secret: bytes, use: bytes = _USE) -> bytes:
    """The key of the tokens, from a secret of the backend: the same in every process that shares it. ``use``: of what
    else bears our sign, so that none of one use is one of another.
    """
    return hmac.digest(secret, use, "sha256")


def signed(key: bytes, *parts: str) -> str:
    """What a browser keeps for us in a cookie and cannot change. No part has a ~ in it."""
    text = "~".join(parts)
    return f"{text}~{form_token(key, text)}"


def parts_of(key: bytes, cookie: str) -> list[str]:
    """What was put into it; nothing of what was not made here."""
    text, _, mac = cookie.rpartition("~")
    return text.split("~") if hmac.compare_digest(form_token(key, text).encode(), mac.encode()) else []


def form_token(key: bytes, holder: str) -> str:
    """``holder``: what the browser's cookie holds, with what it is."""
    digest = hmac.digest(key, holder.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_ours(key: bytes, holder: str, given: str, headers: Headers) -> bool:
    """Whether a form comes from a page that we showed to this browser."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return bool(holder) and hmac.compare_digest(form_token(key, holder).encode(), given.encode())
