"""Reads service packs. A pack that is not ours is checked in full; ours are checked by the tests and trusted here.

The check needs JSON Schema and the rule compiler, which a terminal should not load before its first frame;
a built-in pack cannot change between the tests and the start, so reading it stays at some milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.domain.decision import Rung
from kiosk.domain.envelope import Trust
from kiosk.domain.place import Place
from kiosk.domain.register import ANSWER
from kiosk.domain.text import EMPTY, Text
from kiosk.domain.window import Window
from kiosk.services.model import (
    LICENCE,
    REGISTER,
    Again,
    Applicant,
    Clocks,
    CommitmentTerms,
    CrossCheck,
    Decider,
    Deciding,
    Derived,
    Effective,
    Forbidden,
    GuideTexts,
    Handler,
    LicenceSource,
    LicenceSpec,
    LimitedTexts,
    MaterialSpec,
    Option,
    OutcomeText,
    PaperKind,
    PaperSpec,
    Prefill,
    Question,
    QuestionKind,
    RegisterSpec,
    Review,
    Rule,
    ServicePack,
    Spoken,
    Suggestion,
    Variant,
)
from kiosk.services.reading import read
from kiosk.services.situations import PROXIES
from kiosk.services.templates import fill_known, places

if TYPE_CHECKING:
    from kiosk.services.document import PackProblem

BUILTIN = (
    "pension_verification",
    "individual_business",
    "elder_card",
    "elder_allowance",
    "unemployment_registration",
    "flexible_employment",
    "residence_permit_renewal",
    "residence_permit",
    "birth_registration",
    "individual_business_change",
    "individual_business_closing",
    "small_catering_filing",
    "complaint",
    "utility_connection",
    "financing_guarantee",
    "social_card_replacement",
    "shop_sign_filing",
    "social_insurance_record",
    "no_housing_record",
)
BUNDLES = ("open_small_restaurant",)  # of the packs above, each one form (kiosk/services/bundle.py)
Raw = Mapping[str, Any]
_HARMLESS = re.compile(r"[\w·（）()./-]+(?: [\w·（）()./-]+)*")


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
    from kiosk.services.check import check_document
    from kiosk.services.document import read_document

    document = read_document(Path(path))
    problems = check_document(document)
    if problems:
        raise PackError(tuple(problems))
    return build(document.data)


def read_checked(data: bytes) -> ServicePack:
    """A pack from bytes that were checked in full before, by `load_pack`: as quick as a built-in one."""
    return build(read(data))


def load_builtin(place: Place | None = None) -> dict[str, ServicePack]:
    """The packs that come with the terminal, by id, in the order of the home page; bound to ``place`` when given."""
    return {name: builtin(name, place) for name in BUILTIN} | {name: _bundle(name, place) for name in BUNDLES}


@lru_cache(maxsize=64)
def _bundle(name: str, place: Place | None) -> ServicePack:
    from kiosk.services import bundle

    pack = builtin(name, place)
    names = [item.pack_id for item in bundle.bundle_of(pack).items]
    return bundle.composed(pack, {each: builtin(each, place) for each in names})


@lru_cache(maxsize=256)
def builtin(name: str, place: Place | None = None) -> ServicePack:
    """One of them, read once in a process: neither file nor pack ever changes in it. A bundle as it is in its file."""
    data = (files("kiosk.services") / "builtin" / f"{name}.yaml").read_bytes()
    if place is None:
        return read_checked(data)
    written = _written(data.decode(), place)
    return placed(read_checked(data), place) if written is None else read_checked(written.encode())


def _written(text: str, place: Place) -> str | None:
    """The file with the place written in: four fifths quicker than to look through every part of what was made of it.

    None where a value that it names holds anything that means something in YAML.
    """
    parts = place.parts()
    named = {key: parts[key] for key in places(text) if key in parts}
    return fill_known(text, named) if all(_HARMLESS.fullmatch(value) for value in named.values()) else None


def placed(pack: ServicePack, place: Place) -> ServicePack:
    """The pack with every ``{place.…}`` filled in: done once, so that forms and papers need not know the place."""
    values = place.parts()

    def bind(value: Any) -> Any:
        """The same object where nothing of it names the place, which is so of nearly all."""
        kind: Any = type(value)
        if kind is str:
            return fill_known(value, values) if "{place." in value else value
        if kind is tuple:
            items = tuple([bind(item) for item in value])
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        if kind is dict:
            found = {key: bind(item) for key, item in value.items()}
            return found if any(found[key] is not item for key, item in value.items()) else value
        changed = {}
        for name in _fields(kind):
            old = getattr(value, name)
            if (new := bind(old)) is not old:
                changed[name] = new
        return replace(value, **changed) if changed else value

    bound: ServicePack = bind(pack)
    return bound


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none of anything else."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


def _text(raw: Raw | None) -> Text:
    return EMPTY if raw is None else Text(raw["zh"], raw["en"])


# Of questions that say nothing else: (shortest, longest) answer in characters.
LENGTHS = {QuestionKind.DATE: (8, 8), QuestionKind.AMOUNT: (1, 9)}


def _parts(raw: Raw) -> dict[str, Text]:
    """One text stands in both languages: names that go into a case are Chinese."""
    return {name: Text(text, text) if isinstance(text, str) else _text(text) for name, text in raw.items()}


def question(raw: Raw) -> Question:
    kind = QuestionKind(raw["kind"])
    shortest, longest = LENGTHS.get(kind, (1, 60))
    return Question(
        key=raw["key"],
        kind=kind,
        label=_text(raw["label"]),
        title=_text(raw["title"]),
        help=_text(raw.get("help")),
        options=tuple(
            Option(o["value"], _text(o["label"]), _text(o.get("detail")), _parts(o.get("parts", {})))
            for o in raw.get("options", ())
        ),
        min_length=raw.get("min_length", shortest),
        max_length=raw.get("max_length", longest),
        pattern=raw.get("pattern", ""),
        complaint=_text(raw.get("complaint")),
        preview=_text(raw.get("preview")),
        unit=_text(raw.get("unit")),
        forbidden=tuple(Forbidden(tuple(f["words"]), _text(f["complaint"])) for f in raw.get("forbidden", ())),
        review=raw.get("review", ""),
        masked=raw.get("masked", False),
        when=raw.get("when", ""),
        means=raw.get("means", ""),
        earliest=raw.get("earliest", ""),
        latest=raw.get("latest", ""),
        least=raw.get("least"),
        most=raw.get("most"),
        check=raw.get("check", ""),
        suggest=tuple(
            Suggestion(s["template"], s.get("key", ""), s.get("pattern", ""), _text(s.get("label")))
            for s in raw.get("suggest", ())
        ),
    )


@cache
def _applicant_words() -> Raw:
    import tomllib

    return tomllib.loads((files("kiosk.services") / "data" / "applicants.toml").read_text(encoding="utf-8"))


def _about_applicant(kinds: tuple[Applicant, ...]) -> tuple[Question, ...]:
    """What is asked first where somebody may apply for another: the house's own questions, the same in every pack."""
    if kinds == (Applicant.SELF,):
        return ()
    words = _applicant_words()
    role = words["role"]
    options = [{"value": kind.value, **words["option"][kind.value]} for kind in kinds]
    asked = [] if len(kinds) == 1 else [question({**role, "kind": "choice", "options": options})]
    proxies = " || ".join(f'answers["{role["key"]}"] == "{kind.value}"' for kind in kinds if kind in PROXIES)
    if proxies:
        when = proxies if asked else ""
        asked += [question({**raw, "when": when}) for raw in words["principal"].values()]
    return tuple(asked)


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
        when=raw.get("when", ""),
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
        when=raw.get("when", ""),
        later=_text(raw.get("later")),
        trust=Trust(raw.get("trust", "C")),
        licence=_needless(raw.get("licence")),
        means=raw.get("means", ""),
    )


