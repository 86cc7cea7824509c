"""[keys] in a profile: which suite, which source, bound to what, changed when."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from kiosk import profile

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "profiles" / "example.toml"


def keys(**values):
    table = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    table["keys"] = values
    return profile.parse(table, EXAMPLE.parent).keys


def test_without_a_word_it_is_what_it_was():
    assert keys() == profile.KeysProfile("international", "file", "", 365.0)
    assert profile.load(EXAMPLE).keys == keys()


def test_what_may_be_said():
    assert keys(suite="shangmi", source="tpm", pcrs="sha256:0,7", change_days=90) == profile.KeysProfile(
        "shangmi", "tpm", "sha256:0,7", 90
    )
    assert keys(source="credential").source == "credential"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"suite": "sm"}, "keys.suite: there is no such suite; use one of international, shangmi"),
        ({"source": "usb"}, "keys.source: there is no such source; use one of file, credential, tpm"),
        ({"pcrs": "sha256:7"}, "keys.pcrs"),
        ({"source": "tpm", "pcrs": "7"}, "keys.pcrs"),
        ({"source": "tpm", "pcrs": "sha256:7 -T x"}, "keys.pcrs"),
        ({"change_days": 0}, "keys.change_days"),
        ({"change_days": 10**6}, "keys.change_days"),
        ({"suit": "shangmi"}, "keys.suit: is not known"),
        ({"suite": 1}, "must be a string"),
    ],
)
def test_what_is_refused_names_the_key_and_the_cure(values, told):
    with pytest.raises(profile.ProfileError, match=told.split(":")[0]) as caught:
        keys(**values)
    assert told in str(caught.value)
