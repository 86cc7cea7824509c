"""When the backend's TLS certificate ends: asked by a handshake of its own, and by nothing that a case needs."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.address import parse

if TYPE_CHECKING:
    import ssl

SECONDS = 10.0
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


def certificate_end(url: str, roots: Path | None = None, seconds: float = SECONDS) -> datetime | None:
    """Aware; None for http://, and where nobody answers or it is not believed for another reason than its time."""
    address = parse(url)
    if not address.tls:
        return None
    import ssl

    believed = ssl.create_default_context(cafile=None if roots is None else str(roots))
    try:
        return _end(believed, address.host, address.port, seconds)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code != EXPIRED:
            return None
    except OSError:
        return None
    looking = ssl.create_default_context()  # nothing is sent over it: how long it is over is all that is wanted
    looking.check_hostname, looking.verify_mode = False, ssl.CERT_NONE
    try:
        return _end(looking, address.host, address.port, seconds)
    except OSError:
        return None


def _end(context: ssl.SSLContext, host: str, port: int, seconds: float) -> datetime:
    from cryptography.x509 import load_der_x509_certificate

    with (
        socket.create_connection((host, port), seconds) as raw,
        context.wrap_socket(raw, server_hostname=host) as line,
    ):
        found = line.getpeercert(binary_form=True)
    return load_der_x509_certificate(found or b"").not_valid_after_utc
