"""Publishing keys and the signatures of packs: made once, kept to oneself, no byte changed unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from kiosk import wire
from kiosk.cli import main
from kiosk.services import signing
from kiosk.services.signing import SigningError
from kiosk.suites import NAMES

BUILTIN = (files("kiosk.services") / "builtin" / "pension_verification.yaml").read_bytes()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    signing.make_key(tmp_path / "publishing.key")
    return tmp_path / "publishing.key"


def code_of(error: pytest.ExceptionInfo[SigningError]) -> str:
    assert error.value.advice
    return error.value.code


@pytest.mark.parametrize("suite", NAMES)
def test_a_key_is_made_for_its_owner_alone_and_never_written_over(tmp_path, suite):
    file = tmp_path / "folder" / "publishing.key"
    made = signing.make_key(file, suite)
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing.load_key(file).public == made.public
    with pytest.raises(SigningError) as error:
        signing.make_key(file, suite)
    assert code_of(error) == "would-overwrite"
    artefact = signing.sign_artefact("pack", "a", "1", b"x", made)
    keys = signing.public_keys([wire.b64(made.public)])
    assert signing.genuine(artefact, keys) == 1
    assert signing.genuine(replace(artefact, version="2"), keys) == 0


def test_a_key_that_others_may_read_or_that_is_none_is_not_used(key):
    key.chmod(0o640)
    with pytest.raises(SigningError) as error:
        signing.load_key(key)
    assert code_of(error) == "key-exposed"
    key.chmod(0o600)
    found = json.loads(key.read_text())
    for text in ("", "[]", "{}", json.dumps(found | {"public": "AA=="}), json.dumps(found | {"suite": "shangmi"}),
                 json.dumps(found | {"private": "AA=="}), json.dumps(found | {"private": 1})):  # fmt: skip
        key.write_text(text)
        with pytest.raises(SigningError) as error:
            signing.load_key(key)
        assert code_of(error) == "key-damaged", text
    key.unlink()
    with pytest.raises(SigningError) as error:
        signing.load_key(key)
    assert code_of(error) == "key-missing"


def test_every_field_of_an_artefact_and_of_a_manifest_is_under_its_signature(key):
    signer = signing.load_key(key)
    artefact = signing.sign_artefact("pack", "a", "1", b"x", signer)
    changed = [
        replace(artefact, kind="policy"), replace(artefact, name="b"), replace(artefact, version="2"),
        replace(artefact, sha256="0" * 64), replace(artefact, size=2),
    ]  # fmt: skip
    assert not any(signing.genuine(each, [signer.public]) for each in changed)
    order = wire.Command("c", "restart", "t", "u", {"a": "b"})
    plain = wire.Manifest("all", 1, "a", "b", "c", [artefact], [order], signer.id)
    made = replace(plain, signature=signer.sign(plain.canonical()))
    assert signing.genuine(made, [signer.public]) == 1
    others = [
        replace(made, scope="x"), replace(made, version=2), replace(made, issued_at="x"), replace(made, not_before="x"),
        replace(made, expires_at="x"), replace(made, artefacts=[]), replace(made, artefacts=[artefact, artefact]),
        replace(made, artefacts=[replace(artefact, signature="")]), replace(made, commands=[]),
        *(replace(made, commands=[replace(order, **{name: "x"})])
          for name in ("id", "name", "not_before", "expires_at")),
        replace(made, commands=[replace(order, arguments={})]),
        replace(made, commands=[replace(order, arguments={"a": "c"})]),
        replace(made, scope="\ud800"),
    ]  # fmt: skip
    assert not any(signing.genuine(each, [signer.public]) for each in others)


def test_texts_of_one_field_cannot_be_moved_into_the_next(key):
    """Lists are counted: a command is not an artefact's tail, an argument not the next command."""
    one = wire.Manifest("all", 1, "", "", "", [], [wire.Command("a", "b", "c", "d", {"e": "f"})], "")
    two = wire.Manifest(
        "all", 1, "", "", "", [], [wire.Command("a", "b", "c", "d", {}), wire.Command("e", "f", "", "")], ""
    )
    assert one.canonical() != two.canonical()


def test_the_command_line_makes_a_key_signs_a_pack_and_says_what_differs(tmp_path, capsys):
    key, pack, other = tmp_path / "p.key", tmp_path / "pack.yaml", tmp_path / "other.yaml"
    pack.write_bytes(BUILTIN)
    assert main(["pack", "key", "--out", str(key), "--json"]) == 0
    public = json.loads(capsys.readouterr().out)["public"]
    assert main(["pack", "key", "--out", str(key)]) == 2
    assert main(["pack", "sign", str(pack), "--key", str(key), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["id"] == "pension_verification"
    artefact, data = signing.read_signed(pack, signing.public_keys([public]))
    assert (artefact.version, data) == (row["version"], BUILTIN)
    other.write_bytes(BUILTIN.replace(b"minutes: 1", b"minutes: 2"))
    assert main(["pack", "diff", str(pack), str(pack)]) == 0
    assert main(["pack", "diff", str(pack), str(other), "--json"]) == 1
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found == [{"path": "guide.minutes", "before": 1, "after": 2}]
    assert main(["pack", "diff", str(pack), str(tmp_path / "none.yaml")]) == 2


def test_a_pack_with_a_problem_is_not_signed_and_a_changed_one_is_found(tmp_path, key, capsys):
    pack = tmp_path / "pack.yaml"
    pack.write_bytes(BUILTIN.replace(b"offline:", b"offlime:"))
    assert main(["pack", "sign", str(pack), "--key", str(key)]) == 1
    assert "offlime" in capsys.readouterr().err
    assert not signing.signature_beside(pack).exists()
    with pytest.raises(SigningError) as error:
        signing.read_signed(pack)
    assert code_of(error) == "not-signed"
    pack.write_bytes(BUILTIN)
    assert main(["pack", "sign", str(pack), "--key", str(key)]) == 0
    pack.write_bytes(BUILTIN + b"\n")
    for content in (BUILTIN + b"\n", BUILTIN):
        pack.write_bytes(content)
        if content == BUILTIN:
            signing.signature_beside(pack).write_bytes(b"{}")
        with pytest.raises(SigningError) as error:
            signing.read_signed(pack)
        assert code_of(error) == "bad-signature"


def test_a_pack_of_another_publisher_is_found(tmp_path, key):
    pack = tmp_path / "pack.yaml"
    pack.write_bytes(BUILTIN)
    stranger = signing.make_key(tmp_path / "stranger.key")
    signing.write_signature(pack, signing.sign_artefact("pack", "pension_verification", "1.2.0", BUILTIN, stranger))
    with pytest.raises(SigningError) as error:
        signing.read_signed(pack, [signing.load_key(key).public])
    assert code_of(error) == "bad-signature"
