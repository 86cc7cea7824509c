"""How often one address may ask for pages: the buckets of kiosk/backend/rates.py, by address instead of terminal.

Behind a proxy every request comes from the proxy: only where its address is named (`--proxy`) is believed what it says
of whom it asks for, the last entry of X-Forwarded-For, which it has written itself.
"""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from kiosk.backend.rates import Rates
from kiosk.backend.web.problems import WebError

PAGES_RATE, PAGES_BURST = 20.0, 400  # an office behind one address; a browser asks for a page and what belongs to it


def address_of(request: Request, proxy: str) -> str:
    """Who asks, as an address; of IPv6 the network of 64 bits, which one household has."""
    peer = request.client.host if request.client is not None else ""
    if proxy and peer == proxy:
        peer = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or peer
    try:
        found = ipaddress.ip_address(peer)
    except ValueError:
        return peer[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def take(rates: Rates, who: str) -> None:
    """One of what ``who`` has. Raises WebError ``too-many``."""
    if not rates.allows(who):
        raise WebError("too-many")
    rates.take(who)
