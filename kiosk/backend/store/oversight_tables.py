"""The tables of supervision: facts of each case, what was suspected, drawn and found. No person stands in any of them:
who applied and what was typed are keyed fingerprints, under a key that is not in the database.

They are made when somebody first asks (`prepare`), because no terminal needs them. All but what staff have found can be
made again from the cases.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
)

from kiosk.backend.store import postgres

metadata = MetaData()

# One row a case. Times as in `cases`. department: the authority's name, as the case's pack and place have it.
facts = Table(
    "oversight_facts",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("terminal_id", String(64), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("service_id", String(64), nullable=False),
    Column("department", String(64), nullable=False),
    Column("channel", String(16), nullable=False),  # terminal
    Column("bundle", String(64), nullable=False),  # "" for a matter of its own
    Column("started_at", String(40), nullable=False),
    Column("committed_at", String(40), nullable=False),
    Column("received_at", String(40), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("rung", String(16), nullable=False),
    Column("verification", String(16), nullable=False),
    Column("online", Boolean, nullable=False),
    Column("clock", String(16), nullable=False),
    Column("helped", Boolean, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("typed", Integer, nullable=False),  # answers typed or chosen by hand
    Column("carded", Boolean, nullable=False),  # a value came from a card
    Column("pages", Integer, nullable=False),  # materials handed in, the signature among them
    Column("answers", String(16), nullable=False),  # fingerprint, "" where too little was typed
    Column("person", String(16), nullable=False),
    Index("oversight_facts_by_time", "committed_at"),
)

# Of a rating what its sealed item says beside the level. delay: seconds from the commit, below 0 where clocks differ.
# staff_card: one lay in the slot in the visit that was rated.
rated = Table(
    "oversight_rated",
    metadata,
    Column("case_id", String(64), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("reasons", String(96), nullable=False),  # national codes, by comma
    Column("rated_at", String(40), nullable=False),
    Column("delay", Float, nullable=False),
    Column("staff_card", Boolean, nullable=False),
)

# What was reckoned last, whole: the pages read this, and reckon nothing.
snapshots = Table(
    "oversight_snapshots",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("made_at", String(40), nullable=False),
    Column("data", Text, nullable=False),  # JSON
)

suspicions = Table(
    "oversight_suspicions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("terminal_id", String(64), nullable=False),  # "" for several
    Column("area_code", String(12), nullable=False),
    Column("first_at", String(40), nullable=False),
    Column("last_at", String(40), nullable=False),
    Column("cases", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("chance", Float, nullable=False),
    Column("more", Text, nullable=False),  # JSON: figures of its kind
    Column("case_ids", Text, nullable=False),  # JSON
    Column("found_at", String(40), nullable=False),
    Column("verdict", String(16), nullable=False),  # "" | made_up | honest | unclear
    Column("verdict_by", String(64), nullable=False),  # a name of staff's account, no person's name
    Column("verdict_at", String(40), nullable=False),
)

draws = Table(
    "oversight_draws",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("seed", String(64), nullable=False),
    Column("design", String(64), nullable=False),  # JSON
    Column("cases", Integer, nullable=False),
    Column("population", String(64), nullable=False),
    Column("drawn_at", String(40), nullable=False),
)

samples = Table(
    "oversight_samples",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("case_id", String(64), primary_key=True),
    Column("stratum", String(64), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("service_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("of", Integer, nullable=False),
    Column("found", String(16), nullable=False),  # "" | in_order | flaw | made_up | unreachable
    Column("found_by", String(64), nullable=False),
    Column("found_at", String(40), nullable=False),
    Index("oversight_samples_by_found", "found", "day", "stratum", "number"),
    Index("oversight_samples_by_day", "day", "stratum", "number"),
)


# How many samples of an area came to what: a page tells it, and a year of 500 terminals has 180,000 of them.
sample_counts = Table(
    "oversight_sample_counts",
    metadata,
    Column("area_code", String(12), primary_key=True),
    Column("found", String(16), primary_key=True),
    Column("number", Integer, nullable=False),
)


def prepare(connection: Connection) -> None:
    """Makes what is missing. One process at a time."""
    if connection.dialect.name == "postgresql":
        postgres.take_turn(connection)
    _without_old(connection)
    metadata.create_all(connection)
    if connection.execute(select(sample_counts.c.number).limit(1)).first() is None:  # samples were drawn before it was
        c = samples.c
        counted = select(c.area_code, c.found, func.count()).group_by(c.area_code, c.found)
        connection.execute(insert(sample_counts).from_select(["area_code", "found", "number"], counted))


def _without_old(connection: Connection) -> None:
    """Facts of ratings as an earlier version kept them go: they are made again from the ratings themselves."""
    look = inspect(connection)
    if look.has_table(rated.name) and {each["name"] for each in look.get_columns(rated.name)} != {*rated.c.keys()}:
        rated.drop(connection)
