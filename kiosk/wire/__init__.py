"""The messages between terminal and backend, one definition for both ends, and the bytes their signatures cover.

Simple types only: binary values travel as standard base64 text, times as ISO 8601 with offset, hashes as lower-case
SHA-256 hex in both suites (kiosk/suites): they are names. What a signature covers is hashed by the terminal's suite.
Nothing in ``meta`` may be personal data: it is what the backend indexes in clear.

A request carries the headers ``Kiosk-Terminal``, ``Kiosk-Timestamp`` (unix seconds), ``Kiosk-Nonce`` and
``Kiosk-Signature`` (by the key's suite), and may name with ``Kiosk-Key`` which of the backend's keys it goes by. A
reply carries ``Kiosk-Time`` and ``Kiosk-Reply-Signature``, bound to terminal, method, target and nonce of its request:
whatever else answers on the way (a captive portal, a proxy) cannot be taken for the backend, nor an answer for another.

Ten rooms; whoever speaks on the wire has all of them as ``wire.…``.
"""

from __future__ import annotations

from kiosk.suites import BadSignature as BadSignature
from kiosk.suites import sign as sign
from kiosk.suites import verify as verify
from kiosk.wire.acks import *  # noqa: F403 - one name for all ten
from kiosk.wire.entry import *  # noqa: F403
from kiosk.wire.items import *  # noqa: F403
from kiosk.wire.lives import *  # noqa: F403
from kiosk.wire.log import *  # noqa: F403
from kiosk.wire.packing import read_case as read_case
from kiosk.wire.packing import write_case as write_case
from kiosk.wire.payload import *  # noqa: F403
from kiosk.wire.publishing import *  # noqa: F403
from kiosk.wire.registers import *  # noqa: F403
from kiosk.wire.signing import *  # noqa: F403
