"""Connectors at the command line: how they stand, what waits or was refused and why, put right and sent once more.

Prints one JSON object a line, on the terminal of whoever asks: why something was refused may name persons. What is put
in place of a value is read from the standard input, a line each: a list of processes shows arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path

from kiosk.backend.commanding import say, with_backend
from kiosk.backend.connectors.config import load
from kiosk.backend.connectors.results import ASIDE, stamp
from kiosk.backend.connectors.sealed import Note
from kiosk.backend.connectors.work import Connectors
from kiosk.backend.core import Backend
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store import connector_letters as store
from kiosk.backend.store import connector_results
from kiosk.backend.store.connector_letters import Letter
from kiosk.journal.errors import JournalError

ACTIONS = ("list", "lag", "waiting", "dead", "aside", "show", "retry", "repair", "check")
LIMIT = 1000


def connectors(settings: Settings, action: str, guid: str, by: str, lines: Iterable[str] | None = None) -> int:
    """Does one of ACTIONS; status 1 where something waits for a person. Raises BackendError."""
    if action not in ACTIONS:
        raise BackendError("bad-action", f"say --act with one of {', '.join(ACTIONS)}")
    if not settings.connectors:
        raise BackendError("no-connectors", "name the operator's file: --connectors FILE")
    if action == "check":
        return _check(settings)
    given = sys.stdin if lines is None else lines

    def work(backend: Backend) -> int:
        desk = Desk(backend, backend.connectors)
        if action in ("list", "lag"):
            return desk.standing(lagging=action == "lag")
        if action in ("waiting", "dead"):
            return desk.letters(action)
        if action == "aside":
            return desk.aside()
        if not guid:
            raise BackendError("no-letter", "say which: --letter ID")
        if action == "show":
            return desk.show(guid)
        return desk.again(guid, by, _pairs(given) if action == "repair" else {})

    return with_backend(settings, work)


def _check(settings: Settings) -> int:
    """The file alone: what is there, and which of its lists are not confirmed."""
    for name, each in load(Path(settings.connectors)).items():
        say(connector=name, mapping=each.mapped.mapping_id, kind=each.mapped.kind, open_lists=each.mapped.open)
    return 0


class Desk:
    """Of one command."""

    def __init__(self, backend: Backend, connectors: Connectors) -> None:
        self._backend, self._connectors, self._store = backend, connectors, connectors.rows

    def standing(self, *, lagging: bool) -> int:
        """Each connector; ``lagging``: those alone that have something open. Status 1 where a person is needed."""
        troubled = False
        now = self._backend.now()
        for name, each in self._connectors.all.items():
            figures = self._store.read(partial(store.figures, connector=name))
            line = self._store.read(partial(store.line, connector=name))
            back = self._store.read(partial(connector_results.figures, connector=name))
            lag = (now - datetime.fromisoformat(figures.oldest)).total_seconds() if figures.oldest else 0
            aside = back.get("aside", 0)
            troubled |= bool(figures.dead or aside)
            if lagging and not (figures.waiting or figures.dead or line.failures):
                continue
            say(
                connector=name, mapping=each.mapped.mapping_id, kind=each.mapped.kind, waiting=figures.waiting,
                dead=figures.dead, sent=figures.sent, lag_seconds=int(max(0, lag)), aside=aside,
                results=back.get("done", 0), line="down" if line.failures else "up", code=line.code,
                failures=line.failures, next_try=line.next_at, went_at=line.went_at,
            )  # fmt: skip
        return 1 if troubled else 0

    def letters(self, state: str) -> int:
        found = self._store.read(lambda connection: store.letters(connection, "", state, LIMIT))
        for letter in found:
            note = self._note(letter)
            say(**_row(letter), why=note.why[:3], reasons=len(note.why))
        return 1 if found and state == "dead" else 0

    def aside(self) -> int:
        found = self._store.read(lambda connection: connector_results.aside(connection, "", LIMIT))
        for result in found:
            say(letter=result.guid, connector=result.connector, case=result.case_id, at=result.at, why=result.why,
                 cure=ASIDE.get(result.why, ""))  # fmt: skip
        return 1 if found else 0

    def show(self, guid: str) -> int:
        """A letter with its rows and everything that is wrong with it, or a result with what it says."""
        letter = self._store.read(lambda connection: store.letter(connection, guid))
        if letter is None:
            return self._show_result(guid)
        connector = self._connectors.all.get(letter.connector)
        if connector is None:
            raise BackendError("no-such-connector", f"{letter.connector} is not in the file: check --connectors")
        note = self._note(letter)
        made = self._connectors.letters.made(connector, letter)
        rows = [{"table": row.table.name, **row.values} for row in made.sheet.rows]
        say(**_row(letter), why=note.why, repairs=note.repairs, repaired_by=note.by, rows=rows,
             wrong=[str(each) for each in made.wrong])  # fmt: skip
        return 1 if made.wrong else 0

    def again(self, guid: str, by: str, values: dict[str, str]) -> int:
        """A letter, or a result, once more; ``values`` in place of its own, put there ``by`` somebody."""
        if values and not by.strip():
            raise BackendError("no-name", "say who puts it right: --by NAME")
        now = stamp(self._backend.now())
        letter = self._store.read(lambda connection: store.letter(connection, guid))
        if letter is None:
            return self._result_again(guid, values)
        if values:
            sealed, key_id = self._repaired(letter, values, by)
            self._store.write(lambda connection: store.note(connection, guid, sealed, key_id))
        revived = self._store.write(lambda connection: store.revive(connection, [guid], now))
        say(letter=guid, again=bool(revived), repaired=sorted(values))
        return 0 if revived else 1

    def _repaired(self, letter: Letter, values: dict[str, str], by: str) -> tuple[bytes, str]:
        connector = self._connectors.all.get(letter.connector)
        known = set() if connector is None else {
            f"{row.table.name}.{column}" for row in connector.mapped.rows for column in row.table.columns
        }  # fmt: skip
        for name in values:
            if name not in known:
                raise BackendError("bad-column", f"{name} is no TABLE.COLUMN of this mapping")
        note = self._note(letter)
        return self._connectors.sealing.note(letter.guid, Note(note.why, {**note.repairs, **values}, by.strip()))

    def _show_result(self, guid: str) -> int:
        found = self._store.read(lambda connection: connector_results.by_guid(connection, guid))
        if found is None:
            raise BackendError("no-such-letter", "no letter and no result has this id: check --letter")
        try:
            said = self._connectors.sealing.read_said(found.guid, found.said, found.sealing_key_id)
        except JournalError:
            said = {}
        say(letter=guid, connector=found.connector, case=found.case_id, at=found.at, state=found.state,
             why=found.why, cure=ASIDE.get(found.why, ""), says=said)  # fmt: skip
        return 1 if found.state == "aside" else 0

    def _result_again(self, guid: str, values: dict[str, str]) -> int:
        found = self._store.read(lambda connection: connector_results.by_guid(connection, guid))
        if found is None:
            raise BackendError("no-such-letter", "no letter and no result has this id: check --letter")
        said = None
        if values:
            before = self._connectors.sealing.read_said(found.guid, found.said, found.sealing_key_id)
            said = self._connectors.sealing.said(found.guid, {**before, **values})
        again = self._store.write(lambda connection: connector_results.look_again(connection, guid, said))
        connector = self._connectors.all.get(found.connector)
        if connector is not None:
            self._connectors.results.run(connector)
        after = self._store.read(lambda connection: connector_results.by_guid(connection, guid))
        say(letter=guid, again=bool(again), state="" if after is None else after.state,
             why="" if after is None else after.why, repaired=sorted(values))  # fmt: skip
        return 0 if again and after is not None and after.state == "done" else 1

    def _note(self, letter: Letter) -> Note:
        return self._connectors.sealing.read_note(letter.guid, letter.note, letter.sealing_key_id)


def _pairs(lines: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` a line; nothing behind the sign for no value."""
    found = {}
    for line in lines:
        if not line.strip():
            continue
        name, sign, value = line.rstrip("\r\n").partition("=")
        if not sign:
            raise BackendError("bad-repair", "write TABLE.COLUMN=VALUE, a line each, to the standard input")
        found[name.strip()] = value
    if not found:
        raise BackendError("bad-repair", "write TABLE.COLUMN=VALUE, a line each, to the standard input")
    return found


def _row(letter: Letter) -> dict[str, object]:
    return {
        "letter": letter.guid, "connector": letter.connector, "case": letter.case_id, "kind": letter.kind,
        "step": letter.step, "state": letter.state, "since": letter.since, "next_try": letter.next_at,
        "tries": letter.attempts, "code": letter.code,
    }  # fmt: skip
