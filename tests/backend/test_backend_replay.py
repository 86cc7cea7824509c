"""Every case is decided again: equal for what is honest, an alarm for a terminal that lies, never a refusal."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.backend import Settings, desk, publish_desk
from kiosk.backend.publish_desk import Wanted
from kiosk.backend.replaying import Done, QuietReplays, Replays
from kiosk.backend.store.late_tables import findings
from kiosk.backend.store.replays import replays
from kiosk.backend.store.tables import alarms
from kiosk.domain.case import CaseDraft, Commitment, Material
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, Trust
from kiosk.domain.place import Place
from kiosk.services import commands, forms, replay, rules, situations
from kiosk.services.loader import builtin, load_pack, placed
from kiosk.services.model import ServicePack
from kiosk.services.signing import make_key
from kiosk.sync import encode_case
from tests.backend.conftest import AREA, NOON, Server, Terminal, ask

STORES = ("sqlite", "postgresql")
PLACE = Place(AREA, "浙江省", "杭州市", "上城区", "某街道", "1 号机", "某局", "0571-0000000")
SHOP = {"trade": "groceries", "shop_name": "春风小铺", "premises": "某街12号", "staff": "1", "phone": "13800000000"}
ALLOWANCE = {"applicant.role": "self", "pay": "social_card", "phone": "13800000000"}


def card(birth: date, address: str = "") -> IdentityDocument:
    first = f"330102{birth:%Y%m%d}002"
    number = first + id_check_digit(first)
    return IdentityDocument(
        DocumentKind.RESIDENT, number, "王某某", "2", birth, date(2015, 1, 1), None, address=address
    )


OLD, YOUNG = card(date(1940, 3, 1), "浙江省杭州市上城区某街道"), card(date(1990, 3, 1))


def decided(
    case_no: str, service: str | ServicePack, document: IdentityDocument, answers: dict[str, str] | None = None, *,
    promised: bool = False, online: bool = True, verification: Verification = Verification.FACE, papers: Any = (),
) -> wire.CasePayload:  # fmt: skip
    """A case as an honest terminal decides it."""
    pack = builtin(service, PLACE) if isinstance(service, str) else placed(service, PLACE)
    envelope = Envelope().with_fields(forms.prefill(pack, document))
    for key, value in (answers or {}).items():
        question = pack.question(key)
        assert question is not None
        envelope = envelope.with_field(forms.answer(question, value))
    envelope = forms.derive(pack, situations.trim(pack, envelope))
    terms, commitment = pack.commitment, None
    if promised:
        assert terms is not None
        commitment = Commitment(terms.commitment_id, terms.version, tuple(each.zh for each in terms.clauses), NOON)
    facts = rules.facts_of(
        document, envelope, verification, commitment, online=online, today=date(2026, 6, 1), materials=tuple(papers),
        applicant=situations.role_of(pack, envelope.as_dict()),
    )  # fmt: skip
    kinds = ("signature", *papers)
    draft = CaseDraft(
        str(uuid.uuid4()), pack.pack_id, pack.item_code, envelope, verification, rules.decide(pack, facts),
        tuple(Material(kind, "image/jpeg", b"page", Trust.C) for kind in kinds), commitment, NOON,
    )  # fmt: skip
    plain = encode_case(
        draft, case_no, NOON, sealed_hashes=["0" * 64] * len(kinds), once=pack.once,
        facts=replay.stored(facts, PLACE),
    )  # fmt: skip
    return wire.read_case(plain)


def push(terminal: Terminal, *cases: wire.CasePayload) -> list[str]:
    items = [terminal.seal(msgspec.json.encode(case), case.case_id) for case in cases]
    return [result.status for result in terminal.push(*items)]


def rows(server: Server, table: Any) -> list[Any]:
    return server.backend._store.read(
        lambda c: list(c.execute(select(table).order_by(*table.primary_key.columns)).all())
    )


def honest(terminal: Terminal) -> list[wire.CasePayload]:
    number = terminal.number
    return [
        decided(number(), "pension_verification", OLD),
        decided(number(), "pension_verification", YOUNG, online=False),
        decided(number(), "pension_verification", OLD, verification=Verification.LATER),
        decided(number(), "individual_business", YOUNG, SHOP, promised=True, online=False),
        decided(number(), "individual_business", YOUNG, SHOP, papers=("premises_proof",)),
        decided(number(), "elder_allowance", OLD, ALLOWANCE, papers=("household",)),
        decided(number(), "elder_allowance", YOUNG, ALLOWANCE, online=False),
    ]


def test_what_an_honest_terminal_decided_comes_out_the_same(server: Server, terminal: Terminal) -> None:
    cases = honest(terminal)
    assert {case.outcome for case in cases} == {"approved", "refused", "referred", "received"}
    assert set(push(terminal, *cases)) == {"accepted"}
    assert server.backend.gauges()["kiosk_replays_waiting"] == len(cases)
    done = server.backend.replays.run()
    assert (done.equal, done.differing, done.impossible) == (len(cases), [], {})
    assert server.backend.replays.run().equal == 0, "once is enough"
    assert rows(server, findings) == rows(server, alarms) == []
    metrics = ask(server.port, "GET", "/metrics").body.decode()
    assert f"kiosk_replays_equal {len(cases)}\n" in metrics
    assert "kiosk_replays_waiting 0\n" in metrics


def lie(case: wire.CasePayload, **change: Any) -> wire.CasePayload:
    assert case.facts is not None
    facts = {name: change.pop(name) for name in list(change) if hasattr(case.facts, name)}
    return replace(case, facts=replace(case.facts, **facts), **change)


def elsewhere(case: wire.CasePayload, **parts: str) -> wire.CasePayload:
    assert case.facts is not None
    return lie(case, place=case.facts.place | parts)


PROMISE = wire.PayloadCommitment("p", "1", ["我承诺"], NOON.isoformat())
Lie = Callable[[wire.CasePayload], wire.CasePayload]
LIES: dict[str, tuple[str, Lie]] = {
    "the young are approved": ("outcome", lambda case: lie(case, outcome="approved")),
    "the age is another than the number's": ("age", lambda case: lie(case, age=70, outcome="approved")),
    "an age that nobody has": ("age", lambda case: lie(case, age=10**9)),
    "another day": ("today", lambda case: lie(case, today="20860601")),
    "the check digit was said to be wrong": ("number", lambda case: lie(case, number_valid=False)),
    "a reason that is not the pack's": (
        "rules", lambda case: lie(case, rules=[replace(case.rules[0], because="某"), *case.rules[1:]]),
    ),
    "a reason is kept back": ("rules", lambda case: lie(case, rules=[])),
    "a rung that is not the pack's": ("rung", lambda case: lie(case, rung="provisional")),
    "a matter as often as wanted": ("once", lambda case: lie(case, once=7)),
    "a promise that is not offered": ("commitment", lambda case: lie(case, commitment=PROMISE)),
    "another area": ("place", lambda case: elsewhere(case, area_code="110101")),
    "a place that breaks out of its condition": ("place", lambda case: elsewhere(case, district='" || true || "')),
    "a place with a part that there is not": ("place", lambda case: elsewhere(case, planet="某")),
    "another pack's name on it": ("pack", lambda case: lie(case, service_id="elder_card")),
}  # fmt: skip


def test_a_terminal_that_lies_is_found_and_its_cases_are_kept(server: Server, terminal: Terminal) -> None:
    sound = decided(terminal.number(), "pension_verification", OLD)
    told = {name: tell(decided(terminal.number(), "pension_verification", YOUNG)) for name, (_, tell) in LIES.items()}
    ids = {case.case_id for case in told.values()}
    assert set(push(terminal, sound, *told.values())) == {"accepted"}, "no case is refused for it"
    done = server.backend.replays.run()
    assert (done.equal, set(done.differing), len(done.differing)) == (1, ids, len(ids))
    kept = {row.case_id: row.why.split(",") for row in rows(server, replays)}
    assert [name for name, (why, _) in LIES.items() if why not in kept[told[name].case_id]] == []
    found = rows(server, findings)
    assert {row.case_id for row in found} == ids
    assert {(row.cause, row.effect, row.after_check) for row in found} == {("replay", "holds", True)}
    assert {(row.code, row.item_id) for row in rows(server, alarms)} == {("replay-differs", each) for each in ids}
    assert server.backend.gauges()["kiosk_replays_differing"] == len(ids)
    assert server.backend.late.published()[1].revoked == [], "the papers hold until a person has looked"


def test_a_difference_is_one_alarm_until_a_person_has_put_it_right(server: Server, terminal: Terminal) -> None:
    told = lie(decided(terminal.number(), "pension_verification", YOUNG), outcome="approved")
    push(terminal, told)
    server.backend.replays.run()
    server.backend.replays.run()
    assert len(rows(server, alarms)) == 1
    assert server.backend.replays.standing() == [told.case_id]
    server.backend.late.settle(told.case_id, "confirmed")
    assert server.backend.replays.standing() == []


def test_a_backend_that_serves_does_it_by_itself_in_a_quiet_moment(server: Server, terminal: Terminal) -> None:
    class Told(Replays):
        def run(self, *given: Any, **named: Any) -> Done:
            done = super().run(*given, **named)
            if done.equal:  # not what it looks through at its start
                ended.set()
            return done

    ended, backend = threading.Event(), server.backend
    thread = QuietReplays(
        Told(backend._store, backend.keys, backend.now, backend.queries.given), backend.arrived, quiet=0.01
    )
    thread.start()
    try:
        mute = replace(decided(terminal.number(), "pension_verification", OLD), facts=None)
        push(terminal, decided(terminal.number(), "pension_verification", OLD), mute)
        assert ended.wait(20)
    finally:
        thread.stop()
    assert [row.verdict for row in rows(server, replays)].count("equal") == 1
    assert backend.replays.run(again=False).impossible == {}, "what cannot be made again is not tried at every push"
    assert backend.replays.run().impossible == {"facts-missing": 1}


def test_a_promise_with_a_clause_left_out_is_none(server: Server, terminal: Terminal) -> None:
    case = decided(terminal.number(), "individual_business", YOUNG, SHOP, promised=True)
    assert case.commitment is not None
    push(terminal, replace(case, commitment=replace(case.commitment, clauses=case.commitment.clauses[1:])))
    assert server.backend.replays.run().differing == [case.case_id]


def test_what_cannot_be_made_again_is_told_and_tried_again(
    server: Server, terminal: Terminal, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = files("kiosk.services") / "builtin" / "pension_verification.yaml"
    version = builtin("pension_verification").version
    newer = tmp_path / "pension_verification.yaml"
    newer.write_text(source.read_text(encoding="utf-8").replace(version, "77.1.0"), encoding="utf-8")
    case = decided(terminal.number(), load_pack(newer), OLD)
    mute = replace(decided(terminal.number(), "pension_verification", OLD), facts=None)
    assert push(terminal, case, mute) == ["accepted", "accepted"]
    assert desk.replay(settings) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {
        "equal": 0,
        "differing": [],
        "not_replayed": {"pack-unknown": 1, "facts-missing": 1},
        "standing": [],
    }
    assert server.backend.gauges()["kiosk_replays_impossible"] == 2
    publish(settings, newer, tmp_path)
    assert server.backend.replays.run().equal == 1
    push(terminal, lie(replace(case, case_id=str(uuid.uuid4()), case_no=terminal.number()), outcome="refused"))
    capsys.readouterr()
    assert desk.replay(settings) == 1, "while a difference stands"
    assert desk.replay(settings) == 1
    assert rows(server, alarms)[0].code == "replay-differs"


def publish(settings: Settings, pack: Path, folder: Path) -> None:
    key = folder / "publishing.key"
    make_key(key)
    assert commands.sign([pack], key) == 0
    assert publish_desk.publish(settings, Wanted("all", key, packs=[pack])) == 0
