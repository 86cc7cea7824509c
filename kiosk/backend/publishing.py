"""What terminals are given of what was published, and what they report. The signatures are the publisher's.

Nothing here can sign a manifest: the publishing key lies elsewhere (kiosk/services/signing.py), so that whoever takes
this machine over can neither change a form or a rule nor command a terminal. What he can do is withhold: the reply's
signature, bound to the nonce, says who answered and when, and a manifest's end says how long silence may last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.metrics import Metrics
from kiosk.backend.problems import Refusal
from kiosk.backend.settings import BackendError
from kiosk.backend.store import artefacts as store
from kiosk.backend.store import terminals
from kiosk.backend.store.engine import Connection, Store
from kiosk.backend.store.terminals import Terminal

KNOWN = r"^[0-9]{1,16}\.[0-9]{1,16}\.[0-9]{1,16}$"  # versions: of all, of the area, of the terminal
_KNOWN = re.compile(KNOWN)
CODE = r"^[a-z][a-z0-9_.-]{0,63}$"
_CODE = re.compile(CODE)


def scopes_of(terminal_id: str, area_code: str) -> tuple[str, str, str]:
    """From the widest to the narrowest: what a narrower one says counts."""
    return ("all", f"area.{area_code}", f"terminal.{terminal_id}")


class Publishing:
    """Thread-safe: every call is its own transaction."""

    def __init__(self, rows: Store, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._store, self._metrics, self._now = rows, metrics, now

    def manifests(self, terminal: Terminal, known: str) -> wire.ManifestsReply:
        """The newest manifest of each of the terminal's scopes whose version it does not have. Raises Refusal."""
        if not _KNOWN.fullmatch(known):
            raise Refusal("bad-fields")
        scopes = scopes_of(terminal.terminal_id, terminal.area_code)
        have = dict(zip(scopes, (int(version) for version in known.split(".")), strict=True))
        found = self._store.read(lambda connection: store.newest(connection, scopes))
        return wire.ManifestsReply([each for each in found if each.version != have[each.scope]])

    def part(self, terminal: Terminal, digest: str, offset: int, size: int) -> bytes:
        """Bytes of an artefact that a manifest in force names for this terminal; none behind its end. Raises Refusal.

        One that is named for others is as good as none: who asks for it finds out nothing.
        """
        if not wire.HASH.fullmatch(digest) or offset < 0 or not 1 <= size <= wire.MAX_ARTEFACT_PART:
            raise Refusal("bad-fields")
        scopes = scopes_of(terminal.terminal_id, terminal.area_code)

        def work(connection: Connection) -> bytes | None:
            named = {each.sha256 for made in store.newest(connection, scopes) for each in made.artefacts}
            return store.part(connection, digest, offset, size) if digest in named else None

        data = self._store.read(work)
        if data is None:
            raise Refusal("not-found")
        return data

    def report(self, terminal: Terminal, sent: wire.CommandReport) -> wire.CommandReceipt:
        """Keeps what became of a command. Idempotent: the first word counts. Raises Refusal."""
        if sent.terminal_id != terminal.terminal_id or not _in_form(sent):
            raise Refusal("bad-fields")
        try:
            wire.verify(wire.unb64(terminal.public_key), sent.canonical(), sent.signature)
        except wire.BadSignature:
            raise Refusal("bad-fields") from None
        now = self._now()
        scopes = scopes_of(terminal.terminal_id, terminal.area_code)

        def work(connection: Connection) -> Literal["accepted", "duplicate", "unknown"]:
            if not terminals.hold(connection, terminal.terminal_id):
                raise Refusal("terminal-revoked")
            return store.take_report(connection, sent, scopes, now)

        status = self._store.write(work)
        if status == "accepted":
            log.event("command.reported", terminal=terminal.terminal_id, outcome=sent.outcome, code=sent.code)
            self._metrics.count("kiosk_command_reports_total", outcome=sent.outcome)
        return wire.CommandReceipt(sent.id, status)

    # -- for the operator

    def publish(
        self,
        scope: str,
        make: Callable[[wire.Manifest | None], wire.Manifest],
        added: Sequence[tuple[wire.Artefact, bytes]],
        command: wire.Command | None,
    ) -> wire.Manifest:
        """The scope's next manifest, made from its last one, and what it names anew. Raises BackendError."""
        now = self._now()

        def work(connection: Connection) -> wire.Manifest:
            made = make(next(iter(store.newest(connection, [scope])), None))
            for artefact, data in added:
                store.add_artefact(connection, artefact, data, now)
            store.add_manifest(connection, made, [command] if command is not None else [])
            return made

        try:
            made = self._store.write(work)
        except store.VersionTaken:
            raise BackendError("version-taken", "this name has other bytes in this version: number it anew") from None
        log.event("manifest.published", scope=made.scope, version=made.version)
        return made

    def in_force(self) -> list[wire.Manifest]:
        """The newest manifest of every scope."""
        return self._store.read(lambda connection: store.newest(connection, store.scopes(connection)))

    def reports(self, command_id: str) -> list[store.Reported]:
        """Of one command, or of all ("")."""
        return self._store.read(lambda connection: store.reports(connection, command_id))


def _in_form(sent: wire.CommandReport) -> bool:
    try:
        at = datetime.fromisoformat(sent.at)
    except ValueError:
        return False
    return (
        wire.ID.fullmatch(sent.id) is not None
        and _CODE.fullmatch(sent.code) is not None
        and at.tzinfo is not None
        and len(sent.at) <= 40
        and len(sent.signature) <= 88
        and len(sent.details) <= wire.MAX_REPORT_DETAILS
        and all(wire.ID.fullmatch(name) for name in sent.details)
        and all(len(text) <= wire.MAX_REPORT_TEXT and _printable(text) for text in sent.details.values())
    )


def _printable(text: str) -> bool:
    """Also: it has bytes (no lone surrogate), and a database takes it (no NUL)."""
    return all(character.isprintable() for character in text)
