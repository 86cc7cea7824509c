"""The rungs as the backend takes them, and its list of papers as the citizen's command reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kiosk import wire
from kiosk.backend import Settings, desk
from kiosk.backend.settings import BackendError
from kiosk.backend.store.late_tables import findings
from kiosk.backend.store.tables import cases
from kiosk.domain import late
from kiosk.domain.decision import Outcome, Rung
from kiosk.papers import commands, listing
from kiosk.papers.judging import Verdict, judge
from kiosk.papers.mark import made
from kiosk.papers.statement import Statement, serial_of
from tests.backend.conftest import NOON, Clock, Server, Terminal

New = Callable[..., Terminal]
PERSON = [wire.PayloadField("applicant.number", "110101199001011237", "card", "A")]
OTHER = [wire.PayloadField("applicant.number", "440524188001010014", "card", "A")]


def test_each_rung_is_taken_for_what_it_is(server: Server, terminal: Terminal) -> None:
    expected = {
        ("approved", "provisional"): "confirmed",
        ("refused", "provisional"): "confirmed",
        ("referred", "provisional"): "waiting",
        ("received", "receipt"): "waiting",
        ("referred", "receipt"): "waiting",
        ("approved", "final"): "registered",
    }
    items = [(terminal.case(outcome=outcome, rung=rung), state) for (outcome, rung), state in expected.items()]
    terminal.push(*(item for item, _ in items))
    states = server.backend._store.read(lambda c: {row.case_id: row.state for row in c.execute(select(cases)).all()})
    assert [states[item.id] for item, _ in items] == [state for _, state in items]
    told = [each.case_id for each in terminal.results().results]
    assert told == [item.id for item, state in items if state == "confirmed"]


def test_what_no_rung_allows_is_not_taken(terminal: Terminal) -> None:
    never = (
        ("approved", "save"),
        ("approved", "receipt"),
        ("refused", "receipt"),
        ("received", "provisional"),
        ("received", "final"),
    )
    answers = terminal.push(*(terminal.case(outcome=outcome, rung=rung) for outcome, rung in never))
    assert [(answer.status, answer.reason) for answer in answers] == [("rejected", "bad-envelope")] * len(never)


def test_what_is_no_second_time_is_left_alone(server: Server, terminal: Terminal) -> None:
    usual: dict[str, Any] = {"fields": PERSON, "once": 12, "rung": "final"}
    terminal.push(terminal.case(**usual))
    for change in (
        {"fields": OTHER},
        {"service_id": "another"},
        {"once": 0},
        {"outcome": "refused"},
        {"outcome": "referred"},
        {"committed_at": "2027-06-03T12:00:00+00:00"},  # more than twelve months later
    ):
        terminal.push(terminal.case(**(usual | change)))
        assert server.backend._store.read(lambda c: c.execute(select(findings)).all()) == [], change


@pytest.mark.parametrize(
    ("case", "word"), [("no-such-case", "otherwise"), ("", "otherwise"), ("x", "perhaps"), ("x", "case")]
)
def test_what_nobody_can_find_is_refused(server: Server, case: str, word: str) -> None:
    with pytest.raises(BackendError):
        server.backend.late.settle(case, word)


@pytest.mark.parametrize(
    "pack", [("", "1.0.0", ""), ("a", "1.0.0", "yesterday"), ("a", "1.0.0", "2026-06-01T12:00:00")]
)
def test_a_pack_that_is_none_is_not_withdrawn(server: Server, pack: tuple[str, str, str]) -> None:
    with pytest.raises(BackendError):
        server.backend.late.withdraw_pack(*pack)


def test_every_cell_of_the_table_fits_its_column() -> None:
    for cause, rung in late.pairs():
        meaning = late.meaning(cause, Rung(rung))
        assert meaning.state in ("conflict", "merged", "revoked")
        assert max(len(meaning.rule_id), len(meaning.effect)) <= 8
        assert len(cause) <= 16
        assert len(late.result_text(cause)) <= 64
    assert {rung for cause, rung in late.pairs() if cause == "uscc"} == {"provisional", "final"}
    assert late.rung_of(Outcome.REFERRED.value, "final") is Rung.RECEIPT


# -- papers ------------------------------------------------------------------------------------------


def paper(terminal: Terminal, item: wire.SealedItem, at: float, case_no: str = "140213261122000003187") -> str:
    said = Statement(
        case_no, "0" * 31, "pension_verification", "receipt", "approved", "provisional", int(at), int(at),
        bytes(16), serial_of(item.id), ("王**",),
    )  # fmt: skip
    return "https://office.example/progress?no=1#" + made(said, terminal.private)


def read(server: Server, root: bytes | None = None) -> listing.PaperList:
    signed, made_list = server.backend.late.published(phone="0352-0000000")
    found = listing.read(signed, root or server.backend.keys.epochs[0].signing_public)
    assert found == made_list
    return found


def test_a_paper_is_genuine_then_revoked_then_genuine_again(server: Server, terminal: Terminal, clock: Clock) -> None:
    item = terminal.case(rung="provisional")
    terminal.push(item)
    code = paper(terminal, item, NOON.timestamp())
    assert judge(code, read(server), clock()).verdict is Verdict.GENUINE
    server.backend.late.settle(item.id, "otherwise")
    found = judge(code, read(server), clock())
    assert found.verdict is Verdict.REVOKED
    assert found.revocation is not None
    assert (found.revocation.why, found.revocation.effect) == ("otherwise", "void")
    server.backend.late.settle(item.id, "confirmed")
    assert judge(code, read(server), clock()).verdict is Verdict.GENUINE


def test_keys_that_changed_and_terminals_that_were_withdrawn_stand_in_the_list(
    server: Server, terminal: Terminal, new_terminal: New, clock: Clock, settings: Settings
) -> None:
    item = terminal.case()
    old = paper(terminal, item, NOON.timestamp())
    clock.move(days=1)
    known, new = terminal.private, wire.new_signing_pair()
    message = wire.key_change_bytes(terminal.id, wire.b64(wire.public_of(known)), wire.b64(new[1]))
    change = wire.KeyChange(wire.b64(new[1]), wire.sign(known, message), wire.sign(new[0], message))
    assert terminal.send("POST", "/v1/terminal-key", change).status == 200
    clock.move(hours=20)
    unaware = paper(terminal, item, clock().timestamp())
    listed = read(server)
    assert judge(old, listed, clock()).verdict is Verdict.GENUINE, "it was printed in the old key's time"
    late_one = judge(unaware, listed, clock())
    assert (late_one.verdict, late_one.notes) == (Verdict.GENUINE, ("provisional", "key-changing"))
    terminal.private = new[0]
    sent = wire.Checkpoint(terminal.id, "a" * 64, 1, "a" * 64, 0, "", 2, clock().isoformat())
    sent = replace(sent, signature=wire.sign(new[0], sent.canonical()))
    assert terminal.send("POST", "/v1/checkpoints", sent).json["status"] == "accepted"
    clock.move(days=1)
    listed = read(server)
    assert judge(paper(terminal, item, clock().timestamp()), listed, clock()).verdict is Verdict.GENUINE
    terminal.private = known
    late_one = judge(paper(terminal, item, clock().timestamp()), listed, clock())
    assert (late_one.verdict, late_one.notes) == (Verdict.REPLACED_KEY, ("provisional",))
    assert judge(unaware, listed, clock()).verdict is Verdict.GENUINE, "the terminal had not heard of it"
    server.backend.revoke(terminal.id)
    assert judge(old, read(server), clock()).notes == ("provisional", "key-withdrawn")
    stranger = replace(new_terminal(), private=wire.new_signing_pair()[0])
    assert judge(paper(stranger, item, NOON.timestamp()), read(server), clock()).verdict is Verdict.UNKNOWN_KEY


def test_the_operators_command_publishes_what_the_citizens_command_reads(
    server: Server,
    terminal: Terminal,
    settings: Settings,
    clock: Clock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    item = terminal.case(rung="provisional")
    terminal.push(item)
    code = paper(terminal, item, NOON.timestamp())
    out = tmp_path / "public"

    def verify() -> tuple[int, dict[str, Any]]:
        assert desk.papers(settings, out, "0352-0000000") == 0
        capsys.readouterr()
        status = commands.verify(
            code, list_file=out / "papers.jws", root=str(out / "root.key"), as_json=True, now=clock
        )
        return status, json.loads(capsys.readouterr().out)

    status, said = verify()
    assert (status, said["verdict"], said["statement"]["rung"], said["list"]["rooted"]) == (
        0, "genuine", "provisional", True,
    )  # fmt: skip
    assert desk.settle(settings, item.id, "revoked") == 0
    status, said = verify()
    assert (status, said["verdict"], said["revoked"]["why"]) == (1, "revoked", "revoked")
    assert (out / "check.html").read_text(encoding="utf-8").count("papers") > 0
    assert sorted(path.name for path in out.iterdir()) == ["check.html", "papers.jws", "root.key"]
    text = (out / "papers.jws").read_text()
    assert item.id not in text, "a case's id is nobody's business"


def test_a_list_that_is_none_is_said_with_advice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "papers.jws"
    bad.write_text("a.b.c")
    assert commands.verify("P1.X", list_file=bad) == 2
    assert "list-damaged" in capsys.readouterr().err
    assert commands.verify("P1.X", list_file=tmp_path / "none", as_json=True) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not-readable"
