"""A certificate that nobody could read, or that says nothing, is a problem of its pack with line and cure."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from kiosk.services.check import check_pack

PACK = (files("kiosk.services") / "builtin" / "elder_card.yaml").read_text("utf-8")
ROW = '      applicant.address: "{applicant.address}"\n'


def problems(tmp_path: Path, old: str, new: str) -> list[str]:
    assert old in PACK
    file = tmp_path / "pack.yaml"
    file.write_text(PACK.replace(old, new, 1), "utf-8")
    return [f"{each.path}: {each.message} {each.cure}" for each in check_pack(file)]


def test_the_pack_itself_has_none(tmp_path: Path) -> None:
    assert problems(tmp_path, "老年卡", "老年卡") == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (ROW, ROW + '      rank: "{applicant.name}"\n', "no label"),
        (ROW, '      applicant.address: "{no_such}"\n', "not known"),
        (ROW, ROW + "    labels:\n      other: { zh: 别的, en: Other }\n", "no row has this label"),
        ("    valid_months: 0\n", "    valid_months: -1\n", "valid_months"),
        ("    valid_months: 0\n", "    type_code: abc\n", "type_code"),
        ('body: { zh: "持证人', 'body: { zh: "{nobody}持证人', "not known"),
        ("template: certificate", "template: licence", "the layout needs the field name"),
        ("template: certificate", "template: receipt", "another layout"),
        ("kind: certificate", "kind: receipt", "layout is a certificate's"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    found = problems(tmp_path, old, new)
    assert any(told in each for each in found), found


def test_a_certificate_is_for_what_was_approved_and_says_what_holds_without_a_printer(tmp_path: Path) -> None:
    title = 'en: "Senior citizen\'s concession card" }\n    outcomes: [approved]'
    assert any("for what was approved" in each for each in problems(tmp_path, title, title.replace("]", ", refused]")))
    assert any("cannot be printed" in each for each in problems(tmp_path, "    paper:\n", "    network:\n"))
