"""What is used up: one number a supply and day, and over the whole life; the level that a device tells of its own.

``note_used("receipt_mm", 182)`` when a paper came out. What is left since somebody refilled is told apart by the life's
count on that day. Nothing here names a person: how many, never whose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from kiosk.domain.beijing import CHINA
from kiosk.journal.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kiosk.journal.store import Store

DAYS = 60
"""Days that are kept one by one; the life's sum stays."""
RENEWED = "supply.renewed."
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_LIFE, _NO_LEVEL = "", -1


@dataclass(frozen=True, slots=True)
class Supply:
    """``total``: over its life; ``days``: used of each of the last days, none of one on which nothing was noted.
    ``levels``: the last level of each day, in whatever the device tells it (percent). ``renewed``: the day somebody
    refilled it, and ``since`` how much was used since then; None where nobody ever did.
    """

    name: str
    total: int
    days: Mapping[date, int] = field(default_factory=dict)
    levels: Mapping[date, int] = field(default_factory=dict)
    renewed: date | None = None
    since: int | None = None


class Supplies:
    """In the writer's turn, like the store it stands on; writes run inside the open transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, supply: str, amount: int) -> None:
        """So much more was used, today. JournalError ``supply-refused``."""
        if amount < 0:
            raise JournalError("supply-refused", "less than nothing was used")
        self._add(supply, self._today().isoformat(), amount, _NO_LEVEL)
        self._add(supply, _LIFE, amount, _NO_LEVEL)

    def level(self, supply: str, level: int) -> None:
        """How full a device says it is, 0 to 100. The day's last one counts."""
        if not 0 <= level <= 100:
            raise JournalError("supply-refused", "a level is 0 to 100")
        self._add(supply, self._today().isoformat(), 0, level)

    def renew(self, supply: str) -> None:
        """Somebody refilled it: what is used counts from here."""
        self._check(supply)
        total = self._store.connection.execute(
            "SELECT amount FROM used WHERE supply = ? AND day = ?", (supply, _LIFE)
        ).fetchone()
        self._store.set_meta(f"{RENEWED}{supply}", f"{self._today().isoformat()} {total[0] if total else 0}")
        self._store.audit("supply.renewed", supply=supply)

    def all(self) -> tuple[Supply, ...]:
        """Every supply that was ever noted, by name."""
        execute = self._store.connection.execute
        found: dict[str, Supply] = {}
        for supply, day, amount, level in execute("SELECT supply, day, amount, level FROM used ORDER BY supply, day"):
            known = found.get(supply) or Supply(supply, 0)
            if day == _LIFE:
                known = replace(known, total=amount)
            else:
                at = date.fromisoformat(day)
                known = replace(known, days={**known.days, at: amount} if amount else known.days)
                known = replace(known, levels=known.levels if level == _NO_LEVEL else {**known.levels, at: level})
            found[supply] = known
        for key, value in execute("SELECT key, value FROM meta WHERE key LIKE ?", (f"{RENEWED}%",)):
            name, (day, before) = key.removeprefix(RENEWED), value.split(" ")
            known = found.get(name) or Supply(name, 0)
            since = max(0, known.total - int(before))
            found[name] = replace(known, renewed=date.fromisoformat(day), since=since)
        return tuple(found[name] for name in sorted(found))

    def _add(self, supply: str, day: str, amount: int, level: int) -> None:
        self._check(supply)
        execute = self._store.connection.execute
        execute(
            "INSERT INTO used VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount,"
            " level = CASE excluded.level WHEN -1 THEN level ELSE excluded.level END", (supply, day, amount, level),
        )  # fmt: skip
        if day != _LIFE:
            execute(  # by their number, not by their age: a clock that is wrong for an hour takes no days away
                "DELETE FROM used WHERE supply = ?1 AND day <> '' AND day NOT IN"
                " (SELECT day FROM used WHERE supply = ?1 ORDER BY day DESC LIMIT ?2)", (supply, DAYS),
            )  # fmt: skip

    def _check(self, supply: str) -> None:
        if _NAME.fullmatch(supply) is None:
            raise JournalError("supply-refused", "the name of a supply is no word")

    def _today(self) -> date:
        return datetime.fromisoformat(self._store.now()).astimezone(CHINA).date()
