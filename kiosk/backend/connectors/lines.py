"""What a line to a department is: it takes letters, and has results. Three of them: tables, HTTP, folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kiosk.backend.connectors.rows import Row


class LineDown(Exception):
    """The line does not go, for any letter: it is tried again later, and nothing is lost. ``code``: a word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Later(Exception):
    """This letter was not taken, and may be later: the others are not kept waiting."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """The department does not take this letter as it is: it is set aside until a person has put it right.

    ``why`` may name persons: it is sealed before it is kept, and never logged.
    """

    def __init__(self, code: str, why: str) -> None:
        super().__init__(code)
        self.code, self.why = code, why


@dataclass(frozen=True, slots=True, repr=False)
class Sheet:
    """What is sent at once: all rows about one step of one case. ``name``: for files, without anything personal."""

    guid: str
    name: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, repr=False)
class Incoming:
    """One result as it came: its values by the department's own names. ``handle``: what `taken` is told of it.

    ``trouble``: why it could not be read ("" where it could); then ``values`` has what could be kept of it.
    """

    values: dict[str, str]
    handle: Any = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """``more``: there are others; they are asked for at once."""

    results: Sequence[Incoming] = field(default=())
    more: bool = False


class Line(Protocol):
    """Of one thread. Every call ends within its own time-out."""

    def send(self, sheet: Sheet) -> None:
        """Done when it returns, and done once however often it is called. Raises LineDown, Later, Refused."""

    def fetch(self, limit: int) -> Fetched:
        """Results that were not told as taken. Raises LineDown."""

    def taken(self, results: Sequence[Incoming]) -> None:
        """These are in the store for good: they need not come again. Raises LineDown."""

    def close(self) -> None: ...
