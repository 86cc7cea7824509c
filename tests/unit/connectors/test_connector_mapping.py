"""Mappings: ours are right; each mistake in one is told with its line, its place and a cure."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from kiosk.backend.connectors import tables
from kiosk.backend.connectors.config import load as load_connectors
from kiosk.backend.connectors.mapping import BUILTIN, MappingError, builtin, load
from kiosk.backend.connectors.tables import Table
from kiosk.backend.settings import BackendError

DATA = files("kiosk.backend.connectors")
GOOD = (DATA / "mappings" / "office_csv.yaml").read_text(encoding="utf-8")
NATIONAL = (DATA / "mappings" / "national_tables.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BUILTIN)
def test_ours_are_right_and_say_which_lists_are_open(name: str) -> None:
    mapped = builtin(name)
    assert mapped.mapping_id == name
    assert mapped.open, "each of them uses a list that nobody has confirmed"
    assert (mapped.reply is not None) is (mapped.kind in ("json", "xml"))


def test_the_tables_are_made_as_they_are_described() -> None:
    written = (DATA / "data" / "exchange.sql").read_text(encoding="utf-8")
    assert written.partition("\n\n")[2] == tables.ddl()
    accept: Table = tables.exchange()["up_pro_accept"]
    lengths = {name: column.length for name, column in accept.columns.items()}
    assert (lengths["project_no"], lengths["catalog_code"], lengths["task_code"], lengths["task_name"]) == (
        50,
        12,
        36,
        1000,
    )
    assert (lengths["applyer_page_type"], lengths["applyer_page_code"], lengths["contact_mobile"]) == (70, 500, 11)
    assert set(tables.COMMON) <= set(accept.required)


MISTAKES = [
    ("kind: csv", "kind: pdf", "kind", "is no kind of mapping"),
    ("id: office_csv", "id: 7", "id", "is no name"),
    ("at: [handed]", "at: [dreamt]", "rows[0].at", "has no step 'dreamt'"),
    ("at: [handed]", "at: handed", "rows[0].at", "has no step"),
    ("from: pack.name,", "from: pack.nmae,", "rows[0].columns.matter", "comes from pack.nmae, which no case says"),
    ("from: case.no,", "from: material.name,", "rows[0].columns.case_no", "comes from material.name"),
    ("codes: event_words,", "codes: event_wrods,", "rows[1].columns.event.codes", "is no cross-walk"),
    ("form: mobile", "form: telephone", "rows[0].columns.phone.form", "is no form"),
    ("length: 1000", 'length: "1000"', "rows[0].columns.matter.length", "is no number of characters"),
    ("length: 200, cut: true", "cut: true", "rows[0].columns.address", "cannot be cut without a length"),
    ("type: datetime, required: true }\n      opinion", "type: moment, required: true }\n      opinion",
     "rows[0].columns.applied.type", "is no type"),
    ('received: "收件"', 'received: "收件", x: "收件"', "codes.event_words", "stands for two words"),
    ("  result: result\n", "", "results", "lacks result"),
    ("codes: result_type\n  at: at", "codes: result_typ\n  at: at", "results.codes.codes", "is no cross-walk"),
    ("  who: who\n", "  who: who\n  when: now\n", "results.when", "is read by nobody"),
    ("- table: step", "- table: 1step", "rows[1].table", "is no name of a table"),
    ("{ from: pack.name, ", '{ from: pack.name, text: "x", ', "rows[0].columns.matter", "needs either from or text"),
]  # fmt: skip
NATIONAL_MISTAKES = [
    ("      task_name: pack.name\n", "", "rows[0].columns", "lacks task_name, which may not be empty"),
    ("  row_guid: row.guid\n", "", "rows[0].columns", "lacks row_guid"),
    ("promise_date: life.promised", "promised_date: life.promised", "rows[0].columns.promised_date", "is no column"),
    ("each: materials", "each: dogs", "rows[1].each", "is nothing that a case has several of"),
    ("{ from: licence.issued, format: day }", "licence.issued", "rows[5].columns.issue_date", "Say format: day"),
    ("apply_date: case.applied", "apply_date: { from: case.applied, format: gbt }", "rows[0].columns.apply_date",
     "written otherwise"),
    ("table: down_pro_result", "table: up_pro_result", "results.table", "is no table of results"),
    ("table: up_pro_process", "table: down_pro_result", "rows[2].table", "is written by the department"),
    ("codes: project_type }", "codes: event_name }", "rows[0].columns.project_type.codes", "does not have"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "old", "new", "path", "message"),
    [(GOOD, *each) for each in MISTAKES] + [(NATIONAL, *each) for each in NATIONAL_MISTAKES],
)
def test_a_mistake_is_told_with_its_place_and_a_cure(
    tmp_path: Path, text: str, old: str, new: str, path: str, message: str
) -> None:
    assert old in text
    file = tmp_path / "own.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load(file)
    found = [each for each in caught.value.problems if each.path == path and message in str(each)]
    assert found, [str(each) for each in caught.value.problems]
    assert found[0].line > 0 or path == ""
    assert found[0].cure
    assert str(file) in str(found[0])
    line = file.read_text(encoding="utf-8").splitlines()[found[0].line - 1]
    last = new.strip().rpartition("\n")[2]
    assert last.partition("\n")[0] in line or new.partition("\n")[0] in line or path.rpartition(".")[2][:4] in line


def test_what_is_no_mapping_at_all_is_told(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    for text, message in (("[]", "is no table"), ("id: x\n", "lacks kind"), ("a: [", "is not YAML")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(MappingError, match=message):
            load(file)


def office(beside: Path, /, **change: str) -> str:
    """An operator's file with its secrets beside it."""
    for name, text in (("civil.url", "postgresql://kiosk@/x"), ("civil.secret", "0123456789abcdef")):
        (beside / name).write_text(text, encoding="ascii")
        (beside / name).chmod(0o600)
    lines = {"mapping": "national_tables", "url_file": "civil.url", "areas": '["140213"]', "since": '"2026-11-01"'}
    return "civil_affairs:\n" + "".join(f"  {name}: {value}\n" for name, value in (lines | change).items() if value)


