"""`kiosk bench packs`: packs read and ready, a decision with its trace, a page of a form with situations.

References: PyYAML's safe loader over its C parser, on the same bytes, for what is read; the same conditions evaluated
one by one with the facts as a dictionary, as the wheel's manual begins, for a decision. What a citizen waits for is
bounded by itself: reading all packs 150 ms, a decision with its trace 1 ms, a form's page one frame (16.7 ms). All are
work of the processor alone and are measured in its time, because on a busy machine others' work lies in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

from kiosk.bench.rows import Row, compare, interleave
from kiosk.domain.beijing import CHINA
from kiosk.domain.decision import Verification
from kiosk.services import bench_search, rules
from kiosk.services.expressions import condition
from kiosk.services.loader import BUILTIN, builtin, load_builtin
from kiosk.services.rules import Facts

ROUNDS = 40
READY, DECIDED, FRAME = 150.0, 1.0, 1000 / 60  # ms
MANY = 20  # decisions and pages of a round
SHOP, PERMIT = "individual_business", "residence_permit_renewal"
FACTS = Facts(
    38, "resident", False, True, Verification.FACE, True, True,
    {"shop_name": "南关小面馆", "full_name": "某", "full_premises": "某", "business_scope": "某"}, today="20260701",
)  # fmt: skip


def _used(work: Callable[[], object]) -> Callable[[], float]:
    """The processor's seconds of this process that the work takes."""

    def timed() -> float:
        begun = time.process_time()
        work()
        return time.process_time() - begun

    return timed


def measure(rounds: int = ROUNDS) -> list[Row]:
    return [_read(rounds), *_decided(rounds), *_page(rounds), *bench_search.measure()]


def _read(rounds: int) -> Row:
    import yaml

    folder = files("kiosk.services") / "builtin"
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def theirs() -> None:
        for name in BUILTIN:
            yaml.load((folder / f"{name}.yaml").read_bytes(), Loader=loader)  # noqa: S506 (a safe loader)

    def ours() -> None:
        builtin.cache_clear()
        load_builtin()

    row = compare(f"{len(BUILTIN)} packs read and ready", _used(theirs), _used(ours), rounds)
    return _bounded(row, READY, "reference: PyYAML's safe loader on the same bytes, nothing made of them")


def _bounded(row: Row, most: float, notes: str) -> Row:
    """The row with a limit on its own time: its ratio informs."""
    ratio = f"ratio {row.ratio:.2f} to the reference's {row.reference:.3f} ms" if row.ratio is not None else ""
    return Row(row.work, None, row.ours, None, most, row.unit, f"{notes}; {ratio}; {row.notes}")


def _decided(rounds: int) -> list[Row]:
    pack, variables = load_builtin()[SHOP], FACTS.as_variables()
    variables["answers"] = dict.fromkeys(rules.field_keys(pack), "") | variables["answers"]

    def theirs() -> None:
        for _ in range(MANY):
            for rule in pack.rules:
                condition(rule.when).holds(variables)

    def ours() -> None:
        for _ in range(MANY):
            rules.decide(pack, FACTS)

    row = compare(f"a decision with its trace ({len(pack.rules)} rules)", _used(theirs), _used(ours), rounds)
    notes = "reference: the same conditions, each with the facts as a dictionary, no trace"
    return [_bounded(_each(row), DECIDED, notes)]


def _each(row: Row) -> Row:
    """Of a round of many, one."""
    reference = None if row.reference is None else row.reference / MANY
    ours = None if row.ours is None else row.ours / MANY
    return Row(row.work, reference, ours, row.ratio, row.limit, row.unit, row.notes)


def _page(rounds: int) -> list[Row]:
    """An answer that changes the situation: the form trimmed anew, and the snapshot of the next page made."""
    from kiosk.domain.envelope import Envelope
    from kiosk.services import forms
    from kiosk.visit.delays import Delays
    from kiosk.visit.filling import with_answers
    from kiosk.visit.states import State
    from kiosk.visit.view import screen_of
    from kiosk.visit.visit import Machine, Now, Visit

    packs = load_builtin()
    now = Now(0.0, datetime(2026, 7, 1, 10, 0, tzinfo=CHINA))
    visit = Visit(Machine(packs, Delays.load()), State.FORM, service=packs[PERMIT])
    situation = packs[PERMIT].question("situation")
    if situation is None:
        raise RuntimeError(f"{PERMIT} has no situations any more")

    def page(value: str) -> None:
        answered = with_answers(visit, Envelope().with_field(forms.answer(situation, value)))
        screen_of(answered, 1, now)

    page("same")
    _, times = interleave(_used(lambda: page("moved")), _used(lambda: page("same")), rounds * MANY)
    ours = sorted(times)
    middle, late = ours[len(ours) // 2] * 1000, ours[len(ours) * 99 // 100] * 1000
    notes = f"{len(ours)} rounds, the slowest in a hundred {late:.2f} ms"
    return [Row("a form's page after an answer that changes the situation", None, middle, None, FRAME, "ms", notes)]
