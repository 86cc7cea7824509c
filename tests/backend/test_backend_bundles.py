"""Cases of one form (一件事): each is registered, numbered and decided again by itself, and they know each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import wire
from kiosk.backend.store import bundles
from tests.backend.conftest import Server, Terminal
from tests.backend.test_backend_replay import SHOP, YOUNG, decided, push

WATER = {"use": "shop", "kind": "water", "address": "某街12号", "water_use": "middle", "pipe": "yes", "owner": "own",
         "visit": "any", "phone": "13800000000"}  # fmt: skip


def bundle(terminal: Terminal) -> list[wire.CasePayload]:
    """A shop and its water, of one form."""
    cases = [
        decided(terminal.number(), "individual_business", YOUNG, SHOP, promised=True, online=False),
        decided(terminal.number(), "utility_connection", YOUNG, WATER, papers=("house_proof",)),
    ]
    link = wire.PayloadBundle("bundle-1", "open_small_restaurant", "1.0.0", [case.case_no for case in cases])
    return [replace(case, bundle=link) for case in cases]


def test_each_is_registered_by_itself_and_knows_the_others(server: Server, terminal: Terminal) -> None:
    cases = bundle(terminal)
    alone = decided(terminal.number(), "individual_business", YOUNG, SHOP)
    assert set(push(terminal, *cases, alone)) == {"accepted"}
    beside = server.backend._store.read
    for case in cases:
        assert beside(lambda c, case=case: bundles.beside(c, case.case_id)) == sorted(each.case_id for each in cases)
    assert beside(lambda c: bundles.beside(c, alone.case_id)) == []


def test_one_that_comes_later_finds_its_place(server: Server, terminal: Terminal) -> None:
    first, second = bundle(terminal)
    assert push(terminal, second) == ["accepted"]
    assert push(terminal, first) == ["accepted"]
    assert len(server.backend._store.read(lambda c: bundles.beside(c, first.case_id))) == 2


def test_each_is_decided_again_by_its_own_pack(server: Server, terminal: Terminal) -> None:
    push(terminal, *bundle(terminal))
    done = server.backend.replays.run()
    assert (done.equal, done.differing, done.impossible) == (2, [], {})


@pytest.mark.parametrize(
    "change", [{"case_nos": []}, {"case_nos": ["1"]}, {"case_nos": ["1"] * 20}, {"bundle_id": ""}, {"pack_id": "a b"}]
)
def test_a_bundle_that_cannot_be_is_refused(terminal: Terminal, change: dict[str, object]) -> None:
    case = bundle(terminal)[0]
    assert case.bundle is not None
    link = wire.PayloadBundle(**({"bundle_id": "b", "pack_id": "p", "pack_version": "1.0.0",
                                  "case_nos": [case.case_no]} | change))  # type: ignore[arg-type]  # fmt: skip
    assert push(terminal, replace(case, bundle=link)) == ["rejected"]
