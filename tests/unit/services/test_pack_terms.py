"""The clocks of every pack's cases are those that its receipts tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kiosk.domain.beijing import CHINA
from kiosk.domain.life import Deed, LifeEvent, Role, Track, stand, track_of
from kiosk.domain.workdays import national
from kiosk.services.loader import load_builtin
from kiosk.services.model import PaperKind
from kiosk.services.terms import terms_of

MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=CHINA)


@pytest.mark.parametrize("pack_id", load_builtin())
def test_a_case_of_the_pack_has_its_days(pack_id: str) -> None:
    pack = load_builtin()[pack_id]
    how = terms_of(pack)
    received = [LifeEvent(Deed.RECEIVED, MONDAY, Role.SYSTEM)]
    found = stand(how, received, MONDAY, national())
    days = {clock.name: clock.days for clock in found.standing.clocks}
    if pack.clocks is not None:
        assert days["answer"] == pack.clocks.accept
        assert how.source == pack.clocks.basis
    if track_of(how) is Track.COMPLAINT:
        assert days["reply"] == pack.clocks.accept + pack.clocks.decide  # type: ignore[union-attr]
    else:
        assert days.get("whole", 0) == pack.decides.days
    late = stand(how, received, MONDAY + timedelta(days=60), national())
    assert (late.deemed, late.overdue) == (True, True), "nobody has moved a hand in sixty days"
    assert bool(how.deliver) == any(paper.kind is PaperKind.CERTIFICATE for paper in pack.papers)


def test_a_complaint_is_answered_within_what_its_receipt_promises() -> None:
    pack = load_builtin()["complaint"]
    sooner = replace(pack, decides=replace(pack.decides, days=3))
    unsaid = replace(pack, decides=replace(pack.decides, days=0))
    assert [terms_of(each).reply for each in (sooner, unsaid)] == [3, 10]


def test_the_complaint_alone_is_answered() -> None:
    assert [name for name, pack in load_builtin().items() if track_of(terms_of(pack)) is Track.COMPLAINT] == [
        "complaint"
    ]
