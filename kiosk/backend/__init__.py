"""The other side of the wire: api, store, numbers. Imported by kiosk.cli alone.

Takes sealed envelopes in, once each, and answers with signed acknowledgements; hands out number blocks and results.
It never writes personal data in clear: what was sealed on the terminal stays sealed in the store, beside an index
without personal data. It never logs what was sent, and never answers a stranger.
"""

from __future__ import annotations

from kiosk.backend.api import create_app
from kiosk.backend.core import Backend
from kiosk.backend.serve import FirstTerminal, issue_code, serve
from kiosk.backend.settings import BackendError, Settings

__all__ = ["Backend", "BackendError", "FirstTerminal", "Settings", "create_app", "issue_code", "serve"]