def _needless(raw: Raw | None) -> LicenceSpec | None:
    return None if raw is None else LicenceSpec(_text(raw["name"]), raw["from"], raw.get("register", ""))


def guide(raw: Raw) -> GuideTexts:
    prepare = tuple((_text(p["title"]), _text(p["detail"])) for p in raw["prepare"])
    limited = {
        key: LimitedTexts(_text(texts["summary"]), _text(texts["lead"]), texts["errands"])
        for key, texts in raw.get("limited", {}).items()
    }
    return GuideTexts(raw["minutes"], raw["errands"], _text(raw["lead"]), prepare, _text(raw["basis"]), limited)


def outcome(raw: Raw) -> OutcomeText:
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


def _rule(raw: Raw) -> Rule:
    return Rule(
        rule_id=raw["id"],
        when=raw["when"],
        outcome=raw["outcome"],
        because=_text(raw["because"]),
        basis=raw["basis"],
        missing=tuple(_text(one) for one in raw.get("missing", ())),
        go=_text(raw.get("go")),
    )


def _deciding(raw: Raw) -> Deciding:
    """A situation that says nothing of who it is, and when the office is open, has that of the whole."""
    inside = tuple(_deciding({**raw, "situations": (), **each}) for each in raw.get("situations", ()))
    return Deciding(
        Decider(raw["by"]), _text(raw["office"]), raw["days"], _text(raw.get("hours")), raw.get("when", ""), inside
    )


