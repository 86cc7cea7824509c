"""Reads service packs. A pack that is not ours is checked in full; ours are checked by the tests and trusted here.

The check needs JSON Schema and the rule compiler, which a terminal should not load before its first frame;
a built-in pack cannot change between the tests and the start, so reading it stays at some milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.domain.decision import Rung
from kiosk.domain.place import Place
from kiosk.domain.text import EMPTY, Text
from kiosk.services.model import (
    Again,
    Clocks,
    CommitmentTerms,
    Derived,
    Forbidden,
    GuideTexts,
    LimitedTexts,
    MaterialSpec,
    Option,
    OutcomeText,
    PaperKind,
    PaperSpec,
    Prefill,
    Question,
    QuestionKind,
    Rule,
    ServicePack,
    Variant,
)
from kiosk.services.templates import fill_known

if TYPE_CHECKING:
    from kiosk.services.check import PackProblem

BUILTIN = ("pension_verification", "individual_business")
Raw = Mapping[str, Any]


class PackError(Exception):
    """A pack that cannot be used. Carries the first problem's place and cure, and ``problems`` with all of them."""

    code = "pack-invalid"
    retryable = False

    def __init__(self, problems: tuple[PackProblem, ...]) -> None:
        first = problems[0]
        self.problems = problems
        self.file, self.line, self.path = first.file, first.line, first.path
        self.message, self.cure = first.message, first.cure
        super().__init__(str(first) + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""))

    @property
    def advice(self) -> str:
        return self.cure


def load_pack(path: Path | str) -> ServicePack:
    """A pack from a file, checked in full. Raises PackError naming file, line, path and cure."""
    from kiosk.services.check import check_document, read_document

    document = read_document(Path(path))
    problems = check_document(document)
    if problems:
        raise PackError(tuple(problems))
    return build(document.data)


