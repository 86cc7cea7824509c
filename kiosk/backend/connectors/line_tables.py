"""The line to a department's exchange tables (kiosk/backend/store/connector_exchange.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from kiosk.backend.connectors.lines import Fetched, Incoming, LineDown, Refused, Sheet
from kiosk.backend.connectors.tables import Table, exchange
from kiosk.backend.store.connector_exchange import ExchangeDatabase, ExchangeDown, RowRefused, Shape
from kiosk.domain.beijing import CHINA


class TablesLine:
    def __init__(self, url: str, results: str, now: Callable[[], datetime]) -> None:
        """``results``: the table of what comes back, "" for none. Raises BackendError for an address that is none."""
        self._database, self._now = ExchangeDatabase(url), now
        self._results = _shape(exchange()[results]) if results else None

    def send(self, sheet: Sheet) -> None:
        try:
            self._database.add([(_shape(row.table), row.values) for row in sheet.rows])
        except ExchangeDown as error:
            raise LineDown(error.code) from error
        except RowRefused as error:
            what = f"{error.column or 'a row'}: the database refuses it ({error.state})"
            raise Refused("database", what) from error

    def fetch(self, limit: int) -> Fetched:
        if self._results is None:
            return Fetched()
        try:
            rows = self._database.unread(self._results, limit)
        except ExchangeDown as error:
            raise LineDown(error.code) from error
        return Fetched([Incoming(row, row["row_guid"]) for row in rows], len(rows) == limit)

    def taken(self, results: Sequence[Incoming]) -> None:
        if self._results is None or not results:
            return
        try:
            self._database.taken(self._results, [each.handle for each in results], self._now().astimezone(CHINA))
        except ExchangeDown as error:
            raise LineDown(error.code) from error

    def close(self) -> None:
        self._database.close()


def _shape(table: Table) -> Shape:
    return Shape(table.name, {each.name: (each.type, each.length) for each in table.columns.values()})
