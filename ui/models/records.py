"""A list of records for a QML view. Replacing the list emits the smallest difference, so delegates live on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, QPersistentModelIndex

Record = Mapping[str, Any]
Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
DISPLAY, USER = 0, 256  # Qt.ItemDataRole; naming it would load the whole Qt namespace (28 ms) before the first frame


class RecordsModel(QAbstractListModel):
    """Rows of named values. ``key`` names the role that tells one record from another."""

    def __init__(self, roles: Sequence[str], parent: QObject, *, key: str = "") -> None:
        super().__init__(parent)
        self._roles = tuple(roles)
        self._key = key or self._roles[0]
        self._rows: list[Record] = []

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        number = role - USER
        if not index.isValid() or not 0 <= number < len(self._roles):
            return None
        return self._rows[index.row()][self._roles[number]]

    def roleNames(self) -> dict[int, QByteArray]:
        return {USER + n: QByteArray(name.encode()) for n, name in enumerate(self._roles)}

    def replace(self, rows: Sequence[Record]) -> None:
        """Show these rows: keep what begins and ends alike, exchange the middle, and tell of changed values."""
        old = [row[self._key] for row in self._rows]
        new = [row[self._key] for row in rows]
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        if len(old) - tail > head:
            self.beginRemoveRows(NO_PARENT, head, len(old) - tail - 1)
            del self._rows[head : len(old) - tail]
            self.endRemoveRows()
        if len(new) - tail > head:
            self.beginInsertRows(NO_PARENT, head, len(new) - tail - 1)
            self._rows[head:head] = rows[head : len(new) - tail]
            self.endInsertRows()
        for number, row in enumerate(rows):
            if self._rows[number] != row:
                self._rows[number] = row
                place = self.index(number, 0)
                self.dataChanged.emit(place, place)

    def clear(self) -> None:
        self.replace(())

    @property
    def rows(self) -> tuple[Record, ...]:
        return tuple(self._rows)
