"""What things are called on pages: matters by their packs, terminals by the operator, streets by their codes."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.backend.store import oversight_facts as facts
from kiosk.backend.store.engine import Connection
from kiosk.services.loader import load_builtin


def names(connection: Connection) -> Mapping[str, Mapping[str, str]]:
    """By table: item, terminal, street, department; ``area``: of each terminal. What has no name keeps its code."""
    terminals = facts.terminal_names(connection)
    return {
        "item": _Items(), "terminal": {id_: name for id_, (name, _) in terminals.items()}, "street": {},
        "department": {"": "—"}, "area": {id_: area for id_, (_, area) in terminals.items()},
    }  # fmt: skip


class _Items(dict[str, str]):
    """Packs are read when one is asked for."""

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        if not self:
            self.update({pack_id: pack.name.zh for pack_id, pack in load_builtin().items()})
        return super().get(key, default)
