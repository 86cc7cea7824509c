"""Hand-made snapshots of what staff and a terminal that serves nobody show. See samples.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from kiosk.visit import screen as s

if TYPE_CHECKING:
    from ui.samples import One, Sample

Translate = Callable[[str, str], str]
PHONE = "0352-5550000"
NEAR = ("政务大厅一楼，步行 5 分钟", "Service hall, ground floor, 5 minutes on foot")
TOLD = {"terminal": "140213-7K2M9Q", "hour": "2026-11-27 14", "challenge": "483920"}


def staff(t: Translate, one: One) -> Iterator[Sample]:
    near = t(*NEAR)

    def entry(name: str, lead: str, **body: Any) -> Sample:
        return one(f"entry{name}", s.EntryBody(lead=lead, **body), "entry", help_phone=PHONE)

    yield one("out_of_service-paper", s.NoticeBody("closed_paper", "14:30", near), "out_of_service", help_phone=PHONE)
    yield one("out_of_service-moved", s.NoticeBody("closed_moved", "", near), "out_of_service", help_phone=PHONE)
    yield one("under_work", s.NoticeBody("under_work", "", near), help_phone=PHONE)
    yield one("under_work-expected", s.NoticeBody("under_work", "15:10", near), "under_work", help_phone=PHONE)
    yield entry("", "code", way="code", card_possible=True, **TOLD)
    yield entry("-wrong", "code", way="code", problem="wrong-code", attempts_left=3, **TOLD)
    yield entry("-locked", "code", way="code", problem="wrong-code.none", locked_until=15.0, **TOLD)
    yield entry("-shut", "shut", way="code", problem="locked", card_possible=True, **TOLD)
    yield entry("-card", "card", way="card", card_lies=True, card_possible=True, other="code")
    yield entry("-card-lay", "lay", way="card", card_possible=True)
    yield entry(
        "-card-wrong", "card", way="card", card_lies=True, card_possible=True, problem="wrong-pin", attempts_left=1
    )
    yield entry("-card-checking", "card", way="card", card_lies=True, card_possible=True, checking=True)
    yield entry("-card-pulled", "code", way="code", card_possible=True, problem="pulled", **TOLD)
    yield entry(
        "-card-unproven", "card", way="card", card_lies=True, card_possible=True, problem="unproven-card", other="code"
    )
    yield entry("-none", "none", way="none", problem="closed")
    yield entry("-asking", "")


def troubled(t: Translate, one: One) -> Iterator[Sample]:
    """The start page with its line about what still works, or where else one may go."""
    near = t(*NEAR)
    for name, lights, notice, able, where in (
        ("receipt", (True, False, True), "receipt", 12, ""),
        ("line", (True, True, False), "line", 9, ""),
        ("camera", (True, True, True), "camera", 12, ""),
        ("reader", (False, True, True), "none_reader", 0, near),
    ):
        services, printing, network = lights
        row = (s.Light("services", services, able), s.Light("printing", printing), s.Light("network", network))
        yield one(f"attract-notice-{name}", s.AttractBody(row, "15:40", notice, able, where), "attract")
