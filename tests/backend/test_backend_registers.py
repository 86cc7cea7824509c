"""A department's register is asked through the backend: what it says reaches the terminal sealed, what it does not say
is told as that, nothing of a person stays behind, and a certificate rests on an answer that was given here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import wire
from kiosk.backend import BackendError, Settings
from kiosk.backend.asked import BURST
from kiosk.backend.certificates import NotCertified
from kiosk.backend.registers import ALL_AT_ONCE, AT_ONCE, LARGEST, Register, load
from kiosk.domain.envelope import FieldValue, Origin, Trust
from kiosk.domain.register import ANSWER, PROOF, Answered, Silent
from kiosk.services import forms
from kiosk.sync.asking import Asking
from kiosk.sync.transport import HttpTransport
from tests.backend.conftest import Clock, Server, Terminal
from tests.backend.test_backend_certificates import drawn_here, text_of
from tests.backend.test_backend_replay import PLACE, card, decided, push

__all__ = ["drawn_here"]  # certificates are drawn in this process
HOLDER = replace(card(date(1990, 3, 1)), name="欧阳某某")
RECORD = {"kinds": "职工基本养老保险", "state": "正常参保", "first": "2014年03月", "paid": 148, "upTo": "2026年05月"}
FIELDS = {"insurance.kinds": "kinds", "insurance.status": "state", "insurance.first": "first",
          "insurance.months": "paid", "insurance.until": "upTo"}  # fmt: skip
TOKEN, AUTHORITY = "a-token-of-the-department", "上城区社会保险经办机构"


@dataclass
class Department:
    """A register of its own process' making: a real HTTP server, and what it answers with."""

    answer: Callable[[dict[str, Any]], bytes] = lambda asked: b""
    status: int = 200
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    hold: threading.Event | None = None  # it says nothing before this is set
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    url: str = ""

    def knows(self, record: dict[str, Any] | None) -> None:
        self.answer = lambda asked: json.dumps(
            {"idNumber": asked["idNumber"], "hasRecord": record is not None, **(record or {})}
        ).encode()


