"""What the profile and `kiosk doctor` say of the entry's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import profile
from kiosk.access.files import entry_secret, staff_cards
from kiosk.health import entry
from kiosk.health.readiness import Check

SECRET = "gezd gnbv gy3t qojq gezd gnbv gy3t qojq\n"
LINES = "".join(f'"{letter * 64}" = {{ number = "0417", role = "keeper" }}\n' for letter in "ab")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    cards, secret = tmp_path / "cards.toml", tmp_path / "entry.secret"
    cards.write_text("[cards]\n" + LINES)
    secret.write_text(SECRET)
    secret.chmod(0o600)
    return cards, secret


def told(cards: Path | None, secret: Path | None) -> list[tuple[str, str]]:
    checks: list[Check] = entry.examine(cards, secret)
    assert [check.name for check in checks] == [entry.CARDS, entry.CODES]
    return [(check.state, check.finding) for check in checks]


def test_both_files_are_well(files: tuple[Path, Path]) -> None:
    assert [state for state, _ in told(*files)] == ["ok", "ok"]
    assert told(*files)[0][1] == "of 1 members of staff"


def test_neither_is_needed() -> None:
    assert [state for state, _ in told(None, None)] == ["ok", "ok"]


def test_files_that_are_missing_or_wrong_are_broken_and_no_secret_is_quoted(files: tuple[Path, Path]) -> None:
    cards, secret = files
    assert [state for state, _ in told(cards.with_name("none"), secret.with_name("none"))] == ["broken", "broken"]
    cards.write_text("[cards]\n")
    secret.write_text("gezd gnbv\n")
    found = told(cards, secret)
    assert [state for state, _ in found] == ["broken", "broken"]
    assert "gezd" not in repr(found)


def test_files_that_others_may_change_or_read_want_attention(files: tuple[Path, Path]) -> None:
    files[0].chmod(0o666)
    files[1].chmod(0o644)
    assert [state for state, _ in told(*files)] == ["attention", "attention"]


def test_the_profile_takes_them_relative_to_itself(tmp_path: Path) -> None:
    example = Path("deploy/profiles/example.toml").read_text("utf-8")
    for key in ("staff_cards_file", "entry_secret_file"):
        assert f"# {key} = " in example
        example = example.replace(f"# {key} = ", f"{key} = ")
    file = tmp_path / "profile.toml"
    file.write_text(example.replace('"/etc/kiosk/entry.secret"', '"entry.secret"'))
    loaded = profile.load(file)
    assert loaded.staff_cards_file == Path("/etc/kiosk/staff-cards.toml")
    assert loaded.entry_secret_file == tmp_path / "entry.secret"


def test_a_terminal_does_not_start_with_a_file_that_is_wrong(files: tuple[Path, Path]) -> None:
    cards, secret = files
    assert [member.number for member in staff_cards(cards).values()] == ["0417", "0417"]
    assert entry_secret(secret) == b"12345678901234567890"
    assert (staff_cards(None), entry_secret(None)) == ({}, None)
    for broken, read in ((cards, staff_cards), (secret, entry_secret)):
        broken.write_text("gezd")
        with pytest.raises(ValueError, match=r"^access\.\w+_file: .*leave access\.\w+_file out") as caught:
            read(broken)
        assert "gezd " not in str(caught.value)
        broken.unlink()
        with pytest.raises(ValueError, match="No such file"):
            read(broken)
