"""A checked pack's YAML as plain data, in 0.4 of the time that PyYAML's own composer takes over its C parser.

A terminal reads every pack at its start. What was checked (check.py) is mappings, lists and scalars without tags and
aliases, so that the parser's events are all there is; a plain scalar means what PyYAML's resolver says it means.
Whatever else comes is left to PyYAML itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_INT = "tag:yaml.org,2002:int"


class _Other(Exception):
    """Something that a checked pack has not."""


def read(data: bytes) -> Any:
    """The one document in ``data``. Raises yaml.YAMLError."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parser = loader(data)
    try:
        parser.get_event()  # the stream
        parser.get_event()  # the document
        return _Reader(yaml, parser.get_event).value(parser.get_event())
    except _Other:
        return yaml.load(data, Loader=loader)  # noqa: S506 (CSafeLoader is a safe loader)
    finally:
        parser.dispose()


class _Reader:
    def __init__(self, yaml: Any, event: Callable[[], Any]) -> None:
        self._event, self._resolvers = event, yaml.SafeLoader.yaml_implicit_resolvers
        self._scalar, self._map, self._list = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
        self._map_end, self._list_end = yaml.MappingEndEvent, yaml.SequenceEndEvent

    def value(self, event: Any) -> Any:
        kind = type(event)
        if kind is self._scalar:
            return self._plain(event)
        if kind is self._map and event.tag is None and event.anchor is None:
            found = {}
            while type(key := self._event()) is not self._map_end:
                found[self._key(key)] = self.value(self._event())
            return found
        if kind is self._list and event.tag is None and event.anchor is None:
            listed = []
            while type(item := self._event()) is not self._list_end:
                listed.append(self.value(item))
            return listed
        raise _Other

    def _key(self, event: Any) -> str:
        key = self._plain(event) if type(event) is self._scalar else None
        if not isinstance(key, str) or key == "<<":
            raise _Other
        return key

    def _plain(self, event: Any) -> Any:
        text: str = event.value
        if event.tag is not None or event.anchor is not None:
            raise _Other
        if not event.implicit[0]:  # quoted, or a block
            return text
        for tag, pattern in (*self._resolvers.get(text[:1], ()), *self._resolvers.get(None, ())):
            if pattern.match(text):
                if tag == _INT and text.isdigit() and (text == "0" or text[0] != "0"):
                    return int(text)
                if text in ("true", "false"):
                    return text == "true"
                raise _Other
        return text
