"""200 broken packs: each is refused with file, line and cure, and none breaks the check.

They are made of the built-in packs, the shorter ones first, by one mistake each; what is whole all the same is drawn
again. More with KIOSK_FUZZ_PACKS=N (2000 take half a minute). That the terminal goes on with its last good pack is
tests/faults/test_downloads_packs.py's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from kiosk.services.check import check_pack
from kiosk.services.document import PackProblem
from kiosk.services.loader import BUILTIN, PackError, load_pack
from tests.unit.services.edited_packs import FOLDER

COUNT = int(os.environ.get("KIOSK_FUZZ_PACKS", "200"))
DRAWS = 40  # until a mistake is one
Lines = list[str]
Break = Callable[[Lines, Random], None]


def pick(lines: Lines, draw: Random, *signs: str) -> int:
    """A line with one of these in it."""
    return draw.choice(
        [at for at, line in enumerate(lines) if any(s in line for s in signs) and line.lstrip()[:1] != "#"]
    )


def changed(*signs: str, to: str) -> Break:
    """One place that reads so reads otherwise."""

    def change(lines: Lines, draw: Random) -> None:
        at = pick(lines, draw, *signs)
        sign = next(sign for sign in signs if sign in lines[at])
        lines[at] = lines[at].replace(sign, to, 1)

    return change


def without_a_line(lines: Lines, draw: Random) -> None:
    del lines[pick(lines, draw, "outcome:", "because:", "basis:", "heading:", "holds:", "  title:")]


def with_a_key_misspelt(lines: Lines, draw: Random) -> None:
    at = pick(lines, draw, ":")
    head, _, tail = lines[at].partition(":")
    lines[at] = f"{head.rstrip()}x:{tail}"


def with_a_line_indented(lines: Lines, draw: Random) -> None:
    at = pick(lines, draw, ":")
    lines[at] = " " + lines[at]


def with_a_line_twice(lines: Lines, draw: Random) -> None:
    at = pick(lines, draw, ":")
    lines.insert(at, lines[at])


def with_a_language_gone(lines: Lines, draw: Random) -> None:
    at = pick(lines, draw, ', en: "')
    head, _, tail = lines[at].partition(', en: "')
    lines[at] = head + " }" + tail.partition('" }')[2]


def with_a_value_of_another_kind(lines: Lines, draw: Random) -> None:
    at = draw.choice([i for i, line in enumerate(lines) if line.rstrip().endswith("}") and ": {" in line])
    lines[at] = lines[at].partition(": {")[0] + ": 7"


def with_a_refusal_that_leads_nowhere(lines: Lines, draw: Random) -> None:
    refusal = pick(lines, draw, "outcome: refused")
    del lines[next(at for at in range(refusal, len(lines)) if lines[at].startswith("    go:"))]


def with_the_same_rule_twice(lines: Lines, draw: Random) -> None:
    rules = [at for at, line in enumerate(lines) if line.startswith("  - id: ") and "-" in line[8:]]
    lines[draw.choice(rules[1:])] = lines[rules[0]]


def cut_off(lines: Lines, draw: Random) -> None:
    del lines[draw.randrange(len(lines) // 3, lines.index("sources:")) :]


BREAKS: tuple[Break, ...] = (
    without_a_line, with_a_key_misspelt, with_a_line_indented, with_a_line_twice, with_a_language_gone,
    with_a_value_of_another_kind, with_a_refusal_that_leads_nowhere, with_the_same_rule_twice, cut_off,
    changed("when: age", "when: document_expired", to="when: nonsense"),
    changed("when: age", "when: document_expired", to="when: ((("),
    changed('when: "true"', to="when: age > 200"),
    changed("outcome: referred", to="outcome: refered"),
    changed("outcomes: [", to="outcomes: [perhaps, "),
    changed("{place.", to="{plaze."),
    changed("category: ", to="category: *"),
    changed("minutes: ", to="minutes: !!python/object:os.system "),
    changed("zh: ", to="zh: \x1b[31m"),
    changed("    because:", to="\tbecause:"),
    changed('version: "1', to='version: "one '),
)  # fmt: skip
TEXTS = {name: (FOLDER / f"{name}.yaml").read_text("utf-8") for name in BUILTIN}
# A query has no rule of age and none that refuses: there most of these mistakes cannot be made.
BY_LENGTH = sorted((len(text), name) for name, text in TEXTS.items() if "\nquery:" not in text)
PACKS = [name for _, name in BY_LENGTH[: max(6, COUNT // 100)]]


def broken(number: int, folder: Path) -> tuple[Path, int, list[PackProblem]]:
    """The file, how many lines it has, and what the check says of it."""
    name, break_it = PACKS[number // len(BREAKS) % len(PACKS)], BREAKS[number % len(BREAKS)]
    path = folder / f"{number}.yaml"
    for attempt in range(DRAWS):
        lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        break_it(lines, Random(number * DRAWS + attempt))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if problems := check_pack(path):
            return path, len(lines), problems
    raise AssertionError(f"{name} stays whole: mistake {number % len(BREAKS)}")


@pytest.mark.timeout(max(60, COUNT // 5))
@pytest.mark.parametrize("mistake", range(len(BREAKS)))
def test_broken_packs_are_refused_with_file_line_and_cure(mistake: int, tmp_path: Path) -> None:
    for number in range(mistake, COUNT, len(BREAKS)):
        path, length, problems = broken(number, tmp_path)
        for one in problems:
            assert one.file == str(path)
            assert 0 < one.line <= length + 1, str(one)
            assert one.message, str(one)
            assert one.cure.endswith("."), str(one)
            assert "\x1b" not in str(one).replace("U+001B", "")


def test_whoever_loads_one_is_told_its_first_mistake(tmp_path: Path) -> None:
    path, _, problems = broken(2, tmp_path)
    with pytest.raises(PackError) as refused:
        load_pack(path)
    assert (refused.value.file, refused.value.line, refused.value.advice) == (
        str(path), problems[0].line, problems[0].cure,
    )  # fmt: skip
