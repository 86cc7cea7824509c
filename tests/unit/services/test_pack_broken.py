"""Broken packs by the hundred: every one is refused with line and cure, or still a whole pack; none breaks the check.

48 of them always; more with KIOSK_FUZZ_PACKS=N (200 take half a minute).
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from kiosk.services.check import check_pack
from kiosk.services.loader import BUILTIN, load_pack
from tests.unit.services.edited_packs import FOLDER

COUNT = int(os.environ.get("KIOSK_FUZZ_PACKS", "48"))


def without_a_line(lines: list[str], draw: Random) -> None:
    del lines[draw.randrange(len(lines))]


def with_a_key_misspelt(lines: list[str], draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if ":" in line and not line.lstrip().startswith("#")])
    head, _, tail = lines[at].partition(":")
    lines[at] = head.rstrip() + "x:" + tail


def with_a_line_indented(lines: list[str], draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if line.strip()])
    lines[at] = " " + lines[at]


def with_a_line_twice(lines: list[str], draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")])
    lines.insert(at, lines[at])


def with_a_language_gone(lines: list[str], draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if ', en: "' in line])
    head, _, tail = lines[at].partition(', en: "')
    lines[at] = head + " }" + tail.partition('" }')[2]


def with_a_condition_turned(lines: list[str], draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if "when: age" in line or "when: answers" in line])
    lines[at] = lines[at].replace("answers", "answer").replace("age", "agee")


def with_a_value_of_another_kind(lines: list[str], draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if line.rstrip().endswith("}") and ": {" in line])
    lines[at] = lines[at].partition(": {")[0] + ": 7"


def cut_off(lines: list[str], draw: Random) -> None:
    del lines[draw.randrange(len(lines) // 3, lines.index("sources:")) :]


BREAKS = (
    without_a_line, with_a_key_misspelt, with_a_line_indented, with_a_line_twice, with_a_language_gone,
    with_a_condition_turned, with_a_value_of_another_kind, cut_off,
)  # fmt: skip
SURE = (with_a_language_gone, with_a_condition_turned, with_a_value_of_another_kind, cut_off)


@pytest.mark.parametrize("number", range(COUNT))
def test_a_broken_pack_is_refused_with_line_and_cure_or_is_still_whole(number: int, tmp_path: Path) -> None:
    draw, break_it = Random(number), BREAKS[number % len(BREAKS)]
    name = BUILTIN[number // len(BREAKS) % len(BUILTIN)]
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    if break_it is with_a_condition_turned and not any("when: a" in line for line in lines):
        break_it = without_a_line
    break_it(lines, draw)
    path = tmp_path / "broken.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    problems = check_pack(path)
    assert all(one.message and one.cure for one in problems)
    assert all(0 < one.line <= len(lines) + 1 for one in problems), [str(one) for one in problems]
    if break_it in SURE:
        assert problems, (name, break_it.__name__)
    if not problems:
        load_pack(path)
