"""One item of a bundle as it is committed: its own application, with what the items before it have made. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from kiosk.domain.case import Commitment, Material
from kiosk.domain.envelope import Envelope, FieldValue, Origin, Trust
from kiosk.domain.text import Text
from kiosk.services import bundle, forms, situations
from kiosk.services.bundled import BundleItem, Done
from kiosk.services.model import ServicePack
from kiosk.visit.effects import Commit

JSON = "application/json"
MADE_HERE = Text("本次登记取得", "Given at this registration")


def application(asked: Commit, item: BundleItem, done: Mapping[str, Done]) -> Commit:
    """What would have been asked for if this item had been applied for alone."""
    envelope = bundle.projected(item, asked.envelope)
    made = [done[source] for key in item.takes if (source := item.makes_it(key)) and done[source].granted]
    codes = {item.makes_it(key): key for key in item.takes if item.makes_it(key)}
    fields = [FieldValue(codes[one.item.pack_id], one.credit_code, Origin.LICENCE, Trust.A) for one in made]
    envelope = forms.derive(item.whole, envelope.with_fields(fields))
    pack = situations.fit(item.whole, envelope)
    licences = _licences(item, pack, done)
    for spec in pack.materials:
        if spec.key in item.licences:
            here = any(licence.kind == spec.key for licence in licences)
            field = FieldValue(spec.key, MADE_HERE.zh, Origin.LICENCE, Trust.A) if here else forms.not_handed_in(spec)
            envelope = envelope.with_field(field)
    return replace(
        asked, pack=item.whole, envelope=envelope, commitment=_promise(asked, item, pack, envelope), promises={},
        materials=(*_pages(asked, item, pack), *licences), draft=False,
    )  # fmt: skip


def _promise(asked: Commit, item: BundleItem, pack: ServicePack, envelope: Envelope) -> Commitment | None:
    keys = [item.names[terms.replaces] for terms in pack.commitments]
    return next((asked.promises[key] for key in keys if key in asked.promises), None)


def _pages(asked: Commit, item: BundleItem, pack: ServicePack) -> tuple[Material, ...]:
    """The pages that this item asks for; a paper that several ask for goes into the case of each."""
    return tuple(
        replace(page, kind=spec.key)
        for spec in pack.materials
        for page in asked.materials
        if page.kind == item.names.get(spec.key)
    )


def _licences(item: BundleItem, pack: ServicePack, done: Mapping[str, Done]) -> tuple[Material, ...]:
    """The licence that an item before it has just been given, by its number, as issued by the organ itself."""
    return tuple(
        Material(key, JSON, _licence(done[source]), Trust.A)
        for key, source in item.licences.items()
        if pack.material(key) is not None and source in done and done[source].granted
    )


def _licence(made: Done) -> bytes:
    told = {"service": made.item.pack_id, "case_no": made.case_no, "credit_code": made.credit_code}
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
