"""Checks a service pack: its shape by JSON Schema, its sense by rules of our own, each finding with its true line.

``python -m kiosk.services.check FILE...`` (the same as ``kiosk pack check``).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kiosk.domain.decision import Rung
from kiosk.domain.place import PLACE_KEYS
from kiosk.domain.text import shown
from kiosk.services import bundle_check, bundle_loading, limits, query_check, sense, tables
from kiosk.services.expressions import Condition, ExpressionError
from kiosk.services.forms import named
from kiosk.services.loader import build, load_builtin
from kiosk.services.model import Decider, PaperKind, ServicePack
from kiosk.services.rules import FACTS, PASS
from kiosk.services.templates import places

PathKey = tuple[str | int, ...]
LARGEST_FILE = 1 << 20  # bytes; ours have 30 kB
DEEPEST = 40  # nesting; ours have 7
TOO_DEEP = (f"it is nested deeper than {DEEPEST}", "Check the brackets and the indentation there.")
LONGEST_NUMBER = 64  # bits
LICENCE_FIELDS = ("name", "type", "operator", "scope", "premises", "form", "registrar")


@dataclass(frozen=True, slots=True)
class PackProblem:
    """One finding. ``path`` is where in the pack (``rules[3].when``); ``line`` counts from 1, 0 for the whole file."""

    file: str
    line: int
    path: str
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path or 'pack'}: {self.message} {self.cure}"


@dataclass(slots=True)
class Document:
    """A pack file as plain data, with the line of every part."""

    file: str
    data: Any = None
    lines: dict[PathKey, int] = field(default_factory=dict)
    problems: list[PackProblem] = field(default_factory=list)

    def problem(self, path: PathKey, message: str, cure: str) -> PackProblem:
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return PackProblem(self.file, self.lines.get(known, 0), _spell(path), message, cure)


def _spell(path: PathKey) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def read_document(path: Path) -> Document:
    """The file's data and lines; what cannot be read is a problem of the document."""
    import yaml

    document = Document(str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        text = raw[:LARGEST_FILE].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        document.problems.append(document.problem((), f"cannot be read: {reason}.", "Give the path of a UTF-8 file."))
        return document
    if len(raw) > LARGEST_FILE:
        found = document.problem((), f"is longer than {LARGEST_FILE >> 10} kB.", "Give the path of a service pack.")
        document.problems.append(found)
        return document
    loader = None
    try:
        loader = _loader()(text)
        node = loader.get_single_node()
        if node is not None:
            document.data = _plain(loader, node, (), document)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        said, cure = error.problem, error.note or "Check indentation and quotes there."
        if "nesting depth" in str(said):  # libyaml reads some way ahead
            said, cure = TOO_DEEP
        document.problems.append(PackProblem(document.file, line, "", f"is not YAML: {said}.", cure))
    except yaml.reader.ReaderError as error:
        line = raw.count(b"\n", 0, error.position) + 1  # libyaml counts bytes
        problem = f"is not YAML: the character U+{error.character:04X} may not stand in it."
        document.problems.append(PackProblem(document.file, line, "", problem, "Take it out, or write it as \\u...."))
    finally:
        if loader is not None:
            loader.dispose()
    return document


@cache
def _loader() -> Any:
    """YAML's safe loader without aliases (a few lines with them unfold to millions of parts) and without bottomless
    nesting: it refuses both where it meets them, with the line, before anything is unfolded.

    The text is taken apart by libyaml, in a fifth of the time; put together here, where both can be seen."""
    import yaml
    from yaml.composer import Composer

    class Loader(Composer, yaml.CSafeLoader):
        depth = 0

        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)

        def compose_node(self, parent: Any, index: Any) -> Any:
            event: Any = self.peek_event()
            mark: Any = event.start_mark
            if isinstance(event, yaml.AliasEvent):
                raise yaml.MarkedYAMLError(
                    problem=f"the alias *{event.anchor} is not taken",
                    problem_mark=mark,
                    note="Write out there what it stands for.",
                )
            if self.depth >= DEEPEST:
                raise yaml.MarkedYAMLError(problem=TOO_DEEP[0], problem_mark=mark, note=TOO_DEEP[1])
            self.depth += 1
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    return Loader