@pytest.fixture
def department() -> Iterator[Department]:
    here = Department()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            here.asked.append((self.path, self.headers["Authorization"], asked))
            if here.hold is not None:
                here.waiting.release()
                here.hold.wait(20)
            data = here.answer(asked)
            self.send_response(here.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here.url = f"http://127.0.0.1:{server.server_port}/insured"
    serving = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
    serving.start()
    yield here
    if here.hold is not None:
        here.hold.set()
    server.shutdown()
    server.server_close()
    serving.join(10)


def declared(folder: Path, url: str, seconds: float = 5.0, **change: str) -> Path:
    folder.mkdir(exist_ok=True)
    secret, file = folder / "social.secret", folder / "registers.toml"
    secret.touch(0o600)
    secret.write_text(TOKEN)
    said = {"url": url, "secret_file": "social.secret", "number": "idNumber", "name": "personName",
            "found": "hasRecord"} | change  # fmt: skip
    fields = "\n".join(f'"{ours}" = "{theirs}"' for ours, theirs in FIELDS.items())
    head = "\n".join(f'{key} = "{value}"' for key, value in said.items())
    file.write_text(f"[social_insurance]\n{head}\nseconds = {seconds}\n[social_insurance.fields]\n{fields}\n")
    return file


@pytest.fixture
def server(tmp_path: Path, clock: Clock, department: Department) -> Iterator[Server]:
    registers = declared(tmp_path / "registers", department.url)
    server = Server(Settings(f"{tmp_path}/b.db", f"{tmp_path}/blobs", clock=clock, registers=str(registers)))
    yield server
    server.stop()


@pytest.fixture
def asking(server: Server, terminal: Terminal, clock: Clock) -> Iterator[Asking]:
    key = SimpleNamespace(private=terminal.private, public=wire.public_of(terminal.private), suite="international")
    client = SimpleNamespace(enrolment=terminal.enrolment, key=key, clock=clock, clock_offset=timedelta())
    asking = Asking(HttpTransport(server.url), client)  # type: ignore[arg-type]
    yield asking
    asking.close()


def ask(asking: Asking, register: str = "social_insurance") -> Answered | Silent:
    return asking.register(register, HOLDER.number, HOLDER.name)


def test_a_record_comes_by_the_names_that_were_declared(asking: Asking, department: Department) -> None:
    department.knows(RECORD | {"salary": 9000})
    found = ask(asking)
    assert isinstance(found, Answered)
    told = {ours: str(RECORD[theirs]) for ours, theirs in FIELDS.items()}
    assert found.values == {ANSWER: "found", **told}, "what was not declared stays there"
    said = {"idNumber": HOLDER.number, "personName": HOLDER.name, "test": False}
    assert department.asked == [("/insured", f"Bearer {TOKEN}", said)], "nothing of the person is in the address"


def test_no_record_is_an_answer_of_its_own(asking: Asking, department: Department) -> None:
    department.knows(None)
    found = ask(asking)
    assert isinstance(found, Answered)
    assert found.values == {ANSWER: "none"}


def said(**change: Any) -> Callable[[dict[str, Any]], bytes]:
    return lambda asked: json.dumps({"idNumber": asked["idNumber"], "hasRecord": True, **RECORD, **change}).encode()


NO_ANSWER: list[tuple[Callable[[dict[str, Any]], bytes], str]] = [
    (lambda asked: b"<html>login</html>", "garbled"),
    (lambda asked: b"[]", "garbled"),
    (lambda asked: b'\xff{"hasRecord": true}', "garbled"),
    (lambda asked: b"[" * 20_000 + b"]" * 20_000, "garbled"),
    (said(hasRecord="yes"), "garbled"),
    (said(state=None), "garbled"),
    (said(state=""), "garbled"),
    (said(state="x" * 201), "garbled"),
    (said(state="a\u202eb"), "garbled"),
    (said(paid=True), "garbled"),
    (said(idNumber="110101199001011237"), "other-person"),
    (said(idNumber=None), "other-person"),
    (said(more="x" * LARGEST), "too-large"),
]


def test_what_is_no_clear_answer_about_this_person_is_none(asking: Asking, department: Department) -> None:
    for number, (answer, cause) in enumerate(NO_ANSWER):
        department.answer = answer
        assert ask(asking) == Silent(cause), number
    department.knows(RECORD)
    for status in (302, 401, 404, 500):
        department.status = status
        assert ask(asking) == Silent("refused")


def test_a_register_that_is_not_there_or_not_declared_is_told_apart(
    tmp_path: Path, asking: Asking, department: Department, server: Server
) -> None:
    assert ask(asking, "real_estate") == Silent("not-connected")
    assert department.asked == []
    server.backend.queries._registers = load(declared(tmp_path / "gone", "http://127.0.0.1:9/insured"))
    assert ask(asking) == Silent("unreachable")


def test_a_silent_register_is_given_up_and_holds_few_at_once(
    tmp_path: Path, department: Department, terminal: Terminal
) -> None:
    """The deadline is the register's own; further questions are told that it is busy, at once."""
    department.knows(RECORD)
    department.hold = threading.Event()
    register = load(declared(tmp_path / "slow", department.url, seconds=0.2))["social_insurance"]
    with pytest.raises(Exception, match="slow"):
        register.ask(HOLDER.number, HOLDER.name, test=False)
    register = replace(register, seconds=6.0)
    threads = [
        threading.Thread(target=lambda: register.ask(HOLDER.number, HOLDER.name, test=False)) for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    for _ in range(AT_ONCE + 1):
        assert department.waiting.acquire(timeout=10)
    with pytest.raises(Exception, match="busy"):
        register.ask(HOLDER.number, HOLDER.name, test=False)
    department.hold.set()
    for thread in threads:
        thread.join(10)
    assert register.ask(HOLDER.number, HOLDER.name, test=False) is not None, "it is asked again once there is room"


def test_silent_registers_together_hold_no_more_than_half_of_the_threads(
    tmp_path: Path, server: Server, asking: Asking, department: Department
) -> None:
    """Two that are silent, four questions each: the ninth, of another register, is told that it is busy, at once."""
    department.knows(RECORD)
    department.hold = threading.Event()
    queries = server.backend.queries
    file = declared(tmp_path / "slow", department.url, seconds=6.0)
    queries._registers = {name: load(file)["social_insurance"] for name in ("a", "b", "c")}
    found: list[object] = []

    def record(name: str) -> None:
        query = wire.RegisterQuery(name, HOLDER.number, HOLDER.name, "")
        found.append(queries._record(queries._registers[name], query))

    threads = [threading.Thread(target=record, args=(name,)) for name in "ab" for _ in range(AT_ONCE)]
    assert len(threads) == ALL_AT_ONCE
    for thread in threads:
        thread.start()
    for _ in threads:
        assert department.waiting.acquire(timeout=10)
    assert ask(asking, "c") == Silent("busy")
    department.hold.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == ALL_AT_ONCE
    assert isinstance(ask(asking, "c"), Answered), "it is asked again once there is room"


def test_nothing_of_a_person_stays_in_clear_anywhere(
    tmp_path: Path, server: Server, asking: Asking, department: Department, capsys: pytest.CaptureFixture[str]
) -> None:
    department.knows(RECORD)
    assert isinstance(ask(asking), Answered)
    department.answer = said(idNumber="110101199001011237")
    assert ask(asking) == Silent("other-person")
    told = capsys.readouterr()
    for secret in (HOLDER.number, HOLDER.name, str(RECORD["first"]), TOKEN, "110101199001011237"):
        assert secret not in told.out + told.err
        for file in tmp_path.rglob("*"):
            if file.is_file() and file.name != "social.secret":
                assert secret.encode() not in file.read_bytes(), file.name
    text = server.backend.metrics.text({})
    assert 'kiosk_register_questions_total{outcome="found"} 1' in text
    assert 'kiosk_register_questions_total{outcome="other-person"} 1' in text


def test_the_length_says_nothing_and_a_list_of_numbers_is_not_tried(
    server: Server, asking: Asking, department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = []
    call = asking._exchange.call

    def noted(*arguments: Any) -> Any:
        reply = call(*arguments)
        lengths.append(len(reply.sealed))
        return reply

    monkeypatch.setattr(asking._exchange, "call", noted)
    department.knows(RECORD)
    assert isinstance(ask(asking), Answered)
    department.knows(None)
    answers = [ask(asking) for _ in range(BURST + 2)]
    assert len(set(lengths)) == 1
    assert answers[0] == Answered({ANSWER: "none"}, getattr(answers[0], "proof", ""))
    assert isinstance(answers[-1], Silent)
    assert answers[-1].cause == "too-many-requests"


# -- what is certified ---------------------------------------------------------------------------------


def query_case(terminal: Terminal, answer: Answered, monkeypatch: pytest.MonkeyPatch) -> wire.CasePayload:
    """The case as an honest terminal makes it of this answer."""
    values = {**answer.values, PROOF: answer.proof}
    fields = tuple(FieldValue(key, value, Origin.REGISTER, Trust.A) for key, value in values.items())
    read = forms.prefill
    monkeypatch.setattr(forms, "prefill", lambda pack, document: (*read(pack, document), *fields))
    return decided(terminal.number(), "social_insurance_record", HOLDER)


def test_what_was_answered_is_certified_and_what_was_not_is_not(
    server: Server, terminal: Terminal, asking: Asking, department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{PLACE.district}社会保险经办机构" == AUTHORITY
    office = server.backend
    office.seals.make(AUTHORITY)
    department.knows(RECORD)
    answer = ask(asking)
    assert isinstance(answer, Answered)
    case = query_case(terminal, answer, monkeypatch)
    assert case.outcome == "approved"
    assert {item.origin for item in case.fields} == {"card", "register"}
    assert push(terminal, case) == ["accepted"]
    text = text_of(office.certificates.of(case.case_id).pdf)
    assert all(word in text for word in ("社会保险参保证明", "欧阳某某", "148", "正常参保", "已加盖电子印章"))
    assert HOLDER.number not in text, "the number is masked"

    made_up = replace(answer, values={**answer.values, "insurance.months": "480"})
    for wrong in (made_up, replace(answer, proof=""), replace(answer, proof="2026-01-01T00:00:00+00:00 AAAA")):
        lie = query_case(terminal, wrong, monkeypatch)
        assert push(terminal, lie) == ["accepted"], "a terminal that lies is taken in, and looked at"
        with pytest.raises(NotCertified, match="not-answered"):
            office.certificates.of(lie.case_id)
    with pytest.raises(BackendError, match="bad-correction"):
        office.certificates.correct(case.case_id, {"insurance.months": "480"}, "clerical-error")


def test_an_answer_is_of_one_terminal_and_one_person(server: Server, terminal: Terminal, asking: Asking,
                                                     department: Department) -> None:  # fmt: skip
    department.knows(None)
    answer = ask(asking)
    assert isinstance(answer, Answered)
    given, register, proof = server.backend.queries.given, "social_insurance", answer.proof
    case = terminal_case(terminal, answer)
    assert given(terminal.id, register, HOLDER.number, proof, answer.values, case)
    assert not given("another", register, HOLDER.number, proof, answer.values, case)
    assert not given(terminal.id, "real_estate", HOLDER.number, proof, answer.values, case)
    assert not given(terminal.id, register, "110101199001011237", proof, answer.values, case)
    assert not given(terminal.id, register, HOLDER.number, proof, {ANSWER: "found"}, case)
    at = datetime.fromisoformat(case.committed_at)
    old = replace(case, committed_at=(at + timedelta(days=32)).isoformat())
    assert not given(terminal.id, register, HOLDER.number, proof, answer.values, old), "kept, and shown again later"
    early = replace(case, committed_at=(at - timedelta(days=2)).isoformat())
    assert not given(terminal.id, register, HOLDER.number, proof, answer.values, early)
    trial = replace(case, test=True)
    assert not given(terminal.id, register, HOLDER.number, proof, answer.values, trial)


def test_what_a_register_says_to_a_trial_stands_in_no_true_case(
    server: Server, terminal: Terminal, asking: Asking, department: Department
) -> None:
    """A register may answer trials with what it likes; a terminal that asks so must get nothing certified by it."""
    department.knows(RECORD)
    answer = asking.register("social_insurance", HOLDER.number, HOLDER.name, test=True)
    assert isinstance(answer, Answered)
    given, case = server.backend.queries.given, terminal_case(terminal, answer)
    said = (terminal.id, "social_insurance", HOLDER.number, answer.proof, answer.values)
    assert not given(*said, case)
    assert given(*said, replace(case, test=True))


def terminal_case(terminal: Terminal, answer: Answered) -> wire.CasePayload:
    """Any case of the moment at which this was answered."""
    at = answer.proof.partition(" ")[0]
    return wire.CasePayload("id", terminal.number(), "s", "", "p", "1", "approved", "final", "face", True, at, at, [])


def permit_case(terminal: Terminal, answer: Answered, monkeypatch: pytest.MonkeyPatch) -> wire.CasePayload:
    """居住证签注 of one whose electronic permit has told until when it holds."""
    told = {**answer.values, "register.residence_permit": answer.proof}
    del told[ANSWER]
    fields = tuple(FieldValue(key, value, Origin.LICENCE, Trust.A) for key, value in told.items())
    with monkeypatch.context() as patched:
        read = forms.prefill
        patched.setattr(forms, "prefill", lambda pack, document: (*read(pack, document), *fields))
        answers = {"applicant.role": "self", "situation": "same", "reason": "work"}
        return decided(terminal.number(), "residence_permit_renewal", HOLDER, answers)


def test_a_case_may_say_that_a_licence_told_something_only_where_it_was_told_here(
    server: Server, terminal: Terminal, asking: Asking, department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, names = server.backend, ("idNumber", "personName", "hasRecord")
    permits = Register("residence_permit", department.url, TOKEN, *names, {"until": "validUntil"})
    office.queries._registers = {"residence_permit": permits}
    department.knows({"validUntil": "20261201"})
    answer = ask(asking, "residence_permit")
    assert isinstance(answer, Answered)
    case = permit_case(terminal, answer, monkeypatch)
    assert case.outcome == "approved"
    longer = permit_case(terminal, replace(answer, values={**answer.values, "until": "20301201"}), monkeypatch)
    unsaid = permit_case(terminal, replace(answer, proof=""), monkeypatch)
    assert push(terminal, case, longer, unsaid) == ["accepted"] * 3, "a terminal that lies is taken in, and looked at"
    for lie in (longer, unsaid):
        with pytest.raises(NotCertified, match="not-answered"):
            office.certificates.of(lie.case_id)
    done = office.replays.run()
    assert (done.equal, set(done.differing)) == (1, {longer.case_id, unsaid.case_id})


# -- how it is declared --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "http://register.example/x"}, "url is https"),
        ({"url": "https://user:pass@register.example/x"}, "no password"),
        ({"url": "https://register.example/x?id=1"}, "no password, query"),
        ({"secret_file": "none"}, "secret_file cannot be read"),
        ({"found": ""}, "lacks found"),
        ({"colour": "red"}, "alone"),
    ],
)
def test_a_declaration_with_a_mistake_says_which(tmp_path: Path, change: dict[str, str], told: str) -> None:
    with pytest.raises(BackendError) as caught:
        load(declared(tmp_path, **({"url": "https://register.example/x"} | change)))
    assert told in caught.value.advice


def test_limits_of_a_declaration(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="bad-registers") as caught:
        load(declared(tmp_path, "https://register.example/x", seconds=60))
    assert "seconds" in caught.value.advice
    file = declared(tmp_path, "https://register.example/x")
    assert load(file)["social_insurance"].secret == TOKEN
    (tmp_path / "social.secret").chmod(0o644)
    with pytest.raises(BackendError) as caught:
        load(file)
    assert "chmod 600" in caught.value.advice
