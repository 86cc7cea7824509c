"""A policy changes the values that it may and no others, and each value says where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import policy
from kiosk.policy import PolicyError
from kiosk.profile import Profile, ProfileError, parse
from tests.unit.test_profile import GOOD


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    sound = {"sound": {"driver": "alsa", "port": "default"}}
    return parse(GOOD | {"devices": sound}, tmp_path)


def test_values_take_their_places_and_say_where_they_come_from(profile):
    found = policy.parse(
        b'version = "2026-06"\n[values]\nface_check = false\npictures = "22:00-06:00"\nclosed = "00:00-06:00"\n'
        b"volume = 20\nretention_days = 10\n"
    )
    changed = policy.applied(profile, found)
    assert (changed.face_check, changed.retention_days) == (False, 10)
    assert changed.device("sound").options["volume"] == 20
    assert (changed.pictures.begin.hour, changed.closed.end.hour) == (22, 6)
    assert changed.backend_url == profile.backend_url
    said = {each.key: (each.value, each.origin) for each in policy.settings(profile, found, "all 7")}
    assert said["face_check"] == ("off", "all 7")
    assert said["pictures"] == ("22:00-06:00", "all 7")
    assert said["draft_days"] == (str(profile.draft_days), "profile")
    assert set(said) == set(policy.SETTABLE)
    assert policy.applied(profile, None) == profile


def test_an_empty_window_takes_the_profiles_away(tmp_path):
    profile = parse(GOOD | {"policy": {"closed": "23:00-05:00"}}, tmp_path)
    assert profile.closed is not None
    assert policy.applied(profile, policy.parse(b'version = "1"\n[values]\nclosed = ""\n')).closed is None


@pytest.mark.parametrize(
    "text",
    ["", 'version = 1', 'version = "a b"', 'version = "1"\nvalues = 3', 'version = "1"\nother = 3', "version = ",
     *(f'version = "1"\n[values]\n{line}' for line in (
         "face_threshold = 0.1", 'backend_url = "x"', "face_check = 1", 'pictures = "late"', "closed = 3",
         "volume = 101", "volume = true", "retention_days = 0", "draft_days = 31", "publishing_keys = []")),
     'version = "1"\n#' + "x" * policy.LARGEST, 'version = "1"\n[values]\nx = ' + "[" * 2000],
)  # fmt: skip
def test_what_may_not_be_changed_from_afar_is_refused_with_its_key(text):
    with pytest.raises(PolicyError) as error:
        policy.parse(text.encode())
    assert error.value.code == "policy-invalid"
    assert error.value.advice


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(PolicyError):
        policy.parse(b"\xff\xfe")


def test_publishing_keys_of_a_profile_are_checked(tmp_path):
    with pytest.raises(ProfileError, match=r"publishing\.keys"):
        parse(GOOD | {"publishing": {"keys": ["AAAA"]}}, tmp_path)
    with pytest.raises(ProfileError, match=r"publishing\.keys"):
        parse(GOOD | {"publishing": {"keys": ["not base64"]}}, tmp_path)
    with pytest.raises(ProfileError, match=r"policy\.closed"):
        parse(GOOD | {"policy": {"closed": "night"}}, tmp_path)
