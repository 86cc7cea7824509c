"""Can this machine finish it now? Answered from live status, never from hope."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.contracts.device import State, Status
from kiosk.domain import ladder
from kiosk.services.model import Ability, ServicePack, Verdict
from kiosk.visit.events import AbilitiesChanged

NumbersLeft = Callable[[str], int]


def usable(statuses: Mapping[str, Status], kind: str) -> bool:
    status = statuses.get(kind)
    return status is not None and status.usable


def present(statuses: Mapping[str, Status], kind: str) -> bool:
    """A camera that is not running is unknown until it is needed, and one that is being opened is on its way; only a
    lost one is lost. One whose child failed is opened again at the next need: nothing was learned of the camera."""
    status = statuses.get(kind)
    if status is None or status.usable:
        return status is not None
    blocked = any(fault.blocking for fault in status.faults)
    if status.state is State.STARTING:
        return not blocked
    return status.state is State.UNKNOWN and (not status.faults or status.details.get("evidence") == "child")


def abilities(
    packs: Mapping[str, ServicePack],
    statuses: Mapping[str, Status],
    *,
    online: bool,
    enrolled: bool,
    numbers_left: NumbersLeft,
    clock: bool = True,
    room: bool = True,
) -> AbilitiesChanged:
    """What every service can count on now. ``clock``: it may be right; where it cannot, ages and dates are wrong.

    ``room``: the disk takes one whole visit more.
    """
    camera, page = present(statuses, "camera"), usable(statuses, "page_printer")
    receipt, reader = usable(statuses, "receipt_printer"), usable(statuses, "id_reader")
    desk = present(statuses, "document_camera")
    left = {kind: numbers_left(kind) for pack in packs.values() for kind in pack.number_blocks}
    found = {
        pack_id: _ability(pack, reader=reader, page=page, receipt=receipt, online=online, enrolled=enrolled,
                          numbers=all(left[kind] >= pack.number_blocks.count(kind) for kind in pack.number_blocks),
                          clock=clock, room=room, desk=desk)
        for pack_id, pack in packs.items()
    }  # fmt: skip
    return AbilitiesChanged(found, online, camera, page, receipt, reader, desk)


def _ability(
    pack: ServicePack, *, reader: bool, page: bool, receipt: bool, online: bool, enrolled: bool, numbers: bool,
    clock: bool, room: bool, desk: bool,
) -> Ability:  # fmt: skip
    good: list[str] = ["hours"]
    lacking: list[str] = []
    (good if reader else lacking).append("reader")
    certificate = any(paper.certificate_now for paper in pack.papers)
    printer = page if certificate else receipt
    (good if printer else lacking).append("page_printer" if certificate else "receipt_printer")
    if certificate and not receipt:
        lacking.append("receipt_printer")
    before = ladder.step(pack.offline, online=online).before
    if online:
        good.append("network")
    elif before == "can":
        good.append("offline")
    else:
        lacking.append("line" if before == "cannot" else "network")
    if not (enrolled and numbers):
        lacking.append("numbers" if enrolled else "enrolled")
    if not clock:
        lacking.append("clock")
    if not room:
        lacking.append("room")
    required = any(material.required and not material.when for material in pack.materials)
    if required and desk:
        good.append("document_camera")
    elif pack.materials and not desk:  # the guide's own words tell of papers that may be scanned or not
        lacking.append("document_camera_required" if required else "document_camera")
    if required and not desk:
        return Ability(Verdict.CANNOT, tuple(good), tuple(lacking))
    if not (reader and enrolled and numbers and clock and room) or before == "cannot":
        return Ability(Verdict.CANNOT, tuple(good), tuple(lacking))
    if before == "limited":
        verdict = Verdict.LIMITED
    elif certificate and not page:
        verdict = Verdict.CERTIFICATE_LATER
    else:
        verdict = Verdict.CAN if receipt else Verdict.RECEIPT_LATER
    return Ability(verdict, tuple(good), tuple(lacking))
