"""A letter as it is sent: made anew each time from the sealed case, its life up to that step, and the mapping.

So nothing of a case lies in the outbox, a mapping that was put right counts for what waits, and a letter that is late
tells how it was then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kiosk.backend.connectors import checking, rows
from kiosk.backend.connectors.checking import Wrong
from kiosk.backend.connectors.config import Connector
from kiosk.backend.connectors.lines import Sheet
from kiosk.backend.connectors.sealed import Sealing
from kiosk.backend.connectors.view import Licence, Rating, Told, view
from kiosk.backend.lives import Known, Lives
from kiosk.backend.store import certificates as certificate_rows
from kiosk.backend.store import lives as life_rows
from kiosk.backend.store.connector_letters import LICENCE, RATING, Letter
from kiosk.backend.store.engine import Store
from kiosk.domain import licence_id
from kiosk.domain.life import Deed, LifeEvent, Stand, stand
from kiosk.services.model import ServicePack
from kiosk.wire import PayloadMaterial, SupplementPayload

RatingsOf = Callable[[str], Sequence[Rating]]


class Unreadable(Exception):
    """The case's key is not here any more, or what the letter is about is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """``wrong``: why it is not sent; ``sheet`` without rows: there is nothing to say."""

    sheet: Sheet
    wrong: Sequence[Wrong]


class Letters:
    """Thread-safe. ``ratings``: of a case, first and later."""

    def __init__(
        self, rows_: Store, lives: Lives, sealing: Sealing, now: Callable[[], datetime], ratings: RatingsOf
    ) -> None:  # fmt: skip
        self._store, self._lives, self._sealing, self._now, self.ratings = rows_, lives, sealing, now, ratings

    def made(self, connector: Connector, letter: Letter) -> Made:
        """Raises Unreadable, BackendError, JournalError."""
        told = self._told(connector, letter)
        mapped = connector.mapped
        found = rows.made(mapped, view(told), letter.guid, self._now(), connector.office)
        note = self._sealing.read_note(letter.guid, letter.note, letter.sealing_key_id)
        found = rows.repaired(found, note.repairs)
        return Made(Sheet(letter.guid, _name(letter), found), checking.check(found, mapped.walks))

    def versions(self, case_id: str) -> list[int]:
        """Of the licences that were made of a case."""
        found = self._store.read(lambda connection: certificate_rows.newest(connection, case_id))
        return sorted({row.version for row in found})

    def _told(self, connector: Connector, letter: Letter) -> Told:
        known, file = self._lives.known(letter.case_id), self._lives.file_of(letter.case_id)
        found, case = file[0], file[1]
        area = self._store.read(lambda connection: life_rows.area_of(connection, letter.case_id))
        if case is None:
            raise Unreadable
        steps = known.events if letter.kind in (RATING, LICENCE) else known.events[: letter.step]
        pack = self._lives.pack_of(letter.case_id)
        rating = None
        if letter.kind == RATING:
            rating = next((each for each in self.ratings(letter.case_id) if each.number == letter.step), None)
            if rating is None:
                raise Unreadable
        licences = self._licences(letter, pack) if letter.kind == LICENCE else []
        return Told(
            case, steps, _as_of(known, len(steps), self._now(), self._lives), pack, area,
            found.terminal_id, connector.items.get(case.service_id, ""), licences, rating, _supplements(steps, file[2]),
        )  # fmt: skip

    def _licences(self, letter: Letter, pack: ServicePack | None) -> list[Licence]:
        found = self._store.read(lambda connection: certificate_rows.newest(connection, letter.case_id))
        papers = {} if pack is None else {paper.paper_id: paper for paper in pack.papers}
        made = [
            Licence(
                row.licence_id, papers[row.paper_id].title.zh, licence_id.parse(row.licence_id).type_code,
                datetime.fromisoformat(row.at), row.version,
            )
            for row in found
            if row.version == letter.step and row.paper_id in papers
        ]  # fmt: skip
        if not made:
            raise Unreadable
        return made


def _supplements(steps: Sequence[LifeEvent], sent: Sequence[tuple[object, object]]) -> list[PayloadMaterial]:
    """Papers that the applicant has handed in by then: the law lets them be asked for once, and all at once."""
    if all(event.deed is not Deed.SUPPLEMENTED for event in steps):
        return []
    return [each for _, said in sent if isinstance(said, SupplementPayload) for each in said.materials]


def _as_of(known: Known, steps: int, now: datetime, lives: Lives) -> Stand:
    """How the case stood when that step was done; after its last one, as it stands now."""
    events = known.events[:steps]
    at = now if steps == len(known.events) else events[-1].at
    return stand(known.about.terms, events, max(at, events[-1].at), lives.calendar())


def _name(letter: Letter) -> str:
    """For files: in the order of time, the same for good, nothing personal."""
    stamp = "".join(c for c in letter.since[:19] if c.isdigit())
    return f"{stamp}-{letter.kind}{letter.step:03d}-{letter.guid}"
