"""Ways to the issuer that were begun, in the store: each is used once. Every function is part of a transaction."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from kiosk.backend.store.engine import Store
from kiosk.backend.store.oidc_tables import staff_oidc


def prepare(store: Store) -> None:
    """Makes the table where it is not there yet."""
    store.prepare()


def keep(connection: Connection, state: str, holder: str, now: int, until: int) -> None:
    """One more. Those whose time is over are forgotten."""
    connection.execute(delete(staff_oidc).where(staff_oidc.c.until <= now))
    connection.execute(insert(staff_oidc).values(state=state, holder=holder, until=until))


def spend(connection: Connection, state: str, now: int) -> str | None:
    """Whose it was; None where there is none (any more). Of two that come at the same time one gets it."""
    c = staff_oidc.c
    row = connection.execute(select(c.holder).where(c.state == state, c.until > now).with_for_update()).first()
    connection.execute(delete(staff_oidc).where(c.state == state))
    return None if row is None else str(row[0])
