"""What a bundle (一件事) is: several items done with one form, one signature and one commit.

A bundle is a `ServicePack` that has a `Bundle`. As it is read it names its items; `kiosk.services.bundle.composed`
makes its one form of them, once the packs of the terminal are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kiosk.domain.case import CaseDraft
from kiosk.domain.decision import Outcome
from kiosk.domain.text import EMPTY, Text

if TYPE_CHECKING:
    from kiosk.services.model import ServicePack

CREDIT_CODE = "credit_code"  # what a registration makes: the one thing that no answer can give beforehand


@dataclass(frozen=True, slots=True)
class After:
    """An item that rests on another one of the bundle, and what becomes of it where that one does not hold.

    ``refused`` and ``undecided`` (with a person, received, or to be confirmed) say whether it is handed in all the
    same. One that is not handed in makes no case; ``stopped`` is told of it, ``waiting`` of one that goes on.
    """

    pack_id: str
    refused: bool
    undecided: bool
    stopped: Text = EMPTY
    waiting: Text = EMPTY


@dataclass(frozen=True, slots=True)
class BundleItem:
    """One item: a pack of at least that version, there while ``when`` holds (CEL over the answers; "" for always).

    ``answers``: what the bundle itself knows, by question of the pack: not asked. ``takes``: questions that are
    answered by another item, as ``ITEM.FIELD``. ``licences``: materials that are another item's licence. The rest is
    made by `composed`: ``pack``, and ``names``, the form's key for each key of the pack.
    """

    pack_id: str
    least: str
    when: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)
    after: After | None = None
    pack: ServicePack | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> ServicePack:
        """The pack of a composed bundle's item."""
        if self.pack is None:
            raise AssertionError(f"{self.pack_id} was not composed")
        return self.pack

    def makes_it(self, question: str) -> str:
        """The item whose result answers this question; "" for none."""
        item, _, name = self.takes.get(question, "").partition(".")
        return item if name == CREDIT_CODE else ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """``items`` in the order in which they are decided: the first is the one that the bundle stands for.

    ``twins``: a paper that is handed in instead of a promise, and the one of another item that is the same paper.
    """

    items: tuple[BundleItem, ...]
    twins: Mapping[str, str] = field(default_factory=dict)

    @property
    def lead(self) -> BundleItem:
        return self.items[0]


@dataclass(frozen=True, slots=True, repr=False)
class Done:
    """What became of one item at the commit; without a ``draft`` it was not handed in, because of what it rests on.

    ``waits``: it was, and goes on once what it rests on holds.
    """

    item: BundleItem
    draft: CaseDraft | None = None
    case_no: str = ""
    credit_code: str = ""
    waits: bool = False
    result: Text = EMPTY  # in a word, as paper and screen tell it

    @property
    def granted(self) -> bool:
        """Whether what it makes may be passed on: only what holds now is."""
        draft = self.draft
        return draft is not None and draft.decision.outcome is Outcome.APPROVED and draft.decision.effective

    @property
    def told(self) -> Text:
        """What the bundle says of it beside its own result. Nobody is told to wait for what is or will be refused."""
        after = self.item.after
        if after is None:
            return EMPTY
        if self.draft is None:
            return after.stopped
        return after.waiting if self.waits and not self.against else EMPTY

    @property
    def against(self) -> bool:
        """Whether it is refused, or will be as the rules stand."""
        return self.draft is not None and Outcome.REFUSED in (self.draft.decision.outcome, self.draft.decision.ahead)


def follows(item: BundleItem, done: Mapping[str, Done]) -> tuple[bool, bool]:
    """Whether an item is handed in as those before it came out, and whether it then waits for one of them."""
    after = item.after
    before = None if after is None else done.get(after.pack_id)
    if after is None or before is None or before.granted:
        return True, False
    if before.draft is None:
        return False, False
    refused = before.draft.decision.outcome is Outcome.REFUSED
    return (after.refused, False) if refused else (after.undecided, True)
