"""Scanned pages sealed before they are committed: while the citizen reads the review, and signs.

What is sealed ahead is bound to the id that its case will have, to its place among the attachments and to the key of
the backend; a commit that differs in any of them seals anew. It lies in memory alone and leaves it with the visit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from kiosk.domain.case import Material, new_case_id
from kiosk.journal.records import SealedMaterial
from kiosk.journal.sealing import item_info, seal


@dataclass(frozen=True, slots=True, repr=False)
class Pages:
    """Pages in their order, the first attachments of the case ``case_id``, each with its sealed form."""

    case_id: str
    materials: tuple[Material, ...] = ()
    sealed: tuple[SealedMaterial, ...] = ()
    sealed_to: tuple[str, bytes] = ("", b"")  # by which terminal, to which key


class Ahead:
    """May be used from any thread. Holds the pages of one visit at most."""

    def __init__(self) -> None:
        self._lock, self._sealing = threading.Lock(), threading.Lock()
        self._turn = object()
        self._pages: Pages | None = None

    def expect(self) -> object:
        """Whatever was sealed is forgotten; what is being sealed will be. Waits for nobody. The token: for ``seal``."""
        with self._lock:
            self._turn, self._pages = object(), None
            return self._turn

    def seal(self, pages: tuple[Material, ...], turn: object, terminal_id: str, key: bytes) -> None:
        """Keep these pages sealed, for as long as ``turn`` holds."""
        with self._sealing:
            if turn is not self._turn:
                return
            made = _sealed(pages, terminal_id, key)
            with self._lock:
                if turn is self._turn:
                    self._pages = made

    def take(self, pages: tuple[Material, ...], terminal_id: str, key: bytes) -> Pages:
        """These pages sealed: those that were sealed ahead, or anew. An id is used once: nothing is kept."""
        with self._sealing, self._lock:  # those that are being sealed are not sealed twice
            found, self._pages = self._pages, None
        if found is not None and found.sealed_to == (terminal_id, key) and found.materials == pages:
            return found
        return _sealed(pages, terminal_id, key)


def _sealed(pages: tuple[Material, ...], terminal_id: str, key: bytes) -> Pages:
    case_id = new_case_id()
    sealed = tuple(seal_material(page, part, case_id, terminal_id, key) for part, page in enumerate(pages, 1))
    for page in pages:
        page.sha256  # noqa: B018  # made once, and kept with the page
    return Pages(case_id, pages, sealed, (terminal_id, key))


def seal_material(material: Material, part: int, case_id: str, terminal_id: str, key: bytes) -> SealedMaterial:
    """The material as the item's attachment number ``part``, counted from 1."""
    return SealedMaterial.of(material.kind, seal(material.data, key, item_info(terminal_id, case_id, part)))
