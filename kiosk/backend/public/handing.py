"""What was lacking, handed in by telephone: the same item as a terminal's supplement, by the same table of deeds."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kiosk import wire
from kiosk.backend import log
from kiosk.backend.core import Backend
from kiosk.backend.lives import NUMBER
from kiosk.backend.store.items import NewItem
from kiosk.backend.web.problems import WebError
from kiosk.domain.envelope import Trust
from kiosk.journal.sealing import item_info, seal

BY_PHONE = "phone-"  # what the ids of such items begin with


@dataclass(frozen=True, slots=True, repr=False)
class Paper:
    """One file as it is kept. ``key``: of the material, in the pack (kiosk.domain.my_case.lacking)."""

    key: str
    media_type: str
    data: bytes


def supplement(backend: Backend, case_id: str, papers: Sequence[Paper], note: str) -> str:
    """All that was lacking, at once. The answer: a word of kiosk.wire.lives.DeedAnswer, "" where it waits for one.

    Sealed under the terminal that took the case, as that one would have done, so that whoever reads supplements reads
    this one. Raises WebError, StoreBusy.
    """
    life, case = backend.lives.known(case_id).life, backend.lives.envelope_of(case_id)
    terminal = backend.find_terminal(life.terminal_id)
    number = "" if case is None else next((each.value for each in case.fields if each.key == NUMBER), "")
    if case is None or terminal is None or not number:
        raise WebError("fault")
    epoch, item_id = backend.keys.current, f"{BY_PHONE}{uuid.uuid4().hex}"
    named = []
    for part, paper in enumerate(papers, 1):
        sealed = seal(paper.data, epoch.sealing_public, item_info(terminal.terminal_id, item_id, part))
        digest = hashlib.sha256(sealed).hexdigest()
        backend.store_material(terminal, digest, sealed, hashed=digest)
        plain = hashlib.sha256(paper.data).hexdigest()
        named.append(wire.PayloadMaterial(paper.key, paper.media_type, plain, digest, Trust.C.value))
    said = wire.SupplementPayload(
        case_id, number, backend.now().isoformat(), named, note[: wire.MAX_NOTE], test=case.test
    )
    sealed = seal(msgspec.json.encode(said), epoch.sealing_public, item_info(terminal.terminal_id, item_id))
    item = NewItem(
        item_id, "supplement", hashlib.sha256(sealed).hexdigest(), sealed, epoch.sealing_id,
        tuple(each.sealed_sha256 for each in named), said, person=backend.late.person(number, test=case.test),
    )  # fmt: skip
    answer = backend.take_own(terminal.terminal_id, item)
    log.event("case.by-phone", case=case_id, kind="supplement", answer=answer or None)
    return answer
