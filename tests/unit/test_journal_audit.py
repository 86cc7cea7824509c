"""The audit chain's encoding and its closed catalogue; failpoints."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kiosk
from kiosk.health import failpoints
from kiosk.journal import canonical, catalogue

TEXT = st.text(max_size=30)
DETAILS = st.dictionaries(TEXT, TEXT | st.integers(-(2**63), 2**63 - 1), max_size=6)
WORD = st.from_regex(r"[A-Za-z0-9.:_-]{0,20}", fullmatch=True)
ROW = st.tuples(WORD, st.integers(1, 2**40), WORD, WORD, WORD, DETAILS, WORD)


@given(DETAILS)
def test_the_order_in_which_details_are_given_does_not_matter(details: dict[str, str | int]) -> None:
    turned = dict(reversed(details.items()))
    assert canonical.details_text(details) == canonical.details_text(turned)


@settings(suppress_health_check=[HealthCheck.too_slow])  # beside other rows a draw takes what it takes
@given(ROW, ROW)
def test_two_rows_share_their_bytes_only_if_they_are_equal(
    one: tuple[str, int, str, str, str, dict[str, str | int], str],
    other: tuple[str, int, str, str, str, dict[str, str | int], str],
) -> None:
    first = canonical.row_bytes(*one[:5], canonical.details_text(one[5]), one[6])
    second = canonical.row_bytes(*other[:5], canonical.details_text(other[5]), other[6])
    assert (first == second) == (one == other)


@given(st.text(max_size=10))
def test_a_newline_cannot_be_smuggled_into_a_row(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        canonical.row_bytes("0", 1, "t", "e", f"{text}\n", "{}", "")


@pytest.mark.parametrize("value", [1.5, True, None, b"x", ["a"]])
def test_only_texts_and_whole_numbers_are_details(value: object) -> None:
    with pytest.raises(TypeError):
        canonical.details_text({"key": value})  # type: ignore[dict-item]  # wrong on purpose


def test_every_event_is_documented_and_its_form_known() -> None:
    for kind in catalogue.catalogue().values():
        for text in (kind.doc, kind.when, kind.do or "-."):
            assert text.endswith("."), kind.event
            assert "|" not in text, "it would end a cell of the manual's table"
        assert set(kind.checks) == set(kind.keys)


def calls_of_audit() -> Iterator[tuple[str, str, set[str]]]:
    """Where the program writes an event by name: place, event, the details' keys."""
    for file in sorted(Path(kiosk.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "audit":
                event = node.args[0] if node.args else None
                if isinstance(event, ast.Constant) and all(keyword.arg for keyword in node.keywords):
                    keys = {str(keyword.arg) for keyword in node.keywords}
                    yield f"{file.name}:{node.lineno}", str(event.value), keys


def test_every_event_that_the_program_writes_is_in_the_catalogue_with_its_details() -> None:
    calls = list(calls_of_audit())
    assert len(calls) > 20
    for place, event, keys in calls:
        kind = catalogue.kind_of(event)
        assert kind.always <= keys <= set(kind.keys), place


@given(ROW)
def test_what_stands_in_the_file_has_the_bytes_that_were_hashed(
    row: tuple[str, int, str, str, str, dict[str, str | int], str],
) -> None:
    fields = (*row[2:5], canonical.details_text(row[5]), row[6])
    stored = canonical.stored_bytes(row[0].encode(), row[1], [text.encode() for text in fields])
    assert stored == canonical.row_bytes(row[0], row[1], *fields)
    with pytest.raises(ValueError, match="newline"):
        canonical.stored_bytes(row[0].encode(), row[1], [b"\n", *(text.encode() for text in fields[1:])])


def test_no_form_lets_a_name_a_number_of_identity_or_a_sentence_through() -> None:
    for kind in catalogue.catalogue().values():
        for key, check in kind.checks.items():
            if check is not None:
                for text in ("张三", "Zhang San", "上海市黄浦区", "+86 138 0000 0000", "a\nb", ""):
                    assert check(text) is None, (kind.event, key, text)


def test_the_readme_shows_the_catalogue_as_it_is() -> None:
    readme = Path(catalogue.__file__).with_name("README.md").read_text("utf-8")
    assert readme == catalogue.readme_with_table(readme), "run python -m kiosk.journal.catalogue"


@pytest.mark.parametrize("text", ["x", "x=explode", "=kill", "x=kill@0", "x=kill@-1", "x=kill@", "x=kill@two"])
def test_a_failpoint_that_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="KIOSK_FAILPOINTS"):
        failpoints.parse(text)


def test_a_failpoint_acts_on_the_hit_it_names_and_on_no_other() -> None:
    failpoints.arm("there=raise@2, elsewhere=raise")
    try:
        failpoints.hit("there")
        with pytest.raises(failpoints.FailpointError, match="there"):
            failpoints.hit("there")
        failpoints.hit("there")
        failpoints.hit("nowhere")
    finally:
        failpoints.arm("")
