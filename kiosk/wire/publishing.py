"""What a publisher sends to terminals by way of the backend: artefacts, commands, manifests; and their reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kiosk.wire.signing import canonical

MAX_ARTEFACT_BYTES = 16 * 1024 * 1024  # a pack or a policy
MAX_ARTEFACT_PART = 1024 * 1024  # of it in one reply
MAX_ARTEFACTS = 64  # in one manifest
MAX_COMMANDS = 32
MAX_REPORT_DETAILS = 64  # of a command report, and each at most
MAX_REPORT_TEXT = 256  # characters

ArtefactKind = Literal["pack", "policy"]
CommandOutcome = Literal["done", "refused", "failed", "expired", "unknown"]


@dataclass(frozen=True, slots=True)
class Artefact:
    """Bytes that a publisher stands for: these are ``name`` in ``version``. ``sha256`` and ``size`` are of the bytes.

    ``key_id``: of the publishing key that has signed (kiosk/services/signing.py), which is none of the backend's.
    """

    kind: ArtefactKind
    name: str
    version: str
    sha256: str
    size: int
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        return canonical(
            "kiosk-artefact-v1", self.kind, self.name, self.version, self.sha256, str(self.size), self.key_id
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One deed of the closed list of kiosk/sync/orders.py, done at most once by each terminal of the manifest's scope.

    ``not_before`` and ``expires_at`` are ISO 8601 with offset.
    """

    id: str
    name: str
    not_before: str
    expires_at: str
    arguments: dict[str, str] = field(default_factory=dict)

    def texts(self) -> list[str]:
        pairs = [text for pair in sorted(self.arguments.items()) for text in pair]
        return [self.id, self.name, self.not_before, self.expires_at, str(len(self.arguments)), *pairs]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a publisher wants of the terminals of one ``scope``: ``all``, ``area.CODE`` or ``terminal.ID``.

    ``version`` counts up within the scope. What is not named here any more is not used any more. Nothing of it is
    taken up before ``not_before`` or from ``expires_at`` on (ISO 8601 with offset).
    """

    scope: str
    version: int
    issued_at: str
    not_before: str
    expires_at: str
    artefacts: list[Artefact]
    commands: list[Command]
    key_id: str
    signature: str = ""

    def canonical(self) -> bytes:
        named = [text for each in self.artefacts for text in (each.canonical().decode(), each.signature)]
        ordered = [text for each in self.commands for text in each.texts()]
        return canonical(
            "kiosk-manifest-v1", self.scope, str(self.version), self.issued_at, self.not_before, self.expires_at,
            self.key_id, str(len(self.artefacts)), *named, str(len(self.commands)), *ordered,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ManifestsReply:
    """The newest manifest of each of the terminal's scopes that is not the version it said that it has."""

    manifests: list[Manifest]


@dataclass(frozen=True, slots=True)
class CommandReport:
    """What became of a command on one terminal, signed by it. ``code``: why, a word; ``at``: the terminal's clock.

    ``details``: what was asked for (collect-diagnostics), never personal data.
    """

    id: str
    terminal_id: str
    outcome: CommandOutcome
    code: str
    at: str
    details: dict[str, str] = field(default_factory=dict)
    signature: str = ""

    def canonical(self) -> bytes:
        pairs = [text for pair in sorted(self.details.items()) for text in pair]
        return canonical(
            "kiosk-command-report-v1", self.id, self.terminal_id, self.outcome, self.code, self.at,
            str(len(self.details)), *pairs,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CommandReceipt:
    """``unknown``: no manifest for this terminal has ever named such a command; nothing was kept."""

    id: str
    status: Literal["accepted", "duplicate", "unknown"]
