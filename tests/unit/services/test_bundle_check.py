"""`kiosk pack check` on a bundle: its items are there, what flows between them fits, nothing is asked twice or waits
for itself; each problem with file, line and cure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.services import bundle, bundle_check, check, commands
from kiosk.services.loader import BUILTIN, BUNDLES, builtin, load_builtin, load_pack
from tests.unit.services.edited_packs import FOLDER, edited

BUNDLE = "open_small_restaurant"
CATERING = "  - pack: small_catering_filing\n"

# name -> (old text, new text, words of the message, words of the cure)
WRONG = {
    "an item that is nowhere": (
        "pack: shop_sign_filing", "pack: shop_sing_filing", "no pack shop_sing_filing", "pack's file",
    ),
    "a newer one is wanted": ('least: "1.2.0"', 'least: "9.0.0"', "9.0.0 is the least", "Publish"),
    "the same item twice": ("pack: shop_sign_filing", "pack: utility_connection", "stands in it twice", "Keep one"),
    "a bundle in a bundle": ("pack: shop_sign_filing", f"pack: {BUNDLE}", "is a bundle itself", "its items"),
    "the first one is optional": (
        'least: "1.2.0"', 'least: "1.2.0"\n    when: answers["wants_sign"] == "file"', "always there", "Remove",
    ),
    "a word that is none of its questions": ("trade: small", "trde: small", "no question trde", "Name one"),
    "an answer that it does not take": ("trade: small_restaurant", "trade: bank", "bank is no answer", "groceries"),
    "a flow from nowhere": (
        "individual_business.premises", "individual_business.premise", "no field", "another field",
    ),
    "a flow that does not fit": (
        "individual_business.premises", "individual_business.staff", "choice", "another field",
    ),
    "a code from an item without one": (
        "takes: { address: individual_business.premises }",
        "takes: { address: small_catering_filing.credit_code }", "no licence with a credit code", "another field",
    ),
    "an item of no bundle": ("takes: { address: individual", "takes: { address: elder", "is no item", "stands above"),
    "what is taken and answered": (
        "answers: { use: shop, same: away }", "answers: { use: shop, same: away, address: 南关街18号 }",
        "by the bundle as well", "Keep one",
    ),
    "a paper that is no certificate": (
        "licences: { shop_licence: individual_business }", "licences: { shop_licence: small_catering_filing }",
        "no certificate", "Name the item",
    ),
    "a paper that it does not ask for": ("{ licence_copy:", "{ licence:", "no material licence", "Name one"),
    "nobody says who applies": (
        "{ applicant.role: self, situation", "{ situation", "by others than the rest", "applicant.role",
    ),
    "an unknown choice": (
        '"wants_sign"] == "file"', '"wants_sing"] == "file"', "wants_sing is not known", "of the bundle",
    ),
    "an option that is none": ('"wants_sign"] == "file"', '"wants_sign"] == "yes"', "no option yes", "options are"),
    "nothing said of who is not taken": (
        '      stopped: { zh: "没有执照，备案这次没有收。办好执照以后再来。", '
        'en: "Without the licence the filing was not taken. Come again once you have it." }\n',
        "", "not taken", "stopped",
    ),
    "nothing said of who waits": (
        '      waiting: { zh: "店名登记好以后再挂。", en: "Put it up once the name is registered." }\n', "",
        "waits for", "waiting",
    ),
    "a result of which nothing is said": (
        "  approved_offline:\n", "  received:\n", "approved_offline", "Add `approved_offline`",
    ),
    "the same question in other words": (
        "title: { zh: \"要挂新的门头招牌吗？\"", "title: { zh: \"您的店叫什么名字？\"", "is asked twice", "means",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BUNDLES)
def test_built_in_bundles_have_no_problem(name: str) -> None:
    assert [str(problem) for problem in check.check_pack(FOLDER / f"{name}.yaml")] == []
    assert bundle_check.unfit(builtin(name), load_builtin()) == ""


@pytest.mark.parametrize("case", WRONG)
def test_a_problem_has_its_line_and_its_cure(tmp_path: Path, case: str) -> None:
    old, new, message, cure = WRONG[case]
    path, line = edited(tmp_path, BUNDLE, old, new)
    problems = check.check_pack(path)
    found = [problem for problem in problems if message in problem.message]
    assert found, "\n".join(map(str, problems))
    assert found[0].file == str(path)
    assert cure in found[0].cure
    assert abs(found[0].line - line) <= 12, "it points at the part that has it"


def test_two_that_wait_for_each_other_are_told_so(tmp_path: Path) -> None:
    text = (FOLDER / f"{BUNDLE}.yaml").read_text(encoding="utf-8")
    said = 'refused: goes_on, undecided: goes_on, waiting: { zh: "等", en: "Wait" }'
    after = f"    after: {{ item: small_catering_filing, {said} }}\n"
    path = tmp_path / "circle.yaml"
    path.write_text(text.replace("    answers: { trade: small_restaurant }\n", after, 1), encoding="utf-8")
    messages = [problem.message for problem in check.check_pack(path)]
    assert "individual_business and small_catering_filing wait for each other." in messages


def test_one_that_stands_above_what_it_waits_for_is_moved(tmp_path: Path) -> None:
    text = (FOLDER / f"{BUNDLE}.yaml").read_text(encoding="utf-8")
    begin, end = text.index(CATERING), text.index("  - pack: utility_connection\n")
    path = tmp_path / "order.yaml"
    first = text.index("  - pack: individual_business\n")
    path.write_text(text[:first] + text[begin:end] + text[first:begin] + text[end:], encoding="utf-8")
    problems = check.check_pack(path)
    assert {problem.cure for problem in problems} == {"Move small_catering_filing below individual_business."}


def test_an_item_may_be_a_file_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item, _ = edited(tmp_path, "shop_sign_filing", "id: shop_sign_filing", "id: shop_sign_here")
    item = item.rename(tmp_path / "sign.yaml")
    path, _ = edited(tmp_path, BUNDLE, "pack: shop_sign_filing", "pack: shop_sign_here")
    assert commands.check([path], as_json=True) == 1
    assert "shop_sign_here" in json.loads(capsys.readouterr().out)["problems"][0]["message"]
    assert commands.check([path, item]) == 0


def test_a_pack_whose_table_passes_over_the_missing_code_is_refused(tmp_path: Path) -> None:
    """An approval that does not look whether the code is there would hold without a licence."""
    text = (FOLDER / f"{BUNDLE}.yaml").read_text(encoding="utf-8")
    sign = '    least: "1.0.0"\n    when: answers["wants_sign"] == "file"\n'
    assert sign in text
    item = tmp_path / "sign.yaml"
    question = (
        "  - key: code\n    kind: latin\n    check: credit_code\n    min_length: 18\n    max_length: 18\n"
        '    label: { zh: "代码", en: "Code" }\n    title: { zh: "信用代码是多少？", en: "Which credit code?" }\n'
        '    complaint: { zh: "不对", en: "Wrong" }\n\n'
    )
    pack = (FOLDER / "shop_sign_filing.yaml").read_text(encoding="utf-8")
    item.write_text(pack.replace("  - key: owner\n", f"{question}  - key: owner\n", 1), encoding="utf-8")
    path = tmp_path / "bundle.yaml"
    takes = "    takes: { code: individual_business.credit_code }\n"
    path.write_text(text.replace(sign, sign + takes, 1), encoding="utf-8")
    (problem,) = check.check_pack(path, [path, item])
    assert "approves without looking" in problem.message
    assert 'answers["code"] != ""' in problem.cure


def test_two_packs_that_mean_the_same_and_ask_otherwise_are_told_apart(tmp_path: Path) -> None:
    item, _ = edited(
        tmp_path, "small_catering_filing", 'pattern: "1[3-9][0-9]{9}"', 'pattern: "1[3-8][0-9]{9}"'
    )  # fmt: skip
    path = FOLDER / f"{BUNDLE}.yaml"
    problems = check.check_pack(path, [item])
    assert [problem.message for problem in problems] == [
        "person.phone is asked by small_catering_filing and before it, whose answer is not held to the same pattern."
    ]


def test_a_terminal_reads_a_bundle_before_it_knows_all_items(tmp_path: Path) -> None:
    path, _ = edited(tmp_path, BUNDLE, "pack: shop_sign_filing", "pack: shop_sign_of_tomorrow")
    assert load_pack(path).bundle is not None
    assert bundle_check.unfit(load_pack(path), load_builtin()) != ""


def test_a_bundle_follows_its_items_as_they_are_published(tmp_path: Path) -> None:
    """What is asked comes from the packs that are in use, so a new version of an item needs no new bundle."""
    item, _ = edited(tmp_path, "small_catering_filing", "店里有多大？", "厅堂有多大？")
    packs = {name: builtin(name) for name in BUILTIN} | {"small_catering_filing": load_pack(item)}
    form = bundle.composed(builtin(BUNDLE), packs)
    assert "厅堂有多大？" in [question.title.zh for question in form.questions]
