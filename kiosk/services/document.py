"""A pack file as plain data with the line of every part, and what is told of it: file, line, place, message, cure.

What an untrusted file may do is bounded here: its size, its nesting, its numbers; aliases and tags are not taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PathKey = tuple[str | int, ...]
LARGEST_FILE = 1 << 20  # bytes; ours have 30 kB
DEEPEST = 40  # nesting; ours have 7
TOO_DEEP = (f"it is nested deeper than {DEEPEST}", "Check the brackets and the indentation there.")
LONGEST_NUMBER = 64  # bits
_STRING = "tag:yaml.org,2002:str"
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null"))


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