def _plain(loader: Any, node: Any, path: PathKey, document: Document) -> Any:
    import yaml

    document.lines[path] = node.start_mark.line + 1
    if node.tag not in _TAGS:
        document.problems.append(document.problem(path, f"uses the YAML tag {node.tag}.", "Write plain YAML."))
        return None
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STRING:
                problem = PackProblem(document.file, line, _spell(path), "a key is not a text.", "Put it in quotes.")
                document.problems.append(problem)
                continue
            key: str = key_node.value
            if key in result:
                document.lines[(*path, key)] = line
                document.problems.append(document.problem((*path, key), "stands twice.", "Keep one of the two."))
            result[key] = _plain(loader, value_node, (*path, key), document)
            document.lines[(*path, key)] = line
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*path, index), document) for index, item in enumerate(node.value)]
    return _scalar(loader, node, path, document)


def _scalar(loader: Any, node: Any, path: PathKey, document: Document) -> Any:
    """A text, number, truth value or nothing. Tags are believed by YAML before the content has been looked at."""
    import yaml

    try:
        value = loader.construct_object(node, deep=True)
        if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
            raise ValueError
    except (yaml.YAMLError, ValueError, TypeError, LookupError):
        kind = node.tag.rpartition(":")[2]
        problem = document.problem(path, f"is no {kind} that can be used.", "Correct it, or put it in quotes.")
        document.problems.append(problem)
        return None
    return value


SCHEMA = "pack.schema.json"


@cache
def _schema(name: str = SCHEMA) -> Any:
    """A bundle's schema refers to the pack's, which is put in there."""
    schema = json.loads((files("kiosk.services") / name).read_text(encoding="utf-8"))
    if name == SCHEMA:
        return schema
    whole = _schema()
    schema["$defs"] |= whole["$defs"]
    return _put_in(schema, whole)


def _put_in(part: Any, whole: Mapping[str, Any]) -> Any:
    if isinstance(part, Mapping):
        where = str(part.get("$ref", ""))
        group, _, key = where.removeprefix(f"{SCHEMA}#/").partition("/")
        if where.startswith(SCHEMA):
            return whole[group][key] if group == "properties" else {"$ref": f"#/$defs/{key}"}
        return {name: _put_in(each, whole) for name, each in part.items()}
    return [_put_in(each, whole) for each in part] if isinstance(part, list) else part


@cache
def _validator(name: str = SCHEMA) -> Any:
    import jsonschema

    schema = _schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


_CURES = {
    "required": "Add it.",
    "additionalProperties": "Remove it or correct its spelling.",
    "enum": "Use one of the allowed values.",
    "type": "Write it in the expected form; texts need both zh and en.",
    "pattern": "Write it in the expected form.",
    "minLength": "Write the text; both languages are needed.",
    "minItems": "Add what is missing.",
}


def check_document(document: Document, others: Mapping[str, ServicePack] | None = None) -> list[PackProblem]:
    """Every problem of a document that was read, in the order of its lines.

    ``others``: the packs that the items of a bundle may be; None leaves them unlooked at, for a terminal, which learns
    of them one by one (kiosk.sync.taking.in_use).
    """
    if document.problems:
        return document.problems
    bundled = bundle_loading.is_bundle(document.data)
    found = [
        document.problem(tuple(error.absolute_path), _schema_message(error), _CURES.get(error.validator, "Correct it."))
        for error in _validator("bundle.schema.json" if bundled else SCHEMA).iter_errors(document.data)
    ]
    if not found:
        pack = build(document.data)
        sense_of = _bundle(pack, document.data, others) if bundled else _sense(pack, document.data)
        found = [document.problem(path, message, cure) for path, message, cure in sense_of]
    return sorted(found, key=lambda problem: (problem.line, problem.path))


def _schema_message(error: Any) -> str:
    message: str = error.message
    return (message if len(message) < 160 else message[:157] + "...") + "."


def check_pack(path: Path | str, beside: Sequence[Path | str] = ()) -> list[PackProblem]:
    """Every problem of a pack file; empty when it may be used.

    The items of a bundle are looked for among the packs that come with the program and those in the files ``beside``.
    """
    document = read_document(Path(path))
    return check_document(document, _known_packs(beside) if bundle_loading.is_bundle(document.data) else None)


def _known_packs(beside: Sequence[Path | str]) -> dict[str, ServicePack]:
    """One that has problems of its own, which are told of it, is not there for others."""
    found = load_builtin()
    for path in beside:
        document = read_document(Path(path))
        if not bundle_loading.is_bundle(document.data) and not check_document(document):
            pack = build(document.data)
            found[pack.pack_id] = pack
    return found


_STRING = "tag:yaml.org,2002:str"
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null"))
Finding = tuple[PathKey, str, str]


