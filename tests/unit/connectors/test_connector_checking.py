"""What a department would refuse is found before it is sent: sixty rows that are wrong, each told by its own reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.backend.connectors import checking, mapping, rows
from kiosk.backend.connectors.checking import CURES, Wrong, check
from kiosk.backend.connectors.rows import Row
from tests.unit.connectors.connector_world import NOON, OFFICE, STEP, views

LATER = NOON + 20 * STEP
GUID = "0d3f4a52-2f7c-5b7e-9b0e-4f3f4d3a2b1c"


def right() -> dict[str, Row]:
    """A right row of every table, made by the built-in mapping from a case."""
    found: dict[str, Row] = {}
    for view in views("individual_business"):
        for row in rows.made(mapping.builtin("national_tables"), view, GUID, LATER, OFFICE):
            found[row.table.name] = row
    return found


RIGHT = right()
ACCEPT, PROCESS, RESULT = "up_pro_accept", "up_pro_process", "up_pro_result"
SPECIAL, MATERIAL, LICENCE = "up_pro_special_procedure", "up_pro_material", "up_lic_data"
LICENCE_NO = RIGHT[LICENCE].values["certificate_number"] or ""

WRONG = [
    # what is lacking
    *[(ACCEPT, {name: None}, name, "missing") for name in (
        "project_no", "catalog_code", "task_code", "task_name", "task_version", "project_type", "applyer_name",
        "applyer_type", "applyer_page_type", "applyer_page_code", "apply_date", "apply_type", "accept_date", "org_code",
        "org_name", "row_guid", "cd_operation", "cd_time", "cd_batch", "data_source",
    )],
    (PROCESS, {"handle_explain": ""}, "handle_explain", "missing"),
    (RESULT, {"result_date": None}, "result_date", "missing"),
    (SPECIAL, {"end_time": None}, "end_time", "missing"),
    (MATERIAL, {"material_name": None}, "material_name", "missing"),
    (LICENCE, {"certificate_holder": None}, "certificate_holder", "missing"),
    # what is too long, by a character
    (ACCEPT, {"applyer_name": "某" * 101}, "applyer_name", "too-long"),
    (ACCEPT, {"data_source": "1422"}, "data_source", "too-long"),
    (ACCEPT, {"cd_batch": "0" * 33}, "cd_batch", "too-long"),
    (PROCESS, {"handle_explain": "某" * 2001}, "handle_explain", "too-long"),
    (MATERIAL, {"material_name": "某" * 201}, "material_name", "too-long"),
    (ACCEPT, {"contact_mobile": "139000000001"}, "contact_mobile", "too-long"),
    # what is written otherwise
    (ACCEPT, {"apply_date": "2026-06-01"}, "apply_date", "no-moment"),
    (ACCEPT, {"accept_date": "2026-02-30 10:00:00"}, "accept_date", "no-moment"),
    (ACCEPT, {"accept_date": "20260601T120000"}, "accept_date", "no-moment"),
    (ACCEPT, {"apply_date": "1026-06-01 12:00:00"}, "apply_date", "no-moment"),
    (LICENCE, {"issue_date": "2026-06-01"}, "issue_date", "no-day"),
    (LICENCE, {"issue_date": "20260631"}, "issue_date", "no-day"),
    (ACCEPT, {"task_version": "1.0.0"}, "task_version", "no-number"),
    (ACCEPT, {"task_version": "٣"}, "task_version", "no-number"),
    # what no list has
    (ACCEPT, {"project_type": "3"}, "project_type", "not-in-list"),
    (ACCEPT, {"applyer_page_type": "身份证"}, "applyer_page_type", "not-in-list"),
    (RESULT, {"result_type": "7"}, "result_type", "not-in-list"),
    (RESULT, {"satisfaction": "0"}, "satisfaction", "not-in-list"),
    (SPECIAL, {"special_type": "9"}, "special_type", "not-in-list"),
    # what nobody can read
    (ACCEPT, {"applyer_name": "某\x00某"}, "applyer_name", "control-character"),
    (ACCEPT, {"applyer_name": "某\udc80"}, "applyer_name", "control-character"),
    (ACCEPT, {"org_name": "   "}, "org_name", "blank"),
    # what does not fit together
    (ACCEPT, {"accept_date": "2026-05-31 12:00:00"}, "accept_date", "order"),
    (ACCEPT, {"promise_date": "2026-05-31 12:00:00"}, "promise_date", "order"),
    (ACCEPT, {"cd_time": "2026-06-01 12:00:01"}, "cd_time", "order"),
    (PROCESS, {"event_end_time": "2026-05-01 12:00:00"}, "event_end_time", "order"),
    (SPECIAL, {"end_time": "2026-05-01 12:00:00"}, "end_time", "order"),
    (RESULT, {"result_type": "1", "result_explain": None}, "result_explain", "needs"),
    (RESULT, {"result_type": "4", "result_explain": ""}, "result_explain", "needs"),
    (RESULT, {"result_cetr_no": None}, "result_cetr_no", "needs"),
    # numbers with a form
    (ACCEPT, {"task_code": "0" * 31}, "task_code", "zeros"),
    (ACCEPT, {"catalog_code": "0" * 12}, "catalog_code", "zeros"),
    (ACCEPT, {"task_code": "11370800MB285591853370117002011"}, "task_code", "bad-task-code"),
    (ACCEPT, {"task_code": "11370800MB28559184337011700201"}, "task_code", "bad-task-code"),
    (ACCEPT, {"catalog_code": "37011700201X"}, "catalog_code", "bad-catalog-code"),
    (ACCEPT, {"project_no": "办件 1"}, "project_no", "bad-project-no"),
    (ACCEPT, {"applyer_page_code": "140213198805060021"}, "applyer_page_code", "bad-document"),
    (ACCEPT, {"applyer_page_type": "414", "applyer_page_code": "E1234'5"}, "applyer_page_code", "bad-document"),
    (ACCEPT, {"contact_mobile": "12900000000"}, "contact_mobile", "bad-mobile"),
    (MATERIAL, {"get_num": "0"}, "get_num", "bad-count"),
    (MATERIAL, {"material_attach_name": "../../etc/passwd"}, "material_attach_name", "bad-file-name"),
    (LICENCE, {"certificate_area_code": "14021"}, "certificate_area_code", "bad-area"),
    (LICENCE, {"certificate_number": LICENCE_NO[:-1] + ("0" if LICENCE_NO[-1] != "0" else "1")}, "certificate_number",
     "bad-licence"),
    (ACCEPT, {"row_guid": "a b"}, "row_guid", "bad-guid"),
    (ACCEPT, {"colour": "red"}, "colour", "unknown-column"),
]  # fmt: skip


def test_there_are_sixty_and_more_of_them_and_every_reason_is_among_them() -> None:
    assert len(WRONG) >= 60
    assert {code for *_, code in WRONG} | {"no-code"} == set(CURES)


@pytest.mark.parametrize("table", RIGHT)
def test_a_right_row_is_right(table: str) -> None:
    assert check([RIGHT[table]]) == []


@pytest.mark.parametrize(("table", "change", "column", "code"), WRONG)
def test_a_wrong_row_is_told_by_its_reason(table: str, change: dict[str, str | None], column: str, code: str) -> None:
    row = replace(RIGHT[table], values={**RIGHT[table].values, **change})
    found = check([RIGHT[table], row])
    assert [(wrong.row, wrong.table, wrong.column, wrong.code) for wrong in found] == [(2, table, column, code)]
    (wrong,) = found
    assert wrong.what.endswith(".")
    assert wrong.cure.endswith(".")
    for value in change.values():
        if value and len(value) > 4 and value.strip():
            assert value not in str(wrong), "what stands in it may be a person's"


def test_a_word_without_a_code_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(RIGHT[ACCEPT], unknown={"applyer_page_type": "page_type"},
                  values={**RIGHT[ACCEPT].values, "applyer_page_type": None})  # fmt: skip
    assert check([row]) == [
        Wrong(1, ACCEPT, "applyer_page_type", "no-code", "has a word that the cross-walk page_type does not know.")
    ]
    assert "cross-walk" in check([row])[0].cure


def test_everything_that_is_wrong_is_told_at_once() -> None:
    values = {**RIGHT[ACCEPT].values, "applyer_name": None, "project_type": "9", "apply_date": "gestern"}
    found = check([replace(RIGHT[ACCEPT], values=values)])
    assert [(wrong.column, wrong.code) for wrong in found] == [
        ("project_type", "not-in-list"), ("applyer_name", "missing"), ("apply_date", "no-moment"),
    ]  # fmt: skip
    assert checking.CURES["missing"] in str(found[1])
