"""The world of `kiosk bench console`: one case of each kind, made as terminals, staff and quiet moments make it, and a
million of its like, whose rows are those of its own under other ids, other places and other days.

Every one can be opened like its model (bench_sealing.py). Half wait at communities' desks, with last days from five
days ago to three weeks ahead; half are approved and have a certificate; of those six in ten are rated, one in a
hundred badly, one in fifty is to be checked later. Five hundred communities have a terminal each, seven visits a day.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from devices.contracts.identity import DocumentKind, IdentityDocument
from kiosk import wire
from kiosk.backend.console.bench_sealing import ManySealings
from kiosk.backend.core import Backend
from kiosk.backend.lives import Act
from kiosk.backend.lives_about import _info as life_info
from kiosk.backend.oversight.oversight import Oversight
from kiosk.backend.ratings.sealing import _event as task_info
from kiosk.backend.store import bench_console as store
from kiosk.backend.store.bench_console import Rows
from kiosk.backend.store.queue_tables import LEVELS
from kiosk.backend.store.terminals import Terminal
from kiosk.domain import codes
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import CaseDraft, Material
from kiosk.domain.codes import id_check_digit
from kiosk.domain.decision import Verification
from kiosk.domain.envelope import Envelope, Trust
from kiosk.domain.life import Deed, Lack, Role
from kiosk.domain.place import Place
from kiosk.domain.rating_task import By, TaskDeed
from kiosk.domain.text import Text
from kiosk.journal.sealing import item_info, seal, unseal
from kiosk.services import forms, replay, rules, situations
from kiosk.services.loader import builtin
from kiosk.sync import encode_case
from kiosk.sync.payload import encode_rating

CHUNK = 4000  # cases of one transaction
COMMUNITIES, STREETS = 500, 50
A_DAY = 7  # visits of one terminal
DISTRICT = "330102"
PLACE = Place(DISTRICT, "浙江省", "杭州市", "上城区", "某街道", "1 号机", "某局", "0571-0000000")
ALLOWANCE = {"applicant.role": "self", "pay": "social_card", "phone": "13800000000"}
PAGE = bytes(Random(1).randbytes(300_000))  # noqa: S311  # a picture's size; nobody decodes it
KINDS = ("waiting", "approved", "good", "bad", "answered")
RATED = KINDS[2:]


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """One real case: its rows, and what is sealed in them as plain text, by table and place in it."""

    case_id: str
    case_no: str
    rows: Rows
    plain: dict[tuple[str, int], bytes]


class World:
    """``first``: waits, with papers; ``asked``: waits for a supplement; ``good``: approved and rated; ``bad``: its
    task waits; all in the first community, of a terminal that was enrolled. ``middle``: a cursor of the list.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend, self._store = backend, backend._store
        self.now = datetime.now(UTC)
        self._many, self._packed = ManySealings(backend.keys.current.sealing_public), _packing()
        self._count, self._chance, self._drawn = 0, Random(7), 0  # noqa: S311
        self._terminal, self._who = self._enrolled()
        self._serial = backend.reserve(self._terminal, wire.BlockRequest("case", 100, "bench")).first
        self.oversight = Oversight.of(backend)
        self.numbers: dict[str, str] = {}
        made = {name: self._case(name, day) for day, name in enumerate((*KINDS, "asked"), 1)}
        self._go_on(made)
        self._models = {name: self._model(made[name]) for name in KINDS}
        self._terminals = self._placed()
        self.first, self.asked, self.good, self.bad = (made[name] for name in ("waiting", "asked", "good", "bad"))
        self.certified = made["approved"]
        self.middle = ""

    def fill(self, size: int) -> None:
        """Up to so many, and what a database does by itself when it is left alone."""
        while self._count < size:
            rows: Rows = {}
            for number in range(self._count, min(self._count + CHUNK, size)):
                for name, many in self._like(number).items():
                    rows.setdefault(name, []).extend(many)
            self._store.write(lambda connection, rows=rows: store.write(connection, rows))  # type: ignore[misc]
            self._count = min(self._count + CHUNK, size)
        self._draw()
        store.settle(self._store)
        self.middle = f"{(self._today() + timedelta(days=10)).isoformat()}.{uuid.UUID(int=1 << 127)}"

    # -- the real ones --------------------------------------------------------------------------------

    def _enrolled(self) -> tuple[Terminal, wire.Enrolment]:
        code = self._backend.issue_code(area(0), "某社区 1 号机")
        who = self._backend.enrol(code, wire.b64(wire.new_signing_pair()[1]), "")
        found = self._backend.find_terminal(who.terminal_id)
        if found is None:
            raise AssertionError("enrolled, and not there")
        return found, who

    def _case(self, kind: str, day: int) -> str:
        """Pushed as a terminal pushes it. Its id."""
        waits = kind in ("waiting", "asked")
        self._serial += 1
        number = codes.case_no(DISTRICT, self.now.date(), self._serial)
        key, case_id = wire.unb64(self._who.sealing_key), str(uuid.uuid4())
        papers = ("signature", "household") if waits else ("signature",)
        sealed = [
            seal(PAGE, key, item_info(self._terminal.terminal_id, case_id, part + 1)) for part in range(len(papers))
        ]
        digests = [hashlib.sha256(data).hexdigest() for data in sealed]
        for digest, data in zip(digests, sealed, strict=True):
            self._backend.store_material(self._terminal, digest, data)
        service, answers = ("elder_allowance", ALLOWANCE) if waits else ("elder_card", {})
        at = self.now - timedelta(days=1, minutes=day)
        self.numbers[case_id] = number
        self._push("case", case_id, decided(case_id, number, service, day, answers, papers, digests, at), digests)
        return case_id

    def _push(self, kind: str, item_id: str, plain: bytes, attachments: Sequence[str] = ()) -> None:
        info = item_info(self._terminal.terminal_id, item_id)
        data = seal(plain, wire.unb64(self._who.sealing_key), info)
        item = wire.SealedItem(item_id, kind, hashlib.sha256(data).hexdigest(), wire.b64(data), list(attachments))
        (result,) = self._backend.push(self._terminal, [item]).results
        if result.status != "accepted":
            raise RuntimeError(f"a {kind} was not taken: {result.reason}")

    def _go_on(self, made: dict[str, str]) -> None:
        backend = self._backend
        backend.lives.open_waiting()
        for name, level in (("good", 5), ("bad", 2), ("answered", 2)):
            case_id = made[name]
            plain = encode_rating(case_id, self.numbers[case_id], "0001", level, [], self.now - timedelta(hours=23))
            self._push("rating", str(uuid.uuid4()), plain)
        lack = (Lack(Text("户口簿", "Household register"), "household"),)
        backend.lives.act(made["asked"], Act(Deed.SUPPLEMENT_ASKED, Role.COMMUNITY, "李工", lacking=lack))
        ratings = backend.ratings
        ratings.open_waiting()
        steps = ((TaskDeed.CALLED, "reached"), (TaskDeed.VERIFIED, "upheld"), (TaskDeed.ANSWERED, ""))
        for deed, choice in steps:
            ratings.act(made["answered"], 1, deed, By.OFFICE, "李工", choice, "已经核实，说明如下。")
        backend.certificates.of(made["approved"])
        self.oversight.gather()

    def _model(self, case_id: str) -> Model:
        rows = self._store.read(lambda connection: store.of_case(connection, case_id))
        plain = {}
        for place, row in enumerate(rows["items"]):
            opened = self._opened(row["sealed"], item_info(row["terminal_id"], row["id"]))
            if row["kind"] == "case":
                opened = msgspec.json.encode(wire.read_case(opened))
            plain["items", place] = opened
        for place, row in enumerate(rows["life_events"]):
            plain["life_events", place] = self._opened(row["said"], life_info(case_id, row["seq"]))
        for place, row in enumerate(rows["rating_events"]):
            plain["rating_events", place] = self._opened(row["said"], task_info(case_id, row["number"], row["seq"]))
        return Model(case_id, self.numbers[case_id], rows, plain)

    def _opened(self, sealed: bytes, info: bytes) -> bytes:
        return unseal(bytes(sealed), self._backend.keys.current.sealing_private, info)

    def _placed(self) -> list[str]:
        """The terminals of the other communities. The ids of all, by community."""
        model = self._store.read(lambda connection: store.terminal(connection, self._terminal.terminal_id))
        rows = [
            {**model, "terminal_id": f"{DISTRICT}-BENCH{number}", "area_code": area(number), "name": f"{number} 号机",
             "public_key": wire.b64(wire.new_signing_pair()[1])} for number in range(1, COMMUNITIES)
        ]  # fmt: skip
        self._store.write(lambda connection: store.add_terminals(connection, rows))
        return [self._terminal.terminal_id, *(str(row["terminal_id"]) for row in rows)]

    # -- their like -----------------------------------------------------------------------------------

    def _like(self, number: int) -> Rows:
        """The rows of case ``number``."""
        community, turn = number // 2 % COMMUNITIES, number // (2 * COMMUNITIES) * 2 + number % 2
        kind = self._kind(number % 2 == 0, community, turn // 2)
        model, case_id, at = self._models[kind], self._new_id(), self._at(turn)
        case_no, seconds = codes.case_no(DISTRICT, at.date(), 10_000_000 + number), self._chance.uniform(150, 600)
        place, places = _PLACES[community]
        stamp, later = _stamp(at), _stamp(at + timedelta(seconds=self._chance.uniform(20, 90)))
        due = (self._today() + timedelta(days=number // 2 % 26 - 5)).isoformat()
        rating = self._new_id() if kind in RATED else ""
        level = {"good": self._chance.choice((3, 4, 4, 5, 5, 5, 5))}.get(kind, 2)
        changes: dict[str, dict[str, Any]] = {
            "cases": {"item_id": case_id, "terminal_id": self._terminals[community], "area_code": place,
                      "case_no": case_no, "committed_at": stamp},
            "registered_numbers": {"number": case_no},
            "lives": {"person": f"{number // 3:064d}", "since": stamp} | ({"due": due} if kind == "waiting" else {}),
            "life_events": {"at": stamp},
            "queue": {"due": due, **places},
            "ratings": {"item_id": rating, "level": level, "rated_at": later},
            "rating_tasks": {"opened_at": later, "due": due},
            "rating_events": {"at": later},
            "certificates": {"licence_id": f"bench {number}", "at": stamp},
            "oversight_facts": {
                "terminal_id": self._terminals[community], "area_code": place, "answers": "",
                "started_at": _stamp(at - timedelta(seconds=seconds)), "committed_at": stamp, "received_at": later,
                "seconds": seconds, "person": f"{number // 3:016x}", "typed": self._chance.randint(1, 6),
            },
            "oversight_rated": {"level": level, "rated_at": later, "delay": self._chance.uniform(5, 60)},
        }  # fmt: skip
        found: Rows = {}
        for name, rows in model.rows.items():
            if name != "items" and rows:
                found[name] = [{**row, "case_id": case_id, **changes.get(name, {})} for row in rows]
        if kind != "waiting" and number % 97 == 0:  # to be checked later
            waits = self._models["waiting"].rows["queue"][0]
            found["queue"] = [{**waits, "case_id": case_id, "kind": "check", "desk": "department",
                               "decides": "department", "due": at.date().isoformat(), **places}]  # fmt: skip
            found["after_checks"] = [{"case_id": case_id, "since": stamp, "done_at": None, "found": ""}]
        if kind != "waiting" and number % 401 == 0:  # corrected once
            found["certificates"] = [*found.get("certificates", ()), *(
                {**row, "version": 2, "licence_id": f"bench {number}.2"} for row in found.get("certificates", ())
            )]  # fmt: skip
        self._reseal(found, model, case_id, case_no, self._terminals[community], later, rating)
        return found

    def _kind(self, waits: bool, community: int, turn: int) -> str:
        if waits:
            return "waiting"
        if (turn * 7 + community) % 100 == 0:
            return "bad" if turn % 4 == 0 else "answered"
        return "good" if (turn + community) % 10 < 6 else "approved"

    def _reseal(
        self, found: Rows, model: Model, case_id: str, case_no: str, terminal_id: str, received: str, rating: str
    ) -> None:  # fmt: skip
        """What is sealed, said about this case and sealed to its place."""
        items = []
        for place, row in enumerate(model.rows["items"]):
            item_id = case_id if row["kind"] == "case" else rating
            plain = model.plain["items", place].replace(model.case_id.encode(), case_id.encode())
            plain = plain.replace(model.case_no.encode(), case_no.encode())
            plain = self._packed(plain) if row["kind"] == "case" else plain
            sealed = self._many.seal(plain, item_info(terminal_id, item_id))
            items.append({**row, "id": item_id, "terminal_id": terminal_id, "received_at": received, "sealed": sealed})
        found["items"] = items
        for place, row in enumerate(found["life_events"]):
            row["said"] = self._many.seal(model.plain["life_events", place], life_info(case_id, row["seq"]))
        for place, row in enumerate(found.get("rating_events", ())):
            info = task_info(case_id, row["number"], row["seq"])
            row["said"] = self._many.seal(model.plain["rating_events", place], info)

    def _at(self, turn: int) -> datetime:
        """When the ``turn``-th case of a terminal was committed, counted backwards from yesterday's first."""
        day = self._today() - timedelta(days=1 + turn // A_DAY)
        minutes = 510 + turn % A_DAY * 75 + self._chance.uniform(0, 55)
        return datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(minutes=minutes)

    def _today(self) -> date:
        return self.now.astimezone(CHINA).date()

    def _new_id(self) -> str:
        """As a terminal's, made by the thousand."""
        bits = f"{self._chance.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"

    def _draw(self) -> None:
        """A sample of one case a terminal and day, for the days that the cases reach back; those of the last two weeks
        wait for somebody to look.
        """
        days = min(self._count // (COMMUNITIES * A_DAY), 365)
        names = [(self._today() - timedelta(days=1 + back)).isoformat() for back in range(self._drawn, days)]
        rows = [
            {"day": day, "case_id": f"{day} {number}", "stratum": terminal, "area_code": area(number),
             "service_id": "elder_card", "number": 1, "of": A_DAY, "found": "in_order" if back >= 14 else "",
             "found_by": "bench" if back >= 14 else "", "found_at": _stamp(self.now) if back >= 14 else ""}
            for back, day in enumerate(names, self._drawn) for number, terminal in enumerate(self._terminals)
        ]  # fmt: skip
        for at in range(0, len(rows), CHUNK):
            part = {store.SAMPLES.name: rows[at : at + CHUNK]}
            self._store.write(lambda connection, part=part: store.write(connection, part))  # type: ignore[misc]
        if rows:
            self._store.write(store.recount)
        self._drawn = max(self._drawn, days)


def area(number: int) -> str:
    """The code of a community."""
    return f"{DISTRICT}{1 + number % STREETS:03d}{1 + number // STREETS:03d}"


_PLACES = [(area(number), {name: area(number)[:digits] for name, digits in LEVELS.items()})
           for number in range(COMMUNITIES)]  # fmt: skip


def _packing() -> Callable[[bytes], bytes]:
    """As kiosk.wire.packing packs, with one tool for all."""
    from backports.zstd import ZstdCompressor

    tool = ZstdCompressor(level=1)
    return lambda plain: tool.compress(plain, mode=ZstdCompressor.FLUSH_FRAME)


def person(day: int) -> str:
    """The number of whoever applies for the ``day``-th real case."""
    first = f"330102194003{day:02d}002"
    return first + id_check_digit(first)


def decided(
    case_id: str, case_no: str, service: str, day: int, answers: dict[str, str], papers: Sequence[str],
    digests: Sequence[str], at: datetime,
) -> bytes:  # fmt: skip
    """A case as an honest terminal decides and packs it."""
    pack, born = builtin(service, PLACE), date(1940, 3, day)
    document = IdentityDocument(
        DocumentKind.RESIDENT, person(day), "王某某", "2", born, date(2015, 1, 1), None,
        address="浙江省杭州市上城区某街道",
    )  # fmt: skip
    envelope = Envelope().with_fields(forms.prefill(pack, document))
    for key, value in answers.items():
        question = pack.question(key)
        if question is None:
            raise AssertionError(f"{service} asks no {key} any more")
        envelope = envelope.with_field(forms.answer(question, value))
    envelope = forms.derive(pack, situations.trim(pack, envelope))
    facts = rules.facts_of(
        document, envelope, Verification.FACE, None, online=True, today=at.astimezone(CHINA).date(),
        materials=tuple(papers[1:]), applicant=situations.role_of(pack, envelope.as_dict()),
    )  # fmt: skip
    draft = CaseDraft(
        case_id, pack.pack_id, pack.item_code, envelope, Verification.FACE, rules.decide(pack, facts),
        tuple(Material(kind, "image/jpeg", PAGE, Trust.C) for kind in papers), None, at - timedelta(minutes=5),
    )  # fmt: skip
    stored = replay.stored(facts, replace(PLACE))
    return encode_case(draft, case_no, at, sealed_hashes=list(digests), once=pack.once, facts=stored, clock="confirmed")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
