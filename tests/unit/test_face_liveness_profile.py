"""Whether a sign of life is asked for is the profile's; a doctor says where it cannot be seen."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kiosk.health import machine
from kiosk.profile import ProfileError, parse

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "profiles" / "example.toml"


def parsed(**policy: object) -> bool:
    table = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    return parse({**table, "policy": policy}, EXAMPLE.parent).face_liveness


def test_it_is_asked_for_only_where_the_profile_says_so() -> None:
    assert parsed() is False
    assert parsed(face_liveness=True) is True
    with pytest.raises(ProfileError, match=r"policy\.face_liveness: must be true or false"):
        parsed(face_liveness="yes")


def test_a_doctor_says_that_no_face_is_checked_where_no_sign_of_life_can_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "LIVENESS", ("no_such_package",))
    said = machine.liveness()
    assert said.state == "broken"
    assert "no_such_package" in said.finding
    assert "face_liveness" in said.advice


def test_where_it_can_be_seen_a_doctor_says_what_it_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LIVENESS", ())
    assert "not a film or a mask" in machine.liveness().finding
