"""What profile, doctor and screen say of the line, of clocks, and of what waits too long."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.counter.abilities import abilities
from kiosk.domain.window import Window
from kiosk.health import books
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import Block, CaseRecord
from kiosk.profile import Profile, ProfileError, parse
from kiosk.services.loader import load_builtin
from kiosk.services.model import Verdict

EXAMPLE = Path(__file__).parents[2] / "deploy/profiles/example.toml"


def profile(base: Path, **backend: str) -> Profile:
    table = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    table["backend"] |= backend
    return parse(table, base)


def test_a_profile_names_roots_and_the_hours_of_pictures(tmp_path):
    plain = profile(tmp_path)
    assert (plain.backend_roots, plain.pictures) == (None, None)
    made = profile(tmp_path, roots="roots.pem", pictures="22:00-06:00")
    assert made.backend_roots == tmp_path / "roots.pem"
    assert made.pictures == Window.parse("22:00-06:00")


def test_hours_that_are_none_are_told_with_the_cure(tmp_path):
    with pytest.raises(ProfileError, match=r'backend\.pictures: write "HH:MM-HH:MM"'):
        profile(tmp_path, pictures="at night")


@pytest.mark.parametrize(("hours", "state"), [(1, "ok"), (25, "attention"), (500, "attention")])
def test_doctor_says_how_long_the_oldest_item_has_waited(tmp_path, hours, state):
    at = datetime.now(UTC) - timedelta(hours=hours)
    with Journal.open(tmp_path, load_or_create_key(tmp_path), clock=lambda: at, durable=False) as journal:
        journal.add_block(Block("case", 1, 100))
        journal.commit(
            lambda numbers: CaseRecord(
                "0197", str(numbers.take("case")), "pension", "1", "approved", "final", "face", at, False, b"sealed"
            )
        )
    (queue,) = (check for check in books.examine(tmp_path).checks if check.name == "queue")
    assert queue.state == state
    assert (f"the oldest for {hours} hours" in queue.finding) == (state != "ok")


def test_with_a_clock_that_cannot_be_right_no_service_is_offered():
    packs = load_builtin()
    for clock in (True, False):
        event = abilities(packs, {}, online=True, enrolled=True, numbers_left=lambda _kind: 9, clock=clock)
        assert all(("clock" in found.lacking) != clock for found in event.abilities.values())
        if not clock:
            assert {found.verdict for found in event.abilities.values()} == {Verdict.CANNOT}
