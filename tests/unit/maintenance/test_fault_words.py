"""Every fault that a driver can tell has plain words in both languages; so has every device and every proof of ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import devices
from kiosk.maintenance import words
from kiosk.maintenance.verdicts import verdict
from kiosk.profile import DEVICE_KINDS
from ui.words import staff_catalogue

ROOT = Path(devices.__file__).parent
WORD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MAKERS = frozenset({
    "Fault", "DeviceError", "StreamError", "Refused", "_Refusal", "_refusal", "trouble", "fault_of", "CommandFailed",
    "Meaning",
})  # fmt: skip
"""What faults and errors are made with; beside these a class's ``super().__init__("code", …)`` and ``code="…"``."""


def constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and WORD.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def codes_of(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if (name in MAKERS or name == "__init__") and node.args:
            found |= set(constants(node.args[0]))
        for keyword in node.keywords:
            if keyword.arg == "code":
                found |= set(constants(keyword.value))
    return found


@cache
def all_codes() -> set[str]:
    ours = [file for file in ROOT.rglob("*") if not {"simulators", "fuzz"} & set(file.relative_to(ROOT).parts)]
    found: set[str] = set()
    for file in ours:
        if file.suffix == ".py":
            found |= codes_of(file.read_text("utf-8"))
        elif file.suffix == ".toml":
            found |= set(re.findall(r'^code = "([a-z0-9-]+)"', file.read_text("utf-8"), re.MULTILINE))
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_fault_of_a_driver_is_without_words(language: str) -> None:
    codes = all_codes()
    assert len(codes) > 200, "the search finds nothing any more"
    assert {"media-empty", "pcscd-gone", "toner-low", "card-jammed", "frozen", "sam-self-test"} <= codes
    known = staff_catalogue(language, "fault")
    assert not sorted(code for code in codes if f"maint.fault.{code}" not in known)


def test_a_state_without_a_fault_has_words_too() -> None:
    from devices.contracts.device import State, Status

    known = staff_catalogue("zh_CN", "fault")
    for state in State:
        code = verdict(Status(state)).code
        assert not code or f"maint.fault.{code}" in known


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_device_has_a_name(language: str) -> None:
    known = staff_catalogue(language, "device")
    subjects = ("screen", "touch", "network", "clock", "disk", "queue", "packs", "keys", "power", "chain", "actors")
    for kind in (*DEVICE_KINDS, *subjects):
        assert known[words.device(kind).key]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_proof_of_these_rooms_has_words(language: str) -> None:
    known = staff_catalogue(language, "proof")
    codes = ("self-test-passed", "self-test-failed", "needs-person", "person-yes", "person-no", "repair-done")
    for code in (*codes, "repair-unseen", "repair-unsure", words.DEVICE_FAULT, "other"):
        assert known[f"maint.proof.{code}"]


ROOMS = ("overview", "tests", "repairs", "supplies", "device", "fault", "proof", "common")


@pytest.mark.parametrize("room", ROOMS)
def test_both_languages_say_the_same_things(room: str) -> None:
    chinese, english = staff_catalogue("zh_CN", room), staff_catalogue("en", room)
    assert {key.removesuffix(".one") for key in english} == {key.removesuffix(".one") for key in chinese}
    for key, text in chinese.items():
        if not key.endswith((".one", ".day")):  # "one day" has no number, and a day's year is for English alone
            assert sorted(re.findall(r"\{(\d)", text)) == sorted(re.findall(r"\{(\d)", english[key])), key