def test_the_operators_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "connectors.yaml"
    file.write_text(office(tmp_path, items='{ elder_allowance: "1" }', office='{ org_code: "x" }'), encoding="utf-8")
    known = load_connectors(file)["civil_affairs"]
    assert (known.url, known.areas, known.since, known.poll) == (
        "postgresql://kiosk@/x",
        ("140213",),
        "2026-11-01",
        60.0,
    )
    assert known.wants("any", "140213001", "2026-11-02T00:00:00")
    assert not known.wants("any", "140214001", "2026-11-02T00:00:00")
    assert not known.wants("any", "140213001", "2026-10-31T00:00:00")
    trial = replace(known, tests=True)
    for one, test in ((known, False), (trial, True)):  # neither gets what is for the other
        assert one.wants("any", "140213001", "2026-11-02T00:00:00", test)
        assert not one.wants("any", "140213001", "2026-11-02T00:00:00", not test)
    file.write_text(office(tmp_path, mapping="own.yaml", url_file="", folder="out"), encoding="utf-8")
    (tmp_path / "own.yaml").write_text(GOOD, encoding="utf-8")
    assert load_connectors(file)["civil_affairs"].folder == tmp_path / "out"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mapping": "nowhere.yaml"}, "is neither built in nor a file here"),
        ({"mapping": ""}, "lacks its mapping"),
        ({"url_file": ""}, "lacks url_file"),
        ({"url": "https://a/b"}, "civil_affairs.url: is read by nobody for tables"),
        ({"areas": "140213"}, "is no list of texts"),
        ({"since": '"yesterday"'}, "is no day"),
        ({"tests": '"perhaps"'}, "is neither yes nor no"),
        ({"poll": "0.1"}, "Say 1 to 86400"),
        ({"items": "[1]"}, "is no table of texts"),
        (
            {"mapping": "office_json", "url_file": "", "secret_file": "civil.secret", "url": "http://a.b/c"},
            "is no address",
        ),
        (
            {"mapping": "office_json", "url_file": "", "secret_file": "civil.secret", "url": "https://u:p@a.b/c"},
            "password",
        ),
        ({"mapping": "office_json", "url_file": "", "secret_file": "short", "url": "https://a.b/c"}, "16 characters"),
        ({"mapping": "office_json", "url_file": "", "secret_file": "open", "url": "https://a.b/c"}, "chmod 600"),
        ({"mapping": "office_json", "url_file": "", "secret_file": "none", "url": "https://a.b/c"}, "cannot be read"),
        ({"mapping": "office_csv", "url_file": "", "folder": "x", "encoding": "big5"}, "is no encoding"),
    ],
)
def test_what_is_wrong_in_the_operators_file_is_told(tmp_path: Path, change: dict[str, str], message: str) -> None:
    file = tmp_path / "connectors.yaml"
    for name, mode in (("short", 0o600), ("open", 0o644)):
        (tmp_path / name).write_text("0123456789abcdef" if name == "open" else "short", encoding="ascii")
        (tmp_path / name).chmod(mode)
    file.write_text(office(tmp_path, **change), encoding="utf-8")
    with pytest.raises(BackendError) as caught:
        load_connectors(file)
    assert caught.value.code == "bad-connectors"
    assert message in caught.value.advice
    assert ".yaml:" in caught.value.advice, "it says where"
