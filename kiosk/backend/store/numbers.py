"""Number blocks: reserved per terminal, never overlapping, the same request id gets the same block."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from kiosk.backend.store.tables import blocks, sequences


@dataclass(frozen=True, slots=True)
class Block:
    kind: str
    first: int
    last: int


def reserve(connection: Connection, terminal_id: str, request_id: str, kind: str, count: int) -> Block | None:
    """The block of this request; None if the id was used for another kind or size."""
    where = (blocks.c.terminal_id == terminal_id, blocks.c.request_id == request_id)
    row = connection.execute(select(blocks.c.kind, blocks.c.first, blocks.c.last).where(*where)).first()
    if row is not None:
        found = Block(row.kind, row.first, row.last)
        return found if (found.kind, found.last - found.first + 1) == (kind, count) else None
    # one sequence per kind for all areas: numbers stay apart even where two areas share a prefix
    asked = select(sequences.c.next).where(sequences.c.kind == kind).with_for_update()
    first = connection.scalar(asked)
    if first is None:
        first = 1
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
