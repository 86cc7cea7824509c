"""What a department would refuse is found before it is sent: each finding names row, column, what is wrong, and a cure.

No value ever stands in a finding, only how long it is or what form it lacks: it may be a person's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kiosk.backend.connectors.codes import CrossWalk, cross_walks
from kiosk.backend.connectors.rows import Row
from kiosk.backend.connectors.tables import Column, Rule
from kiosk.domain import codes as numbers
from kiosk.domain import licence_id

_STAMP, _DAY = "%Y-%m-%d %H:%M:%S", "%Y%m%d"
_OLDEST = 1900  # years: whatever is dated before is a slip
_AREA = re.compile(r"[1-9]\d{5}(?:\d{3}(?:\d{3})?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One reason why a row is not sent. ``row``: its place, from 1 on; ``code``: one of `CURES`."""

    row: int
    table: str
    column: str
    code: str
    what: str

    @property
    def cure(self) -> str:
        return CURES[self.code]

    def __str__(self) -> str:
        return f"row {self.row}, {self.table}.{self.column}: {self.what} {self.cure}"


CURES = {
    "missing": "Say in the mapping where it comes from, enter it under office, or repair this letter.",
    "too-long": "Let the mapping cut it (cut: true) where that loses nothing, or repair this letter.",
    "no-moment": "Let the mapping take it from a moment of the case, or repair this letter.",
    "no-day": "Let the mapping write it with format: day.",
    "no-number": "Let the mapping take a whole number.",
    "no-code": "Add the word to the cross-walk, with the department's code for it.",
    "not-in-list": "Take the cross-walk that belongs to this column, or repair this letter.",
    "control-character": "Repair this letter: characters that nobody sees came in with it.",
    "blank": "Repair this letter: it is empty but for spaces.",
    "order": "Look at the case's history: one of the two moments is wrong. Repair this letter.",
    "needs": "Say it: the applicant is told the reason, and a licence is known by its number. Repair this letter.",
    "zeros": "Enter the locality's own item code: in the pack, or under items of this connector.",
    "bad-task-code": "An item code (实施编码) is a credit code of 18 places, a level, and 12 digits: correct it.",
    "bad-catalog-code": "A catalogue code (基本编码) has 12 digits: it is the end of the item code.",
    "bad-project-no": "A case number has letters and digits alone: look at the case.",
    "bad-document": "The number does not fit its check digit: repair this letter after looking at the document.",
    "bad-mobile": "A mobile number has 11 digits and begins with 1: repair this letter, or leave it empty.",
    "bad-count": "A count is a whole number from 1 on.",
    "bad-file-name": "A file's name holds no path: correct the material's key in the pack.",
    "bad-area": "An area code has 6, 9 or 12 digits: correct it under office.",
    "bad-licence": "The licence's id does not fit its check place: make the certificate anew.",
    "bad-guid": "A row's id has letters, digits and hyphens: take row.guid.",
    "unknown-column": "Take it out of the mapping.",
}


def check(rows: Sequence[Row], walks: Mapping[str, CrossWalk] | None = None) -> list[Wrong]:
    """Everything that is wrong with these rows, row by row. ``walks``: a mapping's own lists beside ours."""
    known = {**cross_walks(), **(walks or {})}
    return [wrong for place, row in enumerate(rows, 1) for wrong in _row(place, row, known)]


def _row(place: int, row: Row, walks: Mapping[str, CrossWalk]) -> Iterator[Wrong]:
    def wrong(column: str, code: str, what: str) -> Wrong:
        return Wrong(place, row.table.name, column, code, what)

    clean = True
    for name, column in row.table.columns.items():
        for code, what in _column(column, row, walks):
            clean = False
            yield wrong(name, code, what)
    for name in set(row.values) - set(row.table.columns):
        yield wrong(name, "unknown-column", "is no column of this table.")
    if clean:  # what cannot be read cannot be compared
        for rule in row.table.rules:
            yield from (wrong(*each) for each in _rule(rule, row.values))


def _column(column: Column, row: Row, walks: Mapping[str, CrossWalk]) -> Iterator[tuple[str, str]]:
    value = row.values.get(column.name)
    if column.name in row.unknown:
        yield "no-code", f"has a word that the cross-walk {row.unknown[column.name]} does not know."
        return
    if value is None or value == "":
        if column.required:
            yield "missing", "is empty, and may not be."
        return
    if not value.strip():
        yield "blank", "holds spaces alone."
        return
    if any(ord(c) < 32 and c not in "\n\t" for c in value) or any(
        "\ud800" <= c <= "\udfff" or c == "\x7f" for c in value
    ):
        yield "control-character", "holds a character that cannot be written."
        return
    if column.length and len(value) > column.length:
        yield "too-long", f"has {len(value)} characters, and {column.length} at most."
        return
    found = _typed(column, value) or _listed(column, value, walks)
    if found is None and column.form:
        found = _FORMS[column.form](value, row.values)
    if found is not None:
        yield found


