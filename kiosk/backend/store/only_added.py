"""Tables whose rows nobody changes or deletes, whichever program he uses, unless he takes the triggers away first."""

from __future__ import annotations

from sqlalchemy import DDL, Table, event


def only_added_to(table: Table) -> None:
    """The triggers are made with the table, in SQLite's words or PostgreSQL's."""
    name, words = table.name, f"{table.name} is only added to"
    for deed in ("UPDATE", "DELETE"):
        kept = f"CREATE TRIGGER {name}_no_{deed.lower()} BEFORE {deed} ON {name}"
        sqlite = DDL(f"{kept} BEGIN SELECT RAISE(ABORT, '{words}'); END")  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", sqlite.execute_if(dialect="sqlite"))
    for statement in (
        f"CREATE OR REPLACE FUNCTION {name}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{words}'; END $$",
        f"CREATE TRIGGER {name}_kept BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_kept()",
    ):
        postgres = DDL(statement)  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", postgres.execute_if(dialect="postgresql"))