def _sense(pack: ServicePack, raw: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _keys(pack)
    yield from _questions(pack)
    yield from _materials(pack)
    yield from _templates(pack)
    yield from _other_texts(raw)
    yield from _papers(pack)
    yield from _limits(pack)
    yield from _ladder(pack)
    yield from sense.findings(pack, raw)
    yield from limits.findings(pack)
    yield from query_check.findings(pack)
    conditions = [*sense.conditions(pack), *_conditions(pack)]
    yield from conditions
    if not conditions:
        yield from tables.findings(pack)


def _bundle(pack: ServicePack, raw: Mapping[str, Any], others: Mapping[str, ServicePack] | None) -> Iterator[Finding]:
    yield from _keys(pack)
    yield from _questions(pack)
    yield from _other_texts(raw)
    yield from sense.of_questions(pack)
    conditions = list(sense.conditions(pack))
    yield from conditions
    if others is not None and not conditions:
        yield from bundle_check.findings(pack, others)


def _keys(pack: ServicePack) -> Iterator[Finding]:
    seen: set[str] = set()
    named: list[tuple[PathKey, str]] = [
        *(((*path, "key"), item.key) for path, item in query_check.prefilled(pack)),
        *((("questions", i, "key"), q.key) for i, q in sense.numbered(pack)),
        *((("derived", i, "key"), d.key) for i, d in enumerate(pack.derived)),
    ]
    if pack.commitment is not None:
        named.append((("commitment", "replaces"), pack.commitment.replaces))
    named += [(("materials", i, "key"), m.key) for i, m in enumerate(pack.materials) if m in pack.needed]
    for path, key in named:
        if key in seen or key.startswith("place."):
            yield path, f"the key {key} is taken.", "Choose another key."
        seen.add(key)
    for what, ids in (("rules", [r.rule_id for r in pack.rules]), ("papers", [p.paper_id for p in pack.papers])):
        for index, one in enumerate(ids):
            if one in ids[:index]:
                yield (what, index, "id"), f"the id {one} is taken.", "Number it anew."


def _questions(pack: ServicePack) -> Iterator[Finding]:
    from kiosk.services.model import QuestionKind

    derived = {d.key for d in pack.derived}
    for index, question in sense.numbered(pack):
        if index < 0:
            continue  # the house's own
        here: PathKey = ("questions", index)
        if (question.kind is QuestionKind.CHOICE) != bool(question.options):
            yield (*here, "kind"), "options belong to a choice, and a choice has options.", "Add or remove the options."
        values = [option.value for option in question.options]
        if len(set(values)) != len(values):
            yield (*here, "options"), "two options have the same value.", "Give each its own."
        for number, option in enumerate(question.options):
            if set(option.parts) != set(question.options[0].parts):
                where: PathKey = (*here, "options", number)
                yield where, "the options do not all carry the same parts.", "Give every option the same parts."
        if question.min_length > question.max_length:
            yield (*here, "min_length"), "is more than max_length.", "Exchange them."
        if question.review and question.review not in derived:
            yield (*here, "review"), f"no derived field has the key {question.review}.", "Name a derived field."
        if question.pattern:
            if question.complaint.zh == "":
                yield (*here, "pattern"), "nothing is said when it does not fit.", "Add a complaint in both languages."
            yield from _pattern((*here, "pattern"), question.pattern)


def _materials(pack: ServicePack) -> Iterator[Finding]:
    """What is read of a paper goes into the answer to a question that is typed; each answer comes from one paper."""
    seen: set[str] = set()
    for index, material in enumerate(pack.materials):
        if material.required and material not in pack.needed:
            here: PathKey = ("materials", index, "required")
            yield here, "a promise stands for it.", "Leave it out: who does not promise is asked."
        for key in material.reads:
            path: PathKey = ("materials", index, "reads", key)
            question = pack.question(key)
            if question is None or question.options:
                yield path, f"no question with the key {key} is answered by typing.", "Name one of this pack."
            if key in seen:
                yield path, "is read from another material already.", "Keep one of the two."
            seen.add(key)


def _pattern(path: PathKey, pattern: str) -> Iterator[Finding]:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        yield path, f"is not a pattern: {error}.", "Correct the regular expression."


def _known(pack: ServicePack) -> set[str]:
    keys = {p.key for p in pack.prefill} | {q.key for q in pack.questions} | set(PLACE_KEYS)
    for question in pack.questions:
        for option in question.options:
            keys |= {f"{question.key}.{part}" for part in option.parts} | {f"{question.key}.label"}
    return keys


def _templates(pack: ServicePack) -> Iterator[Finding]:
    known = _known(pack)
    for index, derived in enumerate(pack.derived):
        here: PathKey = ("derived", index)
        yield from _places((*here, "template"), derived.template, known)
        for number, variant in enumerate(derived.variants):
            inside = (*here, "variants", number)
            yield from _pattern((*inside, "pattern"), variant.pattern)
            yield from _places((*inside, "template"), variant.template, known)
            if variant.key not in known:
                yield (*inside, "key"), f"no field has the key {variant.key}.", "Name a field above it."
        known.add(derived.key)
    for index, question in sense.numbered(pack):
        for language in ("zh", "en"):
            path: PathKey = ("questions", index, "preview", language)
            yield from _places(path, getattr(question.preview, language), known)
        if set(places(question.preview.zh)) != set(places(question.preview.en)):
            yield ("questions", index, "preview"), "the languages name different places.", "Name the same in both."
    for number, paper in enumerate(pack.papers):
        for name, template in paper.fields.items():
            where: PathKey = ("papers", number, "fields", name)
            yield from _places(where, template, known)
            if paper.kind is PaperKind.RECEIPT:
                yield from _one_language(pack, where, template)
        for language in ("zh", "en"):
            yield from _places(("papers", number, "body", language), getattr(paper.body, language), known)


def _one_language(pack: ServicePack, path: PathKey, template: str) -> Iterator[Finding]:
    """A receipt is in the language of its reader; a certificate is Chinese in every language."""
    for key in places(template):
        name, _, part = key.rpartition(".")
        question = pack.question(name)
        texts = [option.parts[part] for option in question.options if part in option.parts] if question else []
        if any(text.zh == text.en and not text.zh.isascii() for text in texts):
            cure = f"Give each {part} both languages ({{ zh: …, en: … }}), or print {{{name}.label}}."
            yield path, f"{{{key}}} is Chinese on an English receipt, too.", cure


def _is_template(path: PathKey) -> bool:
    """Whether answers are filled in at this place (and ``_templates`` has looked at it); elsewhere the place's are."""
    match path:
        case ("derived", int(), "template") | ("derived", int(), "variants", int(), "template" | "pattern"):
            return True
        case ("questions", int(), "preview" | "pattern", *_) | ("papers", int(), "fields" | "body", *_):
            return True
        case ("rules", int(), "when") | ("checks", int(), "must"):
            return True
    return False


def _other_texts(raw: Any, path: PathKey = ()) -> Iterator[Finding]:
    """A place that nobody fills in would stand on the screen in its brackets."""
    if _is_template(path):
        return
    if isinstance(raw, str):
        for key in places(raw):
            if key not in PLACE_KEYS:
                yield (
                    path,
                    f"{{{key}}} would stand there as it is.",
                    "No answers are filled in here, only place.… values.",
                )
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _other_texts(value, (*path, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _other_texts(value, (*path, index))


def _places(path: PathKey, template: str, known: set[str]) -> Iterator[Finding]:
    for key in places(template):
        if key not in known:
            yield path, f"{{{key}}} is not known here.", "Name a field, an option's part or a place.… value."
    if re.sub(r"\{[a-z0-9_.]+\}", "", template).count("{"):
        yield path, "a place is not well formed.", "Write places as {key}, in small letters."


def _papers(pack: ServicePack) -> Iterator[Finding]:
    receipts = [(index, paper) for index, paper in enumerate(pack.papers) if paper.kind.value == "receipt"]
    for outcome in sense.outcomes(pack):
        if not any(outcome in paper.on for _, paper in receipts):
            path: PathKey = ("papers", receipts[0][0], "outcomes") if receipts else ("papers",)
            yield path, f"nobody gets a receipt when the outcome is {outcome}.", "Add it to the receipt's `outcomes`."
    for index, paper in enumerate(pack.papers):
        if paper.kind.value == "certificate":
            if set(paper.on) != {"approved"}:
                yield (
                    ("papers", index, "outcomes"),
                    "a certificate is for what was approved.",
                    "Write `outcomes: [approved]`.",
                )
            yield from _licence(pack, index) if paper.template == "licence" else _certificate(pack, index)
        elif paper.template != "receipt":
            yield ("papers", index, "template"), "this layout is a certificate's.", "Write `kind: certificate`."


def _licence(pack: ServicePack, index: int) -> Iterator[Finding]:
    for name in LICENCE_FIELDS:
        if name not in pack.papers[index].fields:
            yield ("papers", index, "fields"), f"the layout needs the field {name}.", "Add its template."
    if "uscc" not in pack.number_blocks:
        yield ("number_blocks",), "the licence needs a credit code.", "Add uscc."


def _certificate(pack: ServicePack, index: int) -> Iterator[Finding]:
    """The general layout: it says whose it is, and every row has its label."""
    paper = pack.papers[index]
    if paper.template != "certificate":
        yield ("papers", index, "template"), "a certificate has another layout.", "Write `template: certificate`."
    if not paper.fields:
        yield ("papers", index), "nobody could tell whose certificate it is.", "Add `fields`, the name first."
    labelled = {each.key for each in pack.prefill} | {each.key for each in pack.questions}
    labelled |= {each.key for each in pack.derived} | set(paper.labels)
    for name in paper.fields:
        if name not in labelled:
            yield ("papers", index, "fields", name), "this row has no label.", "Add it to `labels`, in both languages."
    for name in paper.labels:
        if name not in paper.fields:
            yield ("papers", index, "labels", name), "no row has this label.", "Remove it, or add the field."


def _ladder(pack: ServicePack) -> Iterator[Finding]:
    """A rung that only takes in needs words of its own and the law's clocks; elsewhere nobody would ever read them."""
    takes = pack.offline is Rung.RECEIPT
    words = (("received", "outcome_texts", "received" in pack.outcome_texts), ("clocks", "", pack.clocks is not None))
    for name, parent, there in words:
        path: PathKey = (parent, name) if parent else (name,)
        if takes and not there:
            yield path, "a service of the rung `receipt` needs it: nothing is decided then.", f"Add `{name}`."
        elif there and not takes:
            yield path, "only a service of the rung `receipt` needs it.", "Remove it, or write `offline: receipt`."


def _limits(pack: ServicePack) -> Iterator[Finding]:
    """Nobody is promised at the start what the machine cannot do now."""
    wanted = []
    if pack.offline in (Rung.PROVISIONAL, Rung.RECEIPT):
        wanted.append(("network", "without a network"))
    if any(paper.kind.value == "certificate" for paper in pack.papers):
        wanted.append(("paper", "when the certificate cannot be printed"))
    for key, when in wanted:
        if key not in pack.guide.limited:
            yield ("guide",), f"nothing else is said {when}.", f"Add `limited.{key}` with summary, lead and errands."


def _conditions(pack: ServicePack) -> Iterator[Finding]:
    fields = _known(pack) | {d.key for d in pack.derived}
    if pack.commitment is not None:
        fields.add(pack.commitment.replaces)
    for index, rule in enumerate(pack.rules):
        path: PathKey = ("rules", index, "when")
        try:
            compiled = Condition(rule.when)
        except ExpressionError as error:
            first = str(error).splitlines()[0]
            yield path, f"is not a condition: {first}", "Correct the CEL expression."
            continue
        for name in sorted(compiled.names - set(FACTS)):
            yield path, f"{name} is not a fact.", f"Facts are {', '.join(FACTS)}."
        for key in named(rule.when):
            if key not in fields:
                yield path, f"no field has the key {key}.", "Name a field of this pack."
        yield from sense.options(pack, path, rule.when)
    last = pack.rules[-1]
    if last.when.strip() != "true" or last.outcome != "referred":
        yield (
            ("rules", len(pack.rules) - 1),
            "the last rule must always hold and refer the matter to a person.",
            ('Add a last rule with `when: "true"` and `outcome: referred`.'),
        )
    for index, rule in enumerate(pack.rules[:-1]):
        if rule.when.strip() == "true" and rule.outcome != PASS:
            yield ("rules", index), "always holds, so no rule below it is ever reached.", "Move it to the end."
    if "approved" not in sense.outcomes(pack) and pack.decides.by is Decider.RULE:
        yield ("rules",), "nothing can ever be approved.", "Add a rule with the outcome approved."


def main(arguments: Sequence[str] | None = None) -> int:
    """Check files; one line per problem; exit status 1 when there is any."""
    paths: list[str] = list(sys.argv[1:] if arguments is None else arguments)
    if not paths:
        print("usage: python -m kiosk.services.check FILE...", file=sys.stderr)
        return 2
    found = [problem for path in paths for problem in check_pack(path, paths)]
    for problem in found:
        print(shown(str(problem)))
    if not found:
        print(f"{len(paths)} pack(s) checked, no problem found")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
