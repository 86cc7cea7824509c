"""Who closes and who opens: an operator's ``in-service`` ends what staff have closed on the spot, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from kiosk import wire
from kiosk.sync import commands
from kiosk.sync.commands import CLOSED, CLOSED_HERE, Closed, ClosedHere, Commands
from kiosk.sync.report import CycleReport
from tests.unit.maintenance.room_world import NOW, opened


class Deeds:
    looked = 0

    def restart(self) -> bool:
        return True

    def look_at_closed(self) -> None:
        self.looked += 1

    def diagnostics(self) -> Mapping[str, str]:
        return {}


def command(name: str, **arguments: str) -> wire.Command:
    return wire.Command(f"c-{name}", name, NOW.isoformat(), NOW.isoformat(), arguments)


def test_in_service_opens_both_and_out_of_service_leaves_the_other_alone(tmp_path: Path) -> None:
    deeds = Deeds()
    with opened(tmp_path) as journal:
        orders = Commands(journal, None, deeds, lambda: None, lambda: NOW)  # type: ignore[arg-type]
        here = ClosedHere("repair", "", NOW.isoformat())
        journal.set_meta(CLOSED_HERE, msgspec.json.encode(here).decode())
        assert commands.closed_here(journal) == here
        orders._do(command("out-of-service", reason="venue"), CycleReport())
        assert commands.closed(journal, NOW) == Closed("venue")
        assert commands.closed_here(journal) == here
        assert orders._do(command("in-service"), CycleReport())[0] == "done"
        assert commands.closed(journal, NOW) is None
        assert commands.closed_here(journal) is None
        assert deeds.looked == 2


def test_a_note_that_cannot_be_read_counts_as_closed(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.set_meta(CLOSED_HERE, "{")
        assert commands.closed_here(journal) == ClosedHere("other")
        journal.set_meta(CLOSED, "")
        journal.set_meta(CLOSED_HERE, "")
        assert commands.closed_here(journal) is None
