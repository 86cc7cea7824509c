"""The backend's address. Before the enrolment whoever answers is the backend: TLS says who that is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

CURE = "write https://HOST[:PORT] into backend.url (a proxy before the backend ends TLS)"
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d{1,3}){3}")


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    tls: bool


def parse(url: str) -> Address:
    """``https://HOST[:PORT]``, or ``http://`` to this machine alone. Raises ValueError, which says the cure."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"the backend's address cannot be read: {CURE}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"the backend's address is no address of a backend: {CURE}")
    tls = parts.scheme == "https"
    if not tls and not _LOOPBACK.fullmatch(host):
        raise ValueError(f"plain http:// would take whoever answers first for the backend: {CURE}")
    return Address(host, port or (443 if tls else 80), tls)
