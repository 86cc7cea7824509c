"""The headers of every page: nothing from elsewhere, nothing inline, framed by nobody, kept by nobody.

Content Security Policy Level 3; the rest as the OWASP HTTP Headers list has it. Strict-Transport-Security is the
proxy's to say, which ends TLS.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
}


def dress(headers: MutableHeaders) -> None:
    """What a page has said itself stays: a picture shown on its own has a stricter policy, a static file is kept."""
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
