"""The file that says how staff sign in: what it takes, and how it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.backend import BackendError, Settings, create_app
from kiosk.backend.oidc.config import load

OIDC = '[oidc]\nissuer = "https://sso.example/office"\nclient_id = "kiosk"\nsecret_file = "oidc.secret"\n'
ORIGIN = 'origin = "https://console.example"\n'
GROUPS = '[oidc.groups]\n[[oidc.groups.rules]]\ngroup = "a"\nrole = "street"\nareas = ["330102001"]\n'


def file(folder: Path, text: str, mode: int = 0o600) -> Path:
    secret, path = folder / "oidc.secret", folder / "sign_in.toml"
    secret.write_text("s3cret\n")
    secret.chmod(mode)
    path.write_text(text)
    return path


def test_what_it_says_is_read(tmp_path: Path) -> None:
    rules = load(file(tmp_path, 'passwords = "break-glass"\nbreak_glass = ["Emergency"]\n' + OIDC + ORIGIN + GROUPS))
    assert rules.oidc is not None
    assert (rules.oidc.secret, rules.oidc.second_factor, rules.oidc.subject) == ("s3cret", "own", "sub")
    assert rules.oidc.groups is not None
    assert rules.oidc.groups.rule_of(["a", "x"]) == rules.oidc.groups.rules[0]
    assert rules.by_password(" emergency ")
    assert not rules.by_password("anna")
    assert "s3cret" not in repr(rules) + repr(rules.oidc)


def test_the_public_address_serves_where_no_origin_is_named(tmp_path: Path) -> None:
    rules = load(file(tmp_path, OIDC), "https://kiosk.example/")
    assert rules.oidc is not None
    assert rules.oidc.origin == "https://kiosk.example"
    assert rules.by_password("anybody")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "TOML"),
        ("surprise = 1", "surprise is not known"),
        ('passwords = "none"', "all or break-glass"),
        ('passwords = "break-glass"', "needs [oidc]"),
        ('break_glass = ["anna"]', "means nothing"),
        (OIDC, "--public-url"),
        (OIDC.replace("kiosk", "") + ORIGIN, "lacks client_id"),
        (OIDC.replace("https", "http") + ORIGIN, "oidc.issuer is https"),
        (OIDC.replace("office", "?a=1") + ORIGIN, "oidc.issuer"),
        (OIDC.replace("sso.example", "[sso") + ORIGIN, "oidc.issuer is https"),
        (OIDC + 'origin = "http://console.example"', "oidc.origin"),
        (OIDC + 'origin = "https://a.example/console"', "oidc.origin"),
        (OIDC + 'origin = "https://[a"', "oidc.origin"),
        (OIDC + ORIGIN + 'second_factor = "none"', "own, provider, trusted"),
        (OIDC + ORIGIN + 'second_factor = "provider"', "acr or amr"),
        (OIDC + ORIGIN + 'amr = ["otp"]', "acr or amr"),
        (OIDC + ORIGIN + "seconds = 60", "at most 15"),
        (OIDC + ORIGIN + "leeway = true", "wrong form"),
        (OIDC + ORIGIN + "acr = [1]", "list of texts"),
        (OIDC + ORIGIN + 'roots_file = "none.pem"', "roots_file"),
        (OIDC + ORIGIN + "[oidc.groups]\n", "lets nobody in"),
        (OIDC + ORIGIN + GROUPS.replace("street", "king"), "role is community"),
        (OIDC + ORIGIN + GROUPS.replace("330102001", "3"), "digits"),
        (OIDC + ORIGIN + GROUPS.replace('["330102001"]', "[]"), "which area"),
        (OIDC + ORIGIN + GROUPS + "more = 1\n", "more is not known"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BackendError, match="bad-sign-in") as failure:
        load(file(tmp_path, text))
    assert said in failure.value.advice


def test_a_secret_that_others_can_read_is_none(tmp_path: Path) -> None:
    with pytest.raises(BackendError) as failure:
        load(file(tmp_path, OIDC + ORIGIN, 0o644))
    assert "chmod 600" in failure.value.advice


def test_a_wrong_file_is_found_when_the_backend_starts(tmp_path: Path) -> None:
    settings = Settings(f"sqlite:///{tmp_path}/b.db", str(tmp_path / "blobs"), console=True,
                        sign_in=str(file(tmp_path, OIDC)))  # fmt: skip
    with pytest.raises(BackendError, match="bad-sign-in"):
        create_app(settings)
