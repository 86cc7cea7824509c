"""Which matters can be finished on this machine now, as far as its devices decide it: the citizen's question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from kiosk.health.readiness import Check, Verdict, attention, good
from kiosk.services.model import PaperKind, ServicePack

SOON = timedelta(days=30)  # before a pack's last day its operator is told


def in_force(packs: Mapping[str, ServicePack], today: date) -> list[Check]:
    """Packs that are not offered today, or soon will not be; nothing where all is well."""
    checks = []
    for pack_id, pack in packs.items():
        days = pack.effective
        if not days.holds(today):
            words = f"{pack_id} is not offered: it is in force {days.since} to {days.until or 'further notice'}"
        elif days.until and not days.holds(today + SOON):
            words = f"{pack_id} ends on {days.until}"
        else:
            continue
        checks.append(attention("services", words, "Publish the version that follows: kiosk backend publish."))
    return checks


def needs(pack: ServicePack) -> tuple[str, ...]:
    """The kinds of device without which this matter does not end in its papers."""
    own = [paper for paper in pack.papers if not paper.later]  # the others are fetched another time
    printers = {"page_printer" if paper.kind is PaperKind.CERTIFICATE else "receipt_printer" for paper in own}
    return ("id_reader", *sorted(printers))


def examine(packs: Mapping[str, ServicePack], devices: Sequence[Check]) -> Check:
    """``devices``: the checks of the devices. One that was not asked, or does not say how it is, is told as such."""
    states: dict[str, Verdict] = {check.name: check.state for check in devices}
    without = {check.name for check in devices if check.finding.startswith("not in the profile")}
    lacking = {
        pack_id: [kind for kind in needs(pack) if kind in without or states.get(kind) == "broken"]
        for pack_id, pack in packs.items()
    }
    silent = {check.name for check in devices if check.state == "attention" and check.name not in without}
    unsure = sorted({kind for pack in packs.values() for kind in needs(pack)} & silent)
    whole = [pack_id for pack_id, kinds in lacking.items() if not kinds]
    halted = [f"{pack_id} (lacks {', '.join(kinds)})" for pack_id, kinds in lacking.items() if kinds]
    if not halted and unsure:
        return attention(
            "services",
            f"nothing is known to be in the way of {', '.join(whole)}, but look at: {', '.join(unsure)}",
            "See what is said of them above.",
        )
    if not halted:
        return good("services", f"all {len(whole)} can be finished with these devices: {', '.join(whole)}")
    can = f"; can: {', '.join(whole)}" if whole else ""
    return attention(
        "services",
        f"cannot be finished here now: {', '.join(halted)}{can}",
        "Citizens are told so before they begin. Mend the devices named.",
    )
