"""The grid of fields that is touched, one by one, to see that the touch screen answers everywhere. Pure."""

from __future__ import annotations

ROWS, COLUMNS = 8, 5
SHOW = f"{ROWS}x{COLUMNS}"
TEST = "grid"


class Grid:
    """Which fields were touched. ``touched`` takes ``r,c`` as the template reports it, from 0."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def touched(self, value: str) -> bool:
        """Whether all were touched now. What is no field is none."""
        row, _, column = value.partition(",")
        if row.isdecimal() and column.isdecimal() and int(row) < ROWS and int(column) < COLUMNS:
            self._seen.add((int(row), int(column)))
        return self.done

    @property
    def done(self) -> bool:
        return len(self._seen) == ROWS * COLUMNS

    @property
    def count(self) -> int:
        return len(self._seen)

    @property
    def total(self) -> int:
        return ROWS * COLUMNS