def read_checked(data: bytes) -> ServicePack:
    """A pack from bytes that were checked in full before, by `load_pack`: as quick as a built-in one."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return build(yaml.load(data, Loader=loader))  # noqa: S506 (CSafeLoader is a safe loader)


def load_builtin(place: Place | None = None) -> dict[str, ServicePack]:
    """The packs that come with the terminal, by id, in the order of the home page; bound to ``place`` when given."""
    packs: dict[str, ServicePack] = {}
    for name in BUILTIN:
        pack = read_checked((files("kiosk.services") / "builtin" / f"{name}.yaml").read_bytes())
        packs[pack.pack_id] = pack if place is None else placed(pack, place)
    return packs


def placed(pack: ServicePack, place: Place) -> ServicePack:
    """The pack with every ``{place.…}`` filled in: done once, so that forms and papers need not know the place."""
    from dataclasses import fields, is_dataclass, replace

    values = place.parts()

    def bind(value: Any) -> Any:
        if isinstance(value, str):
            return fill_known(value, values) if "{place." in value else value
        if isinstance(value, tuple):
            return tuple(bind(item) for item in value)
        if isinstance(value, Mapping):
            return {key: bind(item) for key, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            changed = {f.name: bind(getattr(value, f.name)) for f in fields(value)}
            return replace(value, **changed)
        return value

    bound: ServicePack = bind(pack)
    return bound


def _text(raw: Raw | None) -> Text:
    return EMPTY if raw is None else Text(raw["zh"], raw["en"])


def _question(raw: Raw) -> Question:
    return Question(
        key=raw["key"],
        kind=QuestionKind(raw["kind"]),
        label=_text(raw["label"]),
        title=_text(raw["title"]),
        help=_text(raw.get("help")),
        options=tuple(
            Option(o["value"], _text(o["label"]), _text(o.get("detail")), dict(o.get("parts", {})))
            for o in raw.get("options", ())
        ),
        min_length=raw.get("min_length", 1),
        max_length=raw.get("max_length", 60),
        pattern=raw.get("pattern", ""),
        complaint=_text(raw.get("complaint")),
        preview=_text(raw.get("preview")),
        unit=_text(raw.get("unit")),
        forbidden=tuple(Forbidden(tuple(f["words"]), _text(f["complaint"])) for f in raw.get("forbidden", ())),
        review=raw.get("review", ""),
        masked=raw.get("masked", False),
    )


def _commitment(raw: Raw | None) -> CommitmentTerms | None:
    if raw is None:
        return None
    return CommitmentTerms(
        commitment_id=raw["id"],
        version=raw["version"],
        title=_text(raw["title"]),
        notice=_text(raw["notice"]),
        clauses=tuple(_text(clause) for clause in raw["clauses"]),
        replaces=raw["replaces"],
        replaces_label=_text(raw["replaces_label"]),
        replaces_text=_text(raw["replaces_text"]),
        otherwise=_text(raw["otherwise"]),
        declined_text=_text(raw["declined_text"]),
        papers=_text(raw["papers"]),
        withdraw=_text(raw["withdraw"]),
        settled=_text(raw["settled"]),
    )


def _material(raw: Raw) -> MaterialSpec:
    return MaterialSpec(
        key=raw["key"],
        label=_text(raw["label"]),
        help=_text(raw["help"]),
        pages=raw["pages"],
        required=raw.get("required", False),
        document=raw.get("document", ""),
        reads=dict(raw.get("reads", {})),
        original=_text(raw.get("original")),
    )


def _guide(raw: Raw) -> GuideTexts:
    prepare = tuple((_text(p["title"]), _text(p["detail"])) for p in raw["prepare"])
    limited = {
        key: LimitedTexts(_text(texts["summary"]), _text(texts["lead"]), texts["errands"])
        for key, texts in raw.get("limited", {}).items()
    }
    return GuideTexts(raw["minutes"], raw["errands"], _text(raw["lead"]), prepare, _text(raw["basis"]), limited)


def _outcome(raw: Raw) -> OutcomeText:
    return OutcomeText(
        heading=_text(raw["heading"]),
        lead=_text(raw["lead"]),
        holds=_text(raw.get("holds")),
        later=_text(raw.get("later")),
        next_step=_text(raw.get("next")),
        result=_text(raw.get("result")),
        because=_text(raw.get("because")),
        basis=raw.get("basis", ""),
    )


def build(raw: Raw) -> ServicePack:
    """The pack as dataclasses. ``raw`` has passed the check."""
    return ServicePack(
        pack_id=raw["id"],
        version=raw["version"],
        item_code=raw["item_code"],
        category=raw["category"],
        name=_text(raw["name"]),
        short_name=_text(raw["short_name"]),
        summary=_text(raw["summary"]),
        promise=_text(raw["promise"]),
        badge=_text(raw["badge"]),
        authority=_text(raw["authority"]),
        guide=_guide(raw["guide"]),
        documents=tuple(raw["documents"]),
        min_age=raw.get("min_age", 0),
        signature=raw["signature"],
        prefill=tuple(
            Prefill(p["key"], _text(p["label"]), p["source"], p.get("masked", False)) for p in raw.get("prefill", ())
        ),
        questions=tuple(_question(q) for q in raw.get("questions", ())),
        derived=tuple(
            Derived(
                d["key"],
                _text(d["label"]),
                d["template"],
                tuple(Variant(v["key"], v["pattern"], v["template"]) for v in d.get("variants", ())),
                d.get("review", False),
            )
            for d in raw.get("derived", ())
        ),
        commitment=_commitment(raw.get("commitment")),
        rules=tuple(Rule(r["id"], r["when"], r["outcome"], _text(r["because"]), r["basis"]) for r in raw["rules"]),
        offline=Rung(raw["offline"]),
        number_blocks=tuple(raw["number_blocks"]),
        papers=tuple(
            PaperSpec(
                paper_id=p["id"],
                kind=PaperKind(p["kind"]),
                template=p["template"],
                title=_text(p["title"]),
                on=tuple(p["outcomes"]),
                fields=dict(p.get("fields", {})),
                notes=tuple(_text(note) for note in p.get("notes", ())),
            )
            for p in raw["papers"]
        ),
        outcome_texts={key: _outcome(value) for key, value in raw["outcome_texts"].items()},
        sources=tuple(raw["sources"]),
        again=Again(raw["again"]["months"], _text(raw["again"]["label"])) if "again" in raw else None,
        clocks=Clocks(**raw["clocks"]) if "clocks" in raw else None,
        once=raw.get("once", 0),
        materials=tuple(_material(m) for m in raw.get("materials", ())),
    )
