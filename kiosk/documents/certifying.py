"""What a certificate says, whoever it is for: a case's (compose.py), or a department's answer without a case. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date

from kiosk.documents import wording
from kiosk.domain.licence_id import TYPE_PLACES, LicenceId
from kiosk.domain.papers import PaperContent
from kiosk.domain.text import EMPTY, Text
from kiosk.services.model import PaperSpec, ServicePack


def licence_id(pack: ServicePack, spec: PaperSpec, case_no: str) -> str:
    """Of the first version. The issuer is the organ of the 实施编码: its first 18 places are the credit code."""
    return str(LicenceId(spec.type_code or "0" * TYPE_PLACES, pack.item_code[:18], case_no))


def day_text(day: date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"


def statement_of_fact(
    title: Text, issuer: Text, rows: Sequence[tuple[Text, str, str]], *, body: Text, until: Text, notes: Sequence[Text],
    day: date, number: str,
) -> PaperContent:  # fmt: skip
    """A certificate's content without a case: a department's answer takes this layout as well.

    ``rows``: label, name of the field, value. ``until``: `until_text`, or EMPTY where it says nothing. ``number``: its
    电子证照标识. Who calls says which case, code and mark.
    """
    values = {name: value for _, name, value in rows}
    values |= {"issuer": issuer.zh, "date": day_text(day), "licence_id": number}
    said = {"title": title.en, "issuer": issuer.en, "body": body.zh, "body_en": body.en}
    if until != EMPTY:
        values["valid"] = until.zh
        rows = [*rows, (wording.VALID, "valid", f"{until.zh}　{until.en}")]
    return PaperContent(
        paper_id="certificate", kind="certificate", template="certificate", title=title.zh, case_id="", case_no="",
        values=values,
        rows=tuple((_stacked(label), value) for label, _, value in rows),
        notes=tuple(text for note in notes for text in dict.fromkeys((note.zh, note.en))),
        extra={name: text for name, text in said.items() if text},
    )  # fmt: skip


def _stacked(label: Text) -> str:
    return label.zh if label.zh == label.en else f"{label.zh}\n{label.en}"


def until_text(months: int, day: date) -> Text:
    """Until when a certificate of this day holds; 0 months: without end."""
    if not months:
        return wording.FOR_GOOD
    last = later(months, day)
    return Text(*(text.format(year=last.year, month=last.month, day=last.day)
                  for text in (wording.UNTIL.zh, wording.UNTIL.en)))  # fmt: skip


def later(months: int, day: date) -> date:
    """The same day some months later; the last of the month where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