def _typed(column: Column, value: str) -> tuple[str, str] | None:
    if column.type == "int" and not re.fullmatch(r"-?\d{1,10}", value, re.ASCII):
        return "no-number", "is no whole number of ten digits at most."
    if column.type == "datetime" and _moment(value, _STAMP) is None:
        return "no-moment", "is not written yyyy-MM-dd HH:mm:ss, or is no moment."
    if column.type == "day" and _moment(value, _DAY) is None:
        return "no-day", "is not written YYYYMMDD, or is no day."
    return None


def _listed(column: Column, value: str, walks: Mapping[str, CrossWalk]) -> tuple[str, str] | None:
    if column.codes and value not in walks[column.codes].codes:
        return "not-in-list", f"is no code of the list {column.codes}."
    return None


def _rule(rule: Rule, values: Mapping[str, str | None]) -> Iterator[tuple[str, str, str]]:
    if rule.order is not None:
        earlier, later = (values.get(name) for name in rule.order)
        if earlier and later and later < earlier:  # both are written alike: the order of texts is that of moments
            yield rule.order[1], "order", f"is before {rule.order[0]}."
    elif values.get(rule.when) in rule.values and not values.get(rule.needs):
        yield rule.needs, "needs", f"is empty, and {rule.when} {values[rule.when]} needs it."


def _moment(value: str, wanted: str) -> datetime | None:
    try:
        found = datetime.strptime(value, wanted)
    except ValueError:
        return None
    return found if found.strftime(wanted) == value and found.year >= _OLDEST else None


# -- forms: each gives what is wrong with a value, or None

Form = Callable[[str, Mapping[str, str | None]], tuple[str, str] | None]


def _matching(pattern: str, code: str, what: str) -> Form:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value, _row: None if compiled.fullmatch(value) else (code, what)


def _task_code(value: str, _row: Mapping[str, str | None]) -> tuple[str, str] | None:
    """实施编码: credit code (18), level (1), 基本编码 (12)."""
    if not value.strip("0"):
        return "zeros", "is still all zeros: the pack's item code was never entered."
    if (
        len(value) != 31
        or not numbers.credit_code_valid(value[:18])
        or not re.fullmatch(r"\d{13}", value[18:], re.ASCII)
    ):
        return "bad-task-code", "is no item code of 31 places with right check places."
    return None


def _catalog_code(value: str, _row: Mapping[str, str | None]) -> tuple[str, str] | None:
    if not value.strip("0"):
        return "zeros", "is still all zeros: the pack's item code was never entered."
    return None if re.fullmatch(r"\d{12}", value, re.ASCII) else ("bad-catalog-code", "does not have 12 digits.")


def _document(value: str, row: Mapping[str, str | None]) -> tuple[str, str] | None:
    """A resident's number has its check digit; of other documents only that they are letters and digits."""
    kind = row.get("applyer_page_type") or row.get("certificate_holder_type") or ""
    if kind == "111" and not numbers.id_number_valid(value):
        return "bad-document", "is no 公民身份号码 with a right check digit."
    plain = re.fullmatch(r"[A-Za-z0-9()（）-]{4,64}", value) is not None
    return None if plain else ("bad-document", "holds what stands in no document's number.")


def _licence(value: str, _row: Mapping[str, str | None]) -> tuple[str, str] | None:
    try:
        licence_id.parse(value)
    except ValueError:
        return "bad-licence", "is no 电子证照标识 (GB/T 36904) with a right check place."
    return None


_FORMS: Mapping[str, Form] = {
    "guid": _matching(r"[A-Za-z0-9-]{1,50}", "bad-guid", "is no id of a row."),
    "project_no": _matching(r"[A-Za-z0-9-]{1,50}", "bad-project-no", "is no case number."),
    "catalog_code": _catalog_code,
    "task_code": _task_code,
    "document_number": _document,
    "mobile": _matching(r"1[3-9]\d{9}", "bad-mobile", "is no mobile number."),
    "count": _matching(r"[1-9]\d{0,4}", "bad-count", "is no count."),
    "file_name": _matching(r"[^/\\:*?\"<>|\s.][^/\\:*?\"<>|]{0,199}", "bad-file-name", "is no plain file name."),
    "area": lambda value, _row: None if _AREA.fullmatch(value) else ("bad-area", "is no area code."),
    "licence_id": _licence,
}
