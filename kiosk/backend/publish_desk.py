"""What an operator publishes at the command line, beside a running backend: packs, policies, commands.

A manifest is made anew from the scope's last one and what is added or dropped; its key is read from the file that is
named and kept nowhere. Each deed prints one line of JSON and returns the exit status. Raises BackendError.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from kiosk import policy, wire
from kiosk.backend.commanding import say, with_backend
from kiosk.backend.core import Backend
from kiosk.backend.publishing import scopes_of
from kiosk.backend.settings import BackendError, Settings
from kiosk.services import signing
from kiosk.services.signing import PublishingKey, SigningError
from kiosk.sync import orders

DAYS = 90  # a manifest holds so long, unless another span is named: then it has to be published anew
COMMAND_HOURS = 24
LONGEST_DAYS = 400
_AREA = re.compile(r"[0-9]{6,12}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be published. ``to``: ``all``, an area code or a terminal's id. ``drop``: artefacts by name.

    ``arguments`` are the command's. ``after``: hours until it may be taken up.
    """

    to: str
    key: Path | None
    packs: Sequence[Path] = ()
    policy: Path | None = None
    drop: Sequence[str] = ()
    command: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    days: int = DAYS
    hours: int = COMMAND_HOURS
    after: int = 0


def publish(settings: Settings, wanted: Wanted) -> int:
    """A new manifest for one scope, in force when this returns."""
    if wanted.key is None:
        raise BackendError("no-key", "name the publishing key: --signing-key FILE (kiosk pack key makes one)")
    if not (1 <= wanted.days <= LONGEST_DAYS and 1 <= wanted.hours <= 24 * LONGEST_DAYS and wanted.after >= 0):
        raise BackendError("bad-span", f"--days is 1 to {LONGEST_DAYS}, --hours at least 1, --after not negative")
    try:
        key = signing.load_key(wanted.key)
        added = [_pack(file, key) for file in wanted.packs]
        added += [_policy(wanted.policy, key)] if wanted.policy is not None else []
    except SigningError as error:
        raise BackendError(error.code, error.advice) from error
    file = settings.sqlite_path()
    if file is not None and not file.exists():  # a new one would be no terminal's
        raise BackendError("no-backend", f"{file} is no backend's database: name the one that serves with --db")
    return with_backend(settings, lambda backend: _publish(backend, wanted, key, added))


def _publish(backend: Backend, wanted: Wanted, key: PublishingKey, added: Sequence[tuple[wire.Artefact, bytes]]) -> int:
    now = backend.now().astimezone(UTC)
    command, named = _command(wanted, now), [each for each, _ in added]
    scope = _scope(backend, wanted.to)
    made = backend.published.publish(
        scope, lambda last: next_manifest(last, scope, named, wanted, command, now, key), added, command
    )
    say(
        published=made.scope,
        version=made.version,
        expires_at=made.expires_at,
        artefacts=[f"{each.kind} {each.name} {each.version}" for each in made.artefacts],
        command=command.id if command is not None else "",
    )
    return 0


def next_manifest(
    last: wire.Manifest | None, scope: str, added: Sequence[wire.Artefact], wanted: Wanted,
    command: wire.Command | None, now: datetime, key: PublishingKey,
) -> wire.Manifest:  # fmt: skip
    """The scope's last manifest with what is added and without what is dropped, what has run out included.

    The version is the time in seconds where that is more than the last one: it goes on counting up although this
    database was put back from a backup. Raises BackendError.
    """
    kept = {(each.kind, each.name): each for each in (last.artefacts if last is not None else [])}
    for name in wanted.drop:
        found = [key for key in kept if key[1] == name]
        if not found:
            raise BackendError("not-published", f"nothing of the name {name!r} is published for {scope}")
        for each in found:
            del kept[each]
    kept |= {(each.kind, each.name): each for each in added}
    kept = {name: each if each.key_id == key.id else _resigned(each, key) for name, each in kept.items()}
    ordered = [each for each in (last.commands if last is not None else []) if _moment(each.expires_at) > now]
    ordered += [command] if command is not None else []
    if len(kept) > wire.MAX_ARTEFACTS or len(ordered) > wire.MAX_COMMANDS:
        raise BackendError("too-many", "a manifest names 64 artefacts and 32 commands at most: drop some, or wait")
    made = wire.Manifest(
        scope=scope,
        version=max(int(now.timestamp()), last.version + 1 if last is not None else 1),
        issued_at=now.isoformat(),
        not_before=(now + timedelta(hours=wanted.after)).isoformat(),
        expires_at=(now + timedelta(days=wanted.days)).isoformat(),
        artefacts=[kept[name] for name in sorted(kept)],
        commands=ordered,
        key_id=key.id,
    )
    return replace(made, signature=key.sign(made.canonical()))


def show(settings: Settings) -> int:
    """Every scope's manifest in force, one line each."""
    for made in with_backend(settings, lambda backend: backend.published.in_force()):
        print(msgspec.json.encode(made).decode())
    return 0


def outcomes(settings: Settings, command_id: str) -> int:
    """What terminals have reported of a command, or of all: one line each."""
    for each in with_backend(settings, lambda backend: backend.published.reports(command_id)):
        print(msgspec.json.encode({"name": each.name, "scope": each.scope, "received_at": each.received_at,
                                   "report": each.report}).decode())  # fmt: skip
    return 0


def _scope(backend: Backend, to: str) -> str:
    if to == "all":
        return "all"
    found = backend.find_terminal(to)
    if found is not None:
        return scopes_of(found.terminal_id, found.area_code)[2]
    if _AREA.fullmatch(to):
        return f"area.{to}"
    raise BackendError("no-such-scope", "say --to all, an area code or the id of an enrolled terminal")


def _pack(file: Path, key: PublishingKey) -> tuple[wire.Artefact, bytes]:
    """A signed pack, checked once more: what a terminal would refuse is not published."""
    from kiosk.services.loader import PackError, load_pack

    artefact, data = signing.read_signed(file, [key.public])
    try:
        pack = load_pack(file)
    except PackError as error:
        raise BackendError("pack-invalid", f"{error}; {error.cure}") from error
    if (artefact.kind, artefact.name, artefact.version) != ("pack", pack.pack_id, pack.version):
        raise BackendError("bad-signature", f"{file.name} is not what its signature says: sign it anew")
    return artefact, data


def _policy(file: Path, key: PublishingKey) -> tuple[wire.Artefact, bytes]:
    try:
        data = file.read_bytes()
        checked = policy.parse(data)
    except OSError as error:
        raise BackendError("policy-missing", f"{file.name} cannot be read: {error.strerror}") from error
    except policy.PolicyError as error:
        raise BackendError(error.code, f"{file.name}: {error}") from error
    return signing.sign_artefact("policy", policy.NAME, checked.version, data, key), data


def _command(wanted: Wanted, now: datetime) -> wire.Command | None:
    if not wanted.command:
        return None
    try:
        orders.check(wanted.command, wanted.arguments)
    except orders.OrderError as error:
        raise BackendError(error.code, error.advice) from error
    begins = now + timedelta(hours=wanted.after)
    ends = begins + timedelta(hours=wanted.hours)
    return wire.Command(
        f"c-{secrets.token_hex(8)}", wanted.command, begins.isoformat(), ends.isoformat(), dict(wanted.arguments)
    )


def _resigned(artefact: wire.Artefact, key: PublishingKey) -> wire.Artefact:
    """Under a new publishing key: the manifest says the same of the same bytes."""
    made = replace(artefact, key_id=key.id, signature="")
    return replace(made, signature=key.sign(made.canonical()))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
