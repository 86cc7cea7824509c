"""The closed catalogue of audit events (events.toml), loaded and checked once; the README's manual is made from it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.journal.errors import EventRefused

Detail = str | int
_FILE = Path(__file__).with_name("events.toml")
_README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- events: begin -->", "<!-- events: end -->"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One event: its documentation, and for each detail key what its value must look like.

    ``doc``: what it says; ``when`` it is written; ``do``: what staff should do about it, empty for nothing.
    """

    event: str
    doc: str
    when: str
    do: str
    keys: Mapping[str, str]
    always: frozenset[str]
    checks: Mapping[str, Callable[[Any], object] | None]  # None: an integer

    def check(self, details: Mapping[str, Detail]) -> None:
        """Raise EventRefused for a detail the catalogue does not list. The refused value is never repeated."""
        for key, value in details.items():
            if key not in self.checks:
                raise EventRefused(f"{self.event}: {key!r} is not one of its keys")
            check = self.checks[key]
            if check is None:
                if type(value) is not int:
                    raise EventRefused(f"{self.event}: {key!r} must be a whole number")
            elif type(value) is not str or check(value) is None:
                raise EventRefused(f"{self.event}: the value of {key!r} is not a {self.keys[key]}")
        if not self.always <= details.keys():
            raise EventRefused(f"{self.event}: {', '.join(sorted(self.always - details.keys()))} is missing")


@cache
def catalogue() -> Mapping[str, EventKind]:
    """All events by id."""
    data = tomllib.loads(_FILE.read_text("utf-8"))
    forms: dict[str, Callable[[Any], object] | None] = {
        form: None if pattern == "int" else re.compile(pattern, re.ASCII).fullmatch
        for form, pattern in data["forms"].items()
    }
    events = {}
    for event, entry in data["event"].items():
        keys: dict[str, str] = entry["keys"]
        always = frozenset(entry.get("always", ()))
        if not always <= keys.keys():
            raise ValueError(f"events.toml: {event}: `always` names a key that is not listed")
        if not entry.get("doc") or not entry.get("when"):
            raise ValueError(f"events.toml: {event}: `doc` and `when` must say something")
        checks = {key: forms[form] for key, form in keys.items()}
        events[event] = EventKind(event, entry["doc"], entry["when"], entry.get("do", ""), keys, always, checks)
    return events


def kind_of(event: str) -> EventKind:
    """Raises EventRefused for an event that the catalogue does not know."""
    found = catalogue().get(event)
    if found is None:
        raise EventRefused(f"no event {event!r} in the catalogue")
    return found


def table() -> str:
    """The manual: the catalogue as a Markdown table."""
    lines = ["| event | what it says | when | details | what to do |", "|---|---|---|---|---|"]
    for kind in catalogue().values():
        keys = ", ".join(f"`{key}`{'' if key in kind.always else '?'} {form}" for key, form in kind.keys.items())
        lines.append(f"| `{kind.event}` | {kind.doc} | {kind.when} | {keys or '-'} | {kind.do or '-'} |")
    return "\n".join(lines)


def readme_with_table(text: str) -> str:
    """The README's text with the table between its two marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    _README.write_text(readme_with_table(_README.read_text("utf-8")), "utf-8")
