"""A pack with a mistake is refused, with the place of the mistake and what to do."""

import re
from pathlib import Path

import pytest
import yaml

from kiosk.services import check, commands, loader
from kiosk.services.check import check_pack
from kiosk.services.document import PackProblem
from kiosk.services.loader import BUILTIN, PackError, load_pack
from tests.unit.services.edited_packs import FOLDER, edited


@pytest.mark.parametrize("name", BUILTIN)
def test_the_built_in_packs_have_no_problem(name: str) -> None:
    assert check_pack(FOLDER / f"{name}.yaml") == []


@pytest.mark.parametrize("name", BUILTIN)
def test_a_pack_from_a_file_is_the_same_as_the_built_in_one(name: str) -> None:
    assert load_pack(FOLDER / f"{name}.yaml") == loader.load_builtin()[name]


MISTAKES = {
    "an unknown word": ("offline: provisional", "offlin: provisional", "offlin", "spelling"),
    "a value that is not allowed": ("offline: provisional", "offline: maybe", "maybe", "allowed"),
    "a language missing": (
        'badge: { zh: "准予登记", en: "Registered" }',
        'badge: { zh: "准予登记" }',
        "'en' is a required",
        "Add it",
    ),
    "a place nobody knows": ("{shop_name}{trade.name}", "{shop_nam}{trade.name}", "shop_nam", "Write {shop_name}"),
    "a part no option has": (
        'template: "{trade.scope}"',
        'template: "{trade.skope}"',
        "trade.skope",
        "Write {trade.scope}",
    ),
    "a condition that is no CEL": ("when: age < 16", "when: age <<< 16", "not a condition", "CEL"),
    "a fact that does not exist": ("when: age < 16", "when: aeg < 16", "aeg is not a fact", "Facts are"),
    "an answer that does not exist": (
        'when: answers["full_name"] != ""',
        'when: answers["fullname"] != ""',
        "no field has the key fullname",
        "Name a field",
    ),
    "types that cannot be compared": ("when: age < 16", 'when: age < "16"', "cannot be evaluated", "same type"),
    "a condition that is no truth value": ("when: age < 16", "when: age + 16", "cannot be evaluated", "same type"),
    "no last rule": ('when: "true"\n    outcome: referred', 'when: "true"\n    outcome: approved', "last rule", "Add"),
    "a rule that hides the others": ("when: age < 16", 'when: "true"', "no rule below", "Move it"),
    "a pattern that is none": ('pattern: "1[3-9][0-9]{9}"', 'pattern: "1[3-9"', "not a pattern", "Correct"),
    "a licence for what was refused": (
        "outcomes: [approved]",
        "outcomes: [refused]",
        "certificate is for what was approved",
        "outcomes",
    ),
    "a result that prints nothing": (
        "outcomes: [approved, refused, referred]",
        "outcomes: [approved, referred]",
        "nobody gets a receipt when the outcome is refused",
        "Add it",
    ),
    "a review of nothing": ("review: full_name", "review: fool_name", "fool_name", "Name a derived"),
    "a rule numbered twice": ("id: B-02", "id: B-01", "is taken", "anew"),
    "one option without its part": (
        'parts: { scope: "一般项目：理发服务',
        'parts: { skope: "一般项目：理发服务',
        "same parts",
        "every option",
    ),
    "no credit code": ("number_blocks: [case, uscc]", "number_blocks: [case]", "credit code", "uscc"),
}


