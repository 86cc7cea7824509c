"""What is published at the backend: given to whom it is for, in parts, unchanged; reports taken once. Both stores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.backend import BackendError, Settings, publish_desk
from kiosk.backend.publish_desk import Wanted
from kiosk.services import signing
from tests.backend.conftest import AREA

STORES = ("sqlite", "postgresql")
POLICY = 'version = "1"\n[values]\nvolume = 30\n# {}\n'


@pytest.fixture
def key(tmp_path: Path) -> Path:
    signing.make_key(tmp_path / "publishing.key")
    return tmp_path / "publishing.key"


@pytest.fixture
def publish(server: Any, settings: Settings, key: Path, tmp_path: Path) -> Callable[..., None]:
    """The operator's command, beside the backend that serves."""

    def do(to: str = "all", *, policy: str = "", **wanted: Any) -> None:
        if policy:
            file = tmp_path / "policy.toml"
            file.write_text(policy)
            wanted["policy"] = file
        assert publish_desk.publish(settings, Wanted(to, key, **wanted)) == 0

    return do


def manifests(terminal: Any, known: str = "") -> list[wire.Manifest]:
    answer = terminal.send("GET", "/v1/manifests" + (f"?known={known}" if known else ""))
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body, type=wire.ManifestsReply).manifests


def part(terminal: Any, digest: str, offset: int = 0, size: int = wire.MAX_ARTEFACT_PART) -> Any:
    return terminal.send("GET", f"/v1/artefacts/{digest}?offset={offset}&size={size}")


def report(terminal: Any, command_id: str, *, private: bytes = b"", **change: Any) -> Any:
    values: dict[str, Any] = {"id": command_id, "terminal_id": terminal.id, "outcome": "done", "code": "done",
                              "at": terminal.clock().isoformat(), "details": {"version": "1"}}  # fmt: skip
    made = wire.CommandReport(**(values | change))
    signed = replace(made, signature=wire.sign(private or terminal.private, made.canonical()))
    return terminal.send("POST", "/v1/command-reports", signed)


def status(answer: Any) -> str:
    assert answer.status == 200, answer.body
    return str(answer.json["status"])


def test_every_scope_of_a_terminal_is_given_once_from_the_widest_to_the_narrowest(terminal, new_terminal, publish):
    other = new_terminal("440300")
    publish("all", policy=POLICY.format(1))
    publish(AREA, command="sync-now")
    publish(terminal.id, command="restart")
    found = manifests(terminal)
    assert [made.scope for made in found] == ["all", f"area.{AREA}", f"terminal.{terminal.id}"]
    assert [made.scope for made in manifests(other)] == ["all"]
    versions = ".".join(str(made.version) for made in found)
    assert manifests(terminal, versions) == []
    assert manifests(terminal, "0." + versions.split(".", 1)[1]) == found[:1]
    for known in ("", "1.2", "1.2.3.4", "a.b.c", "-1.0.0", "1.2.99999999999999999"):
        refused = terminal.send("GET", f"/v1/manifests?known={known}")
        assert (refused.status, refused.code) == (422, "bad-fields"), known


def test_a_manifest_is_the_publishers_word_and_counts_up(terminal, publish, key, clock):
    publish(policy=POLICY.format(1))
    (first,) = manifests(terminal)
    publish()
    (second,) = manifests(terminal)
    clock.move(hours=1)
    publish()
    (third,) = manifests(terminal)
    assert first.version < second.version < third.version
    public = signing.load_key(key).public
    assert all(signing.genuine(made, [public]) == 1 for made in (first, second, third))
    assert first.artefacts == second.artefacts == third.artefacts
    assert signing.genuine(first.artefacts[0], [public]) == 1


def test_bytes_come_in_parts_and_end_where_they_end(terminal, publish):
    text = POLICY.format("x" * 5000)
    publish(policy=text)
    digest = manifests(terminal)[0].artefacts[0].sha256
    assert digest == hashlib.sha256(text.encode()).hexdigest()
    pieces = [part(terminal, digest, offset, 1000).body for offset in range(0, len(text) + 1000, 1000)]
    assert b"".join(pieces).decode() == text
    whole = part(terminal, digest)
    assert (whole.headers["content-type"], whole.body.decode()) == ("application/octet-stream", text)
    for size in (0, wire.MAX_ARTEFACT_PART + 1):
        assert part(terminal, digest, 0, size).code == "bad-fields"
    assert part(terminal, digest, -1).code == "bad-fields"


