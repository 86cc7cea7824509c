"""Answers that nobody means well: each is refused in plain words, or stands as it was typed and does nothing."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.domain.decision import Outcome, Verification
from kiosk.domain.envelope import Envelope
from kiosk.domain.place import Place
from kiosk.services import forms, rules, situations
from kiosk.services.loader import BUILTIN, builtin
from kiosk.services.model import QuestionKind, ServicePack
from kiosk.services.templates import fill

PLACE = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "平城区行政审批服务管理局", "0352-0000000")
TODAY = date(2026, 11, 26)
HOSTILE = (
    "", " ", "\x00", "\x1b[2J", "\r\nX-Header: 1", "\u202e反过来", "\u200b", "😀" * 9, "ａ１２３",
    "٣٤٥", "1e9", "-1", "０" * 8, "9" * 200,
    "20261332", "00000000", "{place.city}", "{phone}", "{trade.scope}", "{{}}", "%s%n", "${HOME}", "' || true || '",
    '" == "" || "', 'answers["x"]', "'; DROP TABLE cases; --", "../../etc/passwd", "<script>alert(1)</script>", "=1+1",
    "某" * 40, "0" * 39 + "！", "南关街18号" + "a" * 30, "92140213MA0000015G", "11010519491231002X",
)  # fmt: skip


def tried(pack: ServicePack, key: str, value: str) -> Envelope | None:
    """The envelope with this answer, and everything that follows from it; None where the form does not take it."""
    question = pack.question(key)
    assert question is not None
    envelope = Envelope()
    refused = forms.objection(pack, question, value, envelope, TODAY)
    forms.preview(pack, question, envelope, value)
    if refused is not None:
        assert refused.zh, (pack.pack_id, key)
        assert refused.en, (pack.pack_id, key)
        return None
    return forms.derive(pack, envelope.with_field(forms.answer(question, value)))


@pytest.mark.parametrize("name", BUILTIN)
def test_a_hostile_answer_is_refused_in_words_or_does_nothing(name: str) -> None:
    pack = builtin(name, PLACE)
    for question in pack.questions:
        for value in HOSTILE:
            envelope = tried(pack, question.key, value)
            if envelope is None:
                continue
            if question.kind is not QuestionKind.TEXT:
                assert question.check or value.isascii(), (question.key, value)
            assert envelope.value(question.key) == forms.answer(question, value).value
            assert all(c.isprintable() for c in envelope.value(question.key)), "nothing that nobody sees"
            for language in ("zh_CN", "en"):
                forms.review_rows(pack, envelope, language)
                forms.paper_values(pack, envelope, language)
            assert "X-Header" not in repr(envelope.get(question.key))


def test_what_is_typed_in_braces_is_never_filled_in() -> None:
    pack = builtin("utility_connection", PLACE)
    envelope = Envelope()
    for key, value in (("phone", "13800000001"), ("address", "{place.street}{phone}")):
        question = pack.question(key)
        assert question is not None
        envelope = envelope.with_field(forms.answer(question, value))
    envelope = forms.derive(pack, envelope)
    typed = "山西省大同市平城区{place.street}{phone}"
    assert envelope.value("where") == typed
    assert fill("{where}", forms.paper_values(pack, envelope)) == typed
    assert dict((row.key, row.value) for row in forms.review_rows(pack, envelope))["address"] == typed


@pytest.mark.parametrize("name", BUILTIN)
def test_what_gets_as_far_as_the_table_decides_nothing_by_its_form(name: str) -> None:
    """Past the form (a draft, a helper, a broken window): every text is a text to the table, never a condition or an
    error; nobody is approved for it."""
    pack = builtin(name, PLACE)
    for value in HOSTILE:
        answers = {question.key: value for question in pack.questions}
        facts = rules.Facts(
            30, "resident", False, True, Verification.LATER, False, True, answers, today=f"{TODAY:%Y%m%d}"
        )
        numbers = [q.key for q in pack.questions if q.kind is QuestionKind.AMOUNT]
        if numbers and not (value.isascii() and value.isdigit()):
            facts = rules.Facts(
                30, "resident", False, True, Verification.LATER, False, True, answers | dict.fromkeys(numbers, "1"),
                today=f"{TODAY:%Y%m%d}",
            )  # fmt: skip  # rules count amounts: what is no number does not get past its page
        situations.fitted(pack, dict(facts.answers))
        assert rules.decide(pack, facts).outcome is not Outcome.APPROVED, value
