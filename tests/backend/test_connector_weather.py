"""Bad weather by chance: lines that fall, refuse, die in the middle, answer twice or with garbage; then the sun comes
out, and everything stands where it belongs, once and in order. More of it with KIOSK_FUZZ_CONNECTORS=N (seeds).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from random import Random

import pytest

from kiosk import wire
from kiosk.backend.connectors.lines import Incoming, Later, LineDown, Refused, Sheet
from kiosk.backend.connectors.results import stamp
from kiosk.backend.connectors.view import moment
from kiosk.backend.store import connector_letters, connector_results
from kiosk.domain.life import Deed, LifeError
from tests.backend.connector_room import Room, sent

SEEDS = int(os.environ.get("KIOSK_FUZZ_CONNECTORS", "1"))
STEPS = 14
DEEDS = (Deed.ACCEPTED, Deed.HOLD_STARTED, Deed.HOLD_ENDED, Deed.APPROVED, Deed.REFUSED, Deed.FORWARDED)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("room"))
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_the_weather_nothing_is_lost_doubled_or_out_of_order(shared: Room, seed: int) -> None:
    room, random = shared.fresh(), Random(seed)
    cases = [room.take() for _ in range(4)]
    connectors = room.connectors()

    def weather(sheet: Sheet) -> None:
        chance = random.random()
        if chance < 0.15:
            raise LineDown("unreachable")
        if chance < 0.25:
            raise Later("http-429")
        if chance < 0.3:
            raise Refused("refused", "no")
        if chance < 0.45:  # it has come, and the answer is lost with whoever sent it
            room.civil.rows.update({row.guid: row.values for row in sheet.rows if row.guid not in room.civil.rows})
            raise KeyboardInterrupt

    room.civil.trouble = weather
    told = 0
    for number in range(STEPS):
        case = random.choice(cases)
        try:
            room.act(case.case_id, random.choice(DEEDS))
        except LifeError:
            told += 1
        room.civil.results = [
            came(room, random, random.choice(cases), f"r{number}") for _ in range(random.randrange(3))
        ]
        try:
            connectors.run()
        except KeyboardInterrupt:
            connectors = room.connectors()
        dead = [each.guid for each in room.backend._store.read(lambda c: connector_letters.letters(c, "", "dead", 100))]
        revive = partial(connector_letters.revive, guids=dead, now=stamp(room.clock.now))
        room.backend._store.write(revive)
        room.clock.move(minutes=random.choice((1, 10, 30)))

    room.civil.trouble, room.civil.results = lambda sheet: None, []
    for _ in range(3):
        room.clock.move(hours=2)
        connectors.run()
    lived = {case.case_no: deeds(room, case) for case in cases}
    for case in cases:
        steps = [step for case_no, step in sent(room.civil) if case_no == case.case_no]
        assert steps == [deed.title.zh for deed in lived[case.case_no]], "each step once, in order"
    open_letters = [
        each for word in ("waiting", "dead")
        for each in room.backend._store.read(lambda c, word=word: connector_letters.letters(c, "", word, 100))
    ]  # fmt: skip
    assert open_letters == []
    figures = room.backend._store.read(lambda c: connector_results.figures(c, "civil"))
    assert figures.get("new", 0) == 0
    for decided in lived.values():
        final = [deed for deed in decided if deed in (Deed.APPROVED, Deed.REFUSED)]
        assert len(final) <= 1, "decided once, whoever decided it"
    assert told < STEPS


def came(room: Room, random: Random, case: wire.CasePayload, guid: str) -> Incoming:
    """A result, in order or not; sometimes one that came before."""
    if random.random() < 0.2:
        return Incoming({"body": "<html>"}, trouble="garbled")
    result = random.choice(("0", "1", "4", "9"))
    guid = random.choice((guid, "r1", "r2"))
    return Incoming({
        "row_guid": guid, "project_no": case.case_no, "result_type": result, "result_date": moment(room.clock.now),
        "result_explain": "有理由", "result_cetr_no": "1",
    })  # fmt: skip


def deeds(room: Room, case: wire.CasePayload) -> list[Deed]:
    return [event.deed for event in room.backend.lives.known(case.case_id).events]