def test_what_is_named_for_others_or_no_more_is_as_good_as_none(terminal, new_terminal, publish):
    other = new_terminal()
    publish(terminal.id, policy=POLICY.format(1))
    digest = manifests(terminal)[0].artefacts[0].sha256
    assert part(terminal, digest).status == 200
    unknown, foreign = part(other, "0" * 64), part(other, digest)
    assert (foreign.status, foreign.code, foreign.body) == (404, "not-found", unknown.body)
    publish(terminal.id, drop=["policy"])
    assert part(terminal, digest).code == "not-found"


def test_a_report_is_kept_once_and_the_first_word_counts(terminal, publish, server):
    publish(terminal.id, command="restart")
    (command,) = manifests(terminal)[0].commands
    assert status(report(terminal, command.id)) == "accepted"
    assert status(report(terminal, command.id, outcome="failed")) == "duplicate"
    (kept,) = server.backend.published.reports(command.id)
    assert (kept.name, kept.scope, kept.report.outcome) == ("restart", f"terminal.{terminal.id}", "done")
    wire.verify(wire.public_of(terminal.private), kept.report.canonical(), kept.report.signature)


def test_nothing_is_kept_of_a_command_that_was_never_given_to_this_terminal(terminal, new_terminal, publish, server):
    other = new_terminal()
    publish(other.id, command="restart")
    (command,) = manifests(other)[0].commands
    assert status(report(terminal, command.id)) == "unknown"
    assert status(report(terminal, "c-none")) == "unknown"
    assert server.backend.published.reports("") == []


BAD: list[dict[str, Any]] = [
    {"terminal_id": "330102-NOBODY"}, {"code": "No Word"}, {"at": "yesterday"}, {"at": "2026-06-01T12:00:00"},
    {"details": {"a b": "x"}}, {"details": {"a": "x" * 257}}, {"details": {"a": "line\nline"}},
    {"details": {f"n{number}": "" for number in range(65)}}, {"private": wire.new_signing_pair()[0]},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=lambda change: next(iter(change)))
def test_a_report_out_of_form_or_not_the_terminals_own_is_refused(terminal, publish, server, change):
    publish(terminal.id, command="restart")
    (command,) = manifests(terminal)[0].commands
    answer = report(terminal, command.id, **change)
    assert (answer.status, answer.code) == (422, "bad-fields")
    assert server.backend.published.reports("") == []


def test_the_operators_command_refuses_what_no_terminal_would_take(terminal, publish, settings, key, tmp_path):
    unsigned, broken = tmp_path / "pack.yaml", tmp_path / "policy.toml"
    unsigned.write_text("id: x\n")
    broken.write_text('version = "1"\n[values]\nface_threshold = 0.1\n')
    cases: list[tuple[str, Wanted]] = [
        ("no-key", Wanted("all", None)),
        ("key-missing", Wanted("all", tmp_path / "none.key")),
        ("no-such-scope", Wanted("nowhere", key)),
        ("not-signed", Wanted("all", key, packs=[unsigned])),
        ("policy-invalid", Wanted("all", key, policy=broken)),
        ("policy-missing", Wanted("all", key, policy=tmp_path / "none.toml")),
        ("not-published", Wanted("all", key, drop=["nothing"])),
        ("unknown-command", Wanted("all", key, command="rm")),
        ("bad-span", Wanted("all", key, days=0)),
    ]
    for code, wanted in cases:
        with pytest.raises(BackendError) as error:
            publish_desk.publish(settings, wanted)
        assert error.value.code == code
        assert error.value.advice
    assert manifests(terminal) == []


def test_nothing_is_published_into_a_database_that_is_not_there(settings, key, tmp_path):
    elsewhere = Settings(str(tmp_path / "no-backend.db"), settings.blobs)
    with pytest.raises(BackendError, match="no-backend"):
        publish_desk.publish(elsewhere, Wanted("all", key, policy=None))
    assert not (tmp_path / "no-backend.db").exists()


def test_what_is_in_force_and_what_came_of_it_is_printed(terminal, publish, settings, capsys):
    publish(terminal.id, command="collect-diagnostics")
    (command,) = manifests(terminal)[0].commands
    assert status(report(terminal, command.id)) == "accepted"
    capsys.readouterr()
    assert publish_desk.show(settings) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert msgspec.json.decode(line, type=wire.Manifest) == manifests(terminal)[0]
    assert publish_desk.outcomes(settings, command.id) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert '"outcome":"done"' in line
    assert publish_desk.outcomes(settings, "c-none") == 0
    assert capsys.readouterr().out == ""
