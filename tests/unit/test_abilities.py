"""Can this machine finish it now? Answered from live status; what is not known does not count as well."""

from __future__ import annotations

import pytest

from devices.contracts.device import Action, Fault, State, Status
from kiosk.counter.abilities import abilities
from kiosk.services.loader import load_builtin
from kiosk.services.model import Verdict
from tests.unit.visit_world import BUSINESS, PENSION

WELL = Status(State.ONLINE)
OUT = Status(State.ONLINE, (Fault("media-empty", Action.REPLENISH),))
LOW = Status(State.ONLINE, (Fault("media-low", Action.REPLENISH, blocking=False),))
SILENT = Status(State.UNKNOWN, (Fault("no-answer", Action.RESET),))
ASLEEP = Status(State.UNKNOWN)
KINDS = ("id_reader", "page_printer", "receipt_printer", "camera")


def found(online: bool = True, enrolled: bool = True, numbers: int = 5, **changed: Status) -> dict[str, object]:
    statuses = dict.fromkeys(KINDS, WELL) | changed
    packs = {pack_id: pack for pack_id, pack in load_builtin().items() if pack_id in (PENSION, BUSINESS)}
    event = abilities(packs, statuses, online=online, enrolled=enrolled, numbers_left=lambda kind: numbers)
    return {pack_id: ability.verdict for pack_id, ability in event.abilities.items()} | {"camera": event.camera}


def test_with_everything_well_both_services_can_be_finished() -> None:
    assert found() == {PENSION: Verdict.CAN, BUSINESS: Verdict.CAN, "camera": True}


@pytest.mark.parametrize("status", [OUT, SILENT, ASLEEP, Status(State.NO_DEVICE), Status(State.STARTING)])
def test_a_printer_that_does_not_say_that_it_is_well_limits_what_needs_it(status: Status) -> None:
    assert found(page_printer=status)[BUSINESS] is Verdict.CERTIFICATE_LATER
    assert found(page_printer=status)[PENSION] is Verdict.CAN
    assert found(receipt_printer=status)[PENSION] is Verdict.RECEIPT_LATER


def test_what_is_decided_here_is_not_called_unfinished_for_want_of_a_roll() -> None:
    assert found(receipt_printer=OUT) == {
        PENSION: Verdict.RECEIPT_LATER,
        BUSINESS: Verdict.RECEIPT_LATER,
        "camera": True,
    }
    assert found(page_printer=OUT, receipt_printer=OUT)[BUSINESS] is Verdict.CERTIFICATE_LATER
    assert found(online=False, receipt_printer=OUT)[PENSION] is Verdict.RECEIPT_LATER, "being there was the matter"


def test_no_network_weighs_more_than_no_paper() -> None:
    assert found(online=False, page_printer=OUT, receipt_printer=OUT)[BUSINESS] is Verdict.LIMITED


def test_paper_running_low_is_no_obstacle() -> None:
    assert found(page_printer=LOW)[BUSINESS] is Verdict.CAN


def test_without_a_reader_nothing_can_be_begun() -> None:
    assert found(id_reader=SILENT)[PENSION] is Verdict.CANNOT


@pytest.mark.parametrize(("enrolled", "numbers"), [(False, 5), (True, 0)])
def test_without_a_backend_identity_or_numbers_nothing_can_be_committed(enrolled: bool, numbers: int) -> None:
    result = found(enrolled=enrolled, numbers=numbers)
    assert (result[PENSION], result[BUSINESS]) == (Verdict.CANNOT, Verdict.CANNOT)


def test_without_the_network_the_rung_of_the_service_decides() -> None:
    result = found(online=False)
    assert result[PENSION] is Verdict.CAN
    assert result[BUSINESS] is Verdict.LIMITED


@pytest.mark.parametrize(("status", "there"), [(ASLEEP, True), (SILENT, False), (Status(State.NO_DEVICE), False)])
def test_a_camera_at_rest_is_there_and_a_lost_one_is_not(status: Status, there: bool) -> None:
    assert found(camera=status)["camera"] is there
