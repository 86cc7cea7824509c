"""A changed profile is tried: confirmed it stays, and in every other case the old one comes back by itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kiosk import trial
from kiosk.profile import ProfileError
from tests.unit.doctor_room import PROFILE

OLD = PROFILE.format(url="http://127.0.0.1:9").encode()
NEW = PROFILE.format(url="http://127.0.0.1:10").encode()


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Log:
    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, str | int]]] = []

    def audit(self, event: str, /, **details: str | int) -> None:
        self.rows.append((event, details))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "terminal.toml"
    made.write_bytes(OLD)
    made.chmod(0o640)
    return made


def marker(file: Path) -> Path:
    return file.with_name(file.name + trial.MARKER)


def test_a_profile_that_was_confirmed_stays(file: Path) -> None:
    trial.begin(file, NEW, "0001")
    standing = trial.at_start(file)
    assert standing.trial is not None
    assert standing.who == "0001"
    assert standing.trial.confirm()
    assert not standing.trial.roll_back(trial.ASKED)
    assert file.read_bytes() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.with_name(file.name + trial.BEFORE).read_bytes() == OLD
    assert not marker(file).exists()
    assert trial.at_start(file) == trial.Standing()


def test_without_a_word_it_is_rolled_back_after_five_minutes_of_running(file: Path) -> None:
    trial.begin(file, NEW)
    clock, log, restarts = Clock(), Log(), []
    standing = trial.at_start(file, clock)
    assert standing.trial is not None
    watch = trial.TrialWatch(standing.trial, lambda: bool(restarts.append(1)) or True)
    clock.now += trial.SECONDS - 1
    watch.look()
    assert restarts == []
    assert standing.trial.left == 1
    clock.now += 1
    watch.look()
    watch.look()
    assert restarts == [1]
    assert file.read_bytes() == OLD
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    after = trial.at_start(file)
    assert (after.trial, after.ended) == (None, trial.NOT_CONFIRMED)
    trial.note_ended(file, after, log)
    assert log.rows == [("profile.rolled_back", {"reason": trial.NOT_CONFIRMED})]
    assert trial.at_start(file) == trial.Standing()


def test_a_confirmed_trial_is_not_due_any_more(file: Path) -> None:
    trial.begin(file, NEW)
    clock = Clock()
    made = trial.at_start(file, clock).trial
    assert made is not None
    assert made.confirm()
    clock.now += 10 * trial.SECONDS
    assert not made.due


def test_starts_that_crash_bring_the_old_profile_back_before_it_is_read(file: Path) -> None:
    trial.begin(file, NEW)
    for _ in range(trial.STARTS):
        assert trial.at_start(file).trial is not None
        assert file.read_bytes() == NEW
    assert trial.at_start(file).ended == trial.STARTED_OFTEN
    assert file.read_bytes() == OLD


def test_a_profile_that_cannot_be_read_is_rolled_back_at_once_and_the_old_one_starts(file: Path) -> None:
    trial.begin(file, b"this is [not a profile")
    loaded, standing = trial.load(file)
    assert loaded.backend_url == "http://127.0.0.1:9"
    assert standing == trial.Standing(ended=trial.REFUSED)
    assert file.read_bytes() == OLD


def test_a_bad_profile_that_nobody_tries_is_told_and_not_touched(file: Path) -> None:
    file.write_bytes(b"bad")
    with pytest.raises(ProfileError):
        trial.load(file)
    assert file.read_bytes() == b"bad"


def test_killed_before_the_new_profile_stood_there_is_no_trial(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = trial.put

    def put(path: Path, data: bytes) -> None:
        if path == file:
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(trial, "put", put)
    with pytest.raises(KeyboardInterrupt):
        trial.begin(file, NEW)
    monkeypatch.undo()
    assert marker(file).exists()
    assert trial.at_start(file) == trial.Standing()
    assert file.read_bytes() == OLD
    assert not marker(file).exists()


def test_killed_inside_a_roll_back_the_next_start_ends_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial.begin(file, NEW)
    made = trial.at_start(file).trial
    assert made is not None
    real = trial.put

    def put(path: Path, data: bytes) -> None:
        if path == file:
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(trial, "put", put)
    with pytest.raises(KeyboardInterrupt):
        made.roll_back(trial.BROKEN)
    monkeypatch.undo()
    assert file.read_bytes() == NEW
    assert trial.at_start(file).ended == trial.BROKEN
    assert file.read_bytes() == OLD


def test_what_somebody_wrote_by_hand_meanwhile_counts(file: Path) -> None:
    trial.begin(file, NEW)
    other = PROFILE.format(url="http://127.0.0.1:11").encode()
    file.write_bytes(other)
    assert trial.at_start(file) == trial.Standing()
    assert file.read_bytes() == other
    assert not marker(file).exists()


def test_a_second_trial_waits_for_the_first(file: Path) -> None:
    trial.begin(file, NEW)
    with pytest.raises(trial.TrialError) as refused:
        trial.begin(file, OLD)
    assert refused.value.code == "trial-runs"
    assert file.read_bytes() == NEW


def test_after_a_rolled_back_one_the_next_may_be_tried_at_once(file: Path) -> None:
    trial.begin(file, NEW)
    made = trial.at_start(file).trial
    assert made is not None
    assert made.roll_back(trial.ASKED)
    trial.begin(file, NEW)
    assert trial.at_start(file).trial is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"old": 3, "new": "x"}', b'{"other": 1}'])
def test_a_marker_that_cannot_be_read_changes_nothing(file: Path, content: bytes) -> None:
    marker(file).write_bytes(content)
    assert trial.load(file)[1] == trial.Standing()
    assert file.read_bytes() == OLD
    assert not marker(file).exists()


def test_a_folder_that_takes_nothing_is_told_and_the_old_profile_stands(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(path: Path, data: bytes) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(trial, "put", put)
    with pytest.raises(trial.TrialError) as refused:
        trial.begin(file, NEW)
    assert refused.value.code == "not-writable"
    assert str(file.parent) in refused.value.advice
    assert file.read_bytes() == OLD
