"""Words of machines that a page shows to people: keys, codes and ids as the program writes them."""

from __future__ import annotations

import re
from html import unescape

_UNSEEN = re.compile(r"<(head|script|style|template)\b.*?</\1>", re.S)
_TAG = re.compile(r"<[^>]*>")
_SNAKE = re.compile(r"(?<![\w./@-])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w/@-])")
_ID = re.compile(r"(?<![\w-])[0-9a-f]{32}(?![\w-])")  # of an account; longer ones are hashes, meant to be compared


def raw_words(html: str) -> list[str]:
    """Those in what is seen of a page, charts and choices included; what stands in attributes is for browsers."""
    text = unescape(_TAG.sub(" ", _UNSEEN.sub(" ", html)))
    return [f"a word of the program: {each}" for each in sorted({*_SNAKE.findall(text), *_ID.findall(text)})]
