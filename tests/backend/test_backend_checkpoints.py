"""The ends of the terminals' logs at the backend: what goes on is receipted, what does not is refused and alarmed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.journal.chain import GENESIS

STORES = ("sqlite", "postgresql")


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


LOG = hashed("log")


def head_of(seq: int, log: str = LOG) -> str:
    return GENESIS if seq == 0 else hashed(f"{log} {seq}")


def signed(terminal, seq: int, base: int = 0, *, key: bytes = b"", **change: Any) -> wire.Checkpoint:
    log = change.get("log", LOG)
    values = {"terminal_id": terminal.id, "log": log, "seq": seq, "head": head_of(seq, log), "base_seq": base,
              "base_head": head_of(base, log), "key_epoch": 1, "at": terminal.clock().isoformat()}  # fmt: skip
    made = wire.Checkpoint(**(values | change))
    return replace(made, signature=wire.sign(key or terminal.private, made.canonical()))


def tell(terminal, *args: Any, **change: Any) -> wire.CheckpointReply:
    answer = terminal.send("POST", "/v1/checkpoints", signed(terminal, *args, **change))
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body, type=wire.CheckpointReply)


def alarms(server) -> list[tuple[str, str]]:
    with server.backend._store._reader.begin() as connection:
        rows = connection.exec_driver_sql("SELECT code, item_id FROM alarms ORDER BY seq").all()
    return [(row[0], row[1]) for row in rows]


def test_a_head_that_goes_on_is_receipted_and_the_receipt_is_the_backends_word(server, terminal, clock):
    first = tell(terminal, 10)
    clock.move(seconds=45)
    second = tell(terminal, 25, 10)
    assert (first.status, second.status) == ("accepted", "accepted")
    for reply, seq in ((first, 10), (second, 25)):
        receipt = reply.receipt
        wire.verify(wire.unb64(terminal.enrolment.signing_key), receipt.canonical(), receipt.signature)
        assert (receipt.terminal_id, receipt.log, receipt.seq, receipt.head) == (terminal.id, LOG, seq, head_of(seq))
        assert (receipt.key_epoch, receipt.terminal_key) == (1, wire.key_id(wire.public_of(terminal.private)))
    assert server.backend.logs.receipts(terminal.id) == [first.receipt, second.receipt]
    assert alarms(server) == []


def test_the_same_again_gets_the_very_same_receipt(server, terminal, clock):
    first = tell(terminal, 10)
    clock.move(seconds=45)
    again = tell(terminal, 10)
    assert (again.status, again.receipt) == ("duplicate", first.receipt)
    second = tell(terminal, 25, 10)
    late = tell(terminal, 10)  # a request that was overtaken on its way
    assert (late.status, late.receipt) == ("duplicate", second.receipt)
    assert alarms(server) == []


def test_after_a_lost_answer_the_backend_says_what_it_knows_and_the_next_head_is_built_on_that(server, terminal):
    tell(terminal, 10)
    known = tell(terminal, 20, 10).receipt  # its answer is lost
    behind = tell(terminal, 30, 10)
    assert (behind.status, behind.receipt) == ("behind", known)
    assert tell(terminal, 30, 20).status == "accepted"
    # the backend was restored from a backup and has forgotten row 40
    assert tell(terminal, 50, 40).status == "behind"
    assert tell(terminal, 50, 30).status == "accepted"
    assert alarms(server) == []


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ((15, 10), "log-went-back"),
        ((20, 10, {"head": hashed("other")}), "log-re-signed"),
        ((10, 0, {"head": hashed("other")}), "log-re-signed"),
        ((30, 20, {"base_head": hashed("other")}), "log-forked"),
        ((30, 20, {"log": hashed("other log")}), "log-replaced"),
        ((30, 20, {"key_epoch": 0x7FFF, "key": bytes(range(32))}), "log-signature"),
    ],
)  # fmt: skip
def test_a_head_that_does_not_go_on_is_refused_and_alarmed_once(server, terminal, how, code):
    tell(terminal, 10)
    newest = tell(terminal, 20, 10).receipt
    seq, base, change = (*how, {})[:3]
    for _ in range(3):
        reply = tell(terminal, seq, base, **change)
        assert (reply.status, reply.reason, reply.receipt) == ("refused", code, newest)
    assert alarms(server) == [(code, f"row {seq}")]
    assert tell(terminal, 21, 20).status == "accepted"  # the right log goes on
    assert tell(terminal, 15, 10).reason == "log-went-back"
    assert len(alarms(server)) == 2


def test_a_key_epoch_does_not_go_back_and_one_epoch_has_one_key(server, terminal):
    tell(terminal, 10)
    assert tell(terminal, 20, 10, key_epoch=2).status == "accepted"
    assert tell(terminal, 30, 20, key_epoch=1).reason == "log-key"
    assert alarms(server) == [("log-key", "row 30")]


def test_another_log_is_taken_once_the_operator_has_allowed_it_and_the_old_one_does_not_come_back(server, terminal):
    tell(terminal, 10)
    other = hashed("the journal was set aside")
    assert tell(terminal, 3, log=other).reason == "log-replaced"
    assert server.backend.logs.allow_another(terminal.id)
    assert not server.backend.logs.allow_another(terminal.id)
    assert tell(terminal, 3, log=other).status == "accepted"
    assert tell(terminal, 11, 10).reason == "log-replaced"
    assert [(one.log, one.seq) for one in server.backend.logs.receipts(terminal.id)] == [(other, 3)]


def test_one_terminal_cannot_tell_the_head_of_another(server, new_terminal):
    one, other = new_terminal(), new_terminal()
    answer = one.send("POST", "/v1/checkpoints", signed(other, 10))
    assert (answer.status, answer.code) == (422, "bad-fields")
    assert tell(other, 5).status == "accepted"


def test_of_days_gone_by_the_last_head_stays(server, terminal, clock):
    base = 0
    for day in range(3):
        for part in range(4):
            seq = 10 * (day + 1) + part
            assert tell(terminal, seq, base).status == "accepted"
            base = seq
            clock.move(minutes=5)
        clock.move(days=1)
    assert [one.seq for one in server.backend.logs.receipts(terminal.id)] == [13, 20, 21, 22, 23, 30, 31, 32, 33]
    assert tell(terminal, 11, 10).reason == "log-went-back"  # forgotten as a row, known as the past


OUT_OF_FORM: list[dict[str, object]] = [
    {"seq": 0}, {"seq": -1}, {"seq": 10**40}, {"base_seq": -1}, {"base_seq": 2**53}, {"key_epoch": 0},
    {"key_epoch": 10**12}, {"log": ""}, {"log": "x"}, {"head": "A" * 64}, {"base_head": "\u0000"}, {"at": "noon"},
    {"at": "2026-06-01T12:00:00"}, {"at": "\u0000"}, {"terminal_id": ""}, {"signature": "x" * 1000},
]  # fmt: skip


def test_a_checkpoint_out_of_form_is_refused_in_words(terminal):
    for change in OUT_OF_FORM:
        whole = msgspec.to_builtins(signed(terminal, 10)) | change
        answer = terminal.send("POST", "/v1/checkpoints", json.dumps(whole).encode())
        assert (answer.status, answer.code) == (422, "bad-fields"), change


def test_a_withdrawn_terminal_tells_nothing(server, terminal):
    tell(terminal, 10)
    server.backend.revoke(terminal.id)
    answer = terminal.send("POST", "/v1/checkpoints", signed(terminal, 11, 10))
    assert (answer.status, answer.code) == (403, "terminal-revoked")


def test_refusals_are_counted_and_the_route_is_documented(terminal):
    tell(terminal, 10)
    tell(terminal, 5)
    lines = terminal.send("GET", "/metrics").body.decode().splitlines()
    assert 'kiosk_checkpoints_total{status="accepted"} 1' in lines
    assert 'kiosk_checkpoints_total{status="refused"} 1' in lines
    operation = terminal.send("GET", "/openapi.json").json["paths"]["/v1/checkpoints"]["post"]
    assert {"200", "400", "401", "403", "422", "503"} <= set(operation["responses"])
