"""Tests (测试) grow old: some days after they came, what was in them is erased. Their numbers stay taken for ever.

A shell stays: the id, so that the same item sent once more is known; the number, so that nobody gets it again; and how
the case stood, which the log of its life is chained to. What tells of a person goes: the sealed bytes, pages and
certificates, whose case it was, what was waiting, what was said.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, update

from kiosk.backend.store.certificates import certificates
from kiosk.backend.store.late_tables import matters
from kiosk.backend.store.life_tables import deeds, lives
from kiosk.backend.store.queue_tables import case_locks, proposals, queue
from kiosk.backend.store.rating_tables import followups
from kiosk.backend.store.tables import cases, item_materials, items, materials, ratings


def erase(connection: Connection, before: str, limit: int) -> tuple[int, list[str]]:
    """Up to ``limit`` tests that came before then (ISO 8601, UTC). How many, and the hashes of their materials that
    nobody else's item names."""
    joined = cases.join(items, items.c.id == cases.c.item_id)
    old = select(cases.c.case_id).select_from(joined)
    old = old.where(cases.c.test, items.c.received_at < before, func.length(items.c.sealed) > 0)
    ids = list(connection.scalars(old.order_by(cases.c.case_id).limit(limit)))
    if not ids:
        return 0, []
    own = list(connection.scalars(select(cases.c.item_id).where(cases.c.case_id.in_(ids))))
    own += connection.scalars(select(ratings.c.item_id).where(ratings.c.case_id.in_(ids)))
    own += connection.scalars(select(deeds.c.item_id).where(deeds.c.case_id.in_(ids)))
    hashes = set(connection.scalars(select(item_materials.c.hash).where(item_materials.c.item_id.in_(own))))
    hashes |= set(connection.scalars(select(certificates.c.hash).where(certificates.c.case_id.in_(ids))))
    connection.execute(delete(item_materials).where(item_materials.c.item_id.in_(own)))
    connection.execute(update(items).where(items.c.id.in_(own)).values(sealed=b""))
    for table in (certificates, matters, queue, case_locks, proposals, followups):
        connection.execute(delete(table).where(table.c.case_id.in_(ids)))
    connection.execute(update(deeds).where(deeds.c.case_id.in_(ids)).values(person=""))
    connection.execute(update(lives).where(lives.c.case_id.in_(ids)).values(person=""))
    kept = set(connection.scalars(select(item_materials.c.hash).where(item_materials.c.hash.in_(hashes))))
    kept |= set(connection.scalars(select(certificates.c.hash).where(certificates.c.hash.in_(hashes))))
    gone = sorted(hashes - kept)
    connection.execute(delete(materials).where(materials.c.hash.in_(gone)))
    return len(ids), gone