@pytest.mark.parametrize("key", ["network", "paper"])
def test_what_is_said_when_not_all_can_be_done_may_not_be_missing(key: str, tmp_path: Path) -> None:
    text = (FOLDER / "individual_business.yaml").read_text(encoding="utf-8")
    begin = text.index(f"    {key}:\n      summary")
    end = text.index("errands: 2\n", begin) + len("errands: 2\n")
    path = tmp_path / "edited.yaml"
    path.write_text(text[:begin] + text[end:], encoding="utf-8")
    (problem,) = check_pack(path)
    assert problem.path == "guide"
    assert f"limited.{key}" in problem.cure


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_line_and_a_cure(mistake: str, tmp_path: Path) -> None:
    old, new, said, cure = MISTAKES[mistake]
    path, line = edited(tmp_path, "individual_business", old, new)
    problems = check_pack(path)
    assert problems, mistake
    fitting = [p for p in problems if said in p.message and cure in p.cure]
    assert fitting, [str(p) for p in problems]
    assert all(p.file == str(path) and p.line > 0 for p in problems)
    near = 14 if "prints nothing" in mistake else 3  # the first hit is the licence, the receipt stands below
    if mistake not in ("an unknown word",):  # reported where it is missing: at the top
        assert abs(fitting[0].line - line) <= near, (fitting[0].line, line)


def test_the_line_is_the_true_line(tmp_path: Path) -> None:
    path, line = edited(tmp_path, "individual_business", "when: age < 16", "when: aeg < 16")
    (problem,) = check_pack(path)
    assert (problem.line, problem.path) == (line, "rules[0].when")


