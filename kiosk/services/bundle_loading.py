"""A bundle's YAML as a pack: what stands in its own file. Its form is made by kiosk.services.bundle once its items are
known, so that it follows them when they are published anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.domain.decision import Rung
from kiosk.domain.text import EMPTY, Text
from kiosk.services import loader
from kiosk.services.bundled import After, Bundle, BundleItem
from kiosk.services.model import Effective, PaperKind, PaperSpec, ServicePack

Raw = Mapping[str, Any]
RECEIPT = "receipt"  # the one paper of a bundle's own: it tells of all items
FOLLOWS = ("goes_on", "stops")


def is_bundle(raw: Any) -> bool:
    """Whether a pack file is a bundle's."""
    return isinstance(raw, Mapping) and raw.get("kind") == "bundle"


def build(raw: Raw) -> ServicePack:
    """The bundle as dataclasses, not composed yet. ``raw`` has passed the check."""
    text, effective = _text, raw.get("effective", {})
    receipt = PaperSpec(
        RECEIPT, PaperKind.RECEIPT, "receipt", text(raw["receipt"]["title"]),
        ("approved", "refused", "referred"), notes=tuple(text(note) for note in raw["receipt"].get("notes", ())),
    )  # fmt: skip
    return ServicePack(
        pack_id=raw["id"],
        version=raw["version"],
        item_code=raw["item_code"],
        category=raw["category"],
        name=text(raw["name"]),
        short_name=text(raw["short_name"]),
        summary=text(raw["summary"]),
        promise=text(raw["promise"]),
        badge=EMPTY,  # each item has the stamp of its own result
        authority=text(raw["authority"]),
        guide=loader.guide(raw["guide"]),
        documents=(),
        min_age=0,
        signature=False,
        prefill=(),
        questions=tuple(loader.question(q) for q in raw.get("questions", ())),
        derived=(),
        commitment=None,
        rules=(),
        offline=Rung.FINAL,
        number_blocks=(),
        papers=(receipt,),
        outcome_texts={key: loader.outcome(value) for key, value in raw["outcome_texts"].items()},
        sources=tuple(raw["sources"]),
        effective=Effective(effective.get("from", ""), effective.get("until", "")),
        keywords=tuple(text(word) for word in raw.get("keywords", ())),
        bundle=Bundle(tuple(_item(item) for item in raw["items"])),
    )


def _item(raw: Raw) -> BundleItem:
    return BundleItem(
        pack_id=raw["pack"],
        least=raw["least"],
        when=raw.get("when", ""),
        answers=dict(raw.get("answers", {})),
        takes=dict(raw.get("takes", {})),
        licences=dict(raw.get("licences", {})),
        after=_after(raw["after"]) if "after" in raw else None,
    )


def _after(raw: Raw) -> After:
    said: list[Text] = [_text(raw.get(name)) for name in ("stopped", "waiting")]
    return After(raw["item"], raw["refused"] == FOLLOWS[0], raw["undecided"] == FOLLOWS[0], *said)


def _text(raw: Raw | None) -> Text:
    return EMPTY if raw is None else Text(raw["zh"], raw["en"])
