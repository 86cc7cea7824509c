"""A mark says what the paper says, by a standard that others can check; it has one form: no changed bit is taken."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import cbor2
import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image
from pycose.headers import Algorithm
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import Sign1Message

from kiosk.documents import licence, receipt
from kiosk.documents.compose import as_copy
from kiosk.documents.qr import matrix_of
from kiosk.domain.decision import Verification
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.papers import cose
from kiosk.papers import mark as marks
from kiosk.papers.cose import BadMark
from kiosk.papers.judging import Verdict, judge
from kiosk.papers.statement import BadStatement, Statement, fields_hash, fields_of
from tests.unit.papers.conftest import NOON, Office, pair

Case = Callable[..., dict[str, PaperContent]]


def raw(paper: PaperContent) -> bytes:
    text = marks.find(paper.qr).removeprefix(marks.PREFIX)
    return base64.b32decode(text + "=" * (-len(text) % 8))


def text_of(data: bytes) -> str:
    return marks.PREFIX + base64.b32encode(data).decode().rstrip("=")


def picture_of(paper: PaperContent) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if paper.kind == "certificate":
        document = pdfium.PdfDocument(licence.render(paper).pdf)
        try:
            return np.asarray(document[0].render(scale=2.5).to_pil().convert("L"))  # 180 dots an inch
        finally:
            document.close()
    made = receipt.render(paper)
    black = Image.frombytes("1", (made.raster_width, made.raster_height), made.raster_rows)
    return np.asarray(black.convert("L").point(lambda value: 255 - value))


def test_a_mark_says_what_the_paper_says(office: Office, case: Case) -> None:
    paper = office.print(case()["licence"])
    found = marks.parse(paper.qr)
    said = found.statement
    found.signed.verify(office.terminal[1])
    assert (said.case_no, said.kind, said.outcome, said.rung) == (paper.case_no, "certificate", "approved", "final")
    assert said.shown == (paper.values["credit_code"], paper.values["name"])
    assert said.fields == fields_hash(sorted(paper.values.items()))
    assert (said.decided_at, said.printed_at) == (1795314600, int(NOON.timestamp()))
    assert (said.copy, said.test) == (0, False)


def test_the_payload_is_cose_that_a_foreign_library_verifies(office: Office, case: Case) -> None:
    for paper in case().values():
        message = Sign1Message.from_cose_obj(cbor2.loads(raw(office.print(paper))), allow_unknown_attributes=False)
        message.key = OKPKey(crv=Ed25519, x=office.terminal[1])
        assert message.verify_signature()
        assert message.phdr[Algorithm].fullname == "EDDSA"
        message.payload += b"\0"
        assert not message.verify_signature()


def test_every_flipped_bit_of_payload_and_signature_is_refused(office: Office, case: Case) -> None:
    """All bits: framing, key id, each claim, the whole signature. A changed key id is nobody's key."""
    paper = office.print(case()["receipt"])
    data, published = raw(paper), office.list()
    assert judge(text_of(data), published, NOON).verdict is Verdict.GENUINE
    wrong = []
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        found = judge(text_of(bytes(changed)), published, NOON)
        if found.verdict not in (Verdict.ALTERED, Verdict.UNKNOWN_KEY) or found.statement is not None:
            wrong.append(bit)
    assert len(data) * 8 > 1200
    assert wrong == []


def test_every_changed_letter_of_the_text_is_refused(office: Office, case: Case) -> None:
    """Base32 has spare bits at its end: they may not be used to write one mark in two ways."""
    text = marks.find(office.print(case()["receipt"]).qr)
    published = office.list()
    for place in range(len(marks.PREFIX), len(text)):
        for letter in {"A", "Q", "7", "a", "=", "é"} - {text[place]}:
            changed = text[:place] + letter + text[place + 1 :]
            verdict = judge(changed, published, NOON).verdict
            assert verdict in (Verdict.ALTERED, Verdict.UNKNOWN_KEY), (place, letter)
    for cut in range(len(marks.PREFIX), len(text)):
        assert judge(text[:cut], published, NOON).verdict is Verdict.ALTERED
    assert judge(text + "A", published, NOON).verdict is Verdict.ALTERED


@pytest.mark.parametrize("again", [
    lambda parts: cbor2.dumps(cbor2.CBORTag(18, parts)),  # tagged
    lambda parts: cbor2.dumps([parts[0], {5: b"x"}, parts[2], parts[3]]),  # something that nobody signed
    lambda parts: b"\x98\x04" + cbor2.dumps(parts)[1:],  # a longer head for the same array
    lambda parts: cbor2.dumps(parts) + b"\0",
])  # fmt: skip
def test_the_same_statement_in_another_form_is_refused(
    office: Office, case: Case, again: Callable[[list[object]], bytes]
) -> None:
    parts = cbor2.loads(raw(office.print(case()["receipt"])))
    with pytest.raises(BadMark):
        cose.parse(again(parts))


