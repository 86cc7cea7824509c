"""What the tests of cases' lives share: cases of a person, deeds of applicants, questions of a terminal."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk import suites, wire
from kiosk.domain.life import Lack
from kiosk.domain.text import Text
from kiosk.services.loader import BUILTIN, builtin
from tests.backend.conftest import Answer, Server, Terminal

NUMBER, OTHER = "110101199001011237", "110101194912310029"
SECRET = "需要补交张三的租赁合同"
ALLOWANCE = builtin("elder_allowance")
PACK = {"service_id": ALLOWANCE.pack_id, "pack_id": ALLOWANCE.pack_id, "pack_version": ALLOWANCE.version}
_COUNT = count(1)
LACKING = (Lack(Text(SECRET, SECRET)), Lack(Text("户口簿", "Household register"), "register"))


def person(number: str) -> list[wire.PayloadField]:
    return [wire.PayloadField("applicant.number", number, "card", "A")]


def case(terminal: Terminal, number: str = NUMBER, **change: Any) -> wire.SealedItem:
    """One that waits for a person, unless ``change`` says otherwise."""
    usual = {"fields": person(number), "outcome": "referred", "rung": "final", **PACK}
    if change.get("pack_id") in BUILTIN:
        usual["pack_version"] = builtin(change["pack_id"]).version
    return terminal.case(**(usual | change))


def withdrawal(terminal: Terminal, case_id: str, number: str = NUMBER, **change: Any) -> wire.SealedItem:
    said = wire.WithdrawalPayload(case_id, number, terminal.clock().isoformat(), **({"reason": SECRET} | change))
    return deed(terminal, "withdrawal", said)


def supplement(
    terminal: Terminal, case_id: str, number: str = NUMBER, pages: Sequence[tuple[str, bytes]] = (), **more: Any
) -> wire.SealedItem:
    """``pages``: sealed, each with its key in the pack; ``more``: of the item."""
    digests = [hashlib.sha256(data).hexdigest() for _, data in pages]
    named = [
        wire.PayloadMaterial(kind, "image/jpeg", "0" * 64, digest, "C")
        for (kind, _), digest in zip(pages, digests, strict=True)
    ]
    said = wire.SupplementPayload(case_id, number, terminal.clock().isoformat(), named, note=SECRET)
    return deed(terminal, "supplement", said, **({"attachments": digests} | more))


def deed(terminal: Terminal, kind: str, said: object, **more: Any) -> wire.SealedItem:
    made = f"01970000-0000-7000-8000-{next(_COUNT):012d}"  # in the order in which they are made, as a terminal's are
    return terminal.seal(msgspec.json.encode(said), made, kind, **more)


def rows(server: Server, table: Any) -> list[Any]:
    return server.backend._store.read(
        lambda c: list(c.execute(select(table).order_by(*table.primary_key.columns)).all())
    )


def asked(terminal: Terminal, number: str, **change: Any) -> Answer:
    """A question as a terminal puts it; its answer's key is thrown away."""
    return _ask(terminal, number, **change)[0]


def cases_of(terminal: Terminal, number: str, **change: Any) -> wire.PersonCases:
    answer, suite, private = _ask(terminal, number, **change)
    assert answer.status == 200, answer.body
    reply = msgspec.json.decode(answer.body, type=wire.PersonCasesReply)
    plain = suite.unseal(wire.unb64(reply.sealed), private, wire.person_answer_info(terminal.id))
    return msgspec.json.decode(plain.rstrip(b" "), type=wire.PersonCases)


def _ask(
    terminal: Terminal, number: str, *, test: bool = False, info: bytes = b"", reply_key: str = ""
) -> tuple[Answer, suites.Suite, bytes]:
    assert terminal.enrolment is not None
    sealing = wire.unb64(terminal.enrolment.sealing_key)
    suite = suites.of_key(sealing)
    private, public = suite.new_sealing_pair()
    query = msgspec.json.encode(wire.PersonQuery(number, reply_key or wire.b64(public), test))
    sealed = suite.seal(query, sealing, info or wire.person_query_info(terminal.id))
    return terminal.send("POST", "/v1/person-cases", wire.PersonCasesRequest(wire.b64(sealed))), suite, private
