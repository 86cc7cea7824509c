"""What a pack says of situations, dates, proxies and deciders: mistakes are named with line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.services import sense, situations
from kiosk.services.check import check_pack
from kiosk.services.loader import load_builtin
from tests.unit.services.edited_packs import edited

PERMIT, WORK, ALLOWANCE, CARD = (
    "residence_permit_renewal", "flexible_employment", "elder_allowance", "elder_card",
)  # fmt: skip
MOVED = 'when: answers["situation"] == "moved"'
CHECK = """checks:
  - must: {must}
    question: {question}
    complaint: {{ zh: "不对", en: "Wrong" }}

derived:
"""
PLACE = "  - key: place\n    kind: text\n"

MISTAKES: dict[str, tuple[str, str, str, str, str, str]] = {
    "an option that is not there": (
        PERMIT,
        MOVED,
        MOVED.replace("moved", "moovd"),
        "questions[3].when",
        "moovd",
        "same, moved",
    ),
    "a question below it": (
        PERMIT,
        MOVED,
        'when: answers["phone"] == ""',
        "questions[3].when",
        "no field above it has the key phone",
        "before",
    ),
    "a fact of the table": (PERMIT, MOVED, "when: age > 60", "questions[3].when", "age is not known here", "answers"),
    "no condition": (PERMIT, MOVED, "when: answers[", "questions[3].when", "not a condition", "CEL"),
    "no truth value": (
        PERMIT,
        MOVED,
        'when: answers["situation"]',
        "questions[3].when",
        "cannot be evaluated",
        "texts",
    ),
    "a number where there may be no answer": (
        PERMIT,
        MOVED,
        'when: int(answers["until"]) > 1',
        "questions[3].when",
        "cannot be evaluated",
        "unanswered",
    ),
    "a situation that nobody is in": (
        PERMIT,
        MOVED,
        MOVED + ' && answers["situation"] == "same"',
        "questions[3].when",
        "no situation",
        "Correct",
    ),
    "an option in the table": (
        WORK,
        'answers["form"] == "licensed" && answers["code"] != ""\n    outcome: pass',
        'answers["form"] == "licenced" && answers["code"] != ""\n    outcome: pass',
        "rules[10].when",
        "licenced",
        "Its options",
    ),
    "a material of no situation": (
        WORK,
        '  - key: work_proof\n    when: answers["form"] != "licensed"',
        '  - key: work_proof\n    when: answers["form"] == "licensed" && answers["form"] == "own"',
        "materials[1].when",
        "no situation",
        "Correct",
    ),
    "a name that the dictionary lacks": (
        WORK,
        "means: work.form",
        "means: work.forms",
        "questions[0].means",
        "work.forms",
        "dictionary",
    ),
    "the card's name asked again": (
        WORK,
        "means: work.place",
        "means: person.address",
        "prefill[2].means",
        "asked as well",
        "Ask nothing",
    ),
    "a limit of another kind": (
        WORK,
        PLACE,
        PLACE + "    latest: today\n",
        "questions[3].latest",
        "kind date",
        "Remove",
    ),
    "no day": (WORK, 'earliest: "19800101"', 'earliest: "19800231"', "questions[2].earliest", "no day", "YYYYMMDD"),
    "an amount the wrong way round": (
        WORK,
        PLACE,
        "  - key: place\n    kind: amount\n    least: 9\n    most: 3\n",
        "questions[3].least",
        "more than most",
        "Exchange",
    ),
    "a check digit of a word": (
        WORK,
        PLACE,
        PLACE + "    check: id_number\n",
        "questions[3].check",
        "a number that is typed",
        "kind: digits",
    ),
    "a trust that a scan cannot have": (
        WORK,
        "    trust: B",
        "    trust: A",
        "materials[1].trust",
        "issued",
        "licence",
    ),
    "an original nobody is told of": (
        CARD,
        "    trust: A\n",
        "    trust: B\n",
        "materials[0].trust",
        "show the original",
        "original",
    ),
    "a refusal without a way": (
        CARD,
        '    go: { zh: "年满 60 周岁以后，带身份证到任何一台机器办。", '
        'en: "Once you are 60, come to any terminal with your ID card." }\n',
        "",
        "rules[0]",
        "where to go",
        "Add `go`",
    ),
    "a way for who has it": (
        CARD,
        "  - id: Y-11\n",
        '  - id: Y-11\n    go: { zh: "去", en: "Go" }\n',
        "rules[5]",
        "refused or referred",
        "Remove",
    ),
    "a rule that decides for a street": (
        ALLOWANCE,
        "by: street",
        "by: rule",
        "rules",
        "nothing can ever be approved",
        "Add a rule",
    ),
    "no days": (ALLOWANCE, "  days: 20\n", "  days: 0\n", "decides.days", "when to expect", "working days"),
    "words that are missing": (
        CARD,
        "  approved_offline:\n",
        "  received:\n",
        "outcome_texts",
        "approved_offline",
        "Add",
    ),
    "days the wrong way round": (
        CARD,
        "offline: final\n",
        'offline: final\neffective: { from: "2026-07-01", until: "2026-01-01" }\n',
        "effective.until",
        "before `from`",
        "Exchange",
    ),
    "a day that is none": (
        CARD,
        "offline: final\n",
        'offline: final\neffective: { from: "2026-02-30" }\n',
        "effective.from",
        "no day",
        "YYYY",
    ),
    "a key of the house": (
        PERMIT,
        "  - key: phone\n",
        "  - key: principal.name\n",
        "questions[5].key",
        "is taken",
        "another key",
    ),
    "a check of a question that is not there": (
        WORK,
        "commitment:\n",
        CHECK.format(must='answers["since"] != ""', question="sins").replace("derived:", "commitment:"),
        "checks[0].question",
        "sins",
        "Name one",
    ),
    "a check that says nothing of its question": (
        WORK,
        "commitment:\n",
        CHECK.format(must='answers["since"] != ""', question="place").replace("derived:", "commitment:"),
        "checks[0].must",
        "nothing about place",
        "Name the question",
    ),
    "a check that cannot be evaluated": (
        WORK,
        "commitment:\n",
        CHECK.format(must='answers["since"] < 5', question="since").replace("derived:", "commitment:"),
        "checks[0].must",
        "cannot be evaluated",
        "Compare",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_place_and_a_cure(mistake: str, tmp_path: Path) -> None:
    name, old, new, path, said, cure = MISTAKES[mistake]
    found = check_pack(edited(tmp_path, name, old, new)[0])
    assert any(p.path == path and said in p.message and cure in p.cure and p.line > 0 for p in found), [
        str(p) for p in found
    ]


def test_the_line_is_the_files_own_where_the_house_asks_first(tmp_path: Path) -> None:
    path, _ = edited(tmp_path, PERMIT, MOVED, MOVED.replace("moved", "moovd"))
    text = path.read_text(encoding="utf-8")
    (problem,) = [one for one in check_pack(path) if "moovd" in one.message]
    assert "moovd" in text.splitlines()[problem.line - 1]


def test_the_shortest_and_the_longest_way_through_the_form() -> None:
    packs = load_builtin()
    ways = {name: situations.question_counts(pack) for name, pack in packs.items()}
    assert ways[ALLOWANCE] == (3, 7)
    assert ways[WORK] == (4, 5)
    assert ways[PERMIT] == (4, 9)
    assert ways[CARD] == (0, 0)


def test_the_dictionary_names_everything_in_both_languages_once() -> None:
    words = [(w["zh"], w["en"]) for group in sense.dictionary().values() for w in group.values()]
    assert len(words) > 60
    assert all(zh and en for zh, en in words)


def test_what_two_packs_ask_for_bears_one_name() -> None:
    asked: dict[str, set[str]] = {}
    for pack in load_builtin().values():
        for question in pack.questions:
            asked.setdefault(question.title.zh, set()).add(question.means)
    assert {title: means for title, means in asked.items() if len(means) > 1} == {}