def test_a_statement_has_one_encoding_and_known_keys_alone(office: Office, case: Case) -> None:
    payload = marks.parse(office.print(case()["receipt"]).qr).signed.payload
    said = cbor2.loads(payload)
    for changed in (
        cbor2.dumps(dict(reversed(list(said.items())))),
        cbor2.dumps(said | {13: False}),
        cbor2.dumps(said | {14: "more"}),
        cbor2.dumps({key: value for key, value in said.items() if key != 5}),
        cbor2.dumps(said | {5: 9}),
        cbor2.dumps(said | {8: -1}),
        cbor2.dumps(said | {8: 1e9}),
        cbor2.dumps(said | {8: 2**39}),  # the year 19391, which no calendar here has
        cbor2.dumps(said | {12: 0}),
        cbor2.dumps(said | {11: "王**"}),
        cbor2.dumps(said | {9: b"short"}),
        b"",
        b"\xff",
        b"\x9f" * 200,
    ):
        with pytest.raises(BadStatement):
            Statement.decoded(changed)


def test_what_is_read_from_the_printed_raster_is_the_mark(office: Office, case: Case) -> None:
    for made in (case(), case(language="en"), case(verification=Verification.LATER), case(test=True)):
        paper = office.print(as_copy(made["receipt"], 2))
        (found,) = zxingcpp.read_barcodes(picture_of(paper))
        assert found.text == paper.qr
        assert marks.parse(found.text).statement.copy == 2


def test_what_is_read_from_the_rendered_licence_is_the_mark(office: Office, case: Case) -> None:
    long = {
        "shop_name": "古城墙根下老味道手工羊杂",
        "premises": "和阳街道永泰南路十八号万达广场一期地下一层十八号铺位甲",
    }
    bare = Place("140213", "山西省", "大同市", "平城区", "南关街道", "3 号机", "某局", "0352-0000000")
    for made in (case(), case(**long), case(place=bare)):
        paper = office.print(made["licence"])
        (found,) = zxingcpp.read_barcodes(picture_of(paper))
        assert found.text == paper.qr


def test_behind_the_address_the_mark_costs_no_more_than_letters_and_digits(office: Office, case: Case) -> None:
    """A byte segment alone would be three versions larger; a receipt's modules stay half a millimetre wide."""
    import segno

    paper = office.print(case()["receipt"])
    mixed, plain = len(matrix_of(paper.qr)), len(segno.make(paper.qr, error="m", micro=False).matrix)
    assert mixed < plain
    assert mixed * 4 <= 300, "dots of the 576 that a receipt has"


def test_of_a_person_a_mark_holds_what_the_paper_shows_and_no_more(office: Office, case: Case) -> None:
    paper = office.print(case(name="王某某")["receipt"])
    data = raw(paper)
    assert "王**".encode() in data
    assert ("申请人", "王**") in paper.rows
    for word in ("王某某", "14021319580301", "13800000001", "南关街18号底商"):
        assert word.encode() not in data


def test_a_copy_and_a_sample_say_so_in_their_marks(office: Office, case: Case) -> None:
    copy = judge(office.print(as_copy(case()["receipt"], 1)).qr, office.list(), NOON)
    sample = judge(office.print(case(test=True)["receipt"]).qr, office.list(), NOON)
    provisional = judge(office.print(case(online=False)["receipt"]).qr, office.list(), NOON)
    assert (copy.verdict, copy.notes) == (Verdict.GENUINE, ("copy",))
    assert (sample.verdict, sample.notes) == (Verdict.GENUINE, ("test",))
    assert (provisional.verdict, provisional.notes) == (Verdict.GENUINE, ("provisional",))


def test_the_hash_holds_every_field_of_the_paper(office: Office, case: Case) -> None:
    for paper in case().values():
        fields = list(fields_of(paper))
        known = fields_hash(fields)
        for place, (name, value) in enumerate(fields):
            changed = [*fields[:place], (name, value + "·"), *fields[place + 1 :]]
            assert fields_hash(changed) != known
        assert fields_hash(fields[:-1]) != known


def test_a_paper_with_nothing_to_state_stays_as_it_is(office: Office, case: Case) -> None:
    paper = replace(case()["receipt"], mark={})
    assert office.print(paper) is paper


def test_a_terminal_of_the_shangmi_suite_marks_its_papers_too(office: Office, case: Case) -> None:
    pytest.importorskip("gmssl_pyx", reason="pip install gmssl-pyx")
    office.terminal = pair(0, "shangmi")
    paper = office.print(case()["receipt"])
    assert judge(paper.qr, office.list(), NOON).verdict is Verdict.GENUINE
    data = bytearray(raw(paper))
    data[-1] ^= 1
    assert judge(text_of(bytes(data)), office.list(), NOON).verdict is Verdict.ALTERED
    found = marks.parse(paper.qr)
    with pytest.raises(BadMark):
        found.signed.verify(pair(9)[1])  # a key of the other suite is not tried with this algorithm
