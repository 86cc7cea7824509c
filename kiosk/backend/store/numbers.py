"""Number blocks: reserved per terminal, never overlapping, the same request id gets the same block."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from kiosk.backend.ownership import FIRST, LARGEST
from kiosk.backend.store.tables import blocks, cases, registered_numbers, sequences


@dataclass(frozen=True, slots=True)
class Block:
    kind: str
    first: int
    last: int


class TooManyReserved(Exception):
    """The terminal holds so many numbers of the kind that it has not used yet."""


class Exhausted(Exception):
    """The kind's largest serial would be passed."""


def reserve(
    connection: Connection, terminal_id: str, request_id: str, kind: str, count: int, unused: int
) -> Block | None:
    """The block of this request; None if the id was used for another kind or size.

    ``unused``: how many numbers of the kind the terminal may hold that are reserved and not registered, this block
    included. In a transaction that holds the terminal. Raises TooManyReserved, Exhausted.
    """
    where = (blocks.c.terminal_id == terminal_id, blocks.c.request_id == request_id)
    row = connection.execute(select(blocks.c.kind, blocks.c.first, blocks.c.last).where(*where)).first()
    if row is not None:
        found = Block(row.kind, row.first, row.last)
        return found if (found.kind, found.last - found.first + 1) == (kind, count) else None
    # one sequence per kind for all areas: numbers stay apart even where two areas share a prefix
    asked = select(sequences.c.next).where(sequences.c.kind == kind).with_for_update()
    first = connection.scalar(asked)
    if _reserved(connection, terminal_id, kind) + count > unused + _registered(connection, terminal_id, kind):
        raise TooManyReserved
    if (first or FIRST[kind]) + count - 1 > LARGEST[kind]:
        raise Exhausted
    if first is None:
        first = FIRST[kind]
        connection.execute(insert(sequences).values(kind=kind, next=first + count))
    else:
        connection.execute(update(sequences).where(sequences.c.kind == kind).values(next=first + count))
    block = Block(kind, first, first + count - 1)
    connection.execute(
        insert(blocks).values(
            terminal_id=terminal_id, request_id=request_id, kind=kind, first=block.first, last=block.last
        )
    )
    return block


def owned(connection: Connection, terminal_id: str, kind: str, serials: Collection[int]) -> set[int]:
    """Those of ``serials`` that lie in one of this terminal's blocks."""
    if not serials:
        return set()
    where = (blocks.c.terminal_id == terminal_id, blocks.c.kind == kind)
    near = (blocks.c.last >= min(serials), blocks.c.first <= max(serials))
    rows = connection.execute(select(blocks.c.first, blocks.c.last).where(*where, *near)).all()
    return {serial for first, last in rows for serial in serials if first <= serial <= last}


def _reserved(connection: Connection, terminal_id: str, kind: str) -> int:
    where = (blocks.c.terminal_id == terminal_id, blocks.c.kind == kind)
    return int(connection.scalar(select(func.sum(blocks.c.last - blocks.c.first + 1)).where(*where)) or 0)


def _registered(connection: Connection, terminal_id: str, kind: str) -> int:
    joined = cases.join(registered_numbers, registered_numbers.c.case_id == cases.c.case_id)
    where = (cases.c.terminal_id == terminal_id, registered_numbers.c.kind == kind)
    return int(connection.scalar(select(func.count()).select_from(joined).where(*where)) or 0)