def test_an_error_carries_every_problem(tmp_path: Path) -> None:
    path, _ = edited(tmp_path, "pension_verification", "offline: final", "offline: perhaps\nextra: 1")
    with pytest.raises(PackError) as caught:
        load_pack(path)
    assert len(caught.value.problems) == 2
    assert caught.value.file == str(path)
    assert caught.value.advice
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a: [1", "not YAML"), (b"\xff\xfe\x00", "not UTF-8"), (b"", "None is not of type"), (b"a: 1\na: 2\n", "twice")],
)
def test_a_file_that_is_no_pack(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_bytes(content)
    assert any(said in problem.message for problem in check_pack(path))


HOSTILE = {
    "a bomb of aliases": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", 2, "the alias *a is not taken", "Write out"),
    "a list in itself": ("a: &a\n  - *a\n", 2, "the alias *a is not taken", "Write out"),
    "deep": ("a:\n  " + "[" * 3000, 2, "deeper than", "brackets"),
    "deep and closed": ("a: " + "[" * 2000 + "]" * 2000, 1, "deeper than", "brackets"),
    "a control character": ("a: b\nc: \x1b[31mred\n", 2, "U+001B", "Take it out"),
    "a list as a key": ("[a, b]: c\n", 1, "a key is not a text", "quotes"),
    "a table as a key": ("x: 1\n{a: b}: c\n", 2, "a key is not a text", "quotes"),
    "a number as a key": ("1: x\n", 1, "a key is not a text", "quotes"),
    "a truth value as a key": ("on: x\n", 1, "a key is not a text", "quotes"),
    "nothing as a key": ("null: x\n", 1, "a key is not a text", "quotes"),
    "a merge": ("<<: 3\n", 1, "a key is not a text", "quotes"),
    "no whole number": ("a: !!int abc\n", 1, "is no int", "Correct it"),
    "an empty number": ("a: !!int ''\n", 1, "is no int", "Correct it"),
    "no number": ("b: 1\na: !!float x\n", 2, "is no float", "Correct it"),
    "no truth value": ("a: !!bool maybe\n", 1, "is no bool", "Correct it"),
    "a long number": ("a: " + "9" * 5000, 1, "is no int", "Correct it"),
    "a long number of another base": ("a: 0x" + "f" * 5000, 1, "is no int", "Correct it"),
    "a text that is a table": ("a: !!map x\n", 1, "is no map", "Correct it"),
    "two documents": ("---\na: 1\n---\nb: 2\n", 3, "not YAML", "Check"),
    "a large file": ("#" * (1 << 20) + "\n", 0, "is longer than 1024 kB", "service pack"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_made_to_break_the_check_is_a_problem_with_line_and_cure(case: str, tmp_path: Path) -> None:
    content, line, said, cure = HOSTILE[case]
    path = tmp_path / "pack.yaml"
    path.write_text(content, encoding="utf-8")
    problems = check_pack(path)
    assert any(p.line == line and said in p.message and cure in p.cure for p in problems), [str(p) for p in problems]
    with pytest.raises(PackError):
        load_pack(path)


def test_a_pattern_or_condition_made_to_break_the_check_is_a_problem_too(tmp_path: Path) -> None:
    for old, new in (
        ('pattern: "1[3-9][0-9]{9}"', 'pattern: "' + "(" * 3000 + ")" * 3000 + '"'),
        ('pattern: "1[3-9][0-9]{9}"', 'pattern: "a{99999999999999999999}"'),
        ("when: age < 16", "when: " + "(" * 3000 + "age" + ")" * 3000 + " < 16"),
    ):
        path, line = edited(tmp_path, "individual_business", old, new)
        problems = check_pack(path)
        assert any(p.line == line for p in problems), (new[:40], [str(p)[:200] for p in problems])


@pytest.mark.parametrize("as_json", [False, True])
def test_a_pack_cannot_steer_the_operators_terminal(
    as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack\x1b]0;x\x07.yaml"
    path.write_text('"\\e]0;owned\\a\\e[31mred\\x9b\\u202e": 1\n' * 2, encoding="utf-8")  # a key that stands twice
    assert commands.check([path], as_json=as_json) == 1
    told = capsys.readouterr().out
    assert "owned" in told
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told)
    if not as_json:
        assert check.main([str(path)]) == 1
        assert "\x1b" not in capsys.readouterr().out


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = check_pack(tmp_path / "none.yaml")
    assert "cannot be read" in problem.message


def test_python_objects_in_yaml_are_not_made(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text("id: !!python/object/apply:os.getcwd []\n", encoding="utf-8")
    assert any("YAML tag" in problem.message for problem in check_pack(path))


def test_the_command_prints_a_line_for_each_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, line = edited(tmp_path, "individual_business", "when: age < 16", "when: aeg < 16")
    assert check.main([str(path)]) == 1
    assert re.match(rf"{re.escape(str(path))}:{line}: rules\[0\]\.when: ", capsys.readouterr().out)
    assert check.main([str(FOLDER / f"{name}.yaml") for name in BUILTIN[:2]]) == 0
    assert check.main([]) == 2


def test_a_problem_reads_as_one_line() -> None:
    assert str(PackProblem("a.yaml", 3, "rules[0].when", "is wrong.", "Mend it.")) == (
        "a.yaml:3: rules[0].when: is wrong. Mend it."
    )


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (("authority", "zh"), "{place.distrikt}民政局", "{place.distrikt} would stand there as it is."),
        (
            ("outcome_texts", "approved", "lead", "zh"),
            "{shop_nam}卡以后寄给您。",
            "{shop_nam} would stand there as it is.",
        ),
        (("authority", "zh"), "{place.district}民政局", ""),
    ],
)
def test_a_place_that_nobody_fills_in_is_a_problem_wherever_it_stands(
    path: tuple[str, ...], text: str, told: str, tmp_path: Path
) -> None:
    raw = yaml.safe_load((FOLDER / "pension_verification.yaml").read_text("utf-8"))
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = text
    file = tmp_path / "pack.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    assert [problem.message for problem in check_pack(file)] == ([told] if told else [])


@pytest.mark.parametrize(
    ("key", "cure"),
    [
        ("place.distrikt", "Write {place.district}, if that is meant."),
        ("place.zzzzzzzz", "Use one of {place.area_code}, "),
    ],
)
def test_a_misspelt_value_of_the_place_is_told_with_the_right_one_and_its_line(
    key: str, cure: str, tmp_path: Path
) -> None:
    path, line = edited(tmp_path, "shop_sign_filing", "{place.district}城市管理局", f"{{{key}}}城市管理局")
    (problem,) = check_pack(path)
    assert (problem.line, problem.path) == (line, "authority.zh")
    assert problem.cure.startswith(cure)
