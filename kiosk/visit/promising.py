"""Promises (告知承诺) in a visit: which are offered, which is on the screen, which are still open. A bundle may have
several, each read and agreed to by itself, one page after another. Pure; the page's handlers are in filling.py.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.case import Commitment
from kiosk.domain.envelope import FieldValue
from kiosk.services.model import CommitmentTerms
from kiosk.visit.states import State
from kiosk.visit.table import Result, go
from kiosk.visit.visit import Visit


def terms_on_screen(visit: Visit) -> CommitmentTerms | None:
    """The promise whose page is shown: the one that was gone to, or the only one."""
    offered = visit.pack.commitments
    return next((terms for terms in offered if terms.replaces == visit.promising), next(iter(offered), None))


def stands_for(visit: Visit, key: str) -> CommitmentTerms | None:
    """The promise that may be made in place of this paper."""
    return next((terms for terms in visit.pack.commitments if terms.replaces == key), None)


def is_open(visit: Visit, terms: CommitmentTerms) -> bool:
    """Whether it is neither made nor declined."""
    return terms.replaces not in visit.promises and terms.replaces not in visit.declined


def still_open(visit: Visit) -> CommitmentTerms | None:
    """The first one that is neither made nor declined."""
    return next((terms for terms in visit.pack.commitments if is_open(visit, terms)), None)


def page(visit: Visit, terms: CommitmentTerms) -> Result:
    """Its page, with the clauses as they were left: all of them where it was made before."""
    agreed = visit.agreed
    if terms.replaces != visit.promising:
        agreed = frozenset(range(len(terms.clauses))) if terms.replaces in visit.promises else frozenset()
    return go(visit, State.COMMITMENT, promising=terms.replaces, agreed=agreed)


def before(visit: Visit) -> CommitmentTerms | None:
    """The promise that was read before the one on the screen."""
    offered = visit.pack.commitments
    here = next((n for n, terms in enumerate(offered) if terms.replaces == visit.promising), 0)
    return offered[here - 1] if here else None


def made(visit: Visit, key: str, promise: Commitment, field: FieldValue) -> Visit:
    return replace(
        visit, promises={**visit.promises, key: promise}, declined=visit.declined - {key},
        envelope=visit.envelope.with_field(field),
    )  # fmt: skip


def declined(visit: Visit, key: str) -> Visit:
    kept = {known: promise for known, promise in visit.promises.items() if known != key}
    return replace(visit, promises=kept, declined=visit.declined | {key}, agreed=frozenset())


def only_offered(visit: Visit) -> Visit:
    """Without what was said to a promise that this situation does not offer any more."""
    keys = {terms.replaces for terms in visit.pack.commitments}
    if keys.issuperset(visit.promises) and keys.issuperset(visit.declined) and (keys or not visit.agreed):
        return visit
    kept = {key: promise for key, promise in visit.promises.items() if key in keys}
    agreed = visit.agreed if visit.promising in keys else frozenset[int]()
    return replace(visit, promises=kept, declined=visit.declined & keys, agreed=agreed)