def _review(raw: Raw) -> Review:
    phrases = {deed: tuple(_text(one) for one in said) for deed, said in raw.get("phrases", {}).items()}
    return Review(
        Decider(raw["first"]) if "first" in raw else None, raw.get("four_eyes", False),
        tuple(_text(one) for one in raw.get("checklist", ())), phrases,
    )  # fmt: skip


def _query(raw: Raw | None) -> RegisterSpec | None:
    if raw is None:
        return None
    return RegisterSpec(raw["register"], _text(raw["found"]), _text(raw["none"]), _text(raw["elsewhere"]))


def _answered(raw: Raw | None) -> tuple[Prefill, ...]:
    """Which of the two answers it was, and what was found."""
    if raw is None:
        return ()
    fields = [Prefill(one["key"], _text(one["label"]), REGISTER, one.get("masked", False)) for one in raw["fields"]]
    return (Prefill(ANSWER, _text(raw["label"]), REGISTER), *fields)


def _licences(raw: Raw) -> tuple[tuple[LicenceSource, ...], tuple[Prefill, ...]]:
    """The electronic licences that may be asked for, and what they tell that no question asks."""
    said = raw.get("licences", ())
    sources = tuple(
        LicenceSource(one["register"], _text(one["name"]), _text(one["keeper"]), tuple(f["key"] for f in one["fields"]))
        for one in said
    )
    fields = (field for one in said for field in one["fields"] if "label" in field)
    return sources, tuple(Prefill(f["key"], _text(f["label"]), LICENCE, f.get("masked", False)) for f in fields)


def build(raw: Raw) -> ServicePack:
    """The pack as dataclasses. ``raw`` has passed the check."""
    if raw.get("kind") == "bundle":
        from kiosk.services import bundle_loading

        return bundle_loading.build(raw)
    applicants = tuple(Applicant(kind) for kind in raw.get("applicants", ("self",)))
    effective = raw.get("effective", {})
    licences, told = _licences(raw)
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
        guide=guide(raw["guide"]),
        documents=tuple(raw["documents"]),
        min_age=raw.get("min_age", 0),
        signature=raw["signature"],
        prefill=(
            *(
                Prefill(p["key"], _text(p["label"]), p["source"], p.get("masked", False), p.get("means", ""))
                for p in raw.get("prefill", ())
            ),
            *_answered(raw.get("query")),
            *told,
        ),
        questions=(*_about_applicant(applicants), *(question(q) for q in raw.get("questions", ()))),
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
        rules=tuple(_rule(r) for r in raw["rules"]),
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
                when=p.get("when", ""),
                issuer=_text(p["issuer"]) if "issuer" in p else EMPTY,
                labels={name: _text(label) for name, label in p.get("labels", {}).items()},
                body=_text(p["body"]) if "body" in p else EMPTY,
                valid_months=p.get("valid_months"),
                type_code=p.get("type_code", ""),
                later=p.get("later", False),
            )
            for p in raw["papers"]
        ),
        outcome_texts={key: outcome(value) for key, value in raw["outcome_texts"].items()},
        sources=tuple(raw["sources"]),
        again=Again(raw["again"]["months"], _text(raw["again"]["label"])) if "again" in raw else None,
        clocks=Clocks(**raw["clocks"]) if "clocks" in raw else None,
        once=raw.get("once", 0),
        materials=tuple(_material(m) for m in raw.get("materials", ())),
        applicants=applicants,
        decides=_deciding(raw["decides"]) if "decides" in raw else Deciding(),
        review=_review(raw.get("review", {})),
        effective=Effective(effective.get("from", ""), effective.get("until", "")),
        checks=tuple(CrossCheck(c["must"], c["question"], _text(c["complaint"])) for c in raw.get("checks", ())),
        handlers=tuple(
            Handler(_text(h["name"]), _text(h["does"]), h["days"], h.get("when", "")) for h in raw.get("handlers", ())
        ),
        keywords=tuple(_text(word) for word in raw.get("keywords", ())),
        speech=tuple(Spoken(row["written"], _text(row)) for row in raw.get("speech", ())),
        query=_query(raw.get("query")),
        licences=licences,
        hours=(Window.parse(raw["hours"]),) if "hours" in raw else (),
    )
