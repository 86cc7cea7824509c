"""Items are taken in once each, answered one by one, and nothing of a citizen stands in clear on the disk."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from kiosk import wire
from kiosk.domain import codes

STORES = ("sqlite", "postgresql")
NAME = "王小明秘密"  # what every case of these tests carries inside its seal


def test_pushing_is_idempotent(terminal, server, clock):
    batch = [terminal.case() for _ in range(5)]
    first = terminal.push(*batch)
    clock.move(minutes=3)
    second = terminal.push(*batch)
    assert [result.status for result in first] == ["accepted"] * 5
    assert [result.status for result in second] == ["duplicate"] * 5
    assert [result.ack for result in first] == [result.ack for result in second]
    assert server.backend.gauges()["kiosk_cases"] == 5
    assert len(terminal.results().results) == 5


def test_each_acknowledgement_of_a_batch_can_be_checked_alone(terminal, server):
    """Sent again in other company it says the same, and that can be checked as well."""
    batch = [terminal.case() for _ in range(5)]
    bad = replace(batch[2], hash="0" * 64)
    first = terminal.push(*batch[:2], bad, *batch[3:])
    again = terminal.push(batch[4], terminal.case(), batch[0])
    acks = [result.ack for result in (*first, *again) if result.ack is not None]
    assert [result.status for result in first] == ["accepted"] * 2 + ["rejected"] + ["accepted"] * 2
    assert [ack.id for ack in acks] == [first[n].id for n in (0, 1, 3, 4)] + [result.id for result in again]
    for ack in acks:
        wire.verify_ack(server.backend.keys.signing_public, ack)
        with pytest.raises(wire.BadSignature):
            wire.verify_ack(server.backend.keys.signing_public, replace(ack, hash="0" * 64))
    assert again[2].ack.canonical() == first[0].ack.canonical()


def test_an_acknowledgement_echoes_id_and_hash_and_is_signed(terminal, server):
    item = terminal.case()
    (result,) = terminal.push(item)
    ack = result.ack
    assert (ack.id, ack.hash, ack.terminal_id) == (item.id, item.hash, terminal.id)
    wire.verify(server.backend.keys.signing_public, ack.canonical(), ack.signature)
    with pytest.raises(wire.BadSignature):
        wire.verify(server.backend.keys.signing_public, replace(ack, hash="0" * 64).canonical(), ack.signature)


def test_the_same_id_with_another_hash_is_an_alarm(terminal, server):
    item = terminal.case()
    terminal.push(item)
    other = replace(terminal.case(), id=item.id)
    (result,) = terminal.push(other)
    assert (result.status, result.reason, result.ack) == ("conflict", "hash-differs", None)
    assert server.backend.gauges()["kiosk_alarms"] == 1
    for _ in range(3):
        assert terminal.push(other)[0].status == "conflict"
    assert server.backend.gauges()["kiosk_alarms"] == 1, "one for each item and cause, however often it is sent"


def test_the_same_id_twice_in_one_batch(terminal, server):
    item = terminal.case()
    other = replace(terminal.case(), id=item.id)
    resealed = terminal.seal(msgspec.json.encode({}), item.id)
    assert [result.status for result in terminal.push(item, item)] == ["accepted", "duplicate"]
    assert [result.status for result in terminal.push(other, resealed)] == ["conflict", "conflict"]
    assert server.backend.gauges()["kiosk_cases"] == 1


def test_another_terminals_item_does_not_open(new_terminal, server):
    one, other = new_terminal(), new_terminal()
    item = one.case()
    (result,) = other.push(item)
    assert (result.status, result.reason) == ("rejected", "cannot-unseal")
    one.push(item)
    (result,) = other.push(item)
    assert (result.status, result.reason) == ("conflict", "foreign-item")


def test_one_bad_item_never_stops_the_rest(terminal, server):
    good = [terminal.case(), terminal.case()]
    plain = msgspec.json.encode({"case_id": "x"})
    bad = {
        "bad-id": replace(terminal.case(), id="../../etc"),
        "bad-kind": replace(terminal.case(), kind="wish"),
        "bad-hash": replace(terminal.case(), hash="xyz"),
        "not-base64": replace(terminal.case(), sealed="§§"),
        "hash-mismatch": replace(terminal.case(), sealed=wire.b64(b"other")),
        "cannot-unseal": replace(terminal.case(), id=str(uuid.uuid4())),
        "bad-envelope": terminal.seal(plain, str(uuid.uuid4())),
        "bad-meta": replace(terminal.case(), meta={"name": NAME}),
        "meta-differs": replace(terminal.case(), meta={"case_no": "OTHER"}),
        "bad-attachments": replace(terminal.case(), attachments=["zz"]),
    }
    results = terminal.push(good[0], *bad.values(), good[1])
    assert [result.reason for result in results[1:-1]] == list(bad)
    assert {result.status for result in results[1:-1]} == {"rejected"}
    assert [results[0].status, results[-1].status] == ["accepted", "accepted"]
    assert server.backend.gauges()["kiosk_cases"] == 2


@pytest.mark.parametrize(
    "change",
    [{"outcome": "perhaps"}, {"rung": "roof"}, {"verification": "smile"}, {"committed_at": "2026-13-01T00:00:00Z"},
     {"committed_at": "yesterday"}, {"format": 2}, {"case_no": "with space"}, {"uscc": "91 330"},
     {"fields": [wire.PayloadField("a", "1", "card", "A"), wire.PayloadField("a", "2", "card", "A")]}],
)  # fmt: skip
def test_an_envelope_out_of_order_is_rejected(terminal, change):
    payload = {"case_no": "N1", **change}
    item = replace(terminal.case(**payload), meta={})
    assert [result.reason for result in terminal.push(item)] == ["bad-envelope"]


def test_a_provisional_approval_is_confirmed(terminal):
    number = terminal.number()
    terminal.push(terminal.case(number), terminal.case(rung="final"), terminal.case(outcome="referred"))
    reply = terminal.results()
    assert [(result.case_no, result.outcome, result.text) for result in reply.results] == [
        (number, "confirmed", "result.confirmed")
    ]
    assert terminal.results(reply.cursor).results == []


def test_a_case_number_given_twice_is_kept_and_reported_as_a_conflict(terminal, server):
    number = terminal.number()
    terminal.push(terminal.case(number, outcome="referred"))
    (result,) = terminal.push(terminal.case(number))
    assert result.status == "accepted"
    assert [(each.outcome, each.text) for each in terminal.results().results] == [("conflict", "result.conflict.case")]
    assert server.backend.gauges()["kiosk_cases"] == 2
    assert server.backend.gauges()["kiosk_case_conflicts"] == 1


def test_a_credit_code_given_twice_in_one_batch_is_a_conflict(terminal):
    code = codes.credit_code("330102", terminal.reserve("uscc").first)
    terminal.push(terminal.case(uscc=code), terminal.case(uscc=code))
    assert [result.outcome for result in terminal.results().results] == ["confirmed", "conflict"]


def test_a_terminal_registers_numbers_of_its_own_blocks_alone(new_terminal, server):
    """Anything else would let one stolen key take the numbers that honest terminals have printed already."""
    mine, other, away = new_terminal(), new_terminal(), new_terminal("440300")
    own = mine.reserve()
    subjects = mine.reserve("uscc", 10)
    theirs = other.reserve()
    day = date(2026, 6, 1)
    good = codes.case_no("330102", day, own.last)
    senseless = [
        codes.case_no("330102", day, theirs.first), codes.case_no("330102", day, 0),
        codes.case_no("330102", day, 89_999_999), codes.case_no("440300", day, own.first),
        good[:-1] + str((int(good[-1]) + 1) % 10), "999999-20261122-999999", "N1",
        codes.case_no("330102", day, away.reserve().first), good[:6] + "261399" + good[12:],
    ]  # fmt: skip
    refused = mine.push(*(mine.case(number) for number in senseless))
    assert {(result.status, result.reason) for result in refused} == {("rejected", "foreign-number")}
    for code in (
        codes.credit_code("330102", other.reserve("uscc").first), codes.credit_code("440300", subjects.first),
        "92330102MA2TEST008", codes.credit_code("330102", subjects.last)[:-1] + "0",
    ):  # fmt: skip
        assert [result.reason for result in mine.push(mine.case(uscc=code))] == ["foreign-number"], code
    assert server.backend.gauges()["kiosk_alarms"] == len(senseless) + 4
    code = codes.credit_code("330102", subjects.last)
    assert [result.status for result in mine.push(mine.case(good, uscc=code))] == ["accepted"]


def test_results_are_the_terminals_own(new_terminal):
    one, other = new_terminal(), new_terminal()
    one.push(one.case())
    assert other.results().results == []


def test_a_terminal_of_an_area_that_no_number_can_bear_registers_nothing_and_breaks_nothing(new_terminal):
    terminal = new_terminal("099999")
    code = codes.credit_code("330102", terminal.reserve("uscc").first)
    number = codes.case_no("330102", date(2026, 6, 1), terminal.reserve().first)
    assert [result.reason for result in terminal.push(terminal.case(number, uscc=code))] == ["foreign-number"]


def rating_of(terminal, case_id):
    rating = wire.RatingPayload(case_id, "N1", "000131002000", 5, ["clear"], "2026-06-01T12:00:00Z")
    return terminal.seal(msgspec.json.encode(rating), str(uuid.uuid4()), "rating")


def test_a_case_is_rated_once(terminal, server):
    case = terminal.case()
    items = [rating_of(terminal, case.id) for _ in range(2)]
    results = terminal.push(case, *items)
    assert [result.status for result in results] == ["accepted", "accepted", "rejected"]
    assert server.backend.gauges()["kiosk_ratings"] == 1
    assert [result.status for result in terminal.push(items[0])] == ["duplicate"]


def test_a_terminal_rates_its_own_cases_alone(new_terminal, server):
    one, other = new_terminal(), new_terminal()
    case = one.case()
    one.push(case)
    (result,) = other.push(rating_of(other, case.id))
    assert (result.status, result.reason) == ("rejected", "foreign-case")
    assert server.backend.gauges()["kiosk_ratings"] == 0
    assert [result.status for result in one.push(rating_of(one, case.id))] == ["accepted"]


def test_a_rating_waits_for_its_case(terminal):
    case = terminal.case()
    rating = rating_of(terminal, case.id)
    assert [(result.status, result.reason) for result in terminal.push(rating)] == [("retry", "case-missing")]
    assert [result.status for result in terminal.push(case)] == ["accepted"]
    assert [result.status for result in terminal.push(rating)] == ["accepted"]


def test_an_item_waits_for_its_materials_and_storing_them_is_idempotent(terminal, new_terminal):
    data = b"sealed signature"
    digest = hashlib.sha256(data).hexdigest()
    item = replace(terminal.case(), attachments=[digest])
    assert [(result.status, result.reason) for result in terminal.push(item)] == [("retry", "attachment-missing")]
    stored = [terminal.send("PUT", f"/v1/materials/{digest}", data).json["status"] for _ in range(2)]
    assert stored == ["accepted", "duplicate"]
    assert [result.status for result in terminal.push(item)] == ["accepted"]
    other = new_terminal()  # a hash alone gives no right to what another terminal has sent
    assert other.push(replace(other.case(), attachments=[digest]))[0].status == "retry"


def test_a_material_without_a_body_is_refused(terminal):
    answer = terminal.send("PUT", f"/v1/materials/{hashlib.sha256(b'').hexdigest()}")
    assert (answer.status, answer.code) == (422, "bad-fields")


def test_a_material_under_a_wrong_hash_is_refused(terminal):
    for digest in ("0" * 64, "..%2f..%2fetc", "UPPER"):
        assert terminal.send("PUT", f"/v1/materials/{digest}", b"data").status in (404, 422)


def test_five_hundred_at_once_and_no_more(terminal):
    item = terminal.case()
    answer = terminal.send("POST", "/v1/items", wire.PushRequest([item] * 501))
    assert (answer.status, answer.code) == (422, "too-many-items")


def test_no_personal_data_in_clear_on_the_backends_disk_or_in_its_log(terminal, disk, capfd):
    case = terminal.case()
    terminal.push(case, replace(terminal.case(), meta={"name": NAME}))
    files = [path for folder in disk for path in folder.rglob("*") if path.is_file()]
    assert any(case.id.encode() in path.read_bytes() for path in files), "nothing was kept: not the right places"
    forms = [NAME.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")]
    forms.append(NAME.encode("ascii", "backslashreplace"))
    for path in files:
        data = path.read_bytes()
        assert not any(form in data for form in forms), path.name
    printed = capfd.readouterr()
    assert not any(form in (printed.out + printed.err).encode() for form in forms)
